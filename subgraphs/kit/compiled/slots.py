"""The exact path: what graphql-core's ``complete_value`` does, for one place of the response at a time.

Emitted code handles the value it expects in line and hands any other to the slot of its place: awaitables, exceptions
that were returned, nulls, values to be coerced, runtime types to be found. Selection sets below are emitted functions
again, so only the surprising value itself takes the slow way.

Slot                      a place: its nullability and the shape of its value
├─ FieldSlot              a field of an object; also knows where it is and how its arguments are made
└─ ItemSlot               an item of a list
Shape                     how a value that is there is completed: Leaf · Listed · Shaped (an object) · Abstract
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import suppress
from types import GeneratorType
from typing import Any

from graphql import (
    FieldNode,
    GraphQLError,
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    Undefined,
    located_error,
)
from graphql.pyutils import inspect, is_iterable

from subgraphs.kit.compiled.arguments import ArgumentMaker
from subgraphs.kit.compiled.info import raw_info
from subgraphs.kit.compiled.running import Link, Pending, Run, is_awaitable, partial, path_of

CAST = "__as_strawberry_type__"
"""The attribute ``strawberry.cast`` leaves on an object."""
_MOST_TYPES = 10_000

ObjectFunction = Callable[[Run, Any, Link], Any]
ListFunction = Callable[[Run, Any, Link], Any]


class KnownTypes(set[type]):
    """Python types whose instances are neither awaitable nor an exception nor null, learned as values pass."""

    def learn(self, type_: type) -> None:
        """Remember ``type_`` if that is a fact of the class, which no instance can change."""
        if len(self) >= _MOST_TYPES:
            self.clear()
        if is_plain(type_):
            self.add(type_)


def is_plain(type_: type) -> bool:
    """Whether no instance of the class is awaitable, an exception or null."""
    if type_ is type(None) or type_ is type(Undefined) or issubclass(type_, BaseException | GeneratorType):
        return False
    for base in type_.__mro__[:-1]:
        names = base.__dict__
        if "__await__" in names or "__getattr__" in names or "__getattribute__" in names or "__class__" in names:
            return False
    return True


class Shape:
    """How a value that is not null is completed."""

    __slots__ = ()

    def complete(self, run: Run, value: Any, link: Link, slot: Slot) -> Any:
        """The completed value or a Pending; raises what ends the place."""
        raise NotImplementedError


class Leaf(Shape):
    """A scalar or enum."""

    __slots__ = ("coerce", "name")

    def __init__(self, name: str, coerce: Callable[[Any], Any]) -> None:
        self.name = name
        self.coerce = coerce

    def complete(self, run: Run, value: Any, link: Link, slot: Slot) -> Any:
        run.plan.known.learn(type(value))
        return self.checked(self.coerce(value), value)

    def checked(self, coerced: Any, value: Any) -> Any:
        """The coerced value; null is none. Raises TypeError."""
        if coerced is None or coerced is Undefined:
            raise TypeError(
                f"Expected `{self.name}.coerce_output_value({inspect(value)})`"
                f" to return non-nullable value, returned: {inspect(coerced)}"
            )
        return coerced


class Listed(Shape):
    """A list; ``run_list`` is the emitted loop over its items."""

    __slots__ = ("item", "run_list")

    def __init__(self, item: ItemSlot) -> None:
        self.item = item
        self.run_list: ListFunction | None = None

    def complete(self, run: Run, value: Any, link: Link, slot: Slot) -> Any:
        if not run.sync and hasattr(value, "__aiter__"):
            return run.defer(self._iterate(run, value.__aiter__(), link), _with_late, slot, link)
        if not is_iterable(value):
            raise GraphQLError(
                f"Expected Iterable, but did not find one for field '{slot.field.parent}.{slot.field.name}'."
            )
        return self.run_list(run, value if type(value) is list else iter(value), link)  # type: ignore[misc]

    async def _iterate(self, run: Run, items: AsyncIterator[Any], link: Link) -> Any:
        done: list[Any] = []
        held: list[Pending] | None = None
        late: list[Pending] = []
        item_slot = self.item
        try:
            while True:
                place = (link, len(done), None)
                try:
                    item = await anext(items)
                except StopAsyncIteration:
                    break
                except Exception as error:
                    raise item_slot.located(error, link) from error
                begun = len(run.fresh)
                try:
                    item = item_slot.settle(run, item, place)
                    if type(item) is Pending:
                        held = item_slot.hold(held, item, len(done))
                        item = item.data
                except Exception as error:
                    item_slot.fail(run, error, place)
                    item = None
                finally:
                    # Not to be started before this list has its place in the response.
                    late += run.fresh[begun:]
                    del run.fresh[begun:]
                done.append(item)
        except Exception:
            run.settle(pending.awaitable for pending in late if pending.awaitable is not None)
            close = getattr(items, "aclose", None)
            if close is not None:
                with suppress(Exception):
                    await close()
            raise
        return done, held, late


def _with_late(run: Run, iterated: Any) -> Any:
    done, held, late = iterated
    run.fresh += late
    return done if held is None else partial(run, done, held)


class Shaped(Shape):
    """An object type; ``run_object`` is the emitted function of the selection set."""

    __slots__ = ("check", "is_class_check", "known", "run_object", "type")

    def __init__(self, type_: GraphQLObjectType, known: KnownTypes, is_class_check: bool) -> None:
        self.type = type_
        self.check = type_.is_type_of
        self.is_class_check = is_class_check
        self.known = known
        self.run_object: ObjectFunction | None = None

    def complete(self, run: Run, value: Any, link: Link, slot: Slot) -> Any:
        if self.check is not None:
            if type(value) in self.known and getattr(value, CAST, None) is None:
                return self.run_object(run, value, link)  # type: ignore[misc]
            fits = self.check(value, raw_info(run, slot.field, slot.field_parent(link)))
            if is_awaitable(fits):
                return run.defer(fits, lambda run, fits: self._enter(run, fits, value, link, slot), slot, link)  # type: ignore[arg-type]
            return self._enter(run, fits, value, link, slot)
        self.known.learn(type(value))
        return self.run_object(run, value, link)  # type: ignore[misc]

    def _enter(self, run: Run, fits: Any, value: Any, link: Link, slot: Slot) -> Any:
        if not fits:
            raise GraphQLError(f"Expected value of type '{self.type}' but got: {inspect(value)}.", slot.nodes)
        if self.is_class_check and getattr(value, CAST, None) is None:
            self.known.learn(type(value))
        return self.run_object(run, value, link)  # type: ignore[misc]


class Abstract(Shape):
    """An interface or union. ``by_class`` holds the emitted function for the classes whose type their class decides."""

    __slots__ = ("by_class", "decides", "resolve", "schema", "shapes", "type")

    def __init__(
        self,
        type_: Any,
        schema: GraphQLSchema,
        shapes: dict[str, Shaped],
        resolve: Callable[..., Any],
        decides: Callable[[type], bool],
    ) -> None:
        self.type = type_
        self.schema = schema
        self.shapes = shapes
        self.resolve = resolve
        self.decides = decides
        self.by_class: dict[type, ObjectFunction] = {}

    def complete(self, run: Run, value: Any, link: Link, slot: Slot) -> Any:
        enter = self.by_class.get(type(value))
        if enter is not None and getattr(value, CAST, None) is None:
            return enter(run, value, link)
        named = self.resolve(value, raw_info(run, slot.field, slot.field_parent(link)), self.type)
        if is_awaitable(named):
            return run.defer(named, lambda run, named: self._enter(run, named, value, link, slot), slot, link)
        shape = self._shape(named, value, slot)
        completed = shape.complete(run, value, link, slot)
        if (shape.check is None or shape.is_class_check) and self.decides(type(value)) and is_plain(type(value)):
            self._remember(value, shape)
        return completed

    def _remember(self, value: Any, shape: Shaped) -> None:
        if getattr(value, CAST, None) is None and len(self.by_class) < _MOST_TYPES:
            self.by_class[type(value)] = shape.run_object  # type: ignore[assignment]

    def _enter(self, run: Run, named: Any, value: Any, link: Link, slot: Slot) -> Any:
        return self._shape(named, value, slot).complete(run, value, link, slot)

    def _shape(self, named: Any, value: Any, slot: Slot) -> Shaped:
        abstract, field = self.type, f"{slot.field.parent}.{slot.field.name}"
        if named is None:
            raise GraphQLError(
                f"Abstract type '{abstract}' must resolve to an Object type at runtime for field '{field}'."
                f" Either the '{abstract}' type should provide a 'resolve_type' function or each possible type should"
                " provide an 'is_type_of' function.",
                slot.nodes,
            )
        if not isinstance(named, str):
            raise GraphQLError(
                f"Abstract type '{abstract}' must resolve to an Object type at runtime for field '{field}'"
                f" with value {inspect(value)}, received '{inspect(named)}', which is not a valid Object type name.",
                slot.nodes,
            )
        shape = self.shapes.get(named)
        if shape is not None:
            return shape
        type_ = self.schema.get_type(named)
        if type_ is None:
            raise GraphQLError(
                f"Abstract type '{abstract}' was resolved to a type '{named}' that does not exist inside the schema.",
                slot.nodes,
            )
        if not isinstance(type_, GraphQLObjectType):
            raise GraphQLError(f"Abstract type '{abstract}' was resolved to a non-object type '{named}'.", slot.nodes)
        raise GraphQLError(f"Runtime Object type '{named}' is not a possible type for '{abstract}'.", slot.nodes)


class Slot:
    """A place of the response: whether it may be null, and the shape of its value."""

    __slots__ = ("field", "nodes", "nullable", "shape")

    field: FieldSlot
    nodes: list[FieldNode]

    def __init__(self, nullable: bool, shape: Shape) -> None:
        self.nullable = nullable
        self.shape = shape

    def field_parent(self, link: Link) -> Link:
        """The link of the object whose field this place belongs to, from the link of the place."""
        while link is not None and not isinstance(link[1], str):
            link = link[0]
        return None if link is None else link[0]

    def finish(self, run: Run, value: Any, link: Link) -> Any:
        """Complete a value that is not to be awaited (again). ``link`` is that of the place."""
        if isinstance(value, Exception):
            raise value
        if value is None or value is Undefined:
            if self.nullable:
                return None
            raise TypeError(f"Cannot return null for non-nullable field {self.field.parent}.{self.field.name}.")
        return self.shape.complete(run, value, link, self)

    def located(self, error: Exception, link: Link) -> GraphQLError:
        """The error with its place in document and response."""
        return located_error(error, self.nodes, path_of(link))

    def _settle(self, run: Run, value: Any, link: Link) -> Any:
        if is_awaitable(value):
            return run.defer(value, None, self, link)
        return self.finish(run, value, link)

    def _fail(self, run: Run, error: Exception, link: Link) -> None:
        located = self.located(error, link)
        if not self.nullable:
            run.broken = True
            raise located
        run.errors.append(located)


class FieldSlot(Slot):
    """A field of an object, by its response key. The links it is given are those of the object."""

    __slots__ = ("arguments", "definition", "key", "name", "parent", "parent_name", "strawberry_field")

    def __init__(
        self,
        key: str,
        parent: GraphQLObjectType,
        definition: GraphQLField,
        nodes: Sequence[FieldNode],
        nullable: bool,
        shape: Shape,
        arguments: ArgumentMaker,
    ) -> None:
        super().__init__(nullable, shape)
        self.key = key
        self.name = nodes[0].name.value
        self.parent = parent
        self.parent_name = parent.name
        self.definition = definition
        self.nodes = list(nodes)
        self.field = self
        self.arguments = arguments
        self.strawberry_field: Any = definition.extensions.get("strawberry-definition")

    def link(self, at: Link) -> Link:
        """The link of this field of the object at ``at``."""
        return (at, self.key, self.parent_name)

    def settle(self, run: Run, value: Any, at: Link) -> Any:
        """Complete whatever the resolver gave: the value, a Pending, or an exception raised."""
        return self._settle(run, value, self.link(at))

    def defer(self, run: Run, awaitable: Any, at: Link) -> Pending:
        """A Pending for what an async resolver gave."""
        return run.defer(awaitable, None, self, (at, self.key, self.parent_name))

    def fail(self, run: Run, error: Exception, at: Link) -> None:
        """Record the error and leave null, or raise it located where the field may not be null."""
        self._fail(run, error, self.link(at))

    def hold(self, held: list[Pending] | None, pending: Pending) -> list[Pending]:
        """Keep a Pending for the object under construction."""
        pending.key = self.key
        pending.nullable = self.nullable
        if held is None:
            return [pending]
        held.append(pending)
        return held


class ItemSlot(Slot):
    """An item of a list. The links it is given are those of the item."""

    __slots__ = ()

    def settle(self, run: Run, value: Any, at: Link) -> Any:
        """Complete an item: the value, a Pending, or an exception raised."""
        return self._settle(run, value, at)

    def fail(self, run: Run, error: Exception, at: Link, items: Iterable[Any] = ()) -> None:
        """Record the error and leave null; or raise it, and let awaitables among the rest of ``items`` settle."""
        try:
            self._fail(run, error, at)
        except GraphQLError:
            rest = items[at[1] + 1 :] if at is not None and isinstance(items, list) else items  # type: ignore[operator]
            with suppress(Exception):
                run.settle([item for item in rest if is_awaitable(item)])
            raise

    def hold(self, held: list[Pending] | None, pending: Pending, index: int) -> list[Pending]:
        """Keep a Pending for the list under construction."""
        pending.key = index
        pending.nullable = self.nullable
        if held is None:
            return [pending]
        held.append(pending)
        return held
