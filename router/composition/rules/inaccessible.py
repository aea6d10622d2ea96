"""``@inaccessible``: what is left for clients must still be a schema.

REFERENCED_INACCESSIBLE, QUERY_ROOT_TYPE_INACCESSIBLE, ONLY_INACCESSIBLE_CHILDREN, IMPLEMENTED_BY_INACCESSIBLE,
REQUIRED_INACCESSIBLE, DEFAULT_VALUE_USES_INACCESSIBLE, DISALLOWED_INACCESSIBLE.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from router.composition.merge import Merged
from router.composition.model import (
    Element,
    EnumValue,
    Field,
    InputValue,
    Kind,
    Schema,
    Type,
    has,
)
from router.composition.problems import Location
from router.composition.types import BUILT_IN_SCALARS, base, is_list, is_required, item, nullable
from router.composition.values import ABSENT, Value


def check_inaccessible(merged: Merged) -> None:
    """Every rule, over the merged schema; places are those of the elements in the subgraphs."""
    name = merged.merging.directives.inaccessible
    if name is None:
        return
    hidden = Hidden(merged.schema, name)
    for code, message, coordinates in (
        *_type_faults(hidden),
        *_field_faults(hidden),
        *_default_faults(hidden),
        *_directive_faults(hidden),
    ):
        merged.merging.findings.refuse(code, message, _places(merged, coordinates))


Fault = tuple[str, str, tuple[str, ...]]
"""Code, message, coordinates of the elements concerned."""


@dataclass(frozen=True)
class Hidden:
    """A schema and the name ``@inaccessible`` has in it."""

    schema: Schema
    name: str

    def hides(self, element: Element) -> bool:
        return has(element, self.name)

    def shows_type(self, name: str) -> bool:
        found = self.schema.types.get(name)
        return found is None or not self.hides(found)

    def shows(self, coordinate: str) -> bool:
        """Whether a field (``T.f``), argument (``T.f(a:)``) or input field is in the API schema."""
        path, _, argument = coordinate.partition("(")
        type_name, _, member = path.partition(".")
        owner = self.schema.types[type_name]
        if self.hides(owner):
            return False
        element: Element = owner.inputs[member] if owner.kind is Kind.INPUT else owner.fields[member]
        if self.hides(element):
            return False
        if argument and isinstance(element, Field):
            return not self.hides(element.arguments[argument.removesuffix(":)")])
        return True


def _references(schema: Schema) -> Iterator[tuple[str, str]]:
    """(type name, coordinate that refers to it)"""
    for each in schema.types.values():
        for output in each.fields.values():
            yield base(output.type), output.coordinate
            for argument in output.arguments.values():
                yield base(argument.type), argument.coordinate
        for argument in each.inputs.values():
            yield base(argument.type), argument.coordinate


def _type_faults(hidden: Hidden) -> Iterator[Fault]:
    schema = hidden.schema
    for name, coordinate in _references(schema):
        if not hidden.shows_type(name) and hidden.shows(coordinate):
            yield (
                "REFERENCED_INACCESSIBLE",
                f'Type "{name}" is @inaccessible but is referenced by "{coordinate}", which is in the API schema.',
                (name, coordinate),
            )
    query = schema.roots.get("query")
    if query is not None and not hidden.shows_type(query):
        message = f'Type "{query}" is @inaccessible but is the root query type, which must be in the API schema.'
        yield "QUERY_ROOT_TYPE_INACCESSIBLE", message, (query,)
    for each in schema.types.values():
        if each.name in BUILT_IN_SCALARS:
            if hidden.hides(each):
                message = f'Built-in type "{each.name}" cannot use @inaccessible.'
                yield "DISALLOWED_INACCESSIBLE", message, (each.name,)
        elif not hidden.hides(each):
            yield from _empty_faults(hidden, each)


def _empty_faults(hidden: Hidden, each: Type) -> Iterator[Fault]:
    children: Iterable[Field | InputValue | EnumValue | Type]
    match each.kind:
        case Kind.OBJECT | Kind.INTERFACE:
            children, what = each.fields.values(), "fields"
        case Kind.INPUT:
            children, what = each.inputs.values(), "input fields"
        case Kind.ENUM:
            children, what = each.values.values(), "values"
        case Kind.UNION:
            children, what = [hidden.schema.types[name] for name in each.members], "members"
        case _:
            return
    if all(hidden.hides(child) for child in children):
        yield (
            "ONLY_INACCESSIBLE_CHILDREN",
            f'Type "{each.name}" is in the API schema but all of its {what} are @inaccessible.',
            (each.name, *(child.coordinate for child in children)),
        )


def _field_faults(hidden: Hidden) -> Iterator[Fault]:
    for each in hidden.schema.types.values():
        if hidden.hides(each):
            continue
        for output in each.fields.values():
            if hidden.hides(output):
                yield from _implemented_faults(hidden, each, output)
                continue
            for argument in output.arguments.values():
                if hidden.hides(argument):
                    yield from _argument_faults(hidden, each, output, argument)
        for argument in each.inputs.values():
            if hidden.hides(argument) and argument.required:
                message = (
                    f'Input field "{argument.coordinate}" is @inaccessible but is a required input field of its type.'
                )
                yield "REQUIRED_INACCESSIBLE", message, (argument.coordinate,)


def _implemented_faults(hidden: Hidden, each: Type, output: Field) -> Iterator[Fault]:
    for interface in each.interfaces:
        declared = hidden.schema.field(interface, output.name)
        if declared is not None and hidden.shows(declared.coordinate):
            yield (
                "IMPLEMENTED_BY_INACCESSIBLE",
                f'Field "{output.coordinate}" is @inaccessible but implements the interface field '
                f'"{declared.coordinate}", which is in the API schema.',
                (output.coordinate, declared.coordinate),
            )


def _argument_faults(hidden: Hidden, each: Type, output: Field, argument: InputValue) -> Iterator[Fault]:
    schema, where = hidden.schema, argument.coordinate
    if argument.required:
        message = f'Argument "{where}" is @inaccessible but is a required argument of its field.'
        yield "REQUIRED_INACCESSIBLE", message, (where,)
    for name in schema.implementations(each.name) if each.kind is Kind.INTERFACE else ():
        implementing = schema.field(name, output.name)
        other = implementing.arguments.get(argument.name) if implementing else None
        if other is not None and other.required and hidden.shows(other.coordinate):
            yield (
                "REQUIRED_INACCESSIBLE",
                f'Argument "{where}" is @inaccessible but is implemented by the required argument '
                f'"{other.coordinate}", which '
                "is in the API schema.",
                (where, other.coordinate),
            )
    for name in each.interfaces:
        declared = schema.field(name, output.name)
        other = declared.arguments.get(argument.name) if declared else None
        if other is not None and hidden.shows(other.coordinate):
            yield (
                "IMPLEMENTED_BY_INACCESSIBLE",
                f'Argument "{where}" is @inaccessible but implements the interface argument "{other.coordinate}", '
                "which is in the API schema.",
                (where, other.coordinate),
            )


def _default_faults(hidden: Hidden) -> Iterator[Fault]:
    schema = hidden.schema
    for each in schema.types.values():
        arguments = [argument for output in each.fields.values() for argument in output.arguments.values()]
        for argument in (*arguments, *each.inputs.values()):
            if argument.default is ABSENT or not hidden.shows(argument.coordinate):
                continue
            for used in _used(schema, argument.default, argument.type):
                if hidden.hides(used):
                    what = "Enum value" if isinstance(used, EnumValue) else "Input field"
                    yield (
                        "DEFAULT_VALUE_USES_INACCESSIBLE",
                        f'{what} "{used.coordinate}" is @inaccessible but is used in the default value of '
                        f'"{argument.coordinate}", which is in the API schema.',
                        (used.coordinate, argument.coordinate),
                    )


def _used(schema: Schema, value: Value, reference: str) -> Iterator[EnumValue | InputValue]:
    """The enum values and input fields a default value names."""
    if value is None:
        return
    if is_required(reference):
        yield from _used(schema, value, nullable(reference))
    elif isinstance(value, list):
        for each in value:
            yield from _used(schema, each, item(reference) if is_list(reference) else reference)
    elif is_list(reference):
        yield from _used(schema, value, item(reference))
    else:
        found = schema.types.get(reference)
        if found is not None and isinstance(value, str) and value in found.values:
            yield found.values[value]
        if found is not None and isinstance(value, dict):
            for name, argument in found.inputs.items():
                if name in value:
                    yield argument
                    yield from _used(schema, value[name], argument.type)


def _directive_faults(hidden: Hidden) -> Iterator[Fault]:
    for definition in hidden.schema.directives.values():
        for argument in definition.arguments.values():
            if hidden.hides(argument) and argument.required:
                message = (
                    f'Argument "{argument.coordinate}" is @inaccessible but is a required argument of its directive.'
                )
                yield "REQUIRED_INACCESSIBLE", message, (argument.coordinate,)


def _places(merged: Merged, coordinates: Iterable[str]) -> Iterator[Location]:
    for coordinate in coordinates:
        path, _, argument = coordinate.partition("(")
        type_name, _, member = path.partition(".")
        for subgraph in merged.merging.subgraphs:
            owner = subgraph.schema.types.get(type_name)
            if owner is None:
                continue
            element: Element | None = owner
            if member:
                element = owner.fields.get(member) or owner.inputs.get(member) or owner.values.get(member)
            if argument and isinstance(element, Field):
                element = element.arguments.get(argument.removesuffix(":)"))
            if element is not None:
                yield from subgraph.locate(element.node)
