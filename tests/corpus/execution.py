"""Score whole runs: compose the recorded subgraphs, plan, execute over recorded data, compare with the recorded answer.

``python -m tests.corpus.execution FILE [--verbose]``. A subgraph answers from what it was recorded to answer: root
fields by response key, entities by any recorded representation that agrees with the one sent. What our plan asks beyond
the recording cannot be answered; such a run is counted as "not recorded", never as right. The last line is the score.
"""

from __future__ import annotations

import asyncio
import json
import lzma
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from graphql import FieldNode, FragmentDefinitionNode, FragmentSpreadNode, OperationDefinitionNode, parse
from graphql.language import SelectionSetNode

from router.caller import Caller
from router.composition import SubgraphSource, compose
from router.executor import ExecutionSettings, InProcessTransport, SubgraphRequest
from router.executor.settings import ErrorPolicy
from router.executor.type_conditions import applies_to
from router.federation.supergraph import Supergraph, read_supergraph
from router.operation import GraphQLRequest
from router.pipeline import Pipeline, PipelineSettings


class NotRecorded(Exception):
    """Our plan asks this subgraph for something the recording does not hold."""


class RecordedSubgraph:
    """Answers from recorded fetches of one subgraph; the type conditions are judged by the merged schema."""

    def __init__(self, fetches: list[Mapping[str, Any]], supergraph: Supergraph, asked: Counter[str]) -> None:
        self._schema = supergraph.schema
        self._asked = asked
        self._name = ""
        self._roots: dict[str, Any] = {}
        self._entities: list[tuple[Mapping[str, Any], Mapping[str, Any] | None]] = []
        for fetch in fetches:
            data = fetch["data"] or {}
            self._name = fetch["subgraph"]
            representations = (fetch.get("variables") or {}).get("representations")
            if representations is None:
                self._roots.update(data)
            else:
                self._entities.extend(zip(representations, data["_entities"], strict=True))

    async def execute(self, request: SubgraphRequest, caller: Caller) -> Mapping[str, Any]:
        """One request, answered from the recording."""
        self._asked[self._name] += 1
        document = parse(request.query, no_location=True)
        fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
        operation = next(d for d in document.definitions if isinstance(d, OperationDefinitionNode))
        answer = _Answer(self._schema, fragments, request.variables)
        try:
            found: dict[str, Any] = {}
            for field in answer.fields(operation.selection_set, None):
                if field.name.value == "_entities":
                    sent = request.variables["representations"]
                    found["_entities"] = [answer.entity(self._entities, one, field.selection_set) for one in sent]
                elif field.name.value != "__typename":
                    found[_key(field)] = answer.value(self._roots, field)
            return {"data": found}
        except NotRecorded as error:
            return {"data": None, "errors": [{"message": str(error), "extensions": {"code": "NOT_RECORDED"}}]}


@dataclass(frozen=True)
class _Answer:
    schema: Any
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Mapping[str, Any]

    def entity(self, recorded: Any, sent: Mapping[str, Any], selection_set: SelectionSetNode | None) -> Any:
        """The recorded entity whose representation says nothing else than the one sent."""
        merged: dict[str, Any] = {}
        known = False
        for representation, entity in recorded:
            shared = representation.keys() & sent.keys()
            if len(shared) > 1 and all(representation[key] == sent[key] for key in shared):
                known = True
                merged = {**merged, **sent, **(entity or {})}
        if not known:
            raise NotRecorded(f"no entity {sent}")
        return self.select(merged, selection_set)

    def select(self, value: Any, selection_set: SelectionSetNode | None) -> Any:
        """The part of a recorded value that is asked for."""
        if isinstance(value, list):
            return [self.select(item, selection_set) for item in value]
        if not isinstance(value, dict) or selection_set is None:
            return value
        result: dict[str, Any] = {}
        for field in self.fields(selection_set, value.get("__typename")):
            result[_key(field)] = _joined(result.get(_key(field)), self.value(value, field))
        return result

    def value(self, held: Mapping[str, Any], field: FieldNode) -> Any:
        """One field of a recorded object, by response key or else by name."""
        key = _key(field) if _key(field) in held else field.name.value
        if key not in held:
            raise NotRecorded(f"no {field.name.value} in {list(held)}")
        return self.select(held[key], field.selection_set)

    def fields(self, selection_set: SelectionSetNode | None, type_name: str | None) -> Iterator[FieldNode]:
        """The fields that apply to an object, fragments opened, conditions honoured."""
        for node in selection_set.selections if selection_set else ():
            if not all(self._holds(directive) for directive in node.directives or ()):
                continue
            if isinstance(node, FieldNode):
                yield node
                continue
            fragment: Any = self.fragments[node.name.value] if isinstance(node, FragmentSpreadNode) else node
            condition = fragment.type_condition.name.value if fragment.type_condition else None
            if condition is None or type_name is None or applies_to(self.schema, condition, type_name):
                yield from self.fields(fragment.selection_set, type_name)

    def _holds(self, directive: Any) -> bool:
        if directive.name.value not in ("include", "skip"):
            return True
        value = directive.arguments[0].value
        given = self.variables.get(value.name.value) if hasattr(value, "name") else value.value
        return given is (directive.name.value == "include")


