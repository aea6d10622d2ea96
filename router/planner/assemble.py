"""Assemble: the fetch DAG as a tree of plan nodes.

Parts of the DAG that share nothing run in parallel. Within a part the steps that wait for nothing come first, then the
remaining part, split again: the tree's depth is the DAG's longest chain, so no round is added.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from router.operation.model import Condition, Field, InlineFragment, Operation, OperationKind, Selection
from router.planner.graph import Graph
from router.planner.nodes import (
    ConditionNode,
    Fetch,
    Flatten,
    Node,
    Parallel,
    QueryPlan,
    Sequence,
    SubscriptionNode,
    ValueSetter,
)
from router.planner.operation_text import operation_text, requires_of, used_variables
from router.planner.selections import Selections, joined
from router.planner.steps import FetchStep, Steps


def assemble(steps: Steps, operation: Operation, graph: Graph) -> QueryPlan:
    """The plan of an operation whose steps are final."""
    if not steps:
        return QueryPlan(None)
    if operation.kind is OperationKind.SUBSCRIPTION:
        first, rest = steps[0], steps[1:]
        primary = _fetch(first, operation, graph)
        after = [replace(step, after=step.after - {first.id}) for step in rest]
        return QueryPlan(SubscriptionNode(primary, tree(after, operation, graph)))
    turns = sorted({step.turn for step in steps})
    return QueryPlan(_in_sequence(tree([s for s in steps if s.turn == turn], operation, graph) for turn in turns))


def _in_sequence(nodes: Iterable[Node | None]) -> Node | None:
    flat: list[Node] = []
    for node in nodes:
        flat.extend(node.nodes if isinstance(node, Sequence) else () if node is None else (node,))
    guards = {_guard(node) for node in flat}
    if len(flat) > 1 and len(guards) == 1 and (guard := guards.pop()):
        inner = _in_sequence(_unguarded(node) for node in flat)
        return None if inner is None else _under(guard, inner)
    return flat[0] if len(flat) == 1 else Sequence(tuple(flat)) if flat else None


def _in_parallel(nodes: Iterable[Node | None]) -> Node | None:
    flat: list[Node] = []
    for node in nodes:
        flat.extend(node.nodes if isinstance(node, Parallel) else () if node is None else (node,))
    guards = {_guard(node) for node in flat}
    if len(flat) > 1 and len(guards) == 1 and (guard := guards.pop()):
        inner = _in_parallel(_unguarded(node) for node in flat)
        return None if inner is None else _under(guard, inner)
    return flat[0] if len(flat) == 1 else Parallel(tuple(flat)) if flat else None


def tree(steps: list[FetchStep], operation: Operation, graph: Graph) -> Node | None:
    """The steps as nodes; whatever they wait for must be among them."""
    return _in_parallel(_part(part, operation, graph) for part in _parts(steps))


def _part(steps: list[FetchStep], operation: Operation, graph: Graph) -> Node | None:
    """A connected part: its first steps, then what they leave."""
    here = {step.id for step in steps}
    first = [step for step in steps if not step.after & here]
    gone = {step.id for step in first}
    rest = [_past(step, gone) for step in steps if step.id not in gone]
    return _in_sequence((_in_parallel(_node(step, operation, graph) for step in first), tree(rest, operation, graph)))


def _past(step: FetchStep, gone: set[int]) -> FetchStep:
    return replace(step, after=step.after - gone) if step.after & gone else step


def _parts(steps: list[FetchStep]) -> Iterator[list[FetchStep]]:
    """The connected parts, in order of their first step."""
    part = {step.id: step.id for step in steps}

    def root(number: int) -> int:
        while part[number] != number:
            part[number] = number = part[part[number]]
        return number

    for step in steps:
        for before in step.after & part.keys():
            one, other = sorted((root(step.id), root(before)))
            part[other] = one
    together: dict[int, list[FetchStep]] = {}
    for step in steps:
        together.setdefault(root(step.id), []).append(step)
    yield from together.values()


def _node(step: FetchStep, operation: Operation, graph: Graph) -> Node:
    lifted, step = _lift_conditions(step)
    conditions = joined(step.conditions, lifted)
    node: Node = _fetch(step, operation, graph)
    if step.path:
        assert isinstance(node, Fetch)
        node = Flatten(step.path, node)
    for condition in reversed(conditions):
        node = _under(condition, node)
    return node


def _under(condition: Condition, node: Node) -> Node:
    if condition.expected:
        return ConditionNode(condition.variable, if_clause=node)
    return ConditionNode(condition.variable, else_clause=node)


def _guard(node: Node) -> Condition | None:
    """The condition of a node that has one clause."""
    if isinstance(node, ConditionNode) and (node.if_clause is None) != (node.else_clause is None):
        return Condition(node.variable, node.if_clause is not None)
    return None


def _unguarded(node: Node) -> Node | None:
    assert isinstance(node, ConditionNode)
    return node.if_clause or node.else_clause


def _fetch(step: FetchStep, operation: Operation, graph: Graph) -> Fetch:
    variables = used_variables(step, operation)
    return Fetch(
        subgraph=step.subgraph,
        kind=step.kind,
        operation=operation_text(step, operation, variables, graph),
        selections=step.selections,
        variables=variables,
        requires=requires_of(step),
        input_rewrites=tuple(
            ValueSetter((f"... on {item.at}", "__typename"), item.to) for item in step.representations if item.renamed
        ),
        output_rewrites=step.output_rewrites,
        context_rewrites=tuple(item.rewrite for item in step.contexts),
        number=step.number,
    )


def _outer_fields(selections: Selections) -> Iterator[Selection]:
    for selection in selections:
        if isinstance(selection, InlineFragment) and not selection.conditions:
            yield from _outer_fields(selection.selections)
        else:
            yield selection


def _lift_conditions(step: FetchStep) -> tuple[tuple[Condition, ...], FetchStep]:
    """Conditions that everything in the step is under guard the whole fetch instead."""
    outer = list(_outer_fields(step.selections))
    common = tuple(c for c in outer[0].conditions if all(c in other.conditions for other in outer)) if outer else ()
    if not common:
        return (), step
    return common, replace(step, selections=_without(step.selections, common))


def _without(selections: Selections, lifted: tuple[Condition, ...]) -> Selections:
    def bare(selection: Selection) -> Selection:
        kept = tuple(condition for condition in selection.conditions if condition not in lifted)
        if isinstance(selection, Field):
            return replace(selection, conditions=kept)
        below = selection.selections if selection.conditions else _without(selection.selections, lifted)
        return replace(selection, conditions=kept, selections=below)

    return tuple(bare(selection) for selection in selections)
