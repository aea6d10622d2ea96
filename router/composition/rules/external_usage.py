"""EXTERNAL_UNUSED, EXTERNAL_ON_INTERFACE: ``@external`` is for fields some directive here needs from elsewhere."""

from __future__ import annotations

from router.composition.model import Kind
from router.composition.problems import Findings
from router.composition.subgraph import Subgraph


def check_externals_usage(subgraph: Subgraph, findings: Findings) -> None:
    """Interfaces resolve nothing, so nothing of them is external; an external field no directive names is useless."""
    for each in subgraph.fields():
        if not subgraph.is_external(each.coordinate):
            continue
        if subgraph.schema.kind(each.parent) is Kind.INTERFACE:
            findings.refuse(
                "EXTERNAL_ON_INTERFACE",
                f'[{subgraph.name}] Interface type field "{each.coordinate}" is marked @external but @external is not '
                "allowed on interface fields (it is nonsensical).",
                subgraph.locate(each.node),
            )
        if not subgraph.is_used(each.coordinate):
            findings.refuse(
                "EXTERNAL_UNUSED",
                f'[{subgraph.name}] Field "{each.coordinate}" is marked @external but is not used in any federation '
                "directive (@key, @provides, @requires) or to satisfy an interface; the field declaration has no use "
                "and should be removed (or the field should not be @external).",
                subgraph.locate(each.node),
            )
