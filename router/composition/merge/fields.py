"""A field of an object or interface type, merged from all subgraphs that resolve it."""

from __future__ import annotations

from collections.abc import Mapping

from router.composition.merge.access import additional_applications
from router.composition.merge.applied import merge_applied
from router.composition.merge.arguments import merge_arguments_of
from router.composition.merge.context import Merging, Sources, merged_fields
from router.composition.merge.descriptions import merge_description
from router.composition.merge.join_directives import join_directives
from router.composition.merge.join_fields import join_fields
from router.composition.merge.override import Overrides
from router.composition.merge.references import merge_type
from router.composition.model import Applied, Field, InputValue, Kind, Type
from router.composition.problems import in_subgraphs
from router.composition.rules.external_mismatch import check_externals


def fields_by_subgraph(m: Merging, name: str, sources: Mapping[str, Type]) -> dict[str, dict[str, Field | None]]:
    """Field name → subgraph → its field; None for subgraphs that have the type, or an interface object over it, "
    "only."""
    holders = [subgraph.name for subgraph in m.subgraphs if _holds(m, name, subgraph.name)]
    found: dict[str, dict[str, Field | None]] = {}
    for subgraph, source in sources.items():
        for each in merged_fields(m.by_name[subgraph], source):
            found.setdefault(each.name, dict.fromkeys(holders))[subgraph] = each
    return found


def _holds(m: Merging, name: str, subgraph_name: str) -> bool:
    subgraph = m.by_name[subgraph_name]
    over = any(subgraph.is_interface_object(interface) for interface in m.interfaces.get(name, ()))
    return over or name in subgraph.schema.types


def merge_field(m: Merging, parent: str, name: str, sources: Sources[Field], overrides: Overrides) -> Field | None:
    """None when no subgraph resolves the field (EXTERNAL_MISSING_ON_BASE)."""
    coordinate = f"{parent}.{name}"
    if _all_external(m, parent, name, sources):
        _refuse_all_external(m, parent, name, sources)
        return None
    resolving = _without_externals(m, sources)
    described: tuple[str | None, tuple[Applied, ...], dict[str, InputValue]] = (None, (), {})
    if any(source is not None for source in resolving.values()):
        described = (
            merge_description(m, resolving, coordinate),
            merge_applied(m, resolving, coordinate, additional_applications(m, coordinate)),
            merge_arguments_of(m, resolving, coordinate),
        )
        typed: Sources[Field] = resolving
    else:
        # An interface object resolves the field; the external versions still tell its type.
        typed = sources
    description, applied, arguments = described
    reference, same_types = merge_type(m, typed, coordinate, is_input=False, what="field")
    merged = Field(parent, name, reference, arguments, description)
    check_externals(m, sources, merged, same_types)
    joins = join_fields(m, sources, parent, same_types, overrides)
    return Field(parent, name, reference, arguments, description, (*joins, *applied, *join_directives(m, sources)))


def _all_external(m: Merging, parent: str, name: str, sources: Sources[Field]) -> bool:
    for subgraph, source in sources.items():
        versions = (source,) if source is not None else m.abstracted(parent, name, m.by_name[subgraph])
        if not all(m.by_name[subgraph].is_external(each.coordinate) for each in versions):
            return False
    return True


def _refuse_all_external(m: Merging, parent: str, name: str, sources: Sources[Field]) -> None:
    defining = [subgraph for subgraph, source in sources.items() if source is not None]
    m.findings.refuse(
        "EXTERNAL_MISSING_ON_BASE",
        f'Field "{parent}.{name}" is marked @external on all the subgraphs in which it is listed '
        f"({in_subgraphs(defining)}).",
        m.locate(sources),
    )


def _without_externals(m: Merging, sources: Sources[Field]) -> dict[str, Field | None]:
    """External versions do not shape the supergraph, so no directive that would reach it may be on them.

    Finds MERGED_DIRECTIVE_APPLICATION_ON_EXTERNAL.
    """
    kept: dict[str, Field | None] = {}
    for name, source in sources.items():
        if source is None or not m.is_external(name, source):
            kept[name] = source
            continue
        kept[name] = None
        for applied in source.applied:
            if m.directives.is_merged(name, applied.name):
                m.findings.refuse(
                    "MERGED_DIRECTIVE_APPLICATION_ON_EXTERNAL",
                    f'[{name}] Cannot apply merged directive @{applied.name} to external field "{source.coordinate}"',
                    m.by_name[name].locate(applied.node),
                )
    return kept


def hint_value_type_field(m: Merging, sources: Mapping[str, Type], kind: Kind, parent: str, name: str) -> None:
    """Hints INCONSISTENT_OBJECT_VALUE_TYPE_FIELD and INCONSISTENT_INTERFACE_VALUE_TYPE_FIELD."""

    def lacks(subgraph: str, source: Type) -> bool:
        external = all(m.by_name[subgraph].is_external(each.coordinate) for each in source.fields.values())
        return name not in source.fields and not external

    if not any(lacks(subgraph, source) for subgraph, source in sources.items()):
        return
    what, code = (
        ("non-entity object", "INCONSISTENT_OBJECT_VALUE_TYPE_FIELD")
        if kind is Kind.OBJECT
        else ("interface", "INCONSISTENT_INTERFACE_VALUE_TYPE_FIELD")
    )
    having = [subgraph for subgraph, source in sources.items() if name in source.fields]
    lacking = [subgraph for subgraph in sources if subgraph not in having]
    m.findings.hint(
        code,
        f'Field "{parent}.{name}" of {what} type "{parent}" is defined in some but not all subgraphs that define '
        f'"{parent}": "{parent}.{name}" is defined in {in_subgraphs(having)} but not in {in_subgraphs(lacking)}.',
        parent,
        m.locate(sources),
    )
