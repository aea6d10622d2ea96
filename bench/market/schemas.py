"""The market's subgraphs. The first four have the shape of the public gateways benchmark (graphql-hive)."""

from __future__ import annotations

HEAD = (
    'extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: '
    '["@key", "@shareable", "@external", "@requires", "@provides"])\n'
)

SCHEMAS = {
    "accounts": """
      type Query { me: User user(id: ID!): User users: [User] }
      type User @key(fields: "id") { id: ID! name: String username: String @shareable birthday: Int }
    """,
    "inventory": """
      type Query { stockedProducts(first: Int = 5): [Product] }
      type Product @key(fields: "upc") {
        upc: String! weight: Int @external price: Int @external
        inStock: Boolean shippingEstimate: Int @requires(fields: "price weight")
      }
    """,
    "products": """
      type Query { topProducts(first: Int = 5): [Product] }
      type Product @key(fields: "upc") { upc: String! name: String price: Int weight: Int }
    """,
    "reviews": """
      type Query { newestReview: Review }
      type Mutation { addReview(upc: String!, body: String!): Review }
      type Review @key(fields: "id") {
        id: ID! body: String author: User @provides(fields: "username") product: Product
      }
      type User @key(fields: "id") { id: ID! username: String @external reviews: [Review] }
      type Product @key(fields: "upc") { upc: String! reviews: [Review] }
    """,
    "catalogue": """
      type Query { items(first: Int!): [Item!]! rows(first: Int!): [Row!]! }
      type Item @key(fields: "id") { id: ID! title: String! }
      type Row { id: ID! name: String! city: String! note: String! amount: Int! rate: Float! open: Boolean! }
    """,
    "offers": """
      type Query { bestOffer: Item }
      type Item @key(fields: "id") { id: ID! price: Int! seller: Seller! }
      type Seller @key(fields: "id") { id: ID! }
    """,
    "sellers": """
      type Query { firstSeller: Seller }
      type Seller @key(fields: "id") { id: ID! name: String! rating: Float! }
    """,
    "search": """
      type Query { search(first: Int!): [Result!]! }
      union Result = Parcel | Ticket
      type Parcel @key(fields: "id") { id: ID! label: String! grams: Int! litres: Int! }
      type Ticket @key(fields: "id") { id: ID! label: String! zone: Int! }
    """,
    "tariffs": """
      type Query { tariff: String }
      type Parcel @key(fields: "id") { id: ID! grams: Int! @external litres: Int! @external
        class: String! @requires(fields: "grams litres") }
      type Ticket @key(fields: "id") { id: ID! zone: Int! @external class: String! @requires(fields: "zone") }
    """,
    "billing": """
      type Query { currency: String }
      type Parcel @key(fields: "id") { id: ID! class: String! @external charge: Int! @requires(fields: "class") }
      type Ticket @key(fields: "id") { id: ID! class: String! @external charge: Int! @requires(fields: "class") }
    """,
}
"""Subgraph name → SDL without its ``@link``."""
