"""The sign-in page and the page of somebody who is signed in."""

from starlette.responses import Response

from auth.credentials import form_token, new_secret
from auth.errors import Refusal
from auth.exchange import Exchange
from auth.pages.form_purposes import SIGN_IN, SIGN_OUT
from auth.pages.render import again, render
from auth.reasons import REASONS

_VISIT_SECONDS = 3_600


def sign_in_page(exchange: Exchange, refusal: Refusal | None = None) -> Response:
    """The form, bound to this browser and to the authorization request it continues; with what went wrong, if so."""
    cookies = exchange.server.cookies
    visit = cookies.read(exchange.request, cookies.visit) or new_secret()
    continued = exchange.form.get("request") or again(exchange)
    reason = REASONS[refusal.reason] if refusal else None
    response = render(
        exchange,
        "sign_in.html",
        refusal.status if refusal else 200,
        app=exchange.known_client.name(exchange.language) if exchange.known_client else None,
        request=continued,
        csrf=form_token(visit, SIGN_IN, continued),
        login=exchange.form.get("login", ""),
        problem=None if reason is None else (reason.ko if exchange.language == "ko" else reason.en),
    )
    cookies.give(response, cookies.visit, visit, _VISIT_SECONDS)
    return response


def signed_in_page(exchange: Exchange) -> Response:
    """Who is signed in, and the way out."""
    signed_in = exchange.signed_in
    assert signed_in is not None
    return render(exchange, "signed_in.html", name=signed_in.name, csrf=form_token(signed_in.cookie, SIGN_OUT, ""))
