"""Plan → CompiledPlan: everything that can be worked out before a request is, and written down as Python."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from router.caller import Caller
from router.errors import SubgraphUnavailable
from router.executor.emit_plan import PlanEmitter
from router.executor.emit_projection import ProjectionEmitter, list_of, present
from router.executor.fetches import PreparedFetch, prepare_fetches, shared_paths
from router.executor.interpret import walk
from router.executor.introspection import Introspection, introspection_part
from router.executor.json_bytes import dumps
from router.executor.locations import Locator
from router.executor.project import project
from router.executor.reports import Reports
from router.executor.representations import selected
from router.executor.runtime import SURPRISES, Run, unavailable
from router.executor.settings import ExecutionSettings
from router.executor.shape import ShapeBuilder
from router.executor.source import Program, SourceWriter
from router.executor.transport import SubgraphResponse, Transport
from router.executor.type_conditions import interface_objects
from router.executor.unmerged import UnmergedProgram, unmerged_program
from router.executor.unmerged.replay import replaying
from router.executor.unmerged.run import Surprise, UnmergedRun
from router.executor.unmerged.sources import Unfit
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
    compiled = CompiledPlan(plan, operation, supergraph, refusals, settings)
    compiled.compile()
    return compiled


class CompiledPlan:
    """One operation, ready to run any number of times with any variables.

    It runs by interpretation until ``compile`` has been called, which may happen while requests run: they need not wait
    for Python's compiler before their first fetch is sent. Both ways answer the same bytes.
    """

    def __init__(
        self,
        plan: QueryPlan,
        operation: Operation,
        supergraph: Supergraph,
        refusals: Sequence[Refusal] = (),
        settings: ExecutionSettings = DEFAULTS,
    ) -> None:
        self.plan = plan
        self.operation = operation
        self._supergraph = supergraph
        self._refusals = tuple(refusals)
        self._settings = settings
        self._schema = supergraph.schema
        untyped = interface_objects(supergraph)
        builder = ShapeBuilder(supergraph.api_schema, self._refusals, untyped)
        self._root = builder.root(operation)
        self._affected = builder.affected
        part = introspection_part(operation)
        self._introspection = None if part is None else Introspection(part, supergraph.api_schema)
        fetches = prepare_fetches(plan.node, supergraph.schema, untyped)
        self._fetches = fetches
        self._shapes = builder.shapes
        self._primary: PreparedFetch | None = None
        if isinstance(plan.node, SubscriptionNode):
            self._primary = fetches[id(plan.node.primary)]
        self.source = ""
        """The emitted Python once compiled; tracebacks point into it."""
        self._program: Program | None = None
        self._unmerged: UnmergedProgram | None = None
        self.merges = ""
        """Why the compiled plan has to merge answers; empty when it does not."""
        self._execute: Callable[[Run], Awaitable[None]] | None = None
        self._project: Callable[[dict[str, Any], Mapping[str, Any]], Any] | None = None

    def compile(self) -> None:
        """Write the plan down as Python and run that from now on. May be called from another thread."""
        title = self.operation.name or self.operation.kind.value
        try:
            self._unmerged = self._compile_unmerged(title)
            self.source = self._unmerged.source
        except Unfit as reason:
            self.merges = str(reason)
            self._compile_merging(title)

    def _compile_unmerged(self, title: str) -> UnmergedProgram:
        if self._refusals:
            raise Unfit("refusals")
        if self._introspection is not None:
            raise Unfit("introspection")
        return unmerged_program(self.plan.node, self._fetches, self._root, self._supergraph.schema, title)

    def _compile_merging(self, title: str) -> None:
        writer = SourceWriter()
        PlanEmitter(writer, self._fetches).emit(self.plan.node)
        if not self._refusals:
            ProjectionEmitter(writer, self._shapes, shared_paths(self._fetches.values())).emit()
        known = {
            "SCHEMA": self._supergraph.schema,
            "gather": asyncio.gather,
            "dumps": dumps,
            "selected": selected,
            "list_of": list_of,
            "present": present,
        }
        self._program = Program(writer.text, {**known, **writer.constants}, title)
        self.source = writer.text
        self._execute = self._program.names["execute"]
        self._project = self._program.names.get("project")

    async def _fetch(self, run: Run) -> None:
        if self._execute is None:
            await walk(run, self.plan.node, self._fetches)
        else:
            await self._execute(run)

    async def __call__(
        self,
        variables: Mapping[str, Any],
        caller: Caller,
        transports: Mapping[str, Transport],
        asked: Operation | None = None,
    ) -> bytes:
        """Run a query or mutation with coerced variables; the response as JSON bytes.

        ``asked`` is the operation of this request's own text, for error locations: plans are shared by equal ones.
        """
        assert self.operation.kind is not OperationKind.SUBSCRIPTION, "subscriptions are opened by events()"
        if self._unmerged is not None:
            attempt = UnmergedRun(variables, caller, transports, self._settings)
            try:
                return await self._unmerged.run(attempt)
            except (Surprise, *SURPRISES):
                # The general way finds out what is to be told of it.
                transports = replaying(attempt.recorded, transports)
        run = self._start(variables, caller, transports, asked)
        await self._fetch(run)
        return self._finish(run)

    async def events(
        self,
        variables: Mapping[str, Any],
        caller: Caller,
        transports: Mapping[str, Transport],
        asked: Operation | None = None,
    ) -> AsyncIterator[bytes]:
        """Open a subscription; one response a source event. Closing the iterator closes the source.

        The next event is asked for when the last response was taken: what waits, waits in the subgraph's transport.
        """
        primary = self._primary
        assert primary is not None, "only subscriptions have events"
        opening = self._start(variables, caller, transports, asked)
        try:
            transport = transports.get(primary.subgraph)
            if transport is None:
                raise SubgraphUnavailable(f"The subgraph {primary.subgraph} is not connected.")
            request = opening.request(primary, None)
            async with _closing(transport.subscribe(request, caller)) as stream:
                async for event in stream:
                    run = self._start(variables, caller, transports, asked)
                    run.merge_root(primary, event)
                    await self._fetch(run)
                    yield self._finish(run)
        except SubgraphUnavailable as error:
            yield self._broken_off(error, primary, opening)
        except Exception:
            logger.exception("the subscription to subgraph %s failed", primary.subgraph)
            defect = SubgraphUnavailable(f"The subgraph {primary.subgraph} is not available.")
            yield self._broken_off(defect, primary, opening)

    def _start(
        self,
        variables: Mapping[str, Any],
        caller: Caller,
        transports: Mapping[str, Transport],
        asked: Operation | None,
    ) -> Run:
        reports = Reports(caller.language, self._affected)
        return Run(self._root, variables, caller, transports, self._settings, reports, asked or self.operation)

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
        errors = self._located(run, reports.finished())
        return dumps({"data": answer, "errors": errors} if errors else {"data": answer})

    def _broken_off(self, error: SubgraphUnavailable, primary: PreparedFetch, run: Run) -> bytes:
        logger.warning("the subscription to subgraph %s broke off: %s", primary.subgraph, error.message)
        told = unavailable(primary.subgraph, primary.keys[:1], error).formatted(run.caller.language)
        return dumps({"data": None, "errors": self._located(run, [told])})

    def _located(self, run: Run, errors: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """The errors with their places in the text of this request."""
        locator = Locator(run.asked, self._schema, run.root, run.data, run.variables)
        return [locator.located(error) for error in errors]


@asynccontextmanager
async def _closing(stream: AsyncIterator[SubgraphResponse]) -> AsyncIterator[AsyncIterator[SubgraphResponse]]:
    try:
        yield stream
    finally:
        close = getattr(stream, "aclose", None)
        if close is not None:
            await close()
