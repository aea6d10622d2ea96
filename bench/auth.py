"""The authorization server under load (tokens a second and core), and what a token costs the router.

The published numbers to compare with are Keycloak's: 1 vCPU for 120 client-credentials grants or refreshes a second.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import hashlib
import os
import platform
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import jwt
import uvloop
from cryptography.hazmat.primitives.asymmetric import ec

from auth.config import AuthSettings
from auth.credentials import digest, new_id, new_secret
from auth.models import Grant, RefreshToken
from auth.registration import create_client, create_organisation
from auth.sandbox import prepare
from auth.server import AuthServer
from auth.tokens import Subject
from bench.load import HEADER, http_request, load
from router.policy.jwt import TokenVerifier
from router.policy.keys import JwksKeys
from router.policy.proofs import ProofChecker, thumbprint_of

ROOT = Path(__file__).parents[1]
FORM = "application/x-www-form-urlencoded"


async def registered(settings: AuthSettings) -> tuple[str, str, str, str]:
    """Client id, secret, a refresh token and an access token, in a database of their own."""
    server = await AuthServer.open(settings)
    try:
        organisation = await create_organisation(server, name_ko="기관", name_en="Agency")
        client = await create_client(
            server,
            organisation_id=organisation,
            name_ko="앱",
            name_en="App",
            kind="confidential",
            scopes=["rail:read"],
            redirect_uris=["https://app.example/cb"],
        )
        assert client.secret is not None
        citizen, now, refresh = (await prepare(server)).citizen_id, int(time.time()), new_secret()
        grant = Grant(
            id=new_id("g"),
            citizen_id=citizen,
            client_id=client.client_id,
            scope="rail:read",
            authenticated_at=now,
            created_at=now,
        )
        async with server.database.write() as session:
            session.add(grant)
            await session.flush()
            session.add(
                RefreshToken(
                    digest=digest(refresh),
                    grant_id=grant.id,
                    client_id=client.client_id,
                    scope="rail:read",
                    issued_at=now,
                    expires_at=now + 86_400,
                )
            )
        access, _ = server.tokens.issue(Subject(client.client_id), client.client_id, "rail:read")
        return client.client_id, client.secret, refresh, access
    finally:
        await server.aclose()


async def measure(port: int, pid: int, known: tuple[str, str, str, str], options: argparse.Namespace) -> None:
    client_id, secret, refresh, access = known
    headers = {"authorization": "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()}

    def wire(path: str, **form: str) -> list[bytes]:
        return [http_request("127.0.0.1", path, urlencode(form).encode(), headers, FORM)]

    cases = {
        "client credentials": wire("/oauth/token", grant_type="client_credentials"),
        "refresh, confidential": wire("/oauth/token", grant_type="refresh_token", refresh_token=refresh),
        "introspection": wire("/oauth/introspect", token=access),
    }
    print(HEADER)
    for name, wires in cases.items():
        for seconds in (1.0, options.seconds):
            measured = await load("127.0.0.1", port, wires, connections=options.connections, seconds=seconds, pid=pid)
        print(f"{measured.row(name)}   {1000 / measured.cpu_ms:6.0f} a second and core", flush=True)


async def router_costs(rounds: int) -> None:
    """Verification of one access token: remembered, seen for the first time, and with a DPoP proof beside it."""
    signer, holder = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    jwk, held = (jwt.algorithms.ECAlgorithm.to_jwk(key.public_key(), True) for key in (signer, holder))
    keys = JwksKeys(lambda: {"keys": [{**jwk, "kid": "k", "use": "sig"}]})
    verifier, url = TokenVerifier("https://i", "https://a", keys), "https://a/graphql"

    def token(**more: Any) -> str:
        claims = {"iss": "https://i", "aud": "https://a", "sub": "s", "client_id": "c", "jti": uuid.uuid4().hex}
        times = {"iat": int(time.time()), "exp": int(time.time()) + 600, "scope": "rail:read lodge:read"}
        return jwt.encode(claims | times | more, signer, "ES256", headers={"typ": "at+jwt", "kid": "k"})

    bound = token(cnf={"jkt": thumbprint_of(held)})
    ath = base64.urlsafe_b64encode(hashlib.sha256(bound.encode()).digest()).rstrip(b"=").decode()

    def proof() -> str:
        claims = {"htm": "POST", "htu": url, "iat": int(time.time()), "jti": uuid.uuid4().hex, "ath": ath}
        return jwt.encode(claims, holder, "ES256", headers={"typ": "dpop+jwt", "jwk": held})

    checker, known = ProofChecker(url), token()
    fresh, proofs = [token() for _ in range(rounds)], [proof() for _ in range(rounds)]

    async def check(sent: str) -> None:
        checker.check(sent, method="POST", token=bound, key=thumbprint_of(held))

    await verifier.verify(known)
    cases: dict[str, tuple[Callable[[str], Awaitable[Any]], list[str]]] = {
        "remembered": (verifier.verify, [known] * rounds),
        "seen first": (verifier.verify, fresh),
        "DPoP proof": (check, proofs),
    }
    print("\nrouter, microseconds a token          median       p99")
    for name, (act, given) in cases.items():
        taken = []
        for one in given:
            began = time.perf_counter()
            await act(one)
            taken.append((time.perf_counter() - began) * 1e6)
        print(f"{name:30} {statistics.median(taken):13.1f} {sorted(taken)[int(rounds * 0.99)]:9.1f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--connections", type=int, default=16, help="requests in flight (default: 16)")
    parser.add_argument("--seconds", type=float, default=5, help="length of each measurement (default: 5)")
    options = parser.parse_args()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        url = f"http://127.0.0.1:{port}"
        values = {
            "issuer": url,
            "audience": f"{url}/graphql",
            "database_url": f"sqlite+aiosqlite:///{folder}/auth.db",
            "keys_dir": f"{folder}/keys",
        }
        known = asyncio.run(registered(AuthSettings(**{**values, "keys_dir": Path(folder) / "keys", "sandbox": True})))
        environment = {**os.environ, **{f"AUTH_{name.upper()}": value for name, value in values.items()}}
        command = [sys.executable, "-m", "auth", "serve", "--port", str(port)]
        server = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            while server.poll() is None:
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.05)
            print(
                f"Python {platform.python_version()}, {os.cpu_count()} cores, {options.connections} connections, SQLite"
            )
            uvloop.run(measure(port, server.pid, known, options))
        finally:
            server.terminate()
            server.wait(15)
    asyncio.run(router_costs(2_000))


if __name__ == "__main__":
    main()
