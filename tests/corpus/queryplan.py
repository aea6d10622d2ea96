"""Score the planner on a corpus of operations: planned, no more fetches than the reference, same data as a monolith.

``python -m tests.corpus.queryplan FILE [--verbose]``; the supergraphs are read from the file next to it whose name ends
in ``-supergraphs.jsonl.xz``. The last line is the score.
"""

from __future__ import annotations

import json
import lzma
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLResolveInfo,
    GraphQLSchema,
    execute_sync,
    parse,
    parse_type,
    type_from_ast,
    value_from_ast_untyped,
)

from router.federation.supergraph import Supergraph, read_supergraph
from router.operation.model import Operation
from router.operation.parse import parse_request
from router.planner import plan
from router.planner.nodes import ConditionNode, Fetch, Flatten, Node, Parallel, QueryPlan, Sequence
from tests.corpus.deterministic_world import Thing, World, value, with_contexts
from tests.corpus.plan_interpreter import run_plan
from tests.corpus.subgraph_schemas import Subgraph

INTROSPECTED = frozenset({"__schema", "__type"})
"""Answered by the router itself, so no part of a plan."""


@dataclass(frozen=True)
class Verdict:
    """One case: ``problem`` is empty when the data is the same; ``reference`` None when none is recorded."""

    id: str
    planned: bool
    fetches: int = 0
    reference: int | None = None
    problem: str = ""


def fetched(node: Node | None) -> list[str]:
    """The subgraph of every fetch in a plan."""
    if node is None:
        return []
    if isinstance(node, Fetch):
        return [node.subgraph]
    if isinstance(node, Flatten):
        return [node.node.subgraph]
    if isinstance(node, Sequence | Parallel):
        return [subgraph for item in node.nodes for subgraph in fetched(item)]
    if isinstance(node, ConditionNode):
        return fetched(node.if_clause) + fetched(node.else_clause)
    return fetched(node.primary) + fetched(node.rest)


def sample(schema: GraphQLSchema, type_: Any, truth: bool) -> Any:
    """A valid value of an input type."""
    if isinstance(type_, GraphQLNonNull):
        return sample(schema, type_.of_type, truth)
    if isinstance(type_, GraphQLList):
        return [sample(schema, type_.of_type, truth)]
    if isinstance(type_, GraphQLEnumType):
        return next(iter(type_.values))
    if isinstance(type_, GraphQLInputObjectType):
        return {n: sample(schema, f.type, truth) for n, f in type_.fields.items() if isinstance(f.type, GraphQLNonNull)}
    return {"Int": 7, "Float": 7.5, "Boolean": truth}.get(type_.name, "seven")


def variable_sets(operation: Operation, schema: GraphQLSchema) -> Iterator[dict[str, Any]]:
    """Values for the operation's variables, Booleans once true and once false."""
    for truth in (True, False) if operation.variables else (True,):
        yield {v.name: sample(schema, type_from_ast(schema, parse_type(v.type)), truth) for v in operation.variables}


def _hidden_defaults(supergraph: Supergraph, owner: str, name: str) -> dict[str, Any]:
    """The defaults of arguments the API schema does not show; subgraphs apply them unasked."""
    merged = supergraph.schema.type_map[owner].fields[name]  # type: ignore[attr-defined]
    shown = supergraph.api_schema.type_map[owner].fields[name].args  # type: ignore[attr-defined]
    given = {n: a.ast_node.default_value for n, a in merged.args.items() if n not in shown and a.ast_node}
    return {n: value_from_ast_untyped(default) for n, default in given.items() if default}


def monolith(text: str, supergraph: Supergraph, world: World, variables: Mapping[str, Any]) -> Any:
    """The data a single server over the API schema gives."""

    def resolve(thing: Thing | None, info: GraphQLResolveInfo, **arguments: Any) -> Any:
        seed = {"query": 0, "mutation": 1, "subscription": 2}[info.operation.operation.value]
        thing = thing or Thing(seed, info.parent_type.name)
        arguments = {**_hidden_defaults(supergraph, thing.type, info.field_name), **arguments}
        return value(world, thing, info.field_name, with_contexts(world, thing, info.field_name, arguments))

    result = execute_sync(
        supergraph.api_schema,
        parse(text),
        root_value=None,
        variable_values=dict(variables),
        field_resolver=resolve,
        type_resolver=lambda thing, *_: thing.type,
    )
    if result.errors:
        raise AssertionError(f"the monolith fails: {result.errors[0].message}")
    assert result.data is not None
    return {key: item for key, item in result.data.items() if key not in INTROSPECTED}


