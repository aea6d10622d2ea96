"""A small supergraph, its subgraphs as real graphql-core schemas with data, and hand-written plans for them.

products: Product (upc, name, weight), Query.products, Query.node; reviews: Product.reviews, User; users: User.name;
stock: Product.inStock, Product.shipping (requires weight).
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

from graphql import FieldNode, GraphQLSchema, SelectionSetNode, build_schema, graphql_sync, parse

from router.caller import Caller
from router.executor import InProcessTransport, SubgraphRequest
from router.federation.supergraph import Supergraph, read_supergraph
from router.operation.model import Field, InlineFragment, OperationKind, Selection
from router.planner.nodes import Fetch, Flatten, Path

LINKS = """
schema @link(url: "https://specs.apollo.dev/link/v1.0") @link(url: "https://specs.apollo.dev/join/v0.3", for: EXECUTION)
  @link(url: "https://specs.apollo.dev/inaccessible/v0.2", for: SECURITY)
{ query: Query mutation: Mutation subscription: Subscription }
directive @link(url: String, as: String, for: link__Purpose, import: [link__Import]) repeatable on SCHEMA
directive @join__type(graph: join__Graph!, key: join__FieldSet, extension: Boolean! = false,
  resolvable: Boolean! = true,
  isInterfaceObject: Boolean! = false) repeatable on OBJECT | INTERFACE | UNION | ENUM | INPUT_OBJECT | SCALAR
directive @join__field(graph: join__Graph, requires: join__FieldSet, provides: join__FieldSet, type: String,
  external: Boolean, override: String, usedOverridden: Boolean) repeatable on FIELD_DEFINITION | INPUT_FIELD_DEFINITION
directive @join__implements(graph: join__Graph!, interface: String!) repeatable on OBJECT | INTERFACE
directive @join__unionMember(graph: join__Graph!, member: String!) repeatable on UNION
directive @join__enumValue(graph: join__Graph!) repeatable on ENUM_VALUE
directive @join__graph(name: String!, url: String!) on ENUM_VALUE
directive @inaccessible on FIELD_DEFINITION | OBJECT | INTERFACE | UNION | ENUM_VALUE
scalar join__FieldSet
scalar link__Import
enum link__Purpose { SECURITY EXECUTION }
"""

SUPERGRAPH = (
    LINKS
    + """
enum join__Graph {
  PRODUCTS @join__graph(name: "products", url: "http://products")
  REVIEWS @join__graph(name: "reviews", url: "http://reviews")
  USERS @join__graph(name: "users", url: "http://users")
  STOCK @join__graph(name: "stock", url: "http://stock")
}
type Query @join__type(graph: PRODUCTS) @join__type(graph: REVIEWS) @join__type(graph: USERS)
  @join__type(graph: STOCK) {
  products(first: Int): [Product!]! @join__field(graph: PRODUCTS)
  product(upc: ID!): Product @join__field(graph: PRODUCTS)
  matrix: [[Product]!] @join__field(graph: PRODUCTS)
  things: [Thing] @join__field(graph: PRODUCTS)
  me: User @join__field(graph: USERS)
  flag(on: Boolean): Boolean @join__field(graph: USERS)
}
type Mutation @join__type(graph: PRODUCTS) @join__type(graph: USERS) {
  rename(upc: ID!, name: String): Product @join__field(graph: PRODUCTS)
  greet: String! @join__field(graph: USERS)
}
type Subscription @join__type(graph: PRODUCTS) { priced: Product @join__field(graph: PRODUCTS) }
interface Thing @join__type(graph: PRODUCTS) { upc: ID! }
type Product implements Thing @join__implements(graph: PRODUCTS, interface: "Thing")
  @join__type(graph: PRODUCTS, key: "upc") @join__type(graph: REVIEWS, key: "upc")
  @join__type(graph: STOCK, key: "upc") {
  upc: ID!
  name: String @join__field(graph: PRODUCTS)
  weight: Int @join__field(graph: PRODUCTS) @join__field(graph: STOCK, external: true)
  kind: Kind @join__field(graph: PRODUCTS)
  reviews: [Review!] @join__field(graph: REVIEWS)
  inStock: Boolean @join__field(graph: STOCK)
  shipping: Int! @join__field(graph: STOCK, requires: "weight")
}
type Secret implements Thing @inaccessible @join__type(graph: PRODUCTS)
  @join__implements(graph: PRODUCTS, interface: "Thing") { upc: ID! }
