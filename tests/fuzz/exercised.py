"""Which features a subgraph exercises when it resolves a field; the names are those of ``coverage``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from router.operation.model import Selection
from tests.fuzz.facts import Facts
from tests.fuzz.reading import SubgraphReading, field_set, fields_of
from tests.fuzz.world import Failed


def of_field(facts: Facts, reading: SubgraphReading, parent: str, name: str, promised: bool) -> Iterator[str]:
    """The features of a field as this subgraph has it. ``promised``: by a @provides above."""
    type_ = reading.types[parent]
    field = type_.fields[name]
    if promised and field.external:
        yield "provides"
    if field.provides:
        for each in field_set(field.provides):
            if not hasattr(each, "name"):
                yield "provides: on an abstract type"
    if field.requires and not promised:
        yield "requires"
        selections = field_set(field.requires)
        if any(each.selections for each in selections):
            yield "requires: nested"
        if "(" in field.requires:
            yield "requires: with arguments"
        if any(_is_required(facts, parent, each) for each in selections):
            yield "requires: of a required field"
    if field.override:
        yield "override" if field.label is None else "override: label on"
    yield from _of_others(facts, reading, parent, name)
    if type_.interface_object:
        yield "interface object"
    if parent == "Mutation":
        yield "mutation"


def _of_others(facts: Facts, reading: SubgraphReading, parent: str, name: str) -> Iterator[str]:
    for other in facts.subgraphs:
        theirs = other.types[parent].fields.get(name) if other is not reading and parent in other.types else None
        if theirs is None:
            continue
        if theirs.override == reading.name and theirs.label is not None:
            yield "override: label off"
        elif not theirs.external and theirs.override is None and (parent, name) not in facts.identifying:
            yield "shareable field"


def _is_required(facts: Facts, parent: str, selection: Selection) -> bool:
    name = getattr(selection, "name", None)
    return any(
        name in other.types[parent].fields and other.types[parent].fields[name].requires is not None
        for other in facts.subgraphs
        if parent in other.types
    )


def of_key(text: str) -> Iterator[str]:
    """The features of a key by which an entity is entered."""
    fields = list(fields_of(field_set(text)))
    if any(each.selections for each in fields):
        yield "key: nested"
    else:
        yield "key: single" if len(fields) == 1 else "key: compound"


def of_value(value: Any, type_: str, has_arguments: bool) -> Iterator[str]:
    """The features of a value and its type."""
    if has_arguments:
        yield "arguments"
    if "[[" in type_:
        yield "list of lists"
    named = type_.strip("[]!").replace("]", "").replace("!", "")
    if named in ("Grade", "Line"):
        yield "enum"
    if named in ("Long", "JSON", "Date"):
        yield "custom scalar"
    if value is None:
        yield "broken promise" if type_.endswith("!") else "null"
    if isinstance(value, Failed):
        yield "error"


def of_subgraphs(readings: tuple[SubgraphReading, ...]) -> Iterator[str]:
    """The features of a set of subgraphs."""
    for reading in readings:
        if reading.version == 1:
            yield "federation 1 subgraph"
        if reading.renamed:
            yield "renamed import"
        if "RootQuery" in reading.root_names:
            yield "renamed root"
        if "inaccessible" in reading.directives:
            yield "inaccessible"
        types = reading.types
        if any(name.startswith("Piece") for name in types):
            yield "value type in pieces"
        if any(not resolvable for each in types.values() for _, resolvable in each.keys):
            yield "resolvable: false"
        if any(each.kind == "interface" and each.interfaces for each in types.values()):
            yield "interface of an interface"


def rare_fields(facts: Facts) -> frozenset[tuple[str, str]]:
    """(type, field) of what only some ways lead to: operations select these more often than chance would."""
    return frozenset(
        (each, name)
        for reading in facts.subgraphs
        for owner, type_ in reading.types.items()
        for name, field in type_.fields.items()
        if field.requires or field.provides or field.override or (type_.interface_object and name != "id")
        for each in facts.types_under(owner)
    )
