"""Templates to responses, with the headers every page carries."""

from pathlib import Path
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse, Response

from auth import paths
from auth.errors import Language
from auth.exchange import NO_STORE, Exchange
from auth.pages.texts import TEXTS
from auth.parameters import Pairs, encode_pairs

_SIGN_IN_COUNTS_SECONDS = 60
_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def render(exchange: Exchange, template: str, status: int = 200, **values: object) -> HTMLResponse:
    """A page in the exchange's language."""
    language = exchange.language
    html = _templates.get_template(template).render(
        language=language,
        text=TEXTS[language],
        paths=paths,
        switch=_switch(exchange, "en" if language == "ko" else "ko"),
        **values,
    )
    return HTMLResponse(html, status_code=status, headers=page_headers(exchange.redirect_uri))


def page_headers(redirect_uri: str | None) -> dict[str, str]:
    """Headers of a page (RFC 9700 sections 4.2 and 4.16).

    `form-action` names the app's redirect origin, since browsers apply it to the redirect that answers a form.
    """
    actions = " ".join(filter(None, ("'self'", _origin(redirect_uri))))
    policy = (
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; "
        f"form-action {actions}; frame-ancestors 'none'"
    )
    return {
        **NO_STORE,
        "Content-Security-Policy": policy,
        "X-Frame-Options": "DENY",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
        "Vary": "Accept-Language, Cookie",
    }


def _origin(redirect_uri: str | None) -> str | None:
    """The CSP source of a validated redirect URI: its origin, else its scheme (native app; IPv6, which CSP lacks)."""
    if redirect_uri is None:
        return None
    parts = urlsplit(redirect_uri)
    named = parts.scheme in {"http", "https"} and "[" not in parts.netloc
    return f"{parts.scheme}://{parts.netloc}" if named else f"{parts.scheme}:"


def _switch(exchange: Exchange, language: Language) -> str | None:
    """The same page in the other language, where it can be asked for again."""
    if exchange.request.method != "GET":
        if not exchange.pairs:
            return None
        return continued_at(exchange.pairs, language)
    path: str = exchange.request.scope["path"]
    if path in (paths.AUTHORIZE, paths.DEVICE):
        return continued_at(exchange.pairs, language) if exchange.pairs else None
    return f"{path}?lang={language}"


def continued_at(pairs: Pairs, language: Language) -> str:
    """Where what these parameters asked for goes on: the request of an app, or the visit for a device."""
    path = paths.DEVICE if is_device_visit(pairs) else paths.AUTHORIZE
    return f"{path}?{encode_pairs((*pairs, ('lang', language)))}"


def is_device_visit(pairs: Pairs) -> bool:
    """Whether the parameters are those of the device pages, not of an authorization request."""
    return bool(pairs) and pairs[0] == ("device", "1")


def again(exchange: Exchange) -> str:
    """The authorization request as text for a form, without what has been done: `prompt=login` is answered once.

    A sign-in that `max_age` asked for must count when the request comes back with it, so that is at least a minute.
    """
    kept = []
    for name, value in exchange.pairs:
        if name == "prompt":
            value = " ".join(word for word in value.split(" ") if word not in {"login", "select_account"})
        elif name == "max_age" and value.isdecimal():
            value = str(max(int(value), _SIGN_IN_COUNTS_SECONDS))
        kept.append((name, value))
    return encode_pairs(pair for pair in kept if pair[1])


def asset(name: str) -> Response | None:
    """A file of the static folder, by exact name."""
    kinds = {"auth.css": "text/css; charset=utf-8", "mark.svg": "image/svg+xml"}
    if name not in kinds:
        return None
    content = (Path(__file__).parent / "static" / name).read_bytes()
    headers = {"Cache-Control": "public, max-age=3600", "X-Content-Type-Options": "nosniff"}
    return Response(content, media_type=kinds[name], headers=headers)
