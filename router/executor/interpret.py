"""Run a plan by walking it: what the emitted ``execute`` does, for the requests that come before it is compiled."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from router.executor.fetches import PreparedFetch
from router.executor.runtime import Run
from router.planner.nodes import ConditionNode, Defer, Fetch, Flatten, Node, Parallel, Sequence, SubscriptionNode


async def walk(run: Run, node: Node | None, fetches: Mapping[int, PreparedFetch]) -> None:
    """Run all fetches of the node; of a subscription, those that follow an event."""
    match node:
        case None:
            return
        case Fetch():
            await _fetch(run, fetches[id(node)])
        case Flatten():
            await walk(run, node.node, fetches)
        case Sequence():
            for child in node.nodes:
                await walk(run, child, fetches)
        case Parallel():
            await asyncio.gather(*(walk(run, child, fetches) for child in node.nodes))
        case ConditionNode():
            holds = run.variables.get(node.variable) is True
            await walk(run, node.if_clause if holds else node.else_clause, fetches)
        case SubscriptionNode():
            await walk(run, node.rest, fetches)
        case Defer():
            raise AssertionError("parts are run by IncrementalPlan")


async def _fetch(run: Run, fetch: PreparedFetch) -> None:
    if fetch.representations is None:
        await (run.fetch_below(fetch) if fetch.path else run.fetch_root(fetch))
    elif fetch.representations.context:
        await run.fetch_in_context(fetch)
    else:
        await run.fetch_entities(fetch, run.collect(fetch))
