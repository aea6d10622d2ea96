"""One request through the rooms: operation → policy → plan cache, else planner and compiler → run.

The cold rooms are pure and their values are cached: a text is read once, an operation is planned once for each set of
refusals. What remains for a known request: two look-ups, the variables, and the compiled plan.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Literal, cast

from router.caller import Caller
from router.errors import PlanningFailed, RequestError, RouterError, ValidationFailed
from router.executor import CompiledPlan, ExecutionSettings, Transport, compile_plan
from router.executor.incremental import IncrementalPlan, Payload, WireFormat, whole
from router.executor.introspection import introspection_part
from router.executor.json_bytes import dumps
from router.federation.supergraph import Supergraph
from router.lru import Lru
from router.operation import Document, GraphQLRequest, prepare
from router.operation.incremental import Choices, Marked, with_incremental_delivery
from router.operation.model import Operation, OperationKind
from router.operation.printing import print_operation
from router.planner import plan as make_plan
from router.planner import plan_stages
from router.planner.nodes import QueryPlan
from router.planner.parts import plan_in_parts
from router.planner.show_stages import show_stages
from router.policy.limits import Limits, check_document, check_operation, check_text
from router.policy.override_labels import NO_LABELS, Labels, OverrideLabels, labels_met, labels_of
from router.policy.scopes import Access, Granted, Refusal, access_of

logger = logging.getLogger(__name__)

Planner = Callable[[Supergraph, Operation, Labels], QueryPlan]


@dataclass(frozen=True, slots=True)
class PipelineSettings:
    """Limits and caches; sizes are entries."""

    limits: Limits = field(default_factory=Limits)
    execution: ExecutionSettings = field(default_factory=ExecutionSettings)
    documents: int = 2_000
    plans: int = 1_000
    suggestions: bool = True
    """Whether validation errors name what may have been meant."""
    introspection: bool = True
    """Whether ``__schema`` and ``__type`` are answered."""
    incremental: bool = False
    """Whether @defer and @stream are known, and acted upon for clients that take several responses."""
    override_labels: OverrideLabels = field(default_factory=OverrideLabels)
    """Which labels of ``@override`` are on for a request."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A finished response. ``request_error``: nothing was executed, ``body`` has no ``data``."""

    body: bytes
    outcome: Literal["data", "request_error"]
    http_status: int


@dataclass(frozen=True, slots=True)
class Stage:
    """What one room made of the request under ``explain``."""

    room: str
    output: Any


@dataclass(slots=True)
class Counters:
    """Since the pipeline was made."""

    requests: int = 0
    request_errors: int = 0
    subscriptions: int = 0
    incremental: int = 0
    plans_made: int = 0
    document_hits: int = 0
    plan_hits: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class _Known:
    """A text's document, what its operation demands of callers, and the override labels its plan depends on."""

    document: Document
    access: Access
    labels: Labels


@dataclass(frozen=True, slots=True, eq=False)
class _Ready:
    document: Document
    plan: Plan
    variables: dict[str, Any]


PlanKey = tuple[str, Granted | None, Labels, Choices | None]
"""The operation, what decides of caller and labels, and the choices that tell its parts where it is delivered so."""
Plan = CompiledPlan | IncrementalPlan


