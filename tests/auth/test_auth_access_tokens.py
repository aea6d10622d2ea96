"""What a token says, that the router takes it, and that nothing forged or ended passes; also revoke and introspect."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from auth.kill_switch import set_client_state
from router.errors import Unauthenticated
from router.policy.jwt import Grant, TokenVerifier
from router.policy.keys import JwksKeys


def verified(live: Any, token: str) -> dict[str, Any]:
    """The claims, checked with PyJWT against the JWKS address."""
    with live.http() as http:
        jwks = http.get("/oauth/jwks.json").json()
    header = jwt.get_unverified_header(token)
    key = next(key for key in jwks["keys"] if key["kid"] == header["kid"])
    # The server's clock is the tests' own and may run ahead of PyJWT's, so times are compared with that one.
    claims: dict[str, Any] = jwt.decode(
        token,
        jwt.PyJWK(key),
        algorithms=["ES256"],
        audience=live.server.audience,
        issuer=live.url,
        options={"verify_iat": False, "verify_exp": False},
    )
    assert claims["iat"] <= live.clock() < claims["exp"]
    return claims


@pytest.fixture
def router_takes(live: Any) -> Any:
    """Ask the router's own verifier, with this server's keys and revocations in process."""
    verifier = TokenVerifier(
        live.server.issuer,
        live.server.audience,
        JwksKeys(live.server.jwks),
        is_revoked=live.server.is_revoked,
        clock=live.clock,
    )
    return lambda token: live.run(verifier.verify(token))


class TestClaims:
    def test_of_a_citizen(self, live: Any) -> None:
        token = live.tokens()["access_token"]
        claims = verified(live, token)
        assert jwt.get_unverified_header(token).keys() == {"alg", "typ", "kid"}
        assert jwt.get_unverified_header(token)["typ"] == "at+jwt"
        assert set(claims) == {
            "iss", "aud", "sub", "client_id", "scope", "iat", "exp", "jti", "auth_time", "grant_id",
        }  # fmt: skip
        assert claims["sub"].startswith("u_")
        assert claims["grant_id"].startswith("g_")
        assert (claims["client_id"], claims["scope"]) == (live.app.client_id, "rail:read lodge:read")
        assert {type(claims[name]) for name in ("iat", "exp", "auth_time")} == {int}
        assert claims["exp"] - claims["iat"] == 300

    def test_54_of_an_app_itself(self, live: Any) -> None:
        body = live.token({"grant_type": "client_credentials"}, live.app).json()
        claims = verified(live, body["access_token"])
        assert claims["sub"] == claims["client_id"] == live.app.client_id
        assert claims["sub"].startswith("c_")
        assert "grant_id" not in claims

    def test_every_token_has_an_id_of_its_own(self, live: Any) -> None:
        form = {"grant_type": "client_credentials"}
        ids = {verified(live, live.token(form, live.app).json()["access_token"])["jti"] for _ in range(10)}
        assert len(ids) == 10


class TestRouter:
    def test_takes_both_kinds(self, live: Any, router_takes: Any) -> None:
        citizen: Grant = router_takes(live.tokens()["access_token"])
        assert citizen.scopes == {"rail:read", "lodge:read"}
        machine = live.token({"grant_type": "client_credentials", "scope": "sensing:live"}, live.app).json()
        assert router_takes(machine["access_token"]).scopes == {"sensing:live"}

    def test_refuses_an_expired_one(self, live: Any, router_takes: Any) -> None:
        token = live.tokens()["access_token"]
        live.clock.forward(310)
        with pytest.raises(Unauthenticated):
            router_takes(token)

    @pytest.mark.parametrize("kind", ["refresh token", "alg none", "HS256 with the public key", "own key", "own jwk"])
    def test_39_40_refuses_what_this_server_did_not_sign_as_access_token(
        self, live: Any, router_takes: Any, kind: str
    ) -> None:
        tokens = live.tokens()
        claims = jwt.decode(tokens["access_token"], options={"verify_signature": False})
        kid = jwt.get_unverified_header(tokens["access_token"])["kid"]
        headers = {"typ": "at+jwt", "kid": kid}
        own = ec.generate_private_key(ec.SECP256R1())
        public = jwt.PyJWK(next(key for key in live.server.jwks()["keys"] if key["kid"] == kid)).key
        pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        if kind == "refresh token":
            token = tokens["refresh_token"]
        elif kind == "alg none":
            token = jwt.encode(claims, None, algorithm="none", headers=headers)
        elif kind == "HS256 with the public key":
            token = _hs256(claims, pem, headers)
        else:
            if kind == "own jwk":
                headers["jwk"] = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(own.public_key()))
            token = jwt.encode(claims, own, algorithm="ES256", headers=headers)
        with pytest.raises(Unauthenticated):
            router_takes(token)
        with live.http() as http:
            answer = http.post(
                "/oauth/introspect", data={"token": token}, auth=(live.other.client_id, live.other.secret)
            )
        assert kind == "refresh token" or answer.json() == {"active": False}


class TestRevoke:
    def revoke(self, live: Any, token: str, client: Any, **form: str) -> Any:
        with live.http() as http:
            if client.secret is None:
                return http.post("/oauth/revoke", data={"token": token, "client_id": client.client_id, **form})
            return http.post("/oauth/revoke", data={"token": token, **form}, auth=(client.client_id, client.secret))

    @pytest.mark.parametrize("hint", [None, "access_token", "refresh_token", "unheard_of"])
    def test_an_access_token_dies_at_the_router(self, live: Any, router_takes: Any, hint: str | None) -> None:
        token, untouched = live.tokens()["access_token"], live.tokens()["access_token"]
        router_takes(token)
        form = {"token_type_hint": hint} if hint else {}
        assert self.revoke(live, token, live.app, **form).status_code == 200
        with pytest.raises(Unauthenticated):
            router_takes(token)
        router_takes(untouched)

    @pytest.mark.parametrize("kind", ["app", "native"])
    def test_a_refresh_token_takes_its_grant_along(self, live: Any, router_takes: Any, kind: str) -> None:
        client = getattr(live, kind)
        tokens = live.tokens(client)
        assert self.revoke(live, tokens["refresh_token"], client).status_code == 200
        form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
        assert live.token(form, client).json()["error"] == "invalid_grant"
        with pytest.raises(Unauthenticated):
            router_takes(tokens["access_token"])

    @pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
    def test_47_another_apps_token_stays_alive(self, live: Any, router_takes: Any, kind: str) -> None:
        tokens = live.tokens()
        assert self.revoke(live, tokens[kind], live.other).status_code == 200
        router_takes(tokens["access_token"])
        refresh = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
        assert live.token(refresh, live.app).status_code == 200

    @pytest.mark.parametrize("token", ["x", "토큰", "a.b.c", "x" * 5_000])
    def test_47_garbage_is_fine(self, live: Any, token: str) -> None:
        assert self.revoke(live, token, live.app).status_code == 200

    def test_needs_a_client_and_a_token(self, live: Any) -> None:
        with live.http() as http:
            assert http.post("/oauth/revoke", data={"token": "x"}).status_code == 401
            credentials = (live.app.client_id, live.app.secret)
            missing = http.post("/oauth/revoke", data={"x": "y"}, auth=credentials)
        assert (missing.status_code, missing.json()["error"]) == (400, "invalid_request")

    def test_a_suspended_app_is_out_at_once(self, live: Any, router_takes: Any) -> None:
        token = live.token({"grant_type": "client_credentials"}, live.other).json()["access_token"]
        router_takes(token)
        live.run(set_client_state(live.server, live.other.client_id, "suspended"))
        try:
            with pytest.raises(Unauthenticated):
                router_takes(token)
            assert live.token({"grant_type": "client_credentials"}, live.other).status_code == 401
        finally:
            live.run(set_client_state(live.server, live.other.client_id, "active"))
        live.clock.forward(1)
        router_takes(live.token({"grant_type": "client_credentials"}, live.other).json()["access_token"])


class TestRevocationFeed:
    def test_listeners_hear_each_revocation_once_and_the_active_ones_first(self, live: Any) -> None:
        tokens = live.tokens()
        claims = jwt.decode(tokens["access_token"], options={"verify_signature": False})
        early: list[Any] = []
        stop = live.server.listen(early.append)
        early.clear()
        live.run(live.server.end_grant(claims["grant_id"]))
        live.run(live.server.end_grant(claims["grant_id"]))
        assert [(one.kind, one.value) for one in early] == [("grant", claims["grant_id"])]
        late: list[Any] = []
        live.server.listen(late.append)()
        assert ("grant", claims["grant_id"]) in [(one.kind, one.value) for one in late]
        stop()
        live.run(live.server.end_token("t_stopped"))
        assert len(early) == 1

    def test_another_server_on_the_database_hears_within_a_second(self, live_anywhere: Any, tmp_path: Any) -> None:
        with live_anywhere.also(tmp_path) as second:
            claims = jwt.decode(live_anywhere.tokens()["access_token"], options={"verify_signature": False})
            live_anywhere.run(live_anywhere.server.end_grant(claims["grant_id"]))
            until = time.monotonic() + 1.0
            while not second.server.is_revoked(claims) and time.monotonic() < until:
                time.sleep(0.01)
            assert second.server.is_revoked(claims)

    def test_a_revocation_is_forgotten_when_no_token_can_be_alive(self, live_anywhere: Any) -> None:
        live = live_anywhere
        claims = jwt.decode(live.tokens()["access_token"], options={"verify_signature": False})
        live.run(live.server.end_grant(claims["grant_id"]))
        live.clock.forward(3_600 + 120)
        live.run(live.server.revocations.poll())
        live.run(live.server.sweep())
        assert not live.server.is_revoked(claims)


class TestIntrospect:
    def ask(self, live: Any, token: str, client: Any) -> Any:
        with live.http() as http:
            return http.post("/oauth/introspect", data={"token": token}, auth=(client.client_id, client.secret or ""))

    def test_46_the_app_and_the_resource_server_see_a_live_token(self, live: Any) -> None:
        token = live.tokens()["access_token"]
        for client in (live.app, live.other):
            body = self.ask(live, token, client).json()
            assert (body["active"], body["scope"], body["token_type"]) == (True, "rail:read lodge:read", "Bearer")

    def test_46_refresh_tokens_are_seen_by_their_app_only(self, live: Any) -> None:
        token = live.tokens()["refresh_token"]
        assert self.ask(live, token, live.app).json()["active"] is True
        assert self.ask(live, token, live.other).json() == {"active": False}

    @pytest.mark.parametrize("token", ["x", "토큰", "a.b.c", "e30.e30.e30"])
    def test_46_garbage_is_inactive(self, live: Any, token: str) -> None:
        response = self.ask(live, token, live.app)
        assert (response.status_code, response.json()) == (200, {"active": False})

    def test_revoked_and_expired_are_inactive(self, live: Any) -> None:
        revoked, expired = live.tokens()["access_token"], live.tokens()["access_token"]
        live.run(live.server.end_token(jwt.decode(revoked, options={"verify_signature": False})["jti"]))
        assert self.ask(live, revoked, live.app).json() == {"active": False}
        assert self.ask(live, expired, live.app).json()["active"] is True
        live.clock.forward(301)
        assert self.ask(live, expired, live.app).json() == {"active": False}

    @pytest.mark.parametrize("alive", [True, False])
    def test_the_answer_can_be_a_signed_jwt_for_the_caller_alone(self, live: Any, alive: bool) -> None:
        """RFC 9701 section 5."""
        token = live.tokens()["access_token"] if alive else "x"
        with live.http() as http:
            response = http.post(
                "/oauth/introspect",
                data={"token": token},
                auth=(live.app.client_id, live.app.secret),
                headers={"Accept": "application/token-introspection+jwt"},
            )
        assert response.headers["content-type"] == "application/token-introspection+jwt"
        header = jwt.get_unverified_header(response.text)
        assert header["typ"] == "token-introspection+jwt"
        key = next(key for key in live.server.jwks()["keys"] if key["kid"] == header["kid"])
        claims = jwt.decode(
            response.text,
            jwt.PyJWK(key),
            algorithms=["ES256"],
            audience=live.app.client_id,
            issuer=live.url,
            options={"verify_iat": False},
        )
        assert set(claims) == {"iss", "aud", "iat", "token_introspection"}
        assert claims["token_introspection"] == self.ask(live, token, live.app).json()
        assert claims["token_introspection"]["active"] is alive
        assert live.server.tokens.read(response.text) is None

    def test_46_not_without_client_authentication(self, live: Any) -> None:
        with live.http() as http:
            assert http.post("/oauth/introspect", data={"token": "x"}).status_code == 401
            public = {"token": "x", "client_id": live.native.client_id}
            assert http.post("/oauth/introspect", data=public).status_code == 401


def _hs256(claims: dict[str, Any], key: bytes, headers: dict[str, Any]) -> str:
    """PyJWT refuses to sign with a PEM, so by hand."""
    import hashlib
    import hmac

    def part(value: object) -> bytes:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=")

    signed = part({**headers, "alg": "HS256"}) + b"." + part(claims)
    signature = base64.urlsafe_b64encode(hmac.new(key, signed, hashlib.sha256).digest()).rstrip(b"=")
    return (signed + b"." + signature).decode()


class TestMetadata:
    def test_names_every_address_and_only_what_is_built(self, live: Any) -> None:
        """RFC 8414 sections 2 and 3."""
        with live.http() as http:
            response = http.get("/.well-known/oauth-authorization-server")
            metadata = response.json()
            for name in ("authorization_endpoint", "token_endpoint", "revocation_endpoint", "introspection_endpoint"):
                assert http.get(metadata[name]).status_code in (400, 405), name
            assert http.get(metadata["jwks_uri"]).status_code == 200
        assert response.headers["content-type"] == "application/json"
        assert (metadata["issuer"], metadata["code_challenge_methods_supported"]) == (live.url, ["S256"])
        assert metadata["authorization_response_iss_parameter_supported"] is True

    def test_the_key_set_has_public_halves_only(self, live: Any) -> None:
        with live.http() as http:
            response = http.get("/oauth/jwks.json")
        assert response.json() == live.server.jwks()
        assert response.headers["access-control-allow-origin"] == "*"
        for key in response.json()["keys"]:
            assert set(key) == {"kty", "crv", "x", "y", "kid", "use", "alg"}
