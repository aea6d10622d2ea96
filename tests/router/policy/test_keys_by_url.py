"""A JWK set over HTTP: from a server that works, and from those that do not."""

from __future__ import annotations

import contextlib
import http.server
import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from router.errors import KeysUnavailable
from router.policy import keys as keys_module
from router.policy.keys import JwksKeys, jwks_by_url

KEY = ec.generate_private_key(ec.SECP256R1())
JWKS = {"keys": [{**json.loads(jwt.algorithms.ECAlgorithm.to_jwk(KEY.public_key())), "kid": "k1"}]}


class Issuer(http.server.BaseHTTPRequestHandler):
    """Good keys at /good; at the other paths what must not be taken for keys."""

    asked: list[str]

    def do_GET(self) -> None:
        type(self).asked.append(self.path)
        if self.path == "/redirect":
            self.send_response(302)
            self.send_header("location", "/good")
            self.end_headers()
            return
        if self.path == "/slow":
            time.sleep(1)
        body = {
            "/good": json.dumps(JWKS),
            "/slow": json.dumps(JWKS),
            "/huge": json.dumps(JWKS | {"padding": "x" * 100_000}),
            "/list": "[]",
            "/text": "not here",
        }.get(self.path)
        self.send_response(200 if body is not None else 500)
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write((body or "").encode())

    def log_message(self, *arguments: Any) -> None:
        pass


@pytest.fixture
def issuer() -> Iterator[str]:
    Issuer.asked = []
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Issuer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


async def test_keys_are_read_once(issuer: str) -> None:
    source = JwksKeys(jwks_by_url(f"{issuer}/good"))
    for _ in range(5):
        assert await source.key("k1")
        assert await source.key("unknown") is None
    assert Issuer.asked == ["/good"]


@pytest.mark.parametrize("path", ["/redirect", "/huge", "/list", "/text", "/error", "/slow"])
async def test_anything_else_gives_no_keys(issuer: str, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys_module, "FETCH_TIMEOUT_S", 0.3)
    with pytest.raises(KeysUnavailable) as unavailable:
        await JwksKeys(jwks_by_url(issuer + path)).key("k1")
    assert unavailable.value.http_status == 503
    assert Issuer.asked == [path]


async def test_an_issuer_that_is_away_gives_no_keys() -> None:
    with pytest.raises(KeysUnavailable):
        await JwksKeys(jwks_by_url("http://127.0.0.1:1/jwks")).key("k1")
