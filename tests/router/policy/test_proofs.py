"""DPoP at the router: a token bound to a key is taken with a proof by that key alone, each proof once (RFC 9449)."""

from __future__ import annotations

import base64
import hashlib
import json
import time
import uuid
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from router.errors import Overloaded, ProofRefused, Unauthenticated
from router.policy.callers import Callers
from router.policy.jwt import TokenVerifier
from router.policy.keys import JwksKeys
from router.policy.proofs import NONCE_LIFE_S, ProofChecker, thumbprint_of

URL = "https://api.example.kr/graphql"
ISSUER, AUDIENCE = "https://auth.example.kr", "https://api.example.kr"
SIGNER = ec.generate_private_key(ec.SECP256R1())
HOLDER = ec.generate_private_key(ec.SECP256R1())
OTHER = ec.generate_private_key(ec.SECP256R1())
RSA = rsa.generate_private_key(65_537, 2_048)
ED25519 = ed25519.Ed25519PrivateKey.generate()
ALGORITHM = jwt.algorithms.get_default_algorithms()


def encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def jwk_of(key: Any, algorithm: str = "ES256") -> dict[str, Any]:
    return dict(ALGORITHM[algorithm].to_jwk(key.public_key(), True))


def proof(
    token: str, key: Any = HOLDER, alg: str = "ES256", header: dict[str, Any] | None = None, **changes: Any
) -> str:
    claims = {
        "htm": "POST",
        "htu": URL,
        "iat": int(time.time()),
        "jti": uuid.uuid4().hex,
        "ath": encoded(hashlib.sha256(token.encode()).digest()),
    }
    kept = {name: value for name, value in (claims | changes).items() if value is not None}
    headers = {"typ": "dpop+jwt", "jwk": jwk_of(key, alg), **(header or {})}
    return jwt.encode(kept, key, alg, {name: value for name, value in headers.items() if value is not None})


TOKEN = "a.bound.token"
KEY = thumbprint_of(jwk_of(HOLDER))


def check(checker: ProofChecker, sent: str | None, **changes: Any) -> None:
    checker.check(sent, **{"method": "POST", "token": TOKEN, "key": KEY, **changes})


def test_the_thumbprint_is_that_of_the_rfc() -> None:
    """RFC 7638 section 3.1; the order and further members of the key do not count."""
    n = (
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3"
        "oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdA"
        "ZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-"
        "kEgU8awapJzKnqDKgw"
    )
    jwk = {"kty": "RSA", "n": n, "e": "AQAB", "alg": "RS256", "kid": "2011-04-29"}
    assert thumbprint_of(jwk) == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"


@pytest.mark.parametrize(("key", "alg"), [(HOLDER, "ES256"), (RSA, "PS256"), (ED25519, "EdDSA")])
def test_a_proof_by_the_key_of_the_token_is_taken_once(key: Any, alg: str) -> None:
    checker = ProofChecker(URL)
    thumbprint = thumbprint_of(jwk_of(key, alg))
    sent = proof(TOKEN, key, alg)
    check(checker, sent, key=thumbprint)
    with pytest.raises(ProofRefused, match="used before"):
        check(checker, sent, key=thumbprint)
    check(checker, proof(TOKEN, key, alg), key=thumbprint)


@pytest.mark.parametrize(
    "htu", [URL, URL + "?a=b", URL + "#c", "HTTPS://API.example.kr:443/graphql", "wss://api.example.kr/graphql"]
)
def test_the_address_is_compared_as_an_address(htu: str) -> None:
    check(ProofChecker(URL), proof(TOKEN, htu=htu))


def unsigned(header: dict[str, Any]) -> str:
    claims = jwt.decode(proof(TOKEN), options={"verify_signature": False})
    return f"{encoded(json.dumps(header).encode())}.{encoded(json.dumps(claims).encode())}."


