"""Satisfiability: whatever clients may ask of the supergraph, the subgraphs can answer together.

Finds SATISFIABILITY_ERROR (with a query that fails), SHAREABLE_HAS_MISMATCHED_RUNTIME_TYPES,
MAX_VALIDATION_SUBGRAPH_PATHS_EXCEEDED and hint INCONSISTENT_RUNTIME_TYPES_FOR_SHAREABLE_RETURN.
"""

from __future__ import annotations

from router.composition.merge import Merged
from router.composition.model import Field
from router.composition.problems import Location
from router.composition.satisfiability.places import Places
from router.composition.satisfiability.reasons import reasons
from router.composition.satisfiability.runtime_types import check_runtime_types
from router.composition.satisfiability.walk import DeadEnd, TooManyPaths, Walk
from router.composition.satisfiability.witness import witness


def check_satisfiability(merged: Merged, max_paths: int) -> None:
    """Walk the whole API; every dead end becomes one problem, but those of a shared mutation one together."""
    findings = merged.merging.findings
    places = Places(merged)
    walk = Walk(places, max_paths, lambda state, field: check_runtime_types(places, state, field))
    try:
        walk.run()
    except TooManyPaths as too_many:
        findings.refuse("MAX_VALIDATION_SUBGRAPH_PATHS_EXCEEDED", str(too_many))
        return
    for dead_end in walk.dead_ends:
        if dead_end.mutation is None:
            findings.refuse("SATISFIABILITY_ERROR", _told(walk, dead_end), _locations(places, dead_end))
    for coordinate, subgraphs in walk.shared_mutations.items():
        _check_mutation(walk, coordinate, sorted(subgraphs))


def _told(walk: Walk, dead_end: DeadEnd) -> str:
    query = witness(walk.places.merged.schema, dead_end.operation, dead_end.path)
    why = reasons(walk.places, walk.reach, dead_end)
    return f"The following supergraph API query:\n{query}\ncannot be satisfied by the subgraphs because:\n{why}"


def _locations(places: Places, dead_end: DeadEnd) -> list[Location]:
    step = dead_end.path[-1]
    if not isinstance(step, Field):
        return []
    found = ((subgraph, subgraph.schema.field(step.parent, step.name)) for subgraph in places.m.subgraphs)
    return [place for subgraph, each in found if each is not None for place in subgraph.locate(each.node)]


def _check_mutation(walk: Walk, coordinate: str, subgraphs: list[str]) -> None:
    """A mutation is called in one subgraph only; one from which everything can be answered is enough."""
    failing = {name: [each for each in walk.dead_ends if each.mutation == (coordinate, name)] for name in subgraphs}
    if not all(failing.values()):
        return
    parts = [
        f'Supergraph API queries using the mutation field "{coordinate}" at top-level must be satisfiable without '
        "needing to call that field from multiple subgraphs, but every subgraph with that field encounters "
        "satisfiability errors. Please fix these satisfiability errors for (at least) one of the following subgraphs "
        "with the mutation field:"
    ]
    for name, dead_ends in failing.items():
        parts.append(f'- When calling "{coordinate}" at top-level from subgraph "{name}":')
        parts.extend(f"  {line}" for dead_end in dead_ends for line in _told(walk, dead_end).split("\n"))
    places = [place for dead_ends in failing.values() for each in dead_ends for place in _locations(walk.places, each)]
    walk.places.m.findings.refuse("SATISFIABILITY_ERROR", "\n".join(parts), places)
