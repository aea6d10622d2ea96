"""How differences between subgraphs are told: who says what, the supergraph's view first."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from router.composition.problems import in_subgraphs

Said = Mapping[str, str]
"""Subgraph name → what it says; "" for a subgraph that says nothing."""


def grouped(said: Said) -> dict[str, list[str]]:
    """What is said → the subgraphs that say it."""
    groups: dict[str, list[str]] = {}
    for subgraph, text in said.items():
        groups.setdefault(text, []).append(subgraph)
    return groups


def tell_all(said: Said, first: str = "") -> str:
    """``type "A" in subgraph "x" but type "B" in subgraph "y"``"""
    groups = grouped(said)
    ordered = sorted(groups.items(), key=lambda group: group[0] != first)
    parts = [f"{text} in {in_subgraphs(names)}" for text, names in ordered]
    return f"{', '.join(parts[:-1])} but {parts[-1]}" if len(parts) > 1 else parts[0]


def tell(
    said: Said,
    supergraph: str,
    own: Callable[[str, str | None], str],
    other: Callable[[str, str], str],
) -> str:
    """One sentence: ``own(text, subgraphs)`` for what the supergraph takes, then ``other(text, subgraphs)``."""
    groups = grouped(said)
    like = groups.pop(supergraph, None)
    rest = [other(text, in_subgraphs(names)) for text, names in groups.items()]
    start = own(supergraph, in_subgraphs(like) if like else None)
    if not rest:
        return start
    return start + (f"{', '.join(rest[:-1])} and {rest[-1]}" if len(rest) > 1 else rest[0])
