"""An answer by every way a plan is run: interpreted, as for the first request, and compiled, as for all later ones."""

from __future__ import annotations

import asyncio

from router.caller import Caller
from router.operation import GraphQLRequest
from router.pipeline import Pipeline

ANYONE = Caller()


async def answer_by_each_way(pipeline: Pipeline, request: GraphQLRequest, caller: Caller = ANYONE) -> bytes:
    """The body, which must be the same by each."""
    first = (await pipeline.execute(request, caller)).body
    # Plans are compiled in this thread one after another: when it is free, ours is done.
    await asyncio.get_running_loop().run_in_executor(pipeline._thread, lambda: None)
    assert (await pipeline.execute(request, caller)).body == first
    return first