class Pipeline:
    """Serves one supergraph. Use from one event loop; close it with ``aclose``."""

    def __init__(
        self,
        supergraph: Supergraph,
        transports: Mapping[str, Transport],
        settings: PipelineSettings | None = None,
        planner: Planner = make_plan,
    ) -> None:
        self.settings = settings or PipelineSettings()
        self._marks: frozenset[str] = frozenset()
        if self.settings.incremental:
            schema, self._marks = with_incremental_delivery(supergraph.api_schema)
            supergraph = replace(supergraph, api_schema=schema)
        self.supergraph = supergraph
        self.transports = transports
        self.counters = Counters()
        self._planner = planner
        self._labels = labels_of(supergraph)
        self._documents: Lru[tuple[str, str | None], _Known] = Lru(self.settings.documents)
        self._plans: Lru[PlanKey, Plan] = Lru(self.settings.plans)
        self._being_made: dict[PlanKey, asyncio.Future[Plan]] = {}
        # Planning is pure Python of some milliseconds: in a thread it only slows the loop instead of stopping it.
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="router-planner")

    def kind_of(self, request: GraphQLRequest) -> OperationKind | None:
        """Query, mutation or subscription; None when the request cannot be read, which ``execute`` then answers."""
        try:
            return self._read(request).document.kind
        except RequestError:
            return None

    async def execute(self, request: GraphQLRequest, caller: Caller) -> Answer:
        """Run a query or mutation. Every failure is an answer, none is raised."""
        self.counters.requests += 1
        try:
            ready = await self._prepare(request, caller)
            if ready.document.kind is OperationKind.SUBSCRIPTION:
                raise RequestError("A subscription cannot be answered by one response.", code="SUBSCRIPTION_OVER_HTTP")
            return Answer(await self._run(ready, caller), "data", 200)
        except RouterError as error:
            return self._refuse(error, caller)
        except Exception:
            return self._defect(caller)

    async def deliver(self, request: GraphQLRequest, caller: Caller, form: WireFormat) -> AsyncIterator[bytes] | Answer:
        """Run a query or mutation for a client that takes several responses: those, or the answer when one is enough.

        What comes first has been run; the rest runs while it is asked for. Closing the iterator ends it.
        """
        self.counters.requests += 1
        try:
            ready = await self._prepare(request, caller, in_parts=True)
            if ready.document.kind is OperationKind.SUBSCRIPTION:
                raise RequestError("A subscription cannot be answered by one response.", code="SUBSCRIPTION_OVER_HTTP")
            if isinstance(ready.plan, CompiledPlan):
                return Answer(await self._run(ready, caller), "data", 200)
            first, rest = await ready.plan.start(ready.variables, caller, self.transports, ready.document.operation)
            if not first.pending:
                return Answer(dumps(whole(first)), "data", 200)
            self.counters.incremental += 1
            return _written(first, rest, form)
        except RouterError as error:
            return self._refuse(error, caller)
        except Exception:
            return self._defect(caller)

    async def _run(self, ready: _Ready, caller: Caller) -> bytes:
        return await _whole(ready)(ready.variables, caller, self.transports, ready.document.operation)

    async def subscribe(self, request: GraphQLRequest, caller: Caller) -> AsyncIterator[bytes] | Answer:
        """Open a subscription: an iterator of responses (close it to close the source), or the answer why not."""
        self.counters.requests += 1
        try:
            ready = await self._prepare(request, caller)
            if ready.document.kind is not OperationKind.SUBSCRIPTION:
                return Answer(await self._run(ready, caller), "data", 200)
            self.counters.subscriptions += 1
            return _whole(ready).events(ready.variables, caller, self.transports, ready.document.operation)
        except RouterError as error:
            return self._refuse(error, caller)
        except Exception:
            return self._defect(caller)

    async def trace(
        self, request: GraphQLRequest, caller: Caller, *, run: bool = True, labels: Labels = NO_LABELS
    ) -> AsyncIterator[Stage]:
        """Each room's output in turn, for ``explain``. Raises RouterError where the request would be refused.

        ``labels``: override labels that are on besides those the settings switch on for every request.
        """
        labels |= self.settings.override_labels.always(self._labels)
        yield Stage("request", request)
        known = self._read(request)
        yield Stage("operation", print_operation(known.document.operation))
        operation, refusals = known.access.authorise(caller)
        yield Stage("policy", {"operation": print_operation(operation), "refusals": refusals})
        stages = plan_stages(self.supergraph, operation, labels)
        for name, text in show_stages(stages):
            if name != "plan":
                yield Stage(f"planner: {name}", text)
        yield Stage("planner", stages.plan)
        document = known.document
        compiled = compile_plan(stages.plan, document.operation, self.supergraph, refusals, self.settings.execution)
        yield Stage("executor.compile", compiled.source)
        # Last, because a plan does not depend on values: missing ones must not hide it.
        variables = known.document.coerce_variables(request.variables)
        yield Stage("variables", variables)
        marked = known.document.marked
        if marked is not None:
            granted = known.access.granted(caller) if refusals else None
            key = (marked.key, granted, labels, marked.choices(variables))
            in_parts = self._plan_parts(key, lambda: compiled, marked, labels)
            if isinstance(in_parts, IncrementalPlan):
                yield Stage("planner: in parts", in_parts.plan)
                yield Stage("executor.compile: in parts", in_parts.source)
        if run and known.document.kind is not OperationKind.SUBSCRIPTION:
            yield Stage("run", await compiled(variables, caller, self.transports))

    def retire(self) -> None:
        """Another pipeline takes the new requests: hold nothing open for more than those that run."""
        for transport in self.transports.values():
            transport.retire()

    async def aclose(self) -> None:
        """Close the transports and the planner's thread."""
        self._thread.shutdown(wait=False, cancel_futures=True)
        for transport in self.transports.values():
            await transport.aclose()

    def _read(self, request: GraphQLRequest) -> _Known:
        key = (request.query, request.operation_name)
        known = self._documents.get(key)
        if known is not None:
            self.counters.document_hits += 1
            return known
        limits, schema = self.settings.limits, self.supergraph.api_schema
        check_text(request.query, limits)
        document = prepare(
            request.query,
            request.operation_name,
            schema,
            max_tokens=limits.max_tokens,
            suggestions=self.settings.suggestions,
            before_validation=lambda tree: check_document(tree, limits),
            incremental=self._marks,
        )
        check_operation(document.operation, schema, limits)
        if not self.settings.introspection and introspection_part(document.operation) is not None:
            raise ValidationFailed("Introspection is switched off.", code="INTROSPECTION_DISABLED")
        operation = document.operation
        known = _Known(document, access_of(operation, self.supergraph), labels_met(operation, self.supergraph))
        self._documents.put(key, known)
        return known

    async def _prepare(self, request: GraphQLRequest, caller: Caller, *, in_parts: bool = False) -> _Ready:
        known = self._read(request)
        document, access = known.document, known.access
        operation, refusals = access.authorise(caller)
        variables = document.coerce_variables(request.variables)
        # The planner gets all labels that are on, the key those that can matter: few graphs, no plan twice.
        labels = self.settings.override_labels.active(self._labels, caller) if known.labels else NO_LABELS
        granted, marked = access.granted(caller) if refusals else None, document.marked if in_parts else None
        key: PlanKey = (document.key, granted, labels & known.labels, None)
        if marked is not None:
            marked.check(variables)
            key = (marked.key, granted, labels & known.labels, marked.choices(variables))
        plan = self._plans.get(key)
        if plan is None:
            work: Callable[[], Plan] = partial(self._plan, operation, refusals, known, labels)
            if marked is not None:
                work = partial(self._plan_parts, key, work, marked, labels)
            plan = await self._make(key, work)
        else:
            self.counters.plan_hits += 1
        return _Ready(document, plan, variables)

    async def _make(self, key: PlanKey, work: Callable[[], Plan]) -> Plan:
        """Plan once a key: who asks meanwhile waits for the same plan."""
        making = self._being_made.get(key)
        if making is None:
            loop = asyncio.get_running_loop()
            making = loop.run_in_executor(self._thread, work)
            self._being_made[key] = making
            making.add_done_callback(lambda done: self._made(key, done))
        return await asyncio.shield(making)

    def _made(self, key: PlanKey, done: asyncio.Future[Plan]) -> None:
        self._being_made.pop(key, None)
        if not done.cancelled() and done.exception() is None:
            plan = done.result()
            self._plans.put(key, plan)
            # Requests that wait for the plan send their first fetches meanwhile. A closing pipeline compiles no more.
            if isinstance(plan, CompiledPlan):
                with suppress(RuntimeError):
                    self._thread.submit(_compile, plan)

    def _plan(self, operation: Operation, refusals: tuple[Refusal, ...], known: _Known, labels: Labels) -> CompiledPlan:
        self.counters.plans_made += 1
        try:
            plan = self._planner(self.supergraph, operation, labels)
        except RecursionError:
            raise PlanningFailed("The operation is nested too deeply to be planned.") from None
        return CompiledPlan(plan, known.document.operation, self.supergraph, refusals, self.settings.execution)

    def _plan_parts(self, key: PlanKey, plan_whole: Callable[[], Plan], marked: Marked, labels: Labels) -> Plan:
        """The plan in parts, or the whole one when nothing would come later."""
        _, granted, _, choices = key

        def permit(operation: Operation) -> tuple[Operation, tuple[Refusal, ...]]:
            return (operation, ()) if granted is None else access_of(operation, self.supergraph).filtered(granted)

        try:
            found = plan_in_parts(self.supergraph, marked, choices or (), permit, labels)
        except RecursionError:
            raise PlanningFailed("The operation is nested too deeply to be planned.") from None
        if found is None:
            return plan_whole()
        self.counters.plans_made += 1
        return IncrementalPlan(found.plan, found.divided, self.supergraph, found.refused, self.settings.execution)

    def _refuse(self, error: RouterError, caller: Caller) -> Answer:
        self.counters.request_errors += 1
        errors = error.errors if isinstance(error, RequestError) else (error,)
        if isinstance(error, PlanningFailed):
            logger.error("planning failed: %s", error.message)
        body = dumps({"errors": [one.formatted(caller.language) for one in errors]})
        return Answer(body, "request_error", error.http_status)

    def _defect(self, caller: Caller) -> Answer:
        logger.exception("a defect of the router ended a request")
        return self._refuse(RouterError("Internal server error.", ko="서버 내부 오류입니다."), caller)


def _whole(ready: _Ready) -> CompiledPlan:
    assert isinstance(ready.plan, CompiledPlan), "only deliver() asks for parts"
    return ready.plan


async def _written(first: Payload, rest: AsyncIterator[Payload], form: WireFormat) -> AsyncIterator[bytes]:
    yield dumps(form(first))
    async with aclosing(cast(Any, rest)) as payloads:
        async for payload in payloads:
            shown = form(payload)
            if shown is not None:
                yield dumps(shown)


def _compile(plan: CompiledPlan) -> None:
    """What cannot be compiled goes on by interpretation."""
    try:
        plan.compile()
    except (RecursionError, SyntaxError, MemoryError):
        logger.warning("a plan is too large to be compiled; it is interpreted")
    except Exception:
        logger.exception("a plan could not be compiled; it is interpreted")
