"""Object types: the union of their fields."""

from __future__ import annotations

from collections.abc import Mapping

from router.composition.merge.context import Merging
from router.composition.merge.fields import fields_by_subgraph, hint_value_type_field, merge_field
from router.composition.merge.override import read_overrides
from router.composition.model import Field, Kind, Type
from router.composition.problems import in_subgraphs
from router.composition.rules.invalid_field_sharing import check_sharing, check_subscription


def merge_object_fields(m: Merging, name: str, sources: Mapping[str, Type]) -> dict[str, Field]:
    """Finds hint INCONSISTENT_ENTITY and what merging each field finds."""
    is_value_type = not _is_entity(m, name, sources) and not m.is_root(name)
    is_subscription = m.roots.get("subscription") == name
    merged: dict[str, Field] = {}
    for field_name, versions in fields_by_subgraph(m, name, sources).items():
        if is_value_type:
            hint_value_type_field(m, sources, Kind.OBJECT, name, field_name)
        overrides = read_overrides(m, versions, f"{name}.{field_name}")
        if is_subscription:
            check_subscription(m, versions)
        field = merge_field(m, name, field_name, versions, overrides)
        if field is not None:
            merged[field_name] = field
        check_sharing(m, name, field_name, versions, overrides)
    return merged


def _is_entity(m: Merging, name: str, sources: Mapping[str, Type]) -> bool:
    keyed = [subgraph for subgraph in sources if m.by_name[subgraph].is_entity(name)]
    keyless = [subgraph for subgraph in sources if subgraph not in keyed]
    if keyed and keyless:
        m.findings.hint(
            "INCONSISTENT_ENTITY",
            f'Type "{name}" is declared as an entity (has a @key applied) in some but not all defining subgraphs: it '
            f"has no @key in {in_subgraphs(keyless)} but has some @key in {in_subgraphs(keyed)}.",
            name,
            m.locate(sources),
        )
    return bool(keyed)
