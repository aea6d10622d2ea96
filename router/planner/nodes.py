"""The query plan: what the planner hands to the executor, and what ``router plan`` prints.

The node kinds and their JSON names are the field's usual ones (Apollo query plan format).
A response path is a tuple of response keys with ``"@"`` for "every item of this list". Where two runtime types on the
way use one response key for different things, an item ``"... on T"`` in a Flatten's path lets only objects of that type
pass.
"""

from __future__ import annotations

from dataclasses import dataclass

from router.operation.model import OperationKind, Selection

Path = tuple[str, ...]
Selections = tuple[Selection, ...]


@dataclass(frozen=True, slots=True)
class ValueSetter:
    """Input rewrite: set the value at ``path`` inside each representation (interface objects' ``__typename``).

    Path items are field names, or ``"... on T"`` which holds the rewrite back for other types.
    """

    path: Path
    value: str


@dataclass(frozen=True, slots=True)
class KeyRenamer:
    """Output rewrite: rename the response key at ``path`` in a fetch's data (undoes aliases added for conflicts)."""

    path: Path
    rename_to: str


Rewrite = ValueSetter | KeyRenamer


@dataclass(frozen=True, slots=True)
class ContextRewrite:
    """Where an entity fetch finds the value of a variable filled by @fromContext, for each of its objects.

    ``path`` starts at the object: ``".."`` goes to the object around it (lists do not count), ``"... on T"`` holds
    back for other types, the rest are response keys. Of several rewrites for one variable the first that holds counts;
    objects with different values go into different requests.
    """

    path: Path
    variable: str


@dataclass(frozen=True, slots=True)
class Fetch:
    """One request to one subgraph: ``operation`` is its text, ``selections`` what it selects (below ``_entities``).

    An entity fetch has ``requires``: inline fragments, one a representation type, whose fields are read from the
    objects at the enclosing Flatten's path; its operation takes them as ``$representations``.
    """

    subgraph: str
    kind: OperationKind
    operation: str
    selections: tuple[Selection, ...]
    operation_name: str | None = None
    variables: tuple[str, ...] = ()
    requires: tuple[Selection, ...] = ()
    input_rewrites: tuple[Rewrite, ...] = ()
    output_rewrites: tuple[Rewrite, ...] = ()
    context_rewrites: tuple[ContextRewrite, ...] = ()
    number: int | None = None
    """By which deferred parts refer to it; None where none waits for it."""


@dataclass(frozen=True, slots=True)
class Flatten:
    """Run ``node`` on all objects at ``path`` of the data so far and merge its entities into them."""

    path: Path
    node: Fetch


@dataclass(frozen=True, slots=True)
class Sequence:
    """One after the other."""

    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Parallel:
    """All at once; no node reads what another one of them writes."""

    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class ConditionNode:
    """``if_clause`` when the Boolean variable is true, else ``else_clause``."""

    variable: str
    if_clause: Node | None = None
    else_clause: Node | None = None


@dataclass(frozen=True, slots=True)
class SubscriptionNode:
    """Open ``primary`` once; run ``rest`` on the data of each event."""

    primary: Fetch
    rest: Node | None = None


@dataclass(frozen=True, slots=True)
class Deferred:
    """What is delivered after the primary part: ``node`` fetches it, ``selections`` is the client's, from ``path`` on.

    ``depends``: numbers of the fetches outside of the part that it builds on. ``after``: other deferred parts among
    those. ``part`` is that of ``operation.incremental``; ``labels`` those of the @defer directives that share it.
    """

    part: int
    path: Path
    labels: tuple[str, ...]
    depends: tuple[int, ...]
    after: tuple[int, ...]
    selections: Selections
    node: Node | None


@dataclass(frozen=True, slots=True)
class Streamed:
    """A list whose items after the first ``initial`` (a number, or a variable's name) are delivered later.

    ``node``: the fetches below the list, run once for the first items and once for each batch of the others.
    """

    number: int
    part: int
    path: Path
    label: str | None
    initial: int | str
    node: Node | None


@dataclass(frozen=True, slots=True)
class Defer:
    """Top of an incremental plan: ``primary`` is delivered at once, the deferred parts and streams after it."""

    selections: Selections
    primary: Node | None
    deferred: tuple[Deferred, ...]
    streamed: tuple[Streamed, ...]


Node = Fetch | Flatten | Sequence | Parallel | ConditionNode | SubscriptionNode | Defer


@dataclass(frozen=True, slots=True)
class QueryPlan:
    """``node`` is None when the router answers alone (introspection, root ``__typename``)."""

    node: Node | None
