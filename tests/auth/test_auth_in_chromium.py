"""A citizen signs in and consents in a real browser, so that the content security policy is the real one, too.

Set AUTH_SCREENSHOTS to a folder to keep pictures of every page, at desktop and phone width.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from websockets.sync.client import ClientConnection, connect

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--remote-debugging-port=0",
]
KOREAN = {"Accept-Language": "ko-KR,ko;q=0.9,en;q=0.5"}


class Page:
    """One tab, over the DevTools protocol."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._number = 0
        self.problems: list[str] = []
        for domain in ("Page", "Log", "Runtime", "Network"):
            self.send(f"{domain}.enable")
        self.send("Network.setExtraHTTPHeaders", headers=KOREAN)

    def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        self._socket.send(json.dumps({"id": self._number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self._socket.recv(timeout=20))
            if message.get("method") == "Log.entryAdded":
                self.problems.append(message["params"]["entry"]["text"])
            if message.get("id") == self._number:
                assert "error" not in message, message
                return message["result"]

    def run(self, script: str) -> Any:
        return self.send("Runtime.evaluate", expression=script, returnByValue=True)["result"].get("value")

    def until(self, condition: str) -> None:
        """Wait until the script is true of a loaded page."""
        end = time.monotonic() + 20
        while time.monotonic() < end:
            if self.run(f"document.readyState === 'complete' && !!({condition})"):
                return
            time.sleep(0.02)
        pytest.fail(f"{condition} never came true on {self.run('location.href')}; {self.problems}")

    def picture(self, name: str) -> None:
        """Keep the page at both widths where pictures are wanted."""
        folder = os.environ.get("AUTH_SCREENSHOTS")
        for width, kind in ((1_280, "desktop"), (390, "phone")):
            self.send(
                "Emulation.setDeviceMetricsOverride", width=width, height=844, deviceScaleFactor=1, mobile=width < 500
            )
            assert self.run("document.documentElement.scrollWidth <= innerWidth"), f"{name} is too wide at {width}"
            if folder:
                shot = self.send("Page.captureScreenshot", format="png", captureBeyondViewport=True)
                (Path(folder) / f"{name}-{kind}.png").write_bytes(base64.b64decode(shot["data"]))


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Page]:
    """A fresh Chromium with one tab."""
    program = shutil.which("chromium")
    if program is None:
        pytest.fail("chromium is not installed: run scripts/test, or install Debian's package chromium")
    profile = tmp_path / "profile"
    browser = subprocess.Popen(
        [program, *FLAGS, f"--user-data-dir={profile}", "about:blank"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        ready = profile / "DevToolsActivePort"
        end = time.monotonic() + 30
        while not (ready.exists() and len(ready.read_text().splitlines()) == 2):
            assert time.monotonic() < end, "chromium did not start"
            time.sleep(0.05)
        port, path = ready.read_text().splitlines()
        with connect(f"ws://127.0.0.1:{port}{path}", max_size=None) as whole:
            whole.send(json.dumps({"id": 1, "method": "Target.getTargets"}))
            targets = json.loads(whole.recv())["result"]["targetInfos"]
            target = next(one["targetId"] for one in targets if one["type"] == "page")
        with connect(f"ws://127.0.0.1:{port}/devtools/page/{target}", max_size=None) as socket:
            yield Page(socket)
    finally:
        browser.terminate()
        browser.wait(20)


@pytest.fixture
def native_app() -> Iterator[tuple[str, dict[str, str]]]:
    """An app on this machine that waits for the browser to come back: its redirect URI and what it was given."""
    given: dict[str, str] = {}

    class Callback(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if urlsplit(self.path).path == "/cb":
                given.update(parse_qsl(urlsplit(self.path).query))
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<title>back</title><p id=back>back")

        def log_message(self, format: str, *arguments: Any) -> None:
            """Quiet."""

    server = HTTPServer(("127.0.0.1", 0), Callback)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/cb", given
    server.shutdown()
    server.server_close()


def test_a_citizen_connects_a_native_app(live: Any, page: Page, native_app: tuple[str, dict[str, str]]) -> None:
    redirect_uri, given = native_app
    parameters, verifier = live.request(
        live.native.client_id, redirect_uri=redirect_uri, scope="rail:read rail:book lodge:read sensing:live"
    )
    page.send("Page.navigate", url=f"{live.url}/oauth/authorize?{urlencode(parameters)}")
    page.until("document.querySelector('#password')")
    page.picture("sign-in")

    def sign_in(password: str) -> None:
        for field, value in (("login", "minji"), ("password", password)):
            page.run(f"document.querySelector('#{field}').value = {json.dumps(value)}")
        page.run("document.querySelector('button.primary').click()")

    sign_in("틀린 비밀번호")
    page.until("document.querySelector('[role=alert]')")
    page.picture("sign-in-wrong")
    sign_in("correct horse battery")
    page.until("document.querySelector('.scopes')")
    assert page.run("document.querySelectorAll('.scopes li').length") == 4
    assert page.run("getComputedStyle(document.querySelector('button.primary')).backgroundColor") == "rgb(27, 79, 214)"
    page.picture("consent-ko")
    page.run("document.querySelector('.switch').click()")
    page.until("document.documentElement.lang === 'en'")
    page.picture("consent-en")
    page.run("document.querySelector('button[value=allow]').click()")
    page.until("document.querySelector('#back')")
    assert set(given) == {"code", "state", "iss"}
    form = {"grant_type": "authorization_code", "code": given["code"], "redirect_uri": redirect_uri}
    response = live.token({**form, "code_verifier": verifier}, live.native)
    assert (response.status_code, response.json()["scope"]) == (200, parameters["scope"])
    assert [problem for problem in page.problems if "Content Security Policy" in problem] == []


def test_an_error_stays_on_a_page_in_the_browser(live: Any, page: Page) -> None:
    parameters, _ = live.request(redirect_uri="https://evil.example/cb")
    page.send("Page.navigate", url=f"{live.url}/oauth/authorize?{urlencode(parameters)}")
    page.until("document.querySelector('[role=alert]')")
    assert page.run("location.origin") == live.url
    page.picture("error")
