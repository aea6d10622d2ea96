"""Find the route of a position: objects are chosen for directly; abstract types first settle what every type shares.

At an interface or union a field stays on the abstract type when every possible type answers it here; all else is
planned per possible type. The possible types are those of the subgraph that answers, so nothing multiplies: the work is
positions x subgraphs x possible types.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from router.operation.model import Field, InlineFragment, Selection
from router.planner.choose import choose
from router.planner.graph import Kind, TypeHere
from router.planner.moves import Option, local, provided_below
from router.planner.route import FREE, Placed, Route, Search, Standing, total
from router.planner.selections import Selections, joined, merge, open_fragments


def solve(search: Search, type_name: str, selections: Selections, standing: Standing) -> Route:
    """The cheapest route for a value of the type; what cannot be had is in its ``rest``."""
    question = (id(selections), type_name, standing)
    known = search.routes.get(question)
    if known is not None:
        return known
    search.kept.append(selections)
    cuts = len(search.cycles_cut)
    here = search.graph.here[standing.subgraph].get(type_name) if standing.subgraph else None
    if standing.subgraph is None:
        route = choose(search, type_name, standing, _kept(search, open_fragments(selections, lambda _: True)))
    elif here is None:
        route = Route(type_name, False, rest=selections)
    elif here.kind is Kind.OBJECT:
        route = _object(search, here, selections, standing)
    else:
        route = _abstract(search, here, selections, standing, here.possible)
    if len(search.cycles_cut) == cuts or not search.open_questions:
        search.routes[question] = route
    return route


def _kept(search: Search, selections: Iterable[Selection]) -> Selections:
    """Merged, and the same tuple again for equal input, so that later questions are recognised."""
    merged = merge(selections, search.joins)
    search.kept.append(merged)
    return merged


def _object(search: Search, here: TypeHere, selections: Selections, standing: Standing) -> Route:
    possible = search.graph.possible
    if here.interface_object:
        covers = possible.get(here.name, frozenset())
        parts = _open_covering(selections, lambda c: c == here.name or covers <= possible.get(c, frozenset()))
    else:
        parts = open_fragments(selections, lambda c: c == here.name or here.name in possible.get(c, ()))
    return choose(search, here.name, standing, _kept(search, parts))


def _open_covering(selections: Selections, covers: object) -> Iterable[Selection]:
    assert callable(covers)
    for selection in selections:
        if isinstance(selection, InlineFragment) and (
            selection.type_condition is None or covers(selection.type_condition)
        ):
            for inner in _open_covering(selection.selections, covers):
                yield replace(inner, conditions=joined(selection.conditions, inner.conditions))
        else:
            yield selection


def _abstract(
    search: Search,
    here: TypeHere,
    selections: Selections,
    standing: Standing,
    concrete: frozenset[str],
) -> Route:
    """``concrete`` are the runtime types possible at this position."""
    known = search.graph.possible
    assert standing.subgraph is not None
    types = search.graph.here[standing.subgraph]
    settled: list[Option] = []
    costly: list[Option] = []
    groups: list[tuple[str, Route]] = []
    open_: list[Selection] = []
    parts = _kept(search, _open_covering(selections, lambda c: c == here.name))
    if not concrete:
        return _nameless(search, here, parts, standing)
    for selection in parts:
        if isinstance(selection, Field):
            option = _uniform(search, here, selection, standing, concrete)
            if option is None or option.rest:
                open_.append(selection)
            else:
                (costly if option.cost.fetches else settled).append(option)
            continue
        condition = selection.type_condition
        assert condition is not None
        narrower = types.get(condition)
        if narrower is not None and narrower.kind is not Kind.OBJECT and not selection.conditions:
            covered = concrete & narrower.possible
            if covered == concrete & known.get(condition, frozenset()):
                if not covered:
                    continue
                route = _abstract(search, narrower, selection.selections, standing, covered)
                if not route.groups and not route.rest and not route.cost.fetches:
                    groups.append((condition, route))
                    continue
        open_.append(selection)
    kept = _per_type(search, here, settled + costly, groups, open_, standing, concrete)
    shared_trips = any(placed.visit for _, route in kept.groups for placed in route.placed)
    if costly and (shared_trips or _promised_by_type(types, costly, concrete)):
        spread = [*open_, *(option.placed.field for option in costly if option.placed.field)]
        other = _per_type(search, here, settled, groups, spread, standing, concrete)
        if len(other.rest) <= len(kept.rest) and other.cost.order < kept.cost.order:
            return other
    return kept


def _nameless(search: Search, here: TypeHere, parts: Selections, standing: Standing) -> Route:
    """An abstract type without possible types in this subgraph: what it has no field for can only be had under its own
    name, where it is an interface object elsewhere."""
    fields = tuple(part for part in parts if isinstance(part, Field))
    return replace(choose(search, here.name, standing, _kept(search, fields)), abstract=True)


def _promised_by_type(types: Mapping[str, TypeHere], options: list[Option], concrete: frozenset[str]) -> bool:
    """Whether a possible type's own field has a @provides that the abstract type's field does not tell."""
    names = {option.placed.field.name for option in options if option.placed.field}
    return any(field.provides for name in concrete for field in types[name].fields.values() if field.name in names)


def _per_type(
    search: Search,
    here: TypeHere,
    settled: list[Option],
    groups: list[tuple[str, Route]],
    open_: list[Selection],
    standing: Standing,
    concrete: frozenset[str],
) -> Route:
    """What is settled on the abstract type, and a group for each possible type that is asked for more."""
    possible = search.graph.possible
    all_groups = list(groups)
    rest: list[Selection] = []
    for name in sorted(concrete) if open_ else ():
        applies = {name, *(other for other, types in possible.items() if name in types)}
        fields = _kept(search, open_fragments(tuple(open_), applies.__contains__))
        if fields:
            route = choose(search, name, standing, fields)
            all_groups.append((name, route))
            if route.rest:
                rest.append(InlineFragment(name, route.rest))
    cost = total((*(option.cost for option in settled), *(route.cost for _, route in all_groups)))
    placed = tuple(option.placed for option in settled)
    leaves = sum(item.leaves for item in placed) + max((route.leaves for _, route in all_groups), default=0)
    return Route(here.name, True, placed, tuple(all_groups), tuple(rest), cost, leaves)


def _uniform(
    search: Search, here: TypeHere, field: Field, standing: Standing, concrete: frozenset[str]
) -> Option | None:
    """The field on the abstract type itself, when every possible type answers it here."""
    if field.name == "__typename":
        return Option(Placed(None, field), FREE)
    if field.name not in here.fields or standing.away:
        return None
    assert standing.subgraph is not None
    types = search.graph.here[standing.subgraph]
    for name in concrete:
        at = types[name].fields.get(field.name)
        if at is None:
            return None
        if not at.plain and provided_below(search, standing.provided, name, field.name) is None:
            return None
    return local(search, here.name, standing, field)


__all__ = ["solve"]
