"""A subgraph in this process: callables that take and give Python values, no JSON in between."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from router.caller import Caller
from router.errors import SubgraphUnavailable
from router.executor.transport import SubgraphRequest, SubgraphResponse

Execute = Callable[[SubgraphRequest, Caller], Awaitable[SubgraphResponse]]
Subscribe = Callable[[SubgraphRequest, Caller], AsyncIterator[SubgraphResponse]]


class InProcessTransport:
    """``execute`` and ``subscribe`` must answer fresh objects each time: the executor merges into them in place."""

    __slots__ = ("_execute", "_subscribe")

    def __init__(self, execute: Execute, subscribe: Subscribe | None = None) -> None:
        self._execute = execute
        self._subscribe = subscribe

    def execute(self, request: SubgraphRequest, caller: Caller) -> Any:
        """Run a query or mutation."""
        return self._execute(request, caller)

    def subscribe(self, request: SubgraphRequest, caller: Caller) -> AsyncIterator[SubgraphResponse]:
        """Open a subscription. Raises SubgraphUnavailable when the subgraph has none."""
        if self._subscribe is None:
            raise SubgraphUnavailable("The subgraph offers no subscriptions.")
        return self._subscribe(request, caller)

    def retire(self) -> None:
        """Nothing is held."""

    async def aclose(self) -> None:
        """Nothing is held."""
