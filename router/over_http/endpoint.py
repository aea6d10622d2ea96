"""The GraphQL endpoint over HTTP: one ASGI application for GET, POST and event streams.

The order of refusals is that of HTTP: method, Accept, Content-Type, who asks, size, body; nothing of a body is read
for a caller that may not ask at all.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import orjson

from router.caller import Caller
from router.config import Settings
from router.errors import BadRequest, MethodNotAllowed, Overloaded, ProofRefused, RouterError, TransportUnsupported
from router.operation.model import OperationKind
from router.operation.request import GraphQLRequest
from router.over_http import requests
from router.over_http.answers import Header, error_body, headers_of, masked, send_response, status_of
from router.over_http.event_stream import EventStreams
from router.over_http.media_types import ANSWERS, MediaType, accepts, answer_type, check_content_type
from router.over_http.resource_metadata import Challenges
from router.pipeline import Answer, Pipeline
from router.policy.callers import Callers, Headers, joined, language_of, missing_token

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

METHODS = ("GET", "POST")


class GraphQLEndpoint:
    """Serves GraphQL over HTTP at one path. ``pipeline`` is asked anew for each request, so it may be replaced."""

    def __init__(self, pipeline: Callable[[], Pipeline], callers: Callers, settings: Settings) -> None:
        self._pipeline = pipeline
        self._callers = callers
        self._settings = settings.http
        self._methods = METHODS if settings.http.get else ("POST",)
        self._in_flight = 0
        self._challenges = Challenges(settings)
        self.bodies = requests.BodyReader(settings.http.max_body_bytes, settings.http.body_timeout_s)
        self.streams = EventStreams(settings.subscriptions)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request (ASGI)."""
        method: str = scope["method"]
        headers = joined(scope["headers"])
        media_type = MediaType.JSON
        self._in_flight += 1
        try:
            if self._in_flight > self._settings.max_in_flight:
                raise Overloaded("As many requests run as may run at once.", ko="처리 중인 요청이 너무 많습니다.")
            if method not in self._methods:
                allowed = " and ".join(self._methods)
                raise MethodNotAllowed(
                    f"GraphQL is served to {allowed}.", ko=f"허용되는 메서드: {allowed}.", allow=self._methods
                )
            accept = _text(headers.get(b"accept"))
            streams = accepts(accept, MediaType.EVENT_STREAM)
            media_type = answer_type(accept, (*ANSWERS, MediaType.EVENT_STREAM) if streams else ANSWERS)
            if method == "POST":
                check_content_type(headers.get(b"content-type"))
            caller = await self._callers.of_headers(headers, method)
            if not self._callers.admits(caller):
                raise missing_token()
            if method == "POST":
                request = requests.from_json(await self.bodies.read(receive, headers.get(b"content-length")))
            else:
                request = requests.from_query_string(scope["query_string"], self._settings.max_url_bytes)
            pipeline = self._pipeline()
            # A document without these words holds queries only; the usual request is not looked up twice.
            kind: OperationKind | None = OperationKind.QUERY
            if "subscription" in request.query or "mutation" in request.query:
                kind = pipeline.kind_of(request)
                _check_kind(kind, method, streams)
            if media_type is MediaType.EVENT_STREAM:
                await self._stream(pipeline, request, caller, kind, receive, send)
                return
            answer = await pipeline.execute(request, caller)
        except requests.ClientGone:
            return
        except RouterError as error:
            await self._refuse(send, error, media_type, headers)
        except Exception as error:
            await self._refuse(send, masked(error), media_type, headers)
        else:
            await self._answer(send, answer, media_type, caller)
        finally:
            self._in_flight -= 1

    async def _stream(
        self,
        pipeline: Pipeline,
        request: GraphQLRequest,
        caller: Caller,
        kind: OperationKind | None,
        receive: Receive,
        send: Send,
    ) -> None:
        """Streams last long and have a bound of their own: they are not in flight."""
        self._in_flight -= 1
        try:
            await self.streams.serve(pipeline, request, caller, kind, receive, send)
        finally:
            self._in_flight += 1

    async def _answer(self, send: Send, answer: Answer, media_type: MediaType, caller: Caller) -> None:
        if answer.outcome == "data":
            await send_response(send, 200, media_type, answer.body)
            return
        extra: tuple[Header, ...] = ()
        if answer.http_status in (401, 403):
            errors = orjson.loads(answer.body)["errors"]
            challenge = self._challenges.of(answer.http_status, errors, caller.subject is not None)
            extra = ((b"www-authenticate", challenge),)
        await send_response(send, status_of(answer.http_status, media_type), media_type, answer.body, extra)

    async def _refuse(self, send: Send, error: RouterError, media_type: MediaType, headers: Headers) -> None:
        if media_type is MediaType.EVENT_STREAM:
            media_type = MediaType.JSON
        extra = headers_of(error)
        if isinstance(error, ProofRefused):
            extra = (*extra, *self._challenges.of_proof(error))
        elif error.http_status in (401, 403):
            challenge = self._challenges.of(error.http_status, [error.formatted()], b"authorization" in headers)
            extra = (*extra, (b"www-authenticate", challenge))
        # Only what is wrong with the HTTP request itself keeps its status in application/json, see answers.py.
        status = error.http_status if isinstance(error, BadRequest) else status_of(error.http_status, media_type)
        await send_response(send, status, media_type, error_body(error, language_of(headers)), extra)


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode("latin-1")


def _check_kind(kind: OperationKind | None, method: str, streams: bool) -> None:
    """Refuse what this method or answer type cannot carry; an unknown kind is the pipeline's to refuse."""
    if kind is OperationKind.MUTATION and method == "GET":
        raise MethodNotAllowed(
            "Mutations need POST: GET must not change anything.",
            ko="변경(mutation) 요청은 POST로 보내야 합니다.",
            allow=("POST",),
        )
    if kind is OperationKind.SUBSCRIPTION and not streams:
        raise TransportUnsupported(
            "Subscriptions are served over WebSocket at this path (sub-protocol graphql-transport-ws), or as an event"
            " stream to requests with 'Accept: text/event-stream'.",
            ko="구독(subscription)은 이 경로의 WebSocket(graphql-transport-ws) 또는"
            " 'Accept: text/event-stream' 요청으로 제공됩니다.",
        )
