"""GraphQL over HTTP, request by request, against the router behind uvicorn."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import httpx
import pytest

from router.config import HttpSettings, Settings

GRAPHQL = "application/graphql-response+json"


def body(**parameters: Any) -> bytes:
    return json.dumps(parameters).encode()


HELLO = body(query="{hello}")
# name: (body, media type asked for, status, error code or None, part of the English message)
POSTS: dict[str, tuple[bytes, str, int, str | None, str]] = {
    "a query": (HELLO, GRAPHQL, 200, None, ""),
    "a query in application/json": (HELLO, "application/json", 200, None, ""),
    "with variables": (body(query="query($n:String){hello(name:$n)}", variables={"n": "서울"}), GRAPHQL, 200, None, ""),
    "nulls are absent": (
        body(query="{hello}", variables=None, operationName=None, extensions=None),
        GRAPHQL,
        200,
        None,
        "",
    ),
    "unknown members are ignored": (body(query="{hello}", id=7, more=[1]), GRAPHQL, 200, None, ""),
    "an operation by name": (body(query="query A{hello} query B{hello}", operationName="B"), GRAPHQL, 200, None, ""),
    "a mutation": (body(query="mutation{wind(turns:1)}"), GRAPHQL, 200, None, ""),
    "empty body": (b"", GRAPHQL, 400, "BAD_REQUEST", "empty"),
    "blank body": (b" \n", GRAPHQL, 400, "BAD_REQUEST", "empty"),
    "malformed JSON": (b'{"query":', GRAPHQL, 400, "BAD_REQUEST", "not JSON"),
    "malformed JSON in application/json": (b"{", "application/json", 400, "BAD_REQUEST", "not JSON"),
    "a batch": (b"[" + HELLO + b"," + HELLO + b"]", GRAPHQL, 400, "BAD_REQUEST", "Batched"),
    "a string": (b'"{hello}"', GRAPHQL, 400, "BAD_REQUEST", "JSON object"),
    "a number": (b"7", GRAPHQL, 400, "BAD_REQUEST", "JSON object"),
    "null": (b"null", GRAPHQL, 400, "BAD_REQUEST", "JSON object"),
    "no query": (b"{}", GRAPHQL, 400, "BAD_REQUEST", "no 'query'"),
    "query null": (body(query=None), GRAPHQL, 400, "BAD_REQUEST", "no 'query'"),
    "query a list": (body(query=["{hello}"]), GRAPHQL, 400, "BAD_REQUEST", "'query' must be a string"),
    "operationName a number": (body(query="{hello}", operationName=1), GRAPHQL, 400, "BAD_REQUEST", "'operationName'"),
    "variables a list": (body(query="{hello}", variables=[1]), GRAPHQL, 400, "BAD_REQUEST", "'variables'"),
    "variables a string": (body(query="{hello}", variables="{}"), GRAPHQL, 400, "BAD_REQUEST", "'variables'"),
    "extensions false": (body(query="{hello}", extensions=False), GRAPHQL, 400, "BAD_REQUEST", "'extensions'"),
    "two queries in one object": (
        b'{"query":"{hello}","query":"{fails}"}',
        GRAPHQL,
        400,
        "BAD_REQUEST",
        "more than once",
    ),
    "the word query twice, one member": (
        body(query="query($q:String){hello(name:$q)}", variables={"q": '"query" "query"', "query": 1}),
        GRAPHQL,
        200,
        None,
        "",
    ),
    "a persisted query": (
        body(extensions={"persistedQuery": {"version": 1, "sha256Hash": "x"}}),
        GRAPHQL,
        400,
        "PERSISTED_QUERY_NOT_SUPPORTED",
        "PersistedQueryNotSupported",
    ),
    "not UTF-8": (b'{"query":"{hello}\xff"}', GRAPHQL, 400, "BAD_REQUEST", "UTF-8"),
    "UTF-16": ('{"query":"{hello}"}'.encode("utf-16"), GRAPHQL, 400, "BAD_REQUEST", "not JSON"),
    "lone surrogate": (b'{"query":"{hello}\\ud800"}', GRAPHQL, 400, "BAD_REQUEST", "not JSON"),
    "NUL in the document": (b'{"query":"{hello\\u0000}"}', GRAPHQL, 400, "GRAPHQL_PARSE_FAILED", "Syntax Error"),
    "NUL in a variable": (
        body(query="query($n:String){hello(name:$n)}", variables={"n": "a\0b"}),
        GRAPHQL,
        200,
        None,
        "",
    ),
    "huge integer": (
        b'{"query":"mutation($n:Int!){wind(turns:$n)}","variables":{"n":' + b"9" * 400 + b"}}",
        GRAPHQL,
        400,
        "BAD_REQUEST",
        "not JSON",
    ),
    "integer beyond 32 bits": (
        b'{"query":"mutation($n:Int!){wind(turns:$n)}","variables":{"n":99999999999999999999}}',
        GRAPHQL,
        400,
        "BAD_USER_INPUT",
        "",
    ),
    "infinity": (b'{"query":"{hello}","variables":{"n":1e999}}', GRAPHQL, 400, "BAD_REQUEST", "not JSON"),
    "NaN": (b'{"query":"{hello}","variables":{"n":NaN}}', GRAPHQL, 400, "BAD_REQUEST", "not JSON"),
    "JSON nested without end": (b'{"variables":' + b"[" * 100_000, GRAPHQL, 400, "BAD_REQUEST", "not JSON"),
    "a document nested without end": (body(query="{a" * 5_000), GRAPHQL, 400, "MAX_DEPTH_EXCEEDED", "at most 40"),
    "an operation too deep": (
        body(query="{__schema{types" + "{fields{type" * 20 + "{name}" + "}}" * 20 + "}}"),
        GRAPHQL,
        400,
        "MAX_DEPTH_EXCEEDED",
        "at most 40",
    ),
    "too long a document": (body(query="{hello}" + " " * 200_000), GRAPHQL, 400, "MAX_TEXT_BYTES_EXCEEDED", "100000"),
    "not GraphQL": (body(query="{"), GRAPHQL, 400, "GRAPHQL_PARSE_FAILED", "Syntax Error"),
    "not GraphQL in application/json": (body(query="{"), "application/json", 200, "GRAPHQL_PARSE_FAILED", "Syntax"),
    "empty document": (body(query=""), GRAPHQL, 400, "GRAPHQL_PARSE_FAILED", ""),
    "unknown field": (body(query="{nothing}"), GRAPHQL, 400, "GRAPHQL_VALIDATION_FAILED", "Cannot query field"),
    "unknown field in application/json": (
        body(query="{nothing}"),
        "application/json",
        200,
        "GRAPHQL_VALIDATION_FAILED",
        "Cannot query field",
    ),
    "variable missing": (body(query="mutation($n:Int!){wind(turns:$n)}"), GRAPHQL, 400, "BAD_USER_INPUT", "$n"),
    "variable of the wrong type in application/json": (
        body(query="mutation($n:Int!){wind(turns:$n)}", variables={"n": "x"}),
        "application/json",
        200,
        "BAD_USER_INPUT",
        "",
    ),
    "no operation of that name": (
        body(query="query A{hello}", operationName="B"),
        GRAPHQL,
        400,
        "OPERATION_RESOLUTION_FAILURE",
        "'B'",
    ),
    "several operations and no name": (
        body(query="query A{hello} query B{hello}"),
        GRAPHQL,
        400,
        "OPERATION_RESOLUTION_FAILURE",
        "",
    ),
    "a subscription": (body(query="subscription{forever}"), GRAPHQL, 400, "SUBSCRIPTION_OVER_HTTP", "WebSocket"),
    "a subscription in application/json": (
        body(query="subscription{forever}"),
        "application/json",
        400,
        "SUBSCRIPTION_OVER_HTTP",
        "WebSocket",
    ),
}


async def test_each_post_gets_its_status_and_code(serve: Any) -> None:
    wrong = {}
    async with serve() as router, httpx.AsyncClient() as client:
        for case, (content, accept, status, code, message) in POSTS.items():
            headers = {"content-type": "application/json", "accept": accept}
            answer = await client.post(router.url, content=content, headers=headers)
            errors = answer.json().get("errors", [])
            found = errors[0]["extensions"]["code"] if errors else None
            media_type = answer.headers["content-type"]
            if (
                (answer.status_code, found) != (status, code)
                or not media_type.startswith(f"{accept}; charset=utf-8")
                or (errors and message not in errors[0]["message"])
                or (code is not None and "data" in answer.json())
            ):
                wrong[case] = (answer.status_code, media_type, answer.text[:200])
    assert wrong == {}


# name: (URL parameters, status, error code or None)
GETS: dict[str, tuple[str, int, str | None]] = {
    "a query": ("query=%7Bhello%7D", 200, None),
    "plus is a space": ("query=query+A+%7Bhello%7D&operationName=A", 200, None),
    "with variables": (
        "query=query(%24n%3AString)%7Bhello(name%3A%24n)%7D&variables=%7B%22n%22%3A%22a%22%7D",
        200,
        None,
    ),
    "empty optional parameters are absent": ("query=%7Bhello%7D&variables=&operationName=&extensions=", 200, None),
    "variables null": ("query=%7Bhello%7D&variables=null", 200, None),
    "unknown parameters are ignored": ("query=%7Bhello%7D&access_token=abc", 200, None),
    "no query": ("variables=%7B%7D", 400, "BAD_REQUEST"),
    "nothing": ("", 400, "BAD_REQUEST"),
    "query twice": ("query=%7Bhello%7D&query=%7Bfails%7D", 400, "BAD_REQUEST"),
    "variables no JSON": ("query=%7Bhello%7D&variables=%7B", 400, "BAD_REQUEST"),
    "variables a list": ("query=%7Bhello%7D&variables=%5B%5D", 400, "BAD_REQUEST"),
    "not UTF-8": ("query=%7Bhello%7D%FF", 400, "BAD_REQUEST"),
    "too many parameters": ("query=%7Bhello%7D" + "&a=b" * 50, 400, "BAD_REQUEST"),
    "NUL": ("query=%7Bhello%7D%00", 400, "GRAPHQL_PARSE_FAILED"),
    "a mutation": ("query=mutation%7Bwind(turns%3A1)%7D", 405, "METHOD_NOT_ALLOWED"),
    "a mutation chosen by name": (
        "query=query+A%7Bhello%7Dmutation+B%7Bwind(turns%3A1)%7D&operationName=B",
        405,
        "METHOD_NOT_ALLOWED",
    ),
    "a query chosen by name beside a mutation": (
        "query=query+A%7Bhello%7Dmutation+B%7Bwind(turns%3A1)%7D&operationName=A",
        200,
        None,
    ),
    "a subscription": ("query=subscription%7Bforever%7D", 400, "SUBSCRIPTION_OVER_HTTP"),
}


async def test_each_get_gets_its_status_and_code(serve: Any) -> None:
    wrong = {}
    async with serve() as router, httpx.AsyncClient() as client:
        for case, (parameters, status, code) in GETS.items():
            answer = await client.get(f"{router.url}?{parameters}", headers={"accept": GRAPHQL})
            errors = answer.json().get("errors", [])
            if (answer.status_code, errors[0]["extensions"]["code"] if errors else None) != (status, code):
                wrong[case] = (answer.status_code, answer.text[:200])
            if status == 405:
                assert answer.headers["allow"] == "POST"
        assert router.clock.wound == 0
    assert wrong == {}


ACCEPTS = {
    None: "application/json",
    "": "application/json",
    "*/*": "application/json",
    "application/*": "application/json",
    "application/json": "application/json",
    GRAPHQL: GRAPHQL,
    f"{GRAPHQL}, application/json;q=0.9": GRAPHQL,
    f"application/json, {GRAPHQL}": GRAPHQL,
    f"application/json;q=0.9, {GRAPHQL};q=0.8": "application/json",
    f"*/*, {GRAPHQL};q=0": "application/json",
    f"{GRAPHQL};q=0.1, */*;q=0.5": "application/json",
    f"text/html, {GRAPHQL};q=0.5": GRAPHQL,
    "text/html, */*;q=0.1": "application/json",
    "APPLICATION/JSON; CHARSET=UTF-8": "application/json",
    "application/json;charset=utf-16, application/graphql-response+json": GRAPHQL,
    "text/html": None,
    "image/png, text/plain": None,
    "application/json;q=0": None,
    "application/json;q=2": None,
    "application/json;charset=utf-16": None,
    "garbage": None,
    "text/event-stream": "text/event-stream",
}


async def test_the_answer_comes_in_the_media_type_preferred(serve: Any) -> None:
    found = {}
    async with serve() as router, httpx.AsyncClient() as client:
        for accept in ACCEPTS:
            headers = {"content-type": "application/json", "accept": accept}
            request = client.build_request(
                "POST", router.url, content=HELLO, headers={k: v for k, v in headers.items() if v is not None}
            )
            if accept is None:
                del request.headers["accept"]
            answer = await client.send(request)
            if answer.status_code == 406:
                found[accept] = None
                assert answer.json()["errors"][0]["extensions"]["code"] == "NOT_ACCEPTABLE"
            else:
                found[accept] = answer.headers["content-type"].partition(";")[0]
    assert found == ACCEPTS


CONTENT_TYPES = {
    "application/json": 200,
    "application/json; charset=utf-8": 200,
    'Application/JSON;charset="UTF-8"': 200,
    "application/json; charset=utf-8; foo=bar": 200,
    "application/json; charset=euc-kr": 415,
    "application/json-patch+json": 415,
    "text/plain": 415,
    "application/x-www-form-urlencoded": 415,
    "multipart/form-data; boundary=x": 415,
    "application/graphql": 415,
    "": 415,
    None: 415,
}


async def test_only_json_is_read(serve: Any) -> None:
    found = {}
    async with serve() as router, httpx.AsyncClient() as client:
        for content_type in CONTENT_TYPES:
            headers = {} if content_type is None else {"content-type": content_type}
            answer = await client.post(router.url, content=HELLO, headers=headers)
            found[content_type] = answer.status_code
            if answer.status_code == 415:
                assert answer.json()["errors"][0]["extensions"]["code"] == "UNSUPPORTED_MEDIA_TYPE"
    assert found == CONTENT_TYPES


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"])
async def test_other_methods_are_refused_with_allow(serve: Any, method: str) -> None:
    async with serve() as router, httpx.AsyncClient() as client:
        answer = await client.request(method, router.url)
        assert answer.status_code == 405
        assert answer.headers["allow"] == "GET, POST"


async def test_a_body_over_the_limit_is_refused_whether_its_length_is_declared_or_not(serve: Any) -> None:
    settings = replace(Settings(), http=HttpSettings(max_body_bytes=1_000))

    async def chunks() -> Any:
        for _ in range(100):
            yield b" " * 100

    async with serve(settings) as router, httpx.AsyncClient() as client:
        headers = {"content-type": "application/json"}
        fitting = HELLO + b" " * (1_000 - len(HELLO))
        assert (await client.post(router.url, content=fitting, headers=headers)).status_code == 200
        for content in (fitting + b" ", chunks()):
            answer = await client.post(router.url, content=content, headers=headers)
            assert answer.status_code == 413
            assert answer.json()["errors"][0]["extensions"]["code"] == "REQUEST_TOO_LARGE"


async def test_messages_are_korean_where_the_client_asks_for_it(serve: Any) -> None:
    async with serve() as router, httpx.AsyncClient(headers={"accept-language": "ko-KR,ko;q=0.9"}) as client:
        headers = {"content-type": "application/json", "accept": GRAPHQL}
        for content, wanted in {
            b"{}": "요청에 'query'(GraphQL 문서 문자열)가 없습니다.",
            body(query="{a" * 5_000): "작업의 중첩이 너무 깊습니다. 최대 40 단계까지 허용됩니다.",
            body(
                query="{nothing}"
            ): "GraphQL 문서가 스키마에 맞지 않습니다: Cannot query field 'nothing' on type 'Query'.",
        }.items():
            answer = await client.post(router.url, content=content, headers=headers)
            assert answer.json()["errors"][0]["message"] == wanted


async def test_errors_inside_an_execution_are_partial_success(serve: Any) -> None:
    async with serve() as router, httpx.AsyncClient() as client:
        for accept in (GRAPHQL, "application/json"):
            answer = await client.post(router.url, json={"query": "{hello fails}"}, headers={"accept": accept})
            assert answer.status_code == 200
            assert answer.json()["data"] is None
            assert answer.json()["errors"][0]["path"] == ["fails"]
            assert "wheel" not in answer.text


async def test_nothing_of_an_answer_is_cached_or_sniffed(serve: Any) -> None:
    async with serve() as router, httpx.AsyncClient() as client:
        answer = await client.post(router.url, json={"query": "{hello}"})
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "accept" in answer.headers["vary"]
        assert "server" not in answer.headers
