"""What composition has to say: problems that refuse a supergraph, hints that come with one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from graphql import Node


@dataclass(frozen=True, slots=True, order=True)
class Location:
    """A place in a subgraph's SDL; line and column from 1."""

    subgraph: str
    line: int
    column: int

    def as_json(self) -> dict[str, Any]:
        return {"subgraph": self.subgraph, "line": self.line, "column": self.column}


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason why there is no supergraph. ``code`` is the field's own, see docs/errors.md."""

    code: str
    message: str
    locations: tuple[Location, ...] = ()

    def as_json(self) -> dict[str, Any]:
        locations = [location.as_json() for location in self.locations]
        return {"code": self.code, "message": self.message, "locations": locations}


@dataclass(frozen=True, slots=True)
class Hint:
    """Something worth a look in subgraphs that do compose; ``coordinate`` names the supergraph element."""

    code: str
    message: str
    coordinate: str | None = None
    locations: tuple[Location, ...] = ()

    def as_json(self) -> dict[str, Any]:
        locations = [location.as_json() for location in self.locations]
        return {"code": self.code, "message": self.message, "coordinate": self.coordinate, "locations": locations}


class CompositionErrors(Exception):
    """The subgraphs do not compose; ``problems`` says why, all that could be told in one go."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(problems)
        super().__init__("\n".join(f"{problem.code}: {problem.message}" for problem in self.problems))


def locate(subgraph: str, node: Node | None) -> tuple[Location, ...]:
    """Where a node of a subgraph's document begins; nothing for a node we made ourselves."""
    if node is None or node.loc is None:
        return ()
    token = node.loc.start_token
    return (Location(subgraph, token.line, token.column),)


@dataclass(slots=True)
class Findings:
    """Problems and hints in the order they are found; only ever appended to."""

    problems: list[Problem] = field(default_factory=list)
    hints: list[Hint] = field(default_factory=list)

    def refuse(self, code: str, message: str, locations: Iterable[Location] = ()) -> None:
        self.problems.append(Problem(code, message, tuple(dict.fromkeys(locations))))

    def hint(self, code: str, message: str, coordinate: str | None = None, locations: Iterable[Location] = ()) -> None:
        self.hints.append(Hint(code, message, coordinate, tuple(dict.fromkeys(locations))))

    def stop_on_problems(self) -> None:
        """Raise CompositionErrors when there is any problem: what follows would only add confusing consequences."""
        if self.problems:
            raise CompositionErrors(self.problems)


def listed(names: Iterable[str], one: str, many: str) -> str:
    """``subgraph "A"`` or ``subgraphs "A" and "B"``; long lists are cut with an ellipsis."""
    quoted = [f'"{name}"' for name in names]
    if len(quoted) == 1:
        return f"{one} {quoted[0]}"
    shown: list[str] = []
    length = 0
    for name in quoted:
        length += len(name)
        if shown and length > 250:
            return f"{many} {', '.join(shown)}, ..."
        shown.append(name)
    return f"{many} {', '.join(shown[:-1])} and {shown[-1]}" if shown else many


def in_subgraphs(names: Iterable[str]) -> str:
    """``subgraph "A"`` or ``subgraphs "A" and "B"``"""
    return listed(names, "subgraph", "subgraphs")
