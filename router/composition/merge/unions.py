"""Union types: the union of their members."""

from __future__ import annotations

from collections.abc import Mapping

from router.composition.merge.context import Merging
from router.composition.model import Applied, Type
from router.composition.problems import in_subgraphs
from router.composition.values import EnumName


def merge_members(m: Merging, name: str, sources: Mapping[str, Type]) -> tuple[tuple[str, ...], tuple[Applied, ...]]:
    """The members and their ``@join__unionMember``. Finds hint INCONSISTENT_UNION_MEMBER."""
    joins: list[Applied] = []
    for member in m.members[name]:
        having = [subgraph for subgraph, source in sources.items() if member in source.members]
        lacking = [subgraph for subgraph in sources if subgraph not in having]
        for subgraph in having:
            joins.append(Applied("join__unionMember", {"graph": EnumName(m.graphs[subgraph]), "member": member}))
        if lacking:
            m.findings.hint(
                "INCONSISTENT_UNION_MEMBER",
                f'Union type "{name}" includes member type "{member}" in some but not all defining subgraphs: '
                f'"{member}" is defined in {in_subgraphs(having)} but not in {in_subgraphs(lacking)}.',
                name,
                m.locate(sources),
            )
    return m.members[name], tuple(joins)
