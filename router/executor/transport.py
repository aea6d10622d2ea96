"""What the executor asks of a subgraph transport; in-process, HTTP and the tests' transports implement it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any, Protocol

from router.caller import Caller
from router.executor.json_bytes import dumps

__all__ = ["Caller", "SubgraphRequest", "SubgraphResponse", "Transport", "request_head"]

SubgraphResponse = Mapping[str, Any]
"""A GraphQL response map: ``data``, ``errors``, ``extensions``. It belongs to the executor from then on, which merges
into its objects in place: a transport never hands out the same objects twice, unless the request is ``read_only``."""


def request_head(query: str, operation_name: str | None) -> bytes:
    """The JSON of a request up to its variables; the same for every run of a plan, so made once."""
    named = b"" if operation_name is None else b',"operationName":' + dumps(operation_name)
    return b'{"query":' + dumps(query) + named


class SubgraphRequest:
    """One GraphQL request to a subgraph; not changed once made. ``body`` is made when a transport sends bytes.

    ``exact_numbers``: the answer may hold integers beyond 64 bits, which a custom scalar may be: read them exactly.
    ``read_only``: who asks does not write into the answer, so others may be given the same objects.
    """

    __slots__ = ("_body", "_head", "exact_numbers", "is_mutation", "operation_name", "query", "read_only", "variables")

    def __init__(
        self,
        query: str,
        operation_name: str | None = None,
        variables: Mapping[str, Any] | None = None,
        is_mutation: bool = False,
        head: bytes | None = None,
        exact_numbers: bool = False,
        read_only: bool = False,
    ) -> None:
        self.query = query
        self.operation_name = operation_name
        self.variables: Mapping[str, Any] = {} if variables is None else variables
        self.is_mutation = is_mutation
        self.exact_numbers = exact_numbers
        self.read_only = read_only
        self._head = head
        self._body: bytes | None = None

    @property
    def body(self) -> bytes:
        """The request as JSON bytes."""
        body = self._body
        if body is None:
            head = self._head
            if head is None:
                head = request_head(self.query, self.operation_name)
            body = head + b',"variables":' + dumps(self.variables) + b"}" if self.variables else head + b"}"
            self._body = body
        return body


class Transport(Protocol):
    """A way to one subgraph. Raises ``router.errors.SubgraphUnavailable`` when no GraphQL response came back."""

    async def execute(self, request: SubgraphRequest, caller: Caller) -> SubgraphResponse:
        """Run a query or mutation."""
        ...

    def subscribe(self, request: SubgraphRequest, caller: Caller) -> AsyncIterator[SubgraphResponse]:
        """Open a subscription; leaving the iteration closes it upstream."""
        ...

    def retire(self) -> None:
        """Calls become rare and will end: keep no idle connection for them."""
        ...

    async def aclose(self) -> None:
        """Release connections."""
        ...
