"""The checked-in schemas: each subgraph's SDL, and the supergraph composed from them."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from router.composition import Composed, compose
from router.composition.subgraph import SubgraphSource
from subgraphs.registry import DOMAINS

FIRST_PORT = 4101
"""Port of the first subgraph when each is served alone; the supergraph's URLs say so (docker-compose.yml)."""


def sources() -> list[SubgraphSource]:
    """The subgraphs as composition takes them."""
    return [
        SubgraphSource(domain.name, f"http://127.0.0.1:{FIRST_PORT + number}/graphql", domain.sdl())
        for number, domain in enumerate(DOMAINS)
    ]


def composed() -> Composed:
    """The supergraph of all domains. Raises router.composition.CompositionErrors."""
    return compose(sources())


def files() -> Mapping[str, str]:
    """What belongs into ``schema/``: file name → text."""
    subgraphs = {f"{source.name}.graphql": source.sdl for source in sources()}
    return {**subgraphs, "supergraph.graphql": composed().supergraph_sdl.rstrip() + "\n"}


def write_schema(folder: Path) -> int:
    """Write the files; the exit status is 0."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files().items():
        (folder / name).write_text(text, encoding="utf-8")
    return 0


def check_schema(folder: Path) -> int:
    """Compare the files; the exit status is 1 when one differs, is missing, or does not belong there."""
    wanted = files()
    present = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.graphql")}
    differing = sorted(name for name in wanted.keys() | present.keys() if wanted.get(name) != present.get(name))
    for name in differing:
        print(f"{folder / name} is not what the code says: run scripts/schema", file=sys.stderr)
    return 1 if differing else 0
