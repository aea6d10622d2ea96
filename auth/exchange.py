"""One HTTP request on its way through the steps of an endpoint, and the endpoint that walks it.

An endpoint is a tuple of steps. A step checks one thing and either lets the exchange go on (None), answers it (a
response), or raises `Refusal`. How a refusal looks, JSON, page or redirect, is the endpoint's `refuse`.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from auth.credentials import new_id
from auth.errors import Language, Refusal
from auth.language import choose_language
from auth.parameters import Pairs, first_values

if TYPE_CHECKING:
    from auth.clients import ClientRecord
    from auth.device_codes import Waiting
    from auth.pushed_requests import Pushed
    from auth.server import AuthServer
    from auth.sessions import SignedIn

log = logging.getLogger("auth.http")


@dataclass(slots=True)
class Exchange:
    """What is known so far. Steps fill it in order; a field a step reads was set by an earlier one."""

    request: Request
    server: AuthServer
    form: dict[str, str] = field(default_factory=dict)
    """Body parameters, each once."""
    form_pairs: Pairs = ()
    """The same in order, as sent."""
    pairs: Pairs = ()
    """Parameters of the authorization request, in order, as sent."""
    parameters: dict[str, str] = field(default_factory=dict)
    """The same, each once."""
    resources: tuple[str, ...] = ()
    basic: tuple[str, str] | None = None
    """client_id and secret of HTTP Basic."""
    known_client: ClientRecord | None = None
    pushed: Pushed | None = None
    """The request that the app pushed before, when this is one of those."""
    waiting: Waiting | None = None
    """The device whose code a citizen has entered."""
    redirect_uri: str | None = None
    """Set once it is known to be the client's: from then on errors go there."""
    prompts: frozenset[str] = frozenset()
    signed_in: SignedIn | None = None
    proved_key: str | None = None
    """Thumbprint of the key that this request proved to hold (RFC 9449)."""
    claims: dict[str, Any] = field(default_factory=dict)
    """Of the access token that this request showed."""
    answer_headers: dict[str, str] = field(default_factory=dict)
    """Added to whatever the answer is."""

    @property
    def client(self) -> ClientRecord:
        """The client that an earlier step found."""
        assert self.known_client is not None
        return self.known_client

    @property
    def now(self) -> int:
        """Seconds UTC."""
        return int(self.server.clock())

    @property
    def language(self) -> Language:
        """The language of this exchange's pages."""
        wish = self.request.query_params.get("lang") or self.form.get("lang")
        return choose_language(
            (wish, self.parameters.get("ui_locales")), self.request.headers.get("accept-language", "")
        )

    def adopt(self, pairs: Pairs) -> None:
        """Take the parameters of the authorization request."""
        self.pairs = pairs
        self.parameters = first_values(pairs)
        self.resources = tuple(value for name, value in pairs if name == "resource")


Step = Callable[[Exchange], Response | Awaitable[Response | None] | None]


def json_refusal(_exchange: Exchange, refusal: Refusal) -> Response:
    """RFC 6749 section 5.2."""
    return JSONResponse(
        {"error": refusal.error, "error_description": refusal.description},
        status_code=refusal.status,
        headers={**NO_STORE, **dict(refusal.headers)},
    )


NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}
_AWAY = Refusal("temporarily_unavailable", "database_away", status=503, headers=(("Retry-After", "5"),))
_CORS = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "DPoP-Nonce, WWW-Authenticate"}
_PREFLIGHT = {
    **_CORS,
    "Access-Control-Allow-Headers": "Authorization, Content-Type, DPoP",
    "Access-Control-Max-Age": "600",
}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address: its path, methods, the documents it follows, its steps, and how it refuses.

    `cors`: any origin may read the answer; only where no cookie counts.
    """

    path: str
    methods: tuple[str, ...]
    follows: tuple[str, ...]
    steps: tuple[Step, ...]
    refuse: Callable[[Exchange, Refusal], Response] = json_refusal
    cors: bool = False

    def answers(self, method: str) -> bool:
        """Whether this endpoint takes the method; HEAD goes where GET goes."""
        return method in self.methods or (method == "HEAD" and "GET" in self.methods)


class Address:
    """The endpoints of one path on a server, as an ASGI application; every answer passes here."""

    def __init__(self, endpoints: tuple[Endpoint, ...], server: AuthServer) -> None:
        self.endpoints = endpoints
        self.server = server
        self._allowed = ", ".join(method for endpoint in endpoints for method in endpoint.methods)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = Exchange(Request(scope, receive), self.server)
        method = exchange.request.method
        endpoint = next((endpoint for endpoint in self.endpoints if endpoint.answers(method)), None)
        try:
            response = await self._walk(endpoint, exchange) if endpoint else self._not_allowed(exchange)
        except ClientDisconnect:
            return
        response.headers.update(exchange.answer_headers)
        if self.endpoints[0].cors:
            response.headers.update(_CORS)
        await response(scope, receive, send)

    async def _walk(self, endpoint: Endpoint, exchange: Exchange) -> Response:
        try:
            for step in endpoint.steps:
                answer = step(exchange)
                if answer is not None and not isinstance(answer, Response):
                    answer = await answer
                if answer is not None:
                    return answer
        except Refusal as refusal:
            log.info("refused %s: %s (%s)", endpoint.path, refusal.error, refusal.reason)
            return endpoint.refuse(exchange, refusal)
        except ClientDisconnect:
            raise
        except (OSError, OperationalError, InterfaceError, PoolTimeout):
            log.exception("database away at %s", endpoint.path)
            return endpoint.refuse(exchange, _AWAY)
        except Exception:
            incident = new_id("i")
            log.exception("incident %s at %s", incident, endpoint.path)
            headers = (("X-Incident", incident),)
            return endpoint.refuse(exchange, Refusal("server_error", "defect", status=500, headers=headers))
        raise AssertionError(f"no step of {endpoint.path} answered")

    def _not_allowed(self, exchange: Exchange) -> Response:
        endpoint = self.endpoints[0]
        if exchange.request.method == "OPTIONS" and endpoint.cors:
            return Response(status_code=204, headers={**_PREFLIGHT, "Access-Control-Allow-Methods": self._allowed})
        headers = (("Allow", self._allowed),)
        return endpoint.refuse(exchange, Refusal("invalid_request", "method_not_allowed", status=405, headers=headers))
