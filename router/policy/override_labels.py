"""Progressive ``@override``: which labels are on for one request (Federation 2.7, ``@override(from:, label:)``).

A label's *share* is the percentage of requests it is on for: n for ``percent(n)``, 0 for any other label, unless the
settings or the embedder's hook say otherwise. One draw a request decides for all labels, so the sets that occur are
nested: n labels make at most n + 1 plans of an operation, not 2^n (docs/adr/0019-one-draw-a-request.md).
"""

from __future__ import annotations

import logging
import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from graphql import GraphQLInterfaceType, GraphQLObjectType, get_named_type, is_abstract_type

from router.caller import Caller
from router.federation.join_metadata import FieldJoin
from router.federation.supergraph import Supergraph
from router.operation.model import InlineFragment, Operation
from router.planner.selections import Selections, read_field_set

logger = logging.getLogger(__name__)

Labels = frozenset[str]
Share = bool | float
"""On for this percentage of requests; ``True`` is 100, ``False`` is 0."""

LabelHook = Callable[[Caller, Labels], Mapping[str, Share]]
"""(caller, all labels of the supergraph) → the shares it decides; the settings decide the others. It must not wait."""

NO_LABELS: Labels = frozenset()
_PERCENT = re.compile(r"percent\(([0-9.]+)\)")


@dataclass(frozen=True, slots=True)
class OverrideLabels:
    """Decides for each request. ``shares``: those of the settings; ``draw``: random numbers in [0, 1)."""

    shares: Mapping[str, Share] = field(default_factory=dict)
    hook: LabelHook | None = None
    draw: Callable[[], float] = random.random

    def active(self, labels: Labels, caller: Caller) -> Labels:
        """Those of ``labels`` that are on for one request. A hook that fails decides nothing."""
        if not labels:
            return NO_LABELS
        point = self.draw() * 100
        decided = self._decided(labels, caller)
        return frozenset(label for label in labels if point < self._share(label, decided))

    def always(self, labels: Labels) -> Labels:
        """Those of ``labels`` that are on for every request, as far as the settings say."""
        return frozenset(label for label in labels if self._share(label, {}) == 100)

    def _share(self, label: str, decided: Mapping[str, float]) -> float:
        if label in decided:
            return decided[label]
        return percentage(self.shares[label]) if label in self.shares else _own_share(label)

    def _decided(self, labels: Labels, caller: Caller) -> Mapping[str, float]:
        if self.hook is None:
            return {}
        try:
            return {label: percentage(share) for label, share in self.hook(caller, labels).items()}
        except Exception:
            logger.exception("the hook for override labels failed; the settings decide")
            return {}


def percentage(share: Share) -> float:
    """A share as a number from 0 to 100. Raises ``ValueError`` for what is none."""
    if isinstance(share, bool):
        return 100.0 if share else 0.0
    if not isinstance(share, int | float) or not 0 <= share <= 100:
        raise ValueError(f"true, false or a percentage from 0 to 100, not {share!r}")
    return float(share)


def _own_share(label: str) -> float:
    written = _PERCENT.fullmatch(label)
    return float(written[1]) if written else 0.0


@lru_cache(maxsize=16)
def labels_of(supergraph: Supergraph) -> Labels:
    """All labels of a supergraph."""
    return frozenset(
        join.override_label
        for joins in supergraph.joins.values()
        for field_joins in joins.fields.values()
        for join in field_joins
        if join.override_label is not None
    )


def labels_met(operation: Operation, supergraph: Supergraph) -> Labels:
    """The labels on which a plan of this operation can depend.

    They stand at fields it selects, at fields those require or read from a context, and at keys of the types it meets.
    """
    if not labels_of(supergraph):
        return NO_LABELS
    walk = _Walk(supergraph)
    walk.selections(operation.root_type, operation.selections)
    return frozenset(walk.labels)


class _Walk:
    def __init__(self, supergraph: Supergraph) -> None:
        self._supergraph = supergraph
        self._types: set[str] = set()
        self._fields: set[tuple[str, str]] = set()
        self.labels: set[str] = set()

    def selections(self, parent: str, selections: Selections) -> None:
        for selection in selections:
            if isinstance(selection, InlineFragment):
                self.selections(selection.type_condition or parent, selection.selections)
            elif not selection.name.startswith("__"):
                for standing in self._standing_for(parent):
                    self._field(standing, selection.name)
                named = self._supergraph.schema.type_map[parent]
                if selection.selections and isinstance(named, GraphQLObjectType | GraphQLInterfaceType):
                    below = get_named_type(named.fields[selection.name].type).name
                    self._keys(below)
                    self.selections(below, selection.selections)

    def _field(self, type_name: str, name: str) -> None:
        joins = self._supergraph.joins.get(type_name)
        if joins is None or (type_name, name) in self._fields:
            return
        self._fields.add((type_name, name))
        for join in joins.fields.get(name, ()):
            if join.override_label is not None:
                self.labels.add(join.override_label)
            self._needs(type_name, join)

    def _needs(self, type_name: str, join: FieldJoin) -> None:
        if join.requires:
            self.selections(type_name, read_field_set(join.requires))
        for argument in join.context_arguments:
            for setter in self._supergraph.contexts.get(argument.context, ()):
                for standing in self._standing_for(setter):
                    self.selections(standing, read_field_set(argument.selection))

    def _keys(self, type_name: str) -> None:
        if type_name in self._types:
            return
        self._types.add(type_name)
        for standing in self._standing_for(type_name):
            joins = self._supergraph.joins.get(standing)
            for join in joins.types.values() if joins is not None else ():
                for key in join.keys:
                    self.selections(standing, read_field_set(key.fields))

    def _standing_for(self, type_name: str) -> tuple[str, ...]:
        """The type, those an object there may have, and interfaces, which may be objects in some subgraph."""
        schema = self._supergraph.schema
        named = schema.type_map[type_name]
        if is_abstract_type(named):
            return (type_name, *(possible.name for possible in schema.get_possible_types(named)))
        if isinstance(named, GraphQLObjectType):
            return (type_name, *(interface.name for interface in named.interfaces))
        return (type_name,)
