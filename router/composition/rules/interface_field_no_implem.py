"""INTERFACE_FIELD_NO_IMPLEM: a field an interface gains in one subgraph, an implementing type of another must have."""

from __future__ import annotations

from router.composition.merge import Merged
from router.composition.model import Kind, Type
from router.composition.problems import in_subgraphs


def check_implementations(merged: Merged) -> None:
    """Interfaces and their implementations may be spread over subgraphs, so only the whole can tell."""
    schema = merged.schema
    for each in schema.of_kind(Kind.OBJECT, Kind.INTERFACE):
        for name in each.interfaces:
            interface = schema.types.get(name)
            for field_name in interface.fields if interface else ():
                if field_name not in each.fields:
                    _refuse(merged, each, name, field_name)


def _refuse(merged: Merged, each: Type, interface: str, field_name: str) -> None:
    m = merged.merging
    declaring = [
        subgraph
        for subgraph in m.subgraphs
        if subgraph.schema.kind(interface) is Kind.INTERFACE and subgraph.schema.field(interface, field_name)
    ]
    implementing = [
        subgraph
        for subgraph in m.subgraphs
        if each.name in subgraph.schema.types and interface in subgraph.schema.types[each.name].interfaces
    ]
    places = [
        *(place for one in declaring for place in one.locate(one.schema.types[interface].fields[field_name].node)),
        *(place for one in implementing for place in one.locate(one.schema.types[each.name].node)),
    ]
    m.findings.refuse(
        "INTERFACE_FIELD_NO_IMPLEM",
        f'Interface field "{interface}.{field_name}" is declared in {in_subgraphs([one.name for one in declaring])} '
        f'but type "{each.name}", which implements "{interface}" only in '
        f'{in_subgraphs([one.name for one in implementing])} does not have field "{field_name}".',
        places,
    )
