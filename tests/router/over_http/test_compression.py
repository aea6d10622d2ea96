"""Compressed answers: only to clients that ask, only where it pays, never beside a cookie."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import httpx
import pytest

from router.codings import decode
from router.config import HttpSettings, Settings
from router.over_http.compression import Compressor, chosen

OFFERED = ("zstd", "br", "gzip")
LONG = {"query": "query($n: String) { hello(name: $n) }", "variables": {"n": "부산" * 2_000}}
SHORT = {"query": "{hello}"}

CHOICES = {
    "": None,
    "identity": None,
    "deflate": None,
    "gzip": "gzip",
    "GZIP": "gzip",
    "gzip, deflate, br, zstd": "zstd",
    "gzip, deflate, br": "br",
    "gzip;q=1, br;q=0.5": "gzip",
    "br;q=0, gzip": "gzip",
    "gzip;q=0": None,
    "*": "zstd",
    "*;q=0": None,
    "*, zstd;q=0": "br",
    "gzip;q=x": None,
    ",;,=,gzip": "gzip",
}


@pytest.mark.parametrize(("asked", "coding"), CHOICES.items())
def test_the_client_s_weights_decide_then_the_settings_order(asked: str, coding: str | None) -> None:
    assert chosen(asked.encode(), OFFERED) == coding


async def raw(url: str, query: dict[str, Any], **headers: str) -> httpx.Response:
    """The response with its body as it came over the wire."""
    headers = {"accept-encoding": "identity", **headers}
    async with httpx.AsyncClient() as client, client.stream("POST", url, json=query, headers=headers) as answer:
        answer._content = b"".join([part async for part in answer.aiter_raw()])
        return answer


@pytest.mark.parametrize("coding", OFFERED)
async def test_a_long_answer_is_compressed_for_who_asks(serve: Any, coding: str) -> None:
    async with serve() as router:
        answer = await raw(router.url, LONG, **{"accept-encoding": coding})
        assert answer.headers["content-encoding"] == coding
        assert "accept-encoding" in answer.headers["vary"]
        assert int(answer.headers["content-length"]) == len(answer.content) < 1_000
        assert json.loads(decode(coding, answer.content, 100_000))["data"]["hello"] == "hello " + "부산" * 2_000


async def test_who_does_not_ask_a_short_answer_and_one_beside_a_cookie_are_not(serve: Any) -> None:
    async with serve() as router:
        for query, headers in (
            (LONG, {}),
            (SHORT, {"accept-encoding": "gzip"}),
            (LONG, {"accept-encoding": "gzip", "cookie": "a=b"}),
            (LONG, {"accept-encoding": "deflate"}),
        ):
            answer = await raw(router.url, query, **headers)
            assert "content-encoding" not in answer.headers
            assert "data" in json.loads(answer.content)


async def test_the_settings_say_which_codings_and_from_what_length(serve: Any) -> None:
    http = HttpSettings(compression=("gzip",), compress_from_bytes=10)
    async with serve(replace(Settings(), http=http)) as router:
        for asked, coding in (("br, gzip", "gzip"), ("br", None)):
            answer = await raw(router.url, {"query": "{__schema{types{name}}}"}, **{"accept-encoding": asked})
            assert answer.headers.get("content-encoding") == coding
        # Nothing is made longer.
        assert "content-encoding" not in (await raw(router.url, SHORT, **{"accept-encoding": "gzip"})).headers


async def test_a_very_long_answer_does_not_hold_up_others(serve: Any) -> None:
    fields = " ".join(f"a{n}: hello(name: $n)" for n in range(10))
    query = {"query": f"query($n: String) {{ {fields} }}", "variables": {"n": "x" * 300_000}}
    async with serve() as router:
        long, *others = await asyncio.gather(
            raw(router.url, query, **{"accept-encoding": "gzip"}), *(raw(router.url, SHORT) for _ in range(5))
        )
        assert long.headers["content-encoding"] == "gzip"
        assert {one.status_code for one in others} == {200}


def test_an_unknown_coding_is_refused() -> None:
    with pytest.raises(ValueError, match="no content coding: 'deflate'; known: zstd, br, gzip"):
        Compressor(("deflate",), 0)
