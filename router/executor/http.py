"""HTTP transport: GraphQL over HTTP to one subgraph (https://graphql.github.io/graphql-over-http/draft/)."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping
from urllib.parse import unquote, urlsplit

from router.caller import Caller
from router.codings import check_codings
from router.errors import SubgraphUnavailable
from router.executor.http_connection import HttpResponse
from router.executor.http_pool import HttpSettings, Pool, Target
from router.executor.json_bytes import loads_from_subgraph
from router.executor.transport import SubgraphRequest, SubgraphResponse

__all__ = ["HeadersFor", "HttpSettings", "HttpTransport", "OpenSubscription"]

OpenSubscription = Callable[[str, SubgraphRequest, Mapping[str, str]], AsyncIterator[SubgraphResponse]]
"""(URL, request, headers) → responses; ``router.subscriptions.upstream.subscribe`` is one."""

HeadersFor = Callable[[Caller], Mapping[str, str]]
"""The headers one caller's requests have, lower case, besides those of the message itself."""

ACCEPT = "application/graphql-response+json, application/json;q=0.9"
JSON_TYPES = frozenset({"application/json", "application/graphql-response+json"})

OURS = frozenset(
    {
        "accept",
        "accept-encoding",
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "expect",
        "host",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
"""Headers that say how this message is framed: never taken from a caller."""

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_BAD_VALUE = re.compile(r"[^\t\x20-\x7e\x80-\xff]")


def forwarded_headers(caller: Caller) -> Mapping[str, str]:
    """Those the configuration lets through."""
    return caller.headers


class HttpTransport:
    """Posts to one URL: ``http://``, ``https://``, or a Unix socket's.

    A socket's URL is ``unix:/path/of.sock:/graphql`` or ``http+unix://%2Fpath%2Fof.sock/graphql``.

    Calls end in time by themselves (``keeps_time``). Raises ValueError for another URL. Redirects are refused; answers
    other than GraphQL raise SubgraphUnavailable.
    """

    keeps_time = True

    def __init__(
        self,
        url: str,
        settings: HttpSettings | None = None,
        *,
        open_subscription: OpenSubscription | None = None,
        subscription_url: str | None = None,
        headers_for: HeadersFor = forwarded_headers,
    ) -> None:
        self._settings = settings or HttpSettings()
        self._open_subscription = open_subscription
        self._subscription_url = subscription_url or url
        self._headers_for = headers_for
        target, path = read_url(url)
        default = 443 if target.tls else 80
        host = f"[{target.host}]" if ":" in target.host else target.host
        authority = "localhost" if target.unix_path else host if target.port == default else f"{host}:{target.port}"
        self._head = (
            f"POST {path} HTTP/1.1\r\nhost: {authority}\r\naccept: {ACCEPT}\r\ncontent-type: application/json\r\n"
        ).encode("ascii")
        if self._settings.accept_encoding:
            check_codings(self._settings.accept_encoding)
            self._head += f"accept-encoding: {', '.join(self._settings.accept_encoding)}\r\n".encode("ascii")
        self._pool = Pool(target, self._settings)
        self._in_flight: dict[tuple[bytes, bytes], list[asyncio.Future[HttpResponse | None]]] = {}
        """Headers and body of each call that may be shared → who else waits for its response."""
        self.shared = 0
        """Calls answered by another one's response since the start."""

    async def execute(self, request: SubgraphRequest, caller: Caller) -> SubgraphResponse:
        """Run a query or mutation."""
        headers = header_lines(self._headers_for(caller))
        if request.is_mutation or not self._settings.share_reads:
            response = await self._post(headers, request.body, is_read=not request.is_mutation)
        else:
            response = await self._shared(headers, request.body)
        if not request.read_only or request.exact_numbers:
            return read_response(response, exact_numbers=request.exact_numbers)
        if response.read is None:
            response.read = read_response(response)
        return response.read

    def subscribe(self, request: SubgraphRequest, caller: Caller) -> AsyncIterator[SubgraphResponse]:
        """Open a subscription."""
        if self._open_subscription is None:
            raise SubgraphUnavailable("No way to subscribe to this subgraph is configured.")
        headers = {name: value for name, value in self._headers_for(caller).items() if forwardable(name, value)}
        return self._open_subscription(self._subscription_url, request, headers)

    def retire(self) -> None:
        """Keep no connection beyond the call it is opened for."""
        self._pool.retire()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._pool.aclose()

    async def _post(self, headers: bytes, body: bytes, *, is_read: bool) -> HttpResponse:
        message = b"%b%bcontent-length: %d\r\n\r\n%b" % (self._head, headers, len(body), body)
        return await self._pool.send(message, is_read=is_read)

    async def _shared(self, headers: bytes, body: bytes) -> HttpResponse:
        """One call for all that ask the same at the same time; who waits for it waits no longer than its own time."""
        key = (headers, body)
        while (waiting := self._in_flight.get(key)) is not None:
            waiter: asyncio.Future[HttpResponse | None] = asyncio.get_running_loop().create_future()
            waiting.append(waiter)
            found = await waiter
            if found is not None:
                self.shared += 1
                return found
            # The caller that had asked gave up; the first of those who waited asks for itself.
        waiting = self._in_flight[key] = []
        try:
            response = await self._post(headers, body, is_read=True)
        except BaseException as error:
            del self._in_flight[key]
            for waiter in waiting:
                if waiter.done():
                    continue
                if isinstance(error, Exception):
                    waiter.set_exception(error)
                else:
                    waiter.set_result(None)
            raise
        del self._in_flight[key]
        for waiter in waiting:
            if not waiter.done():
                waiter.set_result(response)
        return response


def read_url(url: str) -> tuple[Target, str]:
    """The target and request path of a URL. Raises ValueError."""
    if url.startswith("unix:"):
        socket_path, _, rest = url.removeprefix("unix:").removeprefix("//").partition(":")
        if not socket_path.startswith("/"):
            raise ValueError(f"the URL of a Unix socket is unix:/path/of.sock:/graphql, not {url!r}")
        return Target("localhost", 80, unix_path=socket_path), _checked_path(rest or "/")
    parts = urlsplit(url)
    path = _checked_path((parts.path or "/") + (f"?{parts.query}" if parts.query else ""))
    if parts.scheme == "http+unix":
        return Target("localhost", 80, unix_path=unquote(parts.netloc)), path
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"a subgraph URL begins with http://, https://, unix: or http+unix://: {url!r}")
    tls = parts.scheme == "https"
    return Target(parts.hostname, parts.port or (443 if tls else 80), tls), path


def _checked_path(path: str) -> str:
    if not path.isascii() or any(character <= " " for character in path):
        raise ValueError(f"not a URL path for HTTP: {path!r}")
    return path


def forwardable(name: str, value: str) -> bool:
    """Whether a header may be passed on: well formed, and none of the message's own."""
    return name.lower() not in OURS and _NAME.fullmatch(name) is not None and _BAD_VALUE.search(value) is None


def header_lines(headers: Mapping[str, str]) -> bytes:
    """The forwardable headers as lines of a request, sorted by name; equal for equal headers."""
    if not headers:
        return b""
    lines = [f"{name.lower()}: {value}\r\n" for name, value in headers.items() if forwardable(name, value)]
    return "".join(sorted(lines)).encode("latin-1")


def read_response(response: HttpResponse, *, exact_numbers: bool = False) -> SubgraphResponse:
    """The GraphQL response in an HTTP response, whatever its status. Raises SubgraphUnavailable when there is none."""
    status = response.status
    if 300 <= status < 400:
        raise SubgraphUnavailable("The subgraph answered a redirect.", extensions={"http": {"status": status}})
    if response.content_type in JSON_TYPES or not response.content_type:
        try:
            found = loads_from_subgraph(response.body, exact_numbers=exact_numbers)
        except ValueError:
            found = None
        if isinstance(found, dict) and ("data" in found or "errors" in found):
            return found
    raise SubgraphUnavailable("The subgraph gave no GraphQL response.", extensions={"http": {"status": status}})
