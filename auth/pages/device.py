"""Pages of the device flow (RFC 8628 section 3.3)."""

from starlette.responses import Response

from auth.credentials import form_token
from auth.device_codes import shown
from auth.errors import Refusal
from auth.exchange import Exchange
from auth.pages.consent import scope_lines
from auth.pages.form_purposes import DEVICE_ANSWER, DEVICE_CODE
from auth.pages.redirect import refuse_on_page
from auth.pages.render import render
from auth.parameters import encode_pairs
from auth.reasons import REASONS
from auth.scopes import split_scope


def enter_page(exchange: Exchange, refusal: Refusal | None = None) -> Response:
    """The form for the code; with what went wrong, if so."""
    signed_in = exchange.signed_in
    assert signed_in is not None
    typed = exchange.form.get("user_code") or exchange.parameters.get("user_code", "")
    reason = REASONS[refusal.reason] if refusal else None
    return render(
        exchange,
        "device_enter.html",
        refusal.status if refusal else 200,
        citizen=signed_in.name,
        user_code=shown(typed) if len(typed) == 8 and typed.isalpha() else typed,
        csrf=form_token(signed_in.cookie, DEVICE_CODE, ""),
        problem=None if reason is None else (reason.ko if exchange.language == "ko" else reason.en),
    )


def confirm_page(exchange: Exchange) -> Response:
    """Which app of whom asks for what; the form carries the code and a token over it."""
    signed_in, client, waiting, language = exchange.signed_in, exchange.client, exchange.waiting, exchange.language
    assert signed_in is not None
    assert waiting is not None
    continued = encode_pairs(exchange.pairs)
    return render(
        exchange,
        "device_confirm.html",
        app=client.name(language),
        organisation=client.organisation(language),
        sandbox=client.sandbox,
        citizen=signed_in.name,
        user_code=shown(waiting.user_code),
        scopes=scope_lines(split_scope(waiting.scope), language),
        request=continued,
        csrf=form_token(signed_in.cookie, DEVICE_ANSWER, continued),
    )


def done_page(exchange: Exchange, *, allowed: bool) -> Response:
    """The citizen can go back to the device."""
    return render(exchange, "device_done.html", allowed=allowed, app=exchange.client.name(exchange.language))


def refuse_device(exchange: Exchange, refusal: Refusal) -> Response:
    """The form again for a wrong code, a page for everything else."""
    if refusal.reason == "wrong_user_code" and exchange.signed_in is not None:
        return enter_page(exchange, refusal)
    return refuse_on_page(exchange, refusal)
