"""What a domain is to the rest of the hub: one frozen ``Subgraph`` value; and one that is running, ``OpenSubgraph``."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from sqlalchemy import MetaData

from subgraphs.kit import execution
from subgraphs.kit.context import ANONYMOUS, Context, Identity
from subgraphs.kit.database import Database
from subgraphs.kit.entities import FederatedSchema
from subgraphs.kit.errors import ErrorTable
from subgraphs.kit.import_log import imports_so_far, note_import, prepare_log
from subgraphs.kit.importing import UNREADABLE, Importer, ImportSummary, Progress, no_progress, unreadable
from subgraphs.kit.migrations import migrate
from subgraphs.kit.time import Clock, utc_now

log = logging.getLogger("subgraphs")

_RESTART_SECONDS = 5.0
WATCH_SECONDS = 5.0
"""How often a running subgraph looks whether another process has imported something."""

Seed = Callable[[Database, Clock], Awaitable[None]]
"""Stores the product's own facts; running it again changes nothing."""
LoadModel = Callable[[Database], Awaitable[Any]]
"""Reads the reference data into the in-memory read model that ``context.model`` shows."""
Background = Callable[[Context], Awaitable[None]]
"""Work beside the requests (a sweeper); runs until cancelled, restarted after a failure."""


async def _no_seed(_database: Database, _clock: Clock) -> None:
    return None


async def _no_model(_database: Database) -> None:
    return None


@dataclass(frozen=True)
class Subgraph:
    """One domain, complete: schema, tables, migrations, seed, importers, background work and error texts."""

    name: str
    schema: FederatedSchema
    errors: ErrorTable
    metadata: MetaData = field(default_factory=MetaData)
    migrations: Path | None = None
    seed: Seed = _no_seed
    load_model: LoadModel = _no_model
    importers: tuple[Importer, ...] = ()
    background: tuple[Background, ...] = ()

    @cached_property
    def documents(self) -> execution.DocumentCache:
        """The checked operation texts of this process."""
        return execution.DocumentCache(self.schema)

    def sdl(self) -> str:
        """The federated SDL as checked in under ``schema/``: the same text on every run."""
        return self.schema.as_str().strip() + "\n"


async def execute(
    subgraph: Subgraph,
    query: str,
    variables: Mapping[str, Any] | None,
    operation_name: str | None,
    context: Context,
) -> execution.Response:
    """Run a query or mutation and answer the GraphQL response map. Bad input is answered, never raised."""
    return await execution.run(subgraph.schema, subgraph.documents, query, variables, operation_name, context)


def subscribe(
    subgraph: Subgraph,
    query: str,
    variables: Mapping[str, Any] | None,
    operation_name: str | None,
    context: Context,
) -> AsyncGenerator[execution.Response, None]:
    """Run a subscription; ``aclose`` the generator to end it."""
    return execution.stream(subgraph.schema, subgraph.documents, query, variables, operation_name, context)


class OpenSubgraph:
    """A subgraph on its database, migrated, seeded and with its read model loaded: what hub and serving doors hold."""

    def __init__(self, subgraph: Subgraph, database: Database, clock: Clock, services: Mapping[str, Any]) -> None:
        self.subgraph = subgraph
        self.database = database
        self.clock = clock
        self.services = services
        self.model: Any = None
        self._imports = 0
        self._tasks: list[asyncio.Task[None]] = []

    @classmethod
    async def open(
        cls,
        subgraph: Subgraph,
        database: Database,
        *,
        clock: Clock = utc_now,
        services: Mapping[str, Any] | None = None,
        seed: bool = True,
    ) -> OpenSubgraph:
        """Bring the database up to date and load what is held in memory."""
        opened = cls(subgraph, database, clock, services or {})
        if subgraph.migrations is not None:
            await migrate(database, subgraph.name, subgraph.metadata, subgraph.migrations)
        if subgraph.importers:
            await prepare_log(database)
        if seed:
            await subgraph.seed(database, clock)
        await opened.reload()
        return opened

    async def reload(self) -> None:
        """Read the reference data again, after an import; requests under way keep the old one."""
        if self.subgraph.importers:
            self._imports = await imports_so_far(self.database, self.subgraph.name)
        self.model = await self.subgraph.load_model(self.database)

    async def import_files(self, importer: Importer, folder: Path, progress: Progress = no_progress) -> ImportSummary:
        """Run one of the domain's importers and answer on the new data, here and in every running process.

        A file that is not of its kind is told in the summary as UNREADABLE_FILE, never raised.
        """
        try:
            summary = await importer.run(self.database, folder, progress)
        except UNREADABLE as error:
            summary = unreadable(importer, error)
        await note_import(self.database, self.subgraph.name, summary, self.clock())
        await self.reload()
        return summary

    def context(self, identity: Identity = ANONYMOUS) -> Context:
        """The context of one request."""
        return Context(self.database, identity, self.clock, self.model, self.services)

    async def execute(
        self,
        query: str,
        variables: Mapping[str, Any] | None = None,
        operation_name: str | None = None,
        identity: Identity = ANONYMOUS,
    ) -> execution.Response:
        """``execute`` with a fresh context for ``identity``."""
        return await execute(self.subgraph, query, variables, operation_name, self.context(identity))

    def subscribe(
        self,
        query: str,
        variables: Mapping[str, Any] | None = None,
        operation_name: str | None = None,
        identity: Identity = ANONYMOUS,
    ) -> AsyncGenerator[execution.Response, None]:
        """``subscribe`` with a fresh context for ``identity``."""
        return subscribe(self.subgraph, query, variables, operation_name, self.context(identity))

    def start_background(self) -> None:
        """Start the domain's background work; ``aclose`` ends it."""
        works = (
            [*self.subgraph.background, self._watch_imports] if self.subgraph.importers else self.subgraph.background
        )
        self._tasks += [asyncio.create_task(self._keep_running(work)) for work in works]

    async def _watch_imports(self, _context: Context) -> None:
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            if await imports_so_far(self.database, self.subgraph.name) != self._imports:
                await self.reload()

    async def _keep_running(self, work: Background) -> None:
        while True:
            try:
                await work(self.context())
            except Exception:
                log.exception("background work of %s failed; again in %s s", self.subgraph.name, _RESTART_SECONDS)
            await asyncio.sleep(_RESTART_SECONDS)

    async def aclose(self) -> None:
        """End background work and close the database."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        await self.database.aclose()
