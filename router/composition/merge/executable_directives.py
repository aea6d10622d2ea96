"""Directives clients may write in operations: kept only if every subgraph understands them everywhere."""

from __future__ import annotations

from collections.abc import Mapping

from router.composition.merge.arguments import merge_argument, merge_arguments_of
from router.composition.merge.context import Merging
from router.composition.merge.descriptions import merge_description
from router.composition.model import BUILT_IN_DIRECTIVES, DirectiveDefinition
from router.composition.problems import in_subgraphs

EXECUTABLE = frozenset(
    {
        "QUERY",
        "MUTATION",
        "SUBSCRIPTION",
        "FIELD",
        "FRAGMENT_DEFINITION",
        "FRAGMENT_SPREAD",
        "INLINE_FRAGMENT",
        "VARIABLE_DEFINITION",
    }
)


def merge_directive_definitions(m: Merging) -> dict[str, DirectiveDefinition]:
    """Executable directives by intersection, composed custom directives from their newest version."""
    merged: dict[str, DirectiveDefinition] = {}
    names = dict.fromkeys(
        definition.name
        for subgraph in m.subgraphs
        for definition in subgraph.schema.directives.values()
        if _is_executable(m, definition) or m.directives.custom.composes(subgraph.name, definition.name)
    )
    for name in names:
        if name in m.directives.custom.definitions:
            merged[name] = _custom(m, m.directives.custom.definitions[name], name)
            continue
        definition = _intersection(m, name)
        if definition is not None:
            merged[name] = definition
    return merged


def _is_executable(m: Merging, definition: DirectiveDefinition) -> bool:
    taken = _is_built_in(definition) or definition.name in m.directives.by_name
    return not taken and definition.name not in m.directives.wrapped and not EXECUTABLE.isdisjoint(definition.locations)


def _is_built_in(definition: DirectiveDefinition) -> bool:
    """A ``@defer`` or ``@stream`` without the specification's ``if`` is the subgraphs' own and only shares the name."""
    own = definition.name in ("defer", "stream") and "if" not in definition.arguments
    return definition.name in BUILT_IN_DIRECTIVES and not own


def _custom(m: Merging, definition: DirectiveDefinition, name: str) -> DirectiveDefinition:
    owner = next(each for each in m.subgraphs if definition in each.schema.directives.values())
    arguments = {
        argument.name: merge_argument(m, {owner.name: argument}, f"@{name}({argument.name}:)", argument.name)
        for argument in definition.arguments.values()
    }
    return DirectiveDefinition(name, definition.locations, arguments, definition.repeatable, definition.description)


def _intersection(m: Merging, name: str) -> DirectiveDefinition | None:
    """Finds hints INCONSISTENT_EXECUTABLE_DIRECTIVE_PRESENCE, INCONSISTENT_EXECUTABLE_DIRECTIVE_REPEATABLE,
    INCONSISTENT_EXECUTABLE_DIRECTIVE_LOCATIONS, NO_EXECUTABLE_DIRECTIVE_INTERSECTION."""
    versions = {subgraph.name: subgraph.schema.directives.get(name) for subgraph in m.subgraphs}
    definitions: Mapping[str, DirectiveDefinition] = {key: each for key, each in versions.items() if each is not None}
    places = m.locate(definitions)
    coordinate = f"@{name}"
    missing = [key for key, each in versions.items() if each is None]
    if missing:
        m.findings.hint(
            "INCONSISTENT_EXECUTABLE_DIRECTIVE_PRESENCE",
            f'Executable directive "@{name}" will not be part of the supergraph as it does not appear in all '
            f"subgraphs: it is defined in {in_subgraphs(definitions)} but not in {in_subgraphs(missing)}.",
            coordinate,
            places,
        )
        return None
    located = {key: tuple(sorted(EXECUTABLE.intersection(each.locations))) for key, each in definitions.items()}
    common = sorted(frozenset.intersection(*(frozenset(each) for each in located.values())))
    told = " and ".join(f"{', '.join(locations)} in {in_subgraphs([key])}" for key, locations in located.items())
    if not common:
        m.findings.hint(
            "NO_EXECUTABLE_DIRECTIVE_INTERSECTION",
            f'Executable directive "@{name}" has no location that is common to all subgraphs: it will not appear in '
            f"the supergraph as there no intersection between {told}.",
            coordinate,
            places,
        )
        return None
    repeating = [key for key, each in definitions.items() if each.repeatable]
    single = [key for key in definitions if key not in repeating]
    if repeating and single:
        m.findings.hint(
            "INCONSISTENT_EXECUTABLE_DIRECTIVE_REPEATABLE",
            f'Executable directive "@{name}" will not be marked repeatable in the supergraph as it is inconsistently '
            f"marked repeatable in subgraphs: it is not repeatable in {in_subgraphs(single)} but is repeatable in "
            f"{in_subgraphs(repeating)}.",
            coordinate,
            places,
        )
    if len(set(located.values())) > 1:
        m.findings.hint(
            "INCONSISTENT_EXECUTABLE_DIRECTIVE_LOCATIONS",
            f'Executable directive "@{name}" has inconsistent locations across subgraphs and will use '
            f"{', '.join(common)} "
            f"(intersection of all subgraphs) in the supergraph, but has: {told}.",
            coordinate,
            places,
        )
    description = merge_description(m, definitions, coordinate)
    arguments = merge_arguments_of(m, definitions, coordinate)
    return DirectiveDefinition(name, tuple(common), arguments, not single, description)
