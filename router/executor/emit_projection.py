"""Emit projection: one function an object shape, one dict display a selection set, in the client's order.

The code takes data to be as the schema promises. A missing key, an object where none may be missing, an unknown type or
enum value raises one of ``runtime.SURPRISES``, and the interpreted projection starts anew; where none is raised both
give the same bytes (tests/router/executor/test_projection_equal.py).
"""

from __future__ import annotations

from collections.abc import Sequence

from graphql import GraphQLList, GraphQLNonNull, GraphQLOutputType

from router.executor.fetches import keys_of
from router.executor.shape import Shape, Slot
from router.executor.source import SourceWriter
from router.planner.nodes import Path


class ValueEmitter:
    """The expressions of values, for whoever knows where they are read and how an object in a slot is projected."""

    def __init__(self, writer: SourceWriter) -> None:
        self._writer = writer
        self._enums: dict[frozenset[str], str] = {}

    def call(self, slot: Slot) -> str:
        """The format of the expression that projects an object in the slot."""
        raise NotImplementedError

    def checked_display(self, slots: Sequence[Slot], values: Sequence[tuple[str, bool]]) -> str:
        """Write the checks for null that ``values`` ask for; the dict display of all."""
        must = [
            (f"(x{number} := {value[0]})", f"x{number}") if value[1] else (None, value[0])
            for number, value in enumerate(values)
        ]
        checks = [test for test, _ in must if test is not None]
        if checks:
            with self._writer.block(f"if {' or '.join(f'{test} is None' for test in checks)}:"):
                self._writer.line("raise TypeError('null in a non-null field')")
        pairs = (f"{slot.response_key!r}: {value}" for slot, (_, value) in zip(slots, must, strict=True))
        return f"{{{', '.join(pairs)}}}"

    def value(self, slot: Slot, wanted: GraphQLOutputType, read: str) -> tuple[str, bool]:
        nullable = not isinstance(wanted, GraphQLNonNull)
        if isinstance(wanted, GraphQLNonNull):
            wanted = wanted.of_type
        if isinstance(wanted, GraphQLList):
            return self._guarded("list_of({})", read, nullable, self._items(slot, wanted.of_type))
        if slot.shape is not None:
            return self._guarded(self.call(slot), read, nullable, None)
        if slot.enum is not None:
            return self._guarded(f"{self._enum(slot.enum)}[{{}}]", read, nullable, None)
        return read, not nullable

    def _items(self, slot: Slot, item: GraphQLOutputType) -> str | None:
        """The expression of one item ``e``; None when items are answered as they are."""
        expression, must_check = self.value(slot, item, "e")
        if must_check:
            return "present(e)"
        return None if expression == "e" else expression

    def _guarded(self, call: str, read: str, nullable: bool, item: str | None) -> tuple[str, bool]:
        if call.startswith("list_of"):
            plain = item is None
            if not nullable:
                return (f"list_of({read})" if plain else f"[{item} for e in list_of({read})]"), False
            held = "n" if read == "e" else "y"
            inner = f"list_of({held})" if plain else f"[{item} for e in list_of({held})]"
            return f"(None if ({held} := {read}) is None else {inner})", False
        if not nullable:
            return call.format(read), False
        if read == "e":
            return f"(None if e is None else {call.format('e')})", False
        return f"(None if (y := {read}) is None else {call.format('y')})", False

    def _enum(self, values: frozenset[str]) -> str:
        name = self._enums.get(values)
        if name is None:
            name = self._enums[values] = f"ENUM_{len(self._enums)}"
            self._writer.constant(name, {value: value for value in sorted(values)})
        return name


