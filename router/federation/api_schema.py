"""From the supergraph document to plain schema documents: machinery stripped, then inaccessible parts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from graphql import specified_directives, specified_scalar_types
from graphql.language import (
    DefinitionNode,
    DirectiveDefinitionNode,
    DocumentNode,
    EnumTypeDefinitionNode,
    FieldDefinitionNode,
    InputObjectTypeDefinitionNode,
    InterfaceTypeDefinitionNode,
    ListTypeNode,
    NamedTypeNode,
    NonNullTypeNode,
    ObjectTypeDefinitionNode,
    ScalarTypeDefinitionNode,
    SchemaDefinitionNode,
    SchemaExtensionNode,
    TypeNode,
    UnionTypeDefinitionNode,
)

from router.federation.features import Feature

TypeDefinition = (
    ObjectTypeDefinitionNode
    | InterfaceTypeDefinitionNode
    | UnionTypeDefinitionNode
    | EnumTypeDefinitionNode
    | InputObjectTypeDefinitionNode
    | ScalarTypeDefinitionNode
)
_STANDARD = {directive.name for directive in specified_directives}


def _directives(node: Any, keep: frozenset[str] | set[str]) -> tuple[Any, ...]:
    return tuple(directive for directive in node.directives or () if directive.name.value in keep)


def _children(node: Any, keep: set[str]) -> Any:
    """The definition with only the named directives on itself, its fields, arguments and values."""
    changes: dict[str, object] = {"directives": _directives(node, keep)}
    for part in ("fields", "arguments", "values"):
        if getattr(node, part, None):
            changes[part] = tuple(_children(child, keep) for child in getattr(node, part))
    return replace(node, **changes)


def strip_machinery(document: DocumentNode, features: Sequence[Feature]) -> DocumentNode:
    """The document without the linked specifications' types, directives and applications.

    The standard directives stay, and definitions of directives no specification owns.
    """
    definitions: list[DefinitionNode] = []
    for node in document.definitions:
        if isinstance(node, SchemaExtensionNode):
            continue
        if isinstance(node, SchemaDefinitionNode):
            definitions.append(replace(node, directives=()))
        elif isinstance(node, DirectiveDefinitionNode):
            if not any(feature.owns_directive(node.name.value) for feature in features):
                definitions.append(
                    replace(node, arguments=tuple(_children(a, _STANDARD) for a in node.arguments or ()))
                )
        elif isinstance(node, TypeDefinition) and not any(feature.owns_type(node.name.value) for feature in features):
            definitions.append(_children(node, _STANDARD))
    return DocumentNode(definitions=tuple(definitions))


def named_type(node: TypeNode) -> str:
    """The name inside all list and non-null wrappers."""
    while isinstance(node, ListTypeNode | NonNullTypeNode):
        node = node.type
    assert isinstance(node, NamedTypeNode)
    return node.name.value


def _marked(node: Any, directive: str) -> bool:
    return any(applied.name.value == directive for applied in node.directives or ())


def _hidden_coordinates(document: DocumentNode, directive: str) -> set[tuple[str, ...]]:
    """Coordinates of all marked elements: (type,), (type, member), (type, field, argument)."""
    hidden: set[tuple[str, ...]] = set()
    for node in document.definitions:
        if isinstance(node, TypeDefinition | DirectiveDefinitionNode):
            owner = f"@{node.name.value}" if isinstance(node, DirectiveDefinitionNode) else node.name.value
            if not isinstance(node, DirectiveDefinitionNode) and _marked(node, directive):
                hidden.add((owner,))
            members = [
                member for part in ("fields", "values", "arguments") for member in getattr(node, part, None) or ()
            ]
            for member in members:
                if _marked(member, directive):
                    hidden.add((owner, member.name.value))
                hidden.update(
                    (owner, member.name.value, argument.name.value)
                    for argument in getattr(member, "arguments", None) or ()
                    if _marked(argument, directive)
                )
    return hidden


def strip_inaccessible(stripped: DocumentNode, document: DocumentNode, directive: str | None) -> DocumentNode:
    """``stripped`` without the elements ``document`` marks with ``directive``, nor what refers to such types."""
    hidden = _hidden_coordinates(document, directive) if directive else set()
    if not hidden:
        return stripped

    def visible(items: Iterable[Any], *owner: str) -> tuple[Any, ...]:
        return tuple(
            item
            for item in items
            if (*owner, item.name.value) not in hidden
            and (not hasattr(item, "type") or (named_type(item.type),) not in hidden)
        )

    def fields(owner: str, items: Iterable[FieldDefinitionNode]) -> tuple[FieldDefinitionNode, ...]:
        return tuple(
            replace(field, arguments=visible(field.arguments or (), owner, field.name.value))
            for field in visible(items, owner)
        )

    def public(node: Any) -> Any:
        if isinstance(node, DirectiveDefinitionNode):
            return replace(node, arguments=visible(node.arguments or (), f"@{node.name.value}"))
        if isinstance(node, SchemaDefinitionNode):
            roots = tuple(root for root in node.operation_types if (root.type.name.value,) not in hidden)
            return replace(node, operation_types=roots)
        name = node.name.value
        if isinstance(node, ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode):
            interfaces = tuple(item for item in node.interfaces or () if (item.name.value,) not in hidden)
            return replace(node, interfaces=interfaces, fields=fields(name, node.fields or ()))
        if isinstance(node, UnionTypeDefinitionNode):
            return replace(node, types=tuple(item for item in node.types or () if (item.name.value,) not in hidden))
        if isinstance(node, InputObjectTypeDefinitionNode):
            return replace(node, fields=visible(node.fields or (), name))
        if isinstance(node, EnumTypeDefinitionNode):
            return replace(node, values=visible(node.values or (), name))
        return node

    kept = (
        node
        for node in stripped.definitions
        if isinstance(node, SchemaDefinitionNode | DirectiveDefinitionNode) or (node.name.value,) not in hidden  # type: ignore[attr-defined]
    )
    return DocumentNode(definitions=tuple(public(node) for node in kept))


BUILT_IN_SCALARS = frozenset(specified_scalar_types)
