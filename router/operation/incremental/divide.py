"""Divide an operation into parts: which fields are delivered together (CollectFields and BuildExecutionPlan of the
draft, carried out for every possible type before execution, so that each part can be planned).

A response key belongs to the set of deferrals it stands in: to none if it also stands outside of all; a deferral inside
another one of the set does not count. Fields of one set form a part.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from graphql import GraphQLList, GraphQLNonNull, GraphQLOutputType, GraphQLSchema, StringValueNode, parse_value

from router.operation.incremental.model import PRIMARY, ClientPath, Deferral, Divided, Stream
from router.operation.model import AppliedDirective, Field, InlineFragment, Operation, Selection
from router.operation.normalize.schema_types import field_type_name, possible_types

MAX_LOCATIONS = 10
MAX_MARKS = 32
"""Deferrals, and streams, of one operation that are honoured: each can cost fetches of its own."""

Sources = tuple[tuple[tuple[Selection, ...], int | None], ...]
"""Selection sets that one object answers, each with the deferral it stands in."""
Chain = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Entry:
    """One place a response key is selected; ``types`` are those its type conditions ``chain`` let through."""

    field: Field
    deferral: int | None
    types: frozenset[str]
    chain: Chain


def divide(
    operation: Operation, schema: GraphQLSchema, names: frozenset[str], ignored: frozenset[int] = frozenset()
) -> Divided:
    """``names``: which of @defer and @stream are to be read. ``ignored``: deferrals, by number, that do not defer.

    Numbers do not depend on what is ignored. Deferrals and streams beyond ``MAX_MARKS`` are answered at once.
    """
    division = _Division(schema, names, ignored)
    selections = division.position(operation.root_type, ((operation.selections, None),), (), PRIMARY)
    return Divided(
        replace(operation, selections=selections),
        tuple(division.deferrals),
        tuple(division.parts),
        tuple(stream for stream in division.streams.values() if stream is not None),
    )


@dataclass(slots=True, eq=False)
class _Division:
    schema: GraphQLSchema
    names: frozenset[str]
    ignored: frozenset[int]
    deferrals: list[Deferral] = field(default_factory=list)
    parts: dict[frozenset[int], int] = field(default_factory=lambda: {frozenset(): PRIMARY})
    streams: dict[ClientPath, Stream | None] = field(default_factory=dict)

    def position(self, parent: str, sources: Sources, path: ClientPath, part: int) -> tuple[Selection, ...]:
        """The selections of one position, with what other parts than ``part`` deliver in fragments of their own."""
        possible = possible_types(self.schema, parent)
        entries: dict[str, list[_Entry]] = {}
        for selections, deferral in sources:
            for entry in self._collect(selections, deferral, possible, (), path):
                entries.setdefault(entry.field.response_key, []).append(entry)
        built = [
            (chain, where, selected)
            for found in entries.values()
            for types, several in _alike(found)
            for chain, where, selected in self._fields(parent, types, several, path, part)
        ]
        return tuple(_grouped(built, part))

    def _collect(
        self,
        selections: tuple[Selection, ...],
        deferral: int | None,
        types: frozenset[str],
        chain: Chain,
        path: ClientPath,
    ) -> Iterator[_Entry]:
        for selection in selections:
            if isinstance(selection, Field):
                yield _Entry(selection, deferral, types, chain)
                continue
            condition, within, narrowed = selection.type_condition, deferral, types
            if condition is not None:
                narrowed = types & possible_types(self.schema, condition)
            mark = next((d for d in selection.directives if d.name == "defer" and d.name in self.names), None)
            if mark is not None and narrowed:
                within = self._deferral(mark, path, deferral)
            if narrowed:
                below = chain if condition is None else (*chain, condition)
                yield from self._collect(selection.selections, within, narrowed, below, path)

    def _deferral(self, mark: AppliedDirective, path: ClientPath, parent: int | None) -> int | None:
        found = Deferral(len(self.deferrals), path, _label(mark), parent)
        self.deferrals.append(found)
        return parent if found.number in self.ignored or found.number >= MAX_MARKS else found.number

    def _fields(
        self,
        parent: str,
        types: frozenset[str],
        entries: list[_Entry],
        path: ClientPath,
        part: int,
    ) -> Iterator[tuple[Chain, int, Field]]:
        """One response key on the types where it is selected alike: its type conditions, its part, the field."""
        first = entries[0]
        where = self._part(frozenset(entry.deferral for entry in entries))
        # One runtime type may return something narrower than the interface: then each is written out by itself.
        alike = len({self._returned(entry.chain[-1] if entry.chain else parent, entry.field) for entry in entries}) == 1
        if alike and first.types == types:
            chains: tuple[tuple[Chain, str], ...] = ((first.chain, first.chain[-1] if first.chain else parent),)
        else:
            chains = tuple(((name,), name) for name in sorted(types))
        for chain, on in chains:
            yield chain, where, self._field(on, [entry.field for entry in entries], entries, path, where)

    def _field(self, on: str, fields: list[Field], entries: list[_Entry], path: ClientPath, part: int) -> Field:
        first = fields[0]
        key = (*path, first.response_key)
        directives = tuple(d for d in first.directives if d.name != "stream" or d.name not in self.names)
        locations = tuple(dict.fromkeys(place for one in fields for place in one.locations))[:MAX_LOCATIONS]
        selected = replace(first, directives=directives, locations=locations)
        if first.name.startswith("__"):
            return selected
        lists = _lists(self.schema.type_map[on].fields[first.name].type)  # type: ignore[attr-defined]
        mark = next((d for d in first.directives if d not in directives), None)
        if mark is not None and lists:
            self._stream(mark, key, part)
        if not first.selections:
            return selected
        returned = self._returned(on, first)
        assert returned is not None
        sources = tuple((entry.field.selections, entry.deferral) for entry in entries)
        return replace(selected, selections=self.position(returned, sources, (*key, *("@",) * lists), part))

    def _returned(self, on: str, selected: Field) -> str | None:
        return field_type_name(self.schema, on, selected.name) if selected.selections else None

    def _stream(self, mark: AppliedDirective, path: ClientPath, part: int) -> None:
        """Note a stream; one path that is streamed in two ways, by runtime types around it, is streamed in none."""
        found = Stream(len(self.streams), path, _label(mark), _initial(mark), part)
        if path not in self.streams and len(self.streams) >= MAX_MARKS:
            return
        known = self.streams.setdefault(path, found)
        if known is not None and (known.label, known.initial, known.part) != (found.label, found.initial, found.part):
            self.streams[path] = None

    def _part(self, holding: frozenset[int | None]) -> int:
        numbers = frozenset(number for number in holding if number is not None)
        if len(numbers) < len(holding):
            numbers = frozenset()
        outer = frozenset(number for number in numbers if not any(above in numbers for above in self._above(number)))
        return self.parts.setdefault(outer, len(self.parts))

    def _above(self, number: int) -> Iterator[int]:
        parent = self.deferrals[number].parent
        while parent is not None:
            yield parent
            parent = self.deferrals[parent].parent


def _alike(entries: list[_Entry]) -> Iterator[tuple[frozenset[str], list[_Entry]]]:
    """Types for which the same entries apply, in the order in which the entries first apply."""
    by_entries: dict[tuple[int, ...], set[str]] = {}
    for name in sorted(frozenset().union(*(entry.types for entry in entries))):
        applying = tuple(number for number, entry in enumerate(entries) if name in entry.types)
        by_entries.setdefault(applying, set()).add(name)
    for applying in sorted(by_entries):
        yield frozenset(by_entries[applying]), [entries[number] for number in applying]


def _grouped(built: list[tuple[Chain, int, Field]], part: int) -> Iterator[Selection]:
    """Fields under their type conditions; neighbours under equal ones share the fragment."""
    groups: list[tuple[Chain, int, list[Selection]]] = []
    for chain, where, selected in built:
        if groups and groups[-1][:2] == (chain, where):
            groups[-1][2].append(selected)
        else:
            groups.append((chain, where, [selected]))
    for chain, where, fields in groups:
        inside: tuple[Selection, ...] = tuple(fields)
        for condition in reversed(chain):
            inside = (InlineFragment(condition, inside),)
        if where != part:
            yield InlineFragment(None, inside, part=where)
        else:
            yield from inside


def _lists(type_: GraphQLOutputType) -> int:
    depth = 0
    while isinstance(type_, GraphQLList | GraphQLNonNull):
        depth += isinstance(type_, GraphQLList)
        type_ = type_.of_type
    return depth


def _label(mark: AppliedDirective) -> str | None:
    value = next((parse_value(argument.value) for argument in mark.arguments if argument.name == "label"), None)
    return value.value if isinstance(value, StringValueNode) else None


def _initial(mark: AppliedDirective) -> int | str:
    value = next((argument.value for argument in mark.arguments if argument.name == "initialCount"), "0")
    return value[1:] if value.startswith("$") else int(value)
