"""What a run has exercised, counted, so that "nothing found" means something."""

from __future__ import annotations

from collections.abc import Iterator

from router.planner.nodes import ConditionNode, Fetch, Flatten, Node, Parallel, QueryPlan, Sequence, SubscriptionNode

RESOLVED = (
    "key: single",
    "key: compound",
    "key: nested",
    "key: one of several",
    "requires",
    "requires: nested",
    "requires: with arguments",
    "requires: of a required field",
    "provides",
    "provides: on an abstract type",
    "override",
    "override: label on",
    "override: label off",
    "shareable field",
    "interface object",
    "abstract type",
    "mutation",
    "list of lists",
    "enum",
    "custom scalar",
    "arguments",
    "null",
    "error",
    "broken promise",
)
"""Counted where a subgraph resolves a field."""

PLANNED = (
    "plan: several fetches",
    "plan: parallel",
    "plan: three rounds or more",
    "plan: condition",
    "plan: type in a path",
    "plan: key renamed",
    "plan: type rewritten",
    "plan: several types a fetch",
)
ASKED = (
    "fragment spread",
    "inline fragment",
    "variable",
    "condition",
    "alias",
    "__typename",
    "introspection",
    "mutation operation",
)
COMPOSED = (
    "federation 1 subgraph",
    "renamed import",
    "renamed root",
    "inaccessible",
    "value type in pieces",
    "resolvable: false",
    "interface of an interface",
    "set that is refused",
)
FEATURES = (*RESOLVED, *PLANNED, *ASKED, *COMPOSED)


def of_plan(plan: QueryPlan) -> Iterator[str]:
    """The features of one plan."""
    fetches = list(_fetches(plan.node))
    if len(fetches) > 1:
        yield "plan: several fetches"
    if _rounds(plan.node) > 2:
        yield "plan: three rounds or more"
    if _has(plan.node, Parallel):
        yield "plan: parallel"
    if _has(plan.node, ConditionNode):
        yield "plan: condition"
    if any(step.startswith("... on ") for path in _paths(plan.node) for step in path):
        yield "plan: type in a path"
    if any(fetch.output_rewrites for fetch in fetches):
        yield "plan: key renamed"
    if any(fetch.input_rewrites for fetch in fetches):
        yield "plan: type rewritten"
    if any(len(fetch.requires) > 1 for fetch in fetches):
        yield "plan: several types a fetch"


def of_operation(text: str) -> Iterator[str]:
    """The features of one operation's text."""
    for word, feature in (
        ("fragment F", "fragment spread"),
        ("... on", "inline fragment"),
        (" ($", "variable"),
        ("(if:", "condition"),
        (": ", "alias"),
        ("__typename", "__typename"),
        ("__schema", "introspection"),
        ("__type(", "introspection"),
        ("mutation", "mutation operation"),
    ):
        if word in text:
            yield feature


def _children(node: Node | None) -> tuple[Node, ...]:
    match node:
        case Flatten():
            return (node.node,)
        case Sequence() | Parallel():
            return node.nodes
        case ConditionNode():
            return tuple(each for each in (node.if_clause, node.else_clause) if each is not None)
        case SubscriptionNode():
            return (node.primary,) if node.rest is None else (node.primary, node.rest)
    return ()


def _fetches(node: Node | None) -> Iterator[Fetch]:
    if isinstance(node, Fetch):
        yield node
    for child in _children(node):
        yield from _fetches(child)


def _paths(node: Node | None) -> Iterator[tuple[str, ...]]:
    if isinstance(node, Flatten):
        yield node.path
    for child in _children(node):
        yield from _paths(child)


def _has(node: Node | None, kind: type) -> bool:
    return isinstance(node, kind) or any(_has(child, kind) for child in _children(node))


def _rounds(node: Node | None) -> int:
    below = [_rounds(child) for child in _children(node)]
    if isinstance(node, Sequence):
        return sum(below)
    return max(below, default=1 if isinstance(node, Fetch) else 0)
