"""The books of a delivery, for one scope: what is still to come, what was announced, what is complete, what has failed.

Rules of the draft: a deferral is announced once something of it is known to come and the deferral around it is
complete; it is complete when every group that holds fields of it was delivered; a null that may not stand in a group
fails all deferrals that share the group at that object, and what stands inside of those is never announced.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from router.executor.incremental.payloads import Notice
from router.executor.incremental.projection import Group
from router.executor.incremental.scope import Scope
from router.executor.reports import ResponsePath
from router.operation.incremental import Deferral, Divided


@dataclass(slots=True, eq=False)
class Ledger:
    """The state of one scope. ``groups``: what is to be delivered, by part; ``notices`` by deferral and object path."""

    scope: Scope
    divided: Divided
    groups: dict[int, list[Group]] = field(default_factory=dict)
    running: set[int] = field(default_factory=set)
    opened: set[int] = field(default_factory=set)
    closed: set[int] = field(default_factory=set)
    notices: dict[tuple[int, ResponsePath], Notice] = field(default_factory=dict)
    failed: set[tuple[int, ResponsePath]] = field(default_factory=set)

    def note(self, groups: Iterable[Group]) -> None:
        """Groups that were found while others were projected."""
        for group in groups:
            self.groups.setdefault(group.part, []).append(group)

    def prune(self) -> None:
        """Forget groups all of whose deferrals have failed: nobody waits for them, and nothing may wait for those."""
        if self.failed:
            kept = {part: [g for g in groups if self._wanted(g)] for part, groups in self.groups.items()}
            self.groups = {part: groups for part, groups in kept.items() if groups or part in self.running}

    def openable(self) -> Iterator[Deferral]:
        """Deferrals of which something is to come, and that nothing holds back any more; an outer one first."""
        for deferral in self.divided.deferrals:
            if deferral.number not in self.opened and self._comes(deferral.number) and self._settled(deferral.parent):
                self.opened.add(deferral.number)
                yield deferral

    def closable(self) -> Iterator[int]:
        """Deferrals of which nothing more is to come."""
        for number in tuple(self.opened - self.closed):
            if not self._comes(number) and not any(number in self.divided.parts[part] for part in self.running):
                self.closed.add(number)
                yield number

    def startable(self, after: Mapping[int, tuple[int, ...]]) -> Iterator[int]:
        """Parts that can run now."""
        for part in tuple(self.groups):
            held = any(other in self.groups or other in self.running for other in after.get(part, ()))
            if part not in self.running and not held and not self.opened.isdisjoint(self.divided.parts[part]):
                self.running.add(part)
                yield part

    def instances(self, deferral: Deferral) -> Iterator[ResponsePath]:
        """The objects of which the deferral still has something to deliver."""
        found = (
            group.path[: len(deferral.path)]
            for part, groups in self.groups.items()
            if deferral.number in self.divided.parts[part]
            for group in groups
        )
        return (path for path in dict.fromkeys(found) if self.lives(deferral.number, path))

    def holders(self, group: Group) -> list[tuple[int, ResponsePath]]:
        """The announced deferrals that wait for a group, the one with the longest path first."""
        places = [
            (number, group.path[: len(self.divided.deferrals[number].path)])
            for number in sorted(self.divided.parts[group.part])
        ]
        alive = [place for place in places if place in self.notices and self.lives(*place)]
        return sorted(alive, key=lambda place: -len(place[1]))

    def lives(self, number: int | None, path: ResponsePath) -> bool:
        """Whether neither the deferral at this object nor one around it has failed."""
        while number is not None and self.failed:
            deferral = self.divided.deferrals[number]
            if (number, path[: len(deferral.path)]) in self.failed:
                return False
            number = deferral.parent
        return True

    def _wanted(self, group: Group) -> bool:
        return any(self.lives(number, group.path) for number in self.divided.parts[group.part])

    def _comes(self, number: int) -> bool:
        return any(number in self.divided.parts[part] for part in self.groups)

    def _settled(self, number: int | None) -> bool:
        """Whether an enclosing deferral is complete; one that has nothing to deliver does not hold anything back."""
        while number is not None and number not in self.opened and not self._comes(number):
            number = self.divided.deferrals[number].parent
        return number is None or number in self.closed
