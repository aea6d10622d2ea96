"""Health, GraphiQL and everything else that is not GraphQL."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from router.config import HttpSettings, Settings
from router.over_http.pages import VENDOR_FILES

BROWSER = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


@pytest.fixture
def assets(tmp_path: Path) -> Path:
    for name in VENDOR_FILES:
        (tmp_path / name).write_text(f"/* {name} */")
    (tmp_path / "secret.txt").write_text("secret")
    return tmp_path


def settings(**http: Any) -> Settings:
    return replace(Settings(), http=HttpSettings(**http))


async def test_health_is_ready(serve: Any) -> None:
    async with serve() as router, httpx.AsyncClient() as client:
        answer = await client.get(f"http://127.0.0.1:{router.port}/health")
        assert (answer.status_code, answer.json()) == (200, {"status": "ready"})


async def test_browsers_get_graphiql_from_this_origin_alone(serve: Any, assets: Path) -> None:
    async with serve(settings(assets=str(assets))) as router, httpx.AsyncClient() as client:
        origin = f"http://127.0.0.1:{router.port}"
        for url in (f"{origin}/", router.url):
            page = await client.get(url, headers=BROWSER)
            assert page.headers["content-type"] == "text/html; charset=utf-8"
            policy = page.headers["content-security-policy"]
            assert "script-src 'self';" in policy
            assert "frame-ancestors 'none'" in policy
            assert "<script>" not in page.text
            assert " on" + "load=" not in page.text
            assert "http://" not in page.text.replace("http://www.w3.org", "")
            assert "https://" not in page.text
            assert 'data-endpoint="/graphql"' in page.text
        for name in (*VENDOR_FILES, "page.js", "page.css"):
            assert f"/graphiql/{name}" in page.text
            file = await client.get(f"{origin}/graphiql/{name}")
            assert file.status_code == 200
            assert file.headers["content-type"].startswith(("text/javascript", "text/css"))
            again = await client.get(f"{origin}/graphiql/{name}", headers={"if-none-match": file.headers["etag"]})
            assert (again.status_code, again.content) == (304, b"")


async def test_only_the_page_s_own_files_are_served(serve: Any, assets: Path) -> None:
    async with serve(settings(assets=str(assets))) as router, httpx.AsyncClient() as client:
        for path in ("secret.txt", "..%2f..%2fsecret.txt", "../secret.txt", "", "graphiql.html", "%00"):
            answer = await client.get(f"http://127.0.0.1:{router.port}/graphiql/{path}")
            assert answer.status_code == 404


async def test_without_the_browser_files_the_page_says_how_to_get_them(serve: Any) -> None:
    async with serve(settings(path="/api<x>")) as router, httpx.AsyncClient() as client:
        page = await client.get(f"http://127.0.0.1:{router.port}/", headers=BROWSER)
        assert page.status_code == 200
        assert "scripts/assets" in page.text
        assert "graphiql.min.js" in page.text
        assert "/api&lt;x&gt;" in page.text


async def test_graphiql_can_be_switched_off(serve: Any) -> None:
    async with serve(settings(graphiql=False)) as router, httpx.AsyncClient() as client:
        assert (await client.get(f"http://127.0.0.1:{router.port}/", headers=BROWSER)).status_code == 404
        assert (await client.get(router.url, headers=BROWSER)).status_code == 400


async def test_a_browser_s_query_by_url_is_answered_not_shown(serve: Any) -> None:
    async with serve() as router, httpx.AsyncClient() as client:
        answer = await client.get(f"{router.url}?query={{hello}}", headers=BROWSER)
        assert answer.json() == {"data": {"hello": "hello world"}}


async def test_unknown_paths_are_404_with_a_code(serve: Any) -> None:
    async with serve() as router, httpx.AsyncClient() as client:
        answer = await client.get(f"http://127.0.0.1:{router.port}/nothing/here")
        assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (404, "NOT_FOUND")


async def test_pages_of_other_origins_may_call_only_where_configured(serve: Any) -> None:
    preflight = {
        "origin": "https://app.example.kr",
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type",
    }
    async with httpx.AsyncClient() as client:
        async with serve() as router:
            answer = await client.options(router.url, headers=preflight)
            assert "access-control-allow-origin" not in answer.headers
        async with serve(settings(cors_origins=("https://app.example.kr",))) as router:
            answer = await client.options(router.url, headers=preflight)
            assert answer.headers["access-control-allow-origin"] == "https://app.example.kr"
            foreign = await client.options(router.url, headers=preflight | {"origin": "https://evil.example"})
            assert "access-control-allow-origin" not in foreign.headers
