"""``hub serve``: everything in one process, opened in the order data flows and closed the other way round."""

from __future__ import annotations

import logging
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import asyncpg
import uvloop

from auth.app import app_of
from auth.errors import AuthError
from auth.server import AuthServer
from hub import greeting
from hub.databases import create_missing_databases
from hub.door import HubDoor
from hub.identity import open_auth, verifier
from hub.in_process import SubgraphTransport
from hub.live import Live, open_live
from hub.router_settings import router_settings
from hub.schema import composed
from hub.settings import Settings
from router.app import RouterApp, build_app
from router.config import ConfigError
from router.config import Settings as RouterSettings
from router.door import serve_until_stopped
from router.federation.supergraph import read_supergraph
from router.pipeline import Pipeline
from router.server import check_subgraph_settings, door_of, pipeline_settings, settled_memory
from sensors_bridge.broker import BrokerFailed
from sensors_bridge.mqtt import BadBrokerUrl
from sensors_bridge.store import StoreError
from subgraphs.kit.database import Database
from subgraphs.kit.simulated_payments import SimulatedPayments
from subgraphs.kit.subgraph import OpenSubgraph
from subgraphs.registry import DOMAINS


@dataclass(frozen=True, slots=True)
class RunningHub:
    """What runs in this process."""

    settings: Settings
    options: RouterSettings
    router: RouterApp
    door: HubDoor
    auth: AuthServer
    live: Live
    subgraphs: tuple[OpenSubgraph, ...]


@asynccontextmanager
async def open_hub(settings: Settings) -> AsyncIterator[RunningHub]:
    """Open every room.

    Raises what a room raises that cannot open: ConfigError, OSError, StoreError, BrokerFailed, AuthError,
    CompositionErrors.
    """
    options = router_settings(settings)
    supergraph = read_supergraph(composed().supergraph_sdl)
    check_subgraph_settings(supergraph, options)
    planning = pipeline_settings(options, supergraph.subgraphs)
    async with AsyncExitStack() as stack:
        await create_missing_databases(settings, ["readings", "payments", *(domain.name for domain in DOMAINS)])
        live = await stack.enter_async_context(open_live(settings))
        auth = await stack.enter_async_context(open_auth(settings))
        ledger = Database(settings.database_url("payments"))
        stack.push_async_callback(ledger.aclose)
        services = {
            "readings": live.store,
            "fanout": live.fanout,
            "payments": await SimulatedPayments.open(ledger),
        }
        subgraphs: list[OpenSubgraph] = []
        for domain in DOMAINS:
            database = Database(settings.database_url(domain.name))
            subgraph = await OpenSubgraph.open(domain, database, services=services)
            stack.push_async_callback(subgraph.aclose)
            subgraph.start_background()
            subgraphs.append(subgraph)
        transports = {subgraph.subgraph.name: SubgraphTransport(subgraph) for subgraph in subgraphs}
        pipeline = Pipeline(supergraph, transports, planning)
        stack.push_async_callback(pipeline.aclose)
        router = build_app(pipeline, options, verifier=verifier(auth))
        await stack.enter_async_context(router.running())
        yield RunningHub(settings, options, router, HubDoor(router, app_of(auth)), auth, live, tuple(subgraphs))


async def _serve(settings: Settings) -> None:
    listening = _listen(settings)
    async with open_hub(settings) as hub:
        if not settings.quiet:
            print(await greeting.text(hub), flush=True)
        with settled_memory():
            await serve_until_stopped(door_of(hub.router, hub.options, hub.door), [listening])


def serve(settings: Settings) -> int:
    """Run until SIGTERM or SIGINT; the exit status is 0, or 1 with one line that says why it cannot start."""
    logging.basicConfig(
        level=settings.log_level.upper(), stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    try:
        uvloop.run(_serve(settings))
    except (ConfigError, OSError, asyncpg.PostgresError, StoreError, BrokerFailed, BadBrokerUrl, AuthError) as problem:
        print(f"hub: cannot start: {problem}", file=sys.stderr)
        return 1
    return 0


def _listen(settings: Settings) -> socket.socket:
    """The listening socket, bound before anything is opened, so that a taken port costs nothing.

    Raises OSError.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # Without the protocol named, asyncio would leave Nagle's delay on.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((settings.host, settings.port))
    except OSError as problem:
        listening.close()
        raise OSError(f"{settings.host}:{settings.port} cannot be listened on ({problem.strerror})") from problem
    listening.set_inheritable(True)
    return listening
