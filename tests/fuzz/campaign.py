"""One process of a run: draw sets of subgraphs, try operations on each, shrink what is found."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any, Protocol

from tests.fuzz.case_file import Case, Finding
from tests.fuzz.draw import draw
from tests.fuzz.exercised import rare_fields
from tests.fuzz.facts import Unfit
from tests.fuzz.operations import draw_operation
from tests.fuzz.shrink import cuts, shrink, without
from tests.fuzz.trial import Trial, begin, replay
from tests.fuzz.world import Knobs

WILD = 0.15
"""The share of sets that get something cut out at random: they may compose, and must get the same verdict each time."""
OPERATIONS = 15
"""Tried on each set of subgraphs."""
SHRINKING = 40.0
"""Seconds for one finding."""
EACH_KIND = 2
"""Findings of one kind that a process makes small; later ones are likely the same."""


@dataclass
class Progress:
    """What has been done so far, or since the last time it was told."""

    sets: int = 0
    operations: int = 0
    exercised: Counter[str] = field(default_factory=Counter)

    def add(self, other: Progress) -> None:
        """Add what another process did."""
        self.sets += other.sets
        self.operations += other.operations
        self.exercised.update(other.exercised)


@dataclass(frozen=True)
class Found:
    """A finding made small; ``name`` tells which draw it came from."""

    name: str
    case: Case
    finding: Finding


class Sink(Protocol):
    """Where a process tells: a queue, or a list in a test."""

    def put(self, item: Progress | Found) -> None:
        """Tell."""
        ...


def campaign(seed: int, number: int, jobs: int, until: float, told: Sink) -> None:
    """Draw numbers ``number``, ``number + jobs``, … of a seed until the time ``until`` (as ``time.time()``)."""
    kinds: Counter[str] = Counter()
    with _without_log():
        while time.time() < until:
            for found in asyncio.run(_one_set(seed, number, until, told)):
                kinds[found.finding.kind] += 1
                if kinds[found.finding.kind] <= EACH_KIND:
                    case, finding = shrink(found.case, found.finding, replay, SHRINKING)
                    told.put(Found(found.name, case, finding))
            number += jobs


@contextmanager
def _without_log() -> Iterator[None]:
    """What a case does to the router is judged by its answer; its log would bury the findings."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)


def drawn_case(seed: int, number: int) -> tuple[Case, Random]:
    """The subgraphs and data of one draw, and the source of chance for its operations."""
    random = Random(f"{seed}:{number}")
    drawing = draw(random)
    faults = random.choice(((0, 0), (0, 0), (30, 0), (0, 30), (60, 60)))
    knobs = Knobs(
        seed=random.randrange(10**6),
        pool=random.choice((1, 3, 3, 5)),
        nulls=random.choice((0, 150, 300)),
        errors=faults[0],
        broken=faults[1],
    )
    labels = [each for each in sorted(drawing.labels) if each != "percent(0)"]
    on = tuple(each for each in labels if each == "percent(100)" or drawing.chance(0.5))
    subgraphs = tuple((each.name, each.sdl()) for each in drawing.subgraphs)
    if random.random() < WILD:
        wild = random.randrange(len(subgraphs))
        name, sdl = subgraphs[wild]
        for cut in random.sample(cuts(sdl), 1):
            sdl = without(sdl, cut)
        subgraphs = (*subgraphs[:wild], (name, sdl), *subgraphs[wild + 1 :])
        return Case(subgraphs, knobs, on, valid=False), random
    return Case(subgraphs, knobs, on), random


async def _one_set(seed: int, number: int, until: float, told: Sink) -> list[Found]:
    case, random = drawn_case(seed, number)
    trial = begin(case)
    if isinstance(trial, Finding):
        told.put(Progress(sets=1))
        return [Found(str(number), case, trial)]
    if trial is None:
        told.put(Progress(1, 0, Counter({"set that is refused": 1})))
        return []
    try:
        return [each async for each in _operations(trial, case, number, random, until, told)]
    finally:
        await trial.pipeline.aclose()


async def _operations(trial: Trial, case: Case, number: int, random: Random, until: float, told: Sink) -> Any:
    tried, favoured = 0, rare_fields(trial.world.facts)
    for index in range(OPERATIONS):
        text, variables = draw_operation(random, trial.supergraph.api_schema, trial.is_valid, favoured)
        tried += 1
        try:
            finding = await trial.operation(text, variables)
        except Unfit:
            continue
        if finding is not None:
            yield Found(f"{number}-{index}", replace(case, operation=text, variables=variables), finding)
        if time.time() > until:
            break
    told.put(Progress(1, tried, trial.exercised))
