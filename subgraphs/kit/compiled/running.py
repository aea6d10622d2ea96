"""One execution under way: what it collects, and how its awaitables are awaited together.

Emitted functions never await. Where a value is awaitable they leave a ``Pending`` in its place; when the whole
synchronous pass is done, ``drive`` starts all of them, so batch loaders see every key of a level in one turn of the
event loop, and continues each place as its value arrives. Nulls travel up the chain of parents (GraphQL specification,
section 6.4.4, "Handling Execution Errors").
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Awaitable, Callable, Iterable
from inspect import iscoroutine
from typing import TYPE_CHECKING, Any

from graphql import GraphQLError
from graphql.execution.values import VariableValues
from strawberry.execution import optimized_is_awaitable

if TYPE_CHECKING:
    from subgraphs.kit.compiled.slots import Slot

Link = tuple[Any, str | int, str | None] | None
"""A response path as a chain: ``(link of the parent, key or index, type name or None)``; None is the root."""
Then = Callable[["Run", Any], Any] | None
"""What becomes of an awaited value; None: the slot completes it."""


class CollectorPaused:
    """No cyclic garbage collection within: a synchronous pass makes many objects and no cycles of its own.

    Without it a response of ten thousand objects spends most of its time in collections that find nothing.
    """

    def __enter__(self) -> None:
        self._again = gc.isenabled()
        gc.disable()

    def __exit__(self, *_error: object) -> None:
        if self._again:
            gc.enable()


_BACKGROUND: set[asyncio.Future[Any]] = set()


def path_of(link: Link) -> list[str | int]:
    """The response path of a link, outermost key first."""
    path: list[str | int] = []
    while link is not None:
        path.append(link[1])
        link = link[0]
    path.reverse()
    return path


class Pending:
    """A place in the response that is not finished.

    Either it waits for ``awaitable`` and then becomes what ``then`` makes of the value, or it is an object or list
    (``data``) some of whose places are pending (``children``).
    """

    __slots__ = (
        "awaitable",
        "children",
        "data",
        "dead",
        "future",
        "key",
        "link",
        "nullable",
        "parent",
        "run",
        "slot",
        "then",
        "waiting",
    )

    parent: Pending | None
    key: Any
    nullable: bool
    future: asyncio.Future[Any]
    link: Link
    slot: Slot
    then: Then

    def __init__(self, run: Run, data: Any, children: list[Pending] | None, awaitable: Awaitable[Any] | None) -> None:
        self.run = run
        self.data = data
        self.children = children
        self.awaitable = awaitable
        self.parent = None
        self.dead = False
        self.waiting = False

    def arrived(self, _future: asyncio.Future[Any]) -> None:
        """Callback of the awaited future: the driver goes on with this place in the task of the request."""
        if not self.dead:
            run = self.run
            run.ready.append(self)
            if run.wake is not None and not run.wake.done():
                run.wake.set_result(None)


class Batch:
    """Places of one field that wait for plain futures, as batch loaders give them: all are done with the first.

    One callback serves them all. Where the first brings fewer than half of them, the rest get their own.
    """

    __slots__ = ("places", "run")

    def __init__(self, run: Run, places: list[Pending]) -> None:
        self.run = run
        self.places = places
        places[0].future.add_done_callback(self.arrived)

    def arrived(self, _future: asyncio.Future[Any]) -> None:
        """Callback of the first future."""
        done = [place for place in self.places if place.future.done()]
        rest = [place for place in self.places if not place.future.done()]
        self.places = rest
        if len(rest) > len(done):
            for place in rest:
                place.future.add_done_callback(place.arrived)
        elif rest:
            rest[0].future.add_done_callback(self.arrived)
        run = self.run
        run.ready += [place for place in done if not place.dead]
        if run.wake is not None and not run.wake.done():
            run.wake.set_result(None)


def partial(run: Run, data: Any, children: list[Pending]) -> Pending:
    """An object or list with unfinished places."""
    whole = Pending(run, data, children, None)
    for child in children:
        child.parent = whole
    return whole


class Run:
    """One execution of a compiled operation; ``data`` and ``errors`` are its result when it has finished."""

    __slots__ = (
        "broken",
        "cancelled",
        "context",
        "data",
        "errors",
        "extensions",
        "fresh",
        "memo",
        "plan",
        "ready",
        "root",
        "sync",
        "top",
        "variables",
        "waiting",
        "wake",
    )

    def __init__(
        self,
        plan: Any,
        root: Any,
        context: Any,
        variables: VariableValues,
        extensions: dict[str, Any] | None,
        sync: bool,
    ) -> None:
        self.plan = plan
        self.root = root
        self.context = context
        self.variables = variables
        self.extensions = extensions
        self.sync = sync
        self.data: dict[str, Any] | None = None
        self.errors: list[GraphQLError] = []
        self.memo: dict[Any, dict[str, Any]] = {}
        self.fresh: list[Pending] = []
        self.ready: list[Pending] = []
        self.cancelled: list[asyncio.Future[Any]] = []
        self.broken = False
        self.top: Pending | None = None
        self.wake: asyncio.Future[None] | None = None
        self.waiting = 0

    def defer(self, awaitable: Awaitable[Any], then: Then, slot: Slot, link: Link) -> Pending:
        """A place whose value is to be awaited."""
        pending = Pending(self, None, None, awaitable)
        pending.then = then
        pending.slot = slot
        pending.link = link
        self.fresh.append(pending)
        return pending

    def finish(self, result: Any) -> None:
        """Take the root's data: finished, or with places to drive."""
        if type(result) is Pending:
            self.top = result
            self.data = result.data
        else:
            self.data = result

    def fail(self, error: Exception) -> None:
        """End without data: the error came up to the root."""
        self.broken = True
        located = error if isinstance(error, GraphQLError) else GraphQLError(str(error), original_error=error)
        if self.top is not None:
            self._kill(self.top)
        self.top = None
        self.data = None
        self.errors.append(located)

    async def drive(self) -> None:
        """Await everything pending, level by level, and finish the response."""
        try:
            self._start()
            while self.waiting:
                if not self.ready:
                    self.wake = asyncio.get_running_loop().create_future()
                    await self.wake
                ready, self.ready = self.ready, []
                with CollectorPaused():
                    for pending in ready:
                        if not pending.dead:
                            self._continue(pending)
                self._start()
            if self.cancelled:
                await asyncio.gather(*self.cancelled, return_exceptions=True)
        except BaseException:
            # Cancelled or stopped: nothing of ours may go on behind the caller's back.
            if self.top is not None:
                self._kill(self.top)
            if self.cancelled:
                await asyncio.gather(*self.cancelled, return_exceptions=True)
            raise

    def abandon(self) -> None:
        """Leave what is pending: it settles in the background, or is closed where no event loop runs."""
        fresh, self.fresh = self.fresh, []
        self.settle(pending.awaitable for pending in fresh if pending.awaitable is not None)

    def settle(self, awaitables: Iterable[Awaitable[Any]]) -> None:
        """Let awaitables nobody asks for any more run to their end unheard."""
        found = list(awaitables)
        if not found:
            return
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            for awaitable in found:
                if iscoroutine(awaitable):
                    awaitable.close()
            return
        unheard = asyncio.gather(*found, return_exceptions=True)
        _BACKGROUND.add(unheard)
        unheard.add_done_callback(_BACKGROUND.discard)

    def _start(self) -> None:
        while self.fresh:
            fresh, self.fresh = self.fresh, []
            loop = asyncio.get_running_loop()
            orphans: list[Awaitable[Any]] = []
            batches: dict[Slot, list[Pending]] = {}
            for pending in fresh:
                awaitable = pending.awaitable
                if awaitable is None:
                    continue
                if self.broken and self.is_gone(pending):
                    orphans.append(awaitable)
                    continue
                pending.waiting = True
                self.waiting += 1
                future = pending.future = _scheduled(awaitable, loop)
                if future.done():
                    self.ready.append(pending)
                elif isinstance(future, asyncio.Task):
                    future.add_done_callback(pending.arrived)
                else:
                    batches.setdefault(pending.slot, []).append(pending)
            for places in batches.values():
                Batch(self, places)
            self.settle(orphans)

    def is_gone(self, pending: Pending) -> bool:
        """Whether an error has already made null of this place or of one around it."""
        node: Pending | None = pending
        while node is not None:
            if node.dead:
                return True
            if node is self.top:
                return False
            node = node.parent
        return True

    def _continue(self, pending: Pending) -> None:
        pending.waiting = False
        self.waiting -= 1
        if self.broken and self.is_gone(pending):
            return
        parent, future, slot = pending.parent, pending.future, pending.slot
        if parent is None:
            raise RuntimeError("a pending place has a parent")
        if future.cancelled():
            raise asyncio.CancelledError
        try:
            value = future.result()
            value = slot.finish(self, value, pending.link) if pending.then is None else pending.then(self, value)
        except Exception as error:
            located = slot.located(error, pending.link)
            if pending.nullable:
                parent.data[pending.key] = None
                self.errors.append(located)
            else:
                self._fail_up(parent, located)
            return
        if type(value) is Pending:
            value.parent, value.key, value.nullable = parent, pending.key, pending.nullable
            if parent.children is not None:
                parent.children.append(value)
            value = value.data
        parent.data[pending.key] = value

    def _fail_up(self, node: Pending, error: GraphQLError) -> None:
        """Null the nearest nullable place at or around ``node``."""
        while True:
            parent = node.parent
            if parent is None:
                self.fail(error)
                return
            if node.nullable:
                self._kill(node)
                parent.data[node.key] = None
                self.errors.append(error)
                return
            node = parent

    def _kill(self, node: Pending) -> None:
        """Stop everything under a place that is null now; tasks of ours are cancelled."""
        self.broken = True
        stack = [node]
        while stack:
            dying = stack.pop()
            dying.dead = True
            if dying.waiting:
                dying.waiting = False
                self.waiting -= 1
                future = dying.future
                if future is not dying.awaitable and not future.done():
                    future.cancel()
                    self.cancelled.append(future)
            if dying.children:
                stack.extend(dying.children)


def _scheduled(awaitable: Awaitable[Any], loop: asyncio.AbstractEventLoop) -> asyncio.Future[Any]:
    if iscoroutine(awaitable):
        return loop.create_task(awaitable)
    if isinstance(awaitable, asyncio.Future) and awaitable.get_loop() is loop:
        return awaitable
    return loop.create_task(_await(awaitable))


async def _await(awaitable: Awaitable[Any]) -> Any:
    return await awaitable


def is_awaitable(value: Any) -> bool:
    """As Strawberry decides it for the values of resolvers."""
    return optimized_is_awaitable(value)
