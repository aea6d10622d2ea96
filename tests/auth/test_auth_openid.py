"""OpenID Connect for citizens: discovery, the ID token, userinfo, and the parameters it adds to a request."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import jwt
import pytest

from auth.metadata import server_metadata

SCOPE = "openid profile rail:read"


def id_claims(live: Any, token: str, client_id: str) -> dict[str, Any]:
    """The claims, checked as an app would: signature, audience, issuer."""
    header = jwt.get_unverified_header(token)
    key = next(key for key in live.server.jwks()["keys"] if key["kid"] == header["kid"])
    assert header["typ"] == "JWT"
    claims: dict[str, Any] = jwt.decode(
        token,
        jwt.PyJWK(key),
        algorithms=["ES256"],
        audience=client_id,
        issuer=live.url,
        options={"verify_iat": False, "verify_exp": False},
    )
    return claims


def userinfo(live: Any, token: str, method: str = "GET") -> Any:
    with live.http() as http:
        return http.request(method, "/oauth/userinfo", headers={"Authorization": f"Bearer {token}"})


class TestDiscovery:
    def test_both_addresses_say_the_same(self, live: Any) -> None:
        with live.http() as http:
            documents = [
                http.get(f"/.well-known/{name}").json()
                for name in ("openid-configuration", "oauth-authorization-server")
            ]
        assert documents[0] == documents[1] == server_metadata(live.server.settings)

    def test_has_what_openid_connect_requires_and_denies_what_would_be_on_by_default(self, live: Any) -> None:
        document = server_metadata(live.server.settings)
        assert {
            "issuer", "authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri",
            "response_types_supported", "subject_types_supported", "id_token_signing_alg_values_supported",
        } <= document.keys()  # fmt: skip
        assert document["request_uri_parameter_supported"] is False


class TestIdToken:
    @pytest.mark.parametrize("kind", ["app", "native"])
    def test_says_who_signed_in_to_which_app(self, live: Any, kind: str) -> None:
        client = getattr(live, kind)
        tokens = live.tokens(client, scope=SCOPE, nonce="n-0S6 한글")
        claims = id_claims(live, tokens["id_token"], client.client_id)
        access = jwt.decode(tokens["access_token"], options={"verify_signature": False})
        half = hashlib.sha256(tokens["access_token"].encode()).digest()[:16]
        assert claims == {
            "iss": live.url,
            "sub": access["sub"],
            "aud": client.client_id,
            "iat": access["iat"],
            "exp": access["exp"],
            "auth_time": access["auth_time"],
            "nonce": "n-0S6 한글",
            "at_hash": base64.urlsafe_b64encode(half).rstrip(b"=").decode(),
        }

    def test_there_is_none_without_openid(self, live: Any) -> None:
        assert "id_token" not in live.tokens()

    def test_40_is_no_access_token(self, live: Any) -> None:
        token = live.tokens(scope=SCOPE)["id_token"]
        assert userinfo(live, token).status_code == 401
        assert live.server.tokens.read(token) is None

    @pytest.mark.parametrize(
        ("change", "error"),
        [
            ({"nonce": "n" * 256}, "invalid_request"),
            ({"max_age": "soon"}, "invalid_request"),
            ({"nonce": "n" * 255}, None),
        ],
    )
    def test_parameters_out_of_bounds(self, live: Any, change: dict[str, str], error: str | None) -> None:
        parameters, _ = live.request(scope=SCOPE, **change)
        assert live.browser().authorize(parameters).get("error") == error


class TestMaxAge:
    def test_asks_for_a_sign_in_when_the_last_one_is_older(self, live: Any) -> None:
        browser = live.browser()
        browser.authorize(live.request(scope=SCOPE)[0])
        live.clock.forward(100)
        fresh, _ = live.request(scope=SCOPE, max_age="1000")
        assert 'name="password"' not in browser.get("/oauth/authorize", params=fresh).text
        stale, verifier = live.request(scope=SCOPE, max_age="90")
        assert 'name="password"' in browser.get("/oauth/authorize", params=stale).text
        answer = browser.authorize(stale)
        form = {"grant_type": "authorization_code", "code": answer["code"], "code_verifier": verifier}
        tokens = live.token({**form, "redirect_uri": stale["redirect_uri"]}, live.app).json()
        assert id_claims(live, tokens["id_token"], live.app.client_id)["auth_time"] > live.clock() - 60

    def test_zero_asks_always_and_once(self, live: Any) -> None:
        browser = live.browser()
        browser.authorize(live.request(scope=SCOPE)[0])
        live.clock.forward(2)
        parameters, _ = live.request(scope=SCOPE, max_age="0")
        assert 'name="password"' in browser.get("/oauth/authorize", params=parameters).text
        assert "code" in browser.authorize(parameters)

    def test_with_prompt_none_it_is_login_required(self, live: Any) -> None:
        browser = live.browser()
        browser.authorize(live.request(scope=SCOPE)[0])
        live.clock.forward(100)
        parameters, _ = live.request(scope=SCOPE, max_age="90", prompt="none")
        assert browser.authorize(parameters)["error"] == "login_required"


class TestUserinfo:
    @pytest.mark.parametrize(
        ("scope", "told"), [("openid", {"sub"}), ("openid profile", {"sub", "name"}), (SCOPE, {"sub", "name"})]
    )
    @pytest.mark.parametrize("method", ["GET", "POST"])
    def test_tells_what_was_granted(self, live: Any, scope: str, told: set[str], method: str) -> None:
        tokens = live.tokens(scope=scope)
        response = userinfo(live, tokens["access_token"], method)
        assert response.status_code == 200
        assert set(response.json()) == told
        assert response.json().get("name") in (None, "이민지")
        assert response.json()["sub"] == id_claims(live, tokens["id_token"], live.app.client_id)["sub"]
        assert response.headers["cache-control"] == "no-store"

    def test_needs_openid(self, live: Any) -> None:
        response = userinfo(live, live.tokens()["access_token"])
        assert (response.status_code, response.json()["error"]) == (403, "insufficient_scope")
        assert 'error="insufficient_scope"' in response.headers["www-authenticate"]

    @pytest.mark.parametrize("token", ["x", "a.b.c", "토큰".encode().decode("latin-1"), "x y"])
    def test_refuses_what_is_no_token(self, live: Any, token: str) -> None:
        with live.http() as http:
            response = http.get("/oauth/userinfo", headers=[(b"authorization", f"Bearer {token}".encode("latin-1"))])
        assert (response.status_code, response.json()["error"]) == (401, "invalid_token")
        assert response.headers["www-authenticate"].startswith('Bearer error="invalid_token"')

    def test_without_a_token_no_error_code_is_in_the_challenge(self, live: Any) -> None:
        """RFC 6750 section 3.1."""
        with live.http() as http:
            response = http.get("/oauth/userinfo")
        assert (response.status_code, response.headers["www-authenticate"]) == (401, "Bearer")

    def test_43_a_token_in_the_url_is_refused(self, live: Any) -> None:
        token = live.tokens(scope=SCOPE)["access_token"]
        with live.http() as http:
            assert http.get(f"/oauth/userinfo?access_token={token}").status_code == 400

    def test_a_revoked_token_is_refused(self, live: Any) -> None:
        tokens = live.tokens(scope=SCOPE)
        with live.http() as http:
            http.post(
                "/oauth/revoke", data={"token": tokens["access_token"]}, auth=(live.app.client_id, live.app.secret)
            )
        assert userinfo(live, tokens["access_token"]).status_code == 401


def test_an_app_by_itself_learns_nothing_about_citizens(live: Any) -> None:
    form = {"grant_type": "client_credentials"}
    assert "openid" not in live.token(form, live.app).json()["scope"]
    response = live.token({**form, "scope": "openid"}, live.app)
    assert (response.status_code, response.json()["error"]) == (400, "invalid_scope")
