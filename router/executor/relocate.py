"""Subgraph errors → errors of the answer: real response paths, masked or forwarded, never subgraph internals."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from router.executor.fetches import ENTITIES, PreparedFetch
from router.executor.reports import Reports, ResponsePath
from router.executor.settings import ErrorPolicy

MASKED = {
    "en": "A subgraph could not answer this part.",
    "ko": "하위 그래프가 이 부분에 답하지 못했습니다.",
}
MASKED_CODE = "SUBGRAPH_ERROR"
PRIVATE_EXTENSIONS = frozenset({"stacktrace", "stack", "exception", "originalerror", "debug", "trace", "tracing"})
"""Where servers put their internals, in lower case."""

Visible = Callable[[ResponsePath], ResponsePath]
"""Cuts a path to what the client's answer has."""


def forward_errors(
    errors: Any,
    fetch: PreparedFetch,
    positions: Sequence[Sequence[ResponsePath]],
    visible: Visible,
    reports: Reports,
    policy: ErrorPolicy,
    spread: Sequence[int],
) -> None:
    """Report the errors of one response. ``positions[n]``: where entity ``n`` stands; empty for a root fetch.

    ``spread``: as ``steps_spread`` tells. Where an error has made an object null, it accounts for all its fields.
    """
    for error, steps in zip(errors if isinstance(errors, list) else [], spread, strict=False):
        if not isinstance(error, dict):
            error = {}
        shown = _shown(error, fetch.subgraph, policy, reports.language)
        for path in _paths(error.get("path"), fetch, positions):
            if path is None:
                reports.append(dict(shown))
                continue
            clipped = visible(path)
            reports.explain(clipped)
            if steps:
                reports.explain(visible(path[: max(len(path) - steps, 0)]))
            reports.append({"message": shown["message"], "path": list(clipped), "extensions": shown["extensions"]})


def steps_spread(errors: Any, data: Any) -> list[int]:
    """For each error how many steps of its path lie below a null of the response: so far has null spread upwards."""
    found = []
    for error in errors if isinstance(errors, list) else []:
        path = error.get("path") if isinstance(error, dict) else None
        steps = path if isinstance(path, list) else []
        held, value = 0, data
        for step in steps:
            if isinstance(value, dict) and isinstance(step, str):
                value = value.get(step)
            elif isinstance(value, list) and isinstance(step, int) and 0 <= step < len(value):
                value = value[step]
            else:
                break
            held += 1
        # The list of entities and its items are no places of the answer: null spreads to the object itself at most.
        least = 2 if steps[:1] == [ENTITIES] else 0
        found.append(max(len(steps) - max(held, least), 0))
    return found


def _shown(error: dict[str, Any], subgraph: str, policy: ErrorPolicy, language: str) -> dict[str, Any]:
    extensions = error.get("extensions")
    extensions = extensions if isinstance(extensions, dict) else {}
    message = error.get("message")
    code = extensions.get("code")
    forwarded = policy.messages == "all" or (policy.messages == "coded" and isinstance(code, str))
    if forwarded and isinstance(message, str):
        kept = {key: value for key, value in extensions.items() if _is_told(key, policy)}
    else:
        message = MASKED.get(language, MASKED["en"])
        kept = {"code": code if isinstance(code, str) else MASKED_CODE}
    return {"message": message, "extensions": {**kept, "serviceName": subgraph}}


def _is_told(key: str, policy: ErrorPolicy) -> bool:
    if policy.extensions is None:
        return key.lower() not in PRIVATE_EXTENSIONS
    return key == "code" or key in policy.extensions


def _paths(
    path: Any, fetch: PreparedFetch, positions: Sequence[Sequence[ResponsePath]]
) -> Iterable[ResponsePath | None]:
    told = _renamed(path, fetch) if isinstance(path, list) else []
    steps: ResponsePath = tuple(step for step in told if isinstance(step, str | int))
    if fetch.representations is None:
        steps = steps or fetch.keys[:1] if len(fetch.keys) == 1 else steps
        if positions:
            return tuple((*position, *steps) for position in positions[0])
        return (steps or None,)
    if len(steps) >= 2 and steps[0] == ENTITIES and isinstance(steps[1], int) and 0 <= steps[1] < len(positions):
        return tuple((*position, *steps[2:]) for position in positions[steps[1]])
    # The error is about the whole fetch: it is told once, where the first of its objects stands.
    first = next((position for several in positions for position in several), None)
    return (first,)


def _renamed(path: list[Any], fetch: PreparedFetch) -> list[Any]:
    """The path with the planner's aliases undone."""
    if not fetch.renames:
        return path
    undone = {rewrite.path[-1]: rewrite.rename_to for rewrite in fetch.renames}
    return [undone.get(step, step) if isinstance(step, str) else step for step in path]
