"""A path through the supergraph as the query that takes it: the counter-example in error messages."""

from __future__ import annotations

from collections.abc import Sequence

from router.composition.model import COMPOSITE, Field, Kind, Schema
from router.composition.satisfiability.walk import Cast, Step
from router.composition.types import base, is_list, is_required, nullable
from router.composition.values import ABSENT, EnumName, Value, print_value


def witness(schema: Schema, operation: str, path: Sequence[Step]) -> str:
    """The query; ``...`` stands for a selection that does not matter any more."""
    lines = ["{" if operation == "query" else f"{operation} {{"]
    for depth, step in enumerate(path, start=1):
        indent = "  " * depth
        last = depth == len(path)
        if isinstance(step, Cast):
            lines.append(f"{indent}... on {step.target} {{")
            composite = True
        else:
            composite = schema.kind(base(step.type)) in COMPOSITE
            lines.append(f"{indent}{step.name}{_arguments(schema, step)}{' {' if composite else ''}")
        if last and composite:
            lines.append(f"{indent}  ...")
        if last:
            closing = len(path) if composite else len(path) - 1
            lines.extend("  " * level + "}" for level in range(closing, -1, -1))
    return "\n".join(lines)


def _arguments(schema: Schema, step: Field) -> str:
    given = {name: example(schema, each.type) for name, each in step.arguments.items()}
    return f"({', '.join(f'{name}: {print_value(value)}' for name, value in given.items())})" if given else ""


def example(schema: Schema, reference: str) -> Value:
    """Some value of an input type."""
    if is_list(reference):
        return []
    name = nullable(reference)
    found = schema.types.get(name)
    if found is not None and found.kind is Kind.ENUM:
        return EnumName(next(iter(found.values)))
    if found is not None and found.kind is Kind.INPUT:
        needed = {key: each for key, each in found.inputs.items() if is_required(each.type) and each.default is ABSENT}
        return {key: example(schema, each.type) for key, each in needed.items()}
    scalars: dict[str, Value] = {"Int": 0, "Float": 3.14, "Boolean": True, "String": "A string value", "ID": "<any id>"}
    return scalars.get(name, "<some value>")
