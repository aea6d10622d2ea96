"""The GraphiQL page in a real browser: it loads under its own security policy, asks, and subscribes."""

from __future__ import annotations

import asyncio
import itertools
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect

from router.config import HttpSettings, Settings

VENDOR = Path(__file__).parents[3] / "hub" / "assets" / "vendor"


class Page:
    """One page over the Chrome DevTools protocol; remembers what its console complained about."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._numbers = itertools.count(1)
        self.complaints: list[str] = []

    async def call(self, method: str, **parameters: Any) -> Any:
        number = next(self._numbers)
        await self._connection.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            message = json.loads(await self._connection.recv())
            if message.get("method") in ("Log.entryAdded", "Runtime.exceptionThrown"):
                self.complaints.append(json.dumps(message["params"]))
            if message.get("id") == number:
                return message["result"]

    async def value(self, script: str) -> Any:
        return (await self.call("Runtime.evaluate", expression=script, returnByValue=True))["result"].get("value")

    async def until(self, script: str) -> Any:
        async with asyncio.timeout(20):
            while True:
                if found := await self.value(script):
                    return found
                await asyncio.sleep(0.05)


@asynccontextmanager
async def browser(url: str, folder: Path) -> AsyncIterator[Page]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.fail("chromium is not installed: run scripts/test, or install Debian's package chromium")
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0", f"--user-data-dir={folder}"]
    process = await asyncio.create_subprocess_exec(
        chromium, *options, "about:blank", stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        announced = folder / "DevToolsActivePort"
        async with asyncio.timeout(30), httpx.AsyncClient() as client:
            while not announced.is_file() or not announced.read_text().strip():  # noqa: ASYNC110 - its sign
                await asyncio.sleep(0.05)
            port = announced.read_text().split()[0]
            pages = (await client.get(f"http://127.0.0.1:{port}/json")).json()
        (target,) = [one["webSocketDebuggerUrl"] for one in pages if one["type"] == "page"]
        async with connect(target, max_size=None, compression=None) as connection:
            page = Page(connection)
            for domain in ("Log", "Runtime", "Page"):
                await page.call(f"{domain}.enable")
            await page.call("Page.navigate", url=url)
            yield page
    finally:
        process.terminate()
        await process.wait()


RESULT = "document.querySelector('.result-window .CodeMirror')?.CodeMirror.getValue()"


async def run(page: Page, query: str, awaited: str) -> str:
    editor = "document.querySelector('.graphiql-query-editor .CodeMirror')?.CodeMirror"
    await page.until(f"!!{editor}")
    await page.value(f"{editor}.setValue({json.dumps(query)})")
    await asyncio.sleep(0.6)  # GraphiQL reads the document again when typing has paused
    await page.value("document.querySelector('.graphiql-execute-button').click()")
    return str(await page.until(f"{RESULT}?.includes({json.dumps(awaited)}) && {RESULT}"))


async def test_a_newcomer_asks_and_subscribes_in_the_page(serve: Any, tmp_path: Path) -> None:
    if not (VENDOR / "graphiql.min.js").is_file():
        pytest.fail("the browser files are missing: run scripts/assets")
    settings = replace(Settings(), http=HttpSettings(assets=str(VENDOR)))
    async with serve(settings) as router, browser(router.url, tmp_path / "profile") as page:
        answer = await run(page, '{ hello(name: "강릉") }', "hello")
        assert json.loads(answer) == {"data": {"hello": "hello 강릉"}}
        answer = await run(page, "subscription { ticks(count: 3, every: 0.05) }", '"ticks": 2')
        assert json.loads(answer)["data"] == {"ticks": 2}
        assert page.complaints == []