enum Kind @join__type(graph: PRODUCTS) {
  BOOK @join__enumValue(graph: PRODUCTS)
  HIDDEN @inaccessible @join__enumValue(graph: PRODUCTS)
}
type Review @join__type(graph: REVIEWS) { id: ID! body: String author: User! product: Product }
type User @join__type(graph: REVIEWS, key: "id") @join__type(graph: USERS, key: "id") {
  id: ID!
  name: String @join__field(graph: USERS)
  email: String! @join__field(graph: USERS)
}
"""
)

SUBGRAPHS = {
    "products": """
      type Query { products(first: Int): [Product!]! product(upc: ID!): Product matrix: [[Product]!] things: [Thing]
        _entities(representations: [_Any!]!): [_Entity]! }
      type Mutation { rename(upc: ID!, name: String): Product }
      scalar _Any
      union _Entity = Product
      interface Thing { upc: ID! }
      type Product implements Thing { upc: ID! name: String weight: Int kind: Kind }
      type Secret implements Thing { upc: ID! }
      enum Kind { BOOK HIDDEN }""",
    "reviews": """
      type Query { _entities(representations: [_Any!]!): [_Entity]! }
      scalar _Any
      union _Entity = Product
      type Product { upc: ID! reviews: [Review!] }
      type Review { id: ID! body: String author: User! product: Product }
      type User { id: ID! }""",
    "users": """
      type Query { me: User flag(on: Boolean): Boolean _entities(representations: [_Any!]!): [_Entity]! }
      type Mutation { greet: String! }
      scalar _Any
      union _Entity = User
      type User { id: ID! name: String email: String! }""",
    "stock": """
      type Query { _entities(representations: [_Any!]!): [_Entity]! }
      scalar _Any
      union _Entity = Product
      type Product { upc: ID! inStock: Boolean shipping: Int! }""",
}

PRODUCTS: list[dict[str, Any]] = [
    {"__typename": "Product", "upc": str(n), "name": f"product {n}", "weight": n * 10, "kind": "BOOK"}
    for n in range(1, 4)
]
USERS = {str(n): {"__typename": "User", "id": str(n), "name": f"user {n}", "email": f"{n}@x"} for n in range(1, 3)}
REVIEWS = {
    "1": [{"id": "a", "body": "good", "author": {"id": "1"}, "product": {"upc": "1"}}],
    "2": [
        {"id": "b", "body": None, "author": {"id": "2"}, "product": {"upc": "2"}},
        {"id": "c", "body": "so so", "author": {"id": "1"}, "product": {"upc": "2"}},
    ],
    "3": [],
}


def supergraph() -> Supergraph:
    return read_supergraph(SUPERGRAPH)


Resolve = Callable[[str, dict[str, Any]], Any]


def entity(subgraph: str, representation: Mapping[str, Any]) -> Any:
    key = representation.get("upc") or representation.get("id")
    if subgraph == "products":
        return next((p for p in PRODUCTS if p["upc"] == key), None)
    if subgraph == "reviews":
        return _reviewed(str(key)) if key in REVIEWS else None
    if subgraph == "stock":
        shipping = representation["weight"] // 2 if representation.get("weight") is not None else None
        return {"__typename": "Product", "upc": key, "inStock": key != "3", "shipping": shipping}
    return USERS.get(str(key))


def _reviewed(upc: str) -> dict[str, Any]:
    def reviews(info: Any) -> list[dict[str, Any]]:
        return [{**review, "product": _reviewed(review["product"]["upc"])} for review in REVIEWS[upc]]

    return {"__typename": "Product", "upc": upc, "reviews": reviews}


class Shop:
    """Transports over the subgraphs' schemas; keeps the requests, and can be told to misbehave."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, SubgraphRequest]] = []
        self.roots: dict[str, dict[str, Any]] = {
            "products": {
                "products": lambda info, first=None: PRODUCTS[:first],
                "product": lambda info, upc: entity("products", {"upc": upc}),
                "matrix": [[PRODUCTS[0], None], [PRODUCTS[1]]],
                "things": [PRODUCTS[0], {"__typename": "Secret", "upc": "s"}],
                "rename": lambda info, upc, name=None: {**(entity("products", {"upc": upc}) or {}), "name": name},
            },
            "users": {"me": USERS["1"], "flag": lambda info, on="absent": on == "absent", "greet": "hi"},
            "reviews": {},
            "stock": {},
        }
        self.answers: dict[str, Callable[[SubgraphRequest], Any]] = {}
        self.schemas: dict[str, GraphQLSchema] = {name: build_schema(sdl) for name, sdl in SUBGRAPHS.items()}
        self.transports = {name: InProcessTransport(self._executor(name)) for name in SUBGRAPHS}

    def _executor(self, name: str) -> Callable[[SubgraphRequest, Caller], Any]:
        async def execute(request: SubgraphRequest, caller: Caller) -> Any:
            self.requests.append((name, request))
            if name in self.answers:
                found = self.answers[name](request)
                if isinstance(found, BaseException):
                    raise found
                return found
            root = {
                **self.roots[name],
                "_entities": lambda info, representations: [entity(name, r) for r in representations],
            }
            result = graphql_sync(
                self.schemas[name],
                request.query,
                root,
                variable_values=dict(request.variables),
                operation_name=request.operation_name,
            )
            return copy.deepcopy(result.formatted)

        return execute


