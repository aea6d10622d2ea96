"""Commands for one subgraph: ``python -m subgraphs sdl|serve|revise|errors``."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from subgraphs.kit.database import Database
from subgraphs.kit.errors import KIT_ERRORS, errors_page
from subgraphs.kit.migrations import write_revision
from subgraphs.kit.subgraph import Subgraph
from subgraphs.registry import DOMAINS, domain


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit status is 0, or 2 for a command line that makes no sense."""
    parser = argparse.ArgumentParser(prog="python -m subgraphs", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    names = [subgraph.name for subgraph in DOMAINS]

    sdl = commands.add_parser("sdl", help="print the federated SDL of a subgraph")
    sdl.add_argument("name", choices=names)

    serve = commands.add_parser("serve", help="serve one subgraph over HTTP and graphql-transport-ws")
    serve.add_argument("name", choices=names)
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=4101)
    serve.add_argument("--database", default="", help="database URL; SQLite under var/ when not given")

    revise = commands.add_parser("revise", help="write the next migration from the models")
    revise.add_argument("name", choices=names)
    revise.add_argument("-m", "--message", required=True)

    commands.add_parser("errors", help="print the page of all error codes")

    chosen = parser.parse_args(arguments)
    if chosen.command == "errors":
        sys.stdout.write(errors_page([KIT_ERRORS, *(subgraph.errors for subgraph in DOMAINS)]))
        return 0
    subgraph = domain(chosen.name)
    if chosen.command == "sdl":
        sys.stdout.write(subgraph.sdl())
    elif chosen.command == "revise":
        asyncio.run(_revise(subgraph, chosen.message))
    else:
        from subgraphs.kit.serving import serve_forever

        serve_forever(
            subgraph, chosen.database or f"sqlite+aiosqlite:///var/{subgraph.name}.db", chosen.host, chosen.port
        )
    return 0


async def _revise(subgraph: Subgraph, message: str) -> None:
    if subgraph.migrations is None:
        raise SystemExit(f"{subgraph.name} keeps no tables")
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite+aiosqlite:///{Path(folder) / 'revise.db'}")
        await write_revision(database, subgraph.name, subgraph.metadata, subgraph.migrations, message)
        await database.aclose()


if __name__ == "__main__":
    sys.exit(main())
