"""Refusals and answers that go back to the app, and those that must stay on a page here."""

from starlette.responses import RedirectResponse, Response

from auth.errors import Refusal
from auth.exchange import NO_STORE, Exchange
from auth.pages.render import render
from auth.pages.sign_in import sign_in_page
from auth.parameters import with_parameters
from auth.reasons import REASONS


def redirect_back(exchange: Exchange, answer: dict[str, str]) -> Response:
    """303 to the validated redirect URI with `state` and `iss` (RFC 9207; RFC 9700 section 4.12 forbids 307)."""
    assert exchange.redirect_uri is not None
    parameters = dict(answer)
    if "state" in exchange.parameters:
        parameters["state"] = exchange.parameters["state"]
    parameters["iss"] = exchange.server.issuer
    headers = {**NO_STORE, "Referrer-Policy": "no-referrer"}
    response = RedirectResponse("/", status_code=303, headers=headers)
    # Starlette re-quotes what it is given; the app's URI must come back byte for byte.
    response.headers["location"] = with_parameters(exchange.redirect_uri, parameters)
    return response


def refuse_to_app(exchange: Exchange, refusal: Refusal) -> Response:
    """RFC 6749 section 4.1.2.1: to the redirect URI once it is known to be the app's, else a page."""
    if exchange.redirect_uri is None or refusal.reason == "csrf" or refusal.status >= 405:
        return refuse_on_page(exchange, refusal)
    return redirect_back(exchange, {"error": refusal.error, "error_description": refusal.description})


def refuse_on_page(exchange: Exchange, refusal: Refusal) -> Response:
    """A page that says what is wrong and sends nobody anywhere."""
    reason = REASONS[refusal.reason]
    response = render(
        exchange,
        "error.html",
        refusal.status,
        code=refusal.error,
        by_app=refusal.status == 400,
        problem=reason.ko if exchange.language == "ko" else reason.en,
    )
    response.headers.update(dict(refusal.headers))
    return response


def refuse_sign_in(exchange: Exchange, refusal: Refusal) -> Response:
    """The form again for a wrong password, a page for everything else."""
    if refusal.reason == "wrong_password":
        return sign_in_page(exchange, refusal)
    return refuse_on_page(exchange, refusal)
