"""``hub import``: published data files into the domains' databases, with a bar and a summary of what was left out."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from hub.databases import create_missing_databases
from hub.settings import Settings
from subgraphs.kit.database import Database
from subgraphs.kit.importing import Importer, ImportSummary
from subgraphs.kit.subgraph import OpenSubgraph, Subgraph
from subgraphs.registry import DOMAINS

REASONS_SHOWN = 5
"""Reasons listed for one importer, the most frequent first; ``--rejected FILE`` has every row."""


Chosen = list[tuple[Subgraph, list[Importer]]]
"""The domains to import into, each with the importers that find their files."""


async def import_folder(
    settings: Settings, folder: Path, *, only: Sequence[str] | None = None, rejected_file: Path | None = None
) -> int:
    """Run every importer whose files are in ``folder``. The value is the exit status: 0, or 2 when nothing fits."""
    console = Console(stderr=False, quiet=settings.quiet)
    chosen = _importers(folder, only)
    if problem := _problem(folder, only, chosen):
        print(f"hub import: {problem}", file=sys.stderr)
        return 2
    await create_missing_databases(settings, [subgraph.name for subgraph, _ in chosen])
    summaries: list[tuple[Subgraph, ImportSummary]] = []
    with _bars(console) as bars:
        for subgraph, importers in chosen:
            opened = await OpenSubgraph.open(subgraph, Database(settings.database_url(subgraph.name)))
            try:
                for importer in importers:
                    summaries.append((subgraph, await _run(importer, opened, folder, bars)))
            finally:
                await opened.aclose()
    _show(console, summaries)
    if rejected_file is not None:
        _write_rejected(rejected_file, summaries)
    return 0


def _importers(folder: Path, only: Sequence[str] | None) -> Chosen:
    return [
        (subgraph, [importer for importer in subgraph.importers if importer.finds_input(folder)])
        for subgraph in DOMAINS
        if only is None or subgraph.name in only
    ]


def _problem(folder: Path, only: Sequence[str] | None, chosen: Chosen) -> str | None:
    if not folder.is_dir():
        return f"{folder} is not a folder"
    names = {subgraph.name for subgraph in DOMAINS}
    if unknown := set(only or ()) - names:
        return f"no domain {min(unknown)!r}; there are {', '.join(sorted(names))}"
    if not any(importers for _, importers in chosen):
        wanted = sorted({file for subgraph in DOMAINS for importer in subgraph.importers for file in importer.files})
        return f"nothing to import in {folder}; known files: {', '.join(wanted)}"
    return None


def _bars(console: Console) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console)


async def _run(importer: Importer, opened: OpenSubgraph, folder: Path, bars: Progress) -> ImportSummary:
    task = bars.add_task(f"{opened.subgraph.name}: {importer.name}", total=None)

    def progress(done: int, total: int) -> None:
        bars.update(task, completed=done, total=total)

    summary = await opened.import_files(importer, folder, progress)
    bars.update(task, completed=summary.read, total=summary.read)
    return summary


def _show(console: Console, summaries: Sequence[tuple[Subgraph, ImportSummary]]) -> None:
    table = Table("domain", "import", box=None)
    for title in ("read", "stored", "rejected"):
        table.add_column(title, justify="right")
    table.add_column("reasons")
    for subgraph, summary in summaries:
        counts = Counter(f"{row.code}: {row.en}" for row in summary.rejected)
        reasons = [f"{count} x {reason}" for reason, count in counts.most_common(REASONS_SHOWN)]
        if len(counts) > REASONS_SHOWN:
            reasons.append(f"… and {len(counts) - REASONS_SHOWN} more reasons (--rejected FILE)")
        if summary.note_count:
            notes = Counter(f"{row.code}: {row.en}" for row in summary.notes)
            reasons += [f"{count} x {note} (stored)" for note, count in notes.most_common(REASONS_SHOWN)]
        table.add_row(
            subgraph.name,
            summary.importer,
            f"{summary.read:,}",
            f"{summary.stored:,}",
            f"{summary.rejected_count:,}",
            "\n".join(reasons),
        )
    console.print(table)


def _write_rejected(file: Path, summaries: Sequence[tuple[Subgraph, ImportSummary]]) -> None:
    with file.open("w", encoding="utf-8") as output:
        for subgraph, summary in summaries:
            for row in summary.rejected:
                line = {"domain": subgraph.name, "import": summary.importer, "file": row.file, "line": row.line}
                output.write(json.dumps({**line, "code": row.code, "ko": row.ko, "en": row.en}, ensure_ascii=False))
                output.write("\n")
