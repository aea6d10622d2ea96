"""Show the sign-in page when nobody is signed in or the app asks for it."""

from starlette.responses import Response

from auth.errors import Refusal
from auth.exchange import Exchange
from auth.pages.sign_in import sign_in_page


def require_login(exchange: Exchange) -> Response | None:
    """OpenID Connect Core section 3.1.2.3; `prompt=none` must show nothing, `max_age` asks for a fresh sign-in."""
    if exchange.signed_in is not None and _is_fresh(exchange, exchange.signed_in.authenticated_at):
        return None
    if "none" in exchange.prompts:
        raise Refusal("login_required", "login_needed")
    return sign_in_page(exchange)


def _is_fresh(exchange: Exchange, authenticated_at: int) -> bool:
    """A pushed request cannot say that its prompt was answered: a sign-in since it was pushed answers it."""
    if exchange.pushed is not None and authenticated_at >= exchange.pushed.pushed_at:
        return True
    oldest = exchange.parameters.get("max_age")
    asked_again = bool(exchange.prompts & {"login", "select_account"})
    return not asked_again and (oldest is None or exchange.now - authenticated_at <= int(oldest))
