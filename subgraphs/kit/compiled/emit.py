"""Writes the Python source of an operation: one function a selection set, one a list.

The source is optimistic: it tests for the value that is expected and hands every other to the slot of the field
(slots.py). A ``try`` costs nothing until something is raised. Names in the source: ``object_3`` the function of a
selection set, ``list_5`` the loop of field 5, ``field_5`` and ``item_5`` its slots, ``call_5`` its resolver.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    OperationType,
    Undefined,
    is_abstract_type,
    is_leaf_type,
)
from strawberry import Schema
from strawberry.schema.schema_converter import CustomGraphQLEnumType

from subgraphs.kit.compiled.arguments import ArgumentMaker
from subgraphs.kit.compiled.facts import (
    Access,
    Attribute,
    Call,
    Stock,
    checks_by_class,
    decided_by_class,
    is_name,
    leaf_test,
    read_field,
    type_resolver,
)
from subgraphs.kit.compiled.info import info_maker, raw_info
from subgraphs.kit.compiled.running import Pending, partial
from subgraphs.kit.compiled.selections import Reading, Selected, SelectionSet
from subgraphs.kit.compiled.slots import CAST, Abstract, FieldSlot, ItemSlot, KnownTypes, Leaf, Listed, Shape, Shaped

_LITERALS = (str, int, bool, type(None))
_NEAR = {
    "ID": "str({0}) if type({0}) is int else {1}",
    "Float": "float({0}) if type({0}) is int and -9007199254740992 <= {0} <= 9007199254740992 else {1}",
}
"""Values a built-in scalar is often given though it is not of them, with what it makes of them."""


@dataclass(slots=True)
class Emitted:
    """The source of an operation and what it refers to."""

    source: str
    names: dict[str, Any]
    """The globals of the source."""
    links: list[tuple[Any, str, str]] = field(default_factory=list)
    """Shapes that need an emitted function: ``(shape, attribute, function name)``."""
    serial: tuple[tuple[FieldSlot, str], ...] = ()
    """A mutation's root fields in order, each with the name of its function."""


@dataclass(frozen=True, slots=True)
class _Place:
    """A value under completion: the variable it is in and the expressions around it."""

    slot: FieldSlot | ItemSlot
    name: str
    settle: str
    link: str
    hold: str | None
    """The statement that keeps a Pending; None: the function returns it."""
    depth: int
    indent: str

    def otherwise(self) -> str:
        """What heads the branch of unexpected values; null is expected where it is allowed."""
        return f"elif {self.name} is not None:" if self.slot.nullable else "else:"


class KnownOfSchema:
    """Learned facts about classes, shared by all operations of a schema."""

    def __init__(self) -> None:
        self.plain = KnownTypes()
        self._of_type: dict[str, KnownTypes] = {}

    def of(self, type_: GraphQLObjectType) -> KnownTypes:
        """The classes whose instances pass the type's ``is_type_of``."""
        return self._of_type.setdefault(type_.name, KnownTypes())


def emit(reading: Reading, schema: Schema, known: KnownOfSchema, title: str) -> Emitted:
    """The source of an operation."""
    return _Writer(schema, known).operation(reading, title)


