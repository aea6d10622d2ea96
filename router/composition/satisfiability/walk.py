"""Every path through the supergraph, walked in all subgraphs at once.

A state is a type of the supergraph with all the places a query may then stand in the subgraphs. A state with at least
the places of one seen before can do whatever that one could, so it need not be walked again; with that, the walk is
over states, not over paths.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from router.composition.model import ABSTRACT, Field, Kind, Schema, applications, has
from router.composition.satisfiability.places import FieldStep, Place, Places
from router.composition.satisfiability.reach import Reach
from router.composition.types import base
from router.federation.field_sets import FragmentSelection, parse_field_set


@dataclass(frozen=True, slots=True)
class Cast:
    """A path's step from an abstract type to one of its object types."""

    source: str
    target: str


Step = Field | Cast


@dataclass(frozen=True, slots=True)
class Standing:
    """A place with the contexts set on the way there: (context, whether its value can be had)."""

    place: Place
    contexts: frozenset[tuple[str, bool]] = frozenset()


@dataclass(frozen=True, slots=True)
class State:
    """``labels``: which sides of progressive overrides this path has taken; ``path`` from the root, last step last."""

    type: str
    standings: frozenset[Standing]
    labels: Mapping[str, bool] = field(default_factory=dict)
    path: tuple[Step, ...] = ()
    operation: str = "query"
    mutation: tuple[str, str] | None = None
    """(field, subgraph) when several subgraphs have the mutation: such a field is called in one of them only."""

    @property
    def is_top(self) -> bool:
        return not self.path


@dataclass(slots=True)
class DeadEnd:
    """A step that no subgraph can take from where the query stands; ``path`` ends with it."""

    operation: str
    path: tuple[Step, ...]
    standings: frozenset[Standing]
    mutation: tuple[str, str] | None = None


class TooManyPaths(Exception):
    """More ways are open than the caller allows."""

    def __init__(self, count: int) -> None:
        super().__init__(f"Maximum number of validation subgraph paths exceeded: {count}")


