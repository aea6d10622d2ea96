"""SDL → Schema: definitions and extensions folded together, nothing judged beyond what folding needs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from graphql import (
    ConstDirectiveNode,
    DefinitionNode,
    DirectiveDefinitionNode,
    DirectiveNode,
    DocumentNode,
    EnumTypeDefinitionNode,
    EnumTypeExtensionNode,
    FieldDefinitionNode,
    InputObjectTypeDefinitionNode,
    InputObjectTypeExtensionNode,
    InputValueDefinitionNode,
    InterfaceTypeDefinitionNode,
    InterfaceTypeExtensionNode,
    ListTypeNode,
    NamedTypeNode,
    NonNullTypeNode,
    ObjectTypeDefinitionNode,
    ObjectTypeExtensionNode,
    ScalarTypeDefinitionNode,
    ScalarTypeExtensionNode,
    SchemaDefinitionNode,
    SchemaExtensionNode,
    TypeDefinitionNode,
    TypeExtensionNode,
    TypeNode,
    UnionTypeDefinitionNode,
    UnionTypeExtensionNode,
)

from router.composition.model import (
    ROOT_NAMES,
    Applied,
    DirectiveDefinition,
    EnumValue,
    Field,
    InputValue,
    Kind,
    Schema,
    Type,
)
from router.composition.values import value_of

KINDS = {
    ScalarTypeDefinitionNode: Kind.SCALAR,
    ScalarTypeExtensionNode: Kind.SCALAR,
    ObjectTypeDefinitionNode: Kind.OBJECT,
    ObjectTypeExtensionNode: Kind.OBJECT,
    InterfaceTypeDefinitionNode: Kind.INTERFACE,
    InterfaceTypeExtensionNode: Kind.INTERFACE,
    UnionTypeDefinitionNode: Kind.UNION,
    UnionTypeExtensionNode: Kind.UNION,
    EnumTypeDefinitionNode: Kind.ENUM,
    EnumTypeExtensionNode: Kind.ENUM,
    InputObjectTypeDefinitionNode: Kind.INPUT,
    InputObjectTypeExtensionNode: Kind.INPUT,
}


def read_schema(document: DocumentNode) -> Schema:
    """Fold a document of type system definitions and extensions into one Schema.

    A type named after a root operation is that root unless ``schema`` says otherwise. Of repeated definitions the
    last counts; judging them is the rules' part.
    """
    definitions: dict[str, DefinitionNode] = {}
    extensions: dict[str, list[DefinitionNode]] = {}
    directives: dict[str, DirectiveDefinition] = {}
    schema_nodes: list[SchemaDefinitionNode | SchemaExtensionNode] = []
    order: dict[str, None] = {}
    for node in document.definitions:
        if isinstance(node, TypeDefinitionNode):
            definitions[node.name.value] = node
            order.setdefault(node.name.value)
        elif isinstance(node, TypeExtensionNode):
            extensions.setdefault(node.name.value, []).append(node)
            order.setdefault(node.name.value)
        elif isinstance(node, DirectiveDefinitionNode):
            directives[node.name.value] = _directive(node)
        elif isinstance(node, SchemaDefinitionNode | SchemaExtensionNode):
            schema_nodes.append(node)
    types = {name: _type(name, definitions.get(name), extensions.get(name, [])) for name in order}
    # Definitions come before extensions, as if the extensions had been written into them.
    schema_nodes.sort(key=lambda node: isinstance(node, SchemaExtensionNode))
    return _schema(types, directives, schema_nodes)


def _schema(
    types: dict[str, Type],
    directives: dict[str, DirectiveDefinition],
    nodes: Sequence[SchemaDefinitionNode | SchemaExtensionNode],
) -> Schema:
    roots = {
        operation: name for operation, name in ROOT_NAMES.items() if name in types and types[name].kind is Kind.OBJECT
    }
    description = None
    applied: list[Applied] = []
    for number, node in enumerate(nodes):
        for root in node.operation_types or ():
            roots[root.operation.value] = root.type.name.value
        extension = number if isinstance(node, SchemaExtensionNode) else None
        applied.extend(read_applied(node.directives, extension))
        if isinstance(node, SchemaDefinitionNode) and node.description:
            description = node.description.value
    roots = {operation: roots[operation] for operation in ROOT_NAMES if operation in roots}
    defined = any(isinstance(node, SchemaDefinitionNode) for node in nodes)
    return Schema(types, directives, roots, description, tuple(applied), defined, nodes[0] if nodes else None)


def _type(name: str, definition: DefinitionNode | None, extensions: Sequence[DefinitionNode]) -> Type:
    first = definition or extensions[0]
    kind = KINDS[type(first)]
    result = Type(name, kind, defined=definition is not None, extensions=tuple(extensions), node=first)
    if definition is not None:
        result = _with(result, definition, None)
    for number, extension in enumerate(extensions):
        if KINDS[type(extension)] is kind:
            result = _with(result, extension, number)
    return result


def _with(into: Type, node: Any, extension: int | None) -> Type:
    """The type with what one definition or extension node adds."""
    fields: dict[str, Field] = dict(into.fields)
    inputs: dict[str, InputValue] = dict(into.inputs)
    values: dict[str, EnumValue] = dict(into.values)
    for child in getattr(node, "fields", None) or ():
        if isinstance(child, FieldDefinitionNode):
            fields[child.name.value] = _field(into.name, child, extension)
        else:
            inputs[child.name.value] = _input(f"{into.name}.{child.name.value}", child)
    for child in getattr(node, "values", None) or ():
        values[child.name.value] = EnumValue(
            into.name, child.name.value, _text(child.description), read_applied(child.directives), child
        )
    description = getattr(node, "description", None)
    return replace(
        into,
        description=into.description if description is None else description.value,
        applied=(*into.applied, *read_applied(node.directives, extension)),
        interfaces=_names(into.interfaces, getattr(node, "interfaces", None)),
        members=_names(into.members, getattr(node, "types", None)),
        fields=fields,
        inputs=inputs,
        values=values,
    )


def _names(before: tuple[str, ...], nodes: Iterable[Any] | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*before, *(node.name.value for node in nodes or ()))))


def _field(parent: str, node: FieldDefinitionNode, extension: int | None) -> Field:
    coordinate = f"{parent}.{node.name.value}"
    return Field(
        parent,
        node.name.value,
        _reference(node.type),
        _arguments(coordinate, node.arguments),
        _text(node.description),
        read_applied(node.directives),
        node,
        extension,
    )


def _arguments(coordinate: str, nodes: Iterable[InputValueDefinitionNode] | None) -> dict[str, InputValue]:
    return {node.name.value: _input(f"{coordinate}({node.name.value}:)", node) for node in nodes or ()}


def _input(coordinate: str, node: InputValueDefinitionNode) -> InputValue:
    return InputValue(
        coordinate,
        node.name.value,
        _reference(node.type),
        value_of(node.default_value),
        _text(node.description),
        read_applied(node.directives),
        node,
    )


def _reference(node: TypeNode) -> str:
    if isinstance(node, NonNullTypeNode):
        return f"{_reference(node.type)}!"
    if isinstance(node, ListTypeNode):
        return f"[{_reference(node.type)}]"
    assert isinstance(node, NamedTypeNode)
    return node.name.value


def _directive(node: DirectiveDefinitionNode) -> DirectiveDefinition:
    return DirectiveDefinition(
        node.name.value,
        tuple(location.value for location in node.locations),
        _arguments(f"@{node.name.value}", node.arguments),
        node.repeatable,
        _text(node.description),
        node,
    )


def read_applied(
    nodes: Iterable[ConstDirectiveNode | DirectiveNode] | None, extension: int | None = None
) -> tuple[Applied, ...]:
    """Directive applications as values."""
    return tuple(_applied(nodes or (), extension))


def _applied(nodes: Iterable[ConstDirectiveNode | DirectiveNode], extension: int | None) -> Iterator[Applied]:
    for node in nodes:
        arguments = {argument.name.value: value_of(argument.value) for argument in node.arguments or ()}
        yield Applied(node.name.value, arguments, node, extension)


def _text(node: Any) -> str | None:
    return None if node is None else node.value
