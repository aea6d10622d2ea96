"""Delivery of one response in parts: runs them as the ledger allows and gives the payloads.

``Ledger`` keeps the books; here the parts are run and payloads are made of what they bring.

Back-pressure: finished parts wait in a queue of ``QUEUE``; at most ``AT_ONCE`` parts and batches run at a time, and a
stream fetches its next batch when the last one was taken.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from router.errors import RouterError
from router.executor.incremental.ledger import Ledger
from router.executor.incremental.payloads import Completion, ItemsPatch, Notice, ObjectPatch, Payload
from router.executor.incremental.projection import Group, PartProjection, StreamedList, allotted
from router.executor.incremental.scope import Items, Scope, ScopedRun
from router.executor.project import SPREAD
from router.executor.reports import Reports, ResponsePath
from router.operation.incremental import Divided

logger = logging.getLogger(__name__)

QUEUE = 4
AT_ONCE = 8
BATCH = 100
"""Streamed items fetched and delivered together."""

Execute = Callable[[ScopedRun], Awaitable[None]]


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """What the compiled plan gives to a delivery. ``after``: by part, the deferred parts it builds on.

    ``parts`` by (stream whose items are the scope, part); ``items`` by stream: what is run for a batch of its items.
    """

    divided: Divided
    streams: Mapping[tuple[str, ...], int]
    after: Mapping[int, tuple[int, ...]]
    parts: Mapping[tuple[int | None, int], Execute]
    items: Mapping[int, Execute]


@dataclass(frozen=True, slots=True, eq=False)
class _PartDone:
    ledger: Ledger
    part: int
    run: ScopedRun


@dataclass(frozen=True, slots=True, eq=False)
class _BatchDone:
    """``lists``: for each list of the batch its number among the stream's, and the items."""

    ledger: Ledger
    stream: _Stream
    batch: list[tuple[int, Items]]
    run: ScopedRun
    is_last: bool


@dataclass(frozen=True, slots=True, eq=False)
class _Stream:
    """Lists of one stream that were found at once. ``left``: how many items each still has to deliver."""

    number: int
    lists: list[StreamedList]
    notices: list[Notice]
    left: list[int]
    failed: set[int] = field(default_factory=set)


