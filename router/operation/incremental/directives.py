"""The two directives of incremental delivery, added to a schema that has none of its own by that name."""

from __future__ import annotations

from graphql import (
    DirectiveLocation,
    GraphQLArgument,
    GraphQLBoolean,
    GraphQLDirective,
    GraphQLInt,
    GraphQLNonNull,
    GraphQLSchema,
    GraphQLString,
)


def _arguments() -> dict[str, GraphQLArgument]:
    return {
        "if": GraphQLArgument(GraphQLNonNull(GraphQLBoolean), default_value=True),
        "label": GraphQLArgument(GraphQLString, description="Names the part in the responses; unique."),
    }


DEFER = GraphQLDirective(
    name="defer",
    locations=(DirectiveLocation.FRAGMENT_SPREAD, DirectiveLocation.INLINE_FRAGMENT),
    args=_arguments(),
    description="Deliver this fragment after the rest of the response.",
)
STREAM = GraphQLDirective(
    name="stream",
    locations=(DirectiveLocation.FIELD,),
    args={
        **_arguments(),
        "initialCount": GraphQLArgument(
            GraphQLNonNull(GraphQLInt), default_value=0, description="Items to deliver with the field itself."
        ),
    },
    description="Deliver the items of this list in several responses.",
)


def with_incremental_delivery(schema: GraphQLSchema) -> tuple[GraphQLSchema, frozenset[str]]:
    """The schema with @defer and @stream as the draft defines them, and which of the two are thereby built in.

    A definition with the specification's ``if`` argument (a subgraph library's) means the same and is replaced; any
    other of that name is the schema's own directive and stays.
    """
    own = {directive.name for directive in schema.directives if "if" not in directive.args}
    added = tuple(directive for directive in (DEFER, STREAM) if directive.name not in own)
    names = frozenset(directive.name for directive in added)
    arguments = schema.to_kwargs()
    arguments["directives"] = (*(d for d in arguments["directives"] if d.name not in names), *added)
    return GraphQLSchema(**arguments), names
