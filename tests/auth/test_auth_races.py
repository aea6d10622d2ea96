"""What may happen once happens once, on SQLite and on PostgreSQL, with two servers on one database.

`scripts/races` runs the same with 200 rounds.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from auth.grant_types import DEVICE_CODE
from tests.auth.conftest import live_auth
from tests.auth.signing import AppKey
from tests.conftest import create_database

PARALLEL = 50
ROUNDS = int(os.environ.get("AUTH_RACE_ROUNDS", "2"))
KEY = AppKey()
MACHINE = {"grant_type": "client_credentials", "scope": "rail:read"}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def servers(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Any]]:
    """Two processes' worth of one authorization server: same issuer, same database, a port each."""
    folder = tmp_path_factory.mktemp("races")
    url = f"sqlite+aiosqlite:///{folder / 'auth.sqlite'}"
    if request.param == "postgresql":
        port = request.getfixturevalue("postgres_server").port
        asyncio.run(create_database(port, "races"))
        url = f"postgresql+asyncpg://postgres@127.0.0.1:{port}/races"
    with (
        live_auth(url, folder) as live,
        live.also(folder, issuer=live.url, audience=live.server.audience) as second,
    ):
        yield [live, second]


class Racers:
    """Sends one request many times at once, to the servers in turn, over connections that are open already."""

    def __init__(self, servers: list[Any]) -> None:
        self.live = servers[0]
        self.clients = [
            httpx.Client(base_url=servers[turn % len(servers)].url, trust_env=False, verify=False, timeout=60)
            for turn in range(PARALLEL)
        ]
        self.pool = ThreadPoolExecutor(PARALLEL)
        list(self.pool.map(lambda client: client.get("/oauth/jwks.json"), self.clients))

    def send(self, path: str, form: dict[str, str], client: Any = None, **options: Any) -> list[httpx.Response]:
        if client is not None and client.secret is not None:
            options["auth"] = (client.client_id, client.secret)
        elif client is not None:
            form = {"client_id": client.client_id, **form}
        return list(self.pool.map(lambda http: http.post(path, data=form, **options), self.clients))

    def close(self) -> None:
        self.pool.shutdown()
        for client in self.clients:
            client.close()


@pytest.fixture(scope="module")
def racers(servers: list[Any]) -> Iterator[Racers]:
    made = Racers(servers)
    yield made
    made.close()


def winners(answers: list[httpx.Response], error: str, won: int = 200) -> list[httpx.Response]:
    """Those that won; all others must have lost with this error."""
    assert {answer.json()["error"] for answer in answers if answer.status_code != won} <= {error}
    return [answer for answer in answers if answer.status_code == won]


def code(racers: Racers) -> int:
    """And a replay ends the grant: what the winner got is dead."""
    live = racers.live
    won = winners(racers.send("/oauth/token", live.code(live.native), live.native), "invalid_grant")
    refresh = {"grant_type": "refresh_token", "refresh_token": won[0].json()["refresh_token"]}
    assert live.token(refresh, live.native).json()["error"] == "invalid_grant"
    return len(won)


def refresh_token(racers: Racers) -> int:
    """And no second family survives."""
    live = racers.live
    form = {"grant_type": "refresh_token", "refresh_token": live.tokens(live.native)["refresh_token"]}
    won = winners(racers.send("/oauth/token", form, live.native), "invalid_grant")
    last = {"grant_type": "refresh_token", "refresh_token": won[0].json()["refresh_token"]}
    assert live.token(last, live.native).json()["error"] == "invalid_grant"
    return len(won)


def device_code(racers: Racers) -> int:
    live = racers.live
    box = live.register("public", redirect_uris=[], more_grant_types=[DEVICE_CODE])
    started = live.post("/oauth/device_authorization", {"scope": "rail:read"}, box).json()
    browser = live.browser()
    page = browser.get("/oauth/device", params={"user_code": started["user_code"]})
    page = browser.get(browser.sign_in(page.text).headers["location"])
    page = browser.submit("/oauth/device", page.text, user_code=started["user_code"])
    assert browser.submit("/oauth/device/answer", page.text, answer="allow").status_code == 200
    form = {"grant_type": DEVICE_CODE, "device_code": started["device_code"]}
    return len(winners(racers.send("/oauth/token", form, box), "invalid_grant"))


def pushed_request(racers: Racers) -> int:
    """The consent form of one pushed request, sent many times: one code."""
    live = racers.live
    pushed = live.post("/oauth/par", live.request()[0], live.app).json()
    wanted = {"client_id": live.app.client_id, "request_uri": pushed["request_uri"]}
    browser = live.browser()
    page = browser.get("/oauth/authorize", params=wanted)
    page = browser.get(browser.sign_in(page.text).headers["location"])
    fields = {**live.hidden_fields(page.text), "answer": "allow"}
    cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in browser.http.cookies.jar)
    answers = racers.send("/oauth/consent", fields, headers={"Cookie": cookies})
    locations = [answer.headers.get("location", "") for answer in answers]
    assert {answer.status_code for answer in answers} <= {303, 400}
    return sum("code=" in location for location in locations)


def client_assertion(racers: Racers) -> int:
    live = racers.live
    app = live.register(jwks=KEY.jwks)
    form = {**MACHINE, **KEY.credentials(app.client_id, live.url, live.clock())}
    return len(winners(racers.send("/oauth/token", form), "invalid_client"))


def proof(racers: Racers) -> int:
    live = racers.live
    return len(winners(racers.send("/oauth/token", MACHINE, live.app, headers=live.proof(KEY)), "invalid_dpop_proof"))


RACES: dict[str, Callable[[Racers], int]] = {
    "23 code": code,
    "27 refresh token": refresh_token,
    "45 device code": device_code,
    "48 pushed request": pushed_request,
    "37 client assertion": client_assertion,
    "44 DPoP proof": proof,
}


@pytest.mark.timeout(120 + 20 * ROUNDS)
@pytest.mark.parametrize("race", RACES)
def test_of_fifty_at_once_one_wins(racers: Racers, race: str) -> None:
    assert [RACES[race](racers) for _ in range(ROUNDS)] == [1] * ROUNDS


def test_consents_at_once_do_not_collide(racers: Racers) -> None:
    live = racers.live
    parameters, _ = live.request()
    browser = live.browser()
    page = browser.get("/oauth/authorize", params=parameters).text
    page = browser.get(browser.sign_in(page).headers["location"]).text
    fields = {**live.hidden_fields(page), "answer": "allow", "remember": "yes"}
    cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in browser.http.cookies.jar)
    answers = racers.send("/oauth/consent", fields, headers={"Cookie": cookies})
    assert [answer.status_code for answer in answers] == [303] * PARALLEL
