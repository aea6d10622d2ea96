"""Input object types: the fields every subgraph with the type knows."""

from __future__ import annotations

from collections.abc import Mapping

from router.composition.merge.applied import merge_applied
from router.composition.merge.context import Merging
from router.composition.merge.descriptions import merge_description
from router.composition.merge.join_fields import join_fields
from router.composition.merge.override import Overrides
from router.composition.merge.references import merge_default, merge_type
from router.composition.model import InputValue, Type
from router.composition.problems import in_subgraphs


def merge_inputs(m: Merging, name: str, sources: Mapping[str, Type]) -> dict[str, InputValue]:
    """Finds REQUIRED_INPUT_FIELD_MISSING_IN_SOME_SUBGRAPH, EMPTY_MERGED_INPUT_TYPE and hint
    INCONSISTENT_INPUT_OBJECT_FIELD."""
    holders = [subgraph.name for subgraph in m.subgraphs if name in subgraph.schema.types]
    versions: dict[str, dict[str, InputValue | None]] = {}
    for subgraph, source in sources.items():
        for each in source.inputs.values():
            versions.setdefault(each.name, dict.fromkeys(holders))[subgraph] = each
    merged: dict[str, InputValue] = {}
    for field_name, of_subgraphs in versions.items():
        each = _merge_input(m, name, field_name, of_subgraphs)
        hidden = any(applied.name == m.directives.inaccessible for applied in each.applied)
        if hidden or not _is_missing_somewhere(m, name, each, of_subgraphs):
            merged[field_name] = each
    if not merged:
        m.findings.refuse(
            "EMPTY_MERGED_INPUT_TYPE",
            f'None of the fields of input object type "{name}" are consistently defined in all the subgraphs defining '
            "that type. As only fields common to all subgraphs are merged, this would result in an empty type.",
            m.locate(sources),
        )
    return merged


def _merge_input(m: Merging, parent: str, name: str, versions: Mapping[str, InputValue | None]) -> InputValue:
    coordinate = f"{parent}.{name}"
    description = merge_description(m, versions, coordinate)
    applied = merge_applied(m, versions, coordinate)
    reference, same_types = merge_type(m, versions, coordinate, is_input=True, what="field")
    joins = join_fields(m, versions, parent, same_types, Overrides())
    default = merge_default(m, versions, coordinate, "Input field")
    return InputValue(coordinate, name, reference, default, description, (*joins, *applied))


def _is_missing_somewhere(m: Merging, parent: str, each: InputValue, versions: Mapping[str, InputValue | None]) -> bool:
    missing = [subgraph for subgraph, version in versions.items() if version is None]
    if not missing:
        return False
    requiring = [subgraph for subgraph, version in versions.items() if version and version.required]
    having = [subgraph for subgraph, version in versions.items() if version]
    if requiring:
        m.findings.refuse(
            "REQUIRED_INPUT_FIELD_MISSING_IN_SOME_SUBGRAPH",
            f'Input object field "{each.coordinate}" is required in some subgraphs but does not appear in all '
            f"subgraphs: it is required in {in_subgraphs(requiring)} but does not appear in {in_subgraphs(missing)}",
            m.locate(versions),
        )
    else:
        m.findings.hint(
            "INCONSISTENT_INPUT_OBJECT_FIELD",
            f'Input object field "{each.name}" will not be added to "{parent}" in the supergraph as it does not '
            f"appear in all subgraphs: it is defined in {in_subgraphs(having)} but not in {in_subgraphs(missing)}.",
            each.coordinate,
            m.locate(versions),
        )
    return True
