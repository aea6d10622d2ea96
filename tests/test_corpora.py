"""The public corpora, scored: what holds today must hold tomorrow. The files lie in ../shared/conformance."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CORPORA = ROOT.parent / "shared" / "conformance"


@pytest.mark.parametrize(
    ("corpus", "at_least"),
    [
        ("composition", {"verdict": 100.0, "codes": 100.0, "api schema": 100.0}),
        ("queryplan", {"planned": 100.0, "no more fetches": 100.0, "same data": 100.0}),
        ("execution", {"right": 100.0}),
    ],
)
def test_a_corpus_scores_what_it_scored(corpus: str, at_least: dict[str, float]) -> None:
    command = ["scripts/corpus", corpus, str(CORPORA / f"{corpus}.jsonl.xz")]
    shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout
    last = shown.strip().splitlines()[-1]
    for what, least in at_least.items():
        found = re.search(rf"\b{what} ([\d.]+) %", last)
        assert found, last
        assert float(found[1]) >= least, shown[-2000:]
