"""What may happen once happens once, on SQLite and on PostgreSQL, with two servers on one database."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

PARALLEL = 20
ROUNDS = 5


def at_once(servers: list[Any], form: dict[str, str], client: Any) -> list[Any]:
    """The same token request from many threads, to the servers in turn."""
    with ThreadPoolExecutor(PARALLEL) as pool:
        return list(pool.map(lambda turn: servers[turn % len(servers)].token(form, client), range(PARALLEL)))


@pytest.fixture
def servers(live_anywhere: Any, tmp_path: Path) -> Iterator[list[Any]]:
    with live_anywhere.also(tmp_path) as second:
        yield [live_anywhere, second]


def test_23_a_code_is_redeemed_once(servers: list[Any]) -> None:
    live = servers[0]
    for _ in range(ROUNDS):
        form = live.code(live.native)
        answers = at_once(servers, form, live.native)
        won = [answer for answer in answers if answer.status_code == 200]
        assert len(won) == 1
        assert {answer.json()["error"] for answer in answers if answer.status_code != 200} == {"invalid_grant"}
        refresh = {"grant_type": "refresh_token", "refresh_token": won[0].json()["refresh_token"]}
        assert live.token(refresh, live.native).json()["error"] == "invalid_grant", "a replay ends the grant"


def test_27_no_second_family_survives_parallel_refreshes(servers: list[Any]) -> None:
    live = servers[0]
    for _ in range(ROUNDS):
        form = {"grant_type": "refresh_token", "refresh_token": live.tokens(live.native)["refresh_token"]}
        answers = at_once(servers, form, live.native)
        won = [answer.json()["refresh_token"] for answer in answers if answer.status_code == 200]
        assert len(won) == 1
        last = live.token({"grant_type": "refresh_token", "refresh_token": won[0]}, live.native)
        assert last.json()["error"] == "invalid_grant"


def test_consents_at_once_do_not_collide(servers: list[Any], hidden_fields: Any) -> None:
    live = servers[0]
    parameters, _ = live.request()
    browser = live.browser()
    page = browser.get("/oauth/authorize", params=parameters).text
    page = browser.get(browser.sign_in(page).headers["location"]).text
    with ThreadPoolExecutor(PARALLEL) as pool:

        def allow(turn: int) -> int:
            http = servers[turn % 2].http()
            http.cookies.update(browser.http.cookies)
            with http:
                fields = {**hidden_fields(page), "answer": "allow", "remember": "yes"}
                return http.post("/oauth/consent", data=fields).status_code

        assert list(pool.map(allow, range(PARALLEL))) == [303] * PARALLEL
