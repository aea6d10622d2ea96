"""SHAREABLE_HAS_MISMATCHED_RUNTIME_TYPES: a shared field must be able to answer alike, so with types all subgraphs "
"know."""

from __future__ import annotations

from router.composition.model import ABSTRACT, Field, has
from router.composition.problems import Location, in_subgraphs, listed
from router.composition.satisfiability.places import Places
from router.composition.satisfiability.walk import State
from router.composition.satisfiability.witness import witness


def check_runtime_types(places: Places, state: State, output: Field) -> bool:
    """False when there is no type in common. Hint INCONSISTENT_RUNTIME_TYPES_FOR_SHAREABLE_RETURN when there are more.

    Interface objects stand for whatever the others answer, so they are left out.
    """
    if output.coordinate not in places.shareable or len(state.standings) < 2:
        return True
    abstract = [each for each in state.standings if places.schema(each.place).kind(each.place.type) in ABSTRACT]
    if len(abstract) < 2:
        return True
    hidden = places.m.directives.inaccessible
    types = places.merged.schema.types
    shown = [
        name for name in places.merged.schema.runtime_types(state.type) if not (hidden and has(types[name], hidden))
    ]
    by_subgraph: dict[str, tuple[str, ...]] = {}
    for standing in sorted(state.standings, key=lambda each: each.place.subgraph):
        names = tuple(sorted(places.runtime_types(standing.place)))
        if len(names) != 1 or names[0] in shown:
            by_subgraph[standing.place.subgraph] = names
    if not any(by_subgraph.values()):
        return True
    common = [name for name in shown if all(name in names for names in by_subgraph.values())]
    if not common:
        _refuse(places, state, output, by_subgraph)
        return False
    if len(set(by_subgraph.values())) > 1:
        _hint(places, state, output, by_subgraph, sorted(common))
    return True


def _locations(places: Places, output: Field, subgraphs: dict[str, tuple[str, ...]]) -> list[Location]:
    found = (
        (places.subgraph(name), places.subgraph(name).schema.field(output.parent, output.name)) for name in subgraphs
    )
    return [place for subgraph, each in found if each is not None for place in subgraph.locate(each.node)]


def _refuse(places: Places, state: State, output: Field, by_subgraph: dict[str, tuple[str, ...]]) -> None:
    groups: dict[tuple[str, ...], list[str]] = {}
    for name, types in by_subgraph.items():
        groups.setdefault(types, []).append(name)
    told = ";\n".join(
        f" - in {in_subgraphs(names)}, {listed(types, 'type', 'types') if types else 'no runtime type is defined'}"
        for types, names in groups.items()
    )
    places.m.findings.refuse(
        "SHAREABLE_HAS_MISMATCHED_RUNTIME_TYPES",
        f"For the following supergraph API query:\n{witness(places.merged.schema, state.operation, state.path)}\n"
        f'Shared field "{output.coordinate}" return type "{output.type}" has a non-intersecting set of possible '
        "runtime types "
        f"across subgraphs. Runtime types in subgraphs are:\n{told}.\n"
        "This is not allowed as shared fields must resolve the same way in all subgraphs, and that imply at least "
        "some common "
        "runtime types between the subgraphs.",
        _locations(places, output, by_subgraph),
    )


def _hint(
    places: Places, state: State, output: Field, by_subgraph: dict[str, tuple[str, ...]], common: list[str]
) -> None:
    never = [
        f' - subgraph "{name}" should never resolve "{output.coordinate}" to an object of '
        f"{listed(rest, 'type', 'types')}"
        for name, types in by_subgraph.items()
        if (rest := [each for each in types if each not in common])
    ]
    places.m.findings.hint(
        "INCONSISTENT_RUNTIME_TYPES_FOR_SHAREABLE_RETURN",
        f"For the following supergraph API query:\n{witness(places.merged.schema, state.operation, state.path)}\n"
        f'Shared field "{output.coordinate}" return type "{output.type}" has different sets of possible runtime '
        "types across "
        f"subgraphs.\nSince a shared field must be resolved the same way in all subgraphs, make sure that "
        f'{in_subgraphs(by_subgraph)} only resolve "{output.coordinate}" to objects of '
        f"{listed(common, 'type', 'types')}. In "
        "particular:\n" + ";\n".join(never) + ".\nOtherwise the @shareable contract will be broken.",
        output.coordinate,
        _locations(places, output, by_subgraph),
    )
