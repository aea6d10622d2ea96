"""One run of a plan: the state emitted code works on, and the named steps it calls."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from router.caller import Caller
from router.errors import SubgraphUnavailable
from router.executor.fetches import ENTITIES, PreparedFetch
from router.executor.merge import attach, attach_deep, merge_deep
from router.executor.paths import objects_at, visible
from router.executor.relocate import forward_errors, steps_spread
from router.executor.reports import Reports, ResponsePath
from router.executor.representations import Collected, collect, collect_in_context
from router.executor.rewrites import rename_keys
from router.executor.settings import ExecutionSettings
from router.executor.shape import Shape
from router.executor.transport import SubgraphRequest, SubgraphResponse, Transport
from router.operation.model import Operation

logger = logging.getLogger(__name__)

SURPRISES = (KeyError, TypeError, AttributeError, IndexError, ValueError)
"""What emitted code raises when data is not as the schema promises."""


class Run:
    """State of one run. ``data`` grows as fetches come in; ``reports`` collects the errors."""

    __slots__ = ("asked", "caller", "data", "fetched", "reports", "root", "settings", "transports", "variables")

    def __init__(
        self,
        root: Shape,
        variables: Mapping[str, Any],
        caller: Caller,
        transports: Mapping[str, Transport],
        settings: ExecutionSettings,
        reports: Reports,
        asked: Operation,
    ) -> None:
        self.root = root
        self.asked = asked
        self.variables = variables
        self.caller = caller
        self.transports = transports
        self.settings = settings
        self.reports = reports
        self.data: dict[str, Any] = {}
        self.fetched = 0

    async def fetch_root(self, fetch: PreparedFetch) -> None:
        """Run a root fetch and merge its data."""
        response = await self._send(fetch, self.request(fetch, None), None)
        if response is not None:
            self.merge_root(fetch, response)

    def merge_root(self, fetch: PreparedFetch, response: SubgraphResponse) -> None:
        """Merge the data of a root fetch, or of one event of a subscription, and report its errors."""
        errors, data = response.get("errors"), response.get("data")
        spread = steps_spread(errors, data)
        if isinstance(data, dict):
            if fetch.renames:
                self._rename(fetch, data)
            if fetch.deep:
                merge_deep(self.data, data)
            else:
                self.data.update(data)
        if errors:
            self._forward(fetch, errors, (), spread)
            if not isinstance(data, dict):
                for key in fetch.keys:
                    self.reports.explain((key,))
        elif not isinstance(data, dict):
            self._failed(fetch, None, SubgraphUnavailable(f"The subgraph {fetch.subgraph} answered no data."))

    async def fetch_below(self, fetch: PreparedFetch) -> None:
        """Run a root fetch whose data belongs to objects below: fields that return a root type (``Query``) again."""
        objects = [found for _, found in objects_at(self.data, fetch.path, fetch.schema)]
        if not objects:
            return
        collected: Collected = (objects, [0] * len(objects), [{}])
        response = await self._send(fetch, self.request(fetch, None), collected)
        if response is None:
            return
        errors, data = response.get("errors"), response.get("data")
        if errors:
            self._forward(fetch, errors, self._positions(fetch, collected), steps_spread(errors, data))
        if isinstance(data, dict):
            if fetch.renames:
                self._rename(fetch, data)
            (attach_deep if fetch.deep else attach)(objects, collected[1], [data])
        elif errors:
            self._explain(fetch, collected)
        else:
            self._failed(fetch, collected, SubgraphUnavailable(f"The subgraph {fetch.subgraph} answered no data."))

    async def fetch_in_context(self, fetch: PreparedFetch) -> None:
        """Run an entity fetch whose @fromContext variables differ by object: a request for each set of values."""
        assert fetch.representations is not None
        groups = collect_in_context(fetch.representations, self.data)
        await asyncio.gather(*(self.fetch_entities(fetch, collected, values) for values, collected in groups))

    async def fetch_collected(self, fetch: PreparedFetch, collector: Callable[[dict[str, Any]], Collected]) -> None:
        """Run an entity fetch for what its emitted collector finds."""
        try:
            collected = collector(self.data)
        except SURPRISES:
            collected = self.collect(fetch)
        if collected[2]:
            await self.fetch_entities(fetch, collected)

    async def fetch_entities(
        self, fetch: PreparedFetch, collected: Collected, context: Mapping[str, Any] | None = None
    ) -> None:
        """Run an entity fetch for what was collected and merge its entities into their objects."""
        objects, index, representations = collected
        if not representations:
            return
        response = await self._send(fetch, self.request(fetch, representations, context), collected)
        if response is None:
            return
        errors, data = response.get("errors"), response.get("data")
        entities = data.get(ENTITIES) if isinstance(data, dict) else None
        if errors:
            self._forward(fetch, errors, self._positions(fetch, collected), steps_spread(errors, data))
            if entities is None:
                self._explain(fetch, collected)
                return
        if entities is None or not _are_entities(entities, len(representations)):
            self._failed(
                fetch, collected, SubgraphUnavailable(f"The subgraph {fetch.subgraph} answered no list of entities.")
            )
            return
        if fetch.renames:
            for entity in entities:
                self._rename(fetch, entity)
        self._keep_types(fetch, entities)
        (attach_deep if fetch.deep else attach)(objects, index, entities)

    def collect(self, fetch: PreparedFetch) -> Collected:
        """The exact collector, for data the emitted one does not take."""
        assert fetch.representations is not None
        return collect(fetch.representations, self.data)

    def request(
        self,
        fetch: PreparedFetch,
        representations: list[dict[str, Any]] | None,
        context: Mapping[str, Any] | None = None,
    ) -> SubgraphRequest:
        """The request of a fetch."""
        return subgraph_request(fetch, self.variables, representations, context)

    async def _send(
        self, fetch: PreparedFetch, request: SubgraphRequest, collected: Collected | None
    ) -> SubgraphResponse | None:
        self.fetched += 1
        try:
            return await exchange(fetch, request, self.transports, self.caller, self.settings.timeout)
        except SubgraphUnavailable as error:
            self._failed(fetch, collected, error)
            return None

    def _failed(self, fetch: PreparedFetch, collected: Collected | None, error: SubgraphUnavailable) -> None:
        """One error for each field of the answer the fetch was for."""
        positions: list[ResponsePath] = [()]
        if collected is not None:
            positions = [position for several in self._positions(fetch, collected) for position in several]
        logger.warning("subgraph %s failed: %s", fetch.subgraph, error.message)
        told: set[ResponsePath] = set()
        for position in positions:
            for key in fetch.keys:
                path = self._visible((*position, key))
                # A field the client did not ask for ends at its object: then the object as a whole lacks something.
                if path in told:
                    continue
                told.add(path)
                self.reports.add(unavailable(fetch.subgraph, path, error))

    def _explain(self, fetch: PreparedFetch, collected: Collected) -> None:
        """The whole fetch has told errors already: nulls at its objects need no other."""
        for several in self._positions(fetch, collected):
            for position in several:
                self.reports.explain(position)

    def _forward(
        self,
        fetch: PreparedFetch,
        errors: Any,
        positions: Sequence[Sequence[ResponsePath]],
        spread: Sequence[int],
    ) -> None:
        policy = self.settings.policy(fetch.subgraph)
        forward_errors(errors, fetch, positions, self._visible, self.reports, policy, spread)

    def _positions(self, fetch: PreparedFetch, collected: Collected) -> list[list[ResponsePath]]:
        """For each representation the positions of the objects that share it."""
        objects, index, representations = collected
        number = {id(found): position for found, position in zip(objects, index, strict=True)}
        positions: list[list[ResponsePath]] = [[] for _ in representations]
        for path, found in objects_at(self.data, fetch.path, fetch.schema):
            position = number.get(id(found))
            if position is not None:
                positions[position].append(path)
        return positions

    def _visible(self, path: ResponsePath) -> ResponsePath:
        return visible(self.root, self.data, path)

    def _rename(self, fetch: PreparedFetch, value: Any) -> None:
        rename_keys(fetch.schema, value, fetch.renames)

    def _keep_types(self, fetch: PreparedFetch, entities: list[dict[str, Any] | None]) -> None:
        """A subgraph with an interface object answers the interface's name: that is not what the object is."""
        if fetch.untyped:
            for entity in entities:
                if entity is not None and entity.get("__typename") in fetch.untyped:
                    del entity["__typename"]


