"""What a caller may set about composing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CompositionOptions:
    """``max_paths``: how many ways through the subgraphs may be open at once while satisfiability is checked."""

    max_paths: int = 1_000_000
