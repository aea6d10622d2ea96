"""The consent page: which app of whom asks for what, in plain words."""

from urllib.parse import urlsplit

from starlette.responses import Response

from auth.config import LOOPBACK_HOSTS
from auth.credentials import form_token
from auth.errors import Language
from auth.exchange import Exchange
from auth.pages.form_purposes import CONSENT
from auth.pages.render import again, render
from auth.pages.texts import TEXTS
from auth.scopes import ALL_SCOPES


def consent_page(exchange: Exchange, wanted: tuple[str, ...]) -> Response:
    """`wanted`: scope names of the catalogue. The form carries the whole request and a token over it."""
    signed_in, client, language = exchange.signed_in, exchange.client, exchange.language
    assert signed_in is not None
    continued = again(exchange)
    return render(
        exchange,
        "consent.html",
        app=client.name(language),
        organisation=client.organisation(language),
        sandbox=client.sandbox,
        native=client.profile.native_redirects,
        citizen=signed_in.name,
        returns_to=_destination(exchange),
        scopes=scope_lines(wanted, language),
        rememberable=client.profile.remembers_consent,
        request=continued,
        csrf=form_token(signed_in.cookie, CONSENT, continued),
    )


def scope_lines(wanted: tuple[str, ...], language: Language) -> list[tuple[str, str, str, bool]]:
    """Name, title, sentence, and whether it can change things, of each scope."""
    scopes = [ALL_SCOPES[name] for name in wanted]
    return [(scope.name, scope.title(language), scope.consent(language), scope.changes) for scope in scopes]


def _destination(exchange: Exchange) -> str:
    parts = urlsplit(exchange.redirect_uri or "")
    if parts.hostname in LOOPBACK_HOSTS:
        return TEXTS[exchange.language]["this_device"]
    return parts.hostname or f"{parts.scheme}:"
