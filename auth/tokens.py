"""Access tokens: JWTs of RFC 9068 (`typ` at+jwt), signed ES256, one audience, stateless."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jwt

from auth.config import AuthSettings
from auth.credentials import new_id
from auth.keys import ALGORITHM, KeyRing

TYPE = "at+jwt"


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom a token speaks for: `id` is `u_…` for a citizen, `c_…` for an app acting for itself.

    `grant_id` and `authenticated_at` (seconds UTC) are there only when a citizen consented; `jkt` is the thumbprint of
    the key that the token is bound to (RFC 9449 section 6).
    """

    id: str
    grant_id: str | None = None
    authenticated_at: int | None = None
    jkt: str | None = None

    def get_user_id(self) -> str:
        """The id, by the name Authlib asks for."""
        return self.id


class AccessTokens:
    """Writes access tokens, and reads its own back for introspection and revocation."""

    def __init__(self, settings: AuthSettings, keys: KeyRing, clock: Callable[[], float]) -> None:
        self._settings = settings
        self._keys = keys
        self._clock = clock

    def issue(
        self,
        subject: Subject,
        client_id: str,
        scope: str,
        *,
        seconds: int | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> tuple[str, int]:
        """A signed token and its life in seconds. `scope` is space-separated; `extra` adds claims."""
        life = seconds or self._settings.access_token_seconds
        now = int(self._clock())
        claims: dict[str, Any] = {
            "iss": self._settings.issuer,
            "aud": self._settings.audience,
            "sub": subject.id,
            "client_id": client_id,
            "scope": scope,
            "iat": now,
            "exp": now + life,
            "jti": new_id("t"),
        }
        if subject.grant_id is not None:
            claims["grant_id"] = subject.grant_id
        if subject.authenticated_at is not None:
            claims["auth_time"] = subject.authenticated_at
        if subject.jkt is not None:
            claims["cnf"] = {"jkt": subject.jkt}
        if extra:
            claims.update(extra)
        return self._keys.sign(claims, TYPE), life

    def read(self, token: str) -> dict[str, Any] | None:
        """The claims of a live token made by this server; None for anything else."""
        try:
            header = jwt.get_unverified_header(token)
            known = {key["kid"]: key for key in self._keys.jwks()["keys"]}
            kid = header.get("kid")
            if header.get("typ") != TYPE or not isinstance(kid, str) or kid not in known:
                return None
            claims: dict[str, Any] = jwt.decode(
                token,
                jwt.PyJWK(known[kid]),
                algorithms=[ALGORITHM],
                audience=self._settings.audience,
                issuer=self._settings.issuer,
                options={
                    "require": ["exp", "iat", "jti", "sub", "client_id"],
                    "verify_exp": False,
                    "verify_iat": False,
                },
            )
        except (jwt.PyJWTError, ValueError):
            return None
        return claims if claims["exp"] > self._clock() else None
