"""Score composition against a corpus file: verdict, codes, API schema and hints, case by case.

A line of the file: ``{id, source, subgraphs: [{name, url, sdl}], options?, ok, error_codes, hint_codes, api_schema?}``.
Supergraph texts are never compared; API schemas are, after sorting.
"""

from __future__ import annotations

import json
import lzma
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graphql import GraphQLSchema, build_schema, print_schema
from graphql.utilities import lexicographic_sort_schema

from router.composition import CompositionErrors, SubgraphSource, compose
from router.composition.options import CompositionOptions
from router.federation.supergraph import read_supergraph


@dataclass(frozen=True, slots=True)
class Judged:
    """What a case shows; None where the question does not arise."""

    case: str
    source: str
    verdict: bool
    codes: bool | None
    api_schema: bool | None
    hints: bool | None
    remark: str


def read_cases(path: Path) -> Iterator[dict[str, Any]]:
    """The cases of a ``.jsonl`` or ``.jsonl.xz`` file."""
    with lzma.open(path, "rt") if path.suffix == ".xz" else path.open() as lines:
        for line in lines:
            if line.strip():
                yield json.loads(line)


def judge(case: dict[str, Any]) -> Judged:
    """Compose the case's subgraphs and compare."""
    sources = [SubgraphSource(each["name"], each["url"], each["sdl"]) for each in case["subgraphs"]]
    limit = (case.get("options") or {}).get("maxValidationSubgraphPaths")
    options = CompositionOptions(max_paths=limit) if limit is not None else CompositionOptions()
    try:
        composed = compose(sources, options)
    except CompositionErrors as refused:
        found = {problem.code for problem in refused.problems}
        expected = set(case["error_codes"])
        remark = f"codes {sorted(found)}, expected {sorted(expected) or 'a supergraph'}"
        if case["ok"]:
            remark += f": {refused.problems[0].message[:300]}"
        right = found == expected
        codes = None if case["ok"] else right
        return Judged(case["id"], case["source"], not case["ok"], codes, None, None, "" if right else remark)
    if not case["ok"]:
        remark = f"composed, expected {case['error_codes']}"
        return Judged(case["id"], case["source"], False, False, None, None, remark)
    same = _same_api(composed.supergraph_sdl, case["api_schema"]) if case.get("api_schema") else None
    found = {hint.code for hint in composed.hints}
    hints = found == set(case["hint_codes"])
    remark = "" if same in (True, None) else "API schema differs; "
    remark += "" if hints else f"hints {sorted(found)}, expected {sorted(case['hint_codes'])}"
    return Judged(case["id"], case["source"], True, None, same, hints, remark)


def _same_api(supergraph_sdl: str, expected: str) -> bool:
    return sorted_api(supergraph_sdl) == print_schema(
        lexicographic_sort_schema(build_schema(expected, assume_valid=True))
    )


def sorted_api(supergraph_sdl: str) -> str:
    """The API schema of a supergraph as text in a settled order.

    A directive of the subgraphs' own named @defer or @stream is left out: the reference accepts it in operations, but
    never prints a directive of these names.
    """
    arguments = read_supergraph(supergraph_sdl).api_schema.to_kwargs()
    arguments["directives"] = tuple(d for d in arguments["directives"] if d.name not in ("defer", "stream"))
    return print_schema(lexicographic_sort_schema(GraphQLSchema(**arguments)))


def score(path: Path, *, verbose: bool = True) -> str:
    """Judge all cases of a file, print the ones that differ, give one line of percentages."""
    judged = [judge(case) for case in read_cases(path)]
    if verbose:
        for each in judged:
            if each.remark:
                print(f"{each.case} ({each.source}): {each.remark}")
    return (
        f"composition: {len(judged)} cases, verdict {_share([each.verdict for each in judged])}, "
        f"codes {_share([each.codes for each in judged])}, api schema {_share([each.api_schema for each in judged])}, "
        f"hints {_share([each.hints for each in judged])}"
    )


def _share(answers: list[bool | None]) -> str:
    given = [answer for answer in answers if answer is not None]
    return f"{100 * sum(given) / len(given):.2f} % ({sum(given)}/{len(given)})" if given else "none"


def main(arguments: list[str]) -> int:
    """``FILE``"""
    print(score(Path(arguments[0])))
    return 0
