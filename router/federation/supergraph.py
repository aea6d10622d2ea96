"""The supergraph as the router reads it: schemas, subgraphs, join metadata, access requirements.

``read_supergraph`` takes the supergraph of any composer: join spec v0.1 to v0.5 (https://specs.apollo.dev/join),
linked by ``@link`` or, in Federation 1, by ``@core``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from graphql import GraphQLError, GraphQLSchema, build_ast_schema, parse
from graphql.language import DocumentNode

from router.federation.api_schema import strip_inaccessible, strip_machinery
from router.federation.features import Feature, element_name, linked_features
from router.federation.join_metadata import SubgraphInfo, TypeJoins, read_contexts, read_graphs, read_joins
from router.federation.requirements import Requirement, read_requirements

__all__ = ["InvalidSupergraph", "Requirement", "SubgraphInfo", "Supergraph", "TypeJoins", "read_supergraph"]


class InvalidSupergraph(ValueError):
    """The text is not a supergraph: not GraphQL, no join machinery, or not a valid schema."""

    code = "INVALID_SUPERGRAPH"


@dataclass(frozen=True, eq=False)
class Supergraph:
    """All that one supergraph document says; compared by identity, so it may key a cache."""

    sdl: str
    schema: GraphQLSchema
    """The merged schema with inaccessible parts, without join and link machinery."""
    api_schema: GraphQLSchema
    """What clients see: ``schema`` without its inaccessible parts."""
    subgraphs: Mapping[str, SubgraphInfo]
    """By the name in ``@join__graph(name:)``, in the order of the document."""
    joins: Mapping[str, TypeJoins]
    """By type name: who has the type, its keys and fields."""
    contexts: Mapping[str, tuple[str, ...]]
    """By context name (``subgraph__context``): the types that set it."""
    requirements: Mapping[str, Requirement]
    """By coordinate (``Type`` or ``Type.field``): what a caller must show."""
    features: tuple[Feature, ...]
    """The specifications the document links."""


def _build(document: DocumentNode) -> GraphQLSchema:
    return build_ast_schema(document, assume_valid=True, assume_valid_sdl=True)


@lru_cache(maxsize=16)
def read_supergraph(sdl: str) -> Supergraph:
    """Read a supergraph document.

    Raises ``InvalidSupergraph`` when the text does not parse, links no join spec, or builds no schema.
    """
    try:
        document = parse(sdl, no_location=True)
    except GraphQLError as error:
        raise InvalidSupergraph(f"the supergraph is not GraphQL: {error.message}") from error
    features = linked_features(document)
    if not any(feature.identity.endswith("/join") for feature in features):
        raise InvalidSupergraph("the schema links no join specification: this is not a supergraph")
    graphs = read_graphs(document)
    if not graphs:
        raise InvalidSupergraph("the supergraph has no join__Graph values: it names no subgraph")
    full = strip_machinery(document, features)
    public = strip_inaccessible(full, document, element_name(features, "inaccessible", "inaccessible"))
    try:
        schema, api_schema = _build(full), _build(public)
    except (GraphQLError, TypeError, KeyError) as error:
        raise InvalidSupergraph(f"the supergraph builds no schema: {error}") from error
    if api_schema.query_type is None:
        raise InvalidSupergraph("the supergraph has no query root type")
    return Supergraph(
        sdl=sdl,
        schema=schema,
        api_schema=api_schema,
        subgraphs={graph.name: graph for graph in graphs.values()},
        joins=read_joins(document, graphs, schema),
        contexts=read_contexts(document, element_name(features, "context", "context")),
        requirements=read_requirements(document, features),
        features=features,
    )