class ProjectionEmitter(ValueEmitter):
    """Writes ``project(data, variables)``, and ``project_<n>`` for every shape; ``project_0`` is the root's.

    ``shared``: response paths whose values may be the same list or object at several positions. Such a value is
    projected once a run and remembered by its identity.
    """

    def __init__(self, writer: SourceWriter, shapes: list[Shape], shared: frozenset[Path] = frozenset()) -> None:
        super().__init__(writer)
        self._shapes = shapes
        self._shared = shared
        self._memos = 0

    def call(self, slot: Slot) -> str:
        """The format of the expression that projects an object in the slot."""
        assert slot.shape is not None
        return f"project_{slot.shape.number}({{}}, v)"

    def emit(self) -> None:
        """Write all functions; shapes deeper in the answer come first."""
        writer = self._writer
        for shape in reversed(self._shapes):
            if shape.is_abstract:
                self._abstract(shape)
            else:
                self._object(f"project_{shape.number}", shape.slots[shape.type_name], shape.type_name)
        with writer.block("def project(data, variables):"):
            if not self._memos:
                writer.line("return project_0(data, variables)")
                return
            with writer.block("try:"):
                writer.line("return project_0(data, variables)")
            with writer.block("finally:"):
                for number in range(1, self._memos + 1):
                    writer.line(f"memo_{number}.clear()")

    def _abstract(self, shape: Shape) -> None:
        alike: dict[int, list[str]] = {}
        for type_name, slots in shape.slots.items():
            if type_name != shape.type_name or shape.only_type is None:
                alike.setdefault(id(slots), []).append(type_name)
        table: list[str] = []
        for number, types in enumerate(alike.values()):
            name = f"project_{shape.number}_{number}"
            self._object(name, shape.slots[types[0]], None)
            table.extend(f"{type_name!r}: {name}" for type_name in types)
        writer = self._writer
        if shape.only_type is not None:
            self._object(f"project_{shape.number}_only", shape.slots[shape.only_type], shape.only_type)
            table.append(f"{shape.type_name!r}: project_{shape.number}_only")
        writer.line(f"TYPES_{shape.number} = {{{', '.join(table)}}}")
        writer.line()
        read = f"o.get('__typename', {shape.type_name!r})" if shape.untyped else "o['__typename']"
        with writer.block(f"def project_{shape.number}(o, v):"):
            writer.line(f"return TYPES_{shape.number}[{read}](o, v)")
        writer.line()

    def _object(self, name: str, slots: tuple[Slot, ...], type_name: str | None) -> None:
        writer = self._writer
        values = [self._slot(slot, type_name) for slot in slots]
        with writer.block(f"def {name}(o, v):"):
            writer.line(repr(type_name or "several types"))
            if type_name is not None and not any(
                slot.type is not None and not slot.conditions and not slot.again for slot in slots
            ):
                with writer.block("if type(o) is not dict:"):
                    writer.line("raise TypeError('expected an object')")
            if any(slot.conditions or slot.again for slot in slots):
                writer.line("answer = {}")
                for slot, value in zip(slots, values, strict=True):
                    if slot.conditions or slot.again:
                        with writer.block(f"if {_guard(slot)}:"):
                            self._assign(slot, value)
                    else:
                        self._assign(slot, value)
                writer.line("return answer")
            else:
                writer.line(f"return {self.checked_display(slots, values)}")
        writer.line()

    def _assign(self, slot: Slot, value: tuple[str, bool]) -> None:
        expression, must_check = value
        if must_check:
            with self._writer.block(f"if (x := {expression}) is None:"):
                self._writer.line("raise TypeError('null in a non-null field')")
            expression = "x"
        self._writer.line(f"answer[{slot.response_key!r}] = {expression}")

    def _slot(self, slot: Slot, type_name: str | None) -> tuple[str, bool]:
        """The expression of a slot, and whether its value must still be checked for null."""
        read = f"o[{slot.response_key!r}]"
        if slot.type is None:
            if slot.unknown:
                return "present(None)", False
            if slot.introspected:
                return f"o.get({slot.response_key!r})", False
            return (repr(type_name) if type_name is not None else "o['__typename']"), False
        if slot.refusal is not None:
            raise AssertionError("operations with refusals are projected by interpretation")
        if slot.shape is not None and keys_of(slot.path) in self._shared and "@" in slot.path:
            return self._remembered(slot, slot.type, read)
        return self.value(slot, slot.type, read)

    def _remembered(self, slot: Slot, wanted: GraphQLOutputType, read: str) -> tuple[str, bool]:
        """As ``_value``, for a value met several times; a run does not wait, so the memo may live in the module."""
        nullable = not isinstance(wanted, GraphQLNonNull)
        expression, _ = self.value(slot, wanted if isinstance(wanted, GraphQLNonNull) else GraphQLNonNull(wanted), "o")
        self._memos += 1
        number, writer = self._memos, self._writer
        writer.line(f"memo_{number} = {{}}")
        writer.line()
        with writer.block(f"def remembered_{number}(o, v):"):
            writer.line(f"answer = memo_{number}[id(o)] = {expression}")
            writer.line("return answer")
        writer.line()
        found = f"(memo_{number}.get(id(y := {read})) or remembered_{number}(y, v))"
        if nullable:
            found = f"(None if (y := {read}) is None else memo_{number}.get(id(y)) or remembered_{number}(y, v))"
        return found, False


def _guard(slot: Slot) -> str:
    tests = [f"v.get({each.variable!r}) is {each.expected}" for each in slot.conditions]
    return " and ".join([f"{slot.response_key!r} not in answer", *tests] if slot.again else tests)


def list_of(value: object) -> list[object]:
    """The value itself if it is a list. Raises TypeError for anything else: a string has items too."""
    if type(value) is list:
        return value
    raise TypeError("expected a list")


def present(value: object) -> object:
    """The value itself unless it is null."""
    if value is None:
        raise TypeError("null in a list of non-null items")
    return value
