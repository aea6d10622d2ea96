"""REQUIRES_INVALID_FIELDS once more: other subgraphs answer a ``@requires``, so it must also fit the merged "
"arguments."""

from __future__ import annotations

from router.composition.merge import Merged
from router.composition.model import Applied, Field, Kind, Type
from router.composition.problems import in_subgraphs
from router.composition.rules.selections import SelectionFault, resolve_selections
from router.composition.subgraph import Subgraph


def check_requires(merged: Merged) -> None:
    """Arguments merge by intersection: one that is given here may be unknown, or one left out required, elsewhere."""
    for subgraph in merged.merging.subgraphs:
        for owner, type_name, applied in subgraph.field_sets("requires"):
            try:
                resolve_selections(merged.schema, type_name, str(applied.arguments["fields"]))
            except SelectionFault as fault:
                _refuse(merged, subgraph, owner, applied, fault)


def _refuse(merged: Merged, subgraph: Subgraph, owner: Type | Field, applied: Applied, fault: SelectionFault) -> None:
    others = [each for each in merged.merging.subgraphs if each is not subgraph]
    holders = [each.name for each in others if each.schema.kind(owner.coordinate.partition(".")[0]) is Kind.OBJECT]
    elsewhere = f" (as {in_subgraphs(holders)} would be asked for it)" if holders else ""
    merged.merging.findings.refuse(
        "REQUIRES_INVALID_FIELDS",
        f'[{subgraph.name}] On field "{owner.coordinate}", for @requires(fields: "{applied.arguments["fields"]}"): '
        f"{fault.message}{elsewhere}",
        subgraph.locate(applied.node),
    )