def on(type_name: str, *fields: str) -> InlineFragment:
    return InlineFragment(type_name, tuple(Field(name, name) for name in ("__typename", *fields)))


def root_fetch(subgraph: str, operation: str, *variables: str, kind: OperationKind = OperationKind.QUERY) -> Fetch:
    return Fetch(subgraph, kind, operation, _selected(operation), variables=variables)


def entity_fetch(subgraph: str, path: Path, requires: tuple[InlineFragment, ...], selections: str) -> Flatten:
    text = f"query($representations: [_Any!]!) {{ _entities(representations: $representations) {{ {selections} }} }}"
    return Flatten(
        path, Fetch(subgraph, OperationKind.QUERY, text, _selected(f"{{ {selections} }}"), requires=requires)
    )


def _selected(text: str) -> tuple[Selection, ...]:
    """The selections of a text as the planner gives them beside it."""

    def read(node: SelectionSetNode | None) -> tuple[Selection, ...]:
        return tuple(
            Field((one.alias or one.name).value, one.name.value, selections=read(one.selection_set))
            if isinstance(one, FieldNode)
            else InlineFragment(one.type_condition.name.value, read(one.selection_set))
            for one in (node.selections if node else ())
        )

    (operation,) = parse(text).definitions
    return read(operation.selection_set)


def _user(user_id: str) -> Any:
    return USERS[user_id]


def _product(product: dict[str, Any]) -> dict[str, Any]:
    def reviews(info: Any) -> Any:
        return [
            {
                **review,
                "author": lambda info, r=review: _user(r["author"]["id"]),
                "product": lambda info, r=review: _by_upc(r["product"]["upc"]),
            }
            for review in REVIEWS[product["upc"]]
        ]

    stock = entity("stock", product)
    return {**product, "reviews": reviews, "inStock": stock["inStock"], "shipping": stock["shipping"]}


def _by_upc(upc: str) -> Any:
    found = entity("products", {"upc": upc})
    return None if found is None else _product(found)


def expected(schema: GraphQLSchema, text: str, variables: Mapping[str, Any]) -> Any:
    """The oracle: graphql-core over the merged schema with the same data. Data as JSON-ready dicts, in order."""
    root = {
        "products": lambda info, first=None: [_product(product) for product in PRODUCTS[:first]],
        "product": lambda info, upc: _by_upc(upc),
        "matrix": [[_product(PRODUCTS[0]), None], [_product(PRODUCTS[1])]],
        "me": USERS["1"],
        "flag": lambda info, on="absent": on == "absent",
        "rename": lambda info, upc, name=None: {**_by_upc(upc), "name": name},
        "greet": "hi",
    }
    result = graphql_sync(schema, text, root, variable_values=dict(variables))
    assert result.errors is None, result.errors
    return result.data
