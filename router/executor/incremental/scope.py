"""The data a part works on: all of the answer, or, for a batch of streamed items, a view that holds those items alone.

A streamed list is cut as soon as it is fetched: the data keeps the first items, so that nothing below the others is
fetched yet. Each batch of the others gets a view: the objects on the way copied, lists on the way shortened to what
leads to the batch. ``maps`` keeps which index of the answer an index of the view stands for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import GraphQLSchema

from router.executor.locations import Locator
from router.executor.paths import objects_at
from router.executor.reports import ResponsePath
from router.executor.runtime import Run
from router.planner.nodes import Path


@dataclass(frozen=True, slots=True)
class Cut:
    """Where a streamed list is found: its owner's path, its key; ``initial``: how many items stay, or a variable."""

    stream: int
    owner: Path
    key: str
    initial: int | str
    schema: GraphQLSchema

    def stays(self, variables: Mapping[str, Any]) -> int:
        """How many items are delivered with the list itself."""
        if isinstance(self.initial, int):
            return self.initial
        value = variables.get(self.initial)
        return value if isinstance(value, int) else 0


@dataclass(frozen=True, slots=True)
class Items:
    """Items of one list: ``start`` is the index of the first one in the whole list, ``path`` that of the list."""

    path: ResponsePath
    start: int
    values: Sequence[Any]


@dataclass(slots=True, eq=False)
class Scope:
    """``stream``: whose items it holds, None for the whole answer. ``tails``: what was cut off, by stream and path."""

    data: dict[str, Any] = field(default_factory=dict)
    stream: int | None = None
    maps: dict[ResponsePath, Sequence[int]] = field(default_factory=dict)
    tails: dict[tuple[int, ResponsePath], Items] = field(default_factory=dict)
    lists: dict[ResponsePath, ResponsePath] = field(default_factory=dict)
    """Of a view: where the lists of its batch, by their path in the scope around, stand in it."""

    def real(self, path: ResponsePath) -> ResponsePath:
        """The path in the answer of a path in this scope's data."""
        if not self.maps:
            return path
        return tuple(
            self.maps[path[:at]][step] if isinstance(step, int) and path[:at] in self.maps else step
            for at, step in enumerate(path)
        )

    def narrowed(self, stream: int, batch: Iterable[Items]) -> Scope:
        """A view of the batch's items alone; paths in the batch are this scope's."""
        wanted: dict[str | int, Any] = {}
        for items in batch:
            place = wanted
            for step in items.path[:-1]:
                place = place.setdefault(step, {})
            place[items.path[-1]] = items
        view = Scope(stream=stream)
        view.data = self._copied(self.data, wanted, (), (), view)
        return view

    def _copied(self, value: Any, wanted: Any, here: ResponsePath, there: ResponsePath, view: Scope) -> Any:
        if isinstance(wanted, Items):
            view.maps[there] = range(wanted.start, wanted.start + len(wanted.values))
            view.lists[wanted.path] = there
            return list(wanted.values)
        if isinstance(value, list):
            known = self.maps.get(here)
            view.maps[there] = [known[index] if known is not None else index for index in wanted]
            return [
                self._copied(value[index], below, (*here, index), (*there, position), view)
                for position, (index, below) in enumerate(wanted.items())
            ]
        copied = dict(value)
        for key, below in wanted.items():
            copied[key] = self._copied(value[key], below, (*here, key), (*there, key), view)
        return copied


class ScopedRun(Run):
    """A run of one part in one scope: its data is the scope's, its reports are its own."""

    __slots__ = ("schema", "scope")

    def __init__(self, scope: Scope, schema: GraphQLSchema, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.scope = scope
        self.schema = schema
        self.data = scope.data

    def told(self, errors: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Errors with their places in the client's text and the paths of the whole answer."""
        if not errors:
            return []
        locator = Locator(self.asked, self.schema, self.root, self.data, self.variables)
        located = [locator.located(error) for error in errors]
        if not self.scope.maps:
            return located
        return [{**e, "path": list(self.scope.real(tuple(e["path"])))} if "path" in e else e for e in located]

    def cut(self, cut: Cut) -> None:
        """Keep the first items of every list of a stream and remember the others."""
        stays = cut.stays(self.variables)
        shortened: dict[int, tuple[list[Any], list[Any]]] = {}
        for position, owner in objects_at(self.data, cut.owner, cut.schema):
            found = owner.get(cut.key)
            path = (*position, cut.key)
            if not isinstance(found, list) or (cut.stream, path) in self.scope.tails:
                continue
            # An object can stand at several positions: its list is cut once and the tail belongs to each of them.
            head, tail = shortened.get(id(found), (None, None))
            if head is None or tail is None:
                if len(found) <= stays:
                    continue
                head, tail = found[:stays], found[stays:]
                shortened[id(head)] = head, tail
                owner[cut.key] = head
            self.scope.tails[cut.stream, path] = Items(path, stays, tail)
