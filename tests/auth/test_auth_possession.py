"""DPoP (RFC 9449) at the authorization server: tokens bound to a key, proofs that are good once, nonces."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jwt
import pytest

from auth.nonces import LIFE_SECONDS
from tests.auth.signing import AppKey, part

FORM = {"grant_type": "client_credentials", "scope": "rail:read"}
KEY = AppKey()


def claims_of(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


class TestBoundTokens:
    @pytest.mark.parametrize("algorithm", ["ES256", "PS256", "EdDSA"])
    def test_a_token_is_bound_to_the_key_that_was_proved(self, live: Any, algorithm: str) -> None:
        key = AppKey(algorithm)
        body = live.token(FORM, live.app, live.proof(key)).json()
        assert body["token_type"] == "DPoP"
        assert claims_of(body["access_token"])["cnf"] == {"jkt": key.thumbprint}
        told = live.post("/oauth/introspect", {"token": body["access_token"]}, live.app).json()
        assert (told["token_type"], told["cnf"]) == ("DPoP", {"jkt": key.thumbprint})

    def test_without_a_proof_it_is_a_bearer_token(self, live: Any) -> None:
        body = live.token(FORM, live.app).json()
        assert (body["token_type"], "cnf" in claims_of(body["access_token"])) == ("Bearer", False)

    def test_a_code_is_bound_from_the_authorization_request_on(self, live: Any) -> None:
        form = live.code(live.native, dpop_jkt=KEY.thumbprint)
        for headers in ({}, live.proof(AppKey())):
            response = live.token(form, live.native, headers)
            assert (response.status_code, response.json()["error"]) == (400, "invalid_grant")
        body = live.token(form, live.native, live.proof(KEY)).json()
        assert claims_of(body["access_token"])["cnf"] == {"jkt": KEY.thumbprint}

    @pytest.mark.parametrize("thumbprint", ["short", "x" * 44, "열쇠" * 20])
    def test_a_malformed_thumbprint_goes_back_to_the_app(self, live: Any, thumbprint: str) -> None:
        answer = live.browser().authorize(live.request(dpop_jkt=thumbprint)[0])
        assert answer["error"] == "invalid_request"


class TestRefresh:
    def refresh(self, live: Any, token: str, client: Any, key: AppKey | None) -> Any:
        form = {"grant_type": "refresh_token", "refresh_token": token}
        return live.token(form, client, live.proof(key) if key else None)

    def test_25_a_public_apps_bound_token_is_kept_and_needs_its_key(self, live: Any) -> None:
        first = live.token(live.code(live.native), live.native, live.proof(KEY)).json()["refresh_token"]
        for _ in range(3):
            body = self.refresh(live, first, live.native, KEY).json()
            assert "refresh_token" not in body
            assert claims_of(body["access_token"])["cnf"] == {"jkt": KEY.thumbprint}
        for key in (None, AppKey()):
            assert self.refresh(live, first, live.native, key).json()["error"] == "invalid_grant"
        assert self.refresh(live, first, live.native, KEY).status_code == 200, "a stranger's attempt ends nothing"

    def test_25_an_unbound_one_is_rotated_into_a_bound_one(self, live: Any) -> None:
        first = live.tokens(live.native)["refresh_token"]
        second = self.refresh(live, first, live.native, KEY).json()["refresh_token"]
        assert "refresh_token" not in self.refresh(live, second, live.native, KEY).json()
        assert self.refresh(live, second, live.native, None).json()["error"] == "invalid_grant"

    def test_a_confidential_app_may_change_its_key(self, live: Any) -> None:
        """RFC 9449 section 5: its refresh token is bound to its credentials already."""
        first = live.token(live.code(), live.app, live.proof(KEY)).json()["refresh_token"]
        other = AppKey()
        body = self.refresh(live, first, live.app, other).json()
        assert claims_of(body["access_token"])["cnf"] == {"jkt": other.thumbprint}
        assert self.refresh(live, first, live.app, None).json()["token_type"] == "Bearer"


def changed(**changes: Any) -> Callable[[Any], dict[str, str]]:
    return lambda live: live.proof(KEY, **changes)


def _foreign_signature(live: Any) -> dict[str, str]:
    header, claims, _ = live.proof(KEY)["DPoP"].split(".")
    return {"DPoP": f"{header}.{claims}.{live.proof(AppKey())['DPoP'].split('.')[2]}"}


def _without_signature(live: Any) -> dict[str, str]:
    claims = claims_of(live.proof(KEY)["DPoP"])
    return {"DPoP": f"{part({'alg': 'none', 'typ': 'dpop+jwt', 'jwk': KEY.jwk})}.{part(claims)}."}


def _symmetric(live: Any) -> dict[str, str]:
    header = {"typ": "dpop+jwt", "jwk": {"kty": "oct", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA"}}
    return {
        "DPoP": jwt.encode(claims_of(live.proof(KEY)["DPoP"]), "secret-secret-secret-secret-secret", "HS256", header)
    }


BAD: dict[str, Callable[[Any], dict[str, str]]] = {
    "htm of another method": changed(method="GET"),
    "htm in lower case": changed(method="post"),
    "no htm": changed(htm=None),
    "htu of another address": changed(path="/oauth/revoke"),
    "htu of another server": changed(htu="https://auth.example/oauth/token"),
    "htu without scheme": changed(htu="/oauth/token"),
    "htu with a broken port": changed(htu="http://127.0.0.1:port/oauth/token"),
    "htu is a list": changed(htu=["x"]),
    "no htu": changed(htu=None),
    "old iat": lambda live: live.proof(KEY, iat=int(live.clock()) - 65),
    "iat in the future": lambda live: live.proof(KEY, iat=int(live.clock()) + 15),
    "iat is a fraction": lambda live: live.proof(KEY, iat=live.clock()),
    "no iat": changed(iat=None),
    "no jti": changed(jti=None),
    "jti too long": changed(jti="x" * 256),
    "jti is a number": changed(jti=1),
    "typ of a plain JWT": changed(header={"typ": "JWT"}),
    "no typ": changed(header={"typ": None}),
    "no jwk": changed(header={"jwk": None}),
    "jwk is a text": changed(header={"jwk": "x"}),
    "jwk is private": changed(header={"jwk": jwt.algorithms.ECAlgorithm.to_jwk(KEY.private, True)}),
    "jwk of another key": changed(header={"jwk": AppKey().jwk}),
    "critical extension": changed(header={"crit": ["b64"]}),
    "signature of another key": _foreign_signature,
    "alg none": _without_signature,
    "symmetric": _symmetric,
    "garbage": lambda live: {"DPoP": "proof"},
    "empty": lambda live: {"DPoP": ""},
    "too long": lambda live: live.proof(KEY, extra="x" * 8_192),
}


@pytest.mark.parametrize("name", BAD)
def test_44_a_bad_proof_is_invalid_dpop_proof(live: Any, name: str) -> None:
    response = live.token(FORM, live.app, BAD[name](live))
    assert (response.status_code, response.json()["error"]) == (400, "invalid_dpop_proof")
    assert response.headers["dpop-nonce"]


def test_44_two_proofs_at_once(live: Any) -> None:
    two = [("DPoP", live.proof(KEY)["DPoP"]), ("DPoP", live.proof(KEY)["DPoP"])]
    with live.http() as http:
        response = http.post("/oauth/token", data=FORM, auth=(live.app.client_id, live.app.secret), headers=two)
    assert (response.status_code, response.json()["error"]) == (400, "invalid_dpop_proof")


def test_44_a_proof_is_good_once(live: Any) -> None:
    proof = live.proof(KEY)
    assert live.token(FORM, live.app, proof).status_code == 200
    again = live.token(FORM, live.app, proof)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_dpop_proof")


@pytest.mark.parametrize("written", ["{url}/oauth/token?a=b#c", "{URL}/oauth/token"])
def test_htu_is_compared_without_query_and_letter_case_of_the_host(live: Any, written: str) -> None:
    address = written.format(url=live.url, URL=live.url.replace("http", "HTTP"))
    assert live.token(FORM, live.app, live.proof(KEY, htu=address)).status_code == 200


class TestNonces:
    @pytest.mark.parametrize("nonce", [None, "", "x", "A" * 32, "논스", 7])
    def test_a_proof_without_a_nonce_of_ours_is_told_one(self, live: Any, nonce: Any) -> None:
        response = live.token(FORM, live.app, live.proof(KEY, nonce=nonce))
        assert (response.status_code, response.json()["error"]) == (400, "use_dpop_nonce")
        retried = live.token(FORM, live.app, live.proof(KEY, nonce=response.headers["dpop-nonce"]))
        assert retried.status_code == 200
        assert retried.headers["dpop-nonce"], "the next one comes along"

    def test_one_lives_two_minutes(self, live: Any) -> None:
        nonce = live.server.nonces.give()
        live.clock.forward(LIFE_SECONDS - 5)
        assert live.token(FORM, live.app, live.proof(KEY, nonce=nonce)).status_code == 200
        live.clock.forward(6)
        assert live.token(FORM, live.app, live.proof(KEY, nonce=nonce)).json()["error"] == "use_dpop_nonce"

    def test_any_process_takes_what_another_gave(self, live_anywhere: Any, tmp_path: Any) -> None:
        live = live_anywhere
        with live.also(tmp_path) as second:
            nonce = second.server.nonces.give()
            assert live.token(FORM, live.app, live.proof(KEY, nonce=nonce)).status_code == 200

    def test_a_browser_app_may_read_it(self, live: Any) -> None:
        with live.http() as http:
            asked = http.options("/oauth/token", headers={"Origin": "https://spa.example"})
        assert "dpop" in asked.headers["access-control-allow-headers"].lower()
        assert "dpop-nonce" in asked.headers["access-control-expose-headers"].lower()


@pytest.fixture
def bound(live: Any) -> str:
    """An access token bound to the key."""
    form = live.code(live.native, scope="openid profile")
    return str(live.token(form, live.native, live.proof(KEY)).json()["access_token"])


class TestUserinfo:
    def ask(self, live: Any, scheme: str, token: str, headers: dict[str, str] | None = None) -> Any:
        with live.http() as http:
            return http.get("/oauth/userinfo", headers={"Authorization": f"{scheme} {token}", **(headers or {})})

    def test_takes_a_bound_token_with_its_proof(self, live: Any, bound: str) -> None:
        proof = live.proof(KEY, "/oauth/userinfo", "GET", token=bound)
        assert self.ask(live, "DPoP", bound, proof).json()["name"] == "이민지"
        again = self.ask(live, "DPoP", bound, proof)
        assert (again.status_code, again.json()["error"]) == (401, "invalid_dpop_proof")

    def test_44_refuses_it_as_bearer_or_without_or_with_another_proof(self, live: Any, bound: str) -> None:
        where: dict[str, Any] = {"path": "/oauth/userinfo", "method": "GET"}
        other = live.token(live.code(live.native, scope="openid"), live.native).json()["access_token"]
        cases = [
            ("Bearer", bound, {}, "invalid_token"),
            ("Bearer", bound, live.proof(KEY, token=bound, **where), "invalid_token"),
            ("DPoP", bound, {}, "invalid_dpop_proof"),
            ("DPoP", bound, live.proof(KEY, **where), "invalid_dpop_proof"),
            ("DPoP", bound, live.proof(KEY, token=other, **where), "invalid_dpop_proof"),
            ("DPoP", bound, live.proof(AppKey(), token=bound, **where), "invalid_token"),
            ("DPoP", bound, live.proof(KEY, token=bound, nonce=None, **where), "use_dpop_nonce"),
            ("DPoP", other, live.proof(KEY, token=other, **where), "invalid_token"),
        ]
        for scheme, token, headers, error in cases:
            response = self.ask(live, scheme, token, headers)
            assert (response.status_code, response.json()["error"]) == (401, error)
            assert f'error="{error}"' in response.headers["www-authenticate"]
