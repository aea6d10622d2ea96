"""A plan for people and tools: the field's usual text and JSON forms, and dot for Graphviz."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from graphql import DocumentNode, OperationDefinitionNode, SelectionSetNode, parse, print_ast
from graphql import Node as Node_

from router.operation.model import Field, Selection
from router.planner.nodes import (
    ConditionNode,
    Defer,
    Fetch,
    Flatten,
    KeyRenamer,
    Node,
    Parallel,
    Path,
    QueryPlan,
    Rewrite,
    Sequence,
)
from router.planner.selections import Selections, field_head, fragment_head, print_selections


def show_text(plan: QueryPlan) -> str:
    """``QueryPlan { Fetch(service: "rail") { … } }``, two spaces a level."""
    if plan.node is None:
        return "QueryPlan {}"
    return "\n".join(("QueryPlan {", *_indented(_lines(plan.node)), "}"))


def shown_path(path: Path) -> list[str]:
    """The field's way to write a path: a type condition joins the item before it, ``root|[A]``."""
    shown: list[str] = []
    for item in path:
        if item.startswith("... on "):
            condition = f"|[{item.removeprefix('... on ')}]"
            shown.append(shown.pop() + condition if shown else condition)
        else:
            shown.append(item)
    return shown


def _indented(lines: Iterator[str] | list[str]) -> Iterator[str]:
    for line in lines:
        yield f"  {line}"


def _block(head: str, nodes: tuple[Node, ...]) -> Iterator[str]:
    yield f"{head} {{"
    for node in nodes:
        yield from _indented(_lines(node))
    yield "},"


def _lines(node: Node) -> Iterator[str]:
    if isinstance(node, Fetch):
        number = "" if node.number is None else f", id: {node.number}"
        yield f'Fetch(service: "{node.subgraph}"{number}) {{'
        yield from _indented(_fetch_lines(node))
        yield "},"
    elif isinstance(node, Flatten):
        yield from _block(f'Flatten(path: "{".".join(shown_path(node.path))}")', (node.node,))
    elif isinstance(node, Sequence):
        yield from _block("Sequence", node.nodes)
    elif isinstance(node, Parallel):
        yield from _block("Parallel", node.nodes)
    elif isinstance(node, ConditionNode):
        yield from _condition_lines(node)
    elif isinstance(node, Defer):
        yield from _defer_lines(node)
    else:
        yield "Subscription {"
        yield from _indented(_block("Primary:", (node.primary,)))
        if node.rest is not None:
            yield from _indented(_block("Rest:", (node.rest,)))
        yield "},"


def _fetch_lines(fetch: Fetch) -> Iterator[str]:
    if fetch.requires:
        yield from ("{", *_indented(_selection_lines(fetch.requires)), "} =>")
    yield from _operation_lines(fetch.operation)


def _defer_lines(node: Defer) -> Iterator[str]:
    yield "Defer {"
    yield from _indented(_part_lines("Primary", node.selections, node.primary, "}, ["))
    for part in node.deferred:
        depends = ", ".join(map(str, part.depends))
        labels = "".join(f", label: {json.dumps(label, ensure_ascii=False)}" for label in part.labels)
        head = f'Deferred(depends: [{depends}], path: "{".".join(shown_path(part.path))}"{labels})'
        yield from _indented(_indented(_part_lines(head, part.selections, part.node, "},")))
    for stream in node.streamed:
        label = "" if stream.label is None else f", label: {json.dumps(stream.label, ensure_ascii=False)}"
        initial = stream.initial if isinstance(stream.initial, int) else f"${stream.initial}"
        head = f'Stream(path: "{".".join(shown_path(stream.path))}", initialCount: {initial}{label})'
        yield from _indented(_indented(_part_lines(head, (), stream.node, "},")))
    yield from ("  ]", "},")


def _part_lines(head: str, selections: Selections, node: Node | None, end: str) -> Iterator[str]:
    yield f"{head} {{"
    if selections:
        yield from _indented(["{", *_indented(_selection_lines(selections)), "}:"])
    if node is not None:
        yield from _indented(_lines(node))
    yield end


