"""Pipelines over subgraphs of the deterministic world, and operations with @defer and @stream put in at random."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import orjson
from graphql import (
    ArgumentNode,
    BooleanValueNode,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    NameNode,
    SelectionSetNode,
    StringValueNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    get_nullable_type,
    is_list_type,
    parse,
    print_ast,
    visit,
)

from router.caller import Caller
from router.executor import InProcessTransport, SubgraphRequest
from router.executor.incremental import WireFormat, draft
from router.federation.supergraph import Supergraph
from router.operation import GraphQLRequest
from router.pipeline import Answer, Pipeline, PipelineSettings
from tests.corpus.deterministic_world import World
from tests.corpus.subgraph_schemas import Subgraph


def world_pipeline(supergraph: Supergraph) -> Pipeline:
    """A router that knows @defer and @stream, over strict subgraphs."""
    world = World(supergraph)

    def transport(name: str) -> InProcessTransport:
        subgraph = Subgraph(world, name, frozenset())

        async def execute(request: SubgraphRequest, caller: Caller) -> Mapping[str, Any]:
            await asyncio.sleep(0)
            return {"data": orjson.loads(orjson.dumps(subgraph.execute(request.query, request.variables)))}

        return InProcessTransport(execute)

    transports = {name: transport(name) for name in supergraph.subgraphs}
    return Pipeline(supergraph, transports, PipelineSettings(incremental=True))


async def payloads_of(
    pipeline: Pipeline, request: GraphQLRequest, caller: Caller | None = None, form: WireFormat = draft
) -> list[dict[str, Any]]:
    """All responses to a request; one when it was answered whole."""
    found = await pipeline.deliver(request, caller or Caller(), form)
    if isinstance(found, Answer):
        return [orjson.loads(found.body)]
    return [orjson.loads(body) async for body in found]


def with_marks(text: str, schema: GraphQLSchema, seed: int) -> str:
    """The operation with some selections deferred and some lists streamed. What validation refuses is left in."""
    chance = random.Random(seed)
    document: DocumentNode = parse(text, no_location=True)
    info = TypeInfo(schema)

    class Marker(Visitor):
        labels = 0

        def leave_selection_set(self, node: SelectionSetNode, *_: Any) -> SelectionSetNode | None:
            kept, moved = [], []
            for selection in node.selections:
                (moved if chance.random() < 0.35 else kept).append(selection)
            if not moved or chance.random() < 0.4:
                return None
            fragment = InlineFragmentNode(
                directives=(self.mark("defer"),), selection_set=SelectionSetNode(selections=tuple(moved))
            )
            # A label may stand once, so only what has no marks is selected a second time.
            again = [one for one in moved if "label" not in print_ast(one) and chance.random() < 0.2]
            parts = [*kept, fragment, *again]
            chance.shuffle(parts)
            return SelectionSetNode(selections=tuple(parts))

        def leave_field(self, node: FieldNode, *_: Any) -> FieldNode | None:
            returned = info.get_type()
            if returned and is_list_type(get_nullable_type(returned)) and chance.random() < 0.5:
                return replace(node, directives=(*(node.directives or ()), self.mark("stream")))
            return None

        def mark(self, name: str) -> DirectiveNode:
            Marker.labels += 1
            arguments = []
            if chance.random() < 0.7:
                label = StringValueNode(value=f"{name}{Marker.labels}", block=False)
                arguments.append(ArgumentNode(name=NameNode(value="label"), value=label))
            if name == "stream":
                count = IntValueNode(value=str(chance.randrange(3)))
                arguments.append(ArgumentNode(name=NameNode(value="initialCount"), value=count))
            if chance.random() < 0.1:
                off = BooleanValueNode(value=False)
                arguments.append(ArgumentNode(name=NameNode(value="if"), value=off))
            return DirectiveNode(name=NameNode(value=name), arguments=tuple(arguments))

    return print_ast(visit(document, TypeInfoVisitor(info, Marker())))
