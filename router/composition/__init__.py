"""Composition: subgraph schemas → one supergraph, or the reasons why not.

``compose`` reads as a table of contents: load (parse, link, validate) → upgrade (Federation v1 to v2) → rules of one
subgraph → merge → rules of the whole → satisfiability → render. Each step takes frozen values and gives frozen values;
problems of one step are told together, and the next step runs only on what is sound.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from router.composition.load import load_subgraph
from router.composition.merge import merge_subgraphs
from router.composition.options import CompositionOptions
from router.composition.problems import CompositionErrors, Findings, Hint, Location, Problem
from router.composition.render import render
from router.composition.rules.merged_rules import check_merged
from router.composition.rules.subgraph_rules import check_subgraph
from router.composition.satisfiability import check_satisfiability
from router.composition.subgraph import Subgraph, SubgraphSource
from router.composition.upgrade import upgrade_subgraphs

__all__ = [
    "Composed",
    "CompositionErrors",
    "CompositionOptions",
    "Hint",
    "Location",
    "Problem",
    "SubgraphSource",
    "compose",
]


DEFAULT_OPTIONS = CompositionOptions()


@dataclass(frozen=True, slots=True)
class Composed:
    """A supergraph as SDL (join spec over link spec) and what is worth a look."""

    supergraph_sdl: str
    hints: tuple[Hint, ...]


def compose(sources: Iterable[SubgraphSource], options: CompositionOptions = DEFAULT_OPTIONS) -> Composed:
    """Compose subgraphs into a supergraph; raises CompositionErrors. The order of the subgraphs does not matter."""
    findings = Findings()
    subgraphs = _load_all(sources, findings)
    subgraphs = upgrade_subgraphs(subgraphs, findings)
    findings.stop_on_problems()
    merged = merge_subgraphs(subgraphs, findings)
    check_merged(merged)
    check_satisfiability(merged, options.max_paths)
    findings.stop_on_problems()
    return Composed(render(merged), tuple(findings.hints))


def _load_all(sources: Iterable[SubgraphSource], findings: Findings) -> list[Subgraph]:
    ordered = sorted(sources, key=lambda source: source.name)
    for one, other in pairwise(ordered):
        if one.name == other.name:
            findings.refuse("INVALID_SUBGRAPH_NAME", f'A subgraph named "{one.name}" already exists')
    loaded = [load_subgraph(source, findings) for source in ordered]
    subgraphs = [subgraph for subgraph in loaded if subgraph is not None]
    for subgraph in subgraphs:
        check_subgraph(subgraph, findings)
    findings.stop_on_problems()
    return subgraphs
