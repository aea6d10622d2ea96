"""Random Strawberry schemas, operations and data: everything a field can be, give and do wrong.

A schema comes of one seed. Data comes of another: what a field gives depends on that seed and the field's place alone,
so two executors see the same world, made anew for each, whatever order they ask in.
"""

from __future__ import annotations

import asyncio
import random
import uuid
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Annotated, Any

import strawberry
from graphql import (
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLUnionType,
    get_named_type,
    is_leaf_type,
)
from strawberry.types.base import StrawberryList, StrawberryOptional


class Colour(Enum):
    RED = "r"
    BLUE = 2


strawberry.enum(Colour)

Halved = strawberry.scalar(name="Halved", serialize=lambda value: value // 2, parse_value=lambda value: value * 2)


class HalvedNumber(int):
    """The Python side of a custom scalar that fails to serialise what is no number."""


LEAVES: tuple[Any, ...] = (str, int, float, bool, strawberry.ID, Colour, date, uuid.UUID, HalvedNumber)
GOOD: dict[Any, tuple[Any, ...]] = {
    str: ("", "word", "긴 글 🚆", 7, True, 1.5),
    int: (0, -1, 2**31 - 1, 3.0, "12", True),
    float: (0.5, -2.25, 3, "4.5", True),
    bool: (True, False, 0, 1.0),
    strawberry.ID: ("a1", 12, uuid.UUID(int=5)),
    Colour: (Colour.RED, Colour.BLUE, "r", 2),
    date: (date(2026, 11, 25),),
    uuid.UUID: (uuid.UUID(int=9),),
    HalvedNumber: (4, 10, 7),
}
BAD: tuple[Any, ...] = (2**40, float("nan"), float("inf"), "no number", b"bytes", object, {}, [], ["x"], ("a",))


class Refused(Exception):
    """What resolvers raise."""


@dataclass(frozen=True)
class Kind:
    """The type of a field as the generator thinks of it."""

    base: Any
    """A leaf type, or the name of an object type, interface or union."""
    wraps: tuple[bool, ...]
    """From the outside in: may it be null; one entry more than it has lists."""


class World:
    """The data behind one execution. ``calm`` worlds never surprise."""

    def __init__(self, seed: int, types: Types, *, is_async: bool, surprises: float) -> None:
        self.seed = seed
        self.types = types
        self.is_async = is_async
        self.surprises = surprises

    def __repr__(self) -> str:
        return f"World({self.seed})"

    def give(self, kind: Kind, place: str, depth: int = 0) -> Any:
        """What is given at a place: mostly what fits, sometimes null, an exception, nonsense or an awaitable."""
        dice = random.Random(f"{self.seed}/{place}")
        chance = dice.random()
        if chance < self.surprises:
            surprise = dice.choice(("null", "raise", "return", "bad", "await", "await"))
            if surprise == "null":
                return None
            if surprise == "raise":
                raise Refused(f"raised at {place}")
            if surprise == "return":
                return Refused(f"returned at {place}")
            if surprise == "bad":
                return dice.choice(BAD)
            if self.is_async:
                return _Later(self, kind, place, depth, dice.randrange(3))
        return self._fitting(kind, place, depth, dice)

    def _fitting(self, kind: Kind, place: str, depth: int, dice: random.Random) -> Any:
        if len(kind.wraps) > depth + 1:
            items = [f"{place}[{index}]" for index in range(dice.choice((0, 1, 2, 3, 3)))]
            made = [self._item(kind, item, depth + 1) for item in items]
            form = dice.random()
            if form < 0.1:
                return tuple(made)
            if form < 0.2:
                return dict.fromkeys(range(len(made)), 0).keys() if dice.random() < 0.2 else _Iterable(made)
            if form < 0.25 and self.is_async:
                return _Slowly(made)
            return made
        if kind.wraps[depth] and dice.random() < 0.1:
            return None
        if isinstance(kind.base, str):
            return self.types.instance(kind.base, self, place, dice)
        return dice.choice(GOOD[kind.base])

    def _item(self, kind: Kind, place: str, depth: int) -> Any:
        try:
            return self.give(kind, place, depth)
        except Refused as refused:
            return refused


@dataclass(eq=False)
class _Later:
    """An awaitable, to be awaited as often as its field is asked for; resolvers give coroutines."""

    world: World
    kind: Kind
    place: str
    depth: int
    turns: int

    def __await__(self) -> Any:
        for _ in range(self.turns):
            yield
        return self.world.give(self.kind, self.place + "~", self.depth)


@dataclass(eq=False)
class _Iterable:
    items: list[Any]

    def __iter__(self) -> Any:
        return (item for item in self.items)


@dataclass(eq=False)
class _Slowly:
    items: list[Any]

    async def __aiter__(self) -> Any:
        for item in self.items:
            await asyncio.sleep(0)
            yield item


class Types:
    """A random schema and how to make instances of its types."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.kinds: dict[tuple[str, str], Kind] = {}
        self.attributes: dict[str, list[str]] = {}
        self.classes: dict[str, Any] = {}
        self.members: dict[str, list[str]] = {}
        objects = [f"T{index}" for index in range(self.dice.randint(2, 4))]
        interfaces = [f"I{index}" for index in range(self.dice.randint(0, 2))]
        self.names = [*objects, *interfaces, "U"]
        self.members["U"] = self.dice.sample(objects, min(2, len(objects)))
        self._scope: dict[str, Any] = {}
        for name in interfaces:
            self.members[name] = []
            self.classes[name] = self._with_properties(strawberry.interface(self._class(name, (), 2)))
        for name in objects:
            bases = tuple(self.classes[i] for i in interfaces if self.dice.random() < 0.6)
            for base in bases:
                self.members[base.__name__].append(name)
            self.classes[name] = self._with_properties(
                strawberry.type(self._class(name, bases, self.dice.randint(3, 6)))
            )
        for name in interfaces:
            if not self.members[name]:
                extra = f"{name}Only"
                self.members[name].append(extra)
                self.classes[extra] = self._with_properties(
                    strawberry.type(self._class(extra, (self.classes[name],), 2))
                )
        self._scope.update(self.classes)
        union = self.members["U"]
        self._scope["U"] = Annotated[
            self.classes[union[0]] | self.classes[union[-1]] if len(union) > 1 else self.classes[union[0]],
            strawberry.union("U"),
        ]
        self.classes["Query"] = strawberry.type(self._class("Query", (), 6))
        self.classes["Mutation"] = strawberry.type(self._class("Mutation", (), 4))
        listed = [self.classes[name] for name in self.classes if name[0] in "TI"]
        self.schema = strawberry.Schema(
            self.classes["Query"],
            self.classes["Mutation"],
            types=listed,
            config=strawberry.schema.config.StrawberryConfig(scalar_map={HalvedNumber: Halved}),
        )

    def instance(self, name: str, world: World, place: str, dice: random.Random) -> Any:
        """An object of a type, or of a member of an abstract type."""
        members = self.members.get(name)
        if members is not None:
            # Now and then one that does not belong.
            name = dice.choice(members if dice.random() > world.surprises else list(self.classes))
            if name in self.members:
                name = self.members[name][0]
        made = object.__new__(self.classes[name])
        made.world, made.place = world, place
        for attribute in self.attributes.get(name, ()):
            kind = self.kinds[name, attribute]
            if isinstance(kind.base, str):
                continue
            try:
                setattr(made, attribute, world.give(kind, f"{place}/{attribute}"))
            except Refused:
                continue
        return made

    def _with_properties(self, made: Any) -> Any:
        """Attributes that are objects are made when they are read: the world has no end."""
        for attribute in self.attributes[made.__name__]:
            kind = self.kinds[made.__name__, attribute]
            if isinstance(kind.base, str):
                setattr(made, attribute, property(_given(kind, attribute)))
        return made

    def _kind(self) -> Kind:
        dice = self.dice
        lists = dice.choice((0, 0, 0, 1, 1, 2))
        base = dice.choice(self.names) if dice.random() < 0.4 else dice.choice(LEAVES)
        return Kind(base, tuple(dice.random() < 0.45 for _ in range(lists + 1)))

    def _annotation(self, kind: Kind, depth: int = 0) -> Any:
        if depth + 1 < len(kind.wraps):
            inner: Any = StrawberryList(self._annotation(kind, depth + 1))
        elif isinstance(kind.base, str):
            inner = Annotated[kind.base, strawberry.lazy(__name__)]
            inner = _Lazy(kind.base, self)
        else:
            inner = kind.base
        return StrawberryOptional(inner) if kind.wraps[depth] else inner

    def _class(self, name: str, bases: tuple[Any, ...], fields: int) -> type:
        dice = self.dice
        annotations: dict[str, Any] = {}
        namespace: dict[str, Any] = {"__annotations__": annotations, "__module__": __name__}
        self.attributes[name] = [a for base in bases for a in self.attributes[base.__name__]]
        for base in bases:
            for attribute in self.attributes[base.__name__]:
                self.kinds[name, attribute] = self.kinds[base.__name__, attribute]
        is_root = name in ("Query", "Mutation")
        for index in range(fields):
            field = f"{name.lower()}_{index}"
            kind = self.kinds[name, field] = self._kind()
            how = dice.choice(
                ("attribute", "attribute", "method", "method", "info", "arguments", "async", "async_info")
            )
            if is_root and how == "attribute":
                how = "method"
            if how == "attribute":
                annotations[field] = self._annotation(kind)
                self.attributes[name].append(field)
                continue
            resolver = _resolver(how, name, field, kind)
            namespace[field] = strawberry.field(resolver=resolver, graphql_type=self._annotation(kind))
        return type(name, bases, namespace)


class _Lazy(strawberry.types.lazy_type.LazyType[Any, Any]):
    """A type by its name in this schema, resolved when the schema is made."""

    def __init__(self, type_name: str, types: Types) -> None:
        object.__setattr__(self, "type_name", type_name)
        object.__setattr__(self, "module", __name__)
        object.__setattr__(self, "package", None)
        object.__setattr__(self, "types", types)

    def resolve_type(self) -> Any:
        """The class or union."""
        return self.types._scope[self.type_name]  # type: ignore[attr-defined]

    def __hash__(self) -> int:
        return hash((self.type_name, id(self.types)))  # type: ignore[attr-defined]


def _given(kind: Kind, attribute: str) -> Any:
    return lambda self: self.world.give(kind, f"{self.place}/{attribute}")


def _world(source: Any, info: Any) -> tuple[World, str]:
    if source is None:
        return info.context, "root"
    return source.world, source.place


def _resolver(how: str, name: str, field: str, kind: Kind) -> Any:
    is_root = name in ("Query", "Mutation")

    def give(source: Any, info: Any, more: str = "") -> Any:
        world, place = _world(source, info)
        return world.give(kind, f"{place}/{field}{more}")

    if how == "method" and not is_root:

        def method(root: Any) -> Any:
            return give(root, None)

        return method
    if how == "arguments":

        def with_arguments(
            root: Any,
            info: strawberry.Info,
            count: int = 3,
            word: str | None = None,
            colours: list[Colour] | None = None,
            day: date = date(2026, 1, 1),
        ) -> Any:
            return give(root, info, f"({count},{word},{colours},{day})")

        return with_arguments
    if how == "async" and not is_root:

        async def later(root: Any) -> Any:
            await asyncio.sleep(0)
            return give(root, None)

        def now(root: Any) -> Any:
            return later(root) if root.world.is_async else give(root, None)

        return now
    if how in ("async", "async_info"):

        async def later_with_info(root: Any, info: strawberry.Info) -> Any:
            place = "/".join(map(str, info.path.as_list()))
            await asyncio.sleep(0)
            return give(root, info, f"({place if root is None else info.field_name})")

        def now_with_info(root: Any, info: strawberry.Info) -> Any:
            world, _ = _world(root, info)
            return later_with_info(root, info) if world.is_async else give(root, info, f"({info.field_name})")

        return now_with_info

    def with_info(root: Any, info: strawberry.Info) -> Any:
        return give(root, info, f"({info.python_name},{len(info.selected_fields)})")

    return with_info


class Writer:
    """Writes a random operation on a schema."""

    def __init__(self, schema: Any, dice: random.Random) -> None:
        self.schema = schema._schema
        self.dice = dice
        self.variables: dict[str, tuple[str, Any]] = {}
        self.fragments: dict[str, str] = {}

    def operation(self) -> tuple[str, dict[str, Any]]:
        """The text and its variables."""
        kind = "mutation" if self.dice.random() < 0.2 else "query"
        root = self.schema.mutation_type if kind == "mutation" else self.schema.query_type
        body = self._set(root, 4)
        definitions = ", ".join(f"${name}: {type_}" for name, (type_, _) in self.variables.items())
        head = f"{kind} Q({definitions})" if definitions else kind
        text = "\n".join([f"{head} {body}", *self.fragments.values()])
        return text, {name: value for name, (_, value) in self.variables.items() if value is not ...}

    def _condition(self) -> str:
        dice = self.dice
        if dice.random() > 0.12:
            return ""
        directive = dice.choice(("skip", "include"))
        if dice.random() < 0.4:
            return f" @{directive}(if: {dice.choice(('true', 'false'))})"
        name = f"c{dice.randrange(3)}"
        self.variables.setdefault(name, ("Boolean!", dice.random() < 0.5))
        return f" @{directive}(if: ${name})"

    def _set(self, type_: Any, depth: int) -> str:
        dice, parts = self.dice, []
        for _ in range(dice.randint(1, 4)):
            chance = dice.random()
            if isinstance(type_, GraphQLUnionType) or chance < 0.25:
                parts.append(self._fragment(type_, depth))
            elif chance < 0.35:
                parts.append("__typename" + self._condition())
            else:
                parts.append(self._field(type_, depth))
        return "{ " + " ".join(part for part in parts if part) + " __typename }"

    def _fragment(self, type_: Any, depth: int) -> str:
        dice = self.dice
        choices = [type_]
        if isinstance(type_, GraphQLInterfaceType | GraphQLUnionType):
            choices += self.schema.get_possible_types(type_)
        elif isinstance(type_, GraphQLObjectType):
            choices += type_.interfaces
        on = dice.choice(choices)
        if depth <= 0:
            return ""
        body = self._set(on, depth - 1)
        if dice.random() < 0.3:
            name = f"F{len(self.fragments)}"
            self.fragments[name] = f"fragment {name} on {on.name} {body}"
            return f"...{name}{self._condition()}"
        return f"... on {on.name}{self._condition()} {body}"

    def _field(self, type_: Any, depth: int) -> str:
        dice = self.dice
        name = dice.choice(list(type_.fields))
        if name.startswith("_"):
            return ""
        definition = type_.fields[name]
        named = get_named_type(definition.type)
        if not is_leaf_type(named) and depth <= 0:
            return ""
        arguments, mark = self._arguments(definition)
        alias = f"{name}{type_.name}{mark}: " if mark or dice.random() < 0.3 else ""
        body = "" if is_leaf_type(named) else " " + self._set(named, depth - 1)
        return f"{alias}{name}{arguments}{self._condition()}{body}"

    def _arguments(self, definition: Any) -> tuple[str, str]:
        dice = self.dice
        if not definition.args or dice.random() < 0.3:
            return "", ""
        given, mark = [], str(dice.randrange(10**6))
        if dice.random() < 0.5:
            given.append(f"count: {dice.randrange(5)}")
        elif dice.random() < 0.5:
            self.variables.setdefault("n", ("Int = 4", dice.choice((..., 1, 2))))
            given.append("count: $n")
        if dice.random() < 0.4:
            self.variables.setdefault("w", ("String", dice.choice((..., None, "x"))))
            given.append("word: $w")
        if dice.random() < 0.3:
            given.append(f"colours: [{dice.choice(('RED', 'BLUE', 'RED, BLUE'))}]")
        if dice.random() < 0.3:
            given.append('day: "2026-02-03"')
        return (f"({', '.join(given)})" if given else ""), mark
