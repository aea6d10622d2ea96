"""Choose: the cheapest consistent set of moves for one position; cost is rounds, then fetches, then leaves had late.

1. What is had here for free is taken. Nothing can be cheaper.
2. Fields with one way only decide which visits happen anyway.
3. The others, fewest ways first, each take the way that adds least to what is chosen; then all reconsider, until
   nobody moves (a local optimum; the number of sweeps is bounded).
4. A field nobody answers whole (a value type split over subgraphs) is gathered from several; what is still left is
   the route's rest, which the position above places elsewhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from router.operation.model import Field, Selection
from router.planner.graph import Place
from router.planner.moves import Option, land, landings, local, moves, needs_real_type
from router.planner.route import Cost, Route, Search, Standing, total
from router.planner.selections import TYPENAME, Selections, size
from router.planner.split import splits

SWEEPS = 3


def choose(search: Search, type_name: str, standing: Standing, parts: Selections) -> Route:
    """The route for an object (or, with fragments among ``parts``, an interface object) of the type."""
    here = search.graph.here[standing.subgraph][type_name] if standing.subgraph else None
    blind = here is not None and here.interface_object
    taken: list[Option | None] = []
    ways: dict[int, list[Option]] = {}
    gathered: list[Option] = []
    rest: list[Selection] = []
    for index, part in enumerate(parts):
        found = None
        here_too = isinstance(part, Field) and (not standing.away or part == TYPENAME)
        if standing.subgraph and isinstance(part, Field) and here_too and not (blind and needs_real_type(part)):
            found = local(search, type_name, standing, part)
        if found and not found.rest and not found.cost.fetches:
            taken.append(found)
            continue
        taken.append(None)
        if standing.flat:
            if found and isinstance(part, Field) and size(found.rest) < size(part.selections):
                gathered.append(found)
                part = replace(part, selections=found.rest)
            rest.append(part)
            continue
        ways[index] = [found] if found else []
        if isinstance(part, Field):
            ways[index].extend(moves(search, type_name, standing, part))
            if len(ways[index]) > 1 and type_name not in search.graph.serial_roots:
                ways[index].extend(splits(search, type_name, standing, part))
        if blind:
            ways[index].extend(landings(search, type_name, standing, part))
    if ways:
        _choose_whole(taken, ways)
        chosen = total(option.cost for option in taken if option)
        for index in ways:
            if taken[index] is None:
                more, left = _gather(search, type_name, standing, parts[index], ways[index], chosen)
                gathered.extend(more)
                chosen = total((chosen, *(option.cost for option in more)))
                if left is not None:
                    rest.append(left)
    options = _joined_landings(search, standing, [*(option for option in taken if option), *gathered])
    rest.extend(part for option in options if option.placed.field is None for part in option.rest)
    cost = total(option.cost for option in options)
    placed = tuple(placed for option in options for placed in (option.placed, *option.also))
    return Route(type_name, False, placed, (), tuple(rest), cost, sum(item.leaves for item in placed))


def _added(base: Cost, option: Option, popularity: Counter[Place]) -> tuple[int, int, int, int, int]:
    """How much an option adds to what is chosen; at equal cost stay here, then go where most others can go."""
    sum_ = base.plus(option.cost)
    visit = option.placed.visit
    return (*sum_.order, 0 if visit is None else 1, -popularity[visit.place] if visit else 0)


def _choose_whole(taken: list[Option | None], ways: dict[int, list[Option]]) -> None:
    """Fill ``taken`` for every selection that some way answers whole.

    The search starts once from nothing and once for each place that several could share: going together can pay
    where no selection would go alone.
    """
    whole = {index: found for index, options in ways.items() if (found := [o for o in options if not o.rest])}
    popularity = Counter(place for options in whole.values() for place in {o.place for o in options} if place)
    base = total(option.cost for option in taken if option)
    shared = [place for place, count in popularity.items() if count > 1]
    starts = [_start(whole, base, popularity, place) for place in (None, *shared)]
    best = min(starts, key=lambda start: _worth(base, start.values()))
    for index, option in best.items():
        taken[index] = option


def _worth(base: Cost, options: Iterable[Option]) -> tuple[int, int, int]:
    return total((base, *(option.cost for option in options))).order


def _start(
    whole: dict[int, list[Option]], base: Cost, popularity: Counter[Place], together: Place | None
) -> dict[int, Option]:
    """A choice that nobody improves alone, found from all going to ``together`` who can."""
    taken: dict[int, Option] = {}
    if together:
        for index, options in whole.items():
            going = next((option for option in options if option.place == together), None)
            if going:
                taken[index] = going

    def others(index: int) -> Cost:
        return total((base, *(option.cost for at, option in taken.items() if at != index)))

    order = sorted(whole, key=lambda index: len(whole[index]))
    for index in order:
        if index not in taken:
            cost = others(index)
            taken[index] = min(whole[index], key=lambda option: _added(cost, option, popularity))
    flexible = [index for index in order if len(whole[index]) > 1]
    for _ in range(SWEEPS if len(order) > 1 else 0):
        moved = False
        for index in flexible:
            cost = others(index)
            best = min(whole[index], key=lambda option: _added(cost, option, popularity))
            if _added(cost, best, popularity)[:3] < _added(cost, taken[index], popularity)[:3]:
                taken[index], moved = best, True
        if not moved:
            break
    return taken


def _gather(
    search: Search,
    type_name: str,
    standing: Standing,
    part: Selection,
    options: Sequence[Option],
    chosen: Cost,
) -> tuple[list[Option], Selection | None]:
    """Several ways that together answer as much of the selection as can be had; and what is left of it."""
    gathered: list[Option] = []
    used: set[Place | None] = set()
    while True:
        useful = [
            option
            for option in options
            if option.placed.field is not None
            and option.place not in used
            and size(option.rest) < size(part.selections)
        ]
        if not useful or not isinstance(part, Field):
            return gathered, part
        base = chosen

        def worth(option: Option, base: Cost = base) -> tuple[int, ...]:
            return (size(option.rest), *base.plus(option.cost).order)

        best = min(useful, key=worth)
        gathered.append(best)
        chosen = chosen.plus(best.cost)
        used.add(best.place)
        if not best.rest:
            return gathered, None
        part = replace(part, selections=best.rest)
        search.kept.append(part)
        found = local(search, type_name, standing, part) if standing.subgraph and not standing.away else None
        options = [*([found] if found else []), *moves(search, type_name, standing, part)]


def _joined_landings(search: Search, standing: Standing, options: list[Option]) -> list[Option]:
    """All selections that land on the same real interface, solved together."""
    landed: dict[Place, list[Option]] = {}
    for option in options:
        if option.placed.field is None and option.placed.visit:
            landed.setdefault(option.placed.visit.place, []).append(option)
    joined = [option for option in options if option.placed.field is not None]
    for group in landed.values():
        visit = group[0].placed.visit
        assert visit is not None
        parts = tuple(part for option in group for part in option.parts)
        search.kept.append(parts)
        joined.append(group[0] if len(group) == 1 else land(search, visit, parts, standing))
    return joined
