"""INTERFACE_KEY_MISSING_IMPLEMENTATION_TYPE: who can resolve an interface by key must know all that implements it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from router.composition.model import Kind, Type
from router.composition.problems import listed
from router.composition.values import print_value

if TYPE_CHECKING:
    from router.composition.merge.context import Merging


def check_interface_keys(m: Merging, name: str, sources: Mapping[str, Type]) -> bool:
    """Whether the interface has a key in any subgraph."""
    has_key = False
    implementing = m.runtime_types(name)
    for subgraph_name, source in sources.items():
        subgraph = m.by_name[subgraph_name]
        if source.kind is not Kind.INTERFACE:
            continue
        keys = subgraph.applied(source, "key")
        has_key = has_key or bool(keys)
        key = next((each for each in keys if each.arguments.get("resolvable") is not False), None)
        here = subgraph.schema.runtime_types(name)
        missing = [each for each in implementing if each not in here]
        if key is not None and len(here) < len(implementing):
            pronoun = "them" if len(missing) > 1 else "it"
            m.findings.refuse(
                "INTERFACE_KEY_MISSING_IMPLEMENTATION_TYPE",
                f'[{subgraph_name}] Interface type "{name}" has a resolvable key (@key(fields: '
                f'{print_value(key.arguments.get("fields"))})) in subgraph "{subgraph_name}" but that subgraph is '
                f'missing some of the supergraph implementation types of "{name}". Subgraph "{subgraph_name}" should '
                f'define {listed(missing, "type", "types")} (and have {pronoun} implement "{name}").',
                subgraph.locate(key.node),
            )
    return has_key
