"""EXTENSION_WITH_NO_BASE: a type that is only ever extended is defined nowhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from router.composition.model import Type

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
