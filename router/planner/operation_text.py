"""The text of one fetch's operation, and the client variables it uses."""

from __future__ import annotations

from router.operation.model import InlineFragment, Operation, OperationKind
from router.planner.graph import Graph
from router.planner.selections import TYPENAME, directives_text, print_inside, print_selections, variables_in
from router.planner.shared_fragments import shared_sets
from router.planner.steps import FetchStep


def used_variables(step: FetchStep, operation: Operation) -> tuple[str, ...]:
    """Names in the order of the client's definitions."""
    used = set(variables_in(step.selections))
    used.update(v for directive in operation.directives for a in directive.arguments for v in a.variables)
    return tuple(definition.name for definition in operation.variables if definition.name in used)


def operation_text(step: FetchStep, operation: Operation, variables: tuple[str, ...], graph: Graph) -> str:
    """On one line; an entity fetch takes its objects as ``$representations``."""
    root = graph.roots[step.kind]
    shared = shared_sets(graph, step.subgraph, root, step.selections)
    named = {key: f"Shared{number}" for number, key in enumerate(shared)}
    fragments = "".join(
        f" fragment {named[key]} on {type_name} {{ {print_inside(selections, named)} }}"
        for key, (type_name, selections) in shared.items()
    )
    definitions = ["$representations: [_Any!]!"] if step.representations else []
    for definition in operation.variables:
        if definition.name in variables:
            default = f" = {definition.default}" if definition.default is not None else ""
            definitions.append(f"${definition.name}: {definition.type}{default}")
    definitions.extend(dict.fromkeys(f"${item.rewrite.variable}: {item.type}" for item in step.contexts))
    heading = f"({', '.join(definitions)})" if definitions else ""
    directives = directives_text(operation.directives, ())
    body = print_selections(step.selections, named)
    if step.representations:
        body = f"{{ _entities(representations: $representations) {body} }}"
    if step.kind is OperationKind.QUERY and not heading and not directives:
        return body + fragments
    return f"{step.kind}{heading}{directives} {body}{fragments}"


def requires_of(step: FetchStep) -> tuple[InlineFragment, ...]:
    """What to read from the data for the representations, a fragment a type, ``__typename`` first."""
    return tuple(InlineFragment(item.at, (TYPENAME, *item.selections)) for item in step.representations)
