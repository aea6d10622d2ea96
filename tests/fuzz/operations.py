"""Draw operations that are valid against an API schema: fragments, aliases, conditions and variables of every kind."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any
from zlib import crc32

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_composite_type,
)

from tests.fuzz.world import JSONS, LONGS, TEXTS

DEEPEST = 5


@dataclass
class Operation:
    """Text and variables, being drawn."""

    random: Random
    schema: GraphQLSchema
    careful: bool
    """Whether every alias names its parent type, which makes conflicts impossible."""
    budget: int
    favoured: frozenset[tuple[str, str]] = frozenset()
    """(type, field) to select more often."""
    definitions: dict[str, tuple[str, str | None]] = field(default_factory=dict)
    """Variable → type, default."""
    variables: dict[str, Any] = field(default_factory=dict)
    fragments: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Name → type condition, selection set."""

    def chance(self, share: float) -> bool:
        return self.random.random() < share


def draw_operation(
    random: Random,
    schema: GraphQLSchema,
    is_valid: Callable[[str], bool],
    favoured: frozenset[tuple[str, str]] = frozenset(),
) -> tuple[str, dict[str, Any]]:
    """An operation that is valid, and values for its variables."""
    kind = "mutation" if schema.mutation_type and random.random() < 0.3 else "query"
    root = schema.mutation_type if kind == "mutation" else schema.query_type
    assert root is not None
    for careful in (False, False, True):
        drawn = Operation(random, schema, careful, random.choice((4, 8, 16, 30, 50)), favoured)
        selections = _selections(drawn, root, 0)
        text = _text(drawn, kind, selections)
        if is_valid(text):
            return text, drawn.variables
    return "{ __typename }", {}


def _text(drawn: Operation, kind: str, selections: str) -> str:
    listed = ", ".join(
        f"${name}: {type_}" + (f" = {default}" if default is not None else "")
        for name, (type_, default) in drawn.definitions.items()
    )
    head = f"{kind}{f' ({listed})' if listed else ''} "
    fragments = [f"fragment {name} on {on} {body}" for name, (on, body) in drawn.fragments.items()]
    return "\n".join([head + selections, *fragments])


def _selections(drawn: Operation, type_: Any, depth: int) -> str:
    items = []
    for _ in range(drawn.random.choice((1, 2, 2, 3, 4))):
        drawn.budget -= 1
        items.append(_selection(drawn, type_, depth))
        if drawn.budget < 0:
            break
    return "{ " + " ".join(items) + " }"


def _selection(drawn: Operation, type_: Any, depth: int) -> str:
    fields = getattr(type_, "fields", {})
    roll = drawn.random.random()
    if roll < 0.1 and type_ is not drawn.schema.mutation_type:
        alias = drawn.random.choice(("", "", "t: ", "kind: "))
        return f"{alias}__typename{_conditions(drawn)}"
    if roll < 0.13 and type_ is drawn.schema.query_type:
        return _introspection(drawn)
    if roll < 0.3 or (not fields and roll < 0.9):
        return _fragment(drawn, type_, depth)
    names = [
        name for name, each in fields.items() if depth < DEEPEST or not is_composite_type(get_named_type(each.type))
    ]
    if drawn.budget < 0:
        names = [name for name in names if not is_composite_type(get_named_type(fields[name].type))]
    if not names:
        return f"__typename{_conditions(drawn)}"
    composite = [name for name in names if is_composite_type(get_named_type(fields[name].type))]
    favoured = [name for name in names if (type_.name, name) in drawn.favoured]
    if favoured and drawn.chance(0.5):
        names = composite = favoured
    name = drawn.random.choice(composite if composite and drawn.chance(0.4) else names)
    definition = fields[name]
    arguments = _arguments(drawn, definition.args)
    alias = _alias(drawn, type_, name, arguments, str(definition.type))
    named = get_named_type(definition.type)
    below = f" {_selections(drawn, named, depth + 1)}" if is_composite_type(named) else ""
    return f"{alias}{name}{arguments}{_conditions(drawn)}{below}"


def _introspection(drawn: Operation) -> str:
    type_ = drawn.random.choice(list(drawn.schema.type_map))
    return drawn.random.choice(
        (
            "__schema { queryType { name } types { name kind } }",
            f'__type(name: "{type_}") {{ name kind possibleTypes {{ name }} interfaces {{ name }} }}',
            f'of{type_}: __type(name: "{type_}") {{ fields {{ name type {{ name kind ofType {{ name }} }} }} }}',
            f'values: __type(name: "{type_}") {{ enumValues {{ name }} inputFields {{ name defaultValue }} }}',
        )
    )


