"""The GraphiQL page and its files, all from this origin: no inline script, nothing loaded from another host."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from hashlib import sha256
from html import escape
from pathlib import Path
from typing import Any

from router.config import HttpSettings
from router.over_http.answers import Header

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

PAGE_FILES = Path(__file__).with_name("page_files")
BASE = "/graphiql/"
VENDOR_FILES = (
    "react.production.min.js",
    "react-dom.production.min.js",
    "graphql-ws.min.js",
    "graphiql.min.js",
    "graphiql.min.css",
)
OWN_FILES = ("page.js", "page.css")
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:;"
    " font-src 'self' data:; connect-src 'self' ws: wss:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""GraphiQL's editor sets styles inline, hence ``unsafe-inline`` for styles; scripts come from files only."""

_TYPES = {".js": b"text/javascript; charset=utf-8", ".css": b"text/css; charset=utf-8"}
_HEADERS: tuple[Header, ...] = (
    (b"content-security-policy", CONTENT_SECURITY_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
)


@dataclass(frozen=True, slots=True)
class _File:
    body: bytes
    content_type: bytes
    etag: bytes


class GraphiQLPages:
    """The page at ``/`` and, for browsers, at the endpoint; files under ``/graphiql/``. Files are read once."""

    def __init__(self, settings: HttpSettings) -> None:
        self._files = _read_files(settings.assets)
        missing = [name for name in VENDOR_FILES if name not in self._files]
        template = (PAGE_FILES / ("missing.html" if missing else "graphiql.html")).read_text(encoding="utf-8")
        values = {"{base}": BASE, "{endpoint}": escape(settings.path), "{missing}": ", ".join(missing)}
        for name, value in values.items():
            template = template.replace(name, value)
        self._page = template.encode()

    async def page(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The GraphiQL page (ASGI)."""
        headers = ((b"content-type", b"text/html; charset=utf-8"), (b"cache-control", b"no-cache"))
        await _send(scope, send, 200, self._page, headers)

    async def file(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One of the page's files (ASGI); only known names are served."""
        found = self._files.get(scope["path"].rpartition("/")[2])
        if found is None:
            await _send(scope, send, 404, b"", ())
            return
        headers = ((b"content-type", found.content_type), (b"etag", found.etag), (b"cache-control", b"no-cache"))
        unchanged = any(name == b"if-none-match" and value == found.etag for name, value in scope["headers"])
        await _send(scope, send, 304 if unchanged else 200, b"" if unchanged else found.body, headers)


def _read_files(assets: str) -> Mapping[str, _File]:
    places = [(PAGE_FILES, OWN_FILES), *([(Path(assets), VENDOR_FILES)] if assets else [])]
    found = {}
    for folder, names in places:
        for name in names:
            path = folder / name
            if path.is_file():
                body = path.read_bytes()
                etag = f'"{sha256(body).hexdigest()[:32]}"'.encode()
                found[name] = _File(body, _TYPES[path.suffix], etag)
    return found


async def _send(scope: Scope, send: Send, status: int, body: bytes, headers: tuple[Header, ...]) -> None:
    length = () if status == 304 else ((b"content-length", b"%d" % len(body)),)
    await send({"type": "http.response.start", "status": status, "headers": [*_HEADERS, *headers, *length]})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
