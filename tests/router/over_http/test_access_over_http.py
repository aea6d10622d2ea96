"""Tokens at the HTTP door: who is let in, and what the others are told (RFC 6750, RFC 9728)."""

from __future__ import annotations

import base64
import hashlib
import json
import logging
import time
import uuid
from dataclasses import replace
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from router.config import HttpSettings, Settings, TokenSettings
from router.policy.jwt import TokenVerifier
from router.policy.keys import JwksKeys
from router.policy.proofs import thumbprint_of

ISSUER, AUDIENCE = "https://auth.example.kr", "https://api.example.kr/graphql"
KEY = ec.generate_private_key(ec.SECP256R1())
SETTINGS = replace(
    Settings(),
    http=HttpSettings(public_url="https://api.example.kr", forward_headers=("x-trace",)),
    token=TokenSettings(issuer=ISSUER, audience=AUDIENCE, jwks_url="https://auth.example.kr/jwks"),
)
REQUIRED = replace(SETTINGS, token=replace(SETTINGS.token, required=True))
METADATA = 'resource_metadata="https://api.example.kr/.well-known/oauth-protected-resource"'


@pytest.fixture
def verifier() -> TokenVerifier:
    jwk = {**json.loads(jwt.algorithms.ECAlgorithm.to_jwk(KEY.public_key())), "kid": "k1"}
    return TokenVerifier(ISSUER, AUDIENCE, JwksKeys(lambda: {"keys": [jwk]}))


def bearer(scope: str = "", **changes: Any) -> dict[str, str]:
    now = int(time.time())
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "s", "client_id": "c", "jti": "j", "iat": now, "exp": now + 60}
    token = jwt.encode(claims | {"scope": scope} | changes, KEY, "ES256", headers={"typ": "at+jwt", "kid": "k1"})
    return {"authorization": f"Bearer {token}"}


async def ask(
    client: httpx.AsyncClient, router: Any, query: str, headers: dict[str, str] | None = None
) -> httpx.Response:
    return await client.post(router.url, json={"query": query}, headers=headers)


async def test_a_granted_field_is_answered_and_the_subgraph_learns_who_asks(serve: Any, verifier: Any) -> None:
    async with serve(SETTINGS, verifier=verifier) as router, httpx.AsyncClient() as client:
        headers = bearer("clock:read") | {"x-trace": "7", "cookie": "a=b"}
        answer = await ask(client, router, "{secret}", headers)
        assert answer.json() == {"data": {"secret": "clockwork"}}
        caller = router.clock.callers[-1]
        assert (caller.subject, caller.client_id, caller.headers) == ("s", "c", {"x-trace": "7"})


async def test_42_a_part_that_is_not_granted_is_null_with_one_error(serve: Any, verifier: Any) -> None:
    async with serve(SETTINGS, verifier=verifier) as router, httpx.AsyncClient() as client:
        for headers in ({}, bearer("clock:reader"), bearer("clock")):
            answer = await ask(client, router, "{hello s:secret}", headers)
            assert answer.status_code == 200
            assert answer.json()["data"] == {"hello": "hello world", "s": None}
            (error,) = answer.json()["errors"]
            assert error["path"] == ["s"]
            assert error["extensions"] == {
                "code": "UNAUTHORIZED_FIELD_OR_TYPE",
                "requiredScopes": [["clock:read"]],
                "affectedPath": "s",
            }


async def test_42_43_an_operation_refused_whole_is_401_without_and_403_with_a_token(serve: Any, verifier: Any) -> None:
    async with serve(SETTINGS, verifier=verifier) as router, httpx.AsyncClient() as client:
        nobody = await ask(client, router, "{secret}")
        assert (nobody.status_code, nobody.headers["www-authenticate"]) == (401, f"Bearer {METADATA}")
        poor = await ask(client, router, "{secret}", bearer("other"))
        assert poor.status_code == 403
        assert poor.headers["www-authenticate"] == (
            f'Bearer {METADATA}, error="insufficient_scope", scope="clock:read"'
        )
        assert "data" not in poor.json()


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": "Bearer abc"},
        {"authorization": "Basic Y2l0aXplbjpzZWNyZXQ="},
        {"authorization": "Bearer"},
        {"authorization": "Bearer 토큰".encode().decode("latin-1")},
        bearer(exp=int(time.time()) - 60),
        bearer(aud="https://other"),
    ],
)
async def test_a_bad_token_is_401_and_nothing_runs(serve: Any, verifier: Any, headers: dict[str, str]) -> None:
    async with serve(SETTINGS, verifier=verifier) as router, httpx.AsyncClient() as client:
        raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
        answer = await client.post(router.url, json={"query": "{hello}"}, headers=raw)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith(f'Bearer {METADATA}, error="invalid_token"')
        assert answer.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
        assert router.clock.callers == []


