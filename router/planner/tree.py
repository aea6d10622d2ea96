"""A selection set under construction, for one fetch; frozen into selections when the fetch is complete."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from router.operation.model import Field, InlineFragment, Selection
from router.planner.selections import TYPENAME, Selections, merge


class Tree:
    """Grows by ``field`` and ``on``; asking twice for the same place gives the same tree. Order is first-met."""

    __slots__ = ("_fields", "_fragments", "_typed")

    def __init__(self, typed: bool = False) -> None:
        self._fields: dict[tuple[object, ...], tuple[Field, Tree]] = {}
        self._fragments: dict[str, Tree] = {}
        self._typed = typed

    def field(self, field: Field) -> Tree:
        """Select the field (without what it selects itself) and return the tree below it."""
        place = (field.response_key, field.name, field.arguments, field.conditions, field.directives)
        if place not in self._fields:
            self._fields[place] = (field, Tree())
        return self._fields[place][1]

    def share(self, field: Field, below: Tree) -> bool:
        """Select the field with a tree another place has too; False when the field is selected here already."""
        place = (field.response_key, field.name, field.arguments, field.conditions, field.directives)
        return self._fields.setdefault(place, (field, below))[1] is below

    def on(self, type_name: str) -> Tree:
        """The tree below ``... on type_name``."""
        if type_name not in self._fragments:
            self._fragments[type_name] = Tree(self._typed)
        return self._fragments[type_name]

    def typename(self) -> None:
        """Make sure ``__typename`` is selected, here or on the type around."""
        if not self._typed:
            self._typed = True
            self.field(TYPENAME)

    def something(self) -> None:
        """Make sure the selection set is not empty."""
        if self._is_empty():
            self.typename()

    def _is_empty(self) -> bool:
        return not self._fields and all(below._is_empty() for below in self._fragments.values())

    def _selections(self, frozen: dict[int, Selections]) -> Iterator[Selection]:
        typename = next((field for field, _ in self._fields.values() if field == TYPENAME), None)
        if typename:
            yield typename
        for field, below in self._fields.values():
            if field != typename:
                selections = below.freeze(frozen)
                yield replace(field, selections=selections) if selections else field
        for type_name, below in self._fragments.items():
            selections = below.freeze(frozen)
            if selections:
                yield InlineFragment(type_name, selections)

    def freeze(self, frozen: dict[int, Selections]) -> Selections:
        """The selections so far. A tree shared by several places gives them the same tuple; ``frozen`` holds those."""
        if id(self) not in frozen:
            frozen[id(self)] = merge(self._selections(frozen))
        return frozen[id(self)]
