"""Case files: subgraphs, an operation and the plan it must get, in sections that begin with ``--- kind [name]``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from router.composition import SubgraphSource, compose
from router.federation.supergraph import Supergraph, read_supergraph

HEAD = (
    'extend schema @link(url: "https://specs.apollo.dev/federation/v2.8", import: ["@key", "@shareable", "@external",'
    ' "@requires", "@provides", "@override", "@interfaceObject", "@inaccessible", "@tag", "@context",'
    ' "@fromContext"])\n'
)


@dataclass(frozen=True)
class Case:
    """``rule`` is the first line; ``plan`` the expected text, empty where only the data is told."""

    path: Path
    rule: str
    subgraphs: tuple[tuple[str, str], ...]
    operation: str
    labels: frozenset[str]
    plan: str

    def supergraph(self) -> Supergraph:
        """Composed from the subgraphs."""
        sources = [SubgraphSource(name, f"http://{name}.test", HEAD + sdl) for name, sdl in self.subgraphs]
        return read_supergraph(compose(sources).supergraph_sdl)


def read_case(path: Path) -> Case:
    """Read one file."""
    rule, *sections = path.read_text().split("\n--- ")
    parts = [(head, body) for head, _, body in (section.partition("\n") for section in sections)]
    named = dict(parts)
    return Case(
        path=path,
        rule=rule.strip(),
        subgraphs=tuple((head.split()[1], body) for head, body in parts if head.startswith("subgraph ")),
        operation=named["operation"],
        labels=frozenset(named.get("labels", "").split()),
        plan=named.get("plan", "").strip(),
    )


CASES = sorted((Path(__file__).parent / "cases").glob("*.txt"))
