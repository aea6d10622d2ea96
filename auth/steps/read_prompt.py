"""Whether the app wants a page shown, or none."""

from auth.errors import Refusal
from auth.exchange import Exchange

_KNOWN = frozenset({"none", "login", "consent", "select_account"})


def read_prompt(exchange: Exchange) -> None:
    """OpenID Connect Core section 3.1.2.1: `none` stands alone."""
    prompts = frozenset(exchange.parameters.get("prompt", "").split(" ")) - {""}
    if not prompts <= _KNOWN or ("none" in prompts and len(prompts) > 1):
        raise Refusal("invalid_request", "unknown_prompt")
    exchange.prompts = prompts