def _alias(drawn: Operation, type_: Any, name: str, arguments: str, returned: str) -> str:
    if drawn.careful:
        return f"a{crc32(f'{type_.name}{name}{arguments}'.encode()):x}: "
    if arguments:
        return f"{name}{crc32(arguments.encode()) % 1000}: "
    if drawn.chance(0.2):
        return f"k{crc32(returned.encode()) % 100}: "
    return drawn.random.choice(("", "", "", "", f"the{name.title()}: "))


def _fragment(drawn: Operation, type_: Any, depth: int) -> str:
    choices = [each for each in drawn.schema.type_map.values() if _overlap(drawn.schema, type_, each)]
    if not choices:  # an interface that nothing implements
        return f"__typename{_conditions(drawn)}"
    if drawn.fragments and drawn.chance(0.3):
        fitting = [name for name, (on, _) in drawn.fragments.items() if drawn.schema.type_map[on] in choices]
        if fitting:
            return f"...{drawn.random.choice(fitting)}{_conditions(drawn)}"
    target = drawn.random.choice(choices)
    body = _selections(drawn, target, depth)
    if drawn.chance(0.3):
        name = f"F{len(drawn.fragments) + 1}"
        drawn.fragments[name] = (target.name, body)
        return f"...{name}{_conditions(drawn)}"
    if target is type_ and drawn.chance(0.5):
        return f"...{_conditions(drawn)} {body}"
    return f"... on {target.name}{_conditions(drawn)} {body}"


def _overlap(schema: GraphQLSchema, type_: Any, other: Any) -> bool:
    if other.name.startswith("__") or not isinstance(
        other, GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType
    ):
        return False
    return bool(_possible(schema, type_) & _possible(schema, other))


def _possible(schema: GraphQLSchema, type_: Any) -> set[str]:
    if isinstance(type_, GraphQLObjectType):
        return {type_.name}
    return {each.name for each in schema.get_possible_types(type_)}


def _conditions(drawn: Operation) -> str:
    if not drawn.chance(0.15):
        return ""
    told = ""
    for name in drawn.random.sample(("include", "skip"), drawn.random.choice((1, 1, 1, 2))):
        if drawn.chance(0.15):
            told += f" @{name}(if: {drawn.random.choice(('true', 'false'))})"
        else:
            told += f" @{name}(if: ${_condition_variable(drawn)})"
    return told


def _condition_variable(drawn: Operation) -> str:
    name = drawn.random.choice(("c1", "c2", "c3"))
    if name not in drawn.definitions:
        default = drawn.random.choice((None, None, "true", "false"))
        drawn.definitions[name] = ("Boolean" if default and drawn.chance(0.5) else "Boolean!", default)
        if default is None or drawn.chance(0.5):
            drawn.variables[name] = drawn.chance(0.5)
    return name


def _arguments(drawn: Operation, arguments: dict[str, Any]) -> str:
    told = []
    for name, definition in arguments.items():
        required = isinstance(definition.type, GraphQLNonNull) and definition.default_value is definition.default_value
        has_default = definition.ast_node is not None and definition.ast_node.default_value is not None
        if (has_default or not required) and drawn.chance(0.4):
            continue
        told.append(f"{name}: {_literal(drawn, definition.type, 0, has_default)}")
    return f"({', '.join(told)})" if told else ""


def _literal(drawn: Operation, type_: Any, depth: int, has_default: bool = False) -> str:
    if drawn.chance(0.35):
        return f"${_variable(drawn, type_, depth, has_default)}"
    if isinstance(type_, GraphQLNonNull):
        return _present_literal(drawn, type_.of_type, depth)
    return "null" if drawn.chance(0.15) else _present_literal(drawn, type_, depth)


def _present_literal(drawn: Operation, type_: Any, depth: int) -> str:
    if isinstance(type_, GraphQLList):
        if drawn.chance(0.15) and _stands_for_a_list(type_):
            return _present_literal(drawn, get_inner(type_), depth)
        items = [_literal(drawn, type_.of_type, depth + 1) for _ in range(drawn.random.randint(0, 2))]
        return f"[{', '.join(items)}]"
    if isinstance(type_, GraphQLInputObjectType):
        told = []
        for name, each in type_.fields.items():
            has_default = each.ast_node is not None and each.ast_node.default_value is not None
            if (isinstance(each.type, GraphQLNonNull) and not has_default) or (drawn.chance(0.5) and depth < 4):
                told.append(f"{name}: {_literal(drawn, each.type, depth + 1, has_default)}")
        return "{ " + ", ".join(told) + " }"
    if isinstance(type_, GraphQLEnumType):
        return str(drawn.random.choice(list(type_.values)))
    return _as_literal(_value(drawn, type_, depth, literal=True))


def _stands_for_a_list(type_: Any) -> bool:
    """Whether one item may be given instead of a list: not where the item may be a list itself."""
    return not isinstance(get_inner(type_), GraphQLList) and get_inner(type_).name != "JSON"


