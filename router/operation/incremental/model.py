"""An operation with @defer and @stream as planner and executor see it: divided into parts that are delivered in turn.

Words of the draft (GraphQL specification, section 6, "Incremental Delivery"; ADR 0024): a *deferral* is one @defer at
one place of the operation. A field that stands in several deferrals is delivered once, so the unit of planning and
delivery is the *part*: the fields that the same set of deferrals holds, and nothing outside of them.
"""

from __future__ import annotations

from dataclasses import dataclass

from router.operation.model import Operation

ClientPath = tuple[str, ...]
"""Response keys from the root, ``"@"`` for every item of a list."""

PRIMARY = 0
"""The part that holds what no deferral may hold back."""


@dataclass(frozen=True, slots=True)
class Deferral:
    """One @defer; ``parent`` is the deferral it stands in, ``path`` leads to the objects its fragment is spread on."""

    number: int
    path: ClientPath
    label: str | None
    parent: int | None


@dataclass(frozen=True, slots=True)
class Stream:
    """One @stream on the list at ``path``, which ``part`` delivers. ``initial``: a number or a variable's name."""

    number: int
    path: ClientPath
    label: str | None
    initial: int | str
    part: int


@dataclass(frozen=True, slots=True)
class Divided:
    """``operation`` has no conditions and no marks left; fragments whose ``part`` is set hold what that part delivers.

    On each object type each response key of a position belongs to one part. ``parts``: the deferrals of each part.
    """

    operation: Operation
    deferrals: tuple[Deferral, ...] = ()
    parts: tuple[frozenset[int], ...] = (frozenset(),)
    streams: tuple[Stream, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left to be delivered later."""
        return len(self.parts) == 1 and not self.streams
