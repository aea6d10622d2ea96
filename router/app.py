"""The ASGI door: routes, lifespan, middleware. Nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.middleware.cors import CORSMiddleware

from router.config import Settings, TokenSettings
from router.over_http.answers import Reply, send_response
from router.over_http.endpoint import GraphQLEndpoint, Incoming
from router.over_http.media_types import MediaType, accepts
from router.over_http.pages import BASE, GraphiQLPages
from router.over_http.resource_metadata import WELL_KNOWN, metadata, public_origin
from router.pipeline import Pipeline
from router.policy.callers import Callers, Headers
from router.policy.jwt import TokenVerifier, never_revoked
from router.policy.keys import JwksKeys, jwks_by_url
from router.policy.proofs import ProofChecker
from router.policy.revocations import FeedReader, Revocations
from router.subscriptions.websocket import SocketDoor

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]
Middleware = Callable[[ASGIApp], ASGIApp]
OpenPipeline = Callable[[], AbstractAsyncContextManager[Pipeline]]

SWEEP_S = 0.5
"""How often open sockets and streams are held against revocations, and unfinished bodies against the clock."""


STREAMED = (b"event-stream", b"multipart")


@dataclass(frozen=True, slots=True)
class Direct:
    """The way past ASGI for a server that has the whole request: GraphQL by POST at ``path``, answered by value."""

    path: bytes
    respond: Callable[[Incoming], Awaitable[Reply | None]]
    cors: bool

    def takes(self, headers: Headers) -> bool:
        """Whether a request with these headers is answered the same here as through the application."""
        if self.cors and b"origin" in headers:
            return False
        accept = headers.get(b"accept")
        return accept is None or not any(one in accept.lower() for one in STREAMED)


def build_app(
    pipeline: Pipeline | OpenPipeline,
    settings: Settings,
    *,
    verifier: TokenVerifier | None = None,
    middleware: Sequence[Middleware] = (),
) -> RouterApp:
    """The router as an ASGI application.

    ``pipeline`` is one that runs already, or opens one for the lifespan of the application. ``verifier`` defaults to
    one made of ``settings.token``; without issuer there is none and every caller is anonymous.
    The last of ``middleware`` is the outermost.
    """
    revocations = Revocations()
    feed = None if verifier is not None else feed_of(settings.token, revocations)
    return RouterApp(pipeline, settings, verifier or verifier_of(settings.token, revocations), middleware, feed)


def verifier_of(settings: TokenSettings, revocations: Revocations | None = None) -> TokenVerifier | None:
    """The verifier the settings ask for; raises ``ValueError`` when they name an issuer without audience or keys."""
    if not settings.issuer:
        return None
    if not settings.audience or not settings.jwks_url:
        raise ValueError("token.issuer needs token.audience and token.jwks_url")
    return TokenVerifier(
        settings.issuer,
        settings.audience,
        JwksKeys(jwks_by_url(settings.jwks_url), algorithms=settings.algorithms),
        algorithms=settings.algorithms,
        leeway_s=settings.leeway_s,
        cache_size=settings.cache_size,
        is_revoked=never_revoked if revocations is None else revocations.is_revoked,
    )


def feed_of(settings: TokenSettings, revocations: Revocations) -> FeedReader | None:
    """The reader of the feed the settings name; raises ``ValueError`` when its credentials are missing."""
    if not settings.revocations_url:
        return None
    if not settings.revocations_client_id or not settings.revocations_client_secret:
        raise ValueError("token.revocations_url needs token.revocations_client_id and token.revocations_client_secret")
    client_id, secret = settings.revocations_client_id, settings.revocations_client_secret
    return FeedReader(settings.revocations_url, client_id, secret, revocations)


class RouterApp:
    """Routes by exact path. ``pipeline`` may be replaced while requests run; they end on the one they began with."""

    def __init__(
        self,
        pipeline: Pipeline | OpenPipeline,
        settings: Settings,
        verifier: TokenVerifier | None,
        middleware: Sequence[Middleware],
        feed: FeedReader | None = None,
    ) -> None:
        self._feed = feed
        self.pipeline: Pipeline | None = pipeline if isinstance(pipeline, Pipeline) else None
        self._open = None if isinstance(pipeline, Pipeline) else pipeline
        self.settings = settings
        callers = Callers(
            verifier,
            proofs=ProofChecker(
                public_origin(settings) + settings.http.path, nonce_secret=settings.token.dpop_nonce_secret
            ),
            require_token=settings.token.required,
            forward_headers=settings.http.forward_headers,
        )
        self._callers = callers
        self._graphql = GraphQLEndpoint(self._running, callers, settings)
        self.sockets = SocketDoor(self._running, callers, settings.subscriptions)
        self._pages = GraphiQLPages(settings.http) if settings.http.graphiql else None
        path = settings.http.path
        self._routes: dict[str, ASGIApp] = {
            path: self._endpoint,
            "/health": self._health,
            WELL_KNOWN: self._metadata,
            WELL_KNOWN + path: self._metadata,
        }
        if self._pages is not None:
            self._routes.setdefault("/", self._pages.page)
        wrapped: ASGIApp = self._dispatch
        if settings.http.cors_origins:
            wrapped = _cors(wrapped, settings.http.cors_origins)
        for wrap in middleware:
            wrapped = wrap(wrapped)
        self._wrapped = wrapped
        self.direct: Direct | None = None
        """None where middleware wants to see every request."""
        if not middleware:
            self.direct = Direct(path.encode("ascii"), self._graphql.respond, bool(settings.http.cors_origins))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        else:
            await self._wrapped(scope, receive, send)

    @asynccontextmanager
    async def running(self) -> Any:
        """The lifespan, for a process that mounts this application in another one."""
        sweep = asyncio.create_task(self._sweep())
        if self._feed is not None:
            self._feed.start()
        try:
            if self._open is None:
                yield self
                await self.sockets.drain()
            else:
                async with self._open() as opened:
                    self.pipeline = opened
                    yield self
                    await self.sockets.drain()
                    if self.pipeline is not opened:
                        await self.pipeline.aclose()
        finally:
            if self._feed is not None:
                self._feed.stop()
            sweep.cancel()
            with suppress(asyncio.CancelledError):
                await sweep

    def replace(self, pipeline: Pipeline) -> None:
        """Serve by another pipeline from now on; what runs on the one before ends there."""
        before, self.pipeline = self.pipeline, pipeline
        if before is not None:
            before.retire()

    def end_streams(self) -> None:
        """Complete all event streams: the process is about to stop."""
        self._graphql.streams.end_where(lambda caller: True)

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_S)
            self.sockets.end_where(self._callers.was_revoked)
            self._graphql.streams.end_where(self._callers.was_revoked)
            self._graphql.bodies.end_overdue()

    def _running(self) -> Pipeline:
        if self.pipeline is None:
            raise RuntimeError("the router was not started: run its lifespan")
        return self.pipeline

    async def _dispatch(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"].removeprefix(scope.get("root_path", ""))
        if scope["type"] == "websocket":
            if path == self.settings.http.path:
                await self.sockets(scope, receive, send)
            else:
                await receive()
                await send({"type": "websocket.close"})
            return
        route = self._routes.get(path)
        if route is None and self._pages is not None and path.startswith(BASE):
            route = self._pages.file
        await (route or _not_found)(scope, receive, send)

    async def _endpoint(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "GET" and self._pages is not None and not scope["query_string"]:
            accept = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"accept"), None)
            if accepts(accept, MediaType.HTML):
                await self._pages.page(scope, receive, send)
                return
        await self._graphql(scope, receive, send)

    async def _health(self, scope: Scope, receive: Receive, send: Send) -> None:
        ready = self.pipeline is not None
        body = b'{"status":"ready"}' if ready else b'{"status":"starting"}'
        await send_response(send, 200 if ready else 503, MediaType.JSON, body)

    async def _metadata(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = orjson.dumps(metadata(self.settings, self._running().supergraph))
        await send_response(send, 200, MediaType.JSON, body, ((b"access-control-allow-origin", b"*"),))

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            async with self.running():
                await send({"type": "lifespan.startup.complete"})
                await receive()
        except Exception as error:
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            raise
        await send({"type": "lifespan.shutdown.complete"})


def _cors(app: ASGIApp, origins: Sequence[str]) -> ASGIApp:
    return CORSMiddleware(
        app,
        allow_origins=origins,
        allow_methods=("GET", "POST"),
        allow_headers=("authorization", "dpop", "content-type", "accept-language"),
        expose_headers=("www-authenticate", "dpop-nonce"),
        max_age=600,
    )


async def _not_found(scope: Scope, receive: Receive, send: Send) -> None:
    body = b'{"errors":[{"message":"Nothing is served at this path.","extensions":{"code":"NOT_FOUND"}}]}'
    await send_response(send, 404, MediaType.JSON, body)
