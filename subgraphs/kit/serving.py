"""One subgraph as an ASGI app: GraphQL over HTTP (POST) and graphql-transport-ws, for any Federation router.

Status codes follow the GraphQL-over-HTTP specification: a request that never ran is 400 in
``application/graphql-response+json`` and 200 in ``application/json``.
"""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from subgraphs.kit.context import Identity
from subgraphs.kit.database import Database
from subgraphs.kit.identity import BadIdentity, no_identity, read_identity
from subgraphs.kit.simulated_payments import SimulatedPayments
from subgraphs.kit.subgraph import OpenSubgraph, Subgraph
from subgraphs.kit.websocket import serve_socket

Authenticate = Callable[[Mapping[str, str]], Identity]
"""From lower-case request headers to who asks; raises BadIdentity."""
Open = Callable[[], Awaitable[OpenSubgraph]]

MAX_BODY = 1_000_000
_RESPONSE_JSON = "application/graphql-response+json"


def subgraph_app(open_subgraph: Open, authenticate: Authenticate = no_identity) -> Starlette:
    """The app; the subgraph is opened when the server starts and closed when it stops."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        app.state.subgraph = await open_subgraph()
        app.state.subgraph.start_background()
        yield
        await app.state.subgraph.aclose()

    async def graphql(request: Request) -> Response:
        return await _answer(request, request.app.state.subgraph, authenticate)

    async def socket(websocket: WebSocket) -> None:
        await serve_socket(websocket, websocket.app.state.subgraph, authenticate)

    async def health(_request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    routes = [
        Route("/graphql", graphql, methods=["POST"]),
        WebSocketRoute("/graphql", socket),
        Route("/health", health),
    ]
    return Starlette(routes=routes, lifespan=lifespan)


async def _answer(request: Request, subgraph: OpenSubgraph, authenticate: Authenticate) -> Response:
    try:
        identity = authenticate(request.headers)
    except BadIdentity as error:
        return _refused(401, "UNAUTHENTICATED", str(error))
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        return _refused(415, "UNSUPPORTED_MEDIA_TYPE", "the content type is application/json")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            return _refused(413, "BODY_TOO_LARGE", f"a body has at most {MAX_BODY} bytes")
    try:
        query, variables, operation_name = read_request(orjson.loads(body))
    except ValueError as error:
        return _refused(400, "BAD_REQUEST", str(error))
    answer = await subgraph.execute(query, variables, operation_name, identity)
    media_type = _RESPONSE_JSON if _RESPONSE_JSON in request.headers.get("accept", "") else "application/json"
    status = 400 if "data" not in answer and media_type == _RESPONSE_JSON else 200
    return Response(orjson.dumps(answer), status, media_type=media_type)


def read_request(body: Any) -> tuple[str, Mapping[str, Any], str | None]:
    """Query, variables and operation name of a request map. Raises ValueError."""
    if not isinstance(body, dict) or not isinstance(body.get("query"), str):
        raise ValueError("a request is a JSON object with a string `query`")
    variables, operation_name = body.get("variables"), body.get("operationName")
    if not isinstance(variables, dict | None):
        raise ValueError("`variables` is an object or null")
    if not isinstance(operation_name, str | None):
        raise ValueError("`operationName` is a string or null")
    return body["query"], variables or {}, operation_name


def _refused(status: int, code: str, message: str) -> Response:
    error = {"message": message, "extensions": {"code": code}}
    return Response(json.dumps({"errors": [error]}), status, media_type="application/json")


def serve_forever(subgraph: Subgraph, database_url: str, host: str, port: int) -> None:
    """Serve until SIGTERM. With ``HUB_IDENTITY_SECRET`` set, signed identities are believed; else all are anonymous."""
    import uvicorn

    secret = os.environ.get("HUB_IDENTITY_SECRET", "").encode()

    async def open_subgraph() -> OpenSubgraph:
        database = Database(database_url)
        services = {"payments": await SimulatedPayments.open(database)}
        return await OpenSubgraph.open(subgraph, database, services=services)

    def authenticate(headers: Mapping[str, str]) -> Identity:
        return read_identity(headers, secret) if secret else no_identity(headers)

    app = subgraph_app(open_subgraph, authenticate)
    uvicorn.run(app, host=host, port=port, log_level="warning", ws_max_size=MAX_BODY)