def _condition_lines(node: ConditionNode) -> Iterator[str]:
    if node.if_clause is not None and node.else_clause is not None:
        yield f"Condition(if: ${node.variable}) {{"
        yield from _indented(_block("Then", (node.if_clause,)))
        yield from _indented(_block("Else", (node.else_clause,)))
        yield "},"
    elif node.if_clause is not None:
        yield from _block(f"Include(if: ${node.variable})", (node.if_clause,))
    elif node.else_clause is not None:
        yield from _block(f"Skip(if: ${node.variable})", (node.else_clause,))


def _selection_lines(selections: Selections) -> Iterator[str]:
    for selection in selections:
        head = field_head(selection) if isinstance(selection, Field) else fragment_head(selection)
        if selection.selections:
            yield f"{head} {{"
            yield from _indented(_selection_lines(selection.selections))
            yield "}"
        else:
            yield head


def _operation_lines(operation: str) -> list[str]:
    """The selection set alone, as the field prints it; the keyword and variables stay in the JSON form."""
    document: DocumentNode = parse(operation, no_location=True)
    definition = document.definitions[0]
    assert isinstance(definition, OperationDefinitionNode)
    selection_set: SelectionSetNode | None = definition.selection_set
    first = selection_set.selections[0] if selection_set else None
    if "$representations" in operation and first is not None and getattr(first, "selection_set", None) is not None:
        selection_set = first.selection_set  # type: ignore[attr-defined]
    assert selection_set is not None
    parts: list[Node_] = [selection_set, *document.definitions[1:]]
    return [line for part in parts for line in print_ast(part).splitlines()]


def to_json(plan: QueryPlan) -> dict[str, Any]:
    """The field's usual JSON: ``{"kind": "QueryPlan", "node": {"kind": "Fetch", "serviceName": …}}``."""
    return {"kind": "QueryPlan", "node": None if plan.node is None else _node_json(plan.node)}


def _node_json(node: Node) -> dict[str, Any]:
    if isinstance(node, Fetch):
        return _fetch_json(node)
    if isinstance(node, Flatten):
        return {"kind": "Flatten", "path": shown_path(node.path), "node": _node_json(node.node)}
    if isinstance(node, Sequence | Parallel):
        return {"kind": type(node).__name__, "nodes": [_node_json(item) for item in node.nodes]}
    if isinstance(node, ConditionNode):
        clauses: dict[str, Any] = {}
        if node.if_clause is not None:
            clauses["ifClause"] = _node_json(node.if_clause)
        if node.else_clause is not None:
            clauses["elseClause"] = _node_json(node.else_clause)
        return {"kind": "Condition", "condition": node.variable, **clauses}
    if isinstance(node, Defer):
        return _defer_json(node)
    rest = {} if node.rest is None else {"rest": _node_json(node.rest)}
    return {"kind": "Subscription", "primary": _fetch_json(node.primary), **rest}


def _defer_json(node: Defer) -> dict[str, Any]:
    """``initialCount`` of a stream is a number, or a variable as ``"$name"``; the rest is the field's usual form."""
    return {
        "kind": "Defer",
        "primary": _part_json(node.selections, node.primary),
        "deferred": [
            {
                "depends": [{"id": str(number)} for number in part.depends],
                **({"label": " ".join(part.labels)} if part.labels else {}),
                "queryPath": shown_path(part.path),
                **_part_json(part.selections, part.node),
            }
            for part in node.deferred
        ],
        "streamed": [
            {
                **({} if stream.label is None else {"label": stream.label}),
                "queryPath": shown_path(stream.path),
                "initialCount": stream.initial if isinstance(stream.initial, int) else f"${stream.initial}",
                **_part_json((), stream.node),
            }
            for stream in node.streamed
        ],
    }


def _part_json(selections: Selections, node: Node | None) -> dict[str, Any]:
    shown: dict[str, Any] = {"subselection": print_selections(selections)} if selections else {}
    return shown if node is None else {**shown, "node": _node_json(node)}


