"""EXTENSION_WITH_NO_BASE: a type that is only ever extended is defined nowhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from router.composition.model import Kind, Type
from router.composition.subgraph import Subgraph

if TYPE_CHECKING:
    from router.composition.merge.context import Merging


def check_has_base(m: Merging, name: str, sources: Mapping[str, Type]) -> None:
    """Root types need no definition."""
    if m.is_root(name) or not sources or any(source.defined for source in sources.values()):
        return
    for subgraph, source in sources.items():
        if source.extensions:
            m.findings.refuse(
                "EXTENSION_WITH_NO_BASE",
                f'[{subgraph}] Type "{name}" is an extension type, but there is no type definition for "{name}" in any '
                "subgraph.",
                m.by_name[subgraph].locate(source.extensions[0]),
            )


def is_federation_extension(subgraph: Subgraph, each: Type) -> bool:
    """``extend type`` (or ``@extends``) without a definition here: in Federation v1, the type lives elsewhere."""
    if each.kind not in (Kind.OBJECT, Kind.INTERFACE):
        return False
    extends = subgraph.has(each, "extends")
    return extends or (bool(each.extensions) and not each.defined)


def is_root_extension(subgraph: Subgraph, each: Type) -> bool:
    """A root type that is only extended, as Federation v1 schemas commonly are written."""
    if each.kind is not Kind.OBJECT or subgraph.schema.operation_of(each.name) is None:
        return False
    return subgraph.has(each, "extends") or (bool(each.extensions) and not each.defined)
