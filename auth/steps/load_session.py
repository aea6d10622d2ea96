"""Who is signed in on this browser, if anyone."""

from auth.exchange import Exchange
from auth.sessions import find_session


async def load_session(exchange: Exchange) -> None:
    """Read the session cookie."""
    cookies = exchange.server.cookies
    cookie = cookies.read(exchange.request, cookies.session)
    if cookie is not None:
        exchange.signed_in = await find_session(exchange.server.database, cookie, exchange.now)
