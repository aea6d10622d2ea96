"""Apps, secrets, citizens, sandbox, settings, migrations: everything that is not a request."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from sqlalchemy import text

from auth import AuthServer, AuthSettings, build_app, issue_sandbox_token, sandbox
from auth.citizens import create_citizen
from auth.config import read_settings
from auth.errors import AuthError, NotRegistered, RegistrationRefused, SandboxDisabled, SettingsInvalid
from auth.grant_types import DEVICE_CODE, TOKEN_EXCHANGE
from auth.migrations import differences, migrate
from auth.models import AuthTable
from auth.registration import check_redirect_uri, create_client, create_organisation, list_clients, rotate_secret
from auth.scopes import SCOPES, join_scope, split_scope
from tests.auth.signing import AppKey

ISSUER = "http://127.0.0.1:4000"


@pytest.fixture
async def server(sqlite_url: str, tmp_path: Path) -> Any:
    settings = AuthSettings(ISSUER, f"{ISSUER}/graphql", sqlite_url, tmp_path / "keys", sandbox=True)
    opened = await AuthServer.open(settings)
    yield opened
    await opened.aclose()


@pytest.mark.parametrize(
    ("uri", "native", "accepted"),
    [
        ("https://app.example/cb", False, True),
        ("https://app.example/cb?x=1", False, True),
        ("http://127.0.0.1:8765/cb", False, True),
        ("http://[::1]/cb", True, True),
        ("http://localhost/cb", True, True),
        ("example.app:/cb", True, True),
        ("example.app:/cb", False, False),
        ("example:/cb", True, False),
        ("http://app.example/cb", False, False),
        ("https://app.example/cb#f", False, False),
        ("https://user@app.example/cb", False, False),
        ("https://*.app.example/cb", False, False),
        ("https://app.example/a/../cb", False, False),
        ("https://앱.example/cb", False, False),
        ("https://app.example/c b", False, False),
        ("https://app.example:99999/cb", False, False),
        ("https:///cb", False, False),
        ("javascript:alert(1)", True, False),
        ("data:text/html,x", True, False),
        ("file:///etc/passwd", True, False),
        ("//app.example/cb", False, False),
        ("", False, False),
        ("https://app.example/" + "x" * 2_000, False, False),
        ("https://app.example/cb;x", False, False),
    ],
)
def test_redirect_uris_that_can_be_registered(uri: str, native: bool, accepted: bool) -> None:
    if accepted:
        check_redirect_uri(uri, native=native)
    else:
        with pytest.raises(RegistrationRefused):
            check_redirect_uri(uri, native=native)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"kind": "trusted"}, RegistrationRefused),
        ({"scopes": ["rail:read", "rail:readx"]}, RegistrationRefused),
        ({"name_ko": " "}, RegistrationRefused),
        ({"name_ko": "가" * 61}, RegistrationRefused),
        ({"name_en": "line\nbreak"}, RegistrationRefused),
        ({"name_en": "right\u202eto left"}, RegistrationRefused),
        ({"redirect_uris": ["https://app.example/cb", "http://app.example/cb"]}, RegistrationRefused),
        ({"organisation_id": "o_unknown"}, NotRegistered),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_an_app_that_breaks_a_rule_is_not_registered(server: Any, changes: dict[str, Any], error: Any) -> None:
    organisation = await create_organisation(server, name_ko="기관", name_en="Agency")
    good: dict[str, Any] = {
        "organisation_id": organisation,
        "name_ko": "앱",
        "name_en": "App",
        "kind": "confidential",
        "scopes": ["rail:read"],
    }
    with pytest.raises(error):
        await create_client(server, **{**good, **changes})
    assert await list_clients(server) == []


async def test_secrets_are_shown_once_and_stored_as_digests(server: Any) -> None:
    organisation = await create_organisation(server, name_ko="기관", name_en="Agency")
    made = await create_client(
        server, organisation_id=organisation, name_ko="앱", name_en="App", kind="confidential", scopes=["rail:read"]
    )
    rotated = await rotate_secret(server, made.client_id)
    assert None not in (made.secret, rotated.secret)
    assert made.secret not in repr(made)
    async with server.database.read() as session:
        connection = await session.connection()
        for table in AuthTable.metadata.tables:
            stored = str((await connection.execute(text(f"SELECT * FROM {table}"))).all())
            assert made.secret not in stored
            assert rotated.secret not in stored
    (listed,) = await list_clients(server)
    assert (listed.client_id, listed.secrets, listed.scopes) == (made.client_id, 2, ("rail:read",))
    third = await rotate_secret(server, made.client_id)
    assert third.secret
    (listed,) = await list_clients(server)
    assert listed.secrets == 2, "never more than two"


async def test_rotation_needs_a_confidential_client(server: Any) -> None:
    access = await sandbox.prepare(server)
    with pytest.raises(RegistrationRefused):
        await rotate_secret(server, access.native_client_id)
    with pytest.raises(NotRegistered):
        await rotate_secret(server, "c_unknown")


@pytest.mark.parametrize(
    ("login", "name", "password"),
    [
        ("", "이름", "long enough pw"),
        ("x" * 65, "이름", "long enough pw"),
        ("a", "", "long enough pw"),
        ("a", "b", "short"),
        ("A ", "다른 사람", "long enough pw"),
    ],
)
async def test_a_citizen_that_breaks_a_rule(server: Any, login: str, name: str, password: str) -> None:
    await create_citizen(server.database, server.passwords, login="a", name="이름", password="long enough pw", now=0)
    with pytest.raises(RegistrationRefused):
        await create_citizen(server.database, server.passwords, login=login, name=name, password=password, now=0)


class TestSandbox:
    async def test_is_prepared_once_and_shows_secrets_once(self, server: Any) -> None:
        first, second = await sandbox.prepare(server), await sandbox.prepare(server)
        assert (first.server_secret is None, first.citizen_password is None) == (False, False)
        assert second == dataclasses.replace(first, server_secret=None, citizen_password=None)
        assert first.server_secret not in repr(first)
        assert len(await list_clients(server)) == 2

    @pytest.mark.parametrize(("speaks_for", "prefix"), [("citizen", "u_"), ("client", "c_")])
    async def test_tokens_live_an_hour_and_say_what_they_are(self, server: Any, speaks_for: Any, prefix: str) -> None:
        await sandbox.prepare(server)
        token = await issue_sandbox_token(server, ["rail:read"], speaks_for=speaks_for)
        claims = server.tokens.read(token)
        assert claims is not None
        assert (claims["sandbox"], claims["scope"], claims["exp"] - claims["iat"]) == (True, "rail:read", 3_600)
        assert claims["sub"].startswith(prefix)

    async def test_a_new_password_ends_old_sessions(self, server: Any) -> None:
        old = (await sandbox.prepare(server)).citizen_password
        new = await sandbox.new_demo_password(server)
        assert new != old
        assert (await sandbox.prepare(server)).citizen_password is None

    @pytest.mark.parametrize(
        ("arguments", "error"),
        [
            ({"scopes": ["rail:fly"]}, RegistrationRefused),
            ({"scopes": []}, RegistrationRefused),
            ({"seconds": 3_601}, RegistrationRefused),
            ({"seconds": 0}, RegistrationRefused),
        ],
    )
    async def test_refuses(self, server: Any, arguments: dict[str, Any], error: type[AuthError]) -> None:
        await sandbox.prepare(server)
        with pytest.raises(error):
            await issue_sandbox_token(server, **arguments)

    async def test_needs_preparing(self, server: Any) -> None:
        with pytest.raises(NotRegistered):
            await issue_sandbox_token(server)

    async def test_is_closed_in_production(self, server: Any) -> None:
        server.settings = dataclasses.replace(server.settings, sandbox=False)
        for act in (sandbox.prepare(server), issue_sandbox_token(server), sandbox.new_demo_password(server)):
            with pytest.raises(SandboxDisabled):
                await act


@pytest.mark.parametrize(
    ("changes", "accepted"),
    [
        ({}, True),
        ({"issuer": "https://auth.example"}, True),
        ({"issuer": "http://auth.example"}, False),
        ({"issuer": "http://auth.example", "allow_insecure_issuer": True}, True),
        ({"issuer": ISSUER + "/"}, False),
        ({"issuer": "https://auth.example/tenant"}, False),
        ({"issuer": "https://user@auth.example"}, False),
        ({"issuer": "auth.example"}, False),
        ({"issuer": "https://auth.example:port"}, False),
        ({"audience": "http://router.example/graphql"}, False),
        ({"database_url": "sqlite:///x"}, False),
        ({"access_token_seconds": 0}, False),
        ({"access_token_seconds": 3_600}, False),
    ],
)
def test_settings(changes: dict[str, Any], accepted: bool) -> None:
    values: dict[str, Any] = {"issuer": ISSUER, "audience": f"{ISSUER}/graphql", **changes}
    if accepted:
        AuthSettings(**values)
    else:
        with pytest.raises(SettingsInvalid):
            AuthSettings(**values)


def test_settings_come_from_a_file_and_the_environment_over_it(tmp_path: Path) -> None:
    file = tmp_path / "hub.toml"
    file.write_text(f'[auth]\nissuer = "{ISSUER}"\naudience = "{ISSUER}/graphql"\nsandbox = true\ncode_seconds = 30\n')
    settings = read_settings(file, {"AUTH_CODE_SECONDS": "45", "AUTH_KEYS_DIR": "/k", "PATH": "x"})
    assert (settings.sandbox, settings.code_seconds, settings.keys_dir) == (True, 45, Path("/k"))
    for wrong in ({"AUTH_SANDBOX": "maybe"}, {"AUTH_CODE_SECONDS": "열"}):
        with pytest.raises(SettingsInvalid):
            read_settings(file, wrong)
    with pytest.raises(SettingsInvalid):
        read_settings(None, {})
    file.write_text("[auth]\nissuers = 1\n")
    with pytest.raises(SettingsInvalid):
        read_settings(file, {})


async def test_migrations_make_exactly_the_models(database_url: str) -> None:
    from auth.database import Database

    database = Database(database_url)
    try:
        await migrate(database)
        await migrate(database)
        async with database.engine.connect() as connection:
            assert await connection.run_sync(differences) == []
    finally:
        await database.aclose()


async def test_cookies_are_host_prefixed_and_secure_on_https(sqlite_url: str, tmp_path: Path) -> None:
    import httpx

    settings = AuthSettings("https://auth.example", "https://api.example/graphql", sqlite_url, tmp_path / "keys")
    app = build_app(settings)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=settings.issuer) as http,
    ):
        cookie = (await http.get("/oauth/login")).headers["set-cookie"]
        metadata = (await http.get("/.well-known/oauth-authorization-server")).json()
    assert cookie.startswith("__Host-hub_visit=")
    assert {"Secure", "HttpOnly", "Path=/"} <= set(cookie.split("; "))
    assert "Domain" not in cookie
    assert metadata["token_endpoint"] == "https://auth.example/oauth/token"


def test_scope_text() -> None:
    assert split_scope("rail:read  rail:book rail:read") == ("rail:read", "rail:book")
    assert split_scope("") == ()
    assert join_scope(["sensing:live", "rail:read"]) == "rail:read sensing:live"
    assert list(SCOPES) == ["rail:read", "rail:book", "lodge:read", "lodge:book", "sensing:read", "sensing:live"]


def test_nothing_secret_is_logged_even_at_debug(live: Any, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        form = live.code(live.native, state="distinctive-state")
        tokens = live.token(form, live.native).json()
        refreshed = live.token(
            {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}, live.native
        ).json()
        machine = live.token({"grant_type": "client_credentials"}, live.app).json()
        live.token(form, live.native)
        more = list(_whatever_is_secret(live))
    logged = "\n".join(f"{record.name} {record.getMessage()} {record.exc_text}" for record in caplog.records)
    ours = "\n".join(line for line in logged.splitlines() if line.startswith(("auth", "aiosqlite", "sqlalchemy")))
    assert "issued authorization_code" in ours
    secrets = [form["code"], form["code_verifier"], live.app.secret, "correct horse battery"]
    secrets += [secret for secret in more if secret]
    secrets += [body[name] for body in (tokens, refreshed, machine) for name in body if name.endswith("_token")]
    assert [secret for secret in secrets if secret in ours] == []
    assert jwt.decode(machine["access_token"], options={"verify_signature": False})["jti"] not in ours


def _whatever_is_secret(live: Any) -> Iterator[str]:
    """Walks the other flows; yields what passed in them that nobody else may see."""
    key = AppKey()
    bank = live.register("fapi2", jwks=key.jwks, more_grant_types=[TOKEN_EXCHANGE])
    yield key.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    parameters, verifier = live.request(
        bank.client_id, scope="openid rail:read", state="another-state", nonce="a-nonce"
    )
    form = {**parameters, **key.credentials(bank.client_id, live.url, live.clock())}
    pushed = live.post("/oauth/par", form).json()["request_uri"]
    answer = live.browser().authorize({"client_id": bank.client_id, "request_uri": pushed})
    form = {
        "grant_type": "authorization_code",
        "code": answer["code"],
        "redirect_uri": parameters["redirect_uri"],
        "code_verifier": verifier,
        **key.credentials(bank.client_id, live.url, live.clock()),
    }
    proof = live.proof(key)
    tokens = live.token(form, headers=proof).json()
    yield from (pushed, verifier, answer["code"], form["client_assertion"], proof["DPoP"], "another-state", "a-nonce")
    yield from (tokens["access_token"], tokens["refresh_token"], tokens["id_token"])
    form = {
        "grant_type": TOKEN_EXCHANGE,
        "subject_token": tokens["access_token"],
        "subject_token_type": "urn:ietf:params:oauth:token-type:access_token",
        **key.credentials(bank.client_id, live.url, live.clock()),
    }
    yield live.token(form, headers=live.proof(key)).json()["access_token"]
    live.post("/oauth/introspect", {"token": tokens["refresh_token"]}, live.app)
    live.post("/oauth/revoke", {"token": tokens["access_token"]}, live.app)
    box = live.register("public", redirect_uris=[], more_grant_types=[DEVICE_CODE])
    started = live.post("/oauth/device_authorization", {"scope": "rail:read"}, box).json()
    browser = live.browser()
    page = browser.get("/oauth/device", params={"user_code": started["user_code"]})
    page = browser.get(browser.sign_in(page.text).headers["location"])
    page = browser.submit("/oauth/device", page.text, user_code=started["user_code"])
    browser.submit("/oauth/device/answer", page.text, answer="allow")
    body = live.token({"grant_type": DEVICE_CODE, "device_code": started["device_code"]}, box).json()
    yield from (started["device_code"], started["user_code"], body["access_token"], body["refresh_token"])
    yield from browser.http.cookies.values()
