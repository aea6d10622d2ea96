"""A plan as one program that merges nothing, or why it cannot be one."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from graphql import GraphQLSchema

from router.executor.emit_projection import list_of, present
from router.executor.fetches import PreparedFetch, fetches_of
from router.executor.json_bytes import dumps
from router.executor.representations import selected
from router.executor.shape import Shape
from router.executor.source import Program, SourceWriter
from router.executor.unmerged.answer import AnswerEmitter, known
from router.executor.unmerged.collect import CollectorEmitter
from router.executor.unmerged.run import UnmergedRun
from router.executor.unmerged.schedule import Request, Schedule, make_schedule
from router.executor.unmerged.sources import Unfit, read_sources
from router.planner.nodes import Node


class UnmergedProgram:
    """The emitted program; ``await execute(run)`` gives the answer's data, ready for JSON, or raises a surprise."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self.source = program.source
        self.execute = program.names["execute"]

    async def run(self, run: UnmergedRun) -> bytes:
        """The response. Raises whatever data that is not as promised makes the program raise."""
        return b'{"data":' + dumps(await self.execute(run)) + b"}"


def unmerged_program(
    node: Node | None, fetches: Mapping[int, PreparedFetch], root: Shape, schema: GraphQLSchema, title: str
) -> UnmergedProgram:
    """The program of a plan whose client's answer has the shape ``root``. Raises Unfit."""
    if node is None:
        raise Unfit("nothing is fetched")
    schedule = make_schedule(node, fetches)
    selections = {fetches[id(fetch)].number: fetch.selections for fetch, _ in fetches_of(node)}
    sources = read_sources(fetches.values(), selections)
    writer = SourceWriter()
    collectors = CollectorEmitter(writer, sources, schedule)
    for request in schedule.requests:
        _request(writer, collectors, request)
    _execute(writer, schedule)
    AnswerEmitter(writer, sources, schedule, collectors.derived, root).emit()
    names: dict[str, Any] = {
        "SCHEMA": schema,
        "Fragment": orjson.Fragment,
        "create_task": asyncio.create_task,
        "dumps": dumps,
        "known": known,
        "list_of": list_of,
        "present": present,
        "selected": selected,
    }
    return UnmergedProgram(Program(writer.text, {**names, **writer.constants}, title))


def _request(writer: SourceWriter, collectors: CollectorEmitter, request: Request) -> None:
    """``request_n(run, E, I, R, *before)``: wait, collect, ask."""
    number, fetch = request.number, request.fetches[0]
    constant = writer.constant(f"FETCH_{number}", fetch)
    paths = ", ".join(".".join(one.path) for one in request.fetches)
    title = f"{fetch.subgraph}: {', '.join(fetch.keys)}{f' at {paths}' if paths else ''}"
    writer.line(f"# {constant}: {title!r}")  # quoted, as a subgraph's name may hold anything
    if fetch.representations is not None:
        collectors.emit(request)
    with writer.block(f"async def request_{number}(run, E, I, R, *before):"):
        if request.after:
            with writer.block("for earlier in before:"):
                writer.line("await earlier")
        if fetch.representations is None:
            writer.line(f"E[{number}] = await run.root({constant})")
        else:
            writer.line(f"R[{number}], I[{number}] = collect_{number}(E, I, R)")
            writer.line(f"E[{number}] = await run.entities({constant}, R[{number}])")
    writer.line()


def _execute(writer: SourceWriter, schedule: Schedule) -> None:
    requests = schedule.requests
    straight = all(request.after == ((at - 1,) if at else ()) for at, request in enumerate(requests))
    chains = {} if straight else _chains(requests)
    for head, chain in chains.items():
        if len(chain) > 1:
            with writer.block(f"async def chain_{head}(run, E, I, R, *before):"):
                writer.line(f"await request_{head}(run, E, I, R, *before)")
                for number in chain[1:]:
                    writer.line(f"await request_{number}(run, E, I, R)")
            writer.line()
    ends = {number: head for head, chain in chains.items() for number in chain}
    with writer.block("async def execute(run):"):
        for name in "EIR":
            writer.line(f"{name} = [None] * {len(requests)}")
        if straight:
            for request in requests:
                writer.line(f"await request_{request.number}(run, E, I, R)")
        else:
            for head, chain in chains.items():
                before = "".join(f", t{ends[number]}" for number in requests[head].after)
                call = f"request_{head}" if len(chain) == 1 else f"chain_{head}"
                writer.line(f"t{head} = create_task({call}(run, E, I, R{before}))")
            writer.line(f"await run.all({', '.join(f't{head}' for head in chains)})")
        writer.line("return answer(E, I, R, run.variables)")
    writer.line()


def _chains(requests: Sequence[Request]) -> dict[int, list[int]]:
    """First request → those that one task makes one after the other: each is all that waits for the one before it."""
    waiting = Counter(before for request in requests for before in request.after)
    chains: dict[int, list[int]] = {}
    head_of: dict[int, int] = {}
    for request in requests:
        alone = len(request.after) == 1 and waiting[request.after[0]] == 1
        head = head_of[request.after[0]] if alone else request.number
        head_of[request.number] = head
        chains.setdefault(head, []).append(request.number)
    return chains
