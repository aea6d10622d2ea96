"""Loading files of publishers: what was read, what was stored, and every rejected row with its reason."""

from __future__ import annotations

import csv
import gzip
import io
import json
import zlib
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from subgraphs.kit.database import Database

MAX_REJECTED = 1000
"""Rejected rows kept with their reasons; beyond that they are only counted."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """One row that was not stored. ``line`` counts from 1, the header being line 1."""

    file: str
    line: int
    code: str
    ko: str
    en: str


@dataclass(slots=True)
class ImportSummary:
    """Counts of one importer's run."""

    importer: str
    read: int = 0
    stored: int = 0
    rejected: list[Rejected] = field(default_factory=list)
    rejected_count: int = 0
    notes: list[Rejected] = field(default_factory=list)
    note_count: int = 0

    def note(self, file: str, line: int, code: str, *, ko: str, en: str) -> None:
        """Tell of a row that is stored, but with something left out or assumed."""
        self.note_count += 1
        if len(self.notes) < MAX_REJECTED:
            self.notes.append(Rejected(file, line, code, ko, en))

    def reject(self, file: str, line: int, code: str, *, ko: str, en: str) -> None:
        """Note a row that is left out."""
        self.rejected_count += 1
        if len(self.rejected) < MAX_REJECTED:
            self.rejected.append(Rejected(file, line, code, ko, en))


UNREADABLE = (UnicodeDecodeError, csv.Error, gzip.BadGzipFile, zlib.error, EOFError, json.JSONDecodeError)
"""What reading a file raises that is not of its kind at all."""


def unreadable(importer: Importer, error: Exception) -> ImportSummary:
    """The summary of files that could not be read to their end; batches stored before that stay."""
    summary = ImportSummary(importer.name)
    why = f"{type(error).__name__}: {error}"[:200]
    summary.reject(
        ", ".join(importer.files),
        1,
        "UNREADABLE_FILE",
        ko=f"파일을 읽을 수 없습니다({why}).",
        en=f"The file cannot be read ({why}).",
    )
    return summary


class Progress(Protocol):
    """Told how many rows of how many are done; the hub draws its bar from it."""

    def __call__(self, done: int, total: int) -> None:
        """Report progress."""
        ...


def no_progress(done: int, total: int) -> None:
    """For runs nobody watches."""


@dataclass(frozen=True)
class Importer:
    """One kind of input. ``files`` are the names looked for in a folder; all must be there for it to run.

    ``run(database, folder, progress)`` stores in transactions of its own, so that a failing import leaves whole batches
    or nothing, and running it again changes nothing.
    """

    name: str
    files: tuple[str, ...]
    run: Callable[[Database, Path, Progress], Awaitable[ImportSummary]]

    def finds_input(self, folder: Path) -> bool:
        """Whether the folder has all the files."""
        return all((folder / file).is_file() for file in self.files)


def read_csv(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Rows of a CSV file (``.gz`` too) with their line numbers; UTF-8, a byte order mark is skipped.

    Missing cells are empty strings. Raises UnicodeDecodeError and csv.Error for files that are no CSV.
    """
    packed = path.suffix == ".gz"
    with (
        path.open("rb") as file,
        io.TextIOWrapper(gzip.GzipFile(fileobj=file) if packed else file, encoding="utf-8-sig", newline="") as text,
    ):
        reader = csv.DictReader(text, restval="")
        for row in reader:
            row.pop(None, None)
            yield reader.line_num, {name: (value or "").strip() for name, value in row.items()}
