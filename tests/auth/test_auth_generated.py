"""Thousands of generated requests over every address: never a 5xx, never markup from the request in a page."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import httpx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

MARK = "<hub-mark>"
FORM = "application/x-www-form-urlencoded"
DROPPED = st.sets(st.sampled_from(["scope", "state", "code_challenge", "response_type"]), max_size=1)
FIELDS = [
    "grant_type", "code", "redirect_uri", "code_verifier", "client_id", "client_secret", "refresh_token", "scope",
    "resource", "state", "response_type", "code_challenge", "code_challenge_method", "prompt", "nonce", "request",
    "request_uri", "token", "token_type_hint", "csrf", "login", "password", "answer", "remember", "lang", "ui_locales",
    "client_assertion", "client_assertion_type", "dpop_jkt", "max_age", "user_code", "device_code",
    "device", "subject_token", "subject_token_type", "열쇠", "a[]", "",
]  # fmt: skip
VALUES = [
    "", "authorization_code", "client_credentials", "refresh_token", "code",
    "urn:ietf:params:oauth:grant-type:device_code",
    "urn:ietf:params:oauth:grant-type:token-exchange", "S256", "plain", "none", "login consent",
    "rail:read", "rail:read rail:book", "열차", MARK, '"\'\\', "\x00", "\r\nX: y", "a" * 20_000, "%", "%zz", "\ud800",
    "https://app.example/cb", "http://127.0.0.1:1/cb", "javascript:alert(1)",
    "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer", "urn:ietf:params:oauth:request_uri:x",
    "c_aaaaaaaaaaaaaaaaaaaaaaaaaa", "a.b.c", "eyJhbGciOiJub25lIn0.e30.", "\N{PILE OF POO}", "1" * 400,
]  # fmt: skip
PATHS = [
    "/oauth/authorize", "/oauth/token", "/oauth/revoke", "/oauth/introspect", "/oauth/login", "/oauth/logout",
    "/oauth/consent", "/oauth/jwks.json", "/.well-known/oauth-authorization-server", "/oauth/assets/auth.css",
    "/oauth/userinfo", "/oauth/par", "/oauth/device_authorization", "/oauth/device", "/oauth/device/answer",
]  # fmt: skip

values = st.sampled_from(VALUES) | st.text(max_size=40) | st.text(st.characters(codec=None), max_size=8)
pairs = st.lists(st.tuples(st.sampled_from(FIELDS), values), max_size=8)
header = st.sampled_from(
    ["", "Basic", "Basic Og==", "Basic eDp5", "Basic /////w==", "Bearer x", "DPoP x", "Basic " + "A" * 3_000]
)


def encoded(fields: list[tuple[str, str]], raw: bool) -> bytes:
    """Form encoding of anything, lone surrogates included; `raw` leaves the percent signs to chance."""
    parts = []
    for name, value in fields:
        data = value.encode("utf-8", "surrogatepass")
        parts.append(quote(name, safe="").encode() + b"=" + (data if raw else quote(data, safe="").encode()))
    return b"&".join(parts)


def check(response: httpx.Response) -> None:
    assert response.status_code < 500, (response.status_code, response.text[:300])
    assert MARK not in response.text
    location = response.headers.get("location", "")
    assert location.isascii()
    assert not location.lower().startswith(("javascript:", "data:", "//"))
    if response.headers.get("content-type", "").startswith("text/html"):
        assert "frame-ancestors 'none'" in response.headers["content-security-policy"]


@settings(max_examples=1_200, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(
    path=st.sampled_from(PATHS),
    method=st.sampled_from(["GET", "POST", "POST", "POST", "HEAD", "OPTIONS", "PUT"]),
    query=pairs,
    body=pairs,
    raw=st.booleans(),
    authorization=header,
    content_type=st.sampled_from([FORM, FORM, FORM, FORM, "application/json", "multipart/form-data"]),
    proof=st.sampled_from(["", "", "x", "a.b.c", "eyJhbGciOiJFUzI1NiIsInR5cCI6ImRwb3Arand0IiwiandrIjp7fX0.e30.AA"]),
    language=st.sampled_from(["ko", "en", "한국어;q=가", "en;q=9e999,ko;q=nan", "," * 500]),
)
def test_anything_at_any_address(
    live: Any,
    path: str,
    method: str,
    query: Any,
    body: Any,
    raw: bool,
    authorization: str,
    content_type: str,
    language: str,
    proof: str,
) -> None:
    headers = [(b"content-type", content_type.encode()), (b"accept-language", language.encode())]
    if proof:
        headers.append((b"dpop", proof.encode()))
    if authorization:
        headers.append((b"authorization", authorization.encode()))
    check(_send(live, method, path, encoded(query, False) if method != "POST" else b"", encoded(body, raw), headers))


@settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(changes=pairs, dropped=DROPPED)
def test_nearly_good_authorization_requests(live: Any, changes: Any, dropped: set[str]) -> None:
    parameters, _ = live.request()
    kept = [(name, value) for name, value in parameters.items() if name not in dropped]
    check(_send(live, "GET", "/oauth/authorize", encoded([*kept, *changes], False), b"", []))


@settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(changes=pairs, grant=st.sampled_from(["authorization_code", "client_credentials", "refresh_token"]))
def test_nearly_good_token_requests(live: Any, changes: Any, grant: str) -> None:
    credentials = [("client_id", live.app.client_id), ("client_secret", live.app.secret), ("grant_type", grant)]
    headers = [(b"content-type", b"application/x-www-form-urlencoded")]
    body = encoded([*credentials, *changes], False)
    path = "/oauth/token" if len(changes) % 3 else "/oauth/introspect"
    check(_send(live, "POST", path, b"", body, headers))


def _send(live: Any, method: str, path: str, query: bytes, body: bytes, headers: Any) -> httpx.Response:
    url = httpx.URL(live.url + path).copy_with(query=query) if query else httpx.URL(live.url + path)
    client: httpx.Client = _clients.setdefault(live.url, live.http())
    return client.request(method, url, content=body, headers=headers)


_clients: dict[str, httpx.Client] = {}
