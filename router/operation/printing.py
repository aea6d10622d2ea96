"""An ``Operation`` as GraphQL text."""

from __future__ import annotations

from router.operation.model import AppliedDirective, Argument, Condition, Field, Operation, Selection


def print_operation(operation: Operation) -> str:
    """One line of GraphQL that parses back to the same operation."""
    variables = ", ".join(
        f"${v.name}: {v.type}" + (f" = {v.default}" if v.default is not None else "") for v in operation.variables
    )
    head = operation.kind.value
    if operation.name or variables:
        head += f" {operation.name or ''}" + (f"({variables})" if variables else "")
    return f"{head}{_directives(operation.directives)} {print_selections(operation.selections)}"


def print_selections(selections: tuple[Selection, ...]) -> str:
    """A selection set in braces; empty text for none."""
    if not selections:
        return ""
    return "{ " + " ".join(_selection(selection) for selection in selections) + " }"


def _selection(selection: Selection) -> str:
    if isinstance(selection, Field):
        alias = "" if selection.response_key == selection.name else f"{selection.response_key}: "
        text = f"{alias}{selection.name}{_arguments(selection.arguments)}"
    else:
        text = f"... on {selection.type_condition}" if selection.type_condition else "..."
    text += "".join(_condition(condition) for condition in selection.conditions) + _directives(selection.directives)
    below = print_selections(selection.selections)
    return f"{text} {below}" if below else text


def _condition(condition: Condition) -> str:
    return f" @{'include' if condition.expected else 'skip'}(if: ${condition.variable})"


def _directives(directives: tuple[AppliedDirective, ...]) -> str:
    return "".join(f" @{directive.name}{_arguments(directive.arguments)}" for directive in directives)


def _arguments(arguments: tuple[Argument, ...]) -> str:
    return f"({', '.join(f'{a.name}: {a.value}' for a in arguments)})" if arguments else ""
