"""``@join__directive``: applications that only make sense to a router, kept with the subgraphs they come from."""

from __future__ import annotations

from typing import Any

from router.composition.merge.context import Merging, Sources
from router.composition.model import Applied, Element, Schema
from router.composition.subgraph import Subgraph
from router.composition.values import EnumName, same_value
from router.federation.directives import CONNECT
from router.federation.link import LINK, FeatureUrl, LinkError


def join_directives(m: Merging, sources: Sources[Element | Schema]) -> tuple[Applied, ...]:
    """One application for each different set of arguments, listing the graphs that have it."""
    joined: list[tuple[str, dict[str, Any], list[EnumName]]] = []
    for name, source in sources.items():
        for applied in source.applied if source is not None else ():
            carried = _carried_name(m, m.by_name[name], applied)
            if carried is None:
                continue
            arguments, graph = dict(applied.arguments), EnumName(m.graphs[name])
            for other, values, graphs in joined:
                if other == carried and same_value(values, arguments):
                    graphs.append(graph)
                    break
            else:
                joined.append((carried, arguments, [graph]))
    return tuple(
        Applied("join__directive", {"graphs": graphs, "name": name, "args": arguments})
        for name, arguments, graphs in joined
    )


def _carried_name(m: Merging, subgraph: Subgraph, applied: Applied) -> str | None:
    """The name it is carried under; None when the directive is not carried so."""
    origin = subgraph.links.origin(applied.name, directive=True) if subgraph.links else None
    if origin is None or origin.name is None:
        return None
    feature = origin.feature
    if feature.url.identity == LINK:
        return applied.name if _linked_identity(applied) == CONNECT else None
    if feature.url.identity == CONNECT:
        return applied.name
    if applied.name in m.directives.wrapped:
        return origin.name if origin.name == feature.url.name else f"{feature.url.name}__{origin.name}"
    return None


def _linked_identity(applied: Applied) -> str | None:
    try:
        return FeatureUrl.parse(applied.arguments.get("url")).identity
    except LinkError:
        return None
