"""Emitted collectors: loops over one flatten path that build and deduplicate representations.

They subscript where data must be; a surprise raises KeyError, TypeError or AttributeError, and the runtime then calls
``representations.collect``.
"""

from __future__ import annotations

from contextlib import ExitStack

from graphql import GraphQLEnumType, GraphQLScalarType, GraphQLSchema, get_nullable_type

from router.executor.fetches import keys_of
from router.executor.paths import ON
from router.executor.representations import Representations, Wanted
from router.executor.source import SourceWriter
from router.executor.type_conditions import types_under
from router.operation.model import Field
from router.planner.nodes import Path

HASHABLE = frozenset({"ID", "String", "Int"})
"""Scalars whose values make a dict key equal exactly when their JSON is equal."""


def emit_collector(
    writer: SourceWriter,
    name: str,
    plan: Representations,
    constant: str,
    shared: frozenset[Path] = frozenset(),
    folds: bool = False,
) -> None:
    """Write ``def name(data)`` which collects what ``collect(plan, data)`` does, each shared object once.

    ``shared``: response paths whose values may be the same list or object at several positions. When it ``folds``,
    the first object of each representation takes the places of all equal ones, so that it is merged and projected
    once however often it stands in the answer.
    """
    with writer.block(f"def {name}(data):"):
        writer.line(repr(".".join(plan.path)))
        writer.line("objects, index, representations, known = [], [], [], {}")
        with ExitStack() as blocks:
            here = outer = "data"
            seen = _shared_steps(plan.path, shared)
            last = len(plan.path) - 1
            replaced = f"seen{last}" if folds and last in seen else None
            for number in seen:
                writer.line(f"seen{number} = {'{}' if replaced and number == last else 'set()'}")
            for number, step in enumerate(plan.path):
                if step.startswith(ON):
                    types = writer.constant(writer.fresh(f"{constant}_ON_"), _types(plan.schema, step))
                    blocks.enter_context(writer.block(f"if {here}.get('__typename') in {types}:"))
                    continue
                found = writer.fresh("v")
                if step == "@":
                    blocks.enter_context(writer.block(f"for {found} in {here}:"))
                else:
                    writer.line(f"{found} = {here}[{step!r}]")
                outer, here = here, found
                if replaced and number == last:
                    # Several objects may hold this one: what takes its place must take it in each of them.
                    blocks.enter_context(writer.block(f"if {found} is not None:"))
                    with writer.block(f"if (first := {replaced}.get(id({found}))) is not None:"):
                        writer.line(f"{outer}[{step!r}] = first")
                        writer.line("continue")
                    continue
                unseen = f" and id({found}) not in seen{number}" if number in seen else ""
                blocks.enter_context(writer.block(f"if {found} is not None{unseen}:"))
                if unseen:
                    writer.line(f"seen{number}.add(id({found}))")
            place = f"{outer}[{plan.path[-1]!r}]" if folds else None
            _emit_object(writer, here, plan, constant, place, replaced)
        writer.line("return objects, index, representations")
    writer.line()


def _shared_steps(path: Path, shared: frozenset[Path]) -> list[int]:
    """The steps of a path at which one value may be met several times."""
    return [
        number
        for number, step in enumerate(path)
        if step != "@" and "@" in path[:number] and keys_of(path[: number + 1]) in shared
    ]


def _types(schema: GraphQLSchema, step: str) -> frozenset[str | None]:
    """The type names a step of the path takes; an object that does not say its type passes."""
    return frozenset((None, *types_under(schema, step.removeprefix(ON))))


def _emit_object(
    writer: SourceWriter,
    here: str,
    plan: Representations,
    constant: str,
    place: str | None,
    replaced: str | None,
) -> None:
    groups: dict[tuple[tuple[Field, ...], str | None], list[str]] = {}
    for type_name, wanted in plan.by_type.items():
        sent = wanted.sent_type if wanted.sent_type != type_name else None
        groups.setdefault((wanted.fields, sent), []).append(type_name)
    lone = plan.lone_type
    read = f"{here}['__typename']" if lone is None else f"{here}.get('__typename', {lone!r})"
    writer.line(f"type_name = {read}")
    for number, ((_, sent), types) in enumerate(groups.items()):
        wanted = plan.by_type[types[0]]
        test = f"type_name == {types[0]!r}" if len(types) == 1 else f"type_name in {constant}_TYPES_{number}"
        if len(types) > 1:
            writer.constant(f"{constant}_TYPES_{number}", frozenset(types))
        spoken = f"{types[0]!r}" if len(types) == 1 else "type_name"
        with writer.block(f"{'if' if number == 0 else 'elif'} {test}:"):
            _emit_representation(writer, here, wanted, spoken if sent is None else repr(sent), plan, constant)
    with writer.block("else:"):
        writer.line("continue" if "@" in plan.path else "return objects, index, representations")
    if place is None:
        writer.line(f"objects.append({here})")
        writer.line("index.append(position)")
        return
    with writer.block("if position == len(objects):"):
        writer.line(f"objects.append({here})")
        writer.line("index.append(position)")
    with writer.block("else:"):
        writer.line(f"{place} = objects[position]")
    if replaced:
        writer.line(f"{replaced}[id({here})] = objects[position]")


def _emit_representation(
    writer: SourceWriter, here: str, wanted: Wanted, spoken: str, plan: Representations, constant: str
) -> None:
    type_name = next(name for name, found in plan.by_type.items() if found is wanted)
    simple = all(hashable(plan.schema, type_name, field.name) for field in wanted.fields)
    parts = [f"'__typename': {spoken}"]
    keys: list[str] = []
    for field in wanted.fields:
        read = f"{here}[{field.response_key!r}]"
        if field.selections:
            selections = writer.constant(writer.fresh(f"{constant}_SELECT_"), field.selections)
            read = f"selected({read}, {selections}, SCHEMA)"
        value = writer.fresh("k")
        writer.line(f"{value} = {read}")
        keys.append(value)
        parts.append(f"{field.name!r}: {value}")
    display = "{" + ", ".join(parts) + "}"
    if simple:
        several = len(plan.by_type) > 1
        key = keys[0] if len(keys) == 1 and not several else f"({', '.join([spoken, *keys])},)"
    else:
        writer.line(f"representation = {display}")
        display, key = "representation", "dumps(representation)"
    writer.line(f"position = known.setdefault({key}, len(representations))")
    with writer.block("if position == len(representations):"):
        writer.line(f"representations.append({display})")


def hashable(schema: GraphQLSchema, type_name: str, field_name: str) -> bool:
    """Whether values of the field are dict keys that are equal exactly when their JSON is."""
    fields = getattr(schema.type_map.get(type_name), "fields", {})
    if field_name not in fields:
        return False
    named = get_nullable_type(fields[field_name].type)
    return isinstance(named, GraphQLEnumType) or (isinstance(named, GraphQLScalarType) and named.name in HASHABLE)