BAD: dict[str, Callable[[], str | None]] = {
    "none at all": lambda: None,
    "empty": lambda: "",
    "garbage": lambda: "a.b.c",
    "Korean": lambda: "증명",
    "too long": lambda: proof(TOKEN, padding="x" * 5_000),
    "two in one header": lambda: f"{proof(TOKEN)}, {proof(TOKEN)}",
    "by another key": lambda: proof(TOKEN, OTHER),
    "by another key that names ours": lambda: proof(TOKEN, OTHER, header={"jwk": jwk_of(HOLDER)}),
    "another signature": lambda: proof(TOKEN)[:-8] + "AAAAAAAA",
    "alg none": lambda: unsigned({"alg": "none", "typ": "dpop+jwt", "jwk": jwk_of(HOLDER)}),
    "alg HS256": lambda: unsigned({"alg": "HS256", "typ": "dpop+jwt", "jwk": jwk_of(HOLDER)}),
    "alg of another kind of key": lambda: unsigned({"alg": "PS256", "typ": "dpop+jwt", "jwk": jwk_of(HOLDER)}),
    "alg is a list": lambda: unsigned({"alg": ["ES256"], "typ": "dpop+jwt", "jwk": jwk_of(HOLDER)}),
    "typ of another JWT": lambda: proof(TOKEN, header={"typ": "at+jwt"}),
    "no typ": lambda: proof(TOKEN, header={"typ": None}),
    "no key": lambda: proof(TOKEN, header={"jwk": None}),
    "key is a text": lambda: proof(TOKEN, header={"jwk": "x"}),
    "key without members": lambda: proof(TOKEN, header={"jwk": {"kty": "EC"}}),
    "key is private": lambda: proof(TOKEN, header={"jwk": ALGORITHM["ES256"].to_jwk(HOLDER, True)}),
    "critical extension": lambda: proof(TOKEN, header={"crit": ["x"]}),
    "another method": lambda: proof(TOKEN, htm="GET"),
    "no method": lambda: proof(TOKEN, htm=None),
    "another path": lambda: proof(TOKEN, htu="https://api.example.kr/"),
    "another host": lambda: proof(TOKEN, htu="https://evil.example/graphql"),
    "plain http": lambda: proof(TOKEN, htu="http://api.example.kr/graphql"),
    "address with a broken port": lambda: proof(TOKEN, htu="https://api.example.kr:x/graphql"),
    "no address": lambda: proof(TOKEN, htu=None),
    "a minute old": lambda: proof(TOKEN, iat=int(time.time()) - 70),
    "of the future": lambda: proof(TOKEN, iat=int(time.time()) + 30),
    "iat is a text": lambda: proof(TOKEN, iat=1.5),
    "no iat": lambda: proof(TOKEN, iat=None),
    "no jti": lambda: proof(TOKEN, jti=None),
    "jti too long": lambda: proof(TOKEN, jti="j" * 256),
    "for another token": lambda: proof("another.token"),
    "for no token": lambda: proof(TOKEN, ath=None),
}


@pytest.mark.parametrize("case", BAD)
def test_44_any_other_proof_is_refused(case: str) -> None:
    with pytest.raises(ProofRefused) as refused:
        check(ProofChecker(URL), BAD[case]())
    assert (refused.value.error, refused.value.http_status, refused.value.nonce) == ("invalid_dpop_proof", 401, "")
    assert refused.value.message.isascii()


class TestNonces:
    @pytest.mark.parametrize("nonce", [None, "", "x", "A" * 32, "가" * 32, 7])
    def test_where_asked_for_a_proof_without_ours_is_told_one(self, nonce: Any) -> None:
        checker = ProofChecker(URL, nonce_secret="s")
        with pytest.raises(ProofRefused) as refused:
            check(checker, proof(TOKEN, nonce=nonce))
        assert refused.value.error == "use_dpop_nonce"
        check(checker, proof(TOKEN, nonce=refused.value.nonce))

    def test_workers_with_one_secret_take_each_others(self) -> None:
        one, two, stranger = (ProofChecker(URL, nonce_secret=secret) for secret in ("s", "s", "t"))
        check(two, proof(TOKEN, nonce=one.nonce()))
        with pytest.raises(ProofRefused):
            check(stranger, proof(TOKEN, nonce=one.nonce()))

    def test_one_ends_after_two_minutes(self) -> None:
        clock = [time.time()]
        checker = ProofChecker(URL, nonce_secret="s", clock=lambda: clock[0])
        nonce = checker.nonce()
        clock[0] += NONCE_LIFE_S - 5
        check(checker, proof(TOKEN, nonce=nonce, iat=int(clock[0])))
        clock[0] += 10
        with pytest.raises(ProofRefused):
            check(checker, proof(TOKEN, nonce=nonce, iat=int(clock[0])))


