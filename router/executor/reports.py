"""The errors of one answer: collected once a position, relocated to the client's paths, bounded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from router.errors import RouterError
from router.policy.scopes import Refusal, refusal_error

ResponsePath = tuple[str | int, ...]

MAX_ERRORS = 500
"""Errors in one answer; a last one says how many more there were."""


class Reports:
    """Errors so far and the positions they explain: a null at, above or below such a position needs no second error."""

    __slots__ = ("_affected", "_explained", "_leads_to", "_refused", "dropped", "errors", "language")

    def __init__(self, language: str = "en", affected: Mapping[Refusal, str] | None = None) -> None:
        self._affected = affected or {}
        self.errors: list[dict[str, Any]] = []
        self.dropped = 0
        self.language = language
        self._explained: set[ResponsePath] = set()
        self._leads_to: set[ResponsePath] = set()
        self._refused: set[Refusal] = set()

    def add(self, error: RouterError) -> None:
        """An error of the router; its path, when it has one, is explained by it."""
        if error.path is not None:
            self.explain(error.path)
        self.append(error.formatted(self.language))

    def append(self, error: dict[str, Any]) -> None:
        """An error in response form."""
        if len(self.errors) < MAX_ERRORS:
            self.errors.append(error)
        else:
            self.dropped += 1

    def explain(self, path: ResponsePath) -> None:
        """Nulls at, above and below ``path`` are explained by an error."""
        if path not in self._explained:
            self._explained.add(path)
            self._leads_to.update(path[:length] for length in range(len(path) + 1))

    def explains(self, path: ResponsePath) -> bool:
        """Whether an error already accounts for a null here."""
        return path in self._leads_to or any(path[:length] in self._explained for length in range(len(path) + 1))

    def null_in_non_null(self, coordinate: str, path: ResponsePath) -> None:
        """A null where the schema promises a value; an error unless one explains it."""
        if not self.explains(path):
            self.add(
                RouterError(
                    f"Cannot return null for non-nullable field {coordinate}.",
                    ko=f"null이 될 수 없는 필드 {coordinate}에 값이 없습니다.",
                    code="NULL_IN_NON_NULL_FIELD",
                    path=path,
                )
            )

    def refused(self, refusal: Refusal, path: ResponsePath) -> None:
        """The first position of a refused selection gets its one error; the others are explained by it."""
        self.explain(path)
        if refusal not in self._refused:
            self._refused.add(refusal)
            affected = self._affected.get(refusal) or ".".join(refusal.path)
            self.append(refusal_error(refusal, path, affected).formatted(self.language))

    def refused_nowhere(self, refusals: Sequence[Refusal], data: Any) -> None:
        """Refusals without any position: an object above them is null or its list is empty. The path ends there."""
        for refusal in refusals:
            if refusal not in self._refused:
                self.refused(refusal, _as_far_as(refusal.path, data))

    def finished(self) -> list[dict[str, Any]]:
        """The errors of the answer."""
        if self.dropped:
            text = f"{self.dropped} more errors are not shown."
            return [*self.errors, {"message": text, "extensions": {"code": "TOO_MANY_ERRORS"}}]
        return self.errors


def _as_far_as(keys: Iterable[str], data: Any) -> ResponsePath:
    path: list[str | int] = []
    value = data
    for key in keys:
        while isinstance(value, list):
            if not value:
                return tuple(path)
            path.append(0)
            value = value[0]
        if not isinstance(value, dict) or key not in value:
            return tuple(path)
        path.append(key)
        value = value[key]
    return tuple(path)
