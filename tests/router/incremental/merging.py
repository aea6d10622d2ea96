"""A client of incremental delivery: puts the payloads together and minds the rules of the draft while it does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Merged:
    """The response so far. ``errors`` of all payloads; ``failed``: labels and paths of what could not be delivered."""

    data: Any = None
    errors: list[Mapping[str, Any]] = field(default_factory=list)
    failed: list[tuple[str | None, list[Any]]] = field(default_factory=list)
    labels: list[str | None] = field(default_factory=list)
    """Of the parts, in the order they were complete."""


def merged(payloads: Sequence[Mapping[str, Any]]) -> Merged:
    """The whole response of a stream in the working draft's format. AssertionError for what the draft forbids."""
    first, *updates = payloads = deepcopy(payloads)
    assert first.keys() <= {"data", "errors", "pending", "incremental", "completed", "hasNext", "extensions"}
    assert first["pending"], "the first result announces something, or there is no stream"
    result = Merged(first["data"], list(first.get("errors", ())))
    pending: dict[str, Mapping[str, Any]] = {}
    known: set[str] = set()
    for number, payload in enumerate(payloads):
        assert payload["hasNext"] is (number < len(payloads) - 1), "hasNext tells the end and nothing else"
        assert number == 0 or payload.keys() <= {"pending", "incremental", "completed", "hasNext", "extensions"}
        for notice in payload.get("pending", ()):
            assert notice["id"] not in known, "an id is used once"
            known.add(notice["id"])
            pending[notice["id"]] = notice
        for patch in payload.get("incremental", ()):
            notice = pending[patch["id"]]
            assert not notice.get("closed"), "a completed part delivers nothing more"
            _apply(result.data, [*notice["path"], *patch.get("subPath", ())], patch)
            result.errors.extend(patch.get("errors", ()))
        for notice in payload.get("pending", ()):
            assert isinstance(_at(result.data, notice["path"]), dict | list), "a path leads to what was delivered"
        for completion in payload.get("completed", ()):
            notice = pending.pop(completion["id"])
            result.labels.append(notice.get("label"))
            if "errors" in completion:
                result.failed.append((notice.get("label"), list(notice["path"])))
                result.errors.extend(completion["errors"])
    assert not pending, "everything announced is complete in the end"
    assert updates or not first["hasNext"]
    return result


def merged_by_path(payloads: Sequence[Mapping[str, Any]]) -> Merged:
    """The same for the format of August 2022."""
    payloads = deepcopy(payloads)
    first = payloads[0]
    result = Merged(first["data"], list(first.get("errors", ())))
    for number, payload in enumerate(payloads):
        assert payload["hasNext"] is (number < len(payloads) - 1)
        for patch in payload.get("incremental", ()):
            result.errors.extend(patch.get("errors", ()))
            if patch.get("data", patch.get("items")) is None:
                result.failed.append((patch.get("label"), list(patch["path"])))
            elif "items" in patch:
                *path, start = patch["path"]
                assert start == len(_at(result.data, path)), "items follow the ones before"
                _apply(result.data, path, patch)
            else:
                _apply(result.data, patch["path"], patch)
    return result


def _apply(data: Any, path: Sequence[Any], patch: Mapping[str, Any]) -> None:
    target = _at(data, path)
    if "items" in patch:
        assert isinstance(target, list)
        target.extend(patch["items"])
    else:
        assert isinstance(target, dict)
        assert target.keys().isdisjoint(patch["data"]), "no field is delivered twice"
        target.update(patch["data"])


def _at(data: Any, path: Sequence[Any]) -> Any:
    for step in path:
        data = data[step]
    return data
