"""One schema with every feature of Strawberry that an execution can meet."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, ClassVar, Generic, TypeVar

import strawberry
from graphql import GraphQLError
from strawberry import relay
from strawberry.dataloader import DataLoader
from strawberry.extensions import FieldExtension
from strawberry.permission import BasePermission, PermissionExtension
from strawberry.scalars import JSON
from strawberry.schema.config import StrawberryConfig

T = TypeVar("T")


class Span(timedelta):
    """The Python side of a custom scalar."""


SPAN = strawberry.scalar(
    name="Span",
    serialize=lambda value: int(value.total_seconds()),
    parse_value=lambda value: Span(seconds=int(value)),
)


@strawberry.enum
class Flavour(Enum):
    SWEET = "sweet"
    SOUR = strawberry.enum_value("sour", name="ACID")


class Refusing(BasePermission):
    message = "no"
    error_extensions: ClassVar[dict[str, Any]] = {"code": "NO"}

    def has_permission(self, source: Any, info: strawberry.Info, **kwargs: Any) -> bool:
        return bool(info.context.get("allowed"))


class RefusingLater(BasePermission):
    message = "not now"

    async def has_permission(self, source: Any, info: strawberry.Info, **kwargs: Any) -> bool:
        await asyncio.sleep(0)
        return bool(info.context.get("allowed"))


class Shout(FieldExtension):
    def resolve(self, next_: Any, source: Any, info: strawberry.Info, **kwargs: Any) -> Any:
        return str(next_(source, info, **kwargs)).upper()


@strawberry.interface
class Named:
    name: str

    @strawberry.field
    def greeting(self) -> str:
        return f"hi {self.name}"


@strawberry.type
class Cat(Named):
    lives: int | None = 9
    secret: strawberry.Private[str] = "cream"

    @strawberry.field
    def wish(self) -> str:
        return self.secret


@strawberry.type
class Dog(Named):
    tricks: list[str | None] = strawberry.field(default_factory=lambda: ["sit", None])

    @strawberry.field
    def owner(self) -> Named | None:
        return Cat(name="a cat")


@strawberry.interface
class Shape:
    area: float

    @classmethod
    def resolve_type(cls, value: Any, *_: Any) -> str:
        return "Circle" if isinstance(value, dict) and value.get("round") else "Square"


@strawberry.type
class Circle(Shape):
    @classmethod
    def is_type_of(cls, value: Any, _info: Any) -> bool:
        return isinstance(value, dict)

    area: float = strawberry.field(resolver=lambda root: root["area"])


@strawberry.type
class Square(Shape):
    @classmethod
    async def is_type_of(cls, value: Any, _info: Any) -> bool:
        await asyncio.sleep(0)
        return isinstance(value, Square)


@strawberry.type
class Page(Generic[T]):
    items: list[T]
    total: int


@strawberry.type
class Fruit(relay.Node):
    code: relay.NodeID[int]
    name: str

    @classmethod
    def resolve_nodes(cls, *, info: Any, node_ids: Iterable[str], required: bool = False) -> Any:
        return [cls(code=int(key), name=f"fruit {key}") for key in node_ids]


@strawberry.input
class Deep:
    word: str = "deep"
    more: strawberry.Maybe[int]


@strawberry.input
class Wish:
    count: int
    tags: list[str] = strawberry.field(default_factory=list)
    deep: Deep | None = None
    note: str | None = strawberry.UNSET


@strawberry.input(one_of=True)
class Either:
    number: int | None = strawberry.UNSET
    word: str | None = strawberry.UNSET


class ToldError(Exception):
    extensions: ClassVar[dict[str, Any]] = {"code": "TOLD"}


@strawberry.type
class Query:
    @strawberry.field
    def pets(self) -> list[Named]:
        return [Cat(name="Mia"), Dog(name="Rex"), Cat(name="Tom", lives=None)]

    @strawberry.field
    def either_pet(self) -> list[Annotated[Cat | Dog, strawberry.union("Pet")]]:
        return [Dog(name="Rex"), Cat(name="Mia"), Cat(name="Tom")]

    @strawberry.field
    def wrong_pet(self) -> Annotated[Cat | Dog, strawberry.union("Pet")] | None:
        return Fruit(code=1, name="x")  # type: ignore[return-value]

    @strawberry.field
    def cast(self) -> list[Named]:
        class Row:
            name = "row"
            lives = 3
            secret = "x"

        return [strawberry.cast(Cat, Row()), Cat(name="Mia")]  # type: ignore[list-item]

    @strawberry.field
    def shapes(self) -> list[Shape]:
        return [{"round": True, "area": 3.14}, {"round": True, "area": 2}]  # type: ignore[list-item]

    @strawberry.field
    def square(self) -> Shape:
        return Square(area=4)

    @strawberry.field
    def no_square(self) -> Square | None:
        return "round"  # type: ignore[return-value]

    @strawberry.field
    def page(self, size: int = 2) -> Page[Cat]:
        return Page(items=[Cat(name=f"c{n}") for n in range(size)], total=size)

    @strawberry.field
    def numbers(self) -> Page[int]:
        return Page(items=[1, 2], total=2)

    node: relay.Node = relay.node()

    @relay.connection(relay.ListConnection[Fruit])
    def fruits(self) -> Iterable[Fruit]:
        return [Fruit(code=n, name=f"fruit {n}") for n in range(5)]

    @strawberry.field
    def wish(self, wish: Wish) -> str:
        return repr(wish)

    @strawberry.field
    def wishes(self, wishes: list[Wish | None] | None = None, deep: Deep | None = strawberry.UNSET) -> str:
        return f"{wishes!r} {deep!r}"

    @strawberry.field
    def either(self, either: Either) -> str:
        return repr(either)

    @strawberry.field
    def maybe(self, word: strawberry.Maybe[str | None]) -> str:
        return repr(word)

    @strawberry.field
    def scalars(
        self,
        day: date = date(2026, 1, 1),
        at: datetime | None = None,
        price: Decimal | None = None,
        key: uuid.UUID | None = None,
        span: Span | None = None,
        flavour: Flavour = Flavour.SWEET,
        flavours: list[Flavour] | None = None,
        anything: JSON | None = None,
        id: strawberry.ID = strawberry.ID("x"),  # noqa: B008
    ) -> str:
        return f"{day!r} {at!r} {price!r} {key!r} {span!r} {flavour!r} {flavours!r} {anything!r} {id!r}"

    @strawberry.field
    def needs(self, word: str | None) -> str:
        return repr(word)

    @strawberry.field
    async def needs_later(self, word: str | None) -> str:
        return repr(word)

    @strawberry.field
    def span(self) -> Span:
        return Span(seconds=90)

    @strawberry.field
    def bad_span(self) -> Span | None:
        return "ninety"  # type: ignore[return-value]

    @strawberry.field
    def flavours(self) -> list[Flavour]:
        return [Flavour.SWEET, Flavour.SOUR, "sour"]  # type: ignore[list-item]

    @strawberry.field
    def json(self) -> JSON:
        return JSON({"a": [1, None, {"b": "c"}], "2": 3})

    @strawberry.field
    def ids(self) -> list[strawberry.ID]:
        return [1, "two", uuid.UUID(int=3)]  # type: ignore[list-item]

    @strawberry.field
    def floats(self) -> list[float | None]:
        return [1, 2.5, 2**60, float("nan"), None, True, "3"]  # type: ignore[list-item]

    @strawberry.field
    def ints(self) -> list[int | None]:
        return [1, 2**31, -(2**31), 1.0, 1.5, "7", True]  # type: ignore[list-item]

    @strawberry.field
    def generated(self) -> list[int]:  # type: ignore[misc]
        yield 1
        yield 2

    @strawberry.field
    def breaking(self) -> list[int]:  # type: ignore[misc]
        yield 1
        raise ToldError("the well ran dry")

    @strawberry.field(graphql_type=list[Named])
    async def streamed(self) -> AsyncIterator[Named]:
        yield Cat(name="first")
        await asyncio.sleep(0)
        yield Dog(name="second")

    @strawberry.field
    def string_for_list(self) -> list[str] | None:
        return "abc"  # type: ignore[return-value]

    @strawberry.field(permission_classes=[Refusing])
    def guarded(self) -> str | None:
        return "treasure"

    @strawberry.field(permission_classes=[RefusingLater])
    def guarded_later(self) -> str | None:
        return "treasure"

    @strawberry.field(extensions=[PermissionExtension(permissions=[Refusing()], fail_silently=True)])
    def hidden(self) -> list[str]:
        return ["treasure"]

    @strawberry.field(extensions=[Shout()])
    def shouted(self, word: str = "hey") -> str:
        return word

    @strawberry.field
    def about(self, info: strawberry.Info, word: str = "w") -> str:
        selected = [field.name for field in info.selected_fields]
        definition = info.get_argument_definition("word")
        return (
            f"{info.field_name} {info.python_name} {info.path.as_list()} {selected} {info.variable_values}"
            f" {info.root_value} {sorted(info.context)} {info.operation.operation.value} {info.return_type}"
            f" {definition.python_name if definition else None} {type(info.schema).__name__} {info.query is not None}"
        )

    @strawberry.field
    async def about_later(self, info: strawberry.Info) -> str:
        await asyncio.sleep(0)
        return f"{info.path.as_list()} {info.path.typename} {info.root_value}"

    @strawberry.field
    def by_root(root: Any) -> str:  # noqa: N805
        return f"{root}"

    @strawberry.field
    def by_parent(self, parent: strawberry.Parent[Any]) -> str:
        return f"{self} {parent}"

    @strawberry.field
    def told(self) -> str | None:
        raise ToldError("a reason")

    @strawberry.field
    def graphql_error(self) -> str | None:
        raise GraphQLError("a GraphQL reason", extensions={"code": "G"})

    @strawberry.field
    def returned_error(self) -> str | None:
        return ToldError("returned")  # type: ignore[return-value]

    @strawberry.field
    def certain(self) -> str:
        return None  # type: ignore[return-value]

    @strawberry.field
    async def certain_later(self) -> str:
        await asyncio.sleep(0)
        return None  # type: ignore[return-value]

    @strawberry.field
    def some(self) -> list[Cat]:
        return [Cat(name="a"), None, Cat(name="b")]  # type: ignore[list-item]

    @strawberry.field
    def holes(self) -> list[Cat | None]:
        return [Cat(name="a"), None, ToldError("in a list"), Cat(name=None)]  # type: ignore[list-item, arg-type]

    @strawberry.field
    def nested(self) -> list[list[int | None] | None]:
        return [[1, None], None, [2, "x"], []]  # type: ignore[list-item]

    @strawberry.field
    async def loaded(self, info: strawberry.Info, key: int) -> Cat | None:
        return await info.context["cats"].load(key)

    @strawberry.field
    def loaded_now(self, info: strawberry.Info, keys: list[int]) -> list[Cat | None]:
        return [info.context["cats"].load(key) for key in keys]

    @strawberry.field
    def deep(self) -> Deeper:
        return Deeper(level=0)


@strawberry.type
class Deeper:
    level: int

    @strawberry.field
    async def down(self) -> Deeper | None:
        await asyncio.sleep(0)
        return Deeper(level=self.level + 1)

    @strawberry.field
    async def must(self) -> str:
        await asyncio.sleep(0)
        if self.level == 2:
            raise ToldError("too deep")
        return "ok"

    @strawberry.field
    def many(self) -> list[Deeper]:
        return [Deeper(level=self.level + 1), Deeper(level=self.level + 2)]


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def note(self, info: strawberry.Info, word: str) -> list[str]:
        info.context["notes"].append(f"begin {word}")
        await asyncio.sleep(0)
        info.context["notes"].append(f"end {word}")
        return list(info.context["notes"])

    @strawberry.mutation
    def note_now(self, info: strawberry.Info, word: str) -> list[str]:
        info.context["notes"].append(word)
        return list(info.context["notes"])

    @strawberry.mutation
    def break_off(self) -> str:
        raise ToldError("no more")

    @strawberry.mutation
    async def deep(self) -> Deeper:
        return Deeper(level=1)


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def count(self) -> AsyncIterator[int]:
        yield 1


SCHEMA = strawberry.Schema(
    Query,
    Mutation,
    Subscription,
    types=[Cat, Dog, Circle, Square, Fruit],
    config=StrawberryConfig(scalar_map={Span: SPAN}),
)


def context(allowed: bool = False) -> dict[str, Any]:
    """The context of one request; its loader tells in ``batches`` what it was asked for at once."""
    made: dict[str, Any] = {"allowed": allowed, "notes": [], "batches": []}

    async def load(keys: list[int]) -> list[Cat | BaseException | None]:
        made["batches"].append(list(keys))
        return [None if key == 0 else ToldError("lost") if key < 0 else Cat(name=f"cat {key}") for key in keys]

    made["cats"] = DataLoader(load_fn=load)
    return made
