"""JSON bytes: orjson, and the standard library for the few values orjson refuses or rounds."""

from __future__ import annotations

import json
import math
from typing import Any

import orjson

loads = orjson.loads

_DIGITS = bytes(ord("0") if chr(byte).isdigit() and byte < 128 else ord(" ") for byte in range(256))
_WIDE = b"0" * 19
"""Integers of fewer digits fit into 64 bits, and orjson reads those exactly."""


def loads_exactly(text: bytes | bytearray | str) -> Any:
    """As ``loads``, with integers beyond 64 bits as integers, where orjson gives floats. Raises ``JSONDecodeError``."""
    found = orjson.loads(text)
    as_bytes = text.encode() if isinstance(text, str) else text
    if _WIDE not in as_bytes.translate(_DIGITS):
        return found
    try:
        return json.loads(as_bytes)
    except (ValueError, RecursionError):
        # Too deep, or more digits than Python converts: then the nearest float has to do.
        return found


def loads_from_subgraph(text: bytes | bytearray | str, *, exact_numbers: bool = True) -> Any:
    """As ``loads`` or ``loads_exactly``, and with lone surrogates. Raises ``ValueError``.

    JavaScript writes them when it cuts a text in the middle of a character: no reason to lose all of an answer.
    """
    try:
        return (loads_exactly if exact_numbers else loads)(text)
    except orjson.JSONDecodeError:
        if ("\\u" if isinstance(text, str) else b"\\u") not in text:  # type: ignore[operator]
            raise
    try:
        return json.loads(text, parse_constant=_no_number, parse_float=_finite)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _no_number(text)


def _no_number(text: str) -> float:
    raise ValueError(f"not a number of JSON: {text}")


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
