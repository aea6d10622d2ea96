"""Type conditions do not explode: however many ways lead to a place, it gets a step a subgraph and round.

One type has its field ``child`` in another subgraph than all others, so at every level, on either side, some types go
on here and some there: without sharing the steps would double with each level.
"""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from router.composition import SubgraphSource, compose
from router.errors import LimitExceeded
from router.federation.supergraph import Supergraph, read_supergraph
from router.operation.parse import parse_request
from router.planner import fetches, plan, plan_stages
from router.planner.show import to_json
from router.planner.steps import rounds
from tests.corpus.queryplan import data_problem, fetched
from tests.router.planner.planner_cases import HEAD

DEPTH = 12


def in_pieces(types: int) -> Supergraph:
    """Types T0, T1, … of the interfaces I and J; ``child`` of T0 is had in another subgraph than that of the rest."""
    here = "type Query { root: I }\ninterface I { id: ID! child: I name: String at(n: Int): String }\n"
    here += "interface J { id: ID! child: I }\n"
    there = "interface I { id: ID! }\n"
    for number in range(types):
        away = '@external needs: Int @requires(fields: "child { id }")' if number == 0 else ""
        key = '@key(fields: "id") { id: ID!'
        here += f"type T{number} implements I & J {key} name: String at(n: Int): String child: I {away} }}\n"
        there += f"type T{number} implements I {key} {'child: I' if number == 0 else ''} }}\n"
    sources = [SubgraphSource(name, "", HEAD + sdl) for name, sdl in (("here", here), ("there", there))]
    return read_supergraph(compose(sources).supergraph_sdl)


def chain(depth: int, last: str = "name") -> str:
    return "{ child " * depth + f"{{ {last} }}" + " }" * depth


def overlapping(depth: int) -> str:
    """Every level asks for the field twice, once on an interface some types have in common."""
    return "{ name }" if depth == 0 else f"{{ child {overlapping(depth - 1)} ... on J {{ child {{ id }} }} }}"


def ambiguous(depth: int) -> str:
    """One response key stands for three things, decided by the type at the top."""
    below = [f"... on T{number} {{ child {chain(depth - 1, f'at(n: {number})')} }}" for number in range(3)]
    return f"{{ {' '.join(below)} }}"


@pytest.mark.parametrize(
    ("selections", "ways"), [(chain, 1), (overlapping, 1), (ambiguous, 3)], ids=["chain", "overlapping", "ambiguous"]
)
def test_steps_are_bounded_by_places_subgraphs_and_rounds(selections: Callable[[int], str], ways: int) -> None:
    supergraph = in_pieces(4)
    text = f"{{ root {selections(DEPTH)} }}"
    operation = parse_request(text, None, supergraph.api_schema)
    stages = plan_stages(supergraph, operation)
    by_place: dict[tuple[object, ...], int] = {}
    order = rounds(stages.drafted)
    for step in stages.drafted:
        place = (step.path, step.subgraph, order[step.id])
        by_place[place] = by_place.get(place, 0) + 1
    assert max(by_place.values()) <= ways, "one for each meaning of a key"
    assert len(stages.drafted) <= ways * DEPTH * 2 * max(order.values())
    assert len(fetched(stages.plan.node)) <= ways * (2 * DEPTH + 1), "two a level"
    assert data_problem(text, operation, stages.plan, supergraph, frozenset()) == ""


def test_the_number_of_types_does_not_multiply_by_level() -> None:
    sizes = {}
    for types in (4, 16):
        supergraph = in_pieces(types)
        stages = plan_stages(supergraph, parse_request(f"{{ root {chain(DEPTH)} }}", None, supergraph.api_schema))
        sizes[types] = (len(stages.drafted), len(json.dumps(to_json(stages.plan))))
    assert sizes[16][0] == sizes[4][0], "the steps do not depend on the number of types"
    assert sizes[16][1] < 4 * sizes[4][1], "four times the types, at most four times the text"


def test_an_operation_that_would_need_too_many_steps_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    supergraph = in_pieces(3)
    operation = parse_request(f"{{ root {chain(5)} }}", None, supergraph.api_schema)
    needed = len(plan_stages(supergraph, operation).drafted)
    monkeypatch.setattr(fetches, "MAX_STEPS", needed - 1)
    with pytest.raises(LimitExceeded) as refused:
        plan(supergraph, operation)
    assert refused.value.extensions["code"] == "QUERY_PLAN_TOO_LARGE"
