"""INTERFACE_OBJECT_USAGE_ERROR: an interface object needs a key here, an interface elsewhere, and no implementation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from router.composition.model import Kind, Type
from router.composition.problems import Findings, in_subgraphs, listed
from router.composition.subgraph import Subgraph

if TYPE_CHECKING:
    from router.composition.merge.context import Merging

CODE = "INTERFACE_OBJECT_USAGE_ERROR"


def check_is_entity(subgraph: Subgraph, findings: Findings) -> None:
    """Without a key the router could not come from the interface to the object."""
    for each in subgraph.schema.of_kind(Kind.OBJECT):
        if subgraph.has(each, "interfaceObject") and not subgraph.has(each, "key"):
            findings.refuse(
                CODE,
                f"[{subgraph.name}] The @interfaceObject directive can only be applied to entity types but type "
                f'"{each.name}" has no @key in this subgraph.',
                subgraph.locate(each.node),
            )


def check_has_interface(subgraphs: Sequence[Subgraph], mismatched: frozenset[str], findings: Findings) -> None:
    """Some subgraph must say which types there are."""
    names = dict.fromkeys(
        each.name
        for subgraph in subgraphs
        for each in subgraph.schema.types.values()
        if subgraph.is_interface_object(each.name)
    )
    for name in names:
        if name in mismatched or any(subgraph.schema.kind(name) is Kind.INTERFACE for subgraph in subgraphs):
            continue
        holders = [subgraph for subgraph in subgraphs if name in subgraph.schema.types]
        findings.refuse(
            CODE,
            f'Type "{name}" is declared with @interfaceObject in all the subgraphs in which it is defined (it is '
            f"defined in {in_subgraphs([each.name for each in holders])} but should be defined as an interface in at "
            "least one subgraph)",
            [place for each in holders for place in each.locate(each.schema.types[name].node)],
        )


def check_no_implementations(m: Merging, name: str, sources: Mapping[str, Type]) -> None:
    """An interface object speaks for all implementations; one beside it would be spoken for twice."""
    for subgraph_name, source in sources.items():
        subgraph = m.by_name[subgraph_name]
        if not subgraph.is_interface_object(name):
            continue
        defined = [each for each in m.runtime_types(name) if each in subgraph.schema.types]
        if defined:
            nodes = (source.node, *(subgraph.schema.types[each].node for each in defined))
            m.findings.refuse(
                CODE,
                f'[{subgraph_name}] Interface type "{name}" is defined as an @interfaceObject in subgraph '
                f'"{subgraph_name}" so '
                f'that subgraph should not define any of the implementation types of "{name}", but it defines '
                f"{listed(defined, 'type', 'types')}",
                subgraph.locate(*nodes),
            )
