"""Plan in parts → IncrementalPlan: the same emitted fetches as ever, a function for each part, delivered in turn."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import Any

from router.caller import Caller
from router.executor.emit_plan import PlanEmitter
from router.executor.fetches import Contents, PreparedFetch, fetches_of, keys_of, prepare_fetches
from router.executor.incremental.delivery import Delivery, Program
from router.executor.incremental.ledger import Ledger
from router.executor.incremental.payloads import Payload
from router.executor.incremental.projection import PartProjection
from router.executor.incremental.scope import Cut, Scope, ScopedRun
from router.executor.introspection import Introspection, introspection_part
from router.executor.json_bytes import dumps
from router.executor.reports import Reports
from router.executor.representations import selected
from router.executor.settings import ExecutionSettings
from router.executor.shape import Shape, ShapeBuilder
from router.executor.source import Program as Source
from router.executor.source import SourceWriter
from router.executor.transport import Transport
from router.executor.type_conditions import interface_objects
from router.federation.supergraph import Supergraph
from router.operation.incremental import PRIMARY, Divided, Stream
from router.operation.model import Field, Operation, Selection
from router.planner.nodes import Defer, Fetch, Node, Path, QueryPlan
from router.planner.parts import below
from router.policy.scopes import Refusal


class IncrementalPlan:
    """One operation with deferred or streamed parts, ready to run any number of times.

    ``divided`` is the client's operation, refused selections included; the plan was made without them.
    """

    def __init__(
        self,
        plan: QueryPlan,
        divided: Divided,
        supergraph: Supergraph,
        refusals: tuple[Refusal, ...],
        settings: ExecutionSettings,
    ) -> None:
        self.plan = plan
        self._schema = supergraph.schema
        self._settings = settings
        untyped = interface_objects(supergraph)
        builder = ShapeBuilder(supergraph.api_schema, refusals, untyped)
        self._root = builder.root(divided.operation)
        self._affected = builder.affected
        part = introspection_part(divided.operation)
        self._introspection = None if part is None else Introspection(part, supergraph.api_schema)
        held = {slot.refusal: slot.part for slot in _slots(builder.shapes) if slot.refusal is not None}
        self._refusals = tuple(refusal for refusal in refusals if held.get(refusal, PRIMARY) == PRIMARY)

        top = plan.node
        defer = top if isinstance(top, Defer) else Defer((), top, (), ())
        fetches = prepare_fetches(top, supergraph.schema, untyped)
        makers = _makers(divided.streams, top, fetches)
        writer = SourceWriter()
        after_fetch: dict[int, tuple[str, ...]] = {}
        for stream in divided.streams:
            if stream.number in makers:
                cut = Cut(stream.number, stream.path[:-1], stream.path[-1], stream.initial, supergraph.schema)
                line = f"run.cut({writer.constant(f'STREAM_{stream.number}', cut)})"
                number = makers[stream.number].number
                after_fetch[number] = (*after_fetch.get(number, ()), line)
        emitter = PlanEmitter(writer, fetches, after_fetch)
        emitter.emit(top)
        parts, items = _emit_parts(emitter, defer, makers)
        self.source = writer.text
        """The emitted Python; tracebacks point into it."""
        known = {
            "SCHEMA": supergraph.schema,
            "gather": asyncio.gather,
            "dumps": dumps,
            "selected": selected,
        }
        operation = divided.operation
        self._source = Source(self.source, {**known, **writer.constants}, operation.name or operation.kind.value)
        functions = self._source.names
        self._execute = functions["execute"]
        self._program = Program(
            divided,
            {stream.path: stream.number for stream in divided.streams if stream.number in makers},
            {part.part: part.after for part in defer.deferred},
            {place: functions[name] for place, name in parts.items()},
            {number: functions[name] for number, name in items.items()},
        )

    async def start(
        self, variables: Mapping[str, Any], caller: Caller, transports: Mapping[str, Transport], asked: Operation
    ) -> tuple[Payload, AsyncIterator[Payload]]:
        """Run the primary part; its payload, and the payloads after it, which run when they are asked for.

        ``asked`` is the operation of this request's own text, for error locations. Without anything pending the first
        payload is the whole answer. Closing the iterator ends what runs.
        """

        def run_in(scope: Scope) -> ScopedRun:
            reports = Reports(caller.language, self._affected)
            return ScopedRun(
                scope, self._schema, self._root, variables, caller, transports, self._settings, reports, asked
            )

        scope = Scope()
        run = run_in(scope)
        await self._execute(run)
        if self._introspection is not None:
            run.data.update(self._introspection.answer(variables))
        projection = PartProjection(PRIMARY, scope, self._program.streams, variables, run.reports)
        data = projection.root(self._root, run.data)
        run.reports.refused_nowhere(self._refusals, data)
        delivery = Delivery(self._program, run_in, variables)
        payload = Payload(is_first=True, data=data, errors=run.told(run.reports.finished()))
        delivery.first(Ledger(scope, self._program.divided), projection.found, payload)
        return payload, delivery.payloads()


def _slots(shapes: Sequence[Shape]) -> Iterator[Any]:
    for shape in shapes:
        for slots in shape.slots.values():
            yield from slots


def _emit_parts(
    emitter: PlanEmitter, defer: Defer, makers: Mapping[int, PreparedFetch]
) -> tuple[dict[tuple[int | None, int], str], dict[int, str]]:
    """Write a function for each part, for the items of each stream, and for each part below the items of a stream.

    The names: by (stream or None, part), and by stream. A stream inside of another one whose list comes with the outer
    list is cut again for each batch.
    """
    parts: dict[tuple[int | None, int], str] = {}
    items: dict[int, str] = {}
    for part in defer.deferred:
        parts[None, part.part] = f"execute_part_{part.part}"
        emitter.function(parts[None, part.part], part.node)
    streams = [stream for stream in defer.streamed if stream.number in makers]
    for stream in streams:
        inner = [
            f"run.cut(STREAM_{other.number})"
            for other in streams
            if len(other.path) > len(stream.path)
            and other.path[: len(stream.path)] == stream.path
            and not _is_below(makers[other.number].path, stream.path)
        ]
        items[stream.number] = f"execute_items_{stream.number}"
        emitter.function(items[stream.number], stream.node, tuple(inner))
        for part in defer.deferred:
            if part.part != stream.part:
                parts[stream.number, part.part] = f"execute_items_{stream.number}_part_{part.part}"
                emitter.function(parts[stream.number, part.part], below(part.node, stream.path))
    return parts, items


def _is_below(path: Path, list_path: Path) -> bool:
    return tuple(step for step in path if not step.startswith("... on "))[: len(list_path)] == list_path


def _makers(
    streams: Sequence[Stream], node: Node | None, fetches: Mapping[int, PreparedFetch]
) -> dict[int, PreparedFetch]:
    """By stream: the one fetch that brings its list. A list that several bring, or that is read to be sent to a
    subgraph, cannot be cut: it is answered whole."""
    found = list(fetches_of(node))
    contents = [(fetch, path, Contents(fetch, path)) for fetch, path in found] if streams else []
    makers: dict[int, PreparedFetch] = {}
    for stream in streams:
        keys = keys_of(stream.path)
        bring = [fetch for fetch, path, content in contents if _brings(content, keys_of(path), keys)]
        if len(bring) == 1 and not any(_reads(fetch, keys_of(path), keys) for fetch, path, _ in contents):
            makers[stream.number] = fetches[id(bring[0])]
    return makers


def _brings(content: Contents, base: Path, keys: Path) -> bool:
    if keys in content.objects:
        return True
    if keys[:-1] == base:
        return keys[-1] in content.keys
    return keys[-1] in content.below.get(keys[:-1], ())


def _reads(fetch: Fetch, base: Path, keys: Path) -> bool:
    """Whether the fetch sends values of the list, in representations or through the context."""
    sent = any(base + path == keys for selection in fetch.requires for path in _paths(selection))
    return sent or any(keys[-1] in rewrite.path for rewrite in fetch.context_rewrites)


def _paths(selection: Selection) -> Iterator[Path]:
    own = (selection.response_key,) if isinstance(selection, Field) else ()
    if own:
        yield own
    for inner in selection.selections:
        for path in _paths(inner):
            yield own + path
