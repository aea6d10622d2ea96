"""An authorization request may name the key that its code will be bound to."""

import re

from auth.errors import Refusal
from auth.exchange import Exchange

_THUMBPRINT = re.compile(r"[A-Za-z0-9_-]{43}")


def match_proof_key(exchange: Exchange) -> None:
    """RFC 9449 section 10: `dpop_jkt` is a SHA-256 thumbprint, and that of the proof beside it where there is one."""
    named = exchange.parameters.get("dpop_jkt")
    if named is None:
        return
    if _THUMBPRINT.fullmatch(named) is None:
        raise Refusal("invalid_request", "malformed_proof_key")
    if exchange.proved_key not in (None, named):
        raise Refusal("invalid_dpop_proof", "proof_key")
