"""private_key_jwt: an app proves who it is with its own key; keys are given by value and nothing is ever fetched."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from auth.errors import RegistrationRefused
from auth.registration import rotate_secret, set_client_keys
from tests.auth.signing import ASSERTION_TYPE, AppKey, part

FORM = {"grant_type": "client_credentials", "scope": "rail:read"}
KEY = AppKey()


@pytest.fixture(scope="module")
def keyed(live: Any) -> Any:
    """A confidential app with a key and no secret."""
    return live.register(jwks=KEY.jwks)


def ask(live: Any, keyed: Any, key: AppKey = KEY, form: dict[str, str] | None = None, **changes: Any) -> Any:
    credentials = key.credentials(keyed.client_id, live.url, live.clock(), **changes)
    return live.token({**FORM, **credentials, **(form or {})})


@pytest.mark.parametrize("algorithm", ["ES256", "PS256", "EdDSA"])
def test_every_algorithm_the_metadata_names_works(live: Any, algorithm: str) -> None:
    key = AppKey(algorithm)
    response = ask(live, live.register(jwks=key.jwks), key)
    assert (response.status_code, response.json()["scope"]) == (200, "rail:read")
    with live.http() as http:
        metadata = http.get("/.well-known/oauth-authorization-server").json()
    assert algorithm in metadata["token_endpoint_auth_signing_alg_values_supported"]


GOOD: dict[str, dict[str, Any]] = {
    "as it should be": {},
    "with the type of the newest draft": {"header": {"typ": "client-authentication+jwt"}},
    "with the type JWT": {"header": {"typ": "JWT"}},
    "without kid, as there is one key": {"header": {"kid": None}},
    "without iat": {"iat": None},
    "a client_id beside it": {"form": {"client_id": "{client}"}},
}


@pytest.mark.parametrize("name", GOOD)
def test_a_good_assertion(live: Any, keyed: Any, name: str) -> None:
    change = dict(GOOD[name])
    form = {key: value.format(client=keyed.client_id) for key, value in change.pop("form", {}).items()}
    assert ask(live, keyed, form=form, **change).status_code == 200


def changed(**changes: Any) -> Callable[[Any, Any], Any]:
    return lambda live, keyed: ask(live, keyed, **changes)


def by_hand(make: Callable[[Any, Any], str]) -> Callable[[Any, Any], Any]:
    def send(live: Any, keyed: Any) -> Any:
        return live.token({**FORM, "client_assertion_type": ASSERTION_TYPE, "client_assertion": make(live, keyed)})

    return send


def _without_algorithm(live: Any, keyed: Any) -> str:
    claims = jwt.decode(KEY.assertion(keyed.client_id, live.url, live.clock()), options={"verify_signature": False})
    return f"{part({'alg': 'none', 'kid': KEY.kid})}.{part(claims)}."


def _own_jwk(live: Any, keyed: Any) -> str:
    other = AppKey(kid=KEY.kid)
    return other.assertion(keyed.client_id, live.url, live.clock(), header={"jwk": other.jwk})


BAD: dict[str, Callable[[Any, Any], Any]] = {
    "37 alg none": by_hand(_without_algorithm),
    "37 another key under our kid": by_hand(
        lambda live, keyed: AppKey(kid=KEY.kid).assertion(keyed.client_id, live.url, live.clock())
    ),
    "37 its own jwk in the header": by_hand(_own_jwk),
    "37 unknown kid": changed(header={"kid": "unheard-of"}),
    "37 kid is a path": changed(header={"kid": "../../dev/null"}),
    "37 critical extension": changed(header={"crit": ["exp"]}),
    "37 typ of an access token": changed(header={"typ": "at+jwt"}),
    "37 expired": changed(exp=1_000),
    "37 no exp": changed(exp=None),
    "37 exp in a text": by_hand(
        lambda live, keyed: KEY.assertion(keyed.client_id, live.url, live.clock(), exp=str(int(live.clock()) + 60))
    ),
    "37 lives a day": by_hand(
        lambda live, keyed: KEY.assertion(keyed.client_id, live.url, live.clock(), exp=int(live.clock()) + 86_400)
    ),
    "37 not valid yet": by_hand(
        lambda live, keyed: KEY.assertion(keyed.client_id, live.url, live.clock(), nbf=int(live.clock()) + 60)
    ),
    "37 no jti": changed(jti=None),
    "37 jti is a number": changed(jti=7),
    "37 jti too long": changed(jti="x" * 256),
    "37 another client as issuer": changed(iss="c_aaaaaaaaaaaaaaaaaaaaaaaaaa"),
    "37 no issuer": changed(iss=None),
    "38 aud is the token endpoint": by_hand(
        lambda live, keyed: KEY.assertion(keyed.client_id, live.url + "/oauth/token", live.clock())
    ),
    "38 aud is a list": by_hand(lambda live, keyed: KEY.assertion(keyed.client_id, [live.url], live.clock())),
    "38 aud has a trailing slash": by_hand(
        lambda live, keyed: KEY.assertion(keyed.client_id, live.url + "/", live.clock())
    ),
    "38 no aud": changed(aud=None),
    "garbage": by_hand(lambda live, keyed: "a.b.c"),
    "Korean": by_hand(lambda live, keyed: "단언"),
    "nothing": by_hand(lambda live, keyed: ""),
    "deeply nested": by_hand(lambda live, keyed: f"{part({'alg': 'ES256'})}.{'W1tb' * 3_000}.x"),
    "of an unknown client": by_hand(
        lambda live, keyed: KEY.assertion("c_aaaaaaaaaaaaaaaaaaaaaaaaaa", live.url, live.clock())
    ),
    "of a public client": by_hand(lambda live, keyed: KEY.assertion(live.native.client_id, live.url, live.clock())),
    "of a client with a secret": by_hand(lambda live, keyed: KEY.assertion(live.app.client_id, live.url, live.clock())),
    "a secret instead of the key": lambda live, keyed: live.token(
        {**FORM, "client_id": keyed.client_id, "client_secret": "x" * 43}
    ),
    "nothing instead of the key": lambda live, keyed: live.token({**FORM, "client_id": keyed.client_id}),
}


@pytest.mark.parametrize("name", BAD)
def test_37_38_a_bad_assertion_is_invalid_client(live: Any, keyed: Any, name: str) -> None:
    response = BAD[name](live, keyed)
    assert (response.status_code, response.json()["error"]) == (401, "invalid_client")
    assert response.json()["error_description"].isascii()


@pytest.mark.parametrize(
    "form",
    [
        {"client_assertion_type": "urn:unheard:of"},
        {"client_assertion_type": ""},
        {"client_id": "c_aaaaaaaaaaaaaaaaaaaaaaaaaa"},
        {"client_secret": "x"},
    ],
    ids=str,
)
def test_30_what_contradicts_an_assertion_is_invalid_request(live: Any, keyed: Any, form: dict[str, str]) -> None:
    response = ask(live, keyed, form=form)
    assert (response.status_code, response.json()["error"]) == (400, "invalid_request")


def test_37_an_assertion_is_good_once(live: Any, keyed: Any) -> None:
    credentials = KEY.credentials(keyed.client_id, live.url, live.clock())
    assert live.token({**FORM, **credentials}).status_code == 200
    again = live.token({**FORM, **credentials})
    assert (again.status_code, again.json()["error"]) == (401, "invalid_client")
    assert "used before" in again.json()["error_description"]
    same_jti = jwt.decode(credentials["client_assertion"], options={"verify_signature": False})["jti"]
    other = AppKey()
    assert ask(live, live.register(jwks=other.jwks), other, jti=same_jti).status_code == 200, "ids are each app's own"


def test_it_also_opens_revocation_and_introspection(live: Any, keyed: Any) -> None:
    token = ask(live, keyed).json()["access_token"]
    with live.http() as http:
        for path, expected in (("introspect", True), ("revoke", None), ("introspect", False)):
            credentials = KEY.credentials(keyed.client_id, live.url, live.clock())
            response = http.post(f"/oauth/{path}", data={"token": token, **credentials})
            assert response.status_code == 200
            assert expected is None or response.json()["active"] is expected


def test_a_code_flow_with_a_key_instead_of_a_secret(live: Any, keyed: Any) -> None:
    form = live.code(keyed)
    tokens = live.token({**form, **KEY.credentials(keyed.client_id, live.url, live.clock())}).json()
    refresh = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    assert live.token(refresh).status_code == 401
    assert live.token({**refresh, **KEY.credentials(keyed.client_id, live.url, live.clock())}).status_code == 200


def test_keys_are_replaced_at_once_and_end_the_secrets(live: Any) -> None:
    client, old, new = live.register(), AppKey(), AppKey()
    assert live.token(FORM, client).status_code == 200
    live.run(set_client_keys(live.server, client.client_id, old.jwks))
    assert live.token(FORM, client).status_code == 401
    assert ask(live, client, old).status_code == 200
    both = {"keys": old.jwks["keys"] + new.jwks["keys"]}
    live.run(set_client_keys(live.server, client.client_id, both))
    assert [ask(live, client, key).status_code for key in (old, new)] == [200, 200]
    live.run(set_client_keys(live.server, client.client_id, new.jwks))
    assert [ask(live, client, key).status_code for key in (old, new)] == [401, 200]
    with pytest.raises(RegistrationRefused):
        live.run(rotate_secret(live.server, client.client_id))


class TestKeySets:
    REFUSED: dict[str, Any] = {  # noqa: RUF012
        "no set": [],
        "no keys": {"keys": []},
        "six keys": {"keys": [AppKey().jwk for _ in range(6)]},
        "private": {"keys": [jwt.algorithms.ECAlgorithm.to_jwk(KEY.private, True)]},
        "symmetric": {"keys": [{"kty": "oct", "k": "c2VjcmV0"}]},
        "P-384": {
            "keys": [jwt.algorithms.ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP384R1()).public_key(), True)]
        },
        "RSA of 1024 bits": {
            "keys": [jwt.algorithms.RSAAlgorithm.to_jwk(rsa.generate_private_key(65_537, 1_024).public_key(), True)]
        },
        "for encryption": {"keys": [{**KEY.jwk, "use": "enc"}]},
        "one kid twice": {"keys": [{**AppKey().jwk, "kid": "a"}, {**AppKey().jwk, "kid": "a"}]},
        "kid is no text": {"keys": [{**KEY.jwk, "kid": 7}]},
        "not on the curve": {"keys": [{**KEY.jwk, "y": KEY.jwk["x"]}]},
        "not base64": {"keys": [{**KEY.jwk, "x": "열쇠"}]},
        "a member missing": {"keys": [{"kty": "EC", "crv": "P-256"}]},
        "52 an address instead": {"jwks_uri": "http://169.254.169.254/"},
        "52 a key by address": {"keys": [{"kty": "EC", "x5u": "http://127.0.0.1/"}]},
    }

    @pytest.mark.parametrize("name", REFUSED)
    def test_unfit_keys_are_not_registered(self, live: Any, name: str) -> None:
        with pytest.raises(RegistrationRefused):
            live.register(jwks=self.REFUSED[name])

    def test_a_public_app_has_none(self, live: Any) -> None:
        with pytest.raises(RegistrationRefused):
            live.register("public", jwks=KEY.jwks)
        with pytest.raises(RegistrationRefused):
            live.run(set_client_keys(live.server, live.native.client_id, KEY.jwks))
