"""What OpenID Connect adds to an authorization request: prompts, the age of a sign-in, a nonce."""

import re

from auth.errors import Refusal
from auth.exchange import Exchange

MAXIMUM_NONCE = 255
_KNOWN = frozenset({"none", "login", "consent", "select_account"})


def read_openid_parameters(exchange: Exchange) -> None:
    """OpenID Connect Core section 3.1.2.1: `none` stands alone; `max_age` is a number of seconds."""
    if re.fullmatch(r"[0-9]{1,9}", exchange.parameters.get("max_age", "0")) is None:
        raise Refusal("invalid_request", "bad_max_age")
    if len(exchange.parameters.get("nonce", "")) > MAXIMUM_NONCE:
        raise Refusal("invalid_request", "long_nonce")
    prompts = frozenset(exchange.parameters.get("prompt", "").split(" ")) - {""}
    if not prompts <= _KNOWN or ("none" in prompts and len(prompts) > 1):
        raise Refusal("invalid_request", "unknown_prompt")
    exchange.prompts = prompts