def difference(expected: Any, found: Any, path: str = "") -> str:
    """Where two answers differ first; empty when they do not."""
    if isinstance(expected, dict) and isinstance(found, dict):
        for key in (*expected, *(key for key in found if key not in expected)):
            if key not in expected or key not in found:
                return f"{path}.{key}: only in {'the monolith' if key in expected else 'the plan'}"
            if inner := difference(expected[key], found[key], f"{path}.{key}"):
                return inner
        return ""
    if isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        return next((d for i, e in enumerate(expected) if (d := difference(e, found[i], f"{path}.{i}"))), "")
    return "" if expected == found else f"{path}: {found!r}, not {expected!r}"


def data_problem(
    text: str, operation: Operation, made: QueryPlan, supergraph: Supergraph, labels: frozenset[str]
) -> str:
    """Empty when the plan brings the same data as the monolith, for every set of variables."""
    for variables in variable_sets(operation, supergraph.api_schema):
        world = World(supergraph)
        expected = monolith(text, supergraph, world, variables)
        subgraphs = {name: Subgraph(world, name, labels) for name in supergraph.subgraphs}

        def send(
            name: str, query: str, given: Mapping[str, Any], to: dict[str, Subgraph] = subgraphs
        ) -> dict[str, Any]:
            return to[name].execute(query, given)

        try:
            found = run_plan(made, operation, supergraph, variables, send)
        except Exception as error:
            return f"{type(error).__name__}: {error}"
        if different := difference(expected, found):
            return different
    return ""


def judge(case: Mapping[str, Any], sdl: str) -> Verdict:
    """One case of the corpus."""
    labels = frozenset(label for label, on in case.get("overrides", {}).items() if on)
    recorded = case.get("fetch_services", case.get("fetch_services_default_config"))
    reference = None if recorded is None else len(recorded)
    try:
        supergraph = read_supergraph(sdl)
        operation = parse_request(case["operation"], None, supergraph.api_schema)
        made = plan(supergraph, operation, labels)
    except Exception as error:
        return Verdict(case["id"], False, 0, reference, f"{type(error).__name__}: {error}")
    problem = data_problem(case["operation"], operation, made, supergraph, labels)
    return Verdict(case["id"], True, len(fetched(made.node)), reference, problem)


def read_lines(path: Path) -> list[dict[str, Any]]:
    """A file of JSON lines, compressed by xz or plain."""
    with lzma.open(path, "rt") if path.suffix == ".xz" else path.open() as lines:
        return [json.loads(line) for line in lines if line.strip()]


def supergraphs_beside(path: Path) -> Path:
    """``x.jsonl.xz`` → ``x-supergraphs.jsonl.xz``."""
    stem, dot, suffixes = path.name.partition(".")
    return path.with_name(f"{stem}-supergraphs{dot}{suffixes}")


def main(arguments: list[str]) -> int:
    """Print a line for each case that falls short, then the score."""
    path = Path(arguments[0])
    sdls = {line["id"]: line["supergraph"] for line in read_lines(supergraphs_beside(path))}
    verdicts = [judge(case, sdls[case["supergraph_id"]]) for case in read_lines(path)]
    for verdict in verdicts:
        if not verdict.planned:
            print(f"{verdict.id} not planned: {verdict.problem}")
        elif verdict.problem:
            print(f"{verdict.id} data: {verdict.problem}")
        if verdict.planned and verdict.reference is not None and verdict.fetches > verdict.reference:
            print(f"{verdict.id} fetches: {verdict.fetches}, reference {verdict.reference}")
    counted = [v for v in verdicts if v.reference is not None]
    planned = sum(v.planned for v in verdicts)
    frugal = sum(v.planned and v.reference is not None and v.fetches <= v.reference for v in counted)
    same = sum(v.planned and not v.problem for v in verdicts)
    print(
        f"queryplan: {len(verdicts)} cases, planned {100 * planned / len(verdicts):.2f} %, "
        f"no more fetches {100 * frugal / len(counted):.2f} %, same data {100 * same / len(verdicts):.2f} %"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
