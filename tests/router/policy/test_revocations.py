"""Revocations at the router: which tokens they end, what is taken from a feed, and what when the feed is away."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from router.app import feed_of
from router.config import TokenSettings
from router.policy.revocations import FeedReader, Revocations

CLAIMS: dict[str, Any] = {"jti": "t1", "sub": "u1", "client_id": "c1", "grant_id": "g1", "iat": 1_000}


def told(kind: str, value: Any, revoked_at: Any = 1_000, expires_at: Any = 2_000) -> dict[str, Any]:
    return {"kind": kind, "value": value, "revoked_at": revoked_at, "expires_at": expires_at}


ENDS: dict[str, tuple[dict[str, Any], dict[str, Any], bool]] = {
    "the token": (told("token", "t1"), {}, True),
    "another token": (told("token", "t2"), {}, False),
    "its grant": (told("grant", "g1"), {}, True),
    "another grant": (told("grant", "g2"), {}, False),
    "a token without grant": (told("grant", "g1"), {"grant_id": None}, False),
    "its app": (told("client", "c1"), {}, True),
    "its app, before the token was issued": (told("client", "c1", 999), {}, False),
    "another app": (told("client", "u1"), {}, False),
    "its citizen": (told("citizen", "u1"), {}, True),
    "its citizen, before the token was issued": (told("citizen", "u1", 999), {}, False),
    "the token it was exchanged for": (told("token", "t0"), {"from": ["t0"]}, True),
    "an app it went through": (told("client", "c0"), {"act": {"sub": "c1", "act": {"sub": "c0"}}}, True),
    "a token of odd claims": (told("client", "c0"), {"act": {"sub": 7, "act": "x"}, "from": {"a": 1}}, False),
}


@pytest.mark.parametrize("case", ENDS)
def test_what_ends_a_token(case: str) -> None:
    ended, changes, expected = ENDS[case]
    revocations = Revocations()
    assert not revocations.is_revoked(CLAIMS | changes)
    assert revocations.apply(ended)
    assert revocations.is_revoked(CLAIMS | changes) is expected


@pytest.mark.parametrize(
    "wrong",
    [[], "x", None, {}, told("planet", "x"), told("token", 7), told("token", "t1", "1"), told("token", "t1", 1.5, 2)],
    ids=str,
)
def test_what_is_no_revocation_is_passed_over(wrong: Any) -> None:
    revocations = Revocations()
    assert not revocations.apply(wrong)
    assert not revocations.is_revoked(CLAIMS)


def test_of_two_the_later_counts() -> None:
    revocations = Revocations()
    for revoked_at in (1_000, 500):
        revocations.apply(told("client", "c1", revoked_at))
    assert revocations.is_revoked(CLAIMS)


def test_what_is_remembered_is_bounded_and_what_expired_goes_first() -> None:
    revocations = Revocations(clock=lambda: 1_500, max_remembered=10)
    revocations.apply(told("token", "t1", 1_000, 9_000))
    for turn in range(30):
        revocations.apply(told("token", f"old{turn}", 1_000, 1_400))
    assert revocations.is_revoked(CLAIMS)
    for turn in range(100):
        revocations.apply(told("token", f"new{turn}", 1_000, 2_000))
    assert len(revocations) <= 11


@contextmanager
def feed(answer: Callable[[BaseHTTPRequestHandler, int], None]) -> Iterator[tuple[str, list[Any]]]:
    """A feed over HTTP/1.0 whose n-th answer is `answer(handler, n)`; also what it was asked with."""
    asked: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(dict(self.headers))
            answer(self, len(asked))

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/feed", asked
    finally:
        server.shutdown()
        server.server_close()


def lines(handler: BaseHTTPRequestHandler, *sent: bytes, status: int = 200) -> None:
    handler.send_response(status)
    handler.end_headers()
    for line in sent:
        handler.wfile.write(line)
        handler.wfile.flush()


def until(happened: Callable[[], bool], seconds: float = 5) -> None:
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)


def test_the_feed_is_read_with_credentials_and_again_when_it_ends() -> None:
    def answer(handler: BaseHTTPRequestHandler, turn: int) -> None:
        lines(handler, b"\n", json.dumps(told("token", f"t{turn}")).encode() + b"\n")

    revocations = Revocations()
    with feed(answer) as (url, asked):
        reader = FeedReader(url, "c_router", "s:ecret", revocations)
        reader.start()
        until(lambda: len(revocations) >= 3)
        reader.stop()
    assert asked[0]["Authorization"] == "Basic Y19yb3V0ZXI6cyUzQWVjcmV0"


@pytest.mark.parametrize(
    "broken",
    [
        lambda handler: lines(handler, status=401),
        lambda handler: lines(handler, status=302),
        lambda handler: lines(handler, b"not json\n"),
        lambda handler: lines(handler, b'{"kind": "planet"}\n'),
        lambda handler: lines(handler, b"x" * 10_000 + b"\n"),
        lambda handler: handler.wfile.write(b"no HTTP at all"),
        lambda handler: None,
    ],
)
def test_after_any_failure_it_is_tried_again(broken: Any) -> None:
    def answer(handler: BaseHTTPRequestHandler, turn: int) -> None:
        broken(handler) if turn == 1 else lines(handler, json.dumps(told("token", "t1")).encode() + b"\n")

    revocations = Revocations()
    with feed(answer) as (url, _):
        reader = FeedReader(url, "c", "s", revocations)
        reader.start()
        until(lambda: revocations.is_revoked(CLAIMS))
        reader.stop()


@pytest.mark.parametrize("url", ["ftp://x/", "file:///etc/passwd", "http://", "x"])
def test_a_feed_is_http(url: str) -> None:
    with pytest.raises(ValueError, match="http"):
        FeedReader(url, "c", "s", Revocations())


def test_a_feed_needs_credentials() -> None:
    assert feed_of(TokenSettings(), Revocations()) is None
    with pytest.raises(ValueError, match="revocations_client_id"):
        feed_of(TokenSettings(revocations_url="http://127.0.0.1/"), Revocations())
