"""The sign-in page by itself, and signing out."""

from starlette.responses import RedirectResponse, Response

from auth import paths
from auth.exchange import NO_STORE, Exchange
from auth.pages.sign_in import sign_in_page, signed_in_page
from auth.sessions import close_session


def show_sign_in(exchange: Exchange) -> Response:
    """Whatever else the URL asks for, such as an address to return to, is ignored (RFC 9700 section 4.11)."""
    return sign_in_page(exchange) if exchange.signed_in is None else signed_in_page(exchange)


async def sign_out(exchange: Exchange) -> Response:
    """End the session and go back to the sign-in page."""
    assert exchange.signed_in is not None
    await close_session(exchange.server.database, exchange.signed_in.cookie)
    response = RedirectResponse(paths.LOGIN, status_code=303, headers=NO_STORE)
    exchange.server.cookies.take(response, exchange.server.cookies.session)
    return response
