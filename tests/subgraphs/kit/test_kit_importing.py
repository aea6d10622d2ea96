"""Reading publishers' CSV files as they come: marks, compression, short and long rows."""

from __future__ import annotations

import gzip
from pathlib import Path

from subgraphs.kit import Importer, ImportSummary, Progress, read_csv
from subgraphs.kit.database import Database
from subgraphs.kit.importing import MAX_REJECTED

TEXT = 'name,km\n서울,0\n"부산, 항",417.4\n짧은\n긴,1,2,3\n'
ROWS = [
    (2, {"name": "서울", "km": "0"}),
    (3, {"name": "부산, 항", "km": "417.4"}),
    (4, {"name": "짧은", "km": ""}),
    (5, {"name": "긴", "km": "1"}),
]


def test_rows_with_their_lines_whatever_the_wrapping(tmp_path: Path) -> None:
    plain, marked, packed = tmp_path / "a.csv", tmp_path / "b.csv", tmp_path / "c.csv.gz"
    plain.write_text(TEXT, encoding="utf-8")
    marked.write_text(TEXT, encoding="utf-8-sig")
    packed.write_bytes(gzip.compress(TEXT.replace("\n", "\r\n").encode()))
    for path in (plain, marked, packed):
        assert list(read_csv(path)) == ROWS


def test_an_importer_runs_only_when_all_its_files_are_there(tmp_path: Path) -> None:
    async def run(_database: Database, _folder: Path, _progress: Progress) -> ImportSummary:
        return ImportSummary("x")

    importer = Importer("x", ("a.csv", "b.csv"), run)
    (tmp_path / "a.csv").touch()
    assert not importer.finds_input(tmp_path)
    (tmp_path / "b.csv").touch()
    assert importer.finds_input(tmp_path)


def test_rejected_rows_are_all_counted_and_the_first_are_kept() -> None:
    summary = ImportSummary("x")
    for line in range(MAX_REJECTED + 50):
        summary.reject("a.csv", line, "BAD", ko="나쁨", en="bad")
    assert (summary.rejected_count, len(summary.rejected)) == (MAX_REJECTED + 50, MAX_REJECTED)
