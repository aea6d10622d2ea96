"""A library in two subgraphs, as real graphql-core schemas: what deferred parts are fetched from, and when."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import GraphQLSchema, build_schema, graphql

from router.caller import Caller
from router.composition import SubgraphSource, compose
from router.errors import SubgraphUnavailable
from router.executor import InProcessTransport, SubgraphRequest
from router.federation.supergraph import Supergraph, read_supergraph
from router.pipeline import Pipeline, PipelineSettings

LINK = (
    'extend schema @link(url: "https://specs.apollo.dev/federation/v2.8",'
    ' import: ["@key", "@shareable", "@external", "@requires", "@requiresScopes"])\n'
)

TYPES = {
    "catalog": """
type Query { books(first: Int): [Book!]! book(id: ID!): Book shelves: [Shelf!]! things: [Thing] motto: String }
type Mutation { rename(id: ID!, title: String!): Book }
type Subscription { added: Book }
interface Thing { id: ID! }
type Shelf @key(fields: "name") { name: ID! books: [Book!]! }
type Map implements Thing @key(fields: "id") { id: ID! scale: Int }
type Book implements Thing @key(fields: "id") { id: ID! title: String cover: Cover pages: [Int] next: Book }
type Cover { front: String back: String }
""",
    "reviews": """
type Book @key(fields: "id") {
  id: ID! rating: Int must: Int! secret: String SCOPES best: Review reviews: [Review!]
}
type Shelf @key(fields: "name") { name: ID! visits: Int }
type Review { stars: Int text: String! by: Reader }
type Reader { name: String }
""",
}

BOOKS = {
    str(n): {"__typename": "Book", "id": str(n), "title": f"title {n}", "pages": [n, n + 1, n + 2]} for n in range(1, 6)
}
SHELVES = {"low": ("1", "2", "3"), "high": ("4", "5")}


def supergraph() -> Supergraph:
    scopes = '@requiresScopes(scopes: [["library:read"]])'
    sources = [
        SubgraphSource(name, f"http://{name}.test", LINK + sdl.replace("SCOPES", scopes)) for name, sdl in TYPES.items()
    ]
    return read_supergraph(compose(sources).supergraph_sdl)


def _book(number: str) -> dict[str, Any]:
    following = str(int(number) + 1)
    return {
        **BOOKS[number],
        "cover": {"front": f"front {number}", "back": f"back {number}"},
        "next": (lambda info: _book(following)) if following in BOOKS else None,
    }


def _shelf(name: str) -> dict[str, Any]:
    books = [_book(number) for number in SHELVES[name]]
    return {"__typename": "Shelf", "name": name, "visits": len(name), "books": books}


def _map() -> dict[str, Any]:
    return {"__typename": "Map", "id": "m", "scale": 50}


def _reviewed(number: str) -> dict[str, Any]:
    stars = int(number)
    review = {"stars": stars, "text": f"text {number}", "by": {"name": f"reader {number}"}}
    book = {"__typename": "Book", "id": number, "rating": stars * 10, "must": stars, "secret": f"secret {number}"}
    return {**book, "best": review, "reviews": [review] * stars}


def _entity(subgraph: str, representation: Mapping[str, Any]) -> dict[str, Any]:
    match representation["__typename"]:
        case "Map":
            return _map()
        case "Shelf":
            return _shelf(representation["name"])
    return (_reviewed if subgraph == "reviews" else _book)(representation["id"])


def _schema(subgraph: str) -> GraphQLSchema:
    sdl = re.sub(r"@key\(.*?\)|SCOPES", "", TYPES[subgraph])
    entities = "Book | Shelf | Map" if subgraph == "catalog" else "Book | Shelf"
    root = "extend type Query" if "type Query" in sdl else "type Query"
    federation = f"{root} {{ _entities(representations: [_Any!]!): [_Entity]! }}"
    return build_schema(f"{sdl} scalar _Any union _Entity = {entities} {federation}")


@dataclass
class Library:
    """The router over both subgraphs. ``broken``: subgraph → what to answer instead, or to raise, by the request."""

    settings: PipelineSettings = field(default_factory=lambda: PipelineSettings(incremental=True))
    requests: list[tuple[str, str]] = field(default_factory=list)
    sent: list[list[Any]] = field(default_factory=list)
    broken: dict[str, Callable[[SubgraphRequest], Any]] = field(default_factory=dict)
    gates: dict[str, asyncio.Event] = field(default_factory=dict)
    running: int = 0
    cancelled: int = 0

    def __post_init__(self) -> None:
        self._schemas = {name: _schema(name) for name in TYPES}
        transports = {name: InProcessTransport(self._executor(name)) for name in TYPES}
        self.pipeline = Pipeline(supergraph(), transports, self.settings)

    def _executor(self, name: str) -> Callable[[SubgraphRequest, Caller], Any]:
        async def execute(request: SubgraphRequest, caller: Caller) -> Any:
            self.requests.append((name, request.query))
            self.sent.append(request.variables.get("representations", []))
            self.running += 1
            try:
                if name in self.gates:
                    await self.gates[name].wait()
                if name in self.broken:
                    found = self.broken[name](request)
                    if isinstance(found, BaseException):
                        raise found
                    if found is not None:
                        return found
                given = dict(request.variables)
                result = await graphql(self._schemas[name], request.query, self._root(name), variable_values=given)
                return result.formatted
            except asyncio.CancelledError:
                self.cancelled += 1
                raise
            finally:
                self.running -= 1

        return execute

    def _root(self, name: str) -> dict[str, Any]:
        return {
            "books": lambda info, first=None: [_book(number) for number in list(BOOKS)[:first]],
            "book": lambda info, id: _book(id) if id in BOOKS else None,
            "shelves": lambda info: [_shelf(shelf) for shelf in SHELVES],
            "things": lambda info: [_book("1"), _map(), _book("2")],
            "motto": "read",
            "rename": lambda info, id, title: {**_book(id), "title": title},
            "_entities": lambda info, representations: [_entity(name, one) for one in representations],
        }


def failing(message: str = "broken") -> Callable[[SubgraphRequest], Any]:
    return lambda request: SubgraphUnavailable(message)
