"""Every set of subgraphs of our case files that composes: the planner's cases, composition's hints, the hub itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from hub.schema import sources as hub_sources
from router.composition import SubgraphSource, compose
from tests.router.composition.case_files import read_case as read_composition_case
from tests.router.planner.planner_cases import CASES as PLANNER_CASES
from tests.router.planner.planner_cases import HEAD, read_case

EVERYTHING = Path(__file__).with_name("everything.txt")
HINTS = sorted((Path(__file__).parents[1] / "router" / "composition" / "cases" / "hints").glob("*.graphql"))


@dataclass(frozen=True)
class Case:
    """Subgraphs and, where a case has one, an operation with the override labels that are on for it."""

    subgraphs: tuple[SubgraphSource, ...]
    operation: str = ""
    labels: frozenset[str] = frozenset()


@cache
def cases() -> Mapping[str, Case]:
    """By name; all of them are accepted by our composition."""
    found = {"hub": Case(tuple(hub_sources()))}
    for path in [EVERYTHING, *PLANNER_CASES]:
        case = read_case(path)
        found[f"plan {path.stem}"] = Case(_sources(case.subgraphs), case.operation, case.labels)
    for path in HINTS:
        found[f"hint {path.stem}"] = Case(tuple(read_composition_case(path)[0]))
    return found


def _sources(named: Sequence[tuple[str, str]]) -> tuple[SubgraphSource, ...]:
    return tuple(SubgraphSource(name, f"http://{name}.test", HEAD + sdl) for name, sdl in named)


def as_json(case: Case) -> list[dict[str, str]]:
    """The subgraphs as the scripts take them."""
    return [{"name": one.name, "url": one.url, "sdl": one.sdl} for one in case.subgraphs]


@cache
def composed_here(name: str) -> str:
    """Our supergraph of a case."""
    return compose(cases()[name].subgraphs).supergraph_sdl
