"""The GraphQL endpoint over HTTP: one application for GET, POST, event streams and multipart.

The order of refusals is that of HTTP: method, Accept, Content-Type, who asks, size, body; nothing of a body is read
for a caller that may not ask at all.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from typing import Any, Protocol

import orjson

from router.caller import Caller
from router.config import Settings
from router.errors import BadRequest, MethodNotAllowed, Overloaded, ProofRefused, RouterError, TransportUnsupported
from router.executor.incremental import draft, path_based
from router.operation.model import OperationKind
from router.over_http import requests
from router.over_http.answers import Header, Reply, error_body, headers_of, masked, send_response, status_of
from router.over_http.compression import Compressor
from router.over_http.framing import FRAMINGS, single_part
from router.over_http.media_types import ANSWERS, IN_PARTS, MediaType, accepts, answer_type, check_content_type
from router.over_http.resource_metadata import Challenges
from router.over_http.streams import ResponseStreams, responses_to
from router.pipeline import Answer, Pipeline
from router.policy.callers import Callers, Headers, joined, language_of, missing_token

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

METHODS = ("GET", "POST")
STREAMS = (MediaType.EVENT_STREAM, MediaType.MULTIPART_SUBSCRIPTION)
MULTIPART = (*IN_PARTS, MediaType.MULTIPART_SUBSCRIPTION)
FORMATS = {MediaType.MULTIPART: draft, MediaType.MULTIPART_2022: path_based}


class Incoming(Protocol):
    """One request as the server has it."""

    method: str
    headers: Headers
    query_string: bytes
    body: bytes | None
    """The whole body where it is here already; else it comes by ``receive``, which may be asked for it either way."""

    def receive(self) -> Awaitable[MutableMapping[str, Any]]:
        """The next event (ASGI)."""
        ...

    def commit(self) -> None:
        """From here on the work changes something: it is finished even when the client leaves."""
        ...


class _AsgiIncoming:
    """ASGI servers do not end the work of a client that left: there is nothing to commit."""

    __slots__ = ("body", "headers", "method", "query_string", "receive")

    def __init__(self, method: str, headers: Headers, query_string: bytes, receive: Receive) -> None:
        self.method = method
        self.headers = headers
        self.query_string = query_string
        self.body: bytes | None = None
        self.receive = receive

    def commit(self) -> None:
        """Nothing to do."""


class GraphQLEndpoint:
    """Serves GraphQL over HTTP at one path. ``pipeline`` is asked anew for each request, so it may be replaced."""

    def __init__(self, pipeline: Callable[[], Pipeline], callers: Callers, settings: Settings) -> None:
        self._pipeline = pipeline
        self._callers = callers
        self._settings = settings.http
        self._methods = METHODS if settings.http.get else ("POST",)
        self._in_parts = settings.pipeline.incremental
        self._in_flight = 0
        self._challenges = Challenges(settings)
        self._compressor = Compressor(settings.http.compression, settings.http.compress_from_bytes)
        self.bodies = requests.BodyReader(settings.http.max_body_bytes, settings.http.body_timeout_s)
        self.streams = ResponseStreams(settings.subscriptions)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request (ASGI)."""
        incoming = _AsgiIncoming(scope["method"], joined(scope["headers"]), scope["query_string"], receive)
        reply = await self.respond(incoming, send)
        if reply is not None:
            await send_response(send, *reply)

    async def respond(self, incoming: Incoming, send: Send | None = None) -> Reply | None:
        """The answer to one request; None when it went out as a stream by ``send``, or nobody waits for it any more.

        Raises nothing but what cancels it. Without ``send`` nothing is streamed.
        """
        method, headers = incoming.method, incoming.headers
        media_type = MediaType.JSON
        self._in_flight += 1
        try:
            if self._in_flight > self._settings.max_in_flight:
                raise Overloaded("As many requests run as may run at once.", ko="처리 중인 요청이 너무 많습니다.")
            if method not in self._methods:
                allowed = " and ".join(self._methods)
                raise MethodNotAllowed(
                    f"GraphQL is served to {allowed}.", ko=f"허용되는 메서드: {allowed}.", allow=self._methods
                )
            accept = _text(headers.get(b"accept"))
            streams, parts = ((), ()) if send is None else self._several(accept)
            media_type = answer_type(accept, (*ANSWERS, *streams, *parts) if streams or parts else ANSWERS)
            if method == "POST":
                check_content_type(headers.get(b"content-type"))
            caller = await self._callers.of_headers(headers, method)
            if not self._callers.admits(caller):
                raise missing_token()
            if method == "POST":
                body = incoming.body
                if body is None or len(body) > self._settings.max_body_bytes:
                    body = await self.bodies.read(incoming.receive, headers.get(b"content-length"))
                request = requests.from_json(body)
            else:
                request = requests.from_query_string(incoming.query_string, self._settings.max_url_bytes)
            pipeline = self._pipeline()
            # A document without these words holds queries only; the usual request is not looked up twice.
            kind: OperationKind | None = OperationKind.QUERY
            if "subscription" in request.query or "mutation" in request.query:
                kind = pipeline.kind_of(request)
                _check_kind(kind, method, bool(streams))
                if kind is OperationKind.MUTATION:
                    incoming.commit()
            if send is None or not (streams or parts):
                reply = self._reply(await pipeline.execute(request, caller), media_type, caller)
                # The usual short answer does not pay for being asked about.
                return (
                    await self._compressor.of(reply, headers) if self._compressor.may_shorten(reply, headers) else reply
                )
            self.streams.check_room()
            if kind is OperationKind.SUBSCRIPTION and media_type not in streams:
                media_type = streams[0]
            if kind is OperationKind.SUBSCRIPTION or media_type is MediaType.EVENT_STREAM:
                found: AsyncIterator[bytes] | Answer = responses_to(pipeline, request, caller, kind)
            elif parts:
                found = await pipeline.deliver(request, caller, FORMATS[parts[0]])
                media_type = media_type if isinstance(found, Answer) else parts[0]
            else:
                found = await pipeline.execute(request, caller)
            if isinstance(found, Answer):
                return await self._compressor.of(self._reply(found, media_type, caller), headers)
            await self._stream(media_type, found, caller, incoming.receive, send)
            return None
        except requests.ClientGone:
            return None
        except RouterError as error:
            return self._refusal(error, media_type, headers)
        except Exception as error:
            return self._refusal(masked(error), media_type, headers)
        finally:
            self._in_flight -= 1

    def _several(self, accept: str | None) -> tuple[tuple[MediaType, ...], tuple[MediaType, ...]]:
        """What the client takes several responses in: for subscriptions, and for what is delivered in parts."""
        if accept is None or ("event-stream" not in accept.lower() and "multipart" not in accept.lower()):
            return (), ()
        streams = tuple(one for one in STREAMS if accepts(accept, one))
        return streams, tuple(one for one in IN_PARTS if self._in_parts and accepts(accept, one))

    async def _stream(
        self, media_type: MediaType, responses: AsyncIterator[bytes], caller: Caller, receive: Receive, send: Send
    ) -> None:
        """Streams last long and have a bound of their own: they are not in flight."""
        self._in_flight -= 1
        try:
            await self.streams.serve(FRAMINGS[media_type], responses, caller, receive, send)
        finally:
            self._in_flight += 1

    def _reply(self, answer: Answer, media_type: MediaType, caller: Caller) -> Reply:
        body = single_part(answer.body) if media_type in MULTIPART else answer.body
        if answer.outcome == "data":
            return Reply(200, media_type, body)
        extra: tuple[Header, ...] = ()
        if answer.http_status in (401, 403):
            errors = orjson.loads(answer.body)["errors"]
            challenge = self._challenges.of(answer.http_status, errors, caller.subject is not None)
            extra = ((b"www-authenticate", challenge),)
        return Reply(status_of(answer.http_status, media_type), media_type, body, extra)

    def _refusal(self, error: RouterError, media_type: MediaType, headers: Headers) -> Reply:
        if media_type not in ANSWERS:
            media_type = MediaType.JSON
        extra = headers_of(error)
        if isinstance(error, ProofRefused):
            extra = (*extra, *self._challenges.of_proof(error))
        elif error.http_status in (401, 403):
            challenge = self._challenges.of(error.http_status, [error.formatted()], b"authorization" in headers)
            extra = (*extra, (b"www-authenticate", challenge))
        # Only what is wrong with the HTTP request itself keeps its status in application/json, see answers.py.
        status = error.http_status if isinstance(error, BadRequest) else status_of(error.http_status, media_type)
        return Reply(status, media_type, error_body(error, language_of(headers)), extra)


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode("latin-1")


def _check_kind(kind: OperationKind | None, method: str, streams: bool) -> None:
    """Refuse what this method or answer type cannot carry; an unknown kind is the pipeline's to refuse."""
    if kind is OperationKind.MUTATION and method == "GET":
        raise MethodNotAllowed(
            "Mutations need POST: GET must not change anything.",
            ko="변경(mutation) 요청은 POST로 보내야 합니다.",
            allow=("POST",),
        )
    if kind is OperationKind.SUBSCRIPTION and not streams:
        raise TransportUnsupported(
            "Subscriptions are served over WebSocket at this path (sub-protocol graphql-transport-ws), or as an event"
            " stream to requests with 'Accept: text/event-stream'.",
            ko="구독(subscription)은 이 경로의 WebSocket(graphql-transport-ws) 또는"
            " 'Accept: text/event-stream' 요청으로 제공됩니다.",
        )