def get_inner(type_: Any) -> Any:
    """The type of a list's items, without non-null."""
    inner = type_.of_type
    return inner.of_type if isinstance(inner, GraphQLNonNull) else inner


def _as_literal(value: Any) -> str:
    if isinstance(value, dict):
        pairs = (f"{name}: {_as_literal(item)}" for name, item in value.items() if name.isascii())
        return "{ " + ", ".join(pairs) + " }"
    if isinstance(value, list):
        return f"[{', '.join(map(_as_literal, value))}]"
    return json.dumps(value, ensure_ascii=False)


def _variable(drawn: Operation, type_: Any, depth: int, has_default: bool) -> str:
    """A variable that fits a place of the type: stricter, or with a default, or left out where it may be."""
    text = str(type_)
    fitting = [name for name, (known, _) in drawn.definitions.items() if known == text]
    if fitting and drawn.chance(0.5):
        return drawn.random.choice(fitting)
    name = f"v{len(drawn.definitions)}"
    default = None
    if drawn.chance(0.25):
        default = _constant(drawn, type_, depth)
    if isinstance(type_, GraphQLNonNull):
        if default is not None and default != "null" and drawn.chance(0.4):
            text = text[:-1]
    elif drawn.chance(0.2) and default != "null":
        text += "!"
    drawn.definitions[name] = (text, default)
    optional = not text.endswith("!")
    if default is not None and drawn.chance(0.5):
        return name
    if optional and not isinstance(type_, GraphQLNonNull) and default is None and drawn.chance(0.3):
        if drawn.chance(0.5):
            drawn.variables[name] = None
        return name
    drawn.variables[name] = _value(drawn, type_.of_type if isinstance(type_, GraphQLNonNull) else type_, 0)
    return name


def _constant(drawn: Operation, type_: Any, depth: int) -> str:
    """A literal without variables."""
    inner = Operation(drawn.random, drawn.schema, True, 0)
    for _ in range(5):
        text = _literal(inner, type_, depth)
        if "$" not in text:
            return text
        inner.definitions.clear()
    return _present_constant(drawn, type_)


def _present_constant(drawn: Operation, type_: Any) -> str:
    if isinstance(type_, GraphQLNonNull):
        type_ = type_.of_type
    if isinstance(type_, GraphQLList):
        return "[]"
    if isinstance(type_, GraphQLInputObjectType):
        required = [
            f"{name}: {_present_constant(drawn, each.type)}"
            for name, each in type_.fields.items()
            if isinstance(each.type, GraphQLNonNull)
        ]
        return "{ " + ", ".join(required) + " }"
    if isinstance(type_, GraphQLEnumType):
        return str(next(iter(type_.values)))
    return _as_literal(_value(drawn, type_, 0, literal=True))


def _value(drawn: Operation, type_: Any, depth: int, *, literal: bool = False) -> Any:
    """A JSON value for a type; null only where it may be."""
    random = drawn.random
    if isinstance(type_, GraphQLNonNull):
        return _value(drawn, type_.of_type, depth)
    if depth and drawn.chance(0.1) and not literal:
        return None if not isinstance(type_, GraphQLNonNull) else _value(drawn, type_.of_type, depth)
    if isinstance(type_, GraphQLList):
        if drawn.chance(0.15) and _stands_for_a_list(type_):
            return _value(drawn, get_inner(type_), 0)
        return [_item(drawn, type_.of_type, depth + 1) for _ in range(random.randint(0, 2))]
    if isinstance(type_, GraphQLInputObjectType):
        found = {}
        for name, each in type_.fields.items():
            has_default = each.ast_node is not None and each.ast_node.default_value is not None
            if (isinstance(each.type, GraphQLNonNull) and not has_default) or (drawn.chance(0.5) and depth < 4):
                found[name] = _item(drawn, each.type, depth + 1)
        return found
    if isinstance(type_, GraphQLEnumType):
        return random.choice(list(type_.values))
    match type_.name:
        case "Int":
            return random.choice((0, 7, -1, 2**31 - 1, -(2**31)))
        case "Float":
            return random.choice((0, 1.5, -0.25, 1e22, 3))
        case "Boolean":
            return drawn.chance(0.5)
        case "ID":
            return random.choice(("", "7", "한", 7, 2**40))
        case "Long":
            return random.choice(LONGS)
        case "JSON":
            return random.choice(JSONS)
    return random.choice([each for each in TEXTS if "\x00" not in each] if literal else TEXTS)


def _item(drawn: Operation, type_: Any, depth: int) -> Any:
    return _value(drawn, type_.of_type, 0) if isinstance(type_, GraphQLNonNull) else _value(drawn, type_, depth)
