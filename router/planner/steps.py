"""Fetch steps: the nodes of the fetch DAG, between routes and the plan's tree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from router.operation.model import Condition, Field, OperationKind, Selection
from router.planner.nodes import ContextRewrite, KeyRenamer, Path
from router.planner.selections import Selections, merge


@dataclass(frozen=True, slots=True)
class Objects:
    """Which objects of a place have what a representation needs: those under one ``selection`` set (by identity) while
    ``conditions`` hold. They are ``all`` objects of the place where no runtime type was chosen on the way."""

    selection: int
    conditions: tuple[Condition, ...] = ()
    all: bool = True

    def covers(self, others: Objects) -> bool:
        """Whether the others, at the same place, are among these for certain."""
        return self.selection == others.selection or (self.all and set(self.conditions) <= set(others.conditions))


@dataclass(frozen=True, slots=True)
class Representation:
    """What is sent for objects of type ``at``; the subgraph knows them as ``to`` (an interface object's interface)."""

    at: str
    to: str
    selections: Selections
    objects: frozenset[Objects]
    renamed: bool = False
    """Whether ``__typename`` must be set to ``to``, as the data may hold another name."""


@dataclass(frozen=True, slots=True)
class ContextVariable:
    """A variable of the fetch that @fromContext fills, its printed type, and where its value is found."""

    type: str
    rewrite: ContextRewrite


@dataclass(frozen=True, slots=True)
class FetchStep:
    """One fetch. ``after`` are the steps whose data it needs; ``path`` where its answer belongs."""

    id: int
    subgraph: str
    path: Path
    kind: OperationKind
    representations: tuple[Representation, ...]
    """Empty for a fetch from the subgraph's root type."""
    selections: Selections
    after: frozenset[int]
    turn: int = 0
    """Which serial turn of a mutation the step belongs to; 0 for all other operations."""
    output_rewrites: tuple[KeyRenamer, ...] = ()
    contexts: tuple[ContextVariable, ...] = ()
    conditions: tuple[Condition, ...] = ()
    """Those the step's place is under; without them there is nothing to fetch for."""
    part: int = 0
    """Which part of an incremental delivery the step is for; 0 is the primary one."""
    number: int | None = None
    """By which deferred parts refer to it in the plan."""


Steps = tuple[FetchStep, ...]


def representations_conflict(some: tuple[Representation, ...], more: tuple[Representation, ...]) -> bool:
    """Whether they cannot be sent as one: an object would be sent with two values for a field (required with different
    arguments) or under two names (of two interface objects), or one set of objects has not all that the other is sent
    with."""
    sent = {(item.at, item.to): item for item in some}
    names = {item.at: item.to for item in some}
    for item in more:
        if names.get(item.at, item.to) != item.to:
            return True
        known = sent.get((item.at, item.to))
        if known is not None and (
            _conflict(known.selections, item.selections) or _lacks(known, item) or _lacks(item, known)
        ):
            return True
    return False


def _lacks(one: Representation, other: Representation) -> bool:
    """Whether some objects of ``one`` may lack what ``other`` is sent with."""
    if set(other.selections) <= set(one.selections):
        return False
    return not all(any(more.covers(some) for more in other.objects) for some in one.objects)


def _conflict(some: Selections, more: Selections) -> bool:
    known = {_sent_as(selection): selection for selection in some}
    for selection in more:
        other = known.get(_sent_as(selection))
        if other is None:
            continue
        if isinstance(selection, Field) and isinstance(other, Field) and selection.response_key != other.response_key:
            return True
        if _conflict(other.selections, selection.selections):
            return True
    return False


def _sent_as(selection: Selection) -> tuple[str | None, bool]:
    """What stands for the selection in a representation: a field's name, or the fragment's type."""
    is_field = isinstance(selection, Field)
    return (selection.name if isinstance(selection, Field) else selection.type_condition, is_field)


def joined_representations(
    some: tuple[Representation, ...], more: tuple[Representation, ...]
) -> tuple[Representation, ...]:
    """All of them, those of one type merged."""
    found: dict[tuple[str, str], Representation] = {}
    for item in (*some, *more):
        place = (item.at, item.to)
        known = found.get(place)
        if known:
            selections = merge((*known.selections, *item.selections))
            item = replace(known, selections=selections, objects=known.objects | item.objects)
        found[place] = item
    return tuple(found.values())


def rounds(steps: Sequence[FetchStep]) -> Mapping[int, int]:
    """By step: its round, counted from 1; the longest chain of steps that leads to it. Raises ValueError on a cycle."""
    found: dict[int, int] = {}
    waits = {step.id: len(step.after) for step in steps}
    waiting: dict[int, list[int]] = {step.id: [] for step in steps}
    for step in steps:
        for before in step.after:
            waiting[before].append(step.id)
    ready = [number for number, count in waits.items() if not count]
    for number in ready:
        found.setdefault(number, 1)
        for later in waiting[number]:
            found[later] = max(found.get(later, 1), found[number] + 1)
            waits[later] -= 1
            if not waits[later]:
                ready.append(later)
    if len(ready) < len(waits):
        raise ValueError("the fetch steps wait for each other")
    return found


def ancestors(steps: Sequence[FetchStep]) -> Mapping[int, frozenset[int]]:
    """By step: all steps it waits for, directly or not."""
    by_id = {step.id: step for step in steps}
    found: dict[int, frozenset[int]] = {}
    order = rounds(steps)
    for number in sorted(by_id, key=order.__getitem__):
        after = by_id[number].after
        found[number] = after.union(*(found[before] for before in after))
    return found