class Delivery:
    """Payloads of one response. Iterate ``payloads`` to its end or close it; nothing runs on afterwards."""

    def __init__(self, program: Program, start: Callable[[Scope], ScopedRun], variables: Mapping[str, Any]) -> None:
        self._program = program
        self._run = start
        self._variables = variables
        self._labels = {stream.number: stream.label for stream in program.divided.streams}
        self._part_of = {stream.number: stream.part for stream in program.divided.streams}
        self._queue: asyncio.Queue[_PartDone | _BatchDone] = asyncio.Queue(QUEUE)
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()
        self._outstanding = 0
        self._ids = 0
        self._waiting: list[Callable[[], Awaitable[None]]] = []

    def first(self, ledger: Ledger, found: Sequence[Group | StreamedList], payload: Payload) -> None:
        """Announce in the first payload what the primary part left to be delivered. Nothing is started yet."""
        self._discover(ledger, found, payload)
        payload.has_next = self._outstanding > 0

    async def payloads(self) -> AsyncIterator[Payload]:
        """Everything after the first payload, as it becomes ready; what is ready at once goes together."""
        try:
            self._start()
            while self._outstanding:
                payload = Payload()
                self._take(await self._queue.get(), payload)
                while not self._queue.empty():
                    self._take(self._queue.get_nowait(), payload)
                payload.has_next = self._outstanding > 0
                self._start()
                if payload.pending or payload.patches or payload.completed or not payload.has_next:
                    yield payload
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(self) -> None:
        for work in self._waiting:
            task: asyncio.Task[None] = asyncio.ensure_future(work())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        self._waiting.clear()

    def _take(self, event: _PartDone | _BatchDone, payload: Payload) -> None:
        if isinstance(event, _PartDone):
            self._outstanding -= 1
            self._deliver_part(event, payload)
        else:
            self._outstanding -= event.is_last
            self._deliver_batch(event, payload)

    def _discover(self, ledger: Ledger, found: Sequence[Group | StreamedList], payload: Payload) -> None:
        ledger.note(each for each in found if isinstance(each, Group))
        streamed: dict[int, list[StreamedList]] = {}
        for each in found:
            if isinstance(each, StreamedList):
                streamed.setdefault(each.stream, []).append(each)
        for number, lists in streamed.items():
            self._open_stream(ledger, number, lists, payload)
        self._advance(ledger, payload)

    def _advance(self, ledger: Ledger, payload: Payload) -> None:
        """Announce what can be announced, start what can run, complete what is complete, until nothing changes."""
        while True:
            ledger.prune()
            opened = list(ledger.openable())
            for deferral in opened:
                for path in list(ledger.instances(deferral)):
                    notice = self._notice(ledger.scope.real(path), deferral.label, False)
                    ledger.notices[deferral.number, path] = notice
                    payload.pending.append(notice)
            for part in ledger.startable(self._program.after):
                self._outstanding += 1
                self._waiting.append(self._part(ledger, part))
            closed = set(ledger.closable())
            payload.completed.extend(
                Completion(notice)
                for (number, path), notice in ledger.notices.items()
                if number in closed and (number, path) not in ledger.failed
            )
            if not opened and not closed:
                return

    def _notice(self, path: ResponsePath, label: str | None, is_stream: bool) -> Notice:
        notice = Notice(str(self._ids), path, label, is_stream)
        self._ids += 1
        return notice

    def _part(self, ledger: Ledger, part: int) -> Callable[[], Awaitable[None]]:
        async def work() -> None:
            execute = self._program.parts.get((ledger.scope.stream, part))
            run = self._run(ledger.scope)
            async with self._slots:
                if execute is not None:
                    await _guarded(execute, run)
            await self._queue.put(_PartDone(ledger, part, run))

        return work

    def _deliver_part(self, done: _PartDone, payload: Payload) -> None:
        ledger, reports = done.ledger, done.run.reports
        groups = [group for group in ledger.groups.pop(done.part, ()) if ledger.holders(group)]
        ledger.running.discard(done.part)
        fetched = allotted(reports.finished(), [group.path for group in groups]) if groups else []
        projection = self._projection(done.part, ledger.scope, reports)
        for group, errors in zip(groups, fetched, strict=True):
            # A group before this one may have failed what both stand in.
            holders = ledger.holders(group)
            if not holders:
                continue
            before = len(reports.errors)
            data = projection.group(group)
            told = done.run.told([*errors, *reports.errors[before:]])
            if data is SPREAD:
                for place in holders:
                    ledger.failed.add(place)
                    payload.completed.append(Completion(ledger.notices[place], told))
                continue
            notice = ledger.notices[holders[0]]
            if data or told:
                below = ledger.scope.real(group.path)[len(notice.path) :]
                payload.patches.append(ObjectPatch(notice, below, data, told))
        self._discover(ledger, projection.found, payload)

    def _open_stream(self, ledger: Ledger, number: int, lists: list[StreamedList], payload: Payload) -> None:
        notices = [self._notice(ledger.scope.real(each.path), self._labels[number], True) for each in lists]
        payload.pending.extend(notices)
        self._outstanding += 1
        stream = _Stream(number, lists, notices, [len(each.tail.values) for each in lists])
        self._waiting.append(self._batches(ledger, stream))

    def _batches(self, ledger: Ledger, stream: _Stream) -> Callable[[], Awaitable[None]]:
        async def work() -> None:
            batches = list(_in_batches(stream.lists))
            for number, whole in enumerate(batches):
                batch = [(at, items) for at, items in whole if at not in stream.failed]
                view = ledger.scope.narrowed(stream.number, [items for _, items in batch])
                run = self._run(view)
                async with self._slots:
                    if batch:
                        await _guarded(self._program.items[stream.number], run)
                below = Ledger(view, ledger.divided)
                is_last = number == len(batches) - 1
                await self._queue.put(_BatchDone(below, stream, batch, run, is_last))

        return work

    def _deliver_batch(self, done: _BatchDone, payload: Payload) -> None:
        stream, view, reports = done.stream, done.run.scope, done.run.reports
        compact = [view.lists[items.path] for _, items in done.batch]
        fetched = allotted(reports.finished(), compact) if compact else []
        found: list[Group | StreamedList] = []
        for (at, items), path, errors in zip(done.batch, compact, fetched, strict=True):
            projection = self._projection(self._part_of[stream.number], view, reports)
            before = len(reports.errors)
            values = projection.items(stream.lists[at], Items(path, items.start, _at(view.data, path)), path)
            told = done.run.told([*errors, *reports.errors[before:]])
            stream.left[at] -= len(items.values)
            if values is SPREAD:
                stream.failed.add(at)
                payload.completed.append(Completion(stream.notices[at], told, items.start))
                continue
            found.extend(projection.found)
            payload.patches.append(ItemsPatch(stream.notices[at], items.start, values, told))
            if not stream.left[at]:
                payload.completed.append(Completion(stream.notices[at]))
        self._discover(done.ledger, found, payload)

    def _projection(self, part: int, scope: Scope, reports: Reports) -> PartProjection:
        return PartProjection(part, scope, self._program.streams, self._variables, reports)


async def _guarded(execute: Execute, run: ScopedRun) -> None:
    """Run a part; a defect of ours becomes an error of that part."""
    try:
        await execute(run)
    except Exception:
        logger.exception("a defect of the router ended a deferred part")
        run.reports.add(RouterError("Internal server error.", ko="서버 내부 오류입니다."))


def _in_batches(lists: Sequence[StreamedList]) -> Iterator[list[tuple[int, Items]]]:
    """The tails of all lists in pieces that together hold at most ``BATCH`` items."""
    batch: list[tuple[int, Items]] = []
    room = BATCH
    for number, each in enumerate(lists):
        values, start = each.tail.values, each.tail.start
        at = 0
        while at < len(values):
            taken = values[at : at + room]
            batch.append((number, Items(each.path, start + at, taken)))
            at += len(taken)
            room -= len(taken)
            if not room:
                yield batch
                batch, room = [], BATCH
    if batch:
        yield batch


def _at(data: Any, path: ResponsePath) -> Any:
    for step in path:
        data = data[step]
    return data
