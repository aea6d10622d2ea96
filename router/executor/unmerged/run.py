"""One run of an unmerged program: asks, remembers what was answered, and stops at the first surprise."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from router.caller import Caller
from router.errors import SubgraphUnavailable
from router.executor.fetches import ENTITIES, PreparedFetch
from router.executor.runtime import exchange, subgraph_request
from router.executor.settings import ExecutionSettings
from router.executor.transport import SubgraphResponse, Transport


class Surprise(Exception):
    """An answer is not plain data: the general way has to deal with it."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What came of a request: a response, which others may hold too, or the reason that there is none."""

    subgraph: str
    query: str
    representations: list[dict[str, Any]] | None
    response: SubgraphResponse | SubgraphUnavailable


class UnmergedRun:
    """State of one run; ``recorded`` is what the general way starts from after a surprise."""

    __slots__ = ("_caller", "_settings", "_transports", "recorded", "variables")

    def __init__(
        self,
        variables: Mapping[str, Any],
        caller: Caller,
        transports: Mapping[str, Transport],
        settings: ExecutionSettings,
    ) -> None:
        self.variables = variables
        self._caller = caller
        self._transports = transports
        self._settings = settings
        self.recorded: list[Recorded] = []

    async def root(self, fetch: PreparedFetch) -> dict[str, Any]:
        """The data of a root fetch. Raises Surprise."""
        data = await self._data(fetch, None)
        if type(data) is not dict:
            raise Surprise("no data")
        return data

    async def entities(
        self, fetch: PreparedFetch, representations: list[dict[str, Any]]
    ) -> list[dict[str, Any] | None]:
        """The entities of the representations, in their order; None for one the subgraph does not know."""
        if not representations:
            return []
        data = await self._data(fetch, representations)
        entities = data.get(ENTITIES) if type(data) is dict else None
        if type(entities) is not list or len(entities) != len(representations):
            raise Surprise("not as many entities")
        return entities

    async def all(self, *tasks: asyncio.Task[None]) -> None:
        """Wait for all, also when one fails: what they were answered is needed then. Raises the first failure."""
        for failure in await asyncio.gather(*tasks, return_exceptions=True):
            if failure is not None:
                raise failure

    async def _data(self, fetch: PreparedFetch, representations: list[dict[str, Any]] | None) -> Any:
        request = subgraph_request(fetch, self.variables, representations, read_only=True)
        response: SubgraphResponse | SubgraphUnavailable
        try:
            response = await exchange(fetch, request, self._transports, self._caller, self._settings.timeout)
        except SubgraphUnavailable as error:
            response = error
        self.recorded.append(Recorded(fetch.subgraph, fetch.query, representations, response))
        if isinstance(response, SubgraphUnavailable):
            raise Surprise("no answer") from response
        if response.get("errors"):
            raise Surprise("errors")
        return response.get("data")
