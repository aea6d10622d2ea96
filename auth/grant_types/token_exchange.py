"""Token exchange (RFC 8693), service to service: a service that got a token calls on with one of its own.

The new token speaks for the same subject, names the services in between (`act`), may do no more and lives no longer
than the old one, and dies with it. `auth.steps.read_subject_token` has checked the old one. No database, no refresh.
"""

from collections.abc import Mapping
from typing import Any

from authlib.oauth2.rfc6749 import InvalidScopeError
from authlib.oauth2.rfc6749.grants import BaseGrant, TokenEndpointMixin

from auth.grant_types import TOKEN_EXCHANGE
from auth.scopes import SCOPES, join_scope, split_scope
from auth.tokens import Subject

ACCESS_TOKEN_TYPE = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105
MAXIMUM_CHAIN = 4


class ServiceExchange(BaseGrant, TokenEndpointMixin):  # type: ignore[misc]
    """Authlib 1.9 has no class for it."""

    GRANT_TYPE = TOKEN_EXCHANGE

    def validate_token_request(self) -> None:
        """Raises `InvalidScopeError` for a scope that the old token or the asking app does not have."""
        request = self.request
        request.client = request.known_client
        held = set(split_scope(request.subject_claims["scope"])) & request.client.scopes & SCOPES.keys()
        wanted = set(split_scope(request.form.get("scope", ""))) or held
        if not wanted or not wanted <= held:
            raise InvalidScopeError
        request.scope = join_scope(wanted)

    def create_token_response(self) -> tuple[int, dict[str, Any], list[tuple[str, str]]]:
        """RFC 8693 section 2.2.1."""
        request, old = self.request, self.request.subject_claims
        subject = Subject(old["sub"], old.get("grant_id"), old.get("auth_time"), request.proved_key)
        extra: dict[str, Any] = {"act": actors(old, request.client.id), "from": [old["jti"], *old.get("from", ())]}
        if request.client.sandbox or old.get("sandbox"):
            extra["sandbox"] = True
        life = min(self.server.settings.access_token_seconds, old["exp"] - request.now)
        access_token, seconds = self.server.tokens.issue(
            subject, request.client.id, request.scope, seconds=life, extra=extra
        )
        token = {
            "access_token": access_token,
            "issued_token_type": ACCESS_TOKEN_TYPE,
            "token_type": "Bearer" if subject.jkt is None else "DPoP",
            "expires_in": seconds,
            "scope": request.scope,
        }
        return 200, token, self.TOKEN_RESPONSE_HEADER


def actors(claims: Mapping[str, Any], actor: str) -> dict[str, Any]:
    """`act` (section 4.1): who acts now, then who acted before, down to the app the subject had let in."""
    before = claims.get("act") or {"sub": claims["client_id"]}
    return {"sub": actor, "act": before}


def chain(claims: Mapping[str, Any]) -> list[str]:
    """The client ids of `act`, newest first; empty for a token that was not exchanged."""
    found: list[str] = []
    act = claims.get("act")
    while isinstance(act, dict) and len(found) <= MAXIMUM_CHAIN:
        found.append(act["sub"])
        act = act.get("act")
    return found
