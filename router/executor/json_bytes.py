"""JSON bytes: orjson, and the standard library for the few values orjson refuses."""

from __future__ import annotations

import json
from typing import Any

import orjson

loads = orjson.loads


def dumps(value: Any) -> bytes:
    """JSON as UTF-8. Integers beyond 64 bits, lone surrogates and keys that are no strings take the slow path."""
    try:
        return orjson.dumps(value)
    except TypeError:
        return json.dumps(value, ensure_ascii=True, separators=(",", ":"), default=_plain).encode()


def _plain(value: Any) -> Any:
    if isinstance(value, orjson.Fragment):
        return json.loads(value.contents)
    return str(value)
