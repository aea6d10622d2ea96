"""A real authorization server on a port, and a browser and an app that talk to it over HTTP only."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import html
import re
import secrets
import socket
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
import uvicorn
from argon2 import PasswordHasher

from auth import AuthServer, AuthSettings, app_of
from auth.citizens import Passwords, create_citizen
from auth.registration import NewClient, create_client, create_organisation
from auth.scopes import ALL_SCOPES
from tests.auth.signing import AppKey

T = TypeVar("T")
PASSWORD = "correct horse battery"
APP_REDIRECT = "https://app.example/cb"
NATIVE_REDIRECT = "http://127.0.0.1/cb"


class MovableClock:
    """Wall time plus what the test adds."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead

    def forward(self, seconds: float) -> None:
        self.ahead += seconds


def pkce() -> tuple[str, str]:
    """A verifier and its S256 challenge."""
    verifier = secrets.token_urlsafe(48)
    digest = hashlib.sha256(verifier.encode()).digest()
    return verifier, base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def hidden_fields(page: str) -> dict[str, str]:
    """The hidden inputs of a page's form."""
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page)
    return {name: html.unescape(value) for name, value in found}


def answer_of(response: httpx.Response) -> dict[str, str]:
    """The query parameters an app gets by redirect."""
    assert response.status_code == 303, (response.status_code, response.text)
    return dict(httpx.URL(response.headers["location"]).params)


@dataclass
class Browser:
    """A citizen's browser: cookies, no redirects followed by itself."""

    http: httpx.Client
    headers: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, **kwargs: Any) -> httpx.Response:
        return self.http.get(path, headers=self.headers, **kwargs)

    def submit(self, path: str, page: str, **fields: str) -> httpx.Response:
        return self.http.post(path, data={**hidden_fields(page), **fields}, headers=self.headers)

    def sign_in(self, page: str, login: str = "minji", password: str = PASSWORD) -> httpx.Response:
        return self.submit("/oauth/login", page, login=login, password=password)

    def authorize(self, parameters: dict[str, str], **consent: str) -> dict[str, str]:
        """Walk sign-in and consent pages as they come; returns what the app gets."""
        response = self.get("/oauth/authorize", params=parameters)
        for _ in range(4):
            if response.status_code == 303:
                location = response.headers["location"]
                if not location.startswith("/"):
                    return answer_of(response)
                response = self.get(location)
            elif 'name="password"' in response.text:
                response = self.sign_in(response.text)
            else:
                assert 'value="allow"' in response.text, response.text
                response = self.submit("/oauth/consent", response.text, **{"answer": "allow", **consent})
        return answer_of(response)


