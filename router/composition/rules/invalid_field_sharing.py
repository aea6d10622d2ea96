"""INVALID_FIELD_SHARING: several subgraphs may resolve a field only if all of them say so with @shareable."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from router.composition.merge.override import Overrides
from router.composition.model import Field
from router.composition.problems import Location

if TYPE_CHECKING:
    from router.composition.merge.context import Merging, Sources
    from router.composition.subgraph import Subgraph


def check_sharing(m: Merging, parent: str, name: str, sources: Sources[Field], overrides: Overrides) -> None:
    """External and overridden versions resolve nothing; a field of an interface object resolves for its "
    "implementations."""
    coordinate = f"{parent}.{name}"
    resolving: list[tuple[Subgraph, Field, str]] = []
    for subgraph_name, source in sources.items():
        if subgraph_name in overrides.used or subgraph_name in overrides.unused:
            continue
        subgraph = m.by_name[subgraph_name]
        for each, shown in _versions(m, subgraph, parent, name, source):
            if not subgraph.is_fully_external(each.coordinate):
                resolving.append((subgraph, each, shown))
    closed = [entry for entry in resolving if not entry[0].is_shareable(entry[1].coordinate)]
    if not closed or len(resolving) < 2:
        return
    non_shareable = "all of them" if len(closed) == len(resolving) else _subgraphs([shown for *_, shown in closed])
    misspelt = next((shown for subgraph, _, shown in closed if subgraph.name in overrides.unknown), None)
    advice = (
        f' (please note that "{coordinate}" has an @override directive in {misspelt} that targets an unknown subgraph '
        "so this could be due to misspelling the @override(from:) argument)"
        if misspelt
        else ""
    )
    m.findings.refuse(
        "INVALID_FIELD_SHARING",
        f'Non-shareable field "{coordinate}" is resolved from multiple subgraphs: it is resolved from '
        f"{_subgraphs([shown for *_, shown in resolving])} and defined as non-shareable in {non_shareable}{advice}",
        _places(resolving),
    )


def _versions(
    m: Merging, subgraph: Subgraph, parent: str, name: str, source: Field | None
) -> Iterator[tuple[Field, str]]:
    shown = f'"{subgraph.name}"'
    if source is not None:
        yield source, shown
        return
    for each in m.abstracted(parent, name, subgraph):
        yield each, f'{shown} (through @interfaceObject field "{each.coordinate}")'


def _subgraphs(shown: list[str]) -> str:
    return f"subgraph {shown[0]}" if len(shown) == 1 else f"subgraphs {', '.join(shown[:-1])} and {shown[-1]}"


def _places(resolving: list[tuple[Subgraph, Field, str]]) -> Iterator[Location]:
    for subgraph, each, _ in resolving:
        yield from subgraph.locate(each.node)


def check_subscription(m: Merging, sources: Sources[Field]) -> None:
    """A subscription has one source of events, so its field cannot be shared."""
    shared = {name: source for name, source in sources.items() if source and m.by_name[name].has(source, "shareable")}
    if shared:
        message = "Fields on root level subscription object cannot be marked as shareable"
        m.findings.refuse("INVALID_FIELD_SHARING", message, m.locate(shared))
