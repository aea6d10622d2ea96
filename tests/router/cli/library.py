"""Two real subgraphs over HTTP and graphql-transport-ws, made with Strawberry, for a router in a process of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import strawberry
from starlette.applications import Starlette
from starlette.routing import Mount
from strawberry.asgi import GraphQL

open_sources = 0


@strawberry.federation.type(keys=["id"])
class Book:
    id: strawberry.ID
    title: str

    @classmethod
    def resolve_reference(cls, id: strawberry.ID) -> Book:
        return Book(id=id, title=f"Book {id}")


@strawberry.type
class BooksQuery:
    @strawberry.field
    def book(self, id: strawberry.ID) -> Book | None:
        return Book(id=id, title=f"Book {id}")

    @strawberry.field
    async def slow(self, seconds: float) -> str:
        await asyncio.sleep(seconds)
        return "at last"


@strawberry.type
class BooksSubscription:
    @strawberry.subscription
    async def added(self, count: int) -> AsyncIterator[Book]:
        global open_sources
        open_sources += 1
        try:
            for number in range(count):
                yield Book(id=strawberry.ID(str(number)), title=f"Book {number}")
            if count == 0:
                await asyncio.Event().wait()
        finally:
            open_sources -= 1

    @strawberry.subscription
    async def breaks(self) -> AsyncIterator[Book]:
        yield Book(id=strawberry.ID("1"), title="Book 1")
        raise ValueError("the press broke")


@strawberry.federation.type(name="Book", keys=["id"])
class ReviewedBook:
    id: strawberry.ID
    stars: int

    @classmethod
    def resolve_reference(cls, id: strawberry.ID) -> ReviewedBook:
        return ReviewedBook(id=id, stars=int(id) % 5 + 1)


@strawberry.type
class ReviewsQuery:
    @strawberry.field
    def best(self) -> ReviewedBook:
        return ReviewedBook(id=strawberry.ID("4"), stars=5)


books = strawberry.federation.Schema(query=BooksQuery, subscription=BooksSubscription)
reviews = strawberry.federation.Schema(query=ReviewsQuery, types=[ReviewedBook])


def library_app() -> Starlette:
    """Both subgraphs: ``/books`` and ``/reviews``."""
    return Starlette(routes=[Mount("/books", GraphQL(books)), Mount("/reviews", GraphQL(reviews))])
