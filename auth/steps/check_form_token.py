"""A form must come from the page this browser was shown, and for the very request it was shown for."""

from auth.credentials import same_form_token
from auth.errors import Refusal
from auth.exchange import Exchange
from auth.pages.form_purposes import CONSENT, DEVICE_ANSWER, DEVICE_CODE, SIGN_IN, SIGN_OUT
from auth.parameters import MAXIMUM_BYTES, parse_pairs


def check_visit_token(exchange: Exchange) -> None:
    """The sign-in form, before there is a session: keyed by the visit cookie."""
    cookies = exchange.server.cookies
    _check(exchange, cookies.read(exchange.request, cookies.visit), SIGN_IN)


def check_consent_token(exchange: Exchange) -> None:
    """The consent form: keyed by the session cookie."""
    _check(exchange, exchange.signed_in.cookie if exchange.signed_in else None, CONSENT)


def check_sign_out_token(exchange: Exchange) -> None:
    """The sign-out form: keyed by the session cookie."""
    _check(exchange, exchange.signed_in.cookie if exchange.signed_in else None, SIGN_OUT)


def check_device_code_token(exchange: Exchange) -> None:
    """The form for a device's code: keyed by the session cookie."""
    _check(exchange, exchange.signed_in.cookie if exchange.signed_in else None, DEVICE_CODE)


def check_device_answer_token(exchange: Exchange) -> None:
    """The form that answers a device: keyed by the session cookie, and over its code."""
    _check(exchange, exchange.signed_in.cookie if exchange.signed_in else None, DEVICE_ANSWER)


def adopt_request(exchange: Exchange) -> None:
    """Take the authorization request out of the form; its token has shown that nobody changed it."""
    exchange.adopt(parse_pairs(exchange.form.get("request", "").encode("ascii", "replace")[:MAXIMUM_BYTES]))


def _check(exchange: Exchange, key: str | None, purpose: str) -> None:
    given = exchange.form.get("csrf", "")
    if key is None or not same_form_token(given, key, purpose, exchange.form.get("request", "")):
        raise Refusal("access_denied", "csrf", status=403)
