"""Arguments: only those that every subgraph with the field knows, and none that a context fills in."""

from __future__ import annotations

from collections.abc import Mapping

from router.composition.merge.applied import merge_applied
from router.composition.merge.context import Merging, Sources
from router.composition.merge.descriptions import merge_description
from router.composition.merge.references import merge_default, merge_type
from router.composition.model import DirectiveDefinition, Field, InputValue
from router.composition.problems import in_subgraphs
from router.composition.types import is_required
from router.composition.values import ABSENT


def merge_arguments_of(
    m: Merging, sources: Sources[Field] | Sources[DirectiveDefinition], coordinate: str
) -> dict[str, InputValue]:
    """Finds REQUIRED_ARGUMENT_MISSING_IN_SOME_SUBGRAPH, CONTEXTUAL_ARGUMENT_NOT_CONTEXTUAL_IN_ALL_SUBGRAPHS and hint
    INCONSISTENT_ARGUMENT_PRESENCE."""
    owners = {name: source for name, source in sources.items() if source is not None}
    names = dict.fromkeys(name for owner in owners.values() for name in owner.arguments)
    merged: dict[str, InputValue] = {}
    for name in names:
        versions = {subgraph: owner.arguments.get(name) for subgraph, owner in owners.items()}
        where = f"{coordinate}({name}:)"
        if _is_contextual(m, versions, where) or _is_missing_somewhere(m, versions, where):
            continue
        merged[name] = merge_argument(m, versions, where, name)
    return merged


def merge_argument(m: Merging, sources: Sources[InputValue], coordinate: str, name: str) -> InputValue:
    """One argument that all subgraphs have."""
    description = merge_description(m, sources, coordinate)
    applied = merge_applied(m, sources, coordinate)
    reference, _ = merge_type(m, sources, coordinate, is_input=True, what="argument")
    default = merge_default(m, sources, coordinate, "Argument")
    return InputValue(coordinate, name, reference, default, description, applied)


def _is_contextual(m: Merging, versions: Mapping[str, InputValue | None], coordinate: str) -> bool:
    contextual = {
        name for name, argument in versions.items() if argument and m.by_name[name].has(argument, "fromContext")
    }
    if not contextual:
        return False
    code = "CONTEXTUAL_ARGUMENT_NOT_CONTEXTUAL_IN_ALL_SUBGRAPHS"
    for name, argument in versions.items():
        if argument is None or name in contextual:
            continue
        if is_required(argument.type) and argument.default is ABSENT:
            m.findings.refuse(
                code,
                f'Argument "{coordinate}" is contextual in at least one subgraph but in "{argument.coordinate}" it '
                "does not have @fromContext, is not nullable and has no default value.",
                m.by_name[name].locate(argument.node),
            )
        else:
            m.findings.hint(
                code,
                f'Contextual argument "{argument.coordinate}" will not be included in the supergraph since it is '
                "contextual in at least one subgraph",
            )
    return True


def _is_missing_somewhere(m: Merging, versions: Mapping[str, InputValue | None], coordinate: str) -> bool:
    missing = [name for name, argument in versions.items() if argument is None]
    if not missing:
        return False
    requiring = [name for name, argument in versions.items() if argument and argument.required]
    present = [name for name, argument in versions.items() if argument]
    if requiring:
        m.findings.refuse(
            "REQUIRED_ARGUMENT_MISSING_IN_SOME_SUBGRAPH",
            f'Argument "{coordinate}" is required in some subgraphs but does not appear in all subgraphs: it is '
            f"required in {in_subgraphs(requiring)} but does not appear in {in_subgraphs(missing)}",
            m.locate(versions),
        )
    else:
        m.findings.hint(
            "INCONSISTENT_ARGUMENT_PRESENCE",
            f'Optional argument "{coordinate}" will not be included in the supergraph as it does not appear in all '
            f"subgraphs: it is defined in {in_subgraphs(present)} but not in {in_subgraphs(missing)}.",
            coordinate,
            m.locate(versions),
        )
    return True
