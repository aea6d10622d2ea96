"""A schema's own ``@stream``: graphql-core's rule on merging fields takes every such directive for the built-in."""

from __future__ import annotations

from typing import Any

from graphql import (
    REMOVE,
    DirectiveNode,
    DocumentNode,
    GraphQLSchema,
    GraphQLStreamDirective,
    OverlappingFieldsCanBeMergedRule,
    Visitor,
    visit,
)

MERGING = (OverlappingFieldsCanBeMergedRule,)


def has_own_stream(schema: GraphQLSchema) -> bool:
    """Whether ``@stream`` is a directive of the subgraphs' own, which says nothing on how fields are delivered."""
    return schema.get_directive("stream") not in (None, GraphQLStreamDirective)


def without_stream(document: DocumentNode) -> DocumentNode:
    """The document as the rule on merging fields is to see it."""
    found: DocumentNode = visit(document, _Unstreamed())
    return found


class _Unstreamed(Visitor):
    def enter_directive(self, node: DirectiveNode, *_: object) -> Any:
        return REMOVE if node.name.value == "stream" else None
