"""Emit the client's answer: ``answer(E, I, R, v)`` reads every key from the answer that gives it.

One function a shape and base, closed over the run's tables. An object whose slots all follow from its representation
and entities is made once an entity, and written to JSON once when it is met often.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from graphql import GraphQLOutputType

from router.executor.emit_projection import ValueEmitter
from router.executor.fetches import keys_of
from router.executor.shape import Shape, Slot
from router.executor.source import SourceWriter
from router.executor.unmerged.schedule import Schedule
from router.executor.unmerged.sources import ROOT, Sources, Unfit
from router.planner.nodes import Path

WORTH_WRITING = 3
"""Objects an entity must be met by, on average, to be written to JSON once and spliced."""


class AnswerEmitter(ValueEmitter):
    """Writes ``answer``. Raises Unfit for shapes the general way must project."""

    def __init__(
        self, writer: SourceWriter, sources: Sources, schedule: Schedule, derived: dict[int, int], root: Shape
    ) -> None:
        super().__init__(writer)
        self._sources = sources
        self._schedule = schedule
        self._derived = derived
        self._root = root
        self._calls: dict[tuple[int, int], str] = {}
        self._base = ROOT
        """The base of the object whose slots are being written."""

    def emit(self) -> None:
        """Write the function, every inner one before those that call it."""
        writer = self._writer
        with writer.block("def answer(E, I, R, v):"):
            for request in self._schedule.requests:
                number = request.number
                if request.fetches[0].representations is not None:
                    writer.line(f"E{number}, I{number}, R{number} = known(E[{number}]), I[{number}], R[{number}]")
            call = self._call_for(self._root, (), ROOT)
            roots = [r.number for r in self._schedule.requests if r.fetches[0].representations is None]
            merged = f"E[{roots[0]}]" if len(roots) == 1 else f"{{{', '.join(f'**E[{number}]' for number in roots)}}}"
            writer.line(f"return {call.format(merged)}")
        writer.line()

    def _call_for(self, shape: Shape, path: Path, base: int) -> str:
        """The format of an expression that projects an object of the base."""
        key = (shape.number, base)
        if key not in self._calls:
            outer, self._base = self._base, base
            self._calls[key] = self._abstract(shape, path) if shape.is_abstract else self._concrete(shape, path)
            self._base = outer
        return self._calls[key]

    def call(self, slot: Slot) -> str:
        """The format of the expression for an object in a slot."""
        assert slot.shape is not None
        return self._call_for(slot.shape, keys_of(slot.path), self._below)

    def _concrete(self, shape: Shape, path: Path) -> str:
        name = f"answer_{shape.number}_{self._name(self._base)}"
        slots = shape.slots[shape.type_name]
        table = self._table(path, shape.type_name, slots)
        if table is None:
            self._function(name, path, shape.type_name, slots)
            return f"{name}({{}})"
        requests = self._requests(path, shape.type_name, slots)
        parameters = ", ".join(f"e{number}" for number in requests)
        self._function(name, path, shape.type_name, slots, f"r, {parameters}", table)
        memo = f"M_{shape.number}_{self._name(self._base)}"
        entities = ", ".join(f"E{number}" for number in requests)
        self._writer.line(f"{memo} = list(map({name}, R{table}, {entities}))")
        with self._writer.block(f"if len(I{table}) > {WORTH_WRITING} * len(R{table}):"):
            self._writer.line(f"{memo} = [Fragment(dumps(each)) for each in {memo}]")
        return f"{memo}[I{table}[id({{}})]]"

    def _abstract(self, shape: Shape, path: Path) -> str:
        standing = self._sources.types(path, self._base) & shape.slots.keys()
        table = []
        for type_name in sorted(standing):
            if self._sources.giver(path, self._base, type_name, "__typename") != self._base:
                raise Unfit("a type told by another answer")
            name = f"answer_{shape.number}_{self._name(self._base)}_{type_name}"
            self._function(name, path, type_name, shape.slots[type_name])
            table.append(f"{type_name!r}: {name}")
        types = f"TYPES_{shape.number}_{self._name(self._base)}"
        self._writer.line(f"{types} = {{{', '.join(table)}}}")
        self._writer.line()
        name = f"answer_{shape.number}_{self._name(self._base)}"
        with self._writer.block(f"def {name}(o):"):
            self._writer.line(f"return {types}[o['__typename']](o)")
        self._writer.line()
        return f"{name}({{}})"

    def _name(self, base: int) -> str:
        return "root" if base == ROOT else str(base)

    def _requests(self, path: Path, type_name: str, slots: Sequence[Slot]) -> list[int]:
        """The requests whose entities give one of the slots."""
        givers = {self._giver(path, type_name, slot) for slot in slots if slot.type is not None}
        return sorted({self._schedule.of[giver] for giver in givers if giver not in (self._base, ROOT)})

    def _giver(self, path: Path, type_name: str, slot: Slot) -> int:
        return self._sources.giver(path, self._base, type_name, slot.response_key)

    def _table(self, path: Path, type_name: str, slots: Sequence[Slot]) -> int | None:
        """The request whose table numbers the objects, when their slots follow from that number."""
        requests = self._requests(path, type_name, slots)
        tables = {self._derived.get(number, number) for number in requests}
        if len(tables) != 1 or any(slot.shape is not None for slot in slots):
            return None
        (table,) = tables
        sent = self._sent(table, path, type_name)
        own = {s.response_key for s in slots if s.type is not None and self._giver(path, type_name, s) == self._base}
        return table if own <= sent.keys() else None

    def _sent(self, table: int, path: Path, type_name: str) -> dict[str, str]:
        """Response key → the name under which the table's representations hold its value."""
        for fetch in self._schedule.requests[table].fetches:
            if keys_of(fetch.path) == path and fetch.representations is not None:
                wanted = fetch.representations.by_type.get(type_name)
                if wanted is not None:
                    return {field.response_key: field.name for field in wanted.fields if not field.selections}
        return {}

    def _function(
        self,
        name: str,
        path: Path,
        type_name: str,
        slots: Sequence[Slot],
        parameters: str = "o",
        table: int | None = None,
    ) -> None:
        """One function; with a table it takes a representation and entities instead of an object."""
        base = self._base
        requests = self._requests(path, type_name, slots)
        sent = self._sent(table, path, type_name) if table is not None else {}
        values = []
        for slot in slots:
            self._base = base
            values.append(self._slot(slot, path, type_name, sent if table is not None else None))
        self._base = base
        writer = self._writer
        with writer.block(f"def {name}({parameters}):"):
            writer.line(repr(type_name))
            if table is None:
                for number in requests:
                    at = self._derived.get(number, number)
                    writer.line(f"e{number} = E{number}[I{at}[id(o)]]")
                if all(slot.type is None for slot in slots):
                    with writer.block("if type(o) is not dict:"):
                        writer.line("raise TypeError('expected an object')")
            display = self.checked_display(slots, values)
            writer.line(f"return {display}")
        writer.line()

    def _slot(self, slot: Slot, path: Path, type_name: str, sent: dict[str, str] | None) -> tuple[str, bool]:
        if slot.conditions or slot.again:
            raise Unfit("conditions")
        if slot.type is None:
            if slot.introspected or slot.unknown:
                raise Unfit("introspection")
            return repr(type_name), False
        giver = self._giver(path, type_name, slot)
        key = slot.response_key
        if giver not in (self._base, ROOT):
            read, self._below = f"e{self._schedule.of[giver]}[{key!r}]", giver
        elif sent is not None:
            read = f"r[{sent[key]!r}]"
        else:
            read, self._below = f"o[{key!r}]", self._sources.base_below(path, self._base, type_name, key)
        wanted: GraphQLOutputType = slot.type
        return self.value(slot, wanted, read)

    _below: int = ROOT
    """The answer in which the object of the present slot is nested."""


class _Unknown(dict[str, None]):
    """Stands for an entity the subgraph does not know: all it would give is null."""

    def __missing__(self, key: str) -> None:
        return None


UNKNOWN = _Unknown()


def known(entities: list[dict[str, Any] | None]) -> list[dict[str, Any]]:
    """The entities, with one to read nulls from in place of those that are null."""
    if None in entities:
        return [UNKNOWN if entity is None else entity for entity in entities]
    return entities  # type: ignore[return-value]
