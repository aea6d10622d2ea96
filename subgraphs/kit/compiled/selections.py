"""Reads an operation: the selection sets it comes to, one for each object type and merged list of field nodes.

graphql-core's own ``collect_fields`` merges fields and follows fragments, so order and merging are its own. Conditions
(``@skip``, ``@include``) are settled before: an operation is compiled anew for each combination of their variables.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    BooleanValueNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    Node,
    OperationDefinitionNode,
    OperationType,
    VariableNode,
    get_named_type,
    is_abstract_type,
    is_object_type,
)
from graphql.execution.collect_fields import FieldDetails, FragmentDetails, collect_fields, collect_subfields
from graphql.execution.values import VariableValues

MAX_SELECTION_SETS = 1500
"""Selection sets of one operation, after type conditions are spread over the object types they match."""
_CONDITIONS = ("skip", "include")


class NotCompiled(Exception):
    """The operation runs by stock Strawberry; the message says why."""


@dataclass(eq=False, slots=True)
class Selected:
    """One response key of an object: the field and all nodes merged into it."""

    number: int
    key: str
    parent: GraphQLObjectType
    definition: GraphQLField
    nodes: list[FieldNode]
    sets: dict[str, SelectionSet] = field(default_factory=dict)
    """By object type: the selection set of the value."""

    @property
    def is_typename(self) -> bool:
        """Whether it is the meta field ``__typename``."""
        return self.nodes[0].name.value == "__typename"


@dataclass(eq=False, slots=True)
class SelectionSet:
    """What is selected on one object type at one or more places of the operation."""

    number: int
    type: GraphQLObjectType
    fields: list[Selected]


@dataclass(slots=True)
class Reading:
    """An operation, read."""

    operation: OperationDefinitionNode
    fragments: dict[str, FragmentDefinitionNode]
    top: SelectionSet
    sets: list[SelectionSet]
    """All selection sets, those of the leaves first."""


def find_operation(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    """The operation a request names. Raises NotCompiled where graphql-core answers with an error."""
    found = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    if name is not None:
        found = [node for node in found if node.name is not None and node.name.value == name][-1:]
    if len(found) != 1:
        raise NotCompiled("the request names no operation of the document")
    return found[0]


def condition_names(document: DocumentNode, operation: OperationDefinitionNode) -> list[str]:
    """The variables of an operation that decide ``@skip`` and ``@include`` in it or in a fragment, each once.

    Raises NotCompiled for any other directive, and for arguments of fragments.
    """
    names: dict[str, None] = {}
    own = {definition.variable.name.value for definition in operation.variable_definitions or ()}
    fragments = [node for node in document.definitions if isinstance(node, FragmentDefinitionNode)]
    for node in _nodes([operation, *fragments]):
        if getattr(node, "variable_definitions", None) and isinstance(node, FragmentDefinitionNode):
            raise NotCompiled("a fragment has variables of its own")
        for directive in getattr(node, "directives", None) or ():
            if directive.name.value not in _CONDITIONS:
                raise NotCompiled(f"the directive @{directive.name.value}")
            for argument in directive.arguments or ():
                if isinstance(argument.value, VariableNode):
                    if argument.value.name.value in own:
                        names[argument.value.name.value] = None
                elif not isinstance(argument.value, BooleanValueNode):
                    raise NotCompiled(f"the condition of @{directive.name.value} is no boolean")
    return list(names)


def _nodes(node: Any) -> Iterator[Node]:
    stack = [node]
    while stack:
        current = stack.pop()
        if isinstance(current, Node):
            yield current
            stack.extend(getattr(current, key, None) for key in current.keys if key != "loc")
        elif isinstance(current, tuple | list):
            stack.extend(current)


def read_operation(
    schema: GraphQLSchema,
    document: DocumentNode,
    operation: OperationDefinitionNode,
    conditions: Mapping[str, bool],
) -> Reading:
    """The selection sets of an operation under given conditions. Raises NotCompiled."""
    if operation.operation is OperationType.SUBSCRIPTION:
        raise NotCompiled("a subscription")
    root = schema.get_root_type(operation.operation)
    if root is None:
        raise NotCompiled(f"the schema has no {operation.operation.value} type")
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    reader = _Reader(schema, operation, fragments, VariableValues({}, dict(conditions)))
    try:
        top = reader.top(root)
    except RecursionError:
        raise NotCompiled("selections nested too deeply to compile") from None
    return Reading(operation, fragments, top, reader.sets)


class _Reader:
    def __init__(
        self,
        schema: GraphQLSchema,
        operation: OperationDefinitionNode,
        fragments: dict[str, FragmentDefinitionNode],
        conditions: VariableValues,
    ) -> None:
        self.schema = schema
        self.operation = operation
        self.fragments = {name: FragmentDetails(node) for name, node in fragments.items()}
        self.conditions = conditions
        self.sets: list[SelectionSet] = []
        self._known: dict[tuple[Any, ...], SelectionSet] = {}
        self._fields = 0
        self._opened = 0

    def top(self, root: GraphQLObjectType) -> SelectionSet:
        collected = collect_fields(self.schema, self.fragments, self.conditions, root, self.operation)
        return self._set(root, collected.grouped_field_set)

    def _below(self, type_: GraphQLObjectType, details: list[FieldDetails]) -> SelectionSet:
        # Merged node lists are few, however many parent types they are reached through.
        key = (type_.name, *(id(detail.node) for detail in details))
        known = self._known.get(key)
        if known is None:
            collected = collect_subfields(self.schema, self.fragments, self.conditions, self.operation, type_, details)
            known = self._known[key] = self._set(type_, collected.grouped_field_set)
        return known

    def _set(self, type_: GraphQLObjectType, grouped: Mapping[str, list[FieldDetails]]) -> SelectionSet:
        self._opened += 1
        if self._opened > MAX_SELECTION_SETS:
            raise NotCompiled(f"more than {MAX_SELECTION_SETS} selection sets")
        fields = [self._field(type_, key, details) for key, details in grouped.items()]
        made = SelectionSet(len(self.sets), type_, fields)
        self.sets.append(made)
        return made

    def _field(self, parent: GraphQLObjectType, key: str, details: list[FieldDetails]) -> Selected:
        nodes = [detail.node for detail in details]
        name = nodes[0].name.value
        if name in ("__schema", "__type"):
            raise NotCompiled("introspection")
        definition = self.schema.get_field(parent, name)
        if definition is None:
            raise NotCompiled(f"{parent.name} has no field {name}")
        selected = Selected(self._fields, key, parent, definition, nodes)
        self._fields += 1
        named = get_named_type(definition.type)
        types = [named] if is_object_type(named) else []
        if is_abstract_type(named):
            types = list(self.schema.get_possible_types(named))
        for type_ in types:
            selected.sets[type_.name] = self._below(type_, details)
        return selected
