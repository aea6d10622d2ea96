"""Content codings of HTTP: gzip, Brotli (RFC 7932) and Zstandard (RFC 8878), fast to write and bounded to read."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable, Iterable, Mapping

import brotli

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_GZIP_WINDOW = 31


def encode(coding: str, data: bytes) -> bytes:
    """The data in one of ``CODINGS``. Levels are the fastest: what is saved beyond costs more time than it is worth."""
    return CODINGS[coding](data)


def decode(coding: str, data: bytes | memoryview, limit: int) -> bytes:
    """What was encoded. Raises ``ValueError`` when it is broken, or longer than ``limit`` bytes."""
    try:
        if coding == "gzip":
            inflating = zlib.decompressobj(_GZIP_WINDOW)
            found, whole = inflating.decompress(data, limit + 1), inflating.eof and not inflating.unused_data
        elif coding == "br":
            unpacking = brotli.Decompressor()
            found = unpacking.process(data, output_buffer_limit=limit + 1)
            whole = unpacking.is_finished()
        else:
            reading = zstd.ZstdDecompressor()
            found, whole = reading.decompress(data, limit + 1), reading.eof and not reading.unused_data
    except (zlib.error, brotli.error, zstd.ZstdError):
        raise ValueError(f"is not {coding}") from None
    if len(found) > limit:
        raise ValueError(f"is more than {limit} bytes when unpacked")
    if not whole:
        raise ValueError(f"is not one whole {coding}")
    return bytes(found)


def check_codings(names: Iterable[str]) -> None:
    """Raises ``ValueError`` for a name that is none of ``CODINGS``."""
    for name in names:
        if name not in CODINGS:
            raise ValueError(f"no content coding: {name!r}; known: {', '.join(CODINGS)}")


def _gzip(data: bytes) -> bytes:
    deflating = zlib.compressobj(1, zlib.DEFLATED, _GZIP_WINDOW)
    return deflating.compress(data) + deflating.flush()


def _brotli(data: bytes) -> bytes:
    return bytes(brotli.compress(data, quality=1))


def _zstd(data: bytes) -> bytes:
    return bytes(zstd.compress(data, 1))


CODINGS: Mapping[str, Callable[[bytes], bytes]] = {"zstd": _zstd, "br": _brotli, "gzip": _gzip}