class _Writer:
    def __init__(self, schema: Schema, known: KnownOfSchema) -> None:
        self.schema = schema
        self.core: GraphQLSchema = schema._schema
        self.known = known
        self.lines: list[str] = []
        self.names: dict[str, Any] = {
            "Pending": Pending,
            "partial": partial,
            "raw_info": raw_info,
            "Info": info_maker(schema.config.info_class),
            "known": known.plain,
            "CAST": CAST,
            "INFINITY": float("inf"),
            "Undefined": Undefined,
        }
        self.links: list[tuple[Any, str, str]] = []

    def operation(self, reading: Reading, title: str) -> Emitted:
        self.lines.append(f"# {title}")
        serial: list[tuple[FieldSlot, str]] = []
        for selection_set in reading.sets:
            is_root = selection_set is reading.top
            if is_root and reading.operation.operation is OperationType.MUTATION:
                serial = [self._root_field(selected) for selected in selection_set.fields]
            else:
                self._object(selection_set)
        return Emitted("\n".join(self.lines) + "\n", self.names, self.links, tuple(serial))

    # One function a selection set

    def _object(self, selection_set: SelectionSet) -> None:
        plans = [(selected, self._prepare(selected)) for selected in selection_set.fields]
        self.lines += ["", "", f"def object_{selection_set.number}(run, o, at):  # {selection_set.type.name}"]
        if any(slot is not None for _, (slot, _) in plans):
            self.lines.append("    held = None")
        entries = []
        can_hold = False
        for selected, (slot, access) in plans:
            if slot is None or access is None:
                entries.append(f"{selected.key!r}: {selected.parent.name!r}")
                continue
            can_hold = True
            name = f"v{selected.number}"
            entries.append(f"{selected.key!r}: {name}")
            self._value(selected, slot, access, name, f"held = field_{selected.number}.hold(held, {name})")
        data = "{" + ", ".join(entries) + "}"
        if can_hold:
            self.lines += [f"    data = {data}", "    return data if held is None else partial(run, data, held)"]
        else:
            self.lines.append(f"    return {data}")

    def _root_field(self, selected: Selected) -> tuple[FieldSlot, str]:
        slot, access = self._prepare(selected)
        name = f"root_{selected.number}"
        self.lines += ["", "", f"def {name}(run, o, at):  # {selected.parent.name}.{selected.key}"]
        if slot is None or access is None:
            self.lines.append(f"    return {selected.parent.name!r}")
            slot = self._typename_slot(selected)
        else:
            self._value(selected, slot, access, "value", None)
            self.lines.append("    return value")
        return slot, name

    def _typename_slot(self, selected: Selected) -> FieldSlot:
        shape = Leaf("String", str)
        maker = ArgumentMaker(selected.definition, selected.nodes[0], None, "same", True, {}, self.schema.config)
        return FieldSlot(selected.key, selected.parent, selected.definition, selected.nodes, False, shape, maker)

    # One field: get the value, test it, complete it

    def _prepare(self, selected: Selected) -> tuple[FieldSlot | None, Access | None]:
        if selected.is_typename:
            return None, None
        access, maker = read_field(selected.definition, selected.nodes[0], self.schema)
        nullable, inner = _unwrap(selected.definition.type)
        shape, items = self._shape(selected, inner, 0)
        slot = FieldSlot(selected.key, selected.parent, selected.definition, selected.nodes, nullable, shape, maker)
        for item in items:
            item.field, item.nodes = slot, slot.nodes
        self.names[f"field_{selected.number}"] = slot
        for depth, item in enumerate(items):
            self.names[f"item_{selected.number}_{depth}"] = item
        self._loops(selected, inner, items)
        return slot, access

    def _value(self, selected: Selected, slot: FieldSlot, access: Access, name: str, hold: str | None) -> None:
        field_name = f"field_{selected.number}"
        self.lines.append(f"    try:  # {selected.parent.name}.{slot.name}: {selected.definition.type}")
        self.lines.append(f"        {name} = {self._read(selected, access)}")
        if isinstance(access, Call) and access.is_async:
            self.lines.append(f"        {name} = {field_name}.defer(run, {name}, at)")
            self.lines += _held(name, hold, "        ", certainly=True)
        else:
            place = _Place(
                slot,
                name,
                settle=f"{field_name}.settle(run, {name}, at)",
                link=f"(at, {selected.key!r}, {selected.parent.name!r})",
                hold=hold,
                depth=0,
                indent="        ",
            )
            self._complete(selected, _unwrap(selected.definition.type)[1], place)
        self.lines += ["    except Exception as error:", f"        {name} = {field_name}.fail(run, error, at)"]

    def _read(self, selected: Selected, access: Access) -> str:
        number = selected.number
        if isinstance(access, Attribute):
            if access.read is None and is_name(access.name):
                return f"o.{access.name}"
            self.names[f"read_{number}"] = access.read or getattr
            return f"read_{number}(o, {access.name!r})"
        if isinstance(access, Stock):
            self.names[f"call_{number}"] = access.resolve
            keywords = f", **field_{number}.arguments.make(run)" if access.has_arguments else ""
            return f"call_{number}(o, raw_info(run, field_{number}, at){keywords})"
        self.names[f"call_{number}"] = access.function
        arguments = ["o"] if access.takes_self else []
        if access.constants is None:
            arguments.append(f"**field_{number}.arguments.make(run)")
        else:
            arguments += [f"{key}={self._constant(number, key, value)}" for key, value in access.constants.items()]
        arguments += [f"{key}=o" for key in access.source_names]
        if access.info_name is not None:
            arguments.append(f"{access.info_name}=Info(run, field_{number}, at)")
        return f"call_{number}({', '.join(arguments)})"

    def _constant(self, number: int, key: str, value: Any) -> str:
        if type(value) in _LITERALS:
            return repr(value)
        name = f"{key}_{number}"
        self.names[name] = value
        return name

    # The test of a value and what is done with the expected one

    def _complete(self, selected: Selected, inner: Any, place: _Place) -> None:
        number, shape, name, link = selected.number, place.slot.shape, place.name, place.link
        if isinstance(shape, Leaf):
            self._leaf(selected, inner, shape, place)
            return
        if isinstance(shape, Listed):
            lines = [f"if type({name}) is list:", f"    {name} = list_{number}_{place.depth}(run, {name}, {link})"]
        elif isinstance(shape, Shaped):
            test = f"type({name}) in known"
            if shape.check is not None:
                self.names[f"known_{number}"] = shape.known
                test = f"type({name}) in known_{number} and getattr({name}, CAST, None) is None"
            target = f"object_{selected.sets[shape.type.name].number}"
            lines = [f"if {test}:", f"    {name} = {target}(run, {name}, {link})"]
        elif isinstance(shape, Abstract):
            self.names[f"types_{number}"] = shape.by_class
            lines = [
                f"enter = types_{number}.get(type({name}))",
                f"if enter is not None and getattr({name}, CAST, None) is None:",
                f"    {name} = enter(run, {name}, {link})",
            ]
        lines += [place.otherwise(), f"    {name} = {place.settle}", *_held(name, place.hold)]
        self.lines += [place.indent + line for line in lines]

    def _leaf(self, selected: Selected, inner: Any, shape: Leaf, place: _Place) -> None:
        number, name = selected.number, place.name
        test = leaf_test(shape.coerce)
        if test is not None:
            unexpected = test.format(name)
            if place.slot.nullable:
                unexpected = f"{name} is not None and ({unexpected})"
            lines = [f"if {unexpected}:", f"    {name} = {_NEAR.get(shape.name, '{1}').format(name, place.settle)}"]
        elif isinstance(inner, CustomGraphQLEnumType):
            self.names[f"names_{number}"] = _names_of(inner)
            lines = [f"word = names_{number}.get(id({name}))", "if word is not None:", f"    {name} = word"]
            lines += [place.otherwise(), f"    {name} = {place.settle}"]
        else:
            self.names[f"coerce_{number}"] = shape.coerce
            self.names[f"leaf_{number}"] = shape
            lines = [
                f"if type({name}) in known:",
                f"    raw, {name} = {name}, coerce_{number}({name})",
                f"    if {name} is None or {name} is Undefined:",
                f"        leaf_{number}.checked({name}, raw)",
                place.otherwise(),
                f"    {name} = {place.settle}",
            ]
        self.lines += [place.indent + line for line in [*lines, *_held(name, place.hold, "    ")]]

    def _loops(self, selected: Selected, inner: Any, items: list[ItemSlot]) -> None:
        for depth, item in enumerate(items):
            _, inner = _unwrap(inner.of_type)
            number = f"{selected.number}_{depth}"
            slot = f"item_{number}"
            at = "(at, index, None)" if isinstance(item.shape, Leaf) else "place"
            self.lines += ["", "", f"def list_{number}(run, items, at):  # {selected.parent.name}.{selected.key}"]
            self.lines += ["    done = []", "    held = None", "    for index, o in enumerate(items):"]
            if at == "place":
                self.lines.append("        place = (at, index, None)")
            self.lines.append("        try:")
            item_place = _Place(
                item,
                "o",
                settle=f"{slot}.settle(run, o, {at})",
                link=at,
                hold=f"held = {slot}.hold(held, o, index)",
                depth=depth + 1,
                indent="            ",
            )
            self._complete(selected, inner, item_place)
            self.lines += [
                "        except Exception as error:",
                f"            o = {slot}.fail(run, error, {at}, items)",
                "        done.append(o)",
                "    return done if held is None else partial(run, done, held)",
            ]

    # Shapes

    def _shape(self, selected: Selected, inner: Any, depth: int) -> tuple[Shape, list[ItemSlot]]:
        if isinstance(inner, GraphQLList):
            nullable, below = _unwrap(inner.of_type)
            shape, items = self._shape(selected, below, depth + 1)
            item = ItemSlot(nullable, shape)
            listed = Listed(item)
            self.links.append((listed, "run_list", f"list_{selected.number}_{depth}"))
            return listed, [item, *items]
        if is_leaf_type(inner):
            return Leaf(inner.name, inner.coerce_output_value), []
        if is_abstract_type(inner):
            shapes = {name: self._shaped(below) for name, below in selected.sets.items()}
            return Abstract(inner, self.core, shapes, type_resolver(inner), decided_by_class(inner, self.schema)), []
        return self._shaped(selected.sets[inner.name]), []

    def _shaped(self, below: SelectionSet) -> Shaped:
        known = self.known.plain if below.type.is_type_of is None else self.known.of(below.type)
        shaped = Shaped(below.type, known, checks_by_class(below.type))
        self.links.append((shaped, "run_object", f"object_{below.number}"))
        return shaped


def _held(name: str, hold: str | None, indent: str = "", *, certainly: bool = False) -> list[str]:
    if hold is None:
        return []
    if certainly:
        return [f"{indent}{hold}", f"{indent}{name} = None"]
    return [f"{indent}if type({name}) is Pending:", f"{indent}    {hold}", f"{indent}    {name} = {name}.data"]


def _unwrap(type_: GraphQLOutputType) -> tuple[bool, Any]:
    """Whether it may be null, and the type without its outer ``!``."""
    if isinstance(type_, GraphQLNonNull):
        return False, type_.of_type
    return True, type_


def _names_of(type_: GraphQLEnumType) -> dict[int, str]:
    """By the identity of an enum's members, which live as long as the schema: their names in GraphQL."""
    names = {}
    for member in getattr(type_, "wrapped_cls", ()):
        try:
            names[id(member)] = type_.coerce_output_value(member)
        except Exception:  # noqa: S112  # the exact path raises it where it belongs
            continue
    return names
