"""One named type from all subgraphs that have it: what is common to all kinds, then what is special to one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from router.composition.merge.access import additional_applications
from router.composition.merge.applied import merge_applied
from router.composition.merge.context import Merging
from router.composition.merge.descriptions import merge_description
from router.composition.merge.enums import EnumUse, merge_values
from router.composition.merge.inputs import merge_inputs
from router.composition.merge.interfaces import merge_interface_fields
from router.composition.merge.join_directives import join_directives
from router.composition.merge.objects import merge_object_fields
from router.composition.merge.one_of import one_of
from router.composition.merge.unions import merge_members
from router.composition.model import Applied, Kind, Type
from router.composition.rules.extension_with_no_base import check_has_base
from router.composition.values import EnumName


def merge_type_named(m: Merging, name: str, use: EnumUse) -> Type | None:
    """None for an object type without any field in the supergraph. ``use`` matters to enums only."""
    kind = m.kinds[name]
    sources = m.sources(name)
    check_has_base(m, name, sources)
    description = merge_description(m, sources, name)
    extra = additional_applications(m, name) if kind is Kind.INTERFACE else {}
    applied = merge_applied(m, sources, name, extra)
    merged = Type(name, kind, description)
    joins: tuple[Applied, ...] = ()
    match kind:
        case Kind.OBJECT:
            merged = replace(merged, interfaces=m.interfaces[name], fields=merge_object_fields(m, name, sources))
            if not merged.fields and not m.findings.problems:
                return None
        case Kind.INTERFACE:
            merged = replace(merged, interfaces=m.interfaces[name], fields=merge_interface_fields(m, name, sources))
        case Kind.UNION:
            members, joins = merge_members(m, name, sources)
            merged = replace(merged, members=members)
        case Kind.ENUM:
            merged = replace(merged, values=merge_values(m, name, sources, use))
        case Kind.INPUT:
            merged = replace(merged, inputs=merge_inputs(m, name, sources))
            joins = one_of(m, sources)
        case Kind.SCALAR:
            pass
    written = (*_join_implements(m, sources), *_join_types(m, sources), *joins, *applied, *join_directives(m, sources))
    return replace(merged, applied=written)


def _join_implements(m: Merging, sources: Mapping[str, Type]) -> tuple[Applied, ...]:
    return tuple(
        Applied("join__implements", {"graph": EnumName(m.graphs[subgraph]), "interface": interface})
        for subgraph, source in sources.items()
        for interface in source.interfaces
    )


def _join_types(m: Merging, sources: Mapping[str, Type]) -> tuple[Applied, ...]:
    """One ``@join__type`` a key, or one for a type without keys."""
    joins: list[Applied] = []
    for name, source in sources.items():
        subgraph = m.by_name[name]
        graph = {"graph": EnumName(m.graphs[name])}
        special = {"isInterfaceObject": True} if subgraph.is_interface_object(source.name) else {}
        keys = subgraph.applied(source, "key")
        if not keys:
            joins.append(Applied("join__type", {**graph, **special}))
        for key in keys:
            extended = key.extension is not None or subgraph.has(source, "extends")
            arguments = {**graph, "key": key.arguments["fields"], **({"extension": True} if extended else {})}
            if "resolvable" in key.arguments:
                arguments["resolvable"] = key.arguments["resolvable"]
            joins.append(Applied("join__type", {**arguments, **special}))
    return tuple(joins)
