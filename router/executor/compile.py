"""Plan → CompiledPlan: everything that can be worked out before a request is, and written down as Python."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from router.caller import Caller
from router.errors import SubgraphUnavailable
from router.executor.emit_plan import PlanEmitter
from router.executor.emit_projection import ProjectionEmitter, list_of, present
from router.executor.fetches import PreparedFetch, prepare_fetches, shared_paths
from router.executor.introspection import Introspection, introspection_part
from router.executor.json_bytes import dumps
from router.executor.project import project
from router.executor.reports import Reports
from router.executor.representations import selected
from router.executor.runtime import SURPRISES, Run, unavailable
from router.executor.settings import ExecutionSettings
from router.executor.shape import ShapeBuilder
from router.executor.source import Program, SourceWriter
from router.executor.transport import SubgraphResponse, Transport
from router.federation.supergraph import Supergraph
from router.operation.model import Operation, OperationKind
from router.planner.nodes import QueryPlan, SubscriptionNode
from router.policy.scopes import Refusal

DEFAULTS = ExecutionSettings()
logger = logging.getLogger(__name__)


def compile_plan(
    plan: QueryPlan,
    operation: Operation,
    supergraph: Supergraph,
    refusals: Sequence[Refusal] = (),
    settings: ExecutionSettings = DEFAULTS,
) -> CompiledPlan:
    """Compile ``plan``. ``operation`` is the client's, refused selections included: it gives the answer its order."""
    return CompiledPlan(plan, operation, supergraph, tuple(refusals), settings)


class CompiledPlan:
    """One operation, ready to run any number of times with any variables."""

    def __init__(
        self,
        plan: QueryPlan,
        operation: Operation,
        supergraph: Supergraph,
        refusals: tuple[Refusal, ...],
        settings: ExecutionSettings,
    ) -> None:
        self.plan = plan
        self.operation = operation
        self._refusals = refusals
        self._settings = settings
        untyped = _interface_objects(supergraph)
        builder = ShapeBuilder(supergraph.api_schema, refusals, untyped)
        self._root = builder.root(operation)
        self._affected = builder.affected
        part = introspection_part(operation)
        self._introspection = None if part is None else Introspection(part, supergraph.api_schema)
        fetches = prepare_fetches(plan.node, supergraph.schema, untyped)
        self._primary: PreparedFetch | None = None
        if isinstance(plan.node, SubscriptionNode):
            self._primary = fetches[id(plan.node.primary)]
        writer = SourceWriter()
        PlanEmitter(writer, fetches).emit(plan.node)
        if not refusals:
            ProjectionEmitter(writer, builder.shapes, shared_paths(fetches.values())).emit()
        self.source = writer.text
        """The emitted Python; tracebacks point into it."""
        known = {
            "SCHEMA": supergraph.schema,
            "gather": asyncio.gather,
            "dumps": dumps,
            "selected": selected,
            "list_of": list_of,
            "present": present,
        }
        self._program = Program(self.source, {**known, **writer.constants}, operation.name or operation.kind.value)
        self._execute = self._program.names["execute"]
        self._project = self._program.names.get("project")

    async def __call__(
        self, variables: Mapping[str, Any], caller: Caller, transports: Mapping[str, Transport]
    ) -> bytes:
        """Run a query or mutation with coerced variables; the response as JSON bytes."""
        assert self.operation.kind is not OperationKind.SUBSCRIPTION, "subscriptions are opened by events()"
        run = self._start(variables, caller, transports)
        await self._execute(run)
        return self._finish(run)

    async def events(
        self, variables: Mapping[str, Any], caller: Caller, transports: Mapping[str, Transport]
    ) -> AsyncIterator[bytes]:
        """Open a subscription; one response a source event. Closing the iterator closes the source.

        The next event is asked for when the last response was taken: what waits, waits in the subgraph's transport.
        """
        primary = self._primary
        assert primary is not None, "only subscriptions have events"
        try:
            transport = transports.get(primary.subgraph)
            if transport is None:
                raise SubgraphUnavailable(f"The subgraph {primary.subgraph} is not connected.")
            request = self._start(variables, caller, transports).request(primary, None)
            async with _closing(transport.subscribe(request, caller)) as stream:
                async for event in stream:
                    yield await self._event(primary, event, variables, caller, transports)
        except SubgraphUnavailable as error:
            yield _broken_off(error, primary, caller)
        except Exception:
            logger.exception("the subscription to subgraph %s failed", primary.subgraph)
            defect = SubgraphUnavailable(f"The subgraph {primary.subgraph} is not available.")
            yield _broken_off(defect, primary, caller)

    async def _event(
        self,
        primary: PreparedFetch,
        event: SubgraphResponse,
        variables: Mapping[str, Any],
        caller: Caller,
        transports: Mapping[str, Transport],
    ) -> bytes:
        run = self._start(variables, caller, transports)
        run.merge_root(primary, event)
        await self._execute(run)
        return self._finish(run)

    def _start(self, variables: Mapping[str, Any], caller: Caller, transports: Mapping[str, Transport]) -> Run:
        reports = Reports(caller.language, self._affected)
        return Run(self._root, variables, caller, transports, self._settings, reports)

    def _finish(self, run: Run) -> bytes:
        if self._introspection is not None:
            run.data.update(self._introspection.answer(run.variables))
        if self._project is not None and not run.reports.errors:
            try:
                return b'{"data":' + dumps(self._project(run.data, run.variables)) + b"}"
            except SURPRISES:
                pass
        return self.finish_exactly(run)

    def finish_exactly(self, run: Run) -> bytes:
        """Project by interpretation: finds every error and how far null spreads."""
        reports = run.reports
        answer = project(self._root, run.data, run.variables, reports)
        reports.refused_nowhere(self._refusals, answer)
        errors = reports.finished()
        return dumps({"data": answer, "errors": errors} if errors else {"data": answer})


@asynccontextmanager
async def _closing(stream: AsyncIterator[SubgraphResponse]) -> AsyncIterator[AsyncIterator[SubgraphResponse]]:
    try:
        yield stream
    finally:
        close = getattr(stream, "aclose", None)
        if close is not None:
            await close()


def _broken_off(error: SubgraphUnavailable, primary: PreparedFetch, caller: Caller) -> bytes:
    logger.warning("the subscription to subgraph %s broke off: %s", primary.subgraph, error.message)
    located = unavailable(primary.subgraph, primary.keys[:1], error)
    return dumps({"data": None, "errors": [located.formatted(caller.language)]})


def _interface_objects(supergraph: Supergraph) -> frozenset[str]:
    return frozenset(
        name
        for name, joins in supergraph.joins.items()
        if any(join.is_interface_object for join in joins.types.values())
    )
