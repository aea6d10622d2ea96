"""Access tokens as the router takes them: RFC 9068, RFC 8725, and the attacks 39 to 43 of the project's list."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Mapping
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from router.caller import Caller
from router.errors import KeysUnavailable, Unauthenticated
from router.policy.callers import Callers, joined, preferred_language, token_of
from router.policy.jwt import TokenVerifier
from router.policy.keys import JwksKeys, jwks_by_url

ISSUER = "https://auth.example.kr"
AUDIENCE = "https://api.example.kr"
KEY = ec.generate_private_key(ec.SECP256R1())
OTHER_KEY = ec.generate_private_key(ec.SECP256R1())
RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PUBLIC_PEM = RSA_KEY.public_key().public_bytes(
    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
)


def public_jwk(key: Any, kid: str) -> dict[str, Any]:
    algorithm = (
        jwt.algorithms.ECAlgorithm if isinstance(key, ec.EllipticCurvePrivateKey) else jwt.algorithms.RSAAlgorithm
    )
    return {**json.loads(algorithm.to_jwk(key.public_key())), "kid": kid, "use": "sig"}


def claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    base = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "citizen-1",
        "client_id": "partner-1",
        "jti": "j1",
        "iat": now,
        "exp": now + 300,
        "scope": "rail:read lodge:read",
    }
    return {name: value for name, value in (base | changes).items() if value is not None}


def token(key: Any = KEY, *, alg: str = "ES256", header: Mapping[str, Any] | None = None, **changes: Any) -> str:
    headers = {"typ": "at+jwt", "kid": "k1", **(header or {})}
    return jwt.encode(
        claims(**changes), key, algorithm=alg, headers={n: v for n, v in headers.items() if v is not None}
    )


def unsigned(header: Mapping[str, Any], body: Mapping[str, Any], signature: str = "") -> str:
    def part(value: Mapping[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    return f"{part(header)}.{part(body)}.{signature}"


def keys(*more: Mapping[str, Any], algorithms: tuple[str, ...] = ("ES256",)) -> JwksKeys:
    return JwksKeys(lambda: {"keys": [public_jwk(KEY, "k1"), *more]}, algorithms=algorithms)


def verifier(**options: Any) -> TokenVerifier:
    return TokenVerifier(ISSUER, AUDIENCE, options.pop("keys", None) or keys(), **options)


async def test_a_good_token_gives_subject_client_and_scopes() -> None:
    grant = await verifier().verify(token())
    assert (grant.subject, grant.client_id, grant.scopes) == ("citizen-1", "partner-1", {"rail:read", "lodge:read"})
    assert grant.expires_at == pytest.approx(time.time() + 300, abs=3)


async def test_audience_may_be_one_of_several_and_typ_may_be_the_full_media_type() -> None:
    assert await verifier().verify(token(aud=["https://other", AUDIENCE], header={"typ": "application/AT+JWT"}))


def unsigned_hmac() -> str:
    body = unsigned({"alg": "HS256", "typ": "at+jwt", "kid": "k1"}, claims())[:-1]
    signature = base64.urlsafe_b64encode(hmac.new(PUBLIC_PEM, body.encode(), hashlib.sha256).digest()).rstrip(b"=")
    return f"{body}.{signature.decode()}"


def signed_parts(header: Mapping[str, Any] | None = None, body: Any = None) -> str:
    """Signed with the right key, but with parts no library would write."""
    return signed_bytes(json.dumps(claims() if body is None else body).encode(), header)


def signed_bytes(body: bytes, header: Mapping[str, Any] | None = None) -> str:
    head = header or {"alg": "ES256", "typ": "at+jwt", "kid": "k1"}
    parts = [base64.urlsafe_b64encode(part).rstrip(b"=") for part in (json.dumps(head).encode(), body)]
    algorithm = jwt.algorithms.ECAlgorithm(jwt.algorithms.ECAlgorithm.SHA256)
    signature = algorithm.sign(b".".join(parts), KEY)
    return b".".join([*parts, base64.urlsafe_b64encode(signature).rstrip(b"=")]).decode()


NOW = int(time.time())
FORGED: dict[str, Callable[[], str]] = {
    "alg none": lambda: unsigned({"alg": "none", "typ": "at+jwt", "kid": "k1"}, claims()),
    "alg None in capitals": lambda: unsigned({"alg": "NONE", "typ": "at+jwt", "kid": "k1"}, claims()),
    "alg none with signature": lambda: unsigned({"alg": "none", "typ": "at+jwt", "kid": "k1"}, claims(), "AAAA"),
    "ES256 without signature": lambda: unsigned({"alg": "ES256", "typ": "at+jwt", "kid": "k1"}, claims()),
    "HS256 keyed with a public PEM": unsigned_hmac,
    "another algorithm of the same library": lambda: token(RSA_KEY, alg="RS256"),
    "another key under our kid": lambda: token(OTHER_KEY),
    "unknown kid": lambda: token(header={"kid": "k2"}),
    "no kid": lambda: token(header={"kid": None}),
    "kid is a path": lambda: token(header={"kid": "../../dev/null"}),
    "kid is a list": lambda: unsigned({"alg": "ES256", "typ": "at+jwt", "kid": ["k1"]}, claims(), "AAAA"),
    "kid is empty": lambda: token(header={"kid": ""}),
    "kid is very long": lambda: token(header={"kid": "k" * 5000}),
    "embedded jwk": lambda: token(OTHER_KEY, header={"kid": "mine", "jwk": public_jwk(OTHER_KEY, "mine")}),
    "embedded jwk under our kid": lambda: token(OTHER_KEY, header={"jwk": public_jwk(OTHER_KEY, "k1")}),
    "jku": lambda: token(OTHER_KEY, header={"kid": "mine", "jku": "http://127.0.0.1:1/jwks"}),
    "crit": lambda: token(header={"crit": ["exp"]}),
    "typ JWT (an id token)": lambda: token(header={"typ": "JWT"}),
    "no typ": lambda: signed_parts({"alg": "ES256", "kid": "k1"}),
    "typ is a number": lambda: signed_parts({"alg": "ES256", "kid": "k1", "typ": 7}),
    "wrong issuer": lambda: token(iss="https://evil.example"),
    "issuer with a slash more": lambda: token(iss=ISSUER + "/"),
    "no issuer": lambda: token(iss=None),
    "issuer is a list": lambda: signed_parts(body=claims() | {"iss": [ISSUER]}),
    "wrong audience": lambda: token(aud="https://api.example.kr.evil"),
    "no audience": lambda: token(aud=None),
    "audience list without ours": lambda: token(aud=["a", "b"]),
    "audience list with a number": lambda: signed_parts(body=claims() | {"aud": [AUDIENCE, 7]}),
    "expired": lambda: token(exp=NOW - 60, iat=NOW - 360),
    "no exp": lambda: token(exp=None),
    "exp is a string": lambda: signed_parts(body=claims() | {"exp": str(NOW + 300)}),
    "exp is a float": lambda: signed_parts(body=claims() | {"exp": NOW + 300.5}),
    "exp is true": lambda: signed_parts(body=claims() | {"exp": True}),
    "exp is huge": lambda: signed_parts(body=claims() | {"exp": 10**30}),
    "exp is infinite": lambda: signed_parts(body=claims() | {"exp": float("inf")}),
    "iat in the future": lambda: token(iat=NOW + 120),
    "no iat": lambda: token(iat=None),
    "iat is a string": lambda: signed_parts(body=claims() | {"iat": "now"}),
    "nbf in the future": lambda: token(nbf=NOW + 120),
    "nbf is a string": lambda: signed_parts(body=claims() | {"nbf": str(NOW)}),
    "no subject": lambda: token(sub=None),
    "subject is a number": lambda: signed_parts(body=claims() | {"sub": 7}),
    "no client_id": lambda: token(client_id=None),
    "no jti": lambda: token(jti=None),
    "scope is a list": lambda: signed_parts(body=claims() | {"scope": ["rail:read"]}),
    "bound to a key, without its proof": lambda: token(cnf={"jkt": "a" * 43}),
    "bound to a key in another form": lambda: token(cnf={"jkt": "abc"}),
    "bound to a certificate": lambda: token(cnf={"x5t#S256": "a" * 43}),
    "bound to a text": lambda: token(cnf="a" * 43),
    "not a JWT": lambda: "abc",
    "two parts": lambda: "a.b",
    "five parts (JWE)": lambda: "a.b.c.d.e",
    "Korean": lambda: "토큰.토큰.토큰",
    "too long": lambda: token(padding="x" * 10_000),
    "payload is a list": lambda: signed_parts(body=[]),  # type: ignore[arg-type]
    "payload is no JSON": lambda: signed_bytes(b"{"),
    "payload nested deeply": lambda: signed_bytes(b"[" * 3000),
    "empty": lambda: "",
}


async def test_a_token_signed_part_by_part_is_good() -> None:
    assert await verifier().verify(signed_parts())


@pytest.mark.parametrize("case", FORGED)
async def test_39_40_41_a_forged_or_broken_token_is_refused(case: str) -> None:
    with pytest.raises(Unauthenticated) as refused:
        await verifier().verify(FORGED[case]())
    assert refused.value.extensions["code"] == "UNAUTHENTICATED"
    assert refused.value.http_status == 401
    assert refused.value.message_in("ko").startswith("접근 토큰이 거부되었습니다")


async def test_clock_difference_is_allowed_up_to_the_leeway() -> None:
    now = int(time.time())
    assert await verifier(leeway_s=10).verify(token(exp=now - 5, iat=now - 300))
    with pytest.raises(Unauthenticated):
        await verifier(leeway_s=0).verify(token(exp=now - 5, iat=now - 300))
    with pytest.raises(ValueError, match="leeway"):
        verifier(leeway_s=11)


@pytest.mark.parametrize("algorithms", [("none",), ("HS256",), ("ES256", "HS512"), ()])
def test_shared_secrets_are_never_an_algorithm(algorithms: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="public keys"):
        verifier(algorithms=algorithms)


async def test_a_verified_token_is_remembered_until_it_ends_and_no_longer() -> None:
    now = time.time()
    clock = [now]
    one = verifier(clock=lambda: clock[0], leeway_s=5)
    good = token()
    first = await one.verify(good)
    assert await one.verify(good) is first
    clock[0] = now + 306
    with pytest.raises(Unauthenticated, match="expired"):
        await one.verify(good)


async def test_memory_of_tokens_is_bounded() -> None:
    one = verifier(cache_size=3)
    for number in range(10):
        await one.verify(token(jti=f"j{number}"))
    assert len(one._known) == 3


async def test_revocation_counts_for_remembered_tokens_too() -> None:
    revoked: set[str] = set()
    one = verifier(is_revoked=lambda claims: claims["jti"] in revoked)
    good = token(jti="j9")
    assert await one.verify(good)
    revoked.add("j9")
    with pytest.raises(Unauthenticated, match="revoked"):
        await one.verify(good)


async def test_unknown_key_ids_cause_at_most_one_reading_a_minute() -> None:
    clock, readings = [0.0], []

    def read() -> Mapping[str, Any]:
        readings.append(clock[0])
        return {"keys": [public_jwk(KEY, "k1")]}

    source = JwksKeys(read, clock=lambda: clock[0])
    assert await source.key("k1")
    for number in range(50):
        clock[0] += 2
        assert await source.key(f"unknown-{number}") is None
    assert readings == [0.0, 60.0]


async def test_a_rotated_key_is_found_and_a_withdrawn_one_stops_to_count() -> None:
    clock = [0.0]
    published = [public_jwk(KEY, "k1")]
    source = JwksKeys(lambda: {"keys": published}, clock=lambda: clock[0])
    assert await source.key("k1")
    published[:] = [public_jwk(OTHER_KEY, "k2")]
    clock[0] = 61
    assert await source.key("k2")
    assert await source.key("k1") is None


async def test_without_any_key_the_router_says_so_and_recovers() -> None:
    clock = [0.0]
    answers: list[Any] = [OSError("down"), "no set", {"keys": [public_jwk(KEY, "k1")]}]

    async def read() -> Mapping[str, Any]:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer  # type: ignore[no-any-return]

    source = JwksKeys(read, clock=lambda: clock[0])
    for _ in range(2):
        with pytest.raises(KeysUnavailable):
            await source.key("k1")
        clock[0] += 2
    assert await source.key("k1")


async def test_keys_for_encryption_secrets_and_other_algorithms_are_passed_over() -> None:
    source = keys(
        public_jwk(OTHER_KEY, "enc") | {"use": "enc"},
        {"kty": "oct", "k": "c2VjcmV0", "kid": "secret", "alg": "HS256"},
        public_jwk(RSA_KEY, "rsa"),
        {"kid": "broken", "kty": "EC"},
        {"kty": "EC"},
    )
    assert await source.key("k1")
    assert [await source.key(kid) for kid in ("enc", "secret", "rsa", "broken")] == [None] * 4


def test_a_jwks_url_is_http() -> None:
    with pytest.raises(ValueError, match="http"):
        jwks_by_url("file:///etc/passwd")


AUTHORIZATION = {
    "usual": ("Bearer abc.def", ("bearer", "abc.def")),
    "bound to a key": ("DPoP abc", ("dpop", "abc")),
    "scheme in any case": ("bEARER  abc ", ("bearer", "abc")),
}


@pytest.mark.parametrize("case", AUTHORIZATION)
def test_the_token_is_read_from_the_header(case: str) -> None:
    header, wanted = AUTHORIZATION[case]
    assert token_of(header) == wanted


@pytest.mark.parametrize(
    "header", ["Basic abc", "Bearer", "Bearer ", "DPoP", "DPoP a b", "Bearer a b", "Bearer a, Bearer a", "a,b", ""]
)
def test_any_other_authorization_is_refused(header: str) -> None:
    with pytest.raises(Unauthenticated):
        token_of(header)


LANGUAGES = {
    "": "en",
    "ko": "ko",
    "ko-KR,ko;q=0.9,en-US;q=0.8": "ko",
    "en-US,en;q=0.9,ko;q=0.8": "en",
    "en;q=0.5, ko;q=0.7": "ko",
    "fr, ko;q=0.1": "ko",
    "ko;q=0": "en",
    "ja": "en",
    "KO": "ko",
    "ko,en": "ko",
    "en,ko": "en",
    "ko;q=abc": "en",
    ";;;,,,q=": "en",
}


@pytest.mark.parametrize("accept_language", LANGUAGES)
def test_the_preferred_language_is_korean_or_english(accept_language: str) -> None:
    assert preferred_language(accept_language) == LANGUAGES[accept_language]


async def test_a_caller_carries_token_language_and_the_headers_let_through() -> None:
    callers = Callers(verifier(), forward_headers=("X-Trace", "accept-language"))
    lines = [
        (b"authorization", f"Bearer {token()}".encode()),
        (b"accept-language", b"ko"),
        (b"x-trace", b"a"),
        (b"x-trace", b"b"),
        (b"cookie", b"secret"),
    ]
    caller = await callers.of_headers(joined(lines))
    assert (caller.subject, caller.client_id, caller.language) == ("citizen-1", "partner-1", "ko")
    assert caller.headers == {"x-trace": "a, b", "accept-language": "ko"}
    assert caller.expires_at is not None


async def test_without_a_verifier_nobody_is_known_and_authorization_is_not_read() -> None:
    assert await Callers(None).of_headers({b"authorization": b"Basic xyz"}) == Caller()