async def test_43_a_token_is_demanded_where_configured_and_never_read_from_the_url(serve: Any, verifier: Any) -> None:
    async with serve(REQUIRED, verifier=verifier) as router, httpx.AsyncClient() as client:
        token = bearer("clock:read")["authorization"].removeprefix("Bearer ")
        for url in (router.url, f"{router.url}?access_token={token}"):
            answer = await client.post(url, json={"query": "{hello}"}, headers={"accept-language": "ko"})
            assert (answer.status_code, answer.headers["www-authenticate"]) == (401, f"Bearer {METADATA}")
            assert answer.json()["errors"][0]["message"] == "접근 토큰이 필요합니다."
        assert (await ask(client, router, "{hello}", bearer())).status_code == 200


async def test_the_resource_metadata_names_issuer_and_scopes(serve: Any, verifier: Any) -> None:
    async with serve(SETTINGS, verifier=verifier) as router, httpx.AsyncClient() as client:
        for path in ("/.well-known/oauth-protected-resource", "/.well-known/oauth-protected-resource/graphql"):
            answer = await client.get(f"http://127.0.0.1:{router.port}{path}", headers={"x-forwarded-host": "evil"})
            assert answer.json() == {
                "resource": AUDIENCE,
                "authorization_servers": [ISSUER],
                "bearer_methods_supported": ["header"],
                "dpop_signing_alg_values_supported": ["ES256", "PS256", "EdDSA"],
                "scopes_supported": ["clock:read"],
            }


async def test_no_token_reaches_the_log(serve: Any, verifier: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with serve(SETTINGS, verifier=verifier) as router, httpx.AsyncClient() as client:
        headers = bearer("clock:read", jti="findme")
        await ask(client, router, "{secret}", headers)
        await ask(client, router, "{secret}", {"authorization": headers["authorization"] + "x"})
    token = headers["authorization"].removeprefix("Bearer ")
    logged = [one.getMessage() for one in caplog.records if not one.name.startswith(("httpx", "httpcore"))]
    assert not any(token in line for line in logged)


# -- tokens bound to a key (RFC 9449)

HOLDER = ec.generate_private_key(ec.SECP256R1())
HOLDER_JWK = jwt.algorithms.ECAlgorithm.to_jwk(HOLDER.public_key(), True)


def bound(scope: str = "clock:read") -> str:
    return bearer(scope, cnf={"jkt": thumbprint_of(HOLDER_JWK)})["authorization"].removeprefix("Bearer ")


def with_proof(token: str, **claims: Any) -> dict[str, str]:
    ath = base64.urlsafe_b64encode(hashlib.sha256(token.encode()).digest()).rstrip(b"=").decode()
    claims = {"htm": "POST", "htu": AUDIENCE, "iat": int(time.time()), "jti": uuid.uuid4().hex, "ath": ath} | claims
    proof = jwt.encode(claims, HOLDER, "ES256", headers={"typ": "dpop+jwt", "jwk": HOLDER_JWK})
    return {"authorization": f"DPoP {token}", "dpop": proof}


async def test_44_a_bound_token_is_answered_with_its_proof_once(serve: Any, verifier: Any) -> None:
    async with serve(SETTINGS, verifier=verifier) as router, httpx.AsyncClient() as client:
        headers = with_proof(bound())
        assert (await ask(client, router, "{secret}", headers)).json() == {"data": {"secret": "clockwork"}}
        again = await ask(client, router, "{secret}", headers)
        assert again.status_code == 401
        challenge = again.headers["www-authenticate"]
        assert challenge.startswith(f'DPoP {METADATA}, error="invalid_dpop_proof", error_description="')
        assert 'algs="ES256 PS256 EdDSA"' in challenge
        assert again.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_44_a_bound_token_sent_as_bearer_is_an_invalid_token(serve: Any, verifier: Any) -> None:
    async with serve(SETTINGS, verifier=verifier) as router, httpx.AsyncClient() as client:
        answer = await ask(client, router, "{secret}", {"authorization": f"Bearer {bound()}"})
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith(f'Bearer {METADATA}, error="invalid_token"')


async def test_44_where_nonces_are_asked_for_the_answer_tells_one(serve: Any, verifier: Any) -> None:
    settings = replace(SETTINGS, token=replace(SETTINGS.token, dpop_nonce_secret="shared by the workers"))
    assert "shared by the workers" not in repr(settings)
    async with serve(settings, verifier=verifier) as router, httpx.AsyncClient() as client:
        token = bound()
        refused = await ask(client, router, "{secret}", with_proof(token))
        assert (refused.status_code, 'error="use_dpop_nonce"' in refused.headers["www-authenticate"]) == (401, True)
        answer = await ask(client, router, "{secret}", with_proof(token, nonce=refused.headers["dpop-nonce"]))
        assert answer.json() == {"data": {"secret": "clockwork"}}
