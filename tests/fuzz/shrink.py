"""Make a failing case small: cut a piece of text out, keep the cut when the same kind of finding comes back.

A piece is a subgraph, a definition, a field, an argument, a directive, a selection … – whatever the syntax tree has a
place for. Whether what is left makes sense is not asked here: what does not compose or validate fails otherwise.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from graphql import FragmentSpreadNode, GraphQLError, InlineFragmentNode, Node, Visitor, parse, visit

from tests.fuzz.case_file import Case, Finding

Replay = Callable[[Case], Finding | None]

PIECES = frozenset(
    {
        "object_type_definition",
        "object_type_extension",
        "interface_type_definition",
        "union_type_definition",
        "enum_type_definition",
        "scalar_type_definition",
        "input_object_type_definition",
        "field_definition",
        "input_value_definition",
        "enum_value_definition",
        "directive",
        "field",
        "inline_fragment",
        "fragment_spread",
        "argument",
        "variable_definition",
        "fragment_definition",
        "schema_definition",
    }
)
NOT_ALONE = ("not composed", "verdict")
"""Findings that a smaller set of subgraphs may have for another reason."""

_EMPTY = re.compile(r"\([\s,]*\)")
_DANGLING = re.compile(r"(?:\s*[|&]\s*)(?=[|&\n@{]|$)|(?<=[=])\s*\|")


def shrink(case: Case, finding: Finding, replay: Replay, seconds: float) -> tuple[Case, Finding]:
    """The smallest case found in the time, and its own finding of the same kind."""
    until = time.monotonic() + seconds
    kept, told = case, finding
    progress = True
    while progress and time.monotonic() < until:
        progress = False
        for smaller in _smaller(lambda: kept, finding):  # noqa: B023
            if time.monotonic() > until:
                break
            found = _try(smaller, replay)
            if found is not None and found.kind == finding.kind:
                kept, told, progress = smaller, found, True
    return kept, told


def _try(case: Case, replay: Replay) -> Finding | None:
    try:
        return replay(case)
    except Exception:
        return None


def _smaller(kept: Callable[[], Case], finding: Finding) -> Iterator[Case]:
    """Cases with something left out, each made from what has been kept by then."""
    if finding.kind.startswith(NOT_ALONE):
        return
    for name, _ in kept().subgraphs:
        if len(kept().subgraphs) > 1:
            yield replace(kept(), subgraphs=tuple(each for each in kept().subgraphs if each[0] != name))
    yield from _smaller_operation(kept)
    for knob, least in (("errors", 0), ("broken", 0), ("nulls", 0), ("pool", 1), ("longest", 1)):
        if getattr(kept().knobs, knob) > least:
            yield replace(kept(), knobs=replace(kept().knobs, **{knob: least}))
    for label in kept().labels:
        yield replace(kept(), labels=tuple(each for each in kept().labels if each != label))
    for name, _ in kept().subgraphs:
        index = 0
        while True:
            sdl = dict(kept().subgraphs)[name]
            pieces = cuts(sdl)
            if index >= len(pieces):
                break
            before = kept()
            text = without(sdl, pieces[index])
            yield replace(
                before, subgraphs=tuple((each, text if each == name else old) for each, old in before.subgraphs)
            )
            index += kept() is before


def _smaller_operation(kept: Callable[[], Case]) -> Iterator[Case]:
    index = 0
    while kept().operation:
        before = kept()
        changes = _changes(before.operation)
        if index >= len(changes):
            return
        operation = _tidy(changes[index])
        if operation is not None:
            variables = {name: value for name, value in before.variables.items() if f"${name}" in operation}
            yield replace(before, operation=operation, variables=variables)
        index += kept() is before


class _Places(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.nodes: list[Any] = []

    def enter(self, node: Node, *_: Any) -> None:
        if node.kind in PIECES:
            self.nodes.append(node)


def _nodes(text: str) -> list[Any]:
    places = _Places()
    try:
        visit(parse(text), places)
    except GraphQLError:
        return []
    return places.nodes


def cuts(sdl: str) -> list[tuple[int, int]]:
    """Start and end of each piece, larger ones first."""
    links = [(node.loc.start, node.loc.end) for node in _nodes(sdl) if _is_link(node)]
    found = [(node.loc.start, node.loc.end) for node in _nodes(sdl)]
    found = [cut for cut in found if not any(link[0] <= cut[0] and cut[1] <= link[1] for link in links)]
    return sorted(found, key=lambda cut: cut[0] - cut[1])


def _is_link(node: Any) -> bool:
    return bool(node.kind == "directive" and node.name.value == "link")


def without(text: str, cut: tuple[int, int], instead: str = "") -> str:
    """The text without a piece, and without the punctuation that then stands for nothing."""
    left = text[: cut[0]] + instead + text[cut[1] :]
    left = _DANGLING.sub("", _EMPTY.sub("", left))
    return "\n".join(line.rstrip() for line in left.splitlines() if line.strip())


def _changes(operation: str) -> list[str]:
    """The operation with a piece cut out or simplified."""
    nodes = _nodes(operation)
    bodies = {node.name.value: node for node in nodes if node.kind == "fragment_definition"}
    found = [without(operation, (node.loc.start, node.loc.end)) for node in nodes]
    for node in nodes:
        place = (node.loc.start, node.loc.end)
        if isinstance(node, InlineFragmentNode):
            found.append(without(operation, place, _inside(operation, node.selection_set)))
        elif isinstance(node, FragmentSpreadNode) and node.name.value in bodies:
            body = bodies[node.name.value]
            inline = f"... on {body.type_condition.name.value} {{{_inside(operation, body.selection_set)}}}"
            found.append(without(operation, place, inline))
        elif node.kind == "field" and node.alias:
            found.append(without(operation, (node.alias.loc.start, node.name.loc.start)))
    return found


def _inside(text: str, selection_set: Any) -> str:
    return text[selection_set.loc.start + 1 : selection_set.loc.end - 1]


def _tidy(operation: str) -> str | None:
    """Without fragments and variables that nothing uses; None when it cannot be read."""
    while True:
        nodes = _nodes(operation)
        if not nodes:
            return None
        spread = {node.name.value for node in nodes if node.kind == "fragment_spread"}
        unused = [
            node
            for node in nodes
            if (node.kind == "fragment_definition" and node.name.value not in spread)
            or (
                node.kind == "variable_definition"
                and len(re.findall(rf"\${node.variable.name.value}\b", operation)) == 1
            )
        ]
        if not unused:
            return operation
        operation = without(operation, (unused[0].loc.start, unused[0].loc.end))