@dataclass(slots=True)
class Walk:
    """One walk; ``on_step`` sees every state reached by a field of an abstract type that subgraphs share."""

    places: Places
    max_paths: int
    on_step: Callable[[State, Field], bool]
    reach: Reach = field(init=False)
    dead_ends: list[DeadEnd] = field(default_factory=list)
    shared_mutations: dict[str, set[str]] = field(default_factory=dict)
    _seen: dict[tuple[str, tuple[str, str] | None], list[State]] = field(default_factory=dict)
    _stack: list[State] = field(default_factory=list)
    _open: int = 0
    _needs: Mapping[tuple[str, str], tuple[str, ...]] = field(init=False)

    def __post_init__(self) -> None:
        self.reach = Reach(self.places)
        self._needs = context_needs(self.places)

    def run(self) -> None:
        """Walk all; raises TooManyPaths."""
        for operation, root in self.places.merged.schema.roots.items():
            if not self._shown(root):
                continue
            standings = frozenset(Standing(place) for place in self.places.roots(operation))
            self._push(State(root, standings, operation=operation))
        while self._stack:
            state = self._stack.pop()
            self._open -= len(state.standings)
            if not self._is_covered(state):
                for step, labels in self._steps(state):
                    self._take(state, step, labels)

    def _push(self, state: State) -> None:
        self._stack.append(state)
        self._open += len(state.standings)
        if self._open > self.max_paths:
            raise TooManyPaths(self._open)

    def _is_covered(self, state: State) -> bool:
        seen = self._seen.setdefault((state.type, state.mutation), [])
        for before in seen:
            if before.standings <= state.standings and before.labels.items() <= state.labels.items():
                return True
        seen.append(state)
        return False

    @property
    def _schema(self) -> Schema:
        return self.places.merged.schema

    def _shown(self, name: str) -> bool:
        hidden = self.places.m.directives.inaccessible
        return hidden is None or not has(self._schema.types[name], hidden)

    def _steps(self, state: State) -> Iterator[tuple[Step, Mapping[str, bool]]]:
        """What clients can write next, with the sides of overrides that go with it."""
        owner = self._schema.types[state.type]
        hidden = self.places.m.directives.inaccessible
        if owner.kind in ABSTRACT:
            for name in self._schema.runtime_types(state.type):
                if self._shown(name):
                    yield Cast(state.type, name), state.labels
            return
        for output in owner.fields.values():
            if hidden is not None and has(output, hidden):
                continue
            label = self._label(output)
            sides = (None,) if label is None else (True, False)
            for side in sides:
                if side is None or label is None:
                    yield output, state.labels
                elif state.labels.get(label, side) is side:
                    yield output, {**state.labels, label: side}

    def _label(self, output: Field) -> str | None:
        labels = (each.arguments.get("overrideLabel") for each in applications(output, "join__field"))
        return next((str(label) for label in labels if label is not None), None)

    def _take(self, state: State, step: Step, labels: Mapping[str, bool]) -> None:
        path = (*state.path, step)
        if isinstance(step, Cast):
            reached = self._cast(state, step)
            if reached is None:
                return
            name = step.target
        else:
            reached = self._field(state, step, labels)
            name = base(step.type)
        if not reached:
            self.dead_ends.append(DeadEnd(state.operation, path, state.standings, state.mutation))
            return
        after = State(name, frozenset(reached), labels, path, state.operation, state.mutation)
        if isinstance(step, Field):
            if self._schema.kind(name) in ABSTRACT and not self.on_step(after, step):
                return
            if self._schema.kind(name) in (Kind.SCALAR, Kind.ENUM):
                return
            if state.is_top and state.operation == "mutation":
                self._push_partitions(step, after)
                return
        self._push(after)

    def _push_partitions(self, step: Field, after: State) -> None:
        subgraphs = dict.fromkeys(each.place.subgraph for each in after.standings)
        if len(subgraphs) < 2:
            self._push(after)
            return
        self.shared_mutations.setdefault(step.coordinate, set()).update(subgraphs)
        for name in subgraphs:
            standings = frozenset(each for each in after.standings if each.place.subgraph == name)
            self._push(replace(after, standings=standings, mutation=(step.coordinate, name)))

    def _ways(self, state: State, standing: Standing, holders: frozenset[str] | None = None) -> list[Place]:
        """Here, and wherever keys lead; at the top every subgraph has its own root already. Only in ``holders``."""
        others = () if state.is_top else self.reach.others(standing.place)
        ways = [standing.place, *others]
        if holders is not None:
            ways = [place for place in ways if place.subgraph in holders]
        return sorted(ways, key=lambda place: (place is not standing.place, place.subgraph, place.type))

    def _cast(self, state: State, step: Cast) -> set[Standing] | None:
        """None when some subgraph shows that no such object can be here, so that nothing of it will be asked."""
        schema, reached = self._schema, set()
        for standing in state.standings:
            place = standing.place
            on_object = self.places.schema(place).kind(place.type) is Kind.OBJECT
            concrete = schema.kind(step.source) is Kind.INTERFACE and on_object
            if not concrete and step.target not in self.places.runtime_types(place):
                return None
        for standing in state.standings:
            for place in self._ways(state, standing):
                narrowed = self._narrowed(place, step.target)
                if narrowed is not None:
                    reached.add(replace(standing, place=narrowed))
        return reached

    def _narrowed(self, place: Place, name: str) -> Place | None:
        if self.places.is_interface_object(place) and place.type != name:
            known = name in self._schema.runtime_types(place.type)
            return replace(place, keyed=False) if known and self.knows_type(place) else None
        return self.places.cast(place, name)

    def knows_type(self, place: Place) -> bool:
        """Whether another subgraph can tell what an interface object really is."""
        return self.reach.satisfies(place, parse_field_set("__typename"))

    def _field(self, state: State, output: Field, labels: Mapping[str, bool]) -> set[Standing]:
        reached: set[Standing] = set()
        leaf = self._schema.kind(base(output.type)) in (Kind.SCALAR, Kind.ENUM)
        holders = self.places.holders.get(output.name, frozenset())
        for standing in state.standings:
            for place in self._ways(state, standing, holders):
                taken = self.take_field(place, standing, output, labels)
                if taken is not None:
                    contexts = self._contexts(standing, place, output.parent)
                    reached.add(Standing(taken.to, contexts))
                    if leaf:
                        break
        return reached

    def take_field(
        self, place: Place, standing: Standing, output: Field, labels: Mapping[str, bool]
    ) -> FieldStep | None:
        """The step, if the field can be taken here with all that it needs."""
        narrowed = place if self.places.is_interface_object(place) else self.places.cast(place, output.parent)
        step = self.places.field(narrowed, output.name) if narrowed is not None else None
        if narrowed is None or step is None:
            return None
        if step.label is not None and labels.get(step.label[0]) is not step.label[1]:
            return None
        if step.contexts:
            given = dict(standing.contexts)
            if not all(given.get(f"{need.context} {need.selection}", False) for need in step.contexts):
                return None
            if not self.places.has_local_key(narrowed):
                return None
        return step if self.reach.can_take(narrowed, step) else None

    def _contexts(self, standing: Standing, place: Place, parent: str) -> frozenset[tuple[str, bool]]:
        """The contexts below, those set by the object just left replacing those of objects further up."""
        contexts = dict(standing.contexts)
        for (context, selection), setters in self._needs.items():
            if not any(self._is_within(parent, setter) for setter in setters):
                continue
            kept = tuple(
                each
                for each in parse_field_set(selection)
                if not isinstance(each, FragmentSelection) or each.type_condition in (None, parent)
            )
            contexts[f"{context} {selection}"] = self.reach.satisfies(place, kept)
        return frozenset(contexts.items())

    def _is_within(self, parent: str, setter: str) -> bool:
        return parent == setter or self.places.m.is_direct_subtype(setter, parent)


def context_needs(places: Places) -> Mapping[tuple[str, str], tuple[str, ...]]:
    """(context, selection) as fields need them → the types that set the context."""
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for subgraph in places.m.subgraphs:
        for owner in subgraph.schema.of_kind(Kind.OBJECT) if subgraph.contexts else ():
            for name in owner.fields:
                step = places.field(Place(subgraph.name, owner.name), name)
                for need in step.contexts if step else ():
                    setters = subgraph.contexts.get(need.context.removeprefix(f"{subgraph.name}__"), ())
                    found[need.context, need.selection] = setters
    return found
