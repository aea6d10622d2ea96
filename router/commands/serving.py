"""``serve``: the router as a process of its own, over a supergraph whose subgraphs speak HTTP."""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import sys
from dataclasses import replace
from typing import Any

import uvicorn

from router.app import RouterApp, build_app
from router.commands import EXIT_DONE, EXIT_INPUT, CommandFailed, load_settings, load_supergraph
from router.config import Settings, settings_reference
from router.server import check_subgraph_settings, http_pipeline, pipeline_settings, uvicorn_options

WORKER_VARIABLE = "ROUTER_WORKER_ARGUMENTS"
"""How the first process tells its workers what to serve: the arguments as JSON."""


def add_commands(commands: Any) -> None:
    """Add ``serve``."""
    serving = commands.add_parser(
        "serve",
        help="serve a supergraph",
        description="Serve a supergraph: GraphQL over HTTP and graphql-transport-ws at /graphql, GET /health once"
        " ready. SIGTERM stops taking connections, lets running requests end, and exits.",
        epilog="Settings (file, or environment as ROUTER_<SECTION>_<KEY>):\n\n" + settings_reference(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    serving.add_argument("--supergraph", required=True, metavar="FILE", help="supergraph SDL")
    serving.add_argument("--config", metavar="FILE", help="settings (TOML)")
    serving.add_argument("--host", help="address to listen on (default: server.host)")
    serving.add_argument("--port", type=int, help="TCP port (default: server.port); 0 for any free one")
    serving.add_argument("--workers", type=int, help="worker processes (default: server.workers)")
    serving.add_argument("--access-log", action="store_true", help="log one line a request")
    serving.set_defaults(run=run_serve)


def run_serve(options: argparse.Namespace) -> int:
    """``router serve``."""
    settings = _settings(options)
    app = _app(options.supergraph, settings)
    if settings.server.workers > 1:
        return _run_workers(options, settings)
    listening = _listen(settings)
    _stop_quietly()
    server = _AnnouncingServer(uvicorn.Config(app, **uvicorn_options(settings)))
    server.run(sockets=[listening])
    return EXIT_DONE if server.started else EXIT_INPUT


def worker_app() -> RouterApp:
    """The application of one worker process (uvicorn factory)."""
    given = json.loads(os.environ[WORKER_VARIABLE])
    options = argparse.Namespace(**given)
    return _app(options.supergraph, _settings(options))


def _app(supergraph_file: str, settings: Settings) -> RouterApp:
    supergraph = load_supergraph(supergraph_file)
    try:
        check_subgraph_settings(supergraph, settings)
        pipeline_settings(settings, supergraph.subgraphs)
        return build_app(http_pipeline(supergraph, settings), settings)
    except ValueError as error:
        raise CommandFailed(str(error)) from error


def _settings(options: argparse.Namespace) -> Settings:
    settings = load_settings(options.config)
    given = {name: getattr(options, name) for name in ("host", "port", "workers") if getattr(options, name) is not None}
    server = replace(settings.server, **given, access_log=settings.server.access_log or options.access_log)
    if not 0 <= server.port <= 65_535:
        raise CommandFailed(f"no TCP port: {server.port}")
    if server.workers < 1:
        raise CommandFailed("at least one worker is needed")
    return replace(settings, server=server)


def _run_workers(options: argparse.Namespace, settings: Settings) -> int:
    with _listen(settings) as free:
        settings = replace(settings, server=replace(settings.server, port=int(free.getsockname()[1])))
    options.port = settings.server.port
    given = {name: getattr(options, name) for name in ("supergraph", "config", "host", "port", "workers", "access_log")}
    os.environ[WORKER_VARIABLE] = json.dumps(given)
    _announce(settings.server.host, settings.server.port, settings)
    _stop_quietly()
    uvicorn.run(
        "router.commands.serving:worker_app",
        factory=True,
        workers=settings.server.workers,
        **uvicorn_options(settings),
    )
    return EXIT_DONE


def _stop_quietly() -> None:
    """Exit with 0 on SIGTERM: uvicorn raises the signal that stopped it once more when all is closed."""
    signal.signal(signal.SIGTERM, lambda number, frame: None)


def _listen(settings: Settings) -> socket.socket:
    """The listening socket; bound before anything starts, so that a taken port is one clear line."""
    server = settings.server
    try:
        family = socket.AF_INET6 if ":" in server.host else socket.AF_INET
        return socket.create_server((server.host, server.port), family=family, backlog=server.backlog)
    except OSError as error:
        raise CommandFailed(f"cannot listen on {server.host}:{server.port}: {error.strerror}") from error


def _announce(host: str, port: int, settings: Settings) -> None:
    shown = f"[{host}]" if ":" in host else host
    sys.stderr.write(f"router: serving at http://{shown}:{port}{settings.http.path}\n")
    sys.stderr.flush()


class _AnnouncingServer(uvicorn.Server):
    """Says where it listens once it does."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and sockets:
            application: Any = self.config.app
            _announce(self.config.host, int(sockets[0].getsockname()[1]), application.settings)
