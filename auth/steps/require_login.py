"""Show the sign-in page when nobody is signed in or the app asks for it."""

from starlette.responses import Response

from auth.errors import Refusal
from auth.exchange import Exchange
from auth.pages.sign_in import sign_in_page


def require_login(exchange: Exchange) -> Response | None:
    """OpenID Connect Core section 3.1.2.3; `prompt=none` must show nothing, `max_age` asks for a fresh sign-in."""
    if exchange.signed_in is not None and not exchange.prompts & {"login", "select_account"}:
        oldest = exchange.parameters.get("max_age")
        if oldest is None or exchange.now - exchange.signed_in.authenticated_at <= int(oldest):
            return None
    if "none" in exchange.prompts:
        raise Refusal("login_required", "login_needed")
    return sign_in_page(exchange)
