"""Case files: subgraphs under ``# subgraph NAME``, Federation v2.14 linked with all imports unless one links itself."""

from __future__ import annotations

import re
from pathlib import Path

from router.composition import CompositionOptions, SubgraphSource
from router.federation.directives import LATEST, federation_spec

CASES = Path(__file__).parent / "cases"
_SPEC = federation_spec(LATEST)
assert _SPEC is not None
_IMPORTS = ", ".join(f'"@{directive.name}"' for directive in _SPEC.directives)
LINK = f'extend schema @link(url: "{_SPEC.url}", import: [{_IMPORTS}])\n'


def federated(sdl: str) -> str:
    """The SDL with a link to Federation v2, unless it has one or says ``# federation 1``."""
    plain = "specs.apollo.dev/federation" in sdl or "# federation 1" in sdl
    return sdl if plain else f"{sdl}\n{LINK}"


def source(name: str, sdl: str) -> SubgraphSource:
    return SubgraphSource(name, f"http://{name}", federated(sdl))


def read_case(path: Path) -> tuple[list[SubgraphSource], CompositionOptions]:
    text = path.read_text(encoding="utf-8")
    limit = re.search(r"^# max paths: (\d+)$", text, re.MULTILINE)
    parts = re.split(r"^# subgraph (\S+)\n", text, flags=re.MULTILINE)[1:]
    sources = [source(name, sdl) for name, sdl in zip(parts[::2], parts[1::2], strict=True)]
    return sources, CompositionOptions(int(limit[1])) if limit else CompositionOptions()
