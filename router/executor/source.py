"""Writing Python source, and making it run with readable tracebacks."""

from __future__ import annotations

import linecache
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from types import CodeType
from typing import Any

_NUMBERS = count(1)


class SourceWriter:
    """Lines with indentation, and the constants the lines name."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._depth = 0
        self._names = 0
        self.constants: dict[str, Any] = {}

    def line(self, text: str = "") -> None:
        """Add one line at the present depth."""
        self._lines.append("    " * self._depth + text if text else "")

    @contextmanager
    def block(self, header: str) -> Iterator[None]:
        """A header line and what is written inside, one level deeper."""
        self.line(header)
        self._depth += 1
        yield
        self._depth -= 1

    def constant(self, name: str, value: Any) -> str:
        """Make ``value`` known to the code under ``name``."""
        self.constants[name] = value
        return name

    def fresh(self, stem: str) -> str:
        """A local name not used before."""
        self._names += 1
        return f"{stem}{self._names}"

    @property
    def text(self) -> str:
        """The source so far."""
        return "\n".join(self._lines) + "\n"


class Program:
    """Compiled source. Tracebacks show its lines for as long as the program lives."""

    def __init__(self, source: str, constants: Mapping[str, Any], title: str) -> None:
        self.source = source
        self.filename = f"<router plan {next(_NUMBERS)} {title}>"
        linecache.cache[self.filename] = (len(source), None, source.splitlines(keepends=True), self.filename)
        weakref.finalize(self, linecache.cache.pop, self.filename, None)
        code: CodeType = compile(source, self.filename, "exec")
        self.names: dict[str, Any] = dict(constants)
        # The source is written by emit_*: every client text in it went through repr.
        exec(code, self.names)  # noqa: S102
