"""What a client without a good token is told: RFC 9728 metadata, the challenges of RFC 6750 and RFC 9449."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from router.config import Settings
from router.errors import ProofRefused
from router.federation.supergraph import Supergraph
from router.policy.proofs import ALGORITHMS

WELL_KNOWN = "/.well-known/oauth-protected-resource"


def public_origin(settings: Settings) -> str:
    """Where clients reach the router; from the configuration alone, never from request headers."""
    configured = settings.http.public_url.rstrip("/")
    return configured or f"http://{settings.server.host}:{settings.server.port}"


def metadata(settings: Settings, supergraph: Supergraph) -> Mapping[str, Any]:
    """The protected resource metadata (RFC 9728 section 2); the scopes are those the supergraph demands."""
    scopes = {
        scope
        for requirement in supergraph.requirements.values()
        for alternative in requirement.scopes
        for scope in alternative
    }
    return {
        "resource": settings.token.audience or public_origin(settings) + settings.http.path,
        "authorization_servers": [settings.token.issuer] if settings.token.issuer else [],
        "bearer_methods_supported": ["header"],
        "dpop_signing_alg_values_supported": list(ALGORITHMS),
        "scopes_supported": sorted(scopes),
    }


class Challenges:
    """The WWW-Authenticate values of one router."""

    def __init__(self, settings: Settings) -> None:
        self._metadata = f'resource_metadata="{public_origin(settings)}{WELL_KNOWN}"'

    def of(self, http_status: int, errors: Sequence[Mapping[str, Any]], has_token: bool) -> bytes:
        """The challenge of a 401 or 403 with these response errors.

        Without a token no error code is told (RFC 6750 section 3.1).
        """
        parts = [self._metadata]
        if http_status == 403:
            scopes = " ".join(_first_alternatives(errors))
            parts += ['error="insufficient_scope"', *([f'scope="{scopes}"'] if scopes else [])]
        elif has_token:
            description = str(errors[0].get("message", "")) if errors else ""
            parts += ['error="invalid_token"', f'error_description="{_quotable(description)}"']
        return ("Bearer " + ", ".join(parts)).encode("ascii", "replace")

    def of_proof(self, refused: ProofRefused) -> tuple[tuple[bytes, bytes], ...]:
        """The headers of a 401 for a DPoP proof: what was wrong with it, and the nonce for the next."""
        parts = [
            self._metadata,
            f'error="{refused.error}"',
            f'error_description="{_quotable(refused.message)}"',
            f'algs="{" ".join(ALGORITHMS)}"',
        ]
        challenge = ("DPoP " + ", ".join(parts)).encode("ascii", "replace")
        nonce = ((b"dpop-nonce", refused.nonce.encode("ascii")),) if refused.nonce else ()
        return ((b"www-authenticate", challenge), *nonce)


def _first_alternatives(errors: Sequence[Mapping[str, Any]]) -> list[str]:
    found: dict[str, None] = {}
    for error in errors:
        for scope in next(iter(error.get("extensions", {}).get("requiredScopes") or ()), ()):
            found[_quotable(scope)] = None
    return list(found)


def _quotable(text: str) -> str:
    """Only what RFC 6749 appendix A.8 allows in a quoted description."""
    return "".join(sign if 0x20 <= ord(sign) <= 0x7E and sign not in '"\\' else "'" for sign in text)
