"""Whatever is handed in, composition answers with a supergraph that is a schema, or with problems; in bounded time."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence

import pytest
from case_files import CASES, read_case
from graphql import build_schema
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from router.composition import CompositionErrors, SubgraphSource, compose
from router.federation.supergraph import read_supergraph

SEEDS = [sources for path in sorted(CASES.rglob("*.graphql")) for sources in (read_case(path)[0],)]
_TOKEN = re.compile(r'"(?:[^"\\\n]|\\.)*"|@?\w+|[^\w\s]|\s+')
_DIRECTIVES = st.sampled_from(
    [
        *(
            '@key(fields: "id")',
            '@key(fields: "id { x }")',
            "@external",
            "@shareable",
            "@inaccessible",
            "@interfaceObject",
        ),
        *('@requires(fields: "x")', '@provides(fields: "... on T { x }")', '@override(from: "b", label: "percent(1)")'),
        *('@tag(name: "t")', "@authenticated", '@context(name: "c")', '@fromContext(field: "$c { x }")', "@deprecated"),
        *("@listSize(assumedSize: 1)", "@cost(weight: 1)", '@link(url: "https://x.org/y/v1.0")', "@composeDirective"),
    ]
)


@st.composite
def mutated(draw: st.DrawFn) -> list[SubgraphSource]:
    """The subgraphs of a case with tokens dropped, doubled, swapped or replaced, and directives put anywhere."""
    sources = draw(st.sampled_from(SEEDS))
    others = [token for source in sources for token in _TOKEN.findall(source.sdl)]
    changed = []
    for source in sources:
        tokens = _TOKEN.findall(source.sdl)
        for _ in range(draw(st.integers(0, 4))):
            at = draw(st.integers(0, len(tokens) - 1))
            behind = draw(st.sampled_from(["", tokens[at], draw(_DIRECTIVES)]))
            instead = draw(st.sampled_from(["", tokens[at], draw(st.sampled_from(others))]))
            tokens[at : at + 1] = [instead, " ", behind, " "]
        changed.append(SubgraphSource(source.name, source.url, "".join(tokens)))
    return changed


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(mutated())
def test_any_subgraphs_give_a_schema_or_problems(sources: list[SubgraphSource]) -> None:
    try:
        composed = compose(sources)
    except CompositionErrors as refused:
        assert refused.problems
        return
    assert build_schema(composed.supergraph_sdl)
    assert read_supergraph(composed.supergraph_sdl).api_schema.query_type is not None


LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable"])\n'


def ring(subgraphs: int, types: int) -> list[SubgraphSource]:
    """Each subgraph defines some entities, refers to those of the next, and adds a field to them."""
    sources = []
    for number in range(subgraphs):
        after = (number + 1) % subgraphs
        parts = [LINK, "type Query {", *(f"t{number}_{each}: T{number}_{each}" for each in range(types)), "}"]
        for each in range(types):
            parts.append(f'type T{number}_{each} @key(fields: "id") {{ id: ID! next: T{after}_{each} e: E{number} }}')
            parts.append(f'type T{after}_{each} @key(fields: "id") {{ id: ID! extra{number}: Int }}')
        parts.append(f"enum E{number} {{ A B }}")
        sources.append(SubgraphSource(f"s{number}", "", "\n".join(parts)))
    return sources


def spent(sources: Sequence[SubgraphSource]) -> float:
    """CPU seconds of one composition."""
    before = time.process_time()
    compose(sources)
    return time.process_time() - before


def test_time_grows_with_the_size() -> None:
    spent(ring(2, 2))
    small, large = spent(ring(10, 10)), spent(ring(40, 10))
    assert large < 4 * small * 2.5, (small, large)


def interfaces(count: int) -> str:
    return " & ".join(f"I{each}" for each in range(count))


SHAPES = {
    "a deep field type": f"type Query {{ a: {'[' * 200}Int{']' * 200} }}",
    "a deep default": f"type Query {{ a(x: I = {'{i: ' * 100}null{'}' * 100}): Int }} input I {{ i: I }}",
    "a deep key": f'type Query {{ t: T }} type T @key(fields: "{"t { " * 150} id {"}" * 150}") {{ id: ID! t: T! }}',
    "a wide union": f"type Query {{ u: U }} union U = {' | '.join(f'T{each}' for each in range(800))}\n"
    + "\n".join(f"type T{each} {{ x: Int }}" for each in range(800)),
    "a chain of interfaces": "type Query { i: I0 } interface I0 { x: Int }\n"
    + "\n".join(f"interface I{each} implements {interfaces(each)} {{ x: Int }}" for each in range(1, 40))
    + f"\ntype T implements {interfaces(40)} {{ x: Int }}",
}


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.timeout(120)
def test_odd_shapes_compose(name: str) -> None:
    sources = [
        SubgraphSource(each, "", LINK + SHAPES[name].replace("Query {", f"Query {{ {each}: Int ")) for each in "b"
    ]
    composed = compose(sources)
    assert read_supergraph(composed.supergraph_sdl).api_schema.query_type is not None


@pytest.mark.parametrize("depth", [500, 20_000])
@pytest.mark.parametrize(
    "sdl", ["type Query {{ a: {0}Int{1} }}", "type Query {{ a(x: [Int] = {0}1{1}): Int }}", "type Query {0}{1}"]
)
def test_nesting_beyond_reason_is_refused_not_crashed(sdl: str, depth: int) -> None:
    with pytest.raises(CompositionErrors):
        compose([SubgraphSource("a", "", sdl.format("[" * depth, "]" * depth))])