@dataclass
class LiveAuth:
    """A running server. `app` is confidential, `native` public, `other` a second confidential app."""

    server: AuthServer
    loop: asyncio.AbstractEventLoop
    clock: MovableClock
    url: str
    app: NewClient
    native: NewClient
    other: NewClient
    organisation: str

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine where the server runs."""
        future: Future[T] = asyncio.run_coroutine_threadsafe(work, self.loop)
        return future.result(30)

    hidden_fields = staticmethod(hidden_fields)

    def register(self, kind: str = "confidential", **options: Any) -> NewClient:
        """Another app of the same organisation, with every scope."""
        made: dict[str, Any] = {
            "organisation_id": self.organisation,
            "name_ko": "새 앱",
            "name_en": "New app",
            "scopes": list(ALL_SCOPES),
            "redirect_uris": [NATIVE_REDIRECT if kind == "public" else APP_REDIRECT],
            **options,
        }
        return self.run(create_client(self.server, kind=kind, **made))

    def http(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, trust_env=False, timeout=20, verify=False)

    def browser(self, language: str = "ko") -> Browser:
        return Browser(self.http(), {"Accept-Language": language})

    def request(self, app: str | None = None, /, **changes: str | None) -> tuple[dict[str, str], str]:
        """A good authorization request of the confidential app, or the one with this client_id, and its verifier."""
        verifier, challenge = pkce()
        parameters: dict[str, str | None] = {
            "response_type": "code",
            "client_id": app or self.app.client_id,
            "redirect_uri": NATIVE_REDIRECT if app == self.native.client_id else APP_REDIRECT,
            "scope": "rail:read lodge:read",
            "state": "s-1",
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            **changes,
        }
        return {name: value for name, value in parameters.items() if value is not None}, verifier

    def also(self, folder: Path, **changes: Any) -> AbstractContextManager[LiveAuth]:
        """A second server on the same database."""
        return live_auth(self.server.settings.database_url, folder, like=self, **changes)

    def token(
        self, form: dict[str, str], client: NewClient | None = None, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        """POST to the token endpoint: Basic for a confidential client, client_id in the form for a public one."""
        return self.post("/oauth/token", form, client, headers)

    def post(
        self, path: str, form: dict[str, str], client: NewClient | None = None, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        """The same to another address."""
        with self.http() as http:
            if client is not None and client.secret is not None:
                return http.post(path, data=form, auth=(client.client_id, client.secret), headers=headers)
            named = {"client_id": client.client_id} if client is not None else {}
            return http.post(path, data={**named, **form}, headers=headers)

    def proof(self, key: AppKey, path: str = "/oauth/token", method: str = "POST", **changes: Any) -> dict[str, str]:
        """The header with a fresh DPoP proof by this key, with a nonce the server has given out."""
        changes = {"nonce": self.server.nonces.give(), **changes}
        return {"DPoP": key.proof(method, self.url + path, self.clock(), **changes)}

    def code(self, client: NewClient | None = None, **changes: str) -> dict[str, str]:
        """The token request of a fresh code, one that must succeed."""
        client = client or self.app
        parameters, verifier = self.request(client.client_id, **changes)
        answer = self.browser().authorize(parameters)
        return {
            "grant_type": "authorization_code",
            "code": answer["code"],
            "redirect_uri": parameters["redirect_uri"],
            "code_verifier": verifier,
        }

    def tokens(self, client: NewClient | None = None, **changes: str) -> dict[str, Any]:
        """The token response of a whole code flow."""
        response = self.token(self.code(client, **changes), client or self.app)
        assert response.status_code == 200, response.text
        return response.json()


@contextmanager
def live_auth(database_url: str, folder: Path, like: LiveAuth | None = None, **changes: Any) -> Iterator[LiveAuth]:
    """Start a server on a free port in a thread of its own, with three apps and one citizen; `like` has made them."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    listener.listen(64)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    addresses = {"issuer": url, "audience": f"{url}/graphql"}
    settings = AuthSettings(
        database_url=database_url,
        keys_dir=folder / "keys",
        **{**addresses, "sandbox": True, "poll_seconds": 0.1, **changes},
    )
    clock = MovableClock()
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    def run(work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, loop).result(60)

    server = run(AuthServer.open(settings, clock=clock))
    server.passwords = Passwords(PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
    apps = (like.app, like.native, like.other, like.organisation) if like else run(_register(server))
    web = uvicorn.Server(
        # Idle connections stay: a client whose server closes one just then sees a reset, which is no answer of ours.
        uvicorn.Config(app_of(server), log_level="warning", lifespan="off", access_log=False, timeout_keep_alive=300)
    )
    serving = asyncio.run_coroutine_threadsafe(web.serve(sockets=[listener]), loop)
    try:
        yield LiveAuth(server, loop, clock, url, *apps)
    finally:
        web.should_exit = True
        serving.result(20)
        run(server.aclose())
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()


async def _register(server: AuthServer) -> tuple[NewClient, NewClient, NewClient, str]:
    organisation = await create_organisation(server, name_ko="누리여행", name_en="Nuri Travel")
    both: dict[str, Any] = {"organisation_id": organisation, "name_ko": "길벗", "name_en": "Gilbeot"}
    scopes = [name for name in ALL_SCOPES if name != "lodge:book"]
    app = await create_client(
        server, **both, kind="confidential", scopes=scopes, redirect_uris=[APP_REDIRECT], resource=None
    )
    native = await create_client(server, **both, kind="public", scopes=scopes, redirect_uris=[NATIVE_REDIRECT])
    other = await create_client(
        server,
        organisation_id=organisation,
        name_ko="다른 앱",
        name_en="Other app",
        kind="confidential",
        scopes=["rail:read"],
        redirect_uris=[APP_REDIRECT],
        resource=server.audience,
    )
    await create_citizen(
        server.database, server.passwords, login="Minji", name="이민지", password=PASSWORD, now=int(server.clock())
    )
    return app, native, other, organisation


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveAuth]:
    """One server on SQLite for the whole session; every test makes its own browser and codes."""
    folder = tmp_path_factory.mktemp("auth")
    with live_auth(f"sqlite+aiosqlite:///{folder / 'auth.sqlite'}", folder) as running:
        yield running


@pytest.fixture
def live_anywhere(database_url: str, tmp_path: Path) -> Iterator[LiveAuth]:
    """A server of this test alone, once on SQLite and once on PostgreSQL."""
    with live_auth(database_url, tmp_path) as running:
        yield running


@pytest.fixture
def live_alone(sqlite_url: str, tmp_path: Path) -> Iterator[LiveAuth]:
    """A server of this test alone, on SQLite."""
    with live_auth(sqlite_url, tmp_path) as running:
        yield running


@pytest.fixture(name="hidden_fields")
def hidden_fields_of_a_page() -> Callable[[str], dict[str, str]]:
    """Reads the hidden inputs of a page's form."""
    return hidden_fields
