"""All rules over the merged schema, in groups: each group runs only when those before it found nothing."""

from __future__ import annotations

from router.composition.merge import Merged
from router.composition.rules.composed_directive_fits import check_composed_applications
from router.composition.rules.inaccessible import check_inaccessible
from router.composition.rules.interface_field_no_implem import check_implementations
from router.composition.rules.invalid_graphql import check_schema
from router.composition.rules.missing_transitive_auth import check_transitive_access
from router.composition.rules.requires_in_supergraph import check_requires


def check_merged(merged: Merged) -> None:
    """Raises CompositionErrors after the first group with problems."""
    findings = merged.merging.findings
    findings.stop_on_problems()
    check_implementations(merged)
    check_requires(merged)
    check_transitive_access(merged)
    findings.stop_on_problems()
    check_composed_applications(merged)
    check_schema(merged.schema, "", findings)
    findings.stop_on_problems()
    check_inaccessible(merged)
    findings.stop_on_problems()
