"""Emitted programs as people read them: ``pytest … --golden`` writes them anew, the diff shows what has changed."""

from __future__ import annotations

from pathlib import Path

import pytest
from shop import supergraph

from router.executor import compile_plan
from router.operation import parse_request
from router.planner import plan

GOLDEN = Path(__file__).parent / "golden"

OPERATIONS = {
    "one_fetch": "query OneFetch { products { upc name } }",
    "entities": "query Entities($n: Int) { products(first: $n) { name inStock reviews { body author { name } } } }",
    "requires_after_key": "query Requires { product(upc: 1) { shipping } me { name } }",
    "mutation": 'mutation Rename { rename(upc: 1, name: "x") { name shipping } greet }',
    "condition_merges": "query Condition($deep: Boolean!) { products { name reviews @include(if: $deep) { body } } }",
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_the_emitted_program(name: str, request: pytest.FixtureRequest) -> None:
    graph = supergraph()
    operation = parse_request(OPERATIONS[name], None, graph.api_schema)
    source = f"# {OPERATIONS[name]}\n{compile_plan(plan(graph, operation), operation, graph).source}"
    file = GOLDEN / f"{name}.py.txt"
    if request.config.getoption("--golden"):
        file.write_text(source)
    assert source == file.read_text()
