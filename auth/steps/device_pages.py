"""The pages on which a citizen lets a device in: enter its code, see who asks for what, say yes or no."""

from starlette.responses import Response

from auth.citizens import ATTEMPTS_PER_ADDRESS
from auth.consents import record_consent
from auth.device_codes import answer, find_waiting, plain
from auth.errors import Refusal
from auth.exchange import Exchange
from auth.pages.device import confirm_page, done_page, enter_page
from auth.pages.sign_in import sign_in_page
from auth.parameters import parse_pairs
from auth.scopes import split_scope

CODES_PER_CITIZEN = 10


def read_user_code(exchange: Exchange) -> None:
    """RFC 8628 section 3.3.1: the code may stand in the URL. `device` tells this visit from an app's request."""
    pairs = parse_pairs(exchange.request.scope["query_string"])
    user_code = next((plain(value) for name, value in pairs if name == "user_code"), "")
    exchange.adopt((("device", "1"), *((("user_code", user_code),) if user_code else ())))


def require_citizen(exchange: Exchange) -> Response | None:
    """Sign in first: a code is looked up for somebody who can be locked out of guessing."""
    return sign_in_page(exchange) if exchange.signed_in is None else None


def ask_user_code(exchange: Exchange) -> Response:
    """The form for the code, filled in when it came along; the citizen compares and confirms it in any case."""
    return enter_page(exchange)


async def look_up_device(exchange: Exchange) -> None:
    """Find the device of the code that was entered; ten wrong codes close the door for a while (section 5.1)."""
    server, signed_in = exchange.server, exchange.signed_in
    assert signed_in is not None
    keys = {
        f"device:{signed_in.citizen_id}": CODES_PER_CITIZEN,
        f"device:{exchange.request.client.host if exchange.request.client else '-'}": ATTEMPTS_PER_ADDRESS,
    }
    if any(server.attempts.exhausted(key, allowed) for key, allowed in keys.items()):
        raise Refusal("access_denied", "too_many_attempts", status=429)
    user_code = exchange.form.get("user_code") or exchange.parameters.get("user_code", "")
    waiting = await find_waiting(server.database, user_code, exchange.now)
    client = await server.clients.get(waiting.client_id) if waiting is not None else None
    if waiting is None or client is None:
        for key in keys:
            server.attempts.failed(key)
        raise Refusal("invalid_grant", "wrong_user_code")
    exchange.adopt((("device", "1"), ("user_code", waiting.user_code)))
    exchange.waiting = waiting
    exchange.known_client = client


def confirm_device(exchange: Exchange) -> Response:
    """RFC 8628 section 5.4: who asks for what, the code to compare, and a warning against codes sent by others."""
    return confirm_page(exchange)


async def answer_device(exchange: Exchange) -> Response:
    """Write the answer down; the device learns of it when it polls."""
    server, signed_in, waiting = exchange.server, exchange.signed_in, exchange.waiting
    assert signed_in is not None
    assert waiting is not None
    allow = exchange.form.get("answer") == "allow"
    answered = await answer(
        server.database,
        waiting,
        citizen_id=signed_in.citizen_id,
        authenticated_at=signed_in.authenticated_at,
        now=exchange.now,
        allow=allow,
    )
    if not answered:
        raise Refusal("invalid_grant", "wrong_user_code")
    if allow:
        scopes = split_scope(waiting.scope)
        await record_consent(
            server.database, signed_in.citizen_id, waiting.client_id, scopes, remember=False, now=exchange.now
        )
    return done_page(exchange, allowed=allow)
