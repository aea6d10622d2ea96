"""The operation as every later room sees it: frozen, hashable, named fragments gone.

Shapes follow the GraphQL specification, section 2.2 to 2.12 (October 2021 and the current draft).
Argument values stay in GraphQL syntax: the planner moves them between operations, it never reads them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class OperationKind(StrEnum):
    """The three operation types; the value is the keyword in the language."""

    QUERY = "query"
    MUTATION = "mutation"
    SUBSCRIPTION = "subscription"


@dataclass(frozen=True, slots=True)
class Condition:
    """One ``@include`` or ``@skip`` on a variable; conditions on constants are folded away earlier.

    The selection takes part when the variable equals ``expected`` (``True`` for include, ``False`` for skip).
    """

    variable: str
    expected: bool


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument: ``value`` is printed GraphQL (``"$id"``, ``'{kind: PM10}'``), ``variables`` those it uses."""

    name: str
    value: str
    variables: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AppliedDirective:
    """An executable directive other than include and skip, forwarded to the subgraphs that define it."""

    name: str
    arguments: tuple[Argument, ...] = ()


@dataclass(frozen=True, slots=True)
class Field:
    """A selected field. Fields of one response key in one selection set are merged already."""

    response_key: str
    name: str
    arguments: tuple[Argument, ...] = ()
    directives: tuple[AppliedDirective, ...] = ()
    conditions: tuple[Condition, ...] = ()
    selections: tuple[Selection, ...] = ()
    locations: tuple[tuple[int, int], ...] = ()
    """(line, column) of each place in the client's text, both from 1; for error locations."""


@dataclass(frozen=True, slots=True)
class InlineFragment:
    """A group under a type condition and, or, conditions; ``type_condition`` None keeps the parent type."""

    type_condition: str | None
    selections: tuple[Selection, ...]
    conditions: tuple[Condition, ...] = ()
    directives: tuple[AppliedDirective, ...] = ()
    part: int | None = None
    """Which part of an incremental delivery holds this (``operation.incremental``); None: the part around it."""


Selection = Field | InlineFragment


@dataclass(frozen=True, slots=True)
class VariableDefinition:
    """``type`` and ``default`` are printed GraphQL (``"[ID!]!"``, ``'"ko"'``); ``default`` None when absent."""

    name: str
    type: str
    default: str | None = None


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation ready for policy and planning."""

    kind: OperationKind
    name: str | None
    root_type: str
    variables: tuple[VariableDefinition, ...]
    selections: tuple[Selection, ...]
    directives: tuple[AppliedDirective, ...] = ()
