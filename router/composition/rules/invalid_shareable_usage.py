"""INVALID_SHAREABLE_USAGE: ``@shareable`` once a declaration, and on objects only."""

from __future__ import annotations

from collections import Counter

from router.composition.model import Field, Kind, Type
from router.composition.problems import Findings
from router.composition.subgraph import Subgraph

CODE = "INVALID_SHAREABLE_USAGE"


def check_shareable(subgraph: Subgraph, findings: Findings) -> None:
    """It repeats so that a definition and its extensions can each have it, not one declaration twice."""
    for owner in subgraph.schema.of_kind(Kind.OBJECT):
        _check_once(subgraph, owner, f'the same type declaration of "{owner.name}"', findings)
        for each in owner.fields.values():
            _check_once(subgraph, each, f'field "{each.coordinate}"', findings)
    for interface in subgraph.schema.of_kind(Kind.INTERFACE):
        for each in interface.fields.values():
            for applied in subgraph.applied(each, "shareable"):
                findings.refuse(
                    CODE,
                    f'[{subgraph.name}] Invalid use of @shareable on field "{each.coordinate}": only object type '
                    "fields can be marked with @shareable",
                    subgraph.locate(applied.node, interface.node),
                )


def _check_once(subgraph: Subgraph, element: Type | Field, what: str, findings: Findings) -> None:
    applied = subgraph.applied(element, "shareable")
    for extension, count in Counter(each.extension for each in applied).items():
        if count > 1:
            findings.refuse(
                CODE,
                f"[{subgraph.name}] Invalid duplicate application of @shareable on {what}: @shareable is only "
                "repeatable on types so it can be used simultaneously on a type definition and its extensions, but "
                "it should not be duplicated on the same definition/extension declaration",
                subgraph.locate(*(each.node for each in applied if each.extension == extension)),
            )