def test_what_is_remembered_is_bounded_and_forgotten_in_time() -> None:
    clock = [time.time()]
    checker = ProofChecker(URL, max_remembered=3, clock=lambda: clock[0])
    for _ in range(3):
        check(checker, proof(TOKEN))
    with pytest.raises(Overloaded):
        check(checker, proof(TOKEN))
    clock[0] += 100
    check(checker, proof(TOKEN, iat=int(clock[0])))


# -- with the token


def access_token(**changes: Any) -> str:
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "s", "client_id": "c", "jti": "j"}
    times = {"iat": int(time.time()), "exp": int(time.time()) + 86_400}  # outlives the slowest run of all tests
    return jwt.encode(claims | times | changes, SIGNER, "ES256", headers={"typ": "at+jwt", "kid": "k"})


BOUND = access_token(cnf={"jkt": KEY})
FREE = access_token()


def callers(checker: bool = True) -> Callers:
    keys = JwksKeys(lambda: {"keys": [{**jwk_of(SIGNER), "kid": "k", "use": "sig"}]})
    return Callers(TokenVerifier(ISSUER, AUDIENCE, keys), proofs=ProofChecker(URL) if checker else None)


def sent(scheme: str, token: str, with_proof: str | None = None) -> dict[bytes, bytes]:
    headers = {b"authorization": f"{scheme} {token}".encode()}
    return headers if with_proof is None else headers | {b"dpop": with_proof.encode()}


async def test_a_bound_token_is_good_with_its_proof_and_again_with_another() -> None:
    asked = callers()
    for _ in range(2):
        caller = await asked.of_headers(sent("DPoP", BOUND, proof(BOUND)), "POST")
        assert caller.subject == "s"


@pytest.mark.parametrize(
    ("scheme", "token", "of", "key"),
    [
        ("Bearer", BOUND, None, HOLDER),
        ("Bearer", BOUND, BOUND, HOLDER),
        ("DPoP", BOUND, None, HOLDER),
        ("DPoP", BOUND, BOUND, OTHER),
        ("DPoP", BOUND, FREE, HOLDER),
        ("DPoP", FREE, FREE, HOLDER),
    ],
)
async def test_44_nothing_else_is(scheme: str, token: str, of: str | None, key: Any) -> None:
    with pytest.raises(Unauthenticated):
        await callers().of_headers(sent(scheme, token, None if of is None else proof(of, key)), "POST")


async def test_a_remembered_token_is_asked_for_its_proof_too() -> None:
    asked = callers()
    await asked.of_headers(sent("DPoP", BOUND, proof(BOUND)), "POST")
    for headers in (sent("Bearer", BOUND), sent("DPoP", BOUND)):
        with pytest.raises(Unauthenticated):
            await asked.of_headers(headers, "POST")


async def test_the_method_of_the_proof_is_that_of_the_request() -> None:
    with pytest.raises(ProofRefused):
        await callers().of_headers(sent("DPoP", BOUND, proof(BOUND)), "GET")
    assert (await callers().of_headers(sent("DPoP", BOUND, proof(BOUND, htm="GET")), "GET")).subject == "s"


async def test_where_no_proof_can_be_checked_no_bound_token_is_taken() -> None:
    with pytest.raises(Unauthenticated):
        await callers(checker=False).of_headers(sent("DPoP", BOUND, proof(BOUND)), "POST")
