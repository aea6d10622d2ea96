"""``hub import`` on the published files, and the same queries on what it loaded."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from tests.hub.conftest import DATA, FLAGSHIP, Hub, start_hub, stop_hub
from tests.hub.test_flagship import stations_of, trip


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A hub whose databases were loaded from ../shared/data while it ran."""
    running = start_hub(tmp_path_factory.mktemp("imported"), "--taxis=0")
    rejected = running.folder / "rejected.jsonl"
    loading = running.command("import", str(DATA), "--rejected", str(rejected))
    assert loading.returncode == 0, loading.stderr
    (running.folder / "summary.txt").write_text(loading.stdout)
    stop_hub(running)
    again = start_hub(running.folder, "--taxis=0")
    yield again
    stop_hub(again)


def test_the_summary_counts_what_was_read_stored_and_rejected(imported: Hub) -> None:
    summary = (imported.folder / "summary.txt").read_text()
    counts = {
        name: tuple(int(number.replace(",", "")) for number in numbers)
        for name, *numbers in re.findall(r"^ \w+ +(\w[\w ]*?)  +([\d,]+) +([\d,]+) +([\d,]+)", summary, re.MULTILINE)
    }
    assert counts["stations"] == (268, 268, 0)
    assert counts["forests"] == (186, 186, 0)
    assert counts["rooms"] == (6816, 6812, 4)
    assert counts["vacancy snapshots"] == (75657, 75657, 0)
    assert counts["Seoul air"] == (36550, 36481, 69)
    for read, stored, rejected in counts.values():
        assert read == stored + rejected


def test_every_rejected_row_is_named_with_its_reason(imported: Hub) -> None:
    rows = [json.loads(line) for line in (imported.folder / "rejected.jsonl").read_text().splitlines()]
    assert len(rows) == 73
    assert {row["code"] for row in rows} == {"DUPLICATE_ROOM", "NO_VALUES"}
    for row in rows:
        assert row["line"] > 1
        assert row["ko"] != row["en"]
        assert (DATA / row["file"]).exists()


def test_the_flagship_operation_answers_on_imported_data(imported: Hub, travel_day: date) -> None:
    token = imported.token("rail:read", "lodge:read", "sensing:read")
    answer = imported.ask(FLAGSHIP, trip(travel_day), token=token)
    assert "errors" not in answer
    (station, *_) = stations_of(answer)
    assert station["place"]["lodges"]["nodes"]


@pytest.mark.parametrize(
    ("query", "path", "expected"),
    [
        ("{ stations(first: 1) { totalCount } }", ("stations", "totalCount"), 268),
        ("{ lodges(first: 1) { totalCount } }", ("lodges", "totalCount"), 186),
        ('{ station(id: "seoul") { place { air { pm10 { stationName } } } } }', ("station", "place"), None),
    ],
)
def test_the_imported_rows_are_there(imported: Hub, query: str, path: tuple[str, ...], expected: object) -> None:
    answer = imported.ask(query, token=imported.token("rail:read", "lodge:read", "sensing:read"))
    assert "errors" not in answer
    value = answer["data"]
    for name in path:
        value = value[name]
    if expected is not None:
        assert value == expected
    else:
        assert value["air"]["pm10"]["stationName"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("/no/such/folder",), "is not a folder"),
        ((str(Path(__file__).parent),), "nothing to import"),
        ((str(DATA), "--only", "ferries"), "no domain 'ferries'"),
    ],
)
def test_a_folder_that_cannot_be_imported_is_refused_in_one_line(
    hub: Hub, arguments: tuple[str, ...], message: str
) -> None:
    refused = hub.command("import", *arguments)
    assert refused.returncode == 2
    assert message in refused.stderr
    assert len(refused.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize("content", [b"\xc9\xff\x00 not text", b"", b"a,b\n1,2\n"])
def test_a_file_that_is_not_what_its_name_says_is_rejected_with_a_code(
    hub: Hub, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "forests.csv").write_bytes(content)
    rejected = tmp_path / "rejected.jsonl"
    run = hub.command("import", str(tmp_path), "--rejected", str(rejected))
    assert run.returncode == 0, run.stderr
    assert "Traceback" not in run.stderr
    if content:
        assert json.loads(rejected.read_text().splitlines()[0])["code"] in {
            "UNREADABLE_FILE",
            "MISSING_COLUMNS",
            "BAD_ID",
        }