def subgraph_request(
    fetch: PreparedFetch,
    given: Mapping[str, Any],
    representations: list[dict[str, Any]] | None,
    context: Mapping[str, Any] | None = None,
    *,
    read_only: bool = False,
) -> SubgraphRequest:
    """The request of a fetch: variables that were not given stay absent."""
    variables: dict[str, Any] = {}
    if representations is not None:
        variables["representations"] = representations
    for name in fetch.variables:
        if name in given:
            variables[name] = given[name]
    if context:
        variables.update(context)
    return SubgraphRequest(
        fetch.query, fetch.operation_name, variables, fetch.is_mutation, fetch.head, fetch.exact_numbers, read_only
    )


async def exchange(
    fetch: PreparedFetch,
    request: SubgraphRequest,
    transports: Mapping[str, Transport],
    caller: Caller,
    time_limit: float,
) -> SubgraphResponse:
    """The subgraph's response. Raises SubgraphUnavailable, whatever went wrong; the log has more."""
    try:
        transport = transports.get(fetch.subgraph)
        if transport is None:
            raise SubgraphUnavailable(f"The subgraph {fetch.subgraph} is not connected.")
        if getattr(transport, "keeps_time", False):
            response = await transport.execute(request, caller)
        else:
            async with asyncio.timeout(time_limit):
                response = await transport.execute(request, caller)
        if not isinstance(response, Mapping):
            raise SubgraphUnavailable(f"The subgraph {fetch.subgraph} gave no GraphQL response.")
        return response
    except SubgraphUnavailable:
        raise
    except TimeoutError:
        raise SubgraphUnavailable(f"The subgraph {fetch.subgraph} did not answer in time.") from None
    except Exception as error:
        logger.exception("the transport to subgraph %s failed", fetch.subgraph)
        raise SubgraphUnavailable(f"The subgraph {fetch.subgraph} is not available.") from error


def unavailable(subgraph: str, path: ResponsePath, cause: SubgraphUnavailable) -> SubgraphUnavailable:
    """What the client is told: which subgraph and where. The cause may name hosts, so it is for the log."""
    return SubgraphUnavailable(
        f"The subgraph {subgraph} gave no answer.",
        ko=f"하위 그래프 {subgraph}이(가) 응답하지 않습니다.",
        path=path,
        extensions={**cause.extensions, "serviceName": subgraph},
    )


def _are_entities(entities: Any, expected: int) -> bool:
    return (
        isinstance(entities, list)
        and len(entities) == expected
        and all(entity is None or isinstance(entity, dict) for entity in entities)
    )
