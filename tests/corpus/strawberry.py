"""Strawberry's own test suite, from a checkout, through stock Strawberry and through the compiled executor.

Score: tests whose outcome is the same. Packages the suite needs and does not find cost the same tests on both sides.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = (
    "schema",
    "types",
    "relay",
    "federation",
    "fields",
    "objects",
    "enums",
    "extensions",
    "experimental",
    "utils",
)
FILES = ("test_dataloaders.py", "test_info.py", "test_aio.py")
INI = """[pytest]
asyncio_mode = auto
asyncio_default_fixture_loop_scope = function
addopts = -p no:cacheprovider -p tests_corpus_strawberry_plugin --continue-on-collection-errors -q
filterwarnings = ignore
"""


def main(arguments: list[str]) -> int:
    """Run the suite twice, print what differs, then one line of percentages."""
    suite = Path(arguments[0]) / "tests"
    if not (suite / "schema").is_dir():
        print(f"{arguments[0]} is no checkout of Strawberry: it has no tests/schema", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        shutil.copytree(suite, place / "tests")
        shutil.copy(ROOT / "tests" / "corpus" / "strawberry_plugin.py", place / "tests_corpus_strawberry_plugin.py")
        (place / "pytest.ini").write_text(INI)
        stock, ours = _outcomes(place, compiled=False), _outcomes(place, compiled=True)
    different = sorted(test for test in stock.keys() | ours.keys() if stock.get(test) != ours.get(test))
    for test in different:
        print(f"{test}: {stock.get(test)} by stock Strawberry, {ours.get(test)} compiled")
    same = len(stock) - len(different)
    print(f"strawberry: {len(stock)} tests, {100 * same / max(1, len(stock)):.2f} % with the same outcome")
    return 0 if stock else 1


def _outcomes(place: Path, *, compiled: bool) -> dict[str, str]:
    report = place / f"outcomes-{compiled}.json"
    environment = {**os.environ, "OUTCOMES": str(report), "PYTHONPATH": f"{place}:{ROOT}"}
    if compiled:
        environment["COMPILED"] = "1"
    wanted = [f"tests/{name}" for name in (*FOLDERS, *FILES) if (place / "tests" / name).exists()]
    subprocess.run(
        [sys.executable, "-m", "pytest", *wanted], cwd=place, env=environment, stdout=subprocess.DEVNULL, check=False
    )
    outcomes: dict[str, str] = json.loads(report.read_text()) if report.exists() else {}
    return outcomes
