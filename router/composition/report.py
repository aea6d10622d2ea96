"""Problems and hints for people (the source with a caret under it) and for programs (JSON)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from unicodedata import east_asian_width

from router.composition.problems import Hint, Location, Problem
from router.composition.remedies import REMEDIES
from router.composition.subgraph import SubgraphSource

_SHOWN_PLACES = 6
_RESET = "\x1b[0m"


@dataclass(frozen=True, slots=True)
class Style:
    """ANSI escapes around the parts of a report; all empty for plain text."""

    error: str = ""
    hint: str = ""
    strong: str = ""
    frame: str = ""

    def paint(self, escape: str, text: str) -> str:
        return f"{escape}{text}{_RESET}" if escape else text


PLAIN = Style()
COLOURED = Style(error="\x1b[1;31m", hint="\x1b[1;33m", strong="\x1b[1m", frame="\x1b[1;34m")


def as_json(problems: Iterable[Problem | Hint]) -> str:
    """``[{code, message, locations: [{subgraph, line, column}]}]``, hints with their ``coordinate`` too."""
    return json.dumps([problem.as_json() for problem in problems], ensure_ascii=False, indent=2)


def as_text(
    problems: Sequence[Problem | Hint],
    sources: Iterable[SubgraphSource],
    files: Mapping[str, str] | None = None,
    style: Style = PLAIN,
) -> str:
    """One paragraph a problem, most telling line first, then where, then once a code how to mend it.

    ``files`` names the file a subgraph was read from, which then stands for the subgraph's name in places::

        error[INVALID_FIELD_SHARING]: Non-shareable field "T.x" is resolved from multiple subgraphs: …
          --> inventory:4:3
            |
          4 |   x: Int
            |   ^
          ::: reviews:9:3
            |
          9 |   x: Int
            |   ^
          = help: Mark the field @shareable in every subgraph that resolves it, …
    """
    lines = {source.name: source.sdl.splitlines() for source in sources}
    told: set[str] = set()
    paragraphs = []
    for problem in problems:
        parts = _paragraph(problem, lines, files or {}, style)
        if problem.code in REMEDIES and problem.code not in told:
            mark = f"  {style.paint(style.frame, '=')} {style.paint(style.strong, 'help')}"
            parts.append(f"{mark}: {REMEDIES[problem.code]}")
        told.add(problem.code)
        paragraphs.append("\n".join(parts))
    return "\n\n".join(paragraphs)


def _paragraph(
    problem: Problem | Hint, lines: Mapping[str, Sequence[str]], files: Mapping[str, str], style: Style
) -> list[str]:
    word, escape = ("hint", style.hint) if isinstance(problem, Hint) else ("error", style.error)
    head, *rest = problem.message.split("\n")
    parts = [f"{style.paint(escape, f'{word}[{problem.code}]')}: {style.paint(style.strong, head)}", *rest]
    for index, place in enumerate(problem.locations[:_SHOWN_PLACES]):
        where = f"{files.get(place.subgraph, place.subgraph)}:{place.line}:{place.column}"
        parts.append(f"  {style.paint(style.frame, ':::' if index else '-->')} {where}")
        parts += _excerpt(place, lines.get(place.subgraph, ()), escape, style)
    more = len(problem.locations) - _SHOWN_PLACES
    if more > 0:
        parts.append(f"  … and {more} more {'place' if more == 1 else 'places'}")
    return parts


def _excerpt(place: Location, lines: Sequence[str], escape: str, style: Style) -> list[str]:
    if not 0 < place.line <= len(lines):
        return []
    text = lines[place.line - 1]
    number = str(place.line)
    empty = style.paint(style.frame, f"  {' ' * len(number)} |")
    indent = "".join(map(_blank, text[: place.column - 1])) + " " * (place.column - 1 - len(text))
    caret = style.paint(escape, "^")
    return [empty, f"{style.paint(style.frame, f'  {number} |')} {text}", f"{empty} {indent}{caret}"]


def _blank(letter: str) -> str:
    """As wide as the letter is on a terminal: tabs stay tabs, Korean letters take two columns."""
    if letter == "\t":
        return letter
    return "  " if east_asian_width(letter) in "WF" else " "


def summary(problems: Sequence[Problem], hints: Sequence[Hint]) -> str:
    """``2 errors, 1 hint``"""
    return ", ".join(f"{count} {word}{'' if count == 1 else 's'}" for count, word in _counts(problems, hints) if count)


def _counts(problems: Sequence[Problem], hints: Sequence[Hint]) -> Iterable[tuple[int, str]]:
    return (len(problems), "error"), (len(hints), "hint")
