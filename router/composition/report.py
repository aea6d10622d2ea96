"""Problems and hints for people (the source with a caret under it) and for programs (JSON)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

from router.composition.problems import Hint, Location, Problem
from router.composition.subgraph import SubgraphSource

_SHOWN_PLACES = 6


def as_json(problems: Iterable[Problem | Hint]) -> str:
    """``[{code, message, locations: [{subgraph, line, column}]}]``, hints with their ``coordinate`` too."""
    return json.dumps([problem.as_json() for problem in problems], ensure_ascii=False, indent=2)


def as_text(problems: Sequence[Problem | Hint], sources: Iterable[SubgraphSource]) -> str:
    """One paragraph a problem, most telling line first, then where.

    ::

        error[INVALID_FIELD_SHARING]: Non-shareable field "T.x" is resolved from multiple subgraphs: …
          --> inventory:4:3
            |
          4 |   x: Int
            |   ^
    """
    lines = {source.name: source.sdl.splitlines() for source in sources}
    return "\n\n".join(_paragraph(problem, lines) for problem in problems)


def _paragraph(problem: Problem | Hint, lines: Mapping[str, Sequence[str]]) -> str:
    word = "hint" if isinstance(problem, Hint) else "error"
    parts = [f"{word}[{problem.code}]: {problem.message}"]
    parts += [_excerpt(place, lines.get(place.subgraph, ())) for place in problem.locations[:_SHOWN_PLACES]]
    rest = len(problem.locations) - _SHOWN_PLACES
    if rest > 0:
        parts.append(f"  … and {rest} more {'place' if rest == 1 else 'places'}")
    return "\n".join(parts)


def _excerpt(place: Location, lines: Sequence[str]) -> str:
    head = f"  --> {place.subgraph}:{place.line}:{place.column}"
    if not 0 < place.line <= len(lines):
        return head
    text = lines[place.line - 1].replace("\t", " ")
    number = str(place.line)
    margin = " " * len(number)
    caret = " " * (place.column - 1) + "^"
    return f"{head}\n  {margin} |\n  {number} | {text}\n  {margin} | {caret}"


def summary(problems: Sequence[Problem], hints: Sequence[Hint]) -> str:
    """``2 errors, 1 hint``"""
    return ", ".join(f"{count} {word}{'' if count == 1 else 's'}" for count, word in _counts(problems, hints) if count)


def _counts(problems: Sequence[Problem], hints: Sequence[Hint]) -> Iterable[tuple[int, str]]:
    return (len(problems), "error"), (len(hints), "hint")
