"""Authlib's authorization server core, bound to this one.

Authlib (RFC 6749 core, 1.9.9) is synchronous: it runs inside `AsyncSession.run_sync`, with the synchronous session in a
context variable, because callbacks such as `query_client` get no request. Machine tokens need no session at all.
What Authlib gets wrong by default (see docs/adr/0041) is either checked by a step before it or overridden here:
errors are raised, not turned into responses, so that the transaction around them rolls back.
"""

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, NoReturn, TypeVar, cast

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import AuthorizationServer, InvalidScopeError, OAuth2Payload, OAuth2Request
from sqlalchemy.orm import Session as PlainSession
from sqlmodel import Session

from auth.clients import ClientRecord
from auth.config import AuthSettings
from auth.credentials import digest, new_secret
from auth.errors import Refusal
from auth.grant_types.authorization_code import CitizenCode, S256Verifier
from auth.grant_types.client_credentials import MachineCredentials
from auth.grant_types.device_code import CitizenDevice
from auth.grant_types.refresh_token import CitizenRefresh
from auth.grant_types.token_exchange import ServiceExchange
from auth.id_tokens import id_token
from auth.keys import KeyRing
from auth.models import RefreshToken
from auth.tokens import AccessTokens, Subject

T = TypeVar("T")
_session: ContextVar[Session] = ContextVar("auth_core_session")
_URI = "https://core.invalid/"
"""Authlib refuses plain http by the request's URI; transport is settled by the configured issuer instead."""


class Payload(OAuth2Payload):  # type: ignore[misc]
    """Parameters that the steps have read: each once, none empty."""

    def __init__(self, parameters: dict[str, str]) -> None:
        self._parameters = parameters

    @property
    def data(self) -> dict[str, str]:
        """Name → value."""
        return self._parameters

    @property
    def datalist(self) -> dict[str, list[str]]:
        """Name → values; one each, repeats were refused before."""
        return {name: [value] for name, value in self._parameters.items()}


class CoreRequest(OAuth2Request):  # type: ignore[misc]
    """An OAuth request whose client is already known; `method` POST for the token endpoint, GET for authorization.

    `proved_key` is the thumbprint of the key whose possession the request has proved, `subject_claims` what the token
    says that is to be exchanged.
    """

    def __init__(
        self,
        method: str,
        parameters: Mapping[str, str],
        client: ClientRecord,
        now: int,
        jkt: str | None = None,
        subject_claims: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(method, _URI)
        self.known_parameters = dict(parameters)
        self.payload = Payload(self.known_parameters)
        self.known_client = client
        self.now = now
        self.proved_key = jkt
        self.subject_claims: Mapping[str, Any] = subject_claims or {}

    @property
    def args(self) -> dict[str, str]:
        """The parameters."""
        return self.known_parameters

    @property
    def form(self) -> dict[str, str]:
        """The parameters."""
        return self.known_parameters


@dataclass(slots=True)
class CoreReply:
    """What the core answers: status, body (a dict for JSON, else text) and headers."""

    status: int
    body: Any
    headers: dict[str, str] = field(default_factory=dict)


class Core(AuthorizationServer):  # type: ignore[misc]
    """Authlib's server with the grants of this one registered."""

    def __init__(self, settings: AuthSettings, keys: KeyRing, tokens: AccessTokens) -> None:
        super().__init__()
        self.settings = settings
        self.keys = keys
        self.tokens = tokens
        self.register_grant(CitizenCode, [S256Verifier()])
        self.register_grant(MachineCredentials)
        self.register_grant(CitizenRefresh)
        self.register_grant(CitizenDevice)
        self.register_grant(ServiceExchange)
        self.register_token_generator("default", self._generate)

    @property
    def session(self) -> Session:
        """The transaction the present call runs in."""
        return _session.get()

    def within(self, session: PlainSession, act: Callable[[], T]) -> T:
        """Run `act` with `session` as the core's transaction; for use inside `run_sync`."""
        token = _session.set(cast(Session, session))
        try:
            return act()
        finally:
            _session.reset(token)

    def query_client(self, client_id: str) -> NoReturn:
        """Never asked: steps find the client before the core runs."""
        raise AssertionError("the core must not look clients up")

    def authenticate_client(self, request: CoreRequest, methods: list[str], endpoint: str = "token") -> ClientRecord:
        """The client that the steps authenticated."""
        return request.known_client

    def add_id_token(self, token: dict[str, Any], request: CoreRequest, nonce: str | None = None) -> None:
        """OpenID Connect Core section 3.1.3.3: beside the access token, when `openid` was granted."""
        if "openid" in token["scope"].split(" "):
            token["id_token"] = id_token(
                self.keys,
                self.settings,
                request.user,
                request.client.id,
                access_token=token["access_token"],
                nonce=nonce,
                now=request.now,
            )

    def save_token(self, token: dict[str, Any], request: CoreRequest) -> None:
        """Access tokens are stateless; a refresh token is stored by its digest."""
        refresh_token = token.get("refresh_token")
        if refresh_token is None:
            return
        subject: Subject = request.user
        assert subject.grant_id is not None
        self.session.add(
            RefreshToken(
                digest=digest(refresh_token),
                grant_id=subject.grant_id,
                client_id=request.client.id,
                scope=token["scope"],
                issued_at=request.now,
                expires_at=request.now + self.settings.refresh_token_seconds,
                jkt=None if request.client.confidential else request.proved_key,
            )
        )

    def create_oauth2_request(self, request: CoreRequest) -> CoreRequest:
        """The request is in Authlib's form already."""
        return request

    def handle_response(self, status: int, body: Any, headers: list[tuple[str, str]]) -> CoreReply:
        """A reply the endpoint turns into HTTP."""
        return CoreReply(status, body, dict(headers))

    def handle_error_response(self, request: CoreRequest, error: OAuth2Error) -> NoReturn:
        """Let the error end the transaction."""
        raise error

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Signals are not used."""

    def _generate(
        self,
        grant_type: str,
        client: ClientRecord,
        user: Subject | None = None,
        scope: str | None = None,
        expires_in: int | None = None,
        include_refresh_token: bool = True,
    ) -> dict[str, Any]:
        """RFC 6749 section 5.1: the token response."""
        granted = client.get_allowed_scope(scope)
        if not granted:
            raise InvalidScopeError
        extra = {"sandbox": True} if client.sandbox else None
        subject = user or Subject(client.id)
        access_token, seconds = self.tokens.issue(subject, client.id, granted, extra=extra)
        kind = "Bearer" if subject.jkt is None else "DPoP"
        token = {"access_token": access_token, "token_type": kind, "expires_in": seconds, "scope": granted}
        if include_refresh_token:
            token["refresh_token"] = new_secret()
        return token


_REASON_OF_ERROR = {
    "invalid_grant": "bad_code",
    "invalid_scope": "scope_not_granted",
    "unauthorized_client": "grant_type_not_allowed",
    "unsupported_grant_type": "grant_type_unsupported",
    "unsupported_response_type": "response_type_not_code",
}


def refusal_of(error: OAuth2Error) -> Refusal:
    """An error of the core in this package's terms; its own text may quote the request and is not passed on."""
    known = _REASON_OF_ERROR.get(error.error)
    return Refusal(error.error, known) if known else Refusal("invalid_request", "not_accepted")
