"""PROVIDES_ON_NON_OBJECT_FIELD, EXTERNAL_COLLISION_WITH_ANOTHER_DIRECTIVE: what ``@provides`` cannot stand on."""

from __future__ import annotations

from router.composition.model import COMPOSITE, Field
from router.composition.problems import Findings
from router.composition.subgraph import Subgraph
from router.composition.types import base


def check_provides(subgraph: Subgraph, findings: Findings) -> bool:
    """False at the first fault: no other field set can be judged while a ``@provides`` has no type to be judged on."""
    for owner, _, _ in subgraph.field_sets("provides"):
        assert isinstance(owner, Field)
        if subgraph.is_external(owner.coordinate):
            findings.refuse(
                "EXTERNAL_COLLISION_WITH_ANOTHER_DIRECTIVE",
                f'[{subgraph.name}] Cannot have both @provides and @external on field "{owner.coordinate}"',
                subgraph.locate(owner.node),
            )
            return False
        if subgraph.schema.kind(base(owner.type)) not in COMPOSITE:
            findings.refuse(
                "PROVIDES_ON_NON_OBJECT_FIELD",
                f'[{subgraph.name}] Invalid @provides directive on field "{owner.coordinate}": field has type '
                f'"{owner.type}" which is not a Composite Type',
                subgraph.locate(owner.node),
            )
            return False
    return True
