"""TYPE_KIND_MISMATCH: one name, one kind of type; an interface object counts as interface."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from router.composition.merge.context import is_merged_type
from router.composition.merge.mismatch import tell_all
from router.composition.model import Kind
from router.composition.problems import Findings
from router.composition.subgraph import Subgraph


def mismatched_types(subgraphs: Sequence[Subgraph], kinds: Mapping[str, Kind], findings: Findings) -> frozenset[str]:
    """The names of the types whose kinds differ."""
    mismatched = set()
    for name, kind in kinds.items():
        holders = [each for each in subgraphs if name in each.schema.types and is_merged_type(each, name)]
        if all(each.kind(name) is kind for each in holders):
            continue
        mismatched.add(name)
        said = {each.name: _told(each, name) for each in holders}
        findings.refuse(
            "TYPE_KIND_MISMATCH",
            f'Type "{name}" has mismatched kind: it is defined as {tell_all(said)}',
            [place for each in holders for place in each.locate(each.schema.types[name].node)],
        )
    return frozenset(mismatched)


def _told(subgraph: Subgraph, name: str) -> str:
    if subgraph.is_interface_object(name):
        return "Interface Object Type (Object Type with @interfaceObject)"
    return str(subgraph.schema.kind(name))
