"""Moves: every way to have one field of an object while standing in one subgraph.

local               the subgraph resolves the field, or an enclosing @provides promises it
key                 enter another subgraph by one of its keys; the key's fields may themselves need moves (key chains)
requires            enter (or re-enter) with more fields in the representation
interface object    enter as the interface, or land on the real interface to learn the runtime type
context             re-enter with arguments read at an enclosing position (contexts.py)
root                the query root can be entered anywhere, without representation
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from router.operation.model import Field, InlineFragment, Selection
from router.planner.contexts import context_need, with_context_arguments
from router.planner.graph import FieldHere, Kind, Place
from router.planner.nodes import Path
from router.planner.route import FREE, Cost, Frame, Placed, Route, Search, Standing, Visit, cut_cycle, total
from router.planner.selections import Selections, open_fragments

TYPENAME_FIELDS = frozenset({"__typename"})


@dataclass(frozen=True, slots=True)
class Option:
    """One way to have a selection. ``rest`` is what this way leaves out; ``parts`` what a landing takes along;
    ``also`` the other pieces when the selection is split over several places."""

    placed: Placed
    cost: Cost
    rest: Selections = ()
    parts: Selections = ()
    also: tuple[Placed, ...] = ()

    @property
    def place(self) -> Place | None:
        """Where the (first) visit ends; None for here."""
        return self.placed.visit.place if self.placed.visit else None


def provided_below(search: Search, provided: Selections, type_name: str, field: str) -> Selections | None:
    """What an enclosing @provides promises below ``field`` of ``type_name``; None when it does not promise it."""
    if not provided:
        return None
    possible = search.graph.possible
    found: list[Selection] = []
    promised = False
    for selection in open_fragments(provided, lambda c: c == type_name or type_name in possible.get(c, ())):
        if isinstance(selection, Field) and selection.name == field:
            promised = True
            found.extend(selection.selections)
    return tuple(found) if promised else None


def step_path(field: Field, here: FieldHere) -> Path:
    """The path from an object to what its field holds."""
    return (field.response_key, *("@",) * here.lists)


def enter_position(search: Search, type_name: str, standing: Standing) -> Standing:
    """How one stands for what lies below a position of the type: with one more frame when it sets contexts."""
    if type_name not in search.graph.context_setters:
        return standing
    frame = Frame(type_name, standing.subgraph, standing.provided)
    return replace(standing, frames=(*standing.frames, frame))


def descend(search: Search, field: Field, here: FieldHere, standing: Standing) -> tuple[Path, Route | None]:
    """The route below a field, ``standing`` with the promises for what lies below; None for leaves."""
    path = step_path(field, here)
    if not here.composite:
        return path, None
    if here.provides:
        standing = replace(standing, provided=(*standing.provided, *here.provides))
    return path, search.solve(search, here.type, field.selections, standing)


def local(search: Search, type_name: str, standing: Standing, field: Field) -> Option | None:
    """The field from the subgraph we stand in."""
    if field.name == "__typename":
        return Option(Placed(None, field), FREE)
    assert standing.subgraph is not None
    here = search.graph.here[standing.subgraph][type_name].fields.get(field.name)
    if here is None:
        return None
    promised = provided_below(search, standing.provided, type_name, field.name)
    if promised is None and not here.plain:
        return None
    if not here.composite:
        return Option(Placed(None, field), FREE)
    below = enter_position(search, type_name, standing)
    if below.provided != (promised or ()):
        below = replace(below, provided=promised or ())
    path, route = descend(search, field, here, below)
    if route is None:
        return Option(Placed(None, field), FREE)
    return Option(Placed(None, field, path, route), route.cost.below(path, 0), route.rest)


def _at(search: Search, visit: Visit, field: Field, standing: Standing) -> Option | None:
    """The field at the end of a visit, when it is plain there."""
    if field.name == "__typename":
        return Option(Placed(visit, field), visit.cost.brings(1))
    here = search.graph.here[visit.place.subgraph][visit.place.type].fields.get(field.name)
    if here is None or not here.plain:
        return None
    return _after(search, visit, field, here, standing)


def _after(search: Search, visit: Visit, field: Field, here: FieldHere, standing: Standing) -> Option:
    """The field at the end of a visit that starts at ``standing``."""
    frames = enter_position(search, visit.at, standing).frames
    path, route = descend(search, field, here, Standing(visit.place.subgraph, (), frames, standing.flat))
    if route is None:
        return Option(Placed(visit, field), visit.cost.brings(1))
    cost = visit.cost.brings(route.leaves).plus(route.cost.below(path, visit.cost.rounds))
    return Option(Placed(visit, field, path, route), cost, route.rest)


def _visit(at: str, place: Place, representation: Selections, needs: tuple[Placed, ...], cost: Cost) -> Visit:
    """A visit one round after all it needs."""
    rounds = cost.rounds + 1
    return Visit(at, place, representation, needs, Cost(rounds, cost.fetches | {((), place.subgraph, rounds)}))


def reach(search: Search, type_name: str, standing: Standing) -> Mapping[Place, Visit]:
    """All places where an object of the type can be stood on, with the cheapest visit to each.

    Nearest first, as in Dijkstra's algorithm: a place reached in an earlier round may give the key of a later one.
    """
    question = ("reach", type_name, standing)
    known = search.reached.get(question)
    if known is not None:
        return known
    if cut_cycle(search, question):
        return {}
    graph = search.graph
    if type_name in graph.roots.values():
        visits = {
            Place(name, type_name): _visit(type_name, Place(name, type_name), (), (), FREE)
            for name, types in graph.here.items()
            if type_name in types and types[type_name].fields
        }
        search.reached[question] = visits
        return visits
    search.open_questions.add(question)
    cuts = len(search.cycles_cut)
    found: dict[Place, Visit] = {}
    waiting = list(graph.entrances.get(type_name, ()))
    while waiting:
        candidates = [visit for place in waiting if (visit := _enter(search, type_name, standing, place, found))]
        if not candidates:
            break
        nearest = min(visit.cost.rounds for visit in candidates)
        for visit in candidates:
            if visit.cost.rounds == nearest:
                found[visit.place] = visit
        waiting = [place for place in waiting if place not in found]
    search.open_questions.discard(question)
    if len(search.cycles_cut) == cuts or not search.open_questions:
        search.reached[question] = found
    return found


def _enter(search: Search, type_name: str, standing: Standing, place: Place, found: dict[Place, Visit]) -> Visit | None:
    """The cheapest way into ``place`` with keys had here or at the places found so far."""
    best: Visit | None = None
    possible = search.graph.possible
    for key in search.graph.here[place.subgraph][place.type].keys:
        needs: list[Option] = []
        representation = tuple(open_fragments(key, lambda c: c == type_name or type_name in possible.get(c, ())))
        for part in representation:
            assert isinstance(part, Field)
            had = _key_field(search, type_name, standing, part, found)
            if had is None:
                break
            needs.append(had)
        else:
            placed, cost = tuple(need.placed for need in needs), total(need.cost for need in needs)
            visit = _visit(type_name, place, representation, placed, cost)
            if best is None or visit.cost.order < best.cost.order:
                best = visit
    return best


def _key_field(
    search: Search, type_name: str, standing: Standing, field: Field, found: dict[Place, Visit]
) -> Option | None:
    options = [local(search, type_name, standing, field)] if standing.subgraph else []
    if options and options[0] and not options[0].rest and not options[0].cost.fetches:
        return options[0]
    options += [_at(search, visit, field, standing) for visit in found.values()]
    complete = [option for option in options if option is not None and not option.rest]
    return min(complete, key=lambda option: option.cost.order, default=None)


def _requiring(search: Search, type_name: str, standing: Standing, entry: Visit, here: FieldHere) -> Visit | None:
    """The visit of ``entry`` with all the field asks for first; None when that cannot be had."""
    question = ("requires", type_name, standing, entry.place, here.requires, here.contexts)
    if question in search.required:
        return search.required[question]
    if standing.subgraph is None or cut_cycle(search, question):
        return None
    search.open_questions.add(question)
    cuts = len(search.cycles_cut)
    route = search.solve(search, type_name, here.requires, replace(standing, away=False))
    contexts = [context_need(search, type_name, here, argument, standing) for argument in here.contexts]
    search.open_questions.discard(question)
    visit = None
    if not route.rest and all(contexts):
        found = tuple(need for need in contexts if need)
        own = (_need_cost(need) for need in entry.needs)
        needed = total((*own, route.cost, *(need.route.cost for need in found)))
        representation = (*entry.representation, *here.requires)
        visit = _visit(type_name, entry.place, representation, (*entry.needs, *route.placed), needed)
        visit = replace(visit, context_needs=found)
    if len(search.cycles_cut) == cuts or not search.open_questions:
        search.required[question] = visit
    return visit


def _need_cost(need: Placed) -> Cost:
    cost = need.visit.cost if need.visit else FREE
    if need.route is None:
        return cost
    return cost.plus(need.route.cost.below(need.path, cost.rounds))


def moves(search: Search, type_name: str, standing: Standing, field: Field, *, flat: bool = False) -> Iterator[Option]:
    """Every way to have the field by a visit; ``flat`` without further fetches below it."""
    visits = reach(search, type_name, standing)
    there = standing if standing.flat == flat else replace(standing, flat=flat)
    graph = search.graph
    for place in graph.offers.get((type_name, field.name), ()):
        visit = visits.get(place)
        if visit is None:
            continue
        here = graph.here[place.subgraph][place.type].fields[field.name]
        if not here.plain:
            needing = _requiring(search, type_name, standing, visit, here)
            if needing is not None:
                yield _after(search, needing, with_context_arguments(type_name, field, here), here, there)
        elif standing.away or place.subgraph != standing.subgraph or place.type != type_name:
            yield _after(search, visit, field, here, there)


def landings(search: Search, type_name: str, standing: Standing, part: Selection) -> Iterator[Option]:
    """From an interface object: land on the real interface elsewhere, where the runtime type is known."""
    for place, visit in reach(search, type_name, standing).items():
        if place.type == type_name and search.graph.here[place.subgraph][type_name].kind is Kind.INTERFACE:
            yield land(search, visit, (part,), standing)


def land(search: Search, visit: Visit, parts: Selections, standing: Standing) -> Option:
    """All the parts from where a visit to a real interface ends."""
    there = Standing(visit.place.subgraph, (), standing.frames)
    route = search.solve(search, visit.place.type, parts, there)
    cost = visit.cost.brings(route.leaves).plus(route.cost.below((), visit.cost.rounds))
    return Option(Placed(visit, None, (), route), cost, route.rest, parts)


def needs_real_type(part: Selection) -> bool:
    """Whether an interface object cannot answer the selection because it asks for the runtime type."""
    return isinstance(part, InlineFragment) or part.name in TYPENAME_FIELDS
