"""Where a query can stand inside the subgraphs, and the single steps from there.

A step stays in its subgraph (a field, a cast) or moves to another one (a key, a root type). What a step needs first,
``@requires`` or key fields, is told with it; whether that can be had is judged in reach.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from router.composition.merge import Merged
from router.composition.merge.context import Merging
from router.composition.model import ABSTRACT, COMPOSITE, Field, Kind, Schema, Type, applications
from router.composition.rules.selections import field_of
from router.composition.subgraph import Subgraph, parse_context
from router.composition.types import base
from router.federation.field_sets import FieldSelection, FragmentSelection, Selections, parse_field_set


@dataclass(frozen=True, slots=True)
class Place:
    """Standing on an object of ``type`` in ``subgraph``.

    ``provided``: what a ``@provides`` on the way makes available below. ``keyed``: just entered by a key, so that
    whatever is fetched elsewhere now can come with the entry.
    """

    subgraph: str
    type: str
    provided: Selections = ()
    keyed: bool = False


@dataclass(frozen=True, slots=True)
class ContextNeed:
    """``@fromContext``: the context, as its subgraph names it, and what is selected from where it is set."""

    context: str
    selection: str


@dataclass(frozen=True, slots=True)
class FieldStep:
    """Taking a field. ``requires`` None asks nothing; ``label`` is (label, value) of a progressive override."""

    to: Place
    field: Field
    requires: Selections | None = None
    contexts: tuple[ContextNeed, ...] = ()
    label: tuple[str, bool] | None = None


@dataclass(frozen=True, slots=True)
class KeyStep:
    """Moving to another subgraph once ``key`` is known; the empty key moves between root types."""

    to: Place
    key: Selections


class Places:
    """The subgraphs of one merging as a graph; everything is looked up once and kept."""

    def __init__(self, merged: Merged) -> None:
        self.merged = merged
        self.m: Merging = merged.merging
        self._fields: dict[tuple[str, str, str], FieldStep | None] = {}
        self._keys: dict[tuple[str, str], tuple[KeyStep, ...]] = {}

    @cached_property
    def holders(self) -> Mapping[str, frozenset[str]]:
        """Field name → the subgraphs that have a field of that name in some type: all others need not be asked."""
        found: dict[str, set[str]] = {}
        for each in self.m.subgraphs:
            for output in each.fields():
                found.setdefault(output.name, set()).add(each.name)
        return {name: frozenset(subgraphs) for name, subgraphs in found.items()}

    def subgraph(self, name: str) -> Subgraph:
        return self.m.by_name[name]

    def schema(self, place: Place) -> Schema:
        return self.m.by_name[place.subgraph].schema

    def is_interface_object(self, place: Place) -> bool:
        return self.subgraph(place.subgraph).is_interface_object(place.type)

    def runtime_types(self, place: Place) -> tuple[str, ...]:
        """The object types this subgraph can answer with here."""
        return self.schema(place).runtime_types(place.type)

    def roots(self, operation: str) -> tuple[Place, ...]:
        """Every subgraph's root of the operation."""
        found = ((each.name, each.schema.roots.get(operation)) for each in self.m.subgraphs)
        return tuple(Place(name, root) for name, root in found if root is not None)

    def cast(self, place: Place, name: str) -> Place | None:
        """The place with its type narrowed to an object type the subgraph knows; an interface object stays itself."""
        if place.type == name:
            return place
        schema = self.schema(place)
        if schema.kind(place.type) in ABSTRACT and name in schema.runtime_types(place.type):
            provided = tuple(
                nested
                for each in place.provided
                if isinstance(each, FragmentSelection) and each.type_condition == name
                for nested in each.selections
            )
            return Place(place.subgraph, name, provided)
        return None

    def field(self, place: Place, name: str) -> FieldStep | None:
        """Taking a field right here, without any cast."""
        provided = self._provided(place.provided, name)
        key = (place.subgraph, place.type, name)
        if key not in self._fields:
            self._fields[key] = self._field_step(*key)
        step = self._fields[key]
        if step is None and provided is not None:
            found = self.schema(place).field(place.type, name)
            step = None if found is None else FieldStep(Place(place.subgraph, base(found.type)), found)
        if step is None or not provided:
            return step
        return replace(step, to=replace(step.to, provided=(*step.to.provided, *provided)))

    def _provided(self, provided: Selections, name: str) -> Selections | None:
        """What is provided below the field; None when the field itself is not provided."""
        found: Selections | None = None
        for each in provided:
            if isinstance(each, FieldSelection) and each.name == name:
                found = (*(found or ()), *(each.selections or ()))
            elif isinstance(each, FragmentSelection) and each.type_condition is None:
                nested = self._provided(each.selections, name)
                found = found if nested is None else (*(found or ()), *nested)
        return found

    def _field_step(self, subgraph_name: str, type_name: str, name: str) -> FieldStep | None:
        subgraph = self.m.by_name[subgraph_name]
        found = field_of(subgraph.schema, type_name, name)
        if found is None or subgraph.schema.kind(type_name) not in COMPOSITE:
            return None
        kind = subgraph.schema.kind(type_name)
        if name == "__typename":
            # An interface object does not know what it is.
            if subgraph.is_interface_object(type_name):
                return None
        elif not self.resolves(subgraph, found) or (kind is Kind.INTERFACE and not self._all_resolve(subgraph, found)):
            return None
        provided = tuple(
            selection
            for applied in subgraph.applied(found, "provides")
            for selection in parse_field_set(str(applied.arguments["fields"]))
        )
        requires = subgraph.applied(found, "requires")
        return FieldStep(
            Place(subgraph_name, base(found.type), provided),
            found,
            parse_field_set(str(requires[0].arguments["fields"])) if requires else None,
            tuple(_contexts(subgraph, found)) if kind is Kind.OBJECT else (),
            self._label(subgraph, found),
        )

    def resolves(self, subgraph: Subgraph, found: Field) -> bool:
        """Whether the subgraph itself answers for the field: neither external nor overridden for good."""
        joins = self._joins(found)
        graph = self.m.graphs[subgraph.name]
        if joins and graph not in joins:
            return False
        own = joins.get(graph, {})
        overridden = bool(own.get("usedOverridden")) and "overrideLabel" not in own
        return not overridden and not subgraph.is_external(found.coordinate)

    def _joins(self, found: Field) -> Mapping[str, Mapping[str, object]]:
        merged = self.merged.schema.field(found.parent, found.name)
        joins = applications(merged, "join__field") if merged is not None else ()
        return {str(each.arguments["graph"]): each.arguments for each in joins if "graph" in each.arguments}

    def _label(self, subgraph: Subgraph, found: Field) -> tuple[str, bool] | None:
        own = self._joins(found).get(self.m.graphs[subgraph.name], {})
        if "overrideLabel" not in own:
            return None
        return str(own["overrideLabel"]), bool(subgraph.applied(found, "override"))

    def _all_resolve(self, subgraph: Subgraph, found: Field) -> bool:
        """A field can be asked of the interface only when every type behind it here answers by itself."""
        for name in self.merged.schema.runtime_types(found.parent):
            if name not in subgraph.schema.types:
                continue
            implementing = subgraph.schema.field(name, found.name)
            if implementing is None or not self.resolves(subgraph, implementing):
                return False
            if subgraph.has(implementing, "requires"):
                return False
        return True

    def keys(self, place: Place) -> tuple[KeyStep, ...]:
        """All moves to other subgraphs that some key, once known, allows."""
        key = (place.subgraph, place.type)
        if key not in self._keys:
            self._keys[key] = tuple(self._key_steps(*key))
        return self._keys[key]

    def _key_steps(self, subgraph_name: str, type_name: str) -> Iterator[KeyStep]:
        here = self.m.by_name[subgraph_name]
        operation = here.schema.operation_of(type_name)
        interfaces = self.m.interfaces.get(type_name, ()) if here.schema.kind(type_name) is Kind.OBJECT else ()
        anywhere = operation is not None or bool(interfaces)
        for there in self.m.subgraphs if anywhere else self.m.holders.get(type_name, ()):
            if there is here:
                continue
            for name in (type_name, *(each for each in interfaces if there.is_interface_object(each))):
                target = there.schema.types.get(name)
                for key in _resolvable_keys(there, target):
                    yield KeyStep(Place(there.name, name, keyed=True), key)
            if operation is not None and operation in there.schema.roots:
                yield KeyStep(Place(there.name, there.schema.roots[operation]), ())

    @cached_property
    def shareable(self) -> frozenset[str]:
        """Fields of object types that several subgraphs resolve."""
        found = set()
        for each in self.merged.schema.of_kind(Kind.OBJECT):
            places = len(applications(each, "join__type"))
            for output in each.fields.values():
                joins = applications(output, "join__field")
                resolving = [
                    join
                    for join in joins
                    if "external" not in join.arguments and "usedOverridden" not in join.arguments
                ]
                if (len(resolving) if joins else places) > 1:
                    found.add(output.coordinate)
        return frozenset(found)

    def has_local_key(self, place: Place) -> bool:
        """Whether the subgraph can name this object by itself, to come back to it."""
        subgraph = self.subgraph(place.subgraph)
        owner = subgraph.schema.types[place.type]
        return any(
            not _selects_external(subgraph, place.type, parse_field_set(str(key.arguments["fields"])))
            for key in subgraph.applied(owner, "key")
        )


def _resolvable_keys(subgraph: Subgraph, target: Type | None) -> Iterator[Selections]:
    if target is None or target.kind not in (Kind.OBJECT, Kind.INTERFACE):
        return
    for key in subgraph.applied(target, "key"):
        if key.arguments.get("resolvable") is not False:
            yield parse_field_set(str(key.arguments["fields"]))


def _selects_external(subgraph: Subgraph, type_name: str, selections: Selections) -> bool:
    for each in selections:
        if isinstance(each, FieldSelection):
            found = field_of(subgraph.schema, type_name, each.name)
            if found is None or subgraph.is_external(found.coordinate):
                return True
            if each.selections and _selects_external(subgraph, base(found.type), each.selections):
                return True
        elif isinstance(each, FragmentSelection):
            condition = each.type_condition or type_name
            if _selects_external(subgraph, condition, each.selections):
                return True
    return False


def _contexts(subgraph: Subgraph, found: Field) -> Iterator[ContextNeed]:
    for argument in found.arguments.values():
        for applied in subgraph.applied(argument, "fromContext"):
            context, selection = parse_context(applied.arguments.get("field"))
            if context is not None:
                yield ContextNeed(f"{subgraph.name}__{context}", selection or "")
