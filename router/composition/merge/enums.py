"""Enum types: all values where only read, common values where only given, the same values where both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from router.composition.merge.applied import merge_applied
from router.composition.merge.context import Merging
from router.composition.merge.descriptions import merge_description
from router.composition.model import Applied, EnumValue, Type
from router.composition.problems import Location, in_subgraphs
from router.composition.values import EnumName


@dataclass(frozen=True, slots=True)
class EnumUse:
    """One place of each sort where the enum is used: coordinate and where that is written; None where it is not."""

    as_input: tuple[str, tuple[Location, ...]] | None = None
    as_output: tuple[str, tuple[Location, ...]] | None = None


def merge_values(m: Merging, name: str, sources: Mapping[str, Type], use: EnumUse) -> dict[str, EnumValue]:
    """Finds ENUM_VALUE_MISMATCH, EMPTY_MERGED_ENUM_TYPE and hints UNUSED_ENUM_TYPE,
    INCONSISTENT_ENUM_VALUE_FOR_INPUT_ENUM, INCONSISTENT_ENUM_VALUE_FOR_OUTPUT_ENUM."""
    if use.as_input is None and use.as_output is None:
        m.findings.hint(
            "UNUSED_ENUM_TYPE",
            f'Enum type "{name}" is defined but unused. It will be included in the supergraph with all the values '
            'appearing in any subgraph ("as if" it was only used as an output type).',
            name,
        )
    merged: dict[str, EnumValue] = {}
    for value in dict.fromkeys(value for source in sources.values() for value in source.values):
        kept = _merge_value(m, name, value, sources, use)
        if kept is not None:
            merged[value] = kept
    if not merged:
        m.findings.refuse(
            "EMPTY_MERGED_ENUM_TYPE",
            f'None of the values of enum type "{name}" are defined consistently in all the subgraphs defining that '
            "type. As only values common to all subgraphs are merged, this would result in an empty type.",
            m.locate(sources),
        )
    return merged


def _merge_value(m: Merging, name: str, value: str, sources: Mapping[str, Type], use: EnumUse) -> EnumValue | None:
    coordinate = f"{name}.{value}"
    versions = {subgraph: source.values.get(value) for subgraph, source in sources.items()}
    description = merge_description(m, versions, coordinate)
    applied = merge_applied(m, versions, coordinate)
    having = [subgraph for subgraph, version in versions.items() if version is not None]
    joins = [Applied("join__enumValue", {"graph": EnumName(m.graphs[subgraph])}) for subgraph in having]
    merged = EnumValue(name, value, description, (*joins, *applied))
    lacking = [subgraph for subgraph in sources if subgraph not in having]
    hidden = any(each.name == m.directives.inaccessible for each in applied)
    if not lacking or (hidden and use.as_input is not None):
        return merged
    spread = f'"{value}" is defined in {in_subgraphs(having)} but not in {in_subgraphs(lacking)}'
    if use.as_input is None:
        m.findings.hint(
            "INCONSISTENT_ENUM_VALUE_FOR_OUTPUT_ENUM",
            f'Value "{value}" of enum type "{name}" has been added to the supergraph but is only defined in a subset '
            f'of the subgraphs defining "{name}": {spread}.',
            coordinate,
            m.locate(sources),
        )
        return merged
    if use.as_output is None:
        m.findings.hint(
            "INCONSISTENT_ENUM_VALUE_FOR_INPUT_ENUM",
            f'Value "{value}" of enum type "{name}" will not be part of the supergraph as it is not defined in all the '
            f'subgraphs defining "{name}": {spread}.',
            coordinate,
            m.locate(sources),
        )
        return None
    m.findings.refuse(
        "ENUM_VALUE_MISMATCH",
        f'Enum type "{name}" is used as both input type (for example, as type of "{use.as_input[0]}") and output type '
        f'(for example, as type of "{use.as_output[0]}"), but value "{value}" is not defined in all the subgraphs '
        f'defining "{name}": {spread}',
        (*m.locate(sources), *use.as_input[1], *use.as_output[1]),
    )
    return merged
