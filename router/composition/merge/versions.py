"""The newest Federation version in use decides what the supergraph may contain."""

from __future__ import annotations

from collections.abc import Sequence

from router.composition.problems import Findings
from router.composition.subgraph import Subgraph
from router.federation.directives import LATEST, known_spec
from router.federation.link import Feature, Version


def newest_federation(subgraphs: Sequence[Subgraph], findings: Findings) -> Version:
    """Finds hint IMPLICITLY_UPGRADED_FEDERATION_VERSION for a subgraph with a feature newer than its Federation."""
    return max((_version(subgraph, findings) for subgraph in subgraphs), default=LATEST)


def _version(subgraph: Subgraph, findings: Findings) -> Version:
    linked = subgraph.federation.url.version
    implied: list[tuple[Version, Feature]] = []
    for feature in subgraph.links or ():
        spec = known_spec(feature.url)
        if spec is not None and spec.since is not None:
            implied.append((spec.since, feature))
    if not implied:
        return linked
    newest = max(version for version, _ in implied)
    if newest.major != linked.major or newest <= linked:
        return linked
    nodes = [
        each.node
        for each in subgraph.schema.applied
        if any(_is(each.arguments.get("url"), f) for v, f in implied if v == newest)
    ]
    findings.hint(
        "IMPLICITLY_UPGRADED_FEDERATION_VERSION",
        f"Subgraph {subgraph.name} has been implicitly upgraded from federation {linked} to {newest}",
        None,
        subgraph.locate(*nodes),
    )
    return newest


def _is(url: object, feature: Feature) -> bool:
    return url == str(feature.url)
