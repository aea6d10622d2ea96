"""Why a step cannot be taken, subgraph by subgraph: what is missing here, and why there is no way elsewhere."""

from __future__ import annotations

from collections.abc import Iterator

from router.composition.model import COMPOSITE, Field, Kind
from router.composition.problems import in_subgraphs
from router.composition.satisfiability.places import Place, Places
from router.composition.satisfiability.reach import Reach
from router.composition.satisfiability.walk import Cast, DeadEnd, Standing
from router.composition.subgraph import Subgraph
from router.federation.field_sets import print_selections


def reasons(places: Places, reach: Reach, dead_end: DeadEnd) -> str:
    """One paragraph for each subgraph the query may stand in."""
    told: dict[str, dict[str, None]] = {}
    for standing in sorted(dead_end.standings, key=lambda each: (each.place.subgraph, each.place.type)):
        lines = told.setdefault(standing.place.subgraph, {})
        for line in _for_standing(places, reach, dead_end, standing):
            lines.setdefault(line)
    return "\n".join(_paragraph(subgraph, list(lines)) for subgraph, lines in told.items())


def _paragraph(subgraph: str, lines: list[str]) -> str:
    if len(lines) == 1:
        return f'- from subgraph "{subgraph}": {lines[0]}.'
    return "\n".join([f'- from subgraph "{subgraph}":', *(f"  - {line}." for line in lines)])


def _for_standing(places: Places, reach: Reach, dead_end: DeadEnd, standing: Standing) -> Iterator[str]:
    step, place = dead_end.path[-1], standing.place
    others = sorted(reach.others(place), key=lambda each: each.subgraph) if len(dead_end.path) > 1 else []
    for each in (place, *others):
        yield from _at(places, each, step) if isinstance(step, Field) else _at_cast(places, each, step)
    if isinstance(step, Field):
        yield from _elsewhere(places, reach, place, {each.subgraph for each in (place, *others)}, step)


def _at_cast(places: Places, place: Place, step: Cast) -> Iterator[str]:
    if places.is_interface_object(place):
        yield (f'no subgraph can be reached to resolve the implementation type of @interfaceObject type "{place.type}"')
    else:
        yield f'cannot find type "{step.target}"'


def _at(places: Places, place: Place, step: Field) -> Iterator[str]:
    subgraph = places.subgraph(place.subgraph)
    owner = place.type if places.is_interface_object(place) else step.parent
    found = subgraph.schema.field(owner, step.name)
    taken = places.field(Place(place.subgraph, owner, place.provided), step.name) if found is not None else None
    if found is None and step.parent not in subgraph.schema.types and place.type != step.parent:
        yield (
            f'cannot find implementation type "{step.parent}" (supergraph interface "{place.type}" is declared with '
            f'@interfaceObject in "{place.subgraph}")'
        )
        return
    if found is None:
        yield f'cannot find field "{step.coordinate}"'
    elif taken is None:
        overriding = _overriding(places, subgraph, found)
        if overriding:
            yield f'field "{step.coordinate}" is not resolvable because it is overridden by {in_subgraphs(overriding)}'
        else:
            yield f'field "{step.coordinate}" is not resolvable because marked @external'
    elif taken.contexts:
        yield f'could not find a match for required context for field "{step.coordinate}"'
    elif taken.requires is not None and not places.has_local_key(Place(place.subgraph, owner)):
        yield (
            f'@require condition on field "{step.coordinate}" can be satisfied but missing usable key on "{owner}" in '
            f'subgraph "{place.subgraph}" to resume query'
        )
    elif taken.requires is not None:
        yield f'cannot satisfy @require conditions on field "{step.coordinate}"'
    elif taken.label is not None:
        yield f'field "{step.coordinate}" is being migrated by @override(label: "{taken.label[0]}") and not here then'


def _overriding(places: Places, subgraph: Subgraph, found: Field) -> list[str]:
    names = []
    for other in places.m.subgraphs:
        theirs = other.schema.field(found.parent, found.name)
        for applied in other.applied(theirs, "override") if theirs is not None else ():
            if applied.arguments.get("from") == subgraph.name:
                names.append(other.name)
    return names


def _elsewhere(places: Places, reach: Reach, place: Place, reached: set[str], step: Field) -> Iterator[str]:
    """Subgraphs that have the field, but no way leads to them."""
    moves = [move for start in (place, *reach.others(place)) for move in places.keys(start)]
    for move in moves:
        if move.to.subgraph not in reached:
            yield (
                f'cannot move to subgraph "{move.to.subgraph}" using @key(fields: "{print_selections(move.key)}") of '
                f'"{place.type}", the key field(s) cannot be resolved from subgraph "{place.subgraph}"'
            )
    told = {move.to.subgraph for move in moves} | reached
    for subgraph in places.m.subgraphs:
        field = subgraph.schema.field(step.parent, step.name)
        if subgraph.name in told or field is None or not places.resolves(subgraph, field):
            continue
        start = f'cannot move to subgraph "{subgraph.name}", which has field "{step.coordinate}", because'
        target = subgraph.schema.types.get(place.type)
        if target is None or target.kind not in COMPOSITE:
            yield (
                f'{start} interface "{place.type}" is not defined in this subgraph (to jump to "{subgraph.name}", it '
                f'would need to both define interface "{place.type}" and have a @key on it)'
            )
            continue
        kind = "interface" if target.kind is Kind.INTERFACE else "type"
        if subgraph.applied(target, "key"):
            yield (
                f'{start} none of the @key defined on {kind} "{place.type}" in subgraph "{subgraph.name}" are '
                'resolvable (they are all declared with their "resolvable" argument set to false)'
            )
        else:
            yield f'{start} {kind} "{place.type}" has no @key defined in subgraph "{subgraph.name}"'
