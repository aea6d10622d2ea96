"""Every code has a case file, and the case gives just that code (and those it says ``# also`` of).

``errors/CODE.graphql`` is the example of the error reference; ``errors/CODE.what.graphql`` shows one more way to it.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from case_files import CASES, read_case

import router.composition
from router.composition import CompositionErrors, SubgraphSource, compose
from router.composition.codes import ERRORS, HINTS
from router.composition.problems import Hint, Problem
from router.federation.supergraph import read_supergraph

WITHOUT_A_PLACE = {"NO_QUERIES", "INVALID_SUBGRAPH_NAME", "MAX_VALIDATION_SUBGRAPH_PATHS_EXCEEDED"}


def code(path: Path) -> str:
    return path.name.partition(".")[0]


def expected(path: Path) -> set[str]:
    return {code(path), *re.findall(r"^# also (\w+)$", path.read_text(encoding="utf-8"), re.MULTILINE)}


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


@pytest.mark.parametrize("path", sorted((CASES / "accepted").iterdir()), ids=lambda path: path.stem)
def test_accepted_without_remark(path: Path) -> None:
    sources, options = read_case(path)
    composed = compose(sources, options)
    assert composed.hints == ()
    assert read_supergraph(composed.supergraph_sdl).api_schema.query_type is not None


def test_every_code_has_a_meaning_and_a_case() -> None:
    assert set(ERRORS) == {code(path) for path in (CASES / "errors").iterdir()}
    assert set(HINTS) == {code(path) for path in (CASES / "hints").iterdir()}


def test_every_code_in_the_source_is_known() -> None:
    package = Path(router.composition.__file__).parent
    known = set(ERRORS) | set(HINTS)
    for path in package.rglob("*.py"):
        for name in re.findall(r'(?:refuse|hint)\(\s*"([A-Z_]{8,})"', path.read_text(encoding="utf-8")):
            in_family = any(each.endswith(name) for each in known)
            assert name in known or in_family, f"{path.name}: {name}"
