"""Merging: valid Federation v2 subgraphs → one schema with join directives. The order is the order of dependence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from router.composition.merge.applied import merge_applied
from router.composition.merge.context import Merging, supergraph_kinds
from router.composition.merge.descriptions import merge_description
from router.composition.merge.directives import composed_directives
from router.composition.merge.enums import EnumUse
from router.composition.merge.executable_directives import merge_directive_definitions
from router.composition.merge.interfaces import with_abstracted_fields
from router.composition.merge.join_directives import join_directives
from router.composition.merge.one_of import one_of_definition
from router.composition.merge.supergraph_links import SupergraphLink, supergraph_links
from router.composition.merge.types import merge_type_named
from router.composition.merge.versions import newest_federation
from router.composition.model import DirectiveDefinition, Kind, Schema, Type
from router.composition.problems import Findings
from router.composition.rules.interface_object_usage import check_has_interface
from router.composition.rules.type_kind_mismatch import mismatched_types
from router.composition.subgraph import Subgraph
from router.composition.types import base


@dataclass(frozen=True)
class Merged:
    """The supergraph's schema (its ``applied`` are those of ``schema`` but links) with the merging it came from."""

    schema: Schema
    merging: Merging
    links: tuple[SupergraphLink, ...]


def merge_subgraphs(subgraphs: Sequence[Subgraph], findings: Findings) -> Merged:
    """Merge all that can be merged and collect what cannot; raises CompositionErrors when directives do not agree."""
    federation = newest_federation(subgraphs, findings)
    directives = composed_directives(subgraphs, federation, findings)
    findings.stop_on_problems()
    kinds = supergraph_kinds(subgraphs)
    m = Merging(tuple(subgraphs), findings, federation, kinds, directives)
    links = supergraph_links(m)
    findings.stop_on_problems()
    mismatched = mismatched_types(subgraphs, kinds, findings)
    check_has_interface(subgraphs, mismatched, findings)
    definitions = merge_directive_definitions(m)
    types = _merge_types(m, definitions)
    schemas = {subgraph.name: subgraph.schema for subgraph in m.subgraphs}
    description = merge_description(m, schemas, None)
    applied = (*merge_applied(m, schemas, None), *join_directives(m, schemas))
    if "query" not in m.roots:
        message = "No queries found in any subgraph: a supergraph must have a query root type."
        findings.refuse("NO_QUERIES", message)
    types = with_abstracted_fields(m, types)
    definitions = {**one_of_definition(types.values()), **definitions}
    return Merged(Schema(types, definitions, m.roots, description, applied, defined=True), m, links)


_ORDER = (Kind.UNION, Kind.SCALAR, Kind.INPUT, Kind.INTERFACE, Kind.OBJECT)


def _merge_types(m: Merging, definitions: Mapping[str, DirectiveDefinition]) -> dict[str, Type]:
    """Enums come last: how they merge depends on where the others use them."""
    merged: dict[str, Type | None] = {}
    for kind in _ORDER:
        for name in (name for name, its in m.kinds.items() if its is kind):
            merged[name] = merge_type_named(m, name, EnumUse())
    uses = _enum_uses(m, {name: each for name, each in merged.items() if each is not None}, definitions)
    for name in (name for name, its in m.kinds.items() if its is Kind.ENUM):
        merged[name] = merge_type_named(m, name, uses.get(name, EnumUse()))
    return {name: each for name in m.kinds if (each := merged[name]) is not None}


def _enum_uses(
    m: Merging, types: Mapping[str, Type], definitions: Mapping[str, DirectiveDefinition]
) -> dict[str, EnumUse]:
    """Arguments, also those of directives, and outputs count as merged, input fields as any subgraph has them."""
    arguments = (argument for definition in definitions.values() for argument in definition.arguments.values())
    inputs: dict[str, str] = {base(argument.type): argument.coordinate for argument in arguments}
    outputs: dict[str, str] = {}
    for each in types.values():
        for output in each.fields.values():
            outputs.setdefault(base(output.type), output.coordinate)
            for argument in output.arguments.values():
                inputs.setdefault(base(argument.type), argument.coordinate)
        if each.kind is Kind.INPUT:
            for source in m.sources(each.name).values():
                for argument in source.inputs.values():
                    inputs.setdefault(base(argument.type), argument.coordinate)
    enums = [name for name, kind in m.kinds.items() if kind is Kind.ENUM]
    return {
        name: EnumUse(
            (inputs[name], ()) if name in inputs else None,
            (outputs[name], ()) if name in outputs else None,
        )
        for name in enums
    }
