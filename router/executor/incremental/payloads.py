"""What is delivered, free of any wire format; and the two formats it is written in.

``draft``: the working draft of the GraphQL specification (branch ``incremental-integration``, section "Response"):
``pending``, ``incremental`` with ``id`` and ``subPath``, ``completed``. Apollo names it ``incrementalSpec=v0.2``.
``path_based``: the draft of August 2022, ``deferSpec=20220824``: entries of ``incremental`` name path and label, and a
part that failed is null.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from router.executor.reports import ResponsePath

Errors = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Notice:
    """A deferred fragment or a streamed list at one place of the answer, of which more is to come."""

    id: str
    path: ResponsePath
    label: str | None
    is_stream: bool = False


@dataclass(frozen=True, slots=True)
class ObjectPatch:
    """Fields of a deferred fragment; they belong to the object at ``notice.path`` and then ``sub_path``."""

    notice: Notice
    sub_path: ResponsePath
    data: Mapping[str, Any]
    errors: Errors = ()


@dataclass(frozen=True, slots=True)
class ItemsPatch:
    """The next items of a streamed list, from index ``start`` on."""

    notice: Notice
    start: int
    items: Sequence[Any]
    errors: Errors = ()


@dataclass(frozen=True, slots=True)
class Completion:
    """Nothing more comes; with errors: what was to come could not be delivered. ``start``: a stream's next index."""

    notice: Notice
    errors: Errors = ()
    start: int = 0


@dataclass(slots=True)
class Payload:
    """One response of the stream; ``data`` and ``errors`` are those of the first one."""

    is_first: bool = False
    data: Mapping[str, Any] | None = None
    errors: Errors = ()
    pending: list[Notice] = field(default_factory=list)
    patches: list[ObjectPatch | ItemsPatch] = field(default_factory=list)
    completed: list[Completion] = field(default_factory=list)
    has_next: bool = True


WireFormat = Callable[[Payload], Mapping[str, Any] | None]
"""A payload as JSON; None when this format has nothing to say of it."""


def whole(payload: Payload) -> Mapping[str, Any]:
    """A first payload that is the whole answer."""
    return _first(payload)


def draft(payload: Payload) -> Mapping[str, Any]:
    """The working draft."""
    shown = _first(payload)
    if payload.pending:
        shown["pending"] = [{"id": n.id, "path": list(n.path), **_label(n)} for n in payload.pending]
    if payload.patches:
        shown["incremental"] = [_patch(patch) for patch in payload.patches]
    if payload.completed:
        shown["completed"] = [{"id": each.notice.id, **_errors(each.errors)} for each in payload.completed]
    return {**shown, "hasNext": payload.has_next}


def path_based(payload: Payload) -> Mapping[str, Any] | None:
    """The draft of August 2022. A completion without errors is not told."""
    shown = _first(payload)
    entries = [_patch_at_path(patch) for patch in payload.patches]
    for each in payload.completed:
        if each.errors and each.notice.is_stream:
            entries.append(_at(each.notice, (each.start,), "items", None, each.errors))
        elif each.errors:
            entries.append(_at(each.notice, (), "data", None, each.errors))
    if not payload.is_first and not entries and payload.has_next:
        return None
    if entries:
        shown["incremental"] = entries
    return {**shown, "hasNext": payload.has_next}


def _first(payload: Payload) -> dict[str, Any]:
    return {"data": payload.data, **_errors(payload.errors)} if payload.is_first else {}


def _label(notice: Notice) -> dict[str, Any]:
    return {} if notice.label is None else {"label": notice.label}


def _errors(errors: Errors) -> dict[str, Any]:
    return {"errors": list(errors)} if errors else {}


def _patch(patch: ObjectPatch | ItemsPatch) -> dict[str, Any]:
    if isinstance(patch, ItemsPatch):
        return {"id": patch.notice.id, "items": patch.items, **_errors(patch.errors)}
    below = {"subPath": list(patch.sub_path)} if patch.sub_path else {}
    return {"id": patch.notice.id, **below, "data": patch.data, **_errors(patch.errors)}


def _patch_at_path(patch: ObjectPatch | ItemsPatch) -> dict[str, Any]:
    if isinstance(patch, ItemsPatch):
        return _at(patch.notice, (patch.start,), "items", patch.items, patch.errors)
    return _at(patch.notice, patch.sub_path, "data", patch.data, patch.errors)


def _at(notice: Notice, below: ResponsePath, key: str, value: Any, errors: Errors) -> dict[str, Any]:
    return {key: value, "path": [*notice.path, *below], **_label(notice), **_errors(errors)}
