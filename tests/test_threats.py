"""docs/threats.md tells the truth: every attack has its row, and every row that says so has its tests."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = ("auth", "hub", "router/over_http", "router/policy", "router/subscriptions")
ROWS = re.findall(r"^\| (\d+) \| .* \| (\w+) \|$", (ROOT / "docs" / "threats.md").read_text(), re.MULTILINE)


def numbered() -> dict[int, set[str]]:
    """Number of an attack → the test files that have it in a test's name, or before the words of a case."""
    found: dict[int, set[str]] = {}
    for folder in FOLDERS:
        for file in sorted((ROOT / "tests" / folder).rglob("test_*.py")):
            text = file.read_text()
            named = [number for names in re.findall(r"def test_((?:\d+_)+)", text) for number in names.split("_")[:-1]]
            for number in [*named, *re.findall(r"\"(\d{1,2}) [a-zA-Z]", text)]:
                found.setdefault(int(number), set()).add(file.name)
    return found


def test_every_attack_has_one_row() -> None:
    assert [int(number) for number, _ in ROWS] == list(range(1, 56))


@pytest.mark.parametrize(("number", "state"), ROWS)
def test_a_row_says_what_is_so(number: str, state: str) -> None:
    assert state in ("tested", "open")
    assert (int(number) in numbered()) == (state == "tested"), numbered().get(int(number))
