"""The tester itself, and what it has found: each case file is a defect that was, and must not come back."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from tests.fuzz.__main__ import main
from tests.fuzz.campaign import Found, Progress, campaign, drawn_case
from tests.fuzz.case_file import Case, format_case, read_case
from tests.fuzz.coverage import FEATURES
from tests.fuzz.shrink import shrink
from tests.fuzz.trial import replay

CASES = sorted((Path(__file__).parent / "cases").glob("*.txt"))
SEED = 20261125
SECONDS = 12.0


class Told(list[Progress | Found]):
    """What a campaign tells, kept."""

    def put(self, item: Progress | Found) -> None:
        self.append(item)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_defect_does_not_come_back(path: Path) -> None:
    finding = replay(read_case(path))
    assert finding is None, finding


def test_a_short_run_finds_nothing_and_exercises_the_router() -> None:
    told = Told()
    campaign(SEED, 0, 1, time.time() + SECONDS, told)
    found = [format_case(item.case, item.finding) for item in told if isinstance(item, Found)]
    assert not found, found[0]
    progress = Progress()
    for item in told:
        assert isinstance(item, Progress)
        progress.add(item)
    assert progress.operations > 0
    missing = {"plan: several fetches", "key: single", "variable", "null"} - progress.exercised.keys()
    assert not missing


def test_the_same_numbers_draw_the_same_case() -> None:
    assert drawn_case(7, 3)[0] == drawn_case(7, 3)[0]
    assert drawn_case(7, 3)[0] != drawn_case(7, 4)[0]


def test_features_are_counted_by_names_that_are_shown() -> None:
    told = Told()
    campaign(SEED + 1, 0, 1, time.time() + 1, told)
    counted: Counter[str] = Counter()
    for item in told:
        assert isinstance(item, Progress)
        counted.update(item.exercised)
    assert set(counted) <= set(FEATURES)


NOISE = "\ntype Extra { x: Int y: Int }\nenum Unused { A B }"


def planted(monkeypatch: pytest.MonkeyPatch) -> Case:
    """A case that shows a defect once the defect is back: mutation fields in no particular turn."""
    monkeypatch.setattr("router.planner.planning.in_turns", lambda selections: selections)
    case = read_case(next(path for path in CASES if path.stem == "mutation_key_met_twice"))
    (name, sdl), *others = case.subgraphs
    noisy = case.operation.replace("{ a }", "{ more: b a }")
    return replace(case, subgraphs=((name, sdl + NOISE), *others), operation=noisy)


def test_a_planted_defect_is_found_and_made_small(monkeypatch: pytest.MonkeyPatch) -> None:
    case = planted(monkeypatch)
    finding = replay(case)
    assert finding is not None
    assert finding.kind == "mutation order"
    small, again = shrink(case, finding, replay, 20)
    assert again.kind == finding.kind
    assert "Extra" not in format_case(small, again)
    assert "Unused" not in format_case(small, again)
    assert "more" not in small.operation


def test_a_file_replays_what_it_says(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case = planted(monkeypatch)
    file = tmp_path / "case.txt"
    file.write_text(format_case(case, replay(case)))
    assert read_case(file) == replace(case, operation=case.operation.strip())
    assert main([str(file)]) == 1
    assert "mutation order" in capsys.readouterr().out
    monkeypatch.undo()
    assert main([str(file)]) == 0


def test_wrong_use_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "no_case.txt").write_text("not a case")
    assert main([str(tmp_path / "no_case.txt")]) == 2
    assert "--- subgraph NAME" in capsys.readouterr().err
    with pytest.raises(SystemExit) as stopped:
        main([])
    assert stopped.value.code == 2
    with pytest.raises(SystemExit) as stopped:
        main(["--help"])
    assert stopped.value.code == 0
    assert "Exit code" in capsys.readouterr().out
