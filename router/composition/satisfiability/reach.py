"""From a place, which other subgraphs can be reached for the same object, and which selections can be had.

Both questions ask for each other: a key takes you on when its fields can be had, and fields can be had where keys take
you. The answer is the least set that explains itself, found by growing it until nothing changes, so it costs polynomial
time whatever the subgraphs look like, and no key is ever explained by itself.
"""

from __future__ import annotations

from collections.abc import Iterable

from router.composition.model import ABSTRACT, Kind
from router.composition.satisfiability.places import FieldStep, KeyStep, Place, Places
from router.federation.field_sets import FieldSelection, FragmentSelection, Selection, Selections


class Reach:
    """Answers are kept; one Reach serves one supergraph."""

    def __init__(self, places: Places) -> None:
        self.places = places
        self._reached: dict[Place, set[Place]] = {}
        self._growing: list[Place] = []
        self._satisfied: dict[tuple[Place, Selections], bool] = {}
        self._needed: set[tuple[Place, str]] = set()
        """Fields whose ``@requires`` are being looked into."""

    def others(self, place: Place) -> frozenset[Place]:
        """The places of the same object in other subgraphs that keys lead to."""
        if place not in self._reached:
            self._settle(place)
        return frozenset(self._reached[place])

    def satisfies(self, place: Place, selections: Selections) -> bool:
        """Whether everything selected can be had, starting here and going wherever keys lead."""
        asked = (place, selections)
        if asked not in self._satisfied:
            # Settle first: while sets still grow an answer is only for now.
            self._growing = []
            answer = self._have([place], selections)
            while self._growing:
                self._grow()
                answer = self._have([place], selections)
            self._satisfied[asked] = answer
        return self._satisfied[asked]

    def can_take(self, place: Place, step: FieldStep) -> bool:
        """Whether the ``@requires`` of a field can be met, and the object found again afterwards."""
        if step.requires is None:
            return True
        return self.satisfies(place, step.requires) and self.can_come_back(place)

    def can_come_back(self, place: Place) -> bool:
        return place.keyed or self.places.has_local_key(place)

    def _settle(self, place: Place) -> None:
        self._growing = []
        self._ask(place)
        while self._growing:
            self._grow()

    def _ask(self, place: Place) -> set[Place]:
        """What is reached from a place as far as is known; a place not asked about before joins those that grow."""
        if place not in self._reached:
            self._reached[place] = set()
            self._growing.append(place)
        return self._reached[place]

    def _grow(self) -> None:
        """Go round until no set grows; sets settled earlier depend on none of these and stay."""
        changed = True
        while changed:
            changed = False
            before = len(self._growing)
            for place in list(self._growing):
                changed |= self._extend(place)
            changed |= len(self._growing) > before
        self._growing = []

    def _extend(self, place: Place) -> bool:
        reached = self._reached[place]
        size = len(reached)
        for start in [place, *reached]:
            for step in self.places.keys(start):
                if step.to.subgraph != place.subgraph and step.to not in reached and self._can_move(start, step):
                    reached.add(step.to)
        return len(reached) > size

    def _can_move(self, start: Place, step: KeyStep) -> bool:
        return not step.key or self._have([start], step.key)

    def _have(self, starts: Iterable[Place], selections: Selections) -> bool:
        places = list(starts)
        return all(self._have_one(places, selection) for selection in selections)

    def _have_one(self, starts: list[Place], selection: Selection, *, behind_interface: bool = False) -> bool:
        if isinstance(selection, FragmentSelection):
            if selection.type_condition is None:
                return self._have(starts, selection.selections)
            return self._have_cast(starts, selection.type_condition, selection.selections)
        if not isinstance(selection, FieldSelection):
            return False
        nested: list[Place] = []
        for start in starts:
            for place in (start, *self._ask(start)):
                if not behind_interface and self._have_exploded(place, selection):
                    return True
                step = self.places.field(place, selection.name)
                # A condition is met always or never, so not by a field that may be elsewhere tomorrow.
                if step is None or step.label is not None or step.contexts:
                    continue
                if not self._may_take(place, step, selection.name):
                    continue
                if selection.selections is None:
                    return True
                nested.append(step.to)
        return bool(nested) and self._have(nested, selection.selections or ())

    def _may_take(self, place: Place, step: FieldStep, name: str) -> bool:
        """As ``can_take`` while sets grow; a field that needs itself, by whatever detour, cannot be had."""
        if step.requires is None:
            return True
        asked = (place, name)
        if asked in self._needed:
            return False
        self._needed.add(asked)
        try:
            return self._have([place], step.requires) and self.can_come_back(place)
        finally:
            self._needed.discard(asked)

    def _have_exploded(self, place: Place, selection: FieldSelection) -> bool:
        """A field an interface does not offer as a whole, asked of each type behind it."""
        schema = self.places.schema(place)
        if schema.kind(place.type) is not Kind.INTERFACE or self.places.field(place, selection.name) is not None:
            return False
        casts = [self.places.cast(place, name) for name in schema.runtime_types(place.type)]
        known = [cast for cast in casts if cast is not None]
        # Where one of these types leads back to an interface, its own key leads to the type there as well.
        return bool(known) and all(self._have_one([cast], selection, behind_interface=True) for cast in known)

    def _have_cast(self, starts: list[Place], condition: str, selections: Selections) -> bool:
        """Under a type condition: the types it names, of which there must be some, each with all that is selected."""
        found: list[Place] = []
        for start in starts:
            schema = self.places.schema(start)
            names = self.places.merged.schema.runtime_types(condition)
            if start.type == condition or start.type in names:
                found.append(start)
            elif self.places.is_interface_object(start):
                if self._have_one([start], FieldSelection("__typename")):
                    found.append(start)
            elif schema.kind(start.type) in ABSTRACT:
                local = [name for name in schema.runtime_types(start.type) if name in names]
                casts = [cast for name in local if (cast := self.places.cast(start, name)) is not None]
                if casts and self._have_each(casts, selections):
                    return True
        return bool(found) and self._have(found, selections)

    def _have_each(self, casts: list[Place], selections: Selections) -> bool:
        """The selections on every object type behind an abstract one; a condition among them must name at least one."""
        for selection in selections:
            if not isinstance(selection, FragmentSelection):
                if not all(self._have_one([cast], selection) for cast in casts):
                    return False
                continue
            condition = selection.type_condition
            names = {condition, *self.places.merged.schema.runtime_types(condition or "")}
            named = casts if condition is None else [cast for cast in casts if cast.type in names]
            if not named or not self._have_each(named, selection.selections):
                return False
        return True
