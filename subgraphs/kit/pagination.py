"""Forward paging: ``first`` and ``after`` with opaque cursors, each cursor bound to the connection that made it."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import strawberry

from subgraphs.kit.errors import KIT_ERRORS

T = TypeVar("T")
N = TypeVar("N")
Position = tuple[str | int | float, ...]
"""Where an item stands in its order: the values it is sorted by, the last one unique."""

_MAX_CURSOR = 512


@dataclass(frozen=True, slots=True)
class PageRequest:
    """How many items to answer, and after which position; ``kind`` names the connection."""

    kind: str
    first: int
    after: Position | None = None


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of items. ``total`` counts the whole list where that is known."""

    items: tuple[T, ...]
    has_next: bool
    end_cursor: str | None
    total: int | None = None


@strawberry.federation.type(shareable=True, description="Where a page ends and whether another follows.")
class PageInfo:
    """The Relay page info, forward half."""

    has_next_page: bool
    end_cursor: str | None


@strawberry.type
class Connection(Generic[T]):
    """A page of ``nodes``; for a class ``Train`` its GraphQL name is ``TrainConnection``."""

    nodes: list[T]
    page_info: PageInfo
    total_count: int


def page_request(kind: str, first: int, after: str | None, *, maximum: int = 100) -> PageRequest:
    """Check the two arguments. Raises DomainError PAGE_SIZE_OUT_OF_RANGE or BAD_CURSOR."""
    if not 1 <= first <= maximum:
        raise KIT_ERRORS.error("PAGE_SIZE_OUT_OF_RANGE", maximum=maximum)
    return PageRequest(kind, first, None if after is None else decode_cursor(kind, after))


def encode_cursor(kind: str, position: Position) -> str:
    """An opaque cursor; only ``decode_cursor`` with the same ``kind`` reads it."""
    raw = json.dumps([kind, *position], ensure_ascii=False, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode_cursor(kind: str, cursor: str) -> Position:
    """The position in a cursor of this ``kind``. Raises DomainError BAD_CURSOR."""
    if len(cursor) > _MAX_CURSOR:
        raise KIT_ERRORS.error("BAD_CURSOR")
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        content = json.loads(raw)
    except (binascii.Error, ValueError, RecursionError) as error:
        raise KIT_ERRORS.error("BAD_CURSOR") from error
    values = content if isinstance(content, list) else []
    if len(values) < 2 or values[0] != kind or not all(type(value) in (str, int, float) for value in values):
        raise KIT_ERRORS.error("BAD_CURSOR")
    return tuple(values[1:])


def page_of(items: Sequence[T], request: PageRequest, position: Callable[[T], Position]) -> Page[T]:
    """Cut a page out of a whole list already sorted by ``position``."""
    start = 0
    if request.after is not None:
        after = request.after
        try:
            start = next((index for index, item in enumerate(items) if position(item) > after), len(items))
        except TypeError as error:
            raise KIT_ERRORS.error("BAD_CURSOR") from error
    return _cut(items[start : start + request.first + 1], request, position, len(items))


def page_of_rows(
    rows: Sequence[T], request: PageRequest, position: Callable[[T], Position], *, total: int | None = None
) -> Page[T]:
    """A page from rows a query already skipped and limited to ``first + 1``."""
    return _cut(rows, request, position, total)


def _cut(rows: Sequence[T], request: PageRequest, position: Callable[[T], Position], total: int | None) -> Page[T]:
    items = tuple(rows[: request.first])
    cursor = encode_cursor(request.kind, position(items[-1])) if items else None
    return Page(items, len(rows) > request.first, cursor, total)


def page_info(page: Page[Any]) -> PageInfo:
    """The GraphQL form of where a page ends."""
    return PageInfo(has_next_page=page.has_next, end_cursor=page.end_cursor)


def connection(page: Page[T], node: Callable[[T], N]) -> Connection[N]:
    """The GraphQL form of a page whose total is known."""
    if page.total is None:
        raise ValueError("this page does not know the total of its list")
    nodes = [node(item) for item in page.items]
    return Connection(nodes=nodes, page_info=page_info(page), total_count=page.total)
