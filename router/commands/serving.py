"""``serve``: the router as a process of its own, over a supergraph whose subgraphs speak HTTP."""

from __future__ import annotations

import argparse
import os
import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import uvloop

from router.app import build_app
from router.commands import EXIT_DONE, CommandFailed, load_settings
from router.config import Settings, settings_reference
from router.federation.supergraph import Supergraph
from router.server import DOORS, check_subgraph_settings, http_pipeline, http_transports, make_pipeline
from router.server import pipeline_settings as read_pipeline_settings
from router.workers import listening
from router.workers.alone import serve_alone
from router.workers.supergraph_file import RefusedSupergraph, SupergraphFile
from router.workers.supervisor import Supervisor, obey, say
from router.workers.worker import Worker, log_to_stderr


def add_commands(commands: Any) -> None:
    """Add ``serve``."""
    serving = commands.add_parser(
        "serve",
        help="serve a supergraph",
        description="Serve a supergraph: GraphQL over HTTP and graphql-transport-ws at /graphql, GET /health once"
        " ready. SIGTERM stops taking connections, lets running requests end, and exits. SIGHUP reads the supergraph"
        " again: when it is valid it replaces the one served, else that stays and the error is printed. With several"
        " workers SIGUSR1 prints a line about them.",
        epilog="Settings (file, or environment as ROUTER_<SECTION>_<KEY>):\n\n" + settings_reference(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    serving.add_argument("--supergraph", required=True, metavar="FILE", help="supergraph SDL")
    serving.add_argument("--config", metavar="FILE", help="settings (TOML)")
    serving.add_argument("--host", help="address to listen on, or unix:/path (default: server.host)")
    serving.add_argument("--port", type=int, help="TCP port (default: server.port); 0 for any free one")
    serving.add_argument("--workers", type=int, help="worker processes (default: server.workers)")
    serving.add_argument("--door", choices=DOORS, help="HTTP server: own or uvicorn (default: server.door)")
    serving.add_argument("--watch", action="store_const", const=1.0, help="reload when the supergraph's file changes")
    serving.add_argument("--access-log", action="store_true", help="log one line a request")
    serving.set_defaults(run=run_serve)


def run_serve(options: argparse.Namespace) -> int:
    """``router serve``."""
    settings = _settings(options)
    file = SupergraphFile(Path(options.supergraph), lambda supergraph: _check(supergraph, settings))
    try:
        loaded = file.load()
        # Issuer without keys and the like: said once, before anything is opened.
        build_app(http_pipeline(loaded.supergraph, settings), settings)
    except RefusedSupergraph as refused:
        raise CommandFailed(str(refused)) from refused
    except ValueError as error:
        raise CommandFailed(str(error)) from error
    log_to_stderr(settings)
    server = settings.server
    is_shared = server.workers > 1 and not server.host.startswith(listening.UNIX) and listening.can_share()
    with listening.open_until_done(_open(settings, shared=is_shared), server.host) as opened:
        port = 0 if opened.family == socket.AF_UNIX else int(opened.getsockname()[1])
        settings = replace(settings, server=replace(server, port=port))
        where = listening.shown(server.host, port, settings.http.path)
        if server.workers == 1:
            worker = _worker(loaded.supergraph, settings, opened, lambda: say(f"serving at {where}"))
            uvloop.run(serve_alone(worker, file, server.watch_s, say))
            return EXIT_DONE
        say(f"serving at {where}")

        def work(supergraph: Supergraph, control: socket.socket) -> None:
            own = listening.listen_shared(server.host, port, server.backlog) if is_shared else opened
            with own:
                uvloop.run(obey(_worker(supergraph, settings, own), control, file.read))

        return Supervisor(
            file, loaded, work, count=server.workers, drain_s=server.drain_s, watch_s=server.watch_s
        ).run()


def _worker(
    supergraph: Supergraph, settings: Settings, opened: socket.socket, started: Callable[[], None] = lambda: None
) -> Worker:
    app = build_app(http_pipeline(supergraph, settings), settings)
    return Worker(app, settings, opened, lambda other: make_pipeline(other, settings), started)


def _check(supergraph: Supergraph, settings: Settings) -> None:
    """What the settings demand of a supergraph. Raises ``ValueError``."""
    check_subgraph_settings(supergraph, settings)
    read_pipeline_settings(settings, supergraph.subgraphs)
    http_transports(supergraph, settings)


def _settings(options: argparse.Namespace) -> Settings:
    settings = load_settings(options.config)
    names = ("host", "port", "workers", "door")
    given = {name: getattr(options, name) for name in names if getattr(options, name) is not None}
    if options.watch is not None:
        given["watch_s"] = settings.server.watch_s or options.watch
    server = replace(settings.server, **given, access_log=settings.server.access_log or options.access_log)
    if not 0 <= server.port <= 65_535:
        raise CommandFailed(f"no TCP port: {server.port}")
    if server.workers < 1:
        raise CommandFailed("at least one worker is needed")
    if server.workers > 1 and not hasattr(os, "fork"):
        raise CommandFailed("several workers need a system that can fork")
    if server.door not in DOORS:
        raise CommandFailed(f"server.door is one of {', '.join(DOORS)}, not {server.door!r}")
    return replace(settings, server=server)


def _open(settings: Settings, *, shared: bool) -> socket.socket:
    """The socket that is listened on, or that holds the port for the workers' own; taken before anything starts."""
    server = settings.server
    try:
        if shared:
            return listening.reserve(server.host, server.port)
        return listening.listen(server.host, server.port, server.backlog)
    except OSError as error:
        place = server.host if server.host.startswith(listening.UNIX) else f"{server.host}:{server.port}"
        raise CommandFailed(f"cannot listen on {place}: {error.strerror or error}") from error
