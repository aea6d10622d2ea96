"""How the arguments of a directive merge when subgraphs disagree; each takes all values, None where one is absent."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

Condition = Sequence[Sequence[str]]
"""An OR of ANDs (disjunctive normal form), as ``scopes:`` and ``policies:`` are written."""


def _given(values: Sequence[Any]) -> list[Any]:
    return [value for value in values if value is not None]


def largest(values: Sequence[Any]) -> Any:
    return max(_given(values), default=None)


def union(values: Sequence[Any]) -> list[Any] | None:
    given = _given(values)
    return list(dict.fromkeys(item for value in given for item in value)) if given else None


def every(values: Sequence[Any]) -> bool | None:
    given = _given(values)
    return all(given) if given else None


def always_or(condition: Condition) -> list[list[str]]:
    """Routers read an empty OR as "nothing is asked", which in normal form is one empty AND."""
    return [list(each) for each in condition] or [[]]


def conjunction(conditions: Sequence[Condition]) -> list[list[str]]:
    """The condition that asks for all of them, without parts that a shorter part already covers."""
    result: list[list[str]] = [[]]
    for condition in dict.fromkeys(_settled(each) for each in conditions):
        product = {tuple(sorted({*one, *other})) for one in result for other in condition}
        result = _minimal(product)
    return result


def _settled(condition: Condition) -> tuple[tuple[str, ...], ...]:
    return tuple(sorted(tuple(sorted(each)) for each in always_or(condition)))


def _minimal(parts: set[tuple[str, ...]]) -> list[list[str]]:
    kept: list[tuple[str, ...]] = []
    for part in sorted(parts, key=lambda each: (len(each), each)):
        if not any(set(shorter) <= set(part) for shorter in kept):
            kept.append(part)
    return [list(part) for part in kept]


def implies(one: Condition | None, other: Condition | None) -> bool:
    """Whether whoever meets the first condition meets the second."""
    weaker = always_or(other or [])
    return all(any(set(part) >= set(need) for need in weaker) for part in always_or(one or []))


STRATEGIES: Final[Mapping[str, Callable[[Sequence[Any]], Any]]] = MappingProxyType(
    {
        "MAX": largest,
        "NULLABLE_MAX": largest,
        "NULLABLE_UNION": union,
        "NULLABLE_AND": every,
        "DNF_CONJUNCTION": conjunction,
    }
)
