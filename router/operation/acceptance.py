"""Accept the usual valid document in one walk, so that validation in full is for those that may be wrong.

``surely_valid`` knows one direction only: what it accepts, every rule of the specification (section 5.2 to 5.8)
accepts; what it does not accept may be valid all the same. It gives up at anything unusual (several operations,
introspection, directives other than skip and include, ``@oneOf``) and at any doubt, and never tells what is wrong:
that is the library's work (``validation``). tests/router/operation/test_acceptance.py holds both against each other.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from graphql import (
    ArgumentNode,
    BooleanValueNode,
    DirectiveNode,
    DocumentNode,
    EnumValueNode,
    FieldNode,
    FloatValueNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLArgument,
    GraphQLBoolean,
    GraphQLCompositeType,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLUnionType,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    NullValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    StringValueNode,
    Undefined,
    ValueNode,
    VariableNode,
    get_named_type,
    is_input_type,
    is_required_argument,
    is_required_input_field,
    print_ast,
    type_from_ast,
)
from graphql.utilities.type_comparators import do_types_overlap
from graphql.validation.rules.variables_in_allowed_position import allowed_variable_usage

MAX_VISITS = 2_000
"""Selections read with fragments spread; larger documents are left to the library."""

MAX_DIGITS = 400

_COMPOSITE = (GraphQLObjectType, GraphQLInterfaceType, GraphQLUnionType)
_LITERALS: Mapping[str, tuple[type[ValueNode], ...]] = {
    "Int": (IntValueNode,),
    "Float": (IntValueNode, FloatValueNode),
    "String": (StringValueNode,),
    "Boolean": (BooleanValueNode,),
    "ID": (StringValueNode, IntValueNode),
}
_OWN_SCALARS = (IntValueNode, FloatValueNode, StringValueNode, BooleanValueNode)
_IF = {"if": GraphQLArgument(GraphQLNonNull(GraphQLBoolean))}


class _Doubt(Exception):
    """Something unusual, or wrong."""


def surely_valid(document: DocumentNode, schema: GraphQLSchema) -> bool:
    """Whether the document is certainly valid; False says nothing."""
    try:
        _Walk(document, schema).run()
    except (_Doubt, RecursionError):
        return False
    return True


@dataclass(slots=True)
class _Answer:
    """What is selected under one path of response keys: the same everywhere, or the fields might not merge."""

    name: str
    arguments: tuple[ArgumentNode, ...]
    type: str
    below: dict[str, _Answer] = field(default_factory=dict)


class _Walk:
    def __init__(self, document: DocumentNode, schema: GraphQLSchema) -> None:
        self._schema = schema
        self._left = MAX_VISITS
        self._fragments: dict[str, FragmentDefinitionNode] = {}
        self._spread: set[str] = set()
        self._open: set[str] = set()
        self._variables: dict[str, tuple[GraphQLInputType, ValueNode | None]] = {}
        self._used: set[str] = set()
        operations = []
        for definition in document.definitions:
            if isinstance(definition, OperationDefinitionNode):
                operations.append(definition)
            elif isinstance(definition, FragmentDefinitionNode):
                self._need(definition.name.value not in self._fragments and not definition.variable_definitions)
                self._fragments[definition.name.value] = definition
            else:
                raise _Doubt
        self._need(len(operations) == 1)
        self._operation = operations[0]

    def run(self) -> None:
        """Raises _Doubt."""
        operation = self._operation
        root = self._schema.get_root_type(operation.operation)
        self._need(root is not None and not operation.directives)
        assert root is not None
        if operation.operation is OperationType.SUBSCRIPTION:
            (*_, last) = selections = operation.selection_set.selections
            self._need(len(selections) == 1 and isinstance(last, FieldNode) and not last.directives)
            self._need(isinstance(last, FieldNode) and not last.name.value.startswith("__"))
        self._define_variables(operation)
        self._selections(operation.selection_set, root, {})
        self._need(self._spread == self._fragments.keys() and self._used == self._variables.keys())

    @staticmethod
    def _need(holds: bool) -> None:
        if not holds:
            raise _Doubt

    def _define_variables(self, operation: OperationDefinitionNode) -> None:
        for definition in operation.variable_definitions or ():
            name = definition.variable.name.value
            wanted = type_from_ast(self._schema, definition.type)
            self._need(name not in self._variables and not definition.directives and is_input_type(wanted))
            assert is_input_type(wanted)
            if definition.default_value is not None:
                self._value(definition.default_value, wanted, Undefined, constant=True)
            self._variables[name] = (wanted, definition.default_value)

    def _selections(
        self, selection_set: SelectionSetNode, parent: GraphQLCompositeType, answers: dict[str, _Answer]
    ) -> None:
        self._need(bool(selection_set.selections))
        for node in selection_set.selections:
            self._left -= 1
            self._need(self._left >= 0)
            if node.directives:
                self._directives(node.directives)
            if isinstance(node, FieldNode):
                self._field(node, parent, answers)
            elif isinstance(node, FragmentSpreadNode):
                name = node.name.value
                self._need(name in self._fragments and name not in self._open)
                fragment = self._fragments[name]
                self._need(not fragment.directives)
                self._spread.add(name)
                self._open.add(name)
                inner = self._narrowed(parent, fragment.type_condition.name.value)
                self._selections(fragment.selection_set, inner, answers)
                self._open.discard(name)
            else:
                assert isinstance(node, InlineFragmentNode)
                inner = self._narrowed(parent, node.type_condition.name.value) if node.type_condition else parent
                self._selections(node.selection_set, inner, answers)

    def _narrowed(self, parent: GraphQLCompositeType, condition: str) -> GraphQLCompositeType:
        if condition == parent.name:
            return parent
        named = self._schema.type_map.get(condition)
        self._need(isinstance(named, _COMPOSITE))
        assert isinstance(named, _COMPOSITE)
        self._need(do_types_overlap(self._schema, parent, named))
        return named

    def _field(self, node: FieldNode, parent: GraphQLCompositeType, answers: dict[str, _Answer]) -> None:
        name = node.name.value
        if name == "__typename":
            self._need(not node.arguments and node.selection_set is None)
            self._merged(node, "String!", answers)
            return
        self._need(not isinstance(parent, GraphQLUnionType) and name in parent.fields)
        assert not isinstance(parent, GraphQLUnionType)
        definition: GraphQLField = parent.fields[name]
        if node.arguments or definition.args:
            self._arguments(node.arguments, definition.args)
        below = self._merged(node, str(definition.type), answers)
        named = get_named_type(definition.type)
        if isinstance(named, _COMPOSITE):
            self._need(node.selection_set is not None)
            assert node.selection_set is not None
            self._selections(node.selection_set, named, below)
        else:
            self._need(node.selection_set is None)

    def _merged(self, node: FieldNode, wanted: str, answers: dict[str, _Answer]) -> dict[str, _Answer]:
        """What lies below the field's response key (spec section 5.3.2, taken more strictly)."""
        key = (node.alias or node.name).value
        known = answers.get(key)
        if known is None:
            known = answers[key] = _Answer(node.name.value, tuple(node.arguments or ()), wanted)
        else:
            self._need(known.name == node.name.value and known.type == wanted)
            self._need(_printed(known.arguments) == _printed(node.arguments))
        return known.below

    def _directives(self, nodes: Iterable[DirectiveNode]) -> None:
        names = [node.name.value for node in nodes]
        self._need(len(set(names)) == len(names) and set(names) <= {"skip", "include"})
        for node in nodes:
            self._arguments(node.arguments, _IF)

    def _arguments(self, nodes: Iterable[ArgumentNode] | None, known: Mapping[str, GraphQLArgument]) -> None:
        given = set()
        for node in nodes or ():
            name = node.name.value
            self._need(name not in given and name in known)
            given.add(name)
            self._value(node.value, known[name].type, _default(known[name]))
        self._need(all(name in given or not is_required_argument(argument) for name, argument in known.items()))

    def _value(self, node: ValueNode, wanted: GraphQLInputType, default: object, *, constant: bool = False) -> None:
        """The value fits its place (spec section 5.6); ``default`` is that of the place."""
        if isinstance(node, VariableNode):
            name = node.name.value
            self._need(not constant and name in self._variables)
            self._used.add(name)
            given, own_default = self._variables[name]
            self._need(allowed_variable_usage(self._schema, given, own_default, wanted, default))
            return
        if isinstance(wanted, GraphQLNonNull):
            self._need(not isinstance(node, NullValueNode))
            wanted = wanted.of_type
        elif isinstance(node, NullValueNode):
            return
        if isinstance(wanted, GraphQLList):
            for item in node.values if isinstance(node, ListValueNode) else (node,):
                self._value(item, wanted.of_type, Undefined, constant=constant)
        elif isinstance(wanted, GraphQLInputObjectType):
            self._input_object(node, wanted, constant=constant)
        elif isinstance(wanted, GraphQLEnumType):
            self._need(isinstance(node, EnumValueNode) and node.value in wanted.values)
        else:
            assert isinstance(wanted, GraphQLScalarType)
            self._need(isinstance(node, _LITERALS.get(wanted.name, _OWN_SCALARS)))
            if isinstance(node, IntValueNode | FloatValueNode):
                limit = 2**31 if wanted.name == "Int" else sys.float_info.max
                self._need(len(node.value) < MAX_DIGITS and abs(float(node.value)) < limit)

    def _input_object(self, node: ValueNode, wanted: GraphQLInputObjectType, *, constant: bool) -> None:
        self._need(isinstance(node, ObjectValueNode) and not wanted.is_one_of)
        assert isinstance(node, ObjectValueNode)
        given = set()
        for item in node.fields:
            name = item.name.value
            self._need(name not in given and name in wanted.fields)
            given.add(name)
            at = wanted.fields[name]
            self._value(item.value, at.type, _default(at), constant=constant)
        self._need(all(name in given or not is_required_input_field(at) for name, at in wanted.fields.items()))


def _default(at: GraphQLArgument | GraphQLInputField) -> object:
    return at.default_value if at.default is None else at.default


def _printed(arguments: Iterable[ArgumentNode] | None) -> list[str]:
    return sorted(print_ast(node) for node in arguments or ())
