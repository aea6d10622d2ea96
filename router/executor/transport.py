"""What the executor asks of a subgraph transport; in-process, HTTP and the tests' transports implement it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from router.caller import Caller

__all__ = ["Caller", "SubgraphRequest", "SubgraphResponse", "Transport"]

SubgraphResponse = Mapping[str, Any]
"""A GraphQL response map: ``data``, ``errors``, ``extensions``."""


@dataclass(frozen=True, slots=True)
class SubgraphRequest:
    """One GraphQL request to a subgraph. ``body`` is the same request as JSON bytes, for transports that send bytes."""

    query: str
    operation_name: str | None
    variables: Mapping[str, Any]
    body: bytes
    is_mutation: bool = False


class Transport(Protocol):
    """A way to one subgraph. Raises ``router.errors.SubgraphUnavailable`` when no GraphQL response came back."""

    async def execute(self, request: SubgraphRequest, caller: Caller) -> SubgraphResponse:
        """Run a query or mutation."""
        ...

    def subscribe(self, request: SubgraphRequest, caller: Caller) -> AsyncIterator[SubgraphResponse]:
        """Open a subscription; leaving the iteration closes it upstream."""
        ...

    async def aclose(self) -> None:
        """Release connections."""
        ...
