"""All rules over one Federation v2 subgraph, in the order their problems are told."""

from __future__ import annotations

from router.composition.problems import Findings
from router.composition.rules.auth_requirements_on_interface import check_no_access_control_on_interfaces
from router.composition.rules.context_arguments import check_contexts
from router.composition.rules.demand_control import check_demand_control
from router.composition.rules.external_usage import check_externals_usage
from router.composition.rules.field_sets import check_field_sets
from router.composition.rules.interface_key_not_on_implementation import check_keys_on_implementations
from router.composition.rules.interface_object_usage import check_is_entity
from router.composition.rules.invalid_shareable_usage import check_shareable
from router.composition.rules.provides_on_non_object_field import check_provides
from router.composition.subgraph import Subgraph

RULES = (
    check_field_sets,
    check_contexts,
    check_externals_usage,
    check_keys_on_implementations,
    check_is_entity,
    check_shareable,
    check_demand_control,
    check_no_access_control_on_interfaces,
)


def check_subgraph(subgraph: Subgraph, findings: Findings) -> None:
    """Run every rule; problems add up."""
    own = Findings()
    if subgraph.is_federation_2 and check_provides(subgraph, own):
        for rule in RULES:
            rule(subgraph, own)
    findings.problems.extend(own.problems)
