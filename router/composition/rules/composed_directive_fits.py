"""DIRECTIVE_COMPOSITION_ERROR once more: one definition of a composed directive reaches the supergraph, and every
application that reaches it with it must fit that definition."""

from __future__ import annotations

from collections.abc import Iterator

from router.composition.merge import Merged
from router.composition.merge.compose_directive import ERROR
from router.composition.model import Applied, DirectiveDefinition, Kind, Schema

_LOCATIONS = {
    Kind.SCALAR: "SCALAR",
    Kind.OBJECT: "OBJECT",
    Kind.INTERFACE: "INTERFACE",
    Kind.UNION: "UNION",
    Kind.ENUM: "ENUM",
    Kind.INPUT: "INPUT_OBJECT",
}


def check_composed_applications(merged: Merged) -> None:
    """A subgraph on an older definition may use places or arguments the newest one no longer has."""
    m = merged.merging
    for subgraph in m.subgraphs:
        for location, coordinate, applied in _applications(subgraph.schema):
            definition = merged.schema.directives.get(applied.name)
            if definition is None or not m.directives.custom.composes(subgraph.name, applied.name):
                continue
            for fault in _faults(definition, location, applied):
                m.findings.refuse(
                    ERROR,
                    f'[{subgraph.name}] @{applied.name} on "{coordinate}" does not fit the definition that reaches the '
                    f"supergraph: {fault}",
                    subgraph.locate(applied.node),
                )


def _faults(definition: DirectiveDefinition, location: str, applied: Applied) -> Iterator[str]:
    if location not in definition.locations:
        yield f"it may stand on {', '.join(definition.locations)}, not on {location}"
    for name in applied.arguments:
        if name not in definition.arguments:
            yield f'it has no argument "{name}"'
    for argument in definition.arguments.values():
        if argument.required and argument.name not in applied.arguments:
            yield f'it requires the argument "{argument.name}"'


def _applications(schema: Schema) -> Iterator[tuple[str, str, Applied]]:
    """Where each directive stands, on what, and how it is applied."""
    yield from (("SCHEMA", "schema", applied) for applied in schema.applied)
    for each in schema.types.values():
        yield from ((_LOCATIONS[each.kind], each.name, applied) for applied in each.applied)
        for output in each.fields.values():
            yield from (("FIELD_DEFINITION", output.coordinate, applied) for applied in output.applied)
            for argument in output.arguments.values():
                yield from (("ARGUMENT_DEFINITION", argument.coordinate, applied) for applied in argument.applied)
        for argument in each.inputs.values():
            yield from (("INPUT_FIELD_DEFINITION", argument.coordinate, applied) for applied in argument.applied)
        for value in each.values.values():
            yield from (("ENUM_VALUE", value.coordinate, applied) for applied in value.applied)
