"""The shape of the answer: for each object position, what it holds, in the client's order, a possible type at a time.

Built from the client's operation (not from the plan) by CollectFields (spec section 6.3.2), once a plan. Both ways to
project, interpreted (``project``) and emitted (``emit_projection``), read it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    get_named_type,
    is_abstract_type,
    is_composite_type,
)

from router.operation.model import Condition, Field, InlineFragment, Operation, Selection
from router.operation.normalize.inline import EMPTY
from router.policy.scopes import Refusal

Conditions = tuple[Condition, ...]
"""All of them must hold; ``()`` always does."""


@dataclass(slots=True)
class Slot:
    """One place of a response key of one object type.

    A key has one slot, unless it is first selected under a condition: the answer's order is that in which keys are
    first met at run time, so it has another wherever it may then be met first. At most one of a key's slots takes part.
    """

    response_key: str
    coordinate: str
    """``Type.field`` with the type the client wrote; for messages."""
    conditions: Conditions = ()
    """It takes part when all of these hold."""
    again: bool = False
    """The key has slots before this one; it takes part only when none of them does."""
    type: GraphQLOutputType | None = None
    """None for ``__typename`` and introspection."""
    shape: Shape | None = None
    enum: frozenset[str] | None = None
    refusal: Refusal | None = None
    introspected: bool = False
    unknown: bool = False
    """A ``__typename`` nobody can tell."""
    path: tuple[str, ...] = ()
    """From the root, ``"@"`` for every item of a list."""
    part: int = 0
    """Which part of an incremental delivery holds it."""


@dataclass(slots=True, eq=False)
class Shape:
    """One position that holds objects. ``slots`` by the name of the object type found there."""

    number: int
    type_name: str
    is_abstract: bool
    untyped: bool = False
    """An interface that is an object type in some subgraph: objects may come without the name of their own type.
    ``slots[type_name]`` then says what can be answered of them."""
    only_type: str | None = None
    """The one object type an untyped object can be of."""
    slots: dict[str, tuple[Slot, ...]] = field(default_factory=dict)

    def type_of(self, value: Mapping[str, Any]) -> str | None:
        """The name of the type of an object found here: a key of ``slots``, unless data is not as it should be."""
        if not self.is_abstract:
            return self.type_name
        found = value.get("__typename", self.type_name if self.untyped else None)
        if found == self.type_name and self.only_type is not None:
            return self.only_type
        return found if isinstance(found, str) else None


@dataclass(slots=True)
class _Found:
    field: Field
    parent: str
    conditions: Conditions
    part: int


Groups = tuple[tuple[tuple[Selection, ...], Conditions], ...]
"""Selection sets that are answered by one object, each with the conditions it stands under."""


class ShapeBuilder:
    """Builds the shapes of one operation; equal positions are built once, so nested interfaces do not multiply."""

    def __init__(
        self, schema: GraphQLSchema, refusals: Sequence[Refusal] = (), untyped: frozenset[str] = frozenset()
    ) -> None:
        self._schema = schema
        self._untyped = untyped
        self._refusals: Mapping[tuple[tuple[str, ...], str], Refusal] = {
            (refusal.path, refusal.parent_type): refusal for refusal in refusals
        }
        self._known: dict[tuple[Any, ...], Shape] = {}
        self._kept: list[Groups] = []
        self.shapes: list[Shape] = []
        """All shapes, the root first."""
        self.affected: dict[Refusal, str] = {}
        """Refusal → its dotted path with ``@`` for lists."""

    def root(self, operation: Operation) -> Shape:
        """The shape of ``data``."""
        named = self._schema.type_map[operation.root_type]
        return self._shape(named, ((operation.selections, ()),), (), 0)

    def _shape(self, named: GraphQLNamedType, groups: Groups, path: tuple[str, ...], part: int) -> Shape:
        key = (named.name, path, part, tuple((id(selections), conditions) for selections, conditions in groups))
        shape = self._known.get(key)
        if shape is not None:
            return shape
        self._kept.append(groups)  # the ids in the key stay taken
        shape = Shape(len(self.shapes), named.name, is_abstract_type(named), named.name in self._untyped)
        self._known[key] = shape
        self.shapes.append(shape)
        alike: dict[tuple[Any, ...], tuple[Slot, ...]] = {}
        for concrete in self._standing_for(named):
            found: list[_Found] = []
            for selections, conditions in groups:
                self._collect(selections, concrete.name, named.name, conditions, part, found)
            types = tuple(self._field_type(concrete, entry.field.name) for entry in found)
            unknown = is_abstract_type(concrete)
            same = (unknown, types, tuple((e.parent, id(e.field), e.conditions) for e in found))
            if same not in alike:
                alike[same] = tuple(self._slots(found, types, path, unknown))
            shape.slots[concrete.name] = alike[same]
        if shape.untyped and len(shape.slots) == 1:
            ((name, slots),) = shape.slots.items()
            if name != named.name:
                shape.only_type, shape.slots[named.name] = name, slots
        return shape

    def _standing_for(self, named: GraphQLNamedType) -> Sequence[GraphQLObjectType | GraphQLInterfaceType]:
        """The types an object at a position of this type may have; an interface itself where subgraphs say no more."""
        if isinstance(named, GraphQLInterfaceType) and named.name in self._untyped:
            possible = self._schema.get_possible_types(named)
            return possible if len(possible) == 1 else [*possible, named]
        if is_abstract_type(named):
            return self._schema.get_possible_types(named)
        assert isinstance(named, GraphQLObjectType)
        return [named]

    def _collect(
        self,
        selections: tuple[Selection, ...],
        concrete: str,
        parent: str,
        conditions: Conditions,
        part: int,
        found: list[_Found],
    ) -> None:
        for selection in selections:
            joined = _both(conditions, selection.conditions)
            if joined is None:
                continue
            if isinstance(selection, Field):
                if selection.response_key != EMPTY:
                    found.append(_Found(selection, parent, joined, part))
            elif self._applies(selection, concrete):
                below = self._narrowed(parent, selection.type_condition)
                within = part if selection.part is None else selection.part
                self._collect(selection.selections, concrete, below, joined, within, found)

    def _applies(self, fragment: InlineFragment, concrete: str) -> bool:
        condition = fragment.type_condition
        if condition is None or condition == concrete:
            return True
        named = self._schema.type_map.get(condition)
        object_type = self._schema.type_map[concrete]
        return (
            named is not None
            and is_abstract_type(named)
            and isinstance(object_type, GraphQLObjectType | GraphQLInterfaceType)
            and self._schema.is_sub_type(named, object_type)
        )

    def _narrowed(self, parent: str, condition: str | None) -> str:
        if condition is None or isinstance(self._schema.type_map.get(parent), GraphQLObjectType):
            return parent
        return condition

    def _field_type(self, concrete: GraphQLObjectType | GraphQLInterfaceType, name: str) -> GraphQLOutputType | None:
        return None if name.startswith("__") else concrete.fields[name].type

    def _slots(
        self, found: list[_Found], types: tuple[GraphQLOutputType | None, ...], path: tuple[str, ...], unknown: bool
    ) -> Iterator[Slot]:
        """The slots of one object type, in the order in which their keys are met."""
        by_key: dict[str, list[_Found]] = {}
        for entry in found:
            by_key.setdefault(entry.field.response_key, []).append(entry)
        slots: dict[str, Slot] = {}
        met: dict[str, list[Conditions]] = {}
        for entry, slot_type in zip(found, types, strict=True):
            key = entry.field.response_key
            before = met.setdefault(key, [])
            if any(set(conditions) <= set(entry.conditions) for conditions in before):
                continue
            if key not in slots:
                slots[key] = self._slot(key, by_key[key], slot_type, path, unknown)
            yield replace(slots[key], conditions=entry.conditions, again=bool(before))
            before.append(entry.conditions)

    def _slot(
        self,
        key: str,
        entries: list[_Found],
        slot_type: GraphQLOutputType | None,
        path: tuple[str, ...],
        unknown: bool,
    ) -> Slot:
        first = entries[0]
        slot = Slot(
            response_key=key,
            coordinate=f"{first.parent}.{first.field.name}",
            type=slot_type,
            path=(*path, key),
            part=first.part,
        )
        if slot_type is None:
            slot.introspected = first.field.name != "__typename"
            slot.unknown = unknown
            return slot
        keys = tuple(step for step in slot.path if step != "@")
        slot.refusal = self._refusals.get((keys, first.parent)) if self._refusals else None
        if slot.refusal is not None:
            self.affected[slot.refusal] = ".".join(slot.path)
            return slot
        named = get_named_type(slot_type)
        if isinstance(named, GraphQLEnumType):
            slot.enum = frozenset(named.values)
        elif is_composite_type(named):
            differ = any(entry.conditions != first.conditions for entry in entries)
            groups = tuple(
                (entry.field.selections, entry.conditions if differ else ())
                for entry in entries
                if entry.field.selections
            )
            slot.shape = self._shape(named, groups, slot.path + ("@",) * list_depth(slot_type), slot.part)
        return slot


def list_depth(wanted: GraphQLOutputType) -> int:
    """How many lists are around the named type."""
    depth = 0
    while isinstance(wanted, GraphQLList | GraphQLNonNull):
        depth += isinstance(wanted, GraphQLList)
        wanted = wanted.of_type
    return depth


def _both(first: Conditions, second: Conditions) -> Conditions | None:
    """Both sets of conditions; None when they contradict each other."""
    if not second:
        return first
    joined = tuple(dict.fromkeys((*first, *second)))
    if any(Condition(c.variable, not c.expected) in joined for c in joined):
        return None
    return joined


def hold(conditions: Conditions, variables: Mapping[str, Any]) -> bool:
    """Whether all conditions hold in this run."""
    return all(variables.get(condition.variable) is condition.expected for condition in conditions)
