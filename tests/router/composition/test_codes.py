"""Every code has a case file, and the case gives just that code (and those it says ``# also`` of)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from case_files import CASES, read_case

import router.composition
from router.composition import CompositionErrors, SubgraphSource, compose
from router.composition.codes import ERRORS, HINTS
from router.composition.problems import Hint, Problem

WITHOUT_A_PLACE = {"NO_QUERIES", "INVALID_SUBGRAPH_NAME", "MAX_VALIDATION_SUBGRAPH_PATHS_EXCEEDED"}


def expected(path: Path) -> set[str]:
    return {path.stem, *re.findall(r"^# also (\w+)$", path.read_text(encoding="utf-8"), re.MULTILINE)}


def in_sources(found: Problem | Hint, sources: list[SubgraphSource]) -> bool:
    lines = {source.name: source.sdl.splitlines() for source in sources}
    return all(place.column <= len(lines[place.subgraph][place.line - 1]) for place in found.locations)


@pytest.mark.parametrize("path", sorted((CASES / "errors").iterdir()), ids=lambda path: path.stem)
def test_the_error_of_the_case(path: Path) -> None:
    sources, options = read_case(path)
    with pytest.raises(CompositionErrors) as refused:
        compose(sources, options)
    problems = refused.value.problems
    assert {problem.code for problem in problems} == expected(path)
    for problem in problems:
        assert problem.locations or problem.code in WITHOUT_A_PLACE, problem
        assert in_sources(problem, sources)


@pytest.mark.parametrize("path", sorted((CASES / "hints").iterdir()), ids=lambda path: path.stem)
def test_the_hint_of_the_case(path: Path) -> None:
    sources, options = read_case(path)
    hints = compose(sources, options).hints
    assert {hint.code for hint in hints} == expected(path)
    assert all(in_sources(hint, sources) for hint in hints)


def test_every_code_has_a_meaning_and_a_case() -> None:
    assert set(ERRORS) == {path.stem for path in (CASES / "errors").iterdir()}
    assert set(HINTS) == {path.stem for path in (CASES / "hints").iterdir()}


def test_every_code_in_the_source_is_known() -> None:
    package = Path(router.composition.__file__).parent
    known = set(ERRORS) | set(HINTS)
    for path in package.rglob("*.py"):
        for code in re.findall(r'(?:refuse|hint)\(\s*"([A-Z_]{8,})"', path.read_text(encoding="utf-8")):
            in_family = any(each.endswith(code) for each in known)
            assert code in known or in_family, f"{path.name}: {code}"
