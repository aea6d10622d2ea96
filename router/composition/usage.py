"""What of a schema an operation uses, as coordinates: to tell which changes of the schema meet it."""

from __future__ import annotations

from typing import Any

from graphql import (
    ArgumentNode,
    DirectiveNode,
    DocumentNode,
    EnumValueNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLInputObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    ObjectFieldNode,
    TypeInfo,
    TypeInfoVisitor,
    VariableDefinitionNode,
    Visitor,
    get_named_type,
    is_enum_type,
    is_input_object_type,
    is_interface_type,
    visit,
)


def used_coordinates(schema: GraphQLSchema, document: DocumentNode) -> frozenset[str]:
    """``Type``, ``Type.field``, ``Type.field(argument:)``, ``Enum.VALUE``, ``@directive``, ``@directive(argument:)``.

    A variable of an input type may hold anything, so all of its type counts as used. The document must be valid for
    the schema.
    """
    info = TypeInfo(schema)
    found = _Uses(schema, info)
    visit(document, TypeInfoVisitor(info, found))
    return frozenset(found.coordinates)


class _Uses(Visitor):
    def __init__(self, schema: GraphQLSchema, info: TypeInfo) -> None:
        super().__init__()
        self.schema = schema
        self.info = info
        self.coordinates: set[str] = set()
        self.fields: list[str] = []

    def leave_field(self, *_: Any) -> None:
        self.fields.pop()

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        self.fields.append(node.name.value)
        parent, definition = self.info.get_parent_type(), self.info.get_field_def()
        if parent is not None and definition is not None and not node.name.value.startswith("__"):
            self.coordinates |= {parent.name, f"{parent.name}.{node.name.value}", get_named_type(definition.type).name}
            # An interface's field is answered by the objects': what happens to theirs meets the operation too.
            if is_interface_type(parent):
                objects = self.schema.get_possible_types(parent)
                self.coordinates |= {f"{each.name}.{node.name.value}" for each in objects}

    def enter_argument(self, node: ArgumentNode, *_: Any) -> None:
        directive = self.info.get_directive()
        parent, field = self.info.get_parent_type(), self.info.get_field_def()
        if directive is not None:
            self.coordinates.add(f"@{directive.name}({node.name.value}:)")
        elif parent is not None and field is not None and self.fields:
            self.coordinates.add(f"{parent.name}.{self.fields[-1]}({node.name.value}:)")
        argument = self.info.get_argument()
        if argument is not None:
            self.coordinates.add(get_named_type(argument.type).name)

    def enter_directive(self, node: DirectiveNode, *_: Any) -> None:
        self.coordinates.add(f"@{node.name.value}")

    def enter_enum_value(self, node: EnumValueNode, *_: Any) -> None:
        expected = self.info.get_input_type()
        if expected is not None:
            self.coordinates.add(f"{get_named_type(expected).name}.{node.value}")

    def enter_object_field(self, node: ObjectFieldNode, *_: Any) -> None:
        parent = get_named_type(self.info.get_parent_input_type())
        if parent is not None:
            self.coordinates |= {parent.name, f"{parent.name}.{node.name.value}"}

    def enter_variable_definition(self, node: VariableDefinitionNode, *_: Any) -> None:
        self._add_input(get_named_type(self.info.get_input_type()), set())

    def _add_input(self, named: Any, seen: set[str]) -> None:
        if named is None or named.name in seen:
            return
        seen.add(named.name)
        self.coordinates.add(named.name)
        if is_enum_type(named):
            self.coordinates |= {f"{named.name}.{value}" for value in named.values}
        elif is_input_object_type(named):
            assert isinstance(named, GraphQLInputObjectType)
            for name, field in named.fields.items():
                self.coordinates.add(f"{named.name}.{name}")
                self._add_input(get_named_type(field.type), seen)

    def enter_inline_fragment(self, node: InlineFragmentNode, *_: Any) -> None:
        if node.type_condition is not None:
            self.coordinates.add(node.type_condition.name.value)

    def enter_fragment_definition(self, node: FragmentDefinitionNode, *_: Any) -> None:
        self.coordinates.add(node.type_condition.name.value)