def _fetch_json(node: Fetch) -> dict[str, Any]:
    shown: dict[str, Any] = {"kind": "Fetch", "serviceName": node.subgraph}
    if node.number is not None:
        shown["id"] = str(node.number)
    if node.requires:
        shown["requires"] = [_selection_json(selection) for selection in node.requires]
    shown["variableUsages"] = list(node.variables)
    shown["operation"] = node.operation
    shown["operationKind"] = node.kind.value
    if node.operation_name is not None:
        shown["operationName"] = node.operation_name
    if node.input_rewrites:
        shown["inputRewrites"] = [_rewrite_json(rewrite) for rewrite in node.input_rewrites]
    if node.output_rewrites:
        shown["outputRewrites"] = [_rewrite_json(rewrite) for rewrite in node.output_rewrites]
    if node.context_rewrites:
        shown["contextRewrites"] = [
            {"kind": "KeyRenamer", "path": list(rewrite.path), "renameKeyTo": rewrite.variable}
            for rewrite in node.context_rewrites
        ]
    return shown


def _selection_json(selection: Selection) -> dict[str, Any]:
    below = [_selection_json(item) for item in selection.selections]
    if isinstance(selection, Field):
        alias = {} if selection.response_key == selection.name else {"alias": selection.response_key}
        return {"kind": "Field", **alias, "name": selection.name, **({"selections": below} if below else {})}
    return {"kind": "InlineFragment", "typeCondition": selection.type_condition, "selections": below}


def _rewrite_json(rewrite: Rewrite) -> dict[str, Any]:
    if isinstance(rewrite, KeyRenamer):
        return {"kind": "KeyRenamer", "path": list(rewrite.path), "renameKeyTo": rewrite.rename_to}
    return {"kind": "ValueSetter", "path": list(rewrite.path), "setValueTo": rewrite.value}


def to_dot(plan: QueryPlan) -> str:
    """The plan's tree for Graphviz; boxes are fetches, numbered edges run in this order."""
    lines = ["digraph plan {", "  node [fontname=monospace];"]
    if plan.node is not None:
        _dot_node(plan.node, lines, [0])
    return "\n".join((*lines, "}"))


def _dot_node(node: Node, lines: list[str], count: list[int]) -> str:
    name = f"n{count[0]}"
    count[0] += 1
    label, shape, children = _dot_parts(node)
    lines_end = "\\l" if shape == "box" else "\\n"
    escaped = label.replace("\\", "\\\\").replace('"', '\\"').replace("\n", lines_end)
    lines.append(f'  {name} [shape={shape}, label="{escaped}"];')
    for edge, child in children:
        below = _dot_node(child, lines, count)
        lines.append(f"  {name} -> {below}{f' [label={edge}]' if edge else ''};")
    return name


def _dot_parts(node: Node) -> tuple[str, str, list[tuple[str, Node]]]:
    if isinstance(node, Fetch):
        return "\n".join((node.subgraph, *_fetch_lines(node), "")), "box", []
    if isinstance(node, Flatten):
        return f"at {'.'.join(shown_path(node.path))}", "plain", [("", node.node)]
    if isinstance(node, Sequence):
        return "Sequence", "ellipse", [(str(number), item) for number, item in enumerate(node.nodes, 1)]
    if isinstance(node, Parallel):
        return "Parallel", "ellipse", [("", item) for item in node.nodes]
    if isinstance(node, ConditionNode):
        clauses = [("then", node.if_clause), ("else", node.else_clause)]
        return f"${node.variable}?", "diamond", [(edge, clause) for edge, clause in clauses if clause is not None]
    if isinstance(node, Defer):
        parts = [("primary", node.primary), *(("deferred", part.node) for part in node.deferred)]
        parts += [("streamed", stream.node) for stream in node.streamed]
        return "Defer", "ellipse", [(edge, part) for edge, part in parts if part is not None]
    children: list[tuple[str, Node]] = [("primary", node.primary)]
    return "Subscription", "ellipse", children + ([("rest", node.rest)] if node.rest is not None else [])
