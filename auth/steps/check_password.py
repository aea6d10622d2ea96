"""Sign a citizen in with login and password; ten failures an account or forty an address close the door for a while."""

import logging

from starlette.responses import RedirectResponse, Response

from auth import paths
from auth.citizens import ATTEMPTS_PER_ADDRESS, ATTEMPTS_PER_LOGIN, find_citizen, login_form
from auth.errors import Refusal
from auth.exchange import NO_STORE, Exchange
from auth.pages.render import continued_at
from auth.sessions import open_session

log = logging.getLogger("auth.sign_in")


async def check_password(exchange: Exchange) -> Response:
    """A fresh session cookie, then back to what the citizen came for: never to an address from the form."""
    server, form = exchange.server, exchange.form
    login = login_form(form.get("login", ""))
    by_login = f"login:{login[:64]}"
    by_address = f"address:{exchange.request.client.host if exchange.request.client else '-'}"
    attempts = server.attempts
    if attempts.exhausted(by_login, ATTEMPTS_PER_LOGIN) or attempts.exhausted(by_address, ATTEMPTS_PER_ADDRESS):
        raise Refusal("access_denied", "too_many_attempts", status=429)
    citizen = await find_citizen(server.database, login)
    fits = await server.passwords.check(citizen.password_hash if citizen else None, form.get("password", ""))
    if citizen is None or not fits:
        attempts.failed(by_login)
        attempts.failed(by_address)
        raise Refusal("access_denied", "wrong_password", status=401)
    attempts.succeeded(by_login)
    cookie = await open_session(server.database, server.settings, citizen.id, exchange.now)
    log.info("signed in %s", citizen.id)
    language = exchange.language
    target = continued_at(exchange.pairs, language) if exchange.pairs else f"{paths.LOGIN}?lang={language}"
    response = RedirectResponse(target, status_code=303, headers=NO_STORE)
    server.cookies.give(response, server.cookies.session, cookie, server.settings.session_seconds)
    server.cookies.take(response, server.cookies.visit)
    return response
