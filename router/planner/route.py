"""Routes: where every selected field will come from, before anything is grouped into fetches.

A position is one object (or list of objects) of the answer, seen while standing in one subgraph. The route of a
position says for each selection whether it is had here or after a visit: a jump into another subgraph (or back into
this one) with a representation of the same object. A visit's needs are the fields of that representation, themselves
placed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from router.operation.model import Field
from router.planner.graph import Graph, Place
from router.planner.nodes import Path
from router.planner.selections import Joins, Selections

Token = tuple[Path, str, int]
"""A fetch as the choice counts it: (path from the position, subgraph, round). Fetches of one token will merge."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Sequential rounds after the current fetch, and the fetches made in them.

    ``far`` counts the leaves they bring, once for each visit on the way: of plans with equal fetches the one that asks
    early is better, as later fetches ask for many objects.
    """

    rounds: int = 0
    fetches: frozenset[Token] = frozenset()
    far: int = 0

    @property
    def order(self) -> tuple[int, int, int]:
        """What is compared, first things first."""
        return self.rounds, len(self.fetches), self.far

    def plus(self, other: Cost) -> Cost:
        """Both, side by side."""
        if not other.fetches:
            return self
        if not self.fetches:
            return other
        return Cost(max(self.rounds, other.rounds), self.fetches | other.fetches, self.far + other.far)

    def below(self, path: Path, rounds: int) -> Cost:
        """The same cost when the position lies at ``path`` and is reached after ``rounds``."""
        if not self.fetches:
            return self
        moved = frozenset((path + p, s, r + rounds) for p, s, r in self.fetches)
        return Cost(self.rounds + rounds, moved, self.far)

    def brings(self, leaves: int) -> Cost:
        """The same for a visit that brings so many leaves."""
        return Cost(self.rounds, self.fetches, self.far + leaves)


FREE = Cost()


@dataclass(frozen=True, slots=True)
class Frame:
    """An enclosing position that sets contexts, and how one stood there."""

    type: str
    subgraph: str | None
    provided: Selections


@dataclass(frozen=True, slots=True)
class Standing:
    """How one stands at a position: in which subgraph (None: before the first fetch), with which fields promised by
    enclosing @provides, below which positions that set contexts (outermost first)."""

    subgraph: str | None
    provided: Selections = ()
    frames: tuple[Frame, ...] = ()
    flat: bool = False
    """Whether only what costs no further fetch is wanted; all else is left as rest."""
    away: bool = False
    """Whether what could be had here is to be fetched by a visit all the same, as it is to come later."""


@dataclass(frozen=True, slots=True, eq=False)
class Visit:
    """A jump onto the same object in another subgraph; compared by identity. ``at`` is the type jumped from.

    ``representation`` is what is sent along (empty for the query root), ``needs`` where its fields are had.
    """

    at: str
    place: Place
    representation: Selections
    needs: tuple[Placed, ...]
    cost: Cost
    context_needs: tuple[ContextNeed, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class ContextNeed:
    """A value read at an enclosing position, the ``frame``-th of those that set contexts, and sent as a variable."""

    frame: int
    type: str
    selections: Selections
    route: Route
    variable: str
    variable_type: str


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """A field and where it is had: here (no visit) or after a visit. Without a field, all of ``route`` is."""

    visit: Visit | None
    field: Field | None
    path: Path = ()
    route: Route | None = None

    @property
    def leaves(self) -> int:
        """How many leaves are had."""
        return 1 if self.route is None else self.route.leaves


@dataclass(frozen=True, slots=True, eq=False)
class Route:
    """The answer for one position: ``groups`` hold what differs by runtime type, ``rest`` what cannot be had,
    ``leaves`` how many are had (by the type that is asked for most)."""

    type: str
    abstract: bool
    placed: tuple[Placed, ...] = ()
    groups: tuple[tuple[str, Route], ...] = ()
    rest: Selections = ()
    cost: Cost = FREE
    leaves: int = 0


Solve = Callable[["Search", str, Selections, Standing], Route]
"""(search, type, selections, standing) -> the cheapest route for a position of that type."""


@dataclass(frozen=True, slots=True, eq=False)
class Search:
    """What one planning run remembers, so that equal questions are answered once. Lives as long as the run."""

    graph: Graph
    solve: Solve
    routes: dict[tuple[object, ...], Route] = field(default_factory=dict)
    reached: dict[tuple[object, ...], dict[Place, Visit]] = field(default_factory=dict)
    required: dict[tuple[object, ...], Visit | None] = field(default_factory=dict)
    joins: Joins = field(default_factory=dict)
    kept: list[object] = field(default_factory=list)
    """Selections whose identity is part of a key above stay alive here."""
    open_questions: set[tuple[object, ...]] = field(default_factory=set)
    cycles_cut: list[tuple[object, ...]] = field(default_factory=list)
    """Questions that were asked while still open; answers found meanwhile are not remembered."""


def cut_cycle(search: Search, question: tuple[object, ...]) -> bool:
    """Whether the question is being answered further up already; noted, as answers now depend on that."""
    if question not in search.open_questions:
        return False
    search.cycles_cut.append(question)
    return True


def total(costs: Iterable[Cost]) -> Cost:
    """All side by side."""
    result = FREE
    for cost in costs:
        result = result.plus(cost)
    return result
