"""Emit the plan's control flow: a line a fetch, sequences as straight lines, parallel parts awaited together."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from router.executor.emit_collector import emit_collector
from router.executor.fetches import PreparedFetch, shared_paths
from router.executor.source import SourceWriter
from router.planner.nodes import ConditionNode, Defer, Fetch, Flatten, Node, Parallel, Sequence, SubscriptionNode

MAX_NESTED_LISTS = 15
"""Python nests at most twenty loops; deeper paths are collected by the interpreted collector."""
NOTHING: Mapping[int, tuple[str, ...]] = MappingProxyType({})


class PlanEmitter:
    """Writes ``async def execute(run)`` for a plan, or for what follows each event of a subscription."""

    def __init__(
        self,
        writer: SourceWriter,
        fetches: Mapping[int, PreparedFetch],
        after_fetch: Mapping[int, tuple[str, ...]] = NOTHING,
    ) -> None:
        """``after_fetch``: by a fetch's number, lines to run as soon as its data is merged."""
        self._writer = writer
        self._fetches = fetches
        self._after_fetch = after_fetch
        self._shared = shared_paths(fetches.values())
        self._branches = 0
        self._calls: Mapping[int, str] = {}

    def emit(self, node: Node | None) -> None:
        """Write the collectors of all fetches, then ``execute``."""
        if isinstance(node, SubscriptionNode):
            node = node.rest
        if isinstance(node, Defer):
            node = node.primary
        self._calls = {key: self._fetch(fetch) for key, fetch in self._fetches.items()}
        self.function("execute", node)

    def function(self, name: str, node: Node | None, first: tuple[str, ...] = ()) -> None:
        """Write ``async def name(run)``, which runs a part of the plan after the lines ``first``."""
        self._function(name, [*((0, line) for line in first), *self._steps(node)])

    def _fetch(self, fetch: PreparedFetch) -> str:
        """The call that runs a fetch; writes the collector it needs first."""
        constant = self._writer.constant(f"FETCH_{fetch.number}", fetch)
        title = f"{fetch.subgraph}: {', '.join(fetch.keys)}"
        self._writer.line(f"# {constant}: {title!r}")  # quoted, as a subgraph's name may hold anything
        plan = fetch.representations
        if plan is None:
            return f"run.{'fetch_below' if fetch.path else 'fetch_root'}({constant})"
        if plan.context:
            return f"run.fetch_in_context({constant})"
        if fetch.path.count("@") > MAX_NESTED_LISTS:
            return f"run.fetch_entities({constant}, run.collect({constant}))"
        collector = f"collect_{fetch.number}"
        emit_collector(self._writer, collector, plan, constant, self._shared, fetch.folds)
        return f"run.fetch_collected({constant}, {collector})"

    def _function(self, name: str, lines: list[tuple[int, str]]) -> None:
        with self._writer.block(f"async def {name}(run):"):
            for depth, text in lines or [(0, "pass")]:
                self._writer.line("    " * depth + text)
        self._writer.line()

    def _steps(self, node: Node | None, depth: int = 0) -> list[tuple[int, str]]:
        match node:
            case None:
                return []
            case Fetch():
                after = self._after_fetch.get(self._fetches[id(node)].number, ())
                return [(depth, f"await {self._calls[id(node)]}"), *((depth, line) for line in after)]
            case Flatten():
                return self._steps(node.node, depth)
            case Sequence():
                return [line for child in node.nodes for line in self._steps(child, depth)]
            case Parallel():
                calls = [self._call(child) for child in node.nodes]
                if len(calls) == 1:
                    return [(depth, f"await {calls[0]}")]
                return [(depth, f"await gather({', '.join(calls)})")]
            case ConditionNode():
                return self._condition(node, depth)
            case SubscriptionNode() | Defer():
                raise AssertionError("stands at the top of a plan only")

    def _call(self, node: Node) -> str:
        """A coroutine expression for one part of a Parallel."""
        steps = self._steps(node)
        if len(steps) == 1 and steps[0][1].startswith("await "):
            return steps[0][1].removeprefix("await ")
        self._branches += 1
        name = f"branch_{self._branches}"
        self._function(name, steps)
        return f"{name}(run)"

    def _condition(self, node: ConditionNode, depth: int) -> list[tuple[int, str]]:
        then, otherwise = self._steps(node.if_clause, depth + 1), self._steps(node.else_clause, depth + 1)
        test = f"run.variables.get({node.variable!r}) is True"
        if then and otherwise:
            return [(depth, f"if {test}:"), *then, (depth, "else:"), *otherwise]
        if then:
            return [(depth, f"if {test}:"), *then]
        return [(depth, f"if not ({test}):"), *otherwise] if otherwise else []