def _key(field: FieldNode) -> str:
    return (field.alias or field.name).value


def _joined(first: Any, second: Any) -> Any:
    if isinstance(first, dict) and isinstance(second, dict):
        return {**first, **{key: _joined(first.get(key), value) for key, value in second.items()}}
    if isinstance(first, list) and isinstance(second, list) and len(first) == len(second):
        return [_joined(a, b) for a, b in zip(first, second, strict=True)]
    return second


@dataclass(frozen=True)
class Verdict:
    """One run: what it came to, and whether no more fetches were made than recorded."""

    outcome: str
    detail: str = ""
    frugal: bool = True


async def run(case: Mapping[str, Any]) -> Verdict:
    """Compose, plan, execute, compare."""
    try:
        sources = [SubgraphSource(s["name"], f"http://{s['name']}", s["sdl"]) for s in case["subgraphs"]]
        supergraph = read_supergraph(compose(sources).supergraph_sdl)
    except Exception as error:
        return Verdict("not composed", f"{type(error).__name__}: {error}")
    asked: Counter[str] = Counter()
    transports = {}
    for name in supergraph.subgraphs:
        fetches = [fetch for fetch in case["fetches"] if fetch["subgraph"] == name]
        recorded = RecordedSubgraph(fetches or [{"subgraph": name, "data": {}}], supergraph, asked)
        transports[name] = InProcessTransport(recorded.execute)
    pipeline = Pipeline(supergraph, transports, PipelineSettings(execution=ExecutionSettings(ErrorPolicy("all"))))
    asks = case["request"]
    request = GraphQLRequest(asks["query"], asks.get("operationName"), asks.get("variables") or {})
    try:
        answer = await pipeline.execute(request, Caller())
    finally:
        await pipeline.aclose()
    found = orjson.loads(answer.body)
    frugal = asked.total() <= len(case["fetches"])
    if "NOT_RECORDED" in answer.body.decode():
        return Verdict("not recorded", found["errors"][0]["message"], frugal)
    if orjson.dumps(found.get("data")) != orjson.dumps(case["response"].get("data")):
        kind = "other order" if found.get("data") == case["response"].get("data") else "other data"
        return Verdict(kind, answer.body.decode()[:400], frugal)
    if bool(found.get("errors")) != bool(case["response"].get("errors")):
        return Verdict("other errors", answer.body.decode()[:400], frugal)
    return Verdict("right", "", frugal)


def main(arguments: list[str]) -> int:
    """Print each run that is not right, then the score."""
    with lzma.open(Path(arguments[0]), "rt", encoding="utf-8") as lines:
        cases = [json.loads(line) for line in lines]
    verdicts = [asyncio.run(run(case)) for case in cases]
    for case, verdict in zip(cases, verdicts, strict=True):
        if verdict.outcome != "right" or "--verbose" in arguments:
            print(f"{verdict.outcome}: {case['test']} {verdict.detail}")
    outcomes = Counter(verdict.outcome for verdict in verdicts)
    total = len(cases)
    shares = ", ".join(f"{outcome} {100 * count / total:.1f} %" for outcome, count in outcomes.most_common())
    frugal = sum(verdict.frugal for verdict in verdicts if verdict.outcome == "right")
    right = outcomes["right"] or 1
    print(
        f"execution: {total} runs, {shares}; no more fetches than recorded in {100 * frugal / right:.1f} % of the right"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
