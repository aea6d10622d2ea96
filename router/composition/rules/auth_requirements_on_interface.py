"""AUTH_REQUIREMENTS_APPLIED_ON_INTERFACE: access control goes on objects; interfaces take it over from them."""

from __future__ import annotations

from router.composition.model import Field, Kind, Type
from router.composition.problems import Findings
from router.composition.subgraph import Subgraph
from router.federation.directives import ACCESS_CONTROL


def check_no_access_control_on_interfaces(subgraph: Subgraph, findings: Findings) -> None:
    """Neither on an interface, nor on its fields, nor on an interface object."""
    for directive in ACCESS_CONTROL:
        for interface in subgraph.schema.of_kind(Kind.INTERFACE):
            _check(subgraph, directive, interface, "interface", findings)
            for each in interface.fields.values():
                _check(subgraph, directive, each, "field", findings)
        for owner in subgraph.schema.of_kind(Kind.OBJECT):
            if subgraph.is_interface_object(owner.name):
                _check(subgraph, directive, owner, "interface object", findings)


def _check(subgraph: Subgraph, directive: str, element: Type | Field, what: str, findings: Findings) -> None:
    name = subgraph.directive_name(directive)
    for applied in subgraph.applied(element, directive):
        findings.refuse(
            "AUTH_REQUIREMENTS_APPLIED_ON_INTERFACE",
            f'[{subgraph.name}] Invalid use of @{name} on {what} "{element.coordinate}": @{name} cannot be applied on '
            "interfaces, interface fields and interface objects",
            subgraph.locate(applied.node, element.node),
        )
