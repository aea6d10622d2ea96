"""The authorization server as a process of its own, and when things beneath it are away."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from starlette.responses import Response

from auth.__main__ import main
from auth.exchange import Address, Endpoint, Exchange
from auth.pages.redirect import refuse_on_page
from tests.auth.signing import AppKey


@pytest.fixture
def environment(tmp_path: Path, free_port: int) -> dict[str, str]:
    return {
        **os.environ,
        "AUTH_ISSUER": f"http://127.0.0.1:{free_port}",
        "AUTH_AUDIENCE": f"http://127.0.0.1:{free_port}/graphql",
        "AUTH_DATABASE_URL": f"sqlite+aiosqlite:///{tmp_path / 'auth.sqlite'}",
        "AUTH_KEYS_DIR": str(tmp_path / "keys"),
    }


@pytest.fixture
def command(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs `python -m auth ARGUMENTS` in this process: exit status, standard output, standard error."""

    def run(*arguments: str, **changes: str) -> tuple[int, str, str]:
        for name, value in {**environment, **changes}.items():
            monkeypatch.setenv(name, value)
        status = main(arguments)
        return status, *capsys.readouterr()

    return run


def test_register_an_app_serve_and_get_a_token(environment: dict[str, str], free_port: int, command: Any) -> None:
    names = ["--name-ko", "기관", "--name-en", "Agency"]
    organisation = command("new-organisation", *names)[1].strip()
    made = command("new-client", "--organisation", organisation, *names, "--scope", "rail:read")[1]
    credentials = dict(line.split() for line in made.splitlines())
    listed = command("clients")[1]
    replaced = command("new-secret", credentials["client_id"])[1].split()[1]
    assert replaced != credentials["client_secret"]
    assert credentials["client_id"] in listed
    assert credentials["client_secret"] not in listed
    process = subprocess.Popen(
        [sys.executable, "-m", "auth", "serve", "--port", str(free_port)],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        with httpx.Client(base_url=environment["AUTH_ISSUER"], trust_env=False, verify=False) as http:
            end = time.monotonic() + 20
            while True:
                try:
                    http.get("/oauth/jwks.json")
                    break
                except httpx.ConnectError:
                    assert time.monotonic() < end
                    time.sleep(0.05)
            response = http.post(
                "/oauth/token",
                data={"grant_type": "client_credentials"},
                auth=(credentials["client_id"], credentials["client_secret"]),
            )
        assert (response.status_code, response.json()["scope"]) == (200, "rail:read")
    finally:
        process.terminate()
        assert process.wait(20) in (0, -15)


@pytest.mark.parametrize(
    ("arguments", "changes", "code"),
    [
        (("new-secret", "c_unknown"), {}, "AUTH_NOT_REGISTERED"),
        (("clients",), {"AUTH_ISSUER": "http://auth.example"}, "AUTH_SETTINGS_INVALID"),
        (("end", "client", "c_unknown"), {}, "AUTH_NOT_REGISTERED"),
        (("end", "organisation", "o_unknown"), {}, "AUTH_NOT_REGISTERED"),
        (("end", "citizen", "u_unknown"), {}, "AUTH_NOT_REGISTERED"),
        (("end", "secret", "s_unknown"), {}, "AUTH_NOT_REGISTERED"),
        (("end", "consent", "u_unknown", "--client", "c_unknown"), {}, "AUTH_NOT_REGISTERED"),
        (("end", "consent", "u_unknown"), {}, "AUTH_REGISTRATION_REFUSED"),
        (("set-keys", "c_unknown", "/nowhere.json"), {}, "AUTH_REGISTRATION_REFUSED"),
    ],
)
def test_a_refusal_is_one_line_with_a_code(
    command: Any, arguments: tuple[str, ...], changes: dict[str, str], code: str
) -> None:
    status, output, error = command(*arguments, **changes)
    assert (status, output, len(error.splitlines())) == (1, "", 1)
    assert error.startswith(f"{code}: ")


def test_secrets_keys_and_apps_are_looked_after_from_the_command_line(command: Any, tmp_path: Path) -> None:
    names = ["--name-ko", "기관", "--name-en", "Agency"]
    organisation = command("new-organisation", *names)[1].strip()
    made = command("new-client", "--organisation", organisation, *names, "--scope", "rail:read")[1]
    client_id = made.split()[1]
    (line,) = command("secrets", client_id)[1].splitlines()
    assert command("end", "secret", line.split()[0])[:2] == (0, f"ended secret {line.split()[0]}\n")
    assert command("secrets", client_id)[1] == ""
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps(AppKey().jwks))
    assert command("set-keys", client_id, str(keys))[0] == 0
    assert "1 keys" in command("clients")[1]
    bank = ["--kind", "fapi2", "--keys", str(keys), "--redirect-uri", "https://app.example/cb"]
    made = command("new-client", "--organisation", organisation, *names, "--scope", "rail:read", *bank)[1]
    assert made.startswith("client_id c_")
    assert "client_secret" not in made
    command("end", "client", client_id)
    assert "suspended" in command("clients")[1]


def test_a_database_that_is_away_is_said_so(live_alone: Any) -> None:
    async def rename(old: str, new: str) -> None:
        async with live_alone.server.database.engine.begin() as connection:
            await connection.execute(text(f"ALTER TABLE {old} RENAME TO {new}"))

    live_alone.run(rename("auth_client", "moved"))
    response = live_alone.token({"grant_type": "client_credentials"}, live_alone.app)
    assert (response.status_code, response.json()["error"]) == (503, "temporarily_unavailable")
    assert response.headers["retry-after"] == "5"
    page = live_alone.browser().get("/oauth/authorize", params=live_alone.request()[0])
    assert (page.status_code, "잠시 뒤 다시" in page.text) == (503, True)
    live_alone.run(rename("moved", "auth_client"))
    assert live_alone.token({"grant_type": "client_credentials"}, live_alone.app).status_code == 200


def test_a_defect_shows_an_incident_number_and_nothing_else(live: Any) -> None:
    def broken(exchange: Exchange) -> Response:
        raise ZeroDivisionError("secret detail")

    for refuse in (None, refuse_on_page):
        endpoint = Endpoint("/x", ("GET",), (), (broken,), *([refuse] if refuse else []))

        async def ask(endpoint: Endpoint = endpoint) -> httpx.Response:
            transport = httpx.ASGITransport(Address((endpoint,), live.server))
            async with httpx.AsyncClient(transport=transport, base_url=live.url) as http:
                return await http.get("/x")

        response = live.run(ask())
        assert response.status_code == 500
        assert response.headers["x-incident"].startswith("i_")
        assert "secret detail" not in response.text
        assert "server_error" in response.text
