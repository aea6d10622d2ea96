"""The way from the router to a subgraph of the same process: a Python call with dictionaries, nothing serialised."""

from __future__ import annotations

from collections.abc import AsyncIterator

from router.caller import Caller
from router.executor.transport import SubgraphRequest, SubgraphResponse
from subgraphs.kit.context import Identity
from subgraphs.kit.subgraph import OpenSubgraph


class SubgraphTransport:
    """Implements ``router.executor.transport.Transport`` over an open subgraph."""

    def __init__(self, subgraph: OpenSubgraph) -> None:
        self._subgraph = subgraph

    async def execute(self, request: SubgraphRequest, caller: Caller) -> SubgraphResponse:
        """Run a query or mutation."""
        return await self._subgraph.execute(
            request.query, request.variables, request.operation_name, identity_of(caller)
        )

    async def subscribe(self, request: SubgraphRequest, caller: Caller) -> AsyncIterator[SubgraphResponse]:
        """Open a subscription; closing this generator closes the subgraph's."""
        events = self._subgraph.subscribe(request.query, request.variables, request.operation_name, identity_of(caller))
        try:
            async for event in events:
                yield event
        finally:
            await events.aclose()

    def retire(self) -> None:
        """Nothing is held."""

    async def aclose(self) -> None:
        """Nothing to release: the hub closes the subgraph itself."""


def identity_of(caller: Caller) -> Identity:
    """The verified caller in the subgraphs' words."""
    return Identity(caller.subject, caller.client_id, caller.scopes, "ko" if caller.language == "ko" else "en")
