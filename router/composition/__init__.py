"""Composition: subgraph schemas → one supergraph, or the reasons why not.

``compose`` reads as a table of contents: load (parse, link, validate) → upgrade (Federation v1 to v2) → rules of one
subgraph → merge → rules of the whole → satisfiability → render. Each step takes frozen values and gives frozen values;
problems of one step are told together, and the next step runs only on what is sound.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from router.composition.load import load_subgraph
from router.composition.merge import merge_subgraphs
from router.composition.problems import CompositionErrors, Findings, Hint, Location, Problem
from router.composition.render import render
from router.composition.subgraph import Subgraph, SubgraphSource

__all__ = [
    "Composed",
    "CompositionErrors",
    "Hint",
    "Location",
    "Problem",
    "SubgraphSource",
    "compose",
]


@dataclass(frozen=True, slots=True)
class Composed:
    """A supergraph as SDL (join spec over link spec) and what is worth a look."""

    supergraph_sdl: str
    hints: tuple[Hint, ...]


def compose(sources: Iterable[SubgraphSource]) -> Composed:
    """Compose subgraphs into a supergraph; raises CompositionErrors. The order of the subgraphs does not matter."""
    findings = Findings()
    subgraphs = _load_all(sources, findings)
    merged = merge_subgraphs(subgraphs, findings)
    findings.stop_on_problems()
    return Composed(render(merged), tuple(findings.hints))


def _load_all(sources: Iterable[SubgraphSource], findings: Findings) -> list[Subgraph]:
    ordered = sorted(sources, key=lambda source: source.name)
    loaded = [load_subgraph(source, findings) for source in ordered]
    findings.stop_on_problems()
    return [subgraph for subgraph in loaded if subgraph is not None]
