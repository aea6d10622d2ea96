"""Transports that answer what was answered before, so that nothing is asked twice when a run starts again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from copy import deepcopy
from typing import Any

from router.caller import Caller
from router.errors import SubgraphUnavailable
from router.executor.fetches import ENTITIES
from router.executor.json_bytes import dumps
from router.executor.transport import SubgraphRequest, SubgraphResponse, Transport
from router.executor.unmerged.run import Recorded


def replaying(recorded: Sequence[Recorded], transports: Mapping[str, Transport]) -> Mapping[str, Transport]:
    """The same transports, each answering first from what was recorded of its subgraph."""
    by_subgraph: dict[str, list[Recorded]] = {}
    for one in recorded:
        by_subgraph.setdefault(one.subgraph, []).append(one)
    replays: dict[str, Transport] = {
        name: _Replay(name, transports.get(name), found) for name, found in by_subgraph.items()
    }
    return {**transports, **replays}


class _Replay:
    def __init__(self, name: str, transport: Transport | None, recorded: Sequence[Recorded]) -> None:
        self._name = name
        self._transport = transport
        self._recorded = [
            (one, {dumps(representation): at for at, representation in enumerate(one.representations or ())})
            for one in recorded
        ]

    async def execute(self, request: SubgraphRequest, caller: Caller) -> SubgraphResponse:
        """The recorded response, cut to what is asked; a new one for representations not asked for before."""
        asked = request.variables.get("representations")
        keys = None if asked is None else [dumps(representation) for representation in asked]
        for one, positions in self._recorded:
            if one.query != request.query or (keys is None) != (one.representations is None):
                continue
            if keys is not None and not all(key in positions for key in keys):
                continue
            if isinstance(one.response, SubgraphUnavailable):
                raise one.response
            response = deepcopy(dict(one.response))
            return response if keys is None else _cut(response, [positions[key] for key in keys])
        if self._transport is None:
            raise SubgraphUnavailable(f"The subgraph {self._name} is not connected.")
        return await self._transport.execute(request, caller)

    def subscribe(self, request: SubgraphRequest, caller: Caller) -> AsyncIterator[SubgraphResponse]:
        """Not for queries and mutations."""
        raise AssertionError("only queries and mutations are replayed")

    def retire(self) -> None:
        """The transport behind belongs to others."""

    async def aclose(self) -> None:
        """The transport behind belongs to others."""


def _cut(response: dict[str, Any], positions: Sequence[int]) -> SubgraphResponse:
    """The response as if only the representations at ``positions`` had been sent, in that order."""
    data = response.get("data")
    entities = data.get(ENTITIES) if isinstance(data, dict) else None
    if isinstance(data, dict) and isinstance(entities, list) and all(at < len(entities) for at in positions):
        response["data"] = {**data, ENTITIES: [entities[at] for at in positions]}
    errors = response.get("errors")
    if isinstance(errors, list):
        response["errors"] = [moved for error in errors if (moved := _moved(error, positions)) is not None]
    return response


def _moved(error: Any, positions: Sequence[int]) -> Any:
    path = error.get("path") if isinstance(error, dict) else None
    if not isinstance(path, list) or path[:1] != [ENTITIES] or len(path) < 2 or not isinstance(path[1], int):
        return error
    if path[1] not in positions:
        return None
    return {**error, "path": [ENTITIES, positions.index(path[1]), *path[2:]]}
