"""Form-encoded text to parameters, strictly: UTF-8, whole percent escapes, no control characters, few and small.

RFC 6749 appendix B; section 3.1 and 3.2: a parameter without a value counts as omitted, none may be repeated.
"""

import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote, unquote_to_bytes

from auth.errors import Refusal

MAXIMUM_FIELDS = 50
MAXIMUM_BYTES = 16_384
_BROKEN_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
REPEATABLE = frozenset({"resource"})
"""RFC 8707 section 2 lets a request name several resources."""

Pairs = tuple[tuple[str, str], ...]


def parse_pairs(raw: bytes) -> Pairs:
    """Names and values in order. Raises `Refusal` invalid_request: too_large, too_many_fields, malformed_parameters."""
    if len(raw) > MAXIMUM_BYTES:
        raise Refusal("invalid_request", "too_large", status=413)
    fields = [field for field in raw.split(b"&") if field]
    if len(fields) > MAXIMUM_FIELDS:
        raise Refusal("invalid_request", "too_many_fields")
    pairs = []
    for field in fields:
        name, _, value = field.partition(b"=")
        pairs.append((_decode(name), _decode(value)))
    return tuple(pairs)


def repeated(pairs: Pairs) -> frozenset[str]:
    """Names that stand more than once and may not."""
    seen: set[str] = set()
    twice: set[str] = set()
    for name, _ in pairs:
        (twice if name in seen else seen).add(name)
    return frozenset(twice - REPEATABLE)


def first_values(pairs: Pairs) -> dict[str, str]:
    """One value a name, those without a value left out."""
    values: dict[str, str] = {}
    for name, value in pairs:
        if value:
            values.setdefault(name, value)
    return values


def encode_pairs(pairs: Iterable[tuple[str, str]]) -> str:
    """Form-encoded ASCII text of the pairs, in their order."""
    return "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in pairs)


def with_parameters(uri: str, parameters: Mapping[str, str]) -> str:
    """The redirect URI with parameters added to its query, the rest byte for byte (RFC 6749 section 3.1.2)."""
    return f"{uri}{'&' if '?' in uri else '?'}{encode_pairs(parameters.items())}"


def _decode(raw: bytes) -> str:
    if _BROKEN_ESCAPE.search(raw):
        raise Refusal("invalid_request", "malformed_parameters")
    try:
        text = unquote_to_bytes(raw.replace(b"+", b" ")).decode("utf-8")
    except UnicodeDecodeError as error:
        raise Refusal("invalid_request", "malformed_parameters") from error
    if _CONTROL.search(text):
        raise Refusal("invalid_request", "malformed_parameters")
    return text
