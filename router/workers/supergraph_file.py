"""The supergraph's file: read and validated as a whole before it may replace what is served."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from router.federation.supergraph import InvalidSupergraph, Supergraph, read_supergraph

Check = Callable[[Supergraph], None]
"""Raises ``ValueError`` for a supergraph that does not go with the settings."""

Seen = tuple[int, int, int] | None


class RefusedSupergraph(Exception):
    """The text cannot be served; ``code`` is stable."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class LoadedSupergraph:
    """A supergraph that may be served, and its text for other processes."""

    text: str
    supergraph: Supergraph


class SupergraphFile:
    """One file. ``check`` is asked about every supergraph read from it."""

    def __init__(self, path: Path, check: Check) -> None:
        self.path = path
        self._check = check
        self._loaded = self._changing = self._look()

    def load(self) -> LoadedSupergraph:
        """Read the file. Raises ``RefusedSupergraph``."""
        self._loaded = self._changing = self._look()
        try:
            text = self.path.read_text(encoding="utf-8")
        except OSError as error:
            raise RefusedSupergraph("SUPERGRAPH_UNREADABLE", f"cannot read {self.path}: {error.strerror}") from error
        except UnicodeDecodeError as error:
            message = f"{self.path} is not UTF-8 text: {error.reason} at byte {error.start}"
            raise RefusedSupergraph("SUPERGRAPH_UNREADABLE", message) from error
        return LoadedSupergraph(text, self.read(text))

    def read(self, text: str) -> Supergraph:
        """The supergraph in a text. Raises ``RefusedSupergraph``."""
        try:
            supergraph = read_supergraph(text)
        except InvalidSupergraph as error:
            raise RefusedSupergraph(error.code, f"{self.path}: {error}") from error
        try:
            self._check(supergraph)
        except ValueError as error:
            raise RefusedSupergraph("SUPERGRAPH_UNSUITABLE", f"{self.path}: {error}") from error
        return supergraph

    def changed(self) -> bool:
        """Whether the file is another one than was loaded; true only when two looks saw the same: it is written."""
        seen = self._look()
        settled = seen == self._changing
        self._changing = seen
        return settled and seen is not None and seen != self._loaded

    def _look(self) -> Seen:
        try:
            status = self.path.stat()
        except OSError:
            return None
        return (status.st_mtime_ns, status.st_size, status.st_ino)
