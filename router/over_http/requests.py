"""Bytes to ``GraphQLRequest``: POST bodies and GET parameters (GraphQL over HTTP, section "Request")."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

import orjson

from router.errors import BadRequest, BodyTooLarge, BodyTooSlow, UrlTooLong
from router.executor.json_bytes import loads_exactly
from router.operation.request import GraphQLRequest

PARAMETERS = ("query", "operationName", "variables", "extensions")
MAX_GET_PARAMETERS = 20
OVERDUE = "the request body had its time"
_QUOTED = tuple(f'"{name}"'.encode() for name in PARAMETERS)

Receive = Callable[[], Awaitable[Any]]


class ClientGone(Exception):
    """The client left before its request was complete: there is nobody to answer."""


class BodyReader:
    """Reads request bodies within a size and a time.

    Times are kept by ``end_overdue``, which the application calls twice a second: a timer of its own would cost each
    request more than reading its body does.
    """

    def __init__(self, max_bytes: int, patience_s: float) -> None:
        self._max_bytes = max_bytes
        self._patience_s = patience_s
        self._reading: dict[asyncio.Task[Any], float] = {}

    async def read(self, receive: Receive, declared_length: bytes | None) -> bytes:
        """The whole body. Raises ``BodyTooLarge``, ``BodyTooSlow``, ``ClientGone``."""
        limit = self._max_bytes
        if declared_length is not None and declared_length.isdigit() and int(declared_length[:18]) > limit:
            raise _too_large(limit)
        task = asyncio.current_task()
        assert task is not None
        self._reading[task] = time.monotonic()
        try:
            return await read_body(receive, limit)
        except asyncio.CancelledError as cancelled:
            if cancelled.args != (OVERDUE,):
                raise
            task.uncancel()
            raise BodyTooSlow(
                f"The request body did not arrive within {self._patience_s:g} s.",
                ko=f"요청 본문이 {self._patience_s:g}초 안에 도착하지 않았습니다.",
            ) from None
        finally:
            del self._reading[task]

    def end_overdue(self) -> None:
        """End the reading of bodies that had their time."""
        oldest = time.monotonic() - self._patience_s
        for task, since in tuple(self._reading.items()):
            if since < oldest:
                task.cancel(OVERDUE)


async def read_body(receive: Receive, limit: int) -> bytes:
    """The whole body; at most ``limit`` bytes are ever held. Raises ``BodyTooLarge``, ``ClientGone``."""
    event = await receive()
    body: bytes = event.get("body", b"")
    if event["type"] == "http.request" and not event.get("more_body") and len(body) <= limit:
        return body
    parts, size = [], 0
    while True:
        if event["type"] == "http.disconnect":
            raise ClientGone
        size += len(body)
        if size > limit:
            raise _too_large(limit)
        parts.append(body)
        if not event.get("more_body"):
            return b"".join(parts)
        event = await receive()
        body = event.get("body", b"")


def _too_large(limit: int) -> BodyTooLarge:
    return BodyTooLarge(
        f"The request body may have at most {limit} bytes.", ko=f"요청 본문은 최대 {limit} 바이트입니다."
    )


def from_json(body: bytes) -> GraphQLRequest:
    """The request in a JSON body. Raises ``BadRequest`` telling what is wrong with it."""
    if not body.strip():
        raise BadRequest("The request body is empty.", ko="요청 본문이 비어 있습니다.")
    try:
        parameters = loads_exactly(body)
    except orjson.JSONDecodeError as error:
        raise BadRequest(
            f"The request body is not JSON: {error}.", ko=f"요청 본문이 올바른 JSON이 아닙니다: {error}."
        ) from None
    if isinstance(parameters, list):
        raise BadRequest(
            "Batched requests are not supported: send one JSON object a request.",
            ko="묶음(batch) 요청은 지원하지 않습니다. 요청마다 JSON 객체 하나를 보내세요.",
        )
    request = from_mapping(parameters)
    _refuse_duplicates(body)
    return request


def from_mapping(parameters: object) -> GraphQLRequest:
    """The request in a decoded JSON value; properties that are not ours are ignored. Raises ``BadRequest``."""
    if not isinstance(parameters, dict):
        raise BadRequest("The request must be a JSON object.", ko="요청은 JSON 객체여야 합니다.")
    query = parameters.get("query")
    if query is None:
        raise _missing_query(parameters.get("extensions"))
    if not isinstance(query, str):
        raise _wrong_type("query", "a string", "문자열")
    name = parameters.get("operationName")
    if name is not None and not isinstance(name, str):
        raise _wrong_type("operationName", "a string or null", "문자열 또는 null")
    return GraphQLRequest(
        query=query,
        operation_name=name,
        variables=_map(parameters, "variables"),
        extensions=_map(parameters, "extensions"),
    )


def from_query_string(query_string: bytes, limit: int = 16_384) -> GraphQLRequest:
    """The request in the URL of a GET; an empty optional parameter is an absent one.

    Raises ``BadRequest``, ``UrlTooLong`` for more than ``limit`` bytes.
    """
    if len(query_string) > limit:
        raise UrlTooLong(
            f"The query string may have at most {limit} bytes; use POST.",
            ko=f"URL 매개변수는 최대 {limit} 바이트입니다. POST를 사용하세요.",
        )
    try:
        pairs = parse_qsl(
            query_string.decode("ascii"),
            keep_blank_values=True,
            encoding="utf-8",
            errors="strict",
            max_num_fields=MAX_GET_PARAMETERS,
        )
    except ValueError:
        raise BadRequest("The URL parameters are malformed.", ko="URL 매개변수가 올바르지 않습니다.") from None
    parameters: dict[str, Any] = {}
    for name, value in pairs:
        if name in PARAMETERS:
            if name in parameters:
                raise _duplicate(name)
            parameters[name] = value
    decoded = {name: value for name, value in parameters.items() if value or name == "query"}
    for name in ("variables", "extensions"):
        if name in decoded:
            try:
                decoded[name] = loads_exactly(decoded[name])
            except orjson.JSONDecodeError:
                raise _wrong_type(name, "a JSON object or null", "JSON 객체 또는 null") from None
    return from_mapping(decoded)


def _map(parameters: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = parameters.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _wrong_type(name, "a JSON object or null", "JSON 객체 또는 null")
    return value


def _refuse_duplicates(body: bytes) -> None:
    """Two readers of a JSON object with a repeated member may see different requests; we see none.

    The count is a cheap sieve: only a body that names a parameter twice is read again, member by member.
    """
    for name in _QUOTED:
        if body.count(name) > 1:
            break
    else:
        return
    try:
        pairs = json.loads(body, object_pairs_hook=list)
    except (ValueError, RecursionError):
        return
    seen = set()
    for name, _ in pairs:
        if name in PARAMETERS and name in seen:
            raise _duplicate(name)
        seen.add(name)


def _missing_query(extensions: object) -> BadRequest:
    if isinstance(extensions, dict) and "persistedQuery" in extensions:
        return BadRequest(
            "PersistedQueryNotSupported", ko="PersistedQueryNotSupported", code="PERSISTED_QUERY_NOT_SUPPORTED"
        )
    return BadRequest(
        "The request has no 'query': the GraphQL document as a string.",
        ko="요청에 'query'(GraphQL 문서 문자열)가 없습니다.",
    )


def _wrong_type(name: str, wanted: str, wanted_ko: str) -> BadRequest:
    return BadRequest(
        f"The parameter '{name}' must be {wanted}.", ko=f"매개변수 '{name}'은(는) {wanted_ko}이어야 합니다."
    )


def _duplicate(name: str) -> BadRequest:
    return BadRequest(f"The parameter '{name}' is given more than once.", ko=f"매개변수 '{name}'이(가) 중복되었습니다.")
