"""Projection of one part: the fields that part delivers, and what it finds for others on the way.

As ``executor.project``, which it extends; a field of another part is left out and noted as a *group*: an object at
which that part has fields to deliver. What is noted below a position that becomes null is forgotten with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLList, GraphQLNonNull, GraphQLOutputType

from router.executor.incremental.scope import Items, Scope
from router.executor.project import SPREAD, Projection
from router.executor.reports import Reports, ResponsePath
from router.executor.shape import Shape, Slot


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Fields of one part at one object; ``path`` is the scope's."""

    part: int
    path: ResponsePath
    shape: Shape
    value: Mapping[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class StreamedList:
    """A list that was delivered without its tail."""

    stream: int
    path: ResponsePath
    slot: Slot
    tail: Items


class PartProjection(Projection):
    """Projects fields of ``part``. ``streams``: stream by the path of its list, as in ``Slot.path``."""

    def __init__(
        self,
        part: int,
        scope: Scope,
        streams: Mapping[tuple[str, ...], int],
        variables: Mapping[str, Any],
        reports: Reports,
    ) -> None:
        super().__init__(variables, reports)
        self._part = part
        self._scope = scope
        self._streams = streams
        self._known: dict[int, tuple[tuple[Slot, ...], tuple[int, ...], tuple[tuple[Slot, int], ...]]] = {}
        self.found: list[Group | StreamedList] = []

    def group(self, group: Group) -> Any:
        """The data of one group; ``SPREAD`` when a null in it may not stand there."""
        answer = super()._object(group.shape, group.value, group.path)
        return SPREAD if answer is None else answer

    def items(self, streamed: StreamedList, items: Items, path: ResponsePath) -> Any:
        """The completed items, in a list; ``SPREAD`` when one of them may not be null and is."""
        assert streamed.slot.type is not None
        wanted = _item_type(streamed.slot.type)
        mark = len(self.found)
        values = [self._value(streamed.slot, wanted, entry, (*path, at)) for at, entry in enumerate(items.values)]
        if any(value is SPREAD for value in values):
            del self.found[mark:]
            return SPREAD
        return values

    def root(self, shape: Shape, data: Any) -> dict[str, Any] | None:
        """The answer's ``data``, as far as it is this part's."""
        answer = super().root(shape, data)
        if answer is not None:
            self._note(shape, data, ())
        return answer

    def _object(self, shape: Shape, value: Any, path: ResponsePath) -> Any:
        answer = super()._object(shape, value, path)
        if isinstance(answer, dict):
            self._note(shape, value, path)
        return answer

    def _note(self, shape: Shape, value: Any, path: ResponsePath) -> None:
        """Note the other parts' groups at an object. What an interface object really is, a later part may learn."""
        known = shape.type_of(value)
        if shape.untyped and known == shape.type_name:
            parts = tuple(dict.fromkeys(part for slots in shape.slots.values() for part in self._divided(slots)[1]))
        else:
            parts = self._divided(shape.slots[known or ""])[1]
        for part in parts:
            self.found.append(Group(part, path, shape, value))

    def _divided(
        self, slots: tuple[Slot, ...]
    ) -> tuple[tuple[Slot, ...], tuple[int, ...], tuple[tuple[Slot, int], ...]]:
        """This part's slots, the other parts, and this part's slots that are streamed; worked out once."""
        found = self._known.get(id(slots))
        if found is None:
            own = tuple(slot for slot in slots if slot.part == self._part)
            others = tuple(dict.fromkeys(slot.part for slot in slots if slot.part != self._part))
            streamed = tuple((slot, self._streams[slot.path]) for slot in own if slot.path in self._streams)
            found = self._known[id(slots)] = (own, others, streamed)
        return found

    def _slots(self, slots: tuple[Slot, ...], type_name: str, value: Any, path: ResponsePath) -> Any:
        mark = len(self.found)
        own, _, streamed = self._divided(slots)
        answer = super()._slots(own, type_name, value, path)
        if answer is SPREAD:
            del self.found[mark:]
            return SPREAD
        for slot, stream in streamed:
            if isinstance(answer.get(slot.response_key), list):
                place = (*path, slot.response_key)
                tail = self._scope.tails.get((stream, place))
                if tail is not None:
                    self.found.append(StreamedList(stream, place, slot, tail))
        return answer

    def _list(self, slot: Slot, item: GraphQLOutputType, value: Any, path: ResponsePath) -> Any:
        mark = len(self.found)
        answer = super()._list(slot, item, value, path)
        if answer is SPREAD:
            del self.found[mark:]
        return answer


def _item_type(wanted: GraphQLOutputType) -> GraphQLOutputType:
    while isinstance(wanted, GraphQLNonNull):
        wanted = wanted.of_type
    assert isinstance(wanted, GraphQLList)
    item: GraphQLOutputType = wanted.of_type
    return item


def allotted(errors: Sequence[dict[str, Any]], paths: Sequence[ResponsePath]) -> list[list[dict[str, Any]]]:
    """For each path the errors at or below it, the deepest path that fits; errors that fit none go to the first."""
    found: list[list[dict[str, Any]]] = [[] for _ in paths]
    number = {path: at for at, path in reversed(list(enumerate(paths)))}
    for error in errors:
        place = tuple(error.get("path") or ())
        fitting = (number.get(place[:length]) for length in range(len(place), -1, -1))
        found[next((at for at in fitting if at is not None), 0)].append(error)
    return found
