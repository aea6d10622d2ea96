"""A router with one real in-process subgraph behind real sockets, for the tests of the doors."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
import uvicorn
from graphql import (
    GraphQLSchema,
    build_schema,
    graphql,
    parse,
    subscribe,
)

from router.app import RouterApp, build_app
from router.caller import Caller
from router.config import Settings
from router.executor import InProcessTransport, SubgraphRequest, SubgraphResponse
from router.federation.supergraph import read_supergraph
from router.pipeline import Pipeline
from router.policy.jwt import TokenVerifier
from router.server import door_of, pipeline_settings, uvicorn_options

CLOCK_TYPES = """
type Query {join}{{
  hello(name: String = "world"): String
  slow(seconds: Float!): String
  secret: String {demand}
  fails: Int!
}}
type Mutation {join}{{ wind(turns: Int!, seconds: Float = 0): Int }}
type Subscription {join}{{
  ticks(count: Int!, every: Float = 0): Int
  flood(bytes: Int!): String
  forever: Int
  breaks(after: Int!): Int
  guarded: Int {demand}
}}
"""

CLOCK_SUPERGRAPH = """
schema
  @link(url: "https://specs.apollo.dev/link/v1.0")
  @link(url: "https://specs.apollo.dev/join/v0.5", for: EXECUTION)
  @link(url: "https://specs.apollo.dev/requiresScopes/v0.1", for: SECURITY)
{ query: Query mutation: Mutation subscription: Subscription }
directive @link(url: String, as: String, for: link__Purpose, import: [link__Import]) repeatable on SCHEMA
directive @join__graph(name: String!, url: String!) on ENUM_VALUE
directive @join__type(
  graph: join__Graph!, key: join__FieldSet, extension: Boolean! = false, resolvable: Boolean! = true
  isInterfaceObject: Boolean! = false
) repeatable on OBJECT | INTERFACE | UNION | ENUM | INPUT_OBJECT | SCALAR
directive @requiresScopes(scopes: [[requiresScopes__Scope!]!]!) on FIELD_DEFINITION | OBJECT
scalar link__Import
enum link__Purpose { SECURITY EXECUTION }
scalar join__FieldSet
scalar requiresScopes__Scope
enum join__Graph { CLOCK @join__graph(name: "clock", url: "http://127.0.0.1:1/graphql") }
""" + CLOCK_TYPES.format(join="@join__type(graph: CLOCK) ", demand='@requiresScopes(scopes: [["clock:read"]])')


@dataclass
class Clock:
    """The subgraph: a real schema on graphql-core, counting what it does."""

    schema: GraphQLSchema = field(default_factory=lambda: build_schema(CLOCK_TYPES.format(join="", demand="")))
    wound: int = 0
    open_sources: int = 0
    produced: int = 0
    callers: list[Caller] = field(default_factory=list)

    async def execute(self, request: SubgraphRequest, caller: Caller) -> SubgraphResponse:
        self.callers.append(caller)
        result = await graphql(
            self.schema,
            request.query,
            root_value=self,
            variable_values=dict(request.variables),
            operation_name=request.operation_name,
        )
        return result.formatted

    async def subscribe(self, request: SubgraphRequest, caller: Caller) -> AsyncIterator[SubgraphResponse]:
        self.callers.append(caller)
        answer = subscribe(self.schema, parse(request.query), root_value=self, variable_values=dict(request.variables))
        results: Any = await answer if asyncio.iscoroutine(answer) or asyncio.isfuture(answer) else answer
        if not hasattr(results, "__aiter__"):
            yield results.formatted
            return
        try:
            async for result in results:
                yield result.formatted
        finally:
            await results.aclose()

    def hello(self, info: Any, name: str | None = None) -> str:
        return f"hello {name}"

    async def slow(self, info: Any, seconds: float) -> str:
        await asyncio.sleep(seconds)
        return "at last"

    def secret(self, info: Any) -> str:
        return "clockwork"

    def fails(self, info: Any) -> int:
        raise ValueError("a wheel broke")

    async def wind(self, info: Any, turns: int, seconds: float = 0) -> int:
        await asyncio.sleep(seconds)
        self.wound += turns
        return self.wound

    async def _source(self, name: str, values: AsyncIterator[Any]) -> AsyncIterator[dict[str, Any]]:
        self.open_sources += 1
        try:
            async for value in values:
                self.produced += 1
                yield {name: value}
        finally:
            self.open_sources -= 1

    def ticks(self, info: Any, count: int, every: float = 0) -> AsyncIterator[Any]:
        async def numbers() -> AsyncIterator[int]:
            for number in range(count):
                yield number
                await asyncio.sleep(every)

        return self._source("ticks", numbers())

    def flood(self, info: Any, bytes: int) -> AsyncIterator[Any]:
        async def chunks() -> AsyncIterator[str]:
            while True:
                yield "x" * bytes
                await asyncio.sleep(0)

        return self._source("flood", chunks())

    def forever(self, info: Any, name: str = "forever") -> AsyncIterator[Any]:
        async def silence() -> AsyncIterator[int]:
            yield 0
            await asyncio.Event().wait()

        return self._source(name, silence())

    def guarded(self, info: Any) -> AsyncIterator[Any]:
        return self.forever(info, "guarded")

    def breaks(self, info: Any, after: int) -> AsyncIterator[Any]:
        async def numbers() -> AsyncIterator[int]:
            for number in range(after):
                yield number
            raise RuntimeError("the spring snapped")

        return self._source("breaks", numbers())


@dataclass
class Served:
    """A router that listens on 127.0.0.1."""

    port: int
    app: RouterApp
    clock: Clock

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/graphql"

    @property
    def socket_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/graphql"


Serve = Callable[..., AbstractAsyncContextManager[Served]]


DOORS = ("own", "uvicorn")


@pytest.fixture(params=DOORS)
def door(request: pytest.FixtureRequest) -> str:
    """Which HTTP server the router is behind: every test of the doors runs for each."""
    return str(request.param)


@pytest.fixture
def serve(door: str) -> Serve:
    """``async with serve(settings, verifier=…) as router``: the clock's router as ``router serve`` runs it."""

    @asynccontextmanager
    async def start(
        settings: Settings | None = None, *, verifier: TokenVerifier | None = None
    ) -> AsyncIterator[Served]:
        settings = settings or Settings()
        settings = replace(settings, server=replace(settings.server, port=0, drain_s=1))
        clock = Clock()
        pipeline = Pipeline(
            read_supergraph(CLOCK_SUPERGRAPH),
            {"clock": InProcessTransport(clock.execute, clock.subscribe)},
            pipeline_settings(settings),
        )
        app = build_app(pipeline, settings, verifier=verifier)
        try:
            async with listening(door, app, settings) as port:
                yield Served(port, app, clock)
        finally:
            await pipeline.aclose()

    return start


@asynccontextmanager
async def listening(door: str, app: RouterApp, settings: Settings) -> AsyncIterator[int]:
    """The port on which the application is served by ``door``; drained when left."""
    if door == "own":
        own = door_of(app, settings)
        with socket.create_server(("127.0.0.1", 0)) as listener:
            async with app.running():
                await own.start([listener])
                try:
                    yield listener.getsockname()[1]
                finally:
                    await own.stop()
        return
    server = uvicorn.Server(uvicorn.Config(app, **{**uvicorn_options(settings), "loop": "none"}))
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    task = asyncio.create_task(server._serve())
    while not server.started:
        await asyncio.sleep(0.005)
        if task.done():
            task.result()
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await task
