"""Compiled Strawberry next to stock Strawberry: CPU per request and the ratio, in one process and one run.

Stock runs with its parser and validation caches on. Both answer the same request alternately, in rounds; each figure is
the best round's CPU time per request, response map included (``json``: as bytes, by orjson on both sides).
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import platform
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import orjson
import strawberry
from strawberry.dataloader import DataLoader
from strawberry.extensions import ParserCache, ValidationCache

from subgraphs.kit.compiled import compiled


@strawberry.type
class Row:
    """Five fields, as read from a table."""

    id: strawberry.ID
    name: str
    price: float
    stock: int
    active: bool


ROWS = [Row(id=strawberry.ID(f"r{n}"), name=f"row {n}", price=n / 4, stock=n, active=n % 2 == 0) for n in range(500)]


@strawberry.type
class Assay:
    """A leaf of the big tree."""

    id: strawberry.ID
    kind: str
    value: float | None


@strawberry.type
class Sample:
    """With one to four assays."""

    id: strawberry.ID
    label: str
    assays: list[Assay]

    @strawberry.field
    async def loaded(self, info: strawberry.Info) -> list[Assay]:
        """The assays again, by a batch loader."""
        return await info.context["assays"].load(self.id)  # type: ignore[no-any-return]


@strawberry.type
class Project:
    """One project with three thousand samples."""

    name: str
    samples: list[Sample]


def _samples() -> list[Sample]:
    made = []
    for n in range(3000):
        assays = [Assay(id=strawberry.ID(f"{n}.{k}"), kind="pcr", value=n / (k + 1)) for k in range(1 + n % 4)]
        made.append(Sample(id=strawberry.ID(f"s{n}"), label=f"sample {n}", assays=assays))
    return made


PROJECT = Project(name="genome", samples=_samples())
ASSAYS = {sample.id: sample.assays for sample in PROJECT.samples}


async def _load_assays(keys: list[strawberry.ID]) -> list[list[Assay]]:
    return [ASSAYS[key] for key in keys]


@strawberry.federation.type(keys=["id"])
class Product:
    """An entity made of its key alone."""

    id: strawberry.ID
    name: str
    price: float
    weight: int

    @classmethod
    def resolve_reference(cls, id: strawberry.ID) -> Product:
        return cls(id=id, name=f"product {id}", price=1.5, weight=3)


@strawberry.federation.type(keys=["id"])
class Review:
    """An entity that a batch loader finds."""

    id: strawberry.ID
    body: str
    stars: int

    @classmethod
    def resolve_reference(cls, info: strawberry.Info, id: strawberry.ID) -> Any:
        return info.context["reviews"].load(id)


async def _load_reviews(keys: list[strawberry.ID]) -> list[Review]:
    return [Review(id=key, body="good", stars=4) for key in keys]


@strawberry.type
class Query:
    """The root."""

    @strawberry.field
    def rows(self, first: int) -> list[Row]:
        """The first rows."""
        return ROWS[:first]

    @strawberry.field
    def project(self) -> Project:
        """The project."""
        return PROJECT


CACHES = [ParserCache, ValidationCache]
STOCK = strawberry.federation.Schema(query=Query, types=[Product, Review], extensions=CACHES)
COMPILED = compiled(strawberry.federation.Schema(query=Query, types=[Product, Review]))

ROWS_QUERY = "query Rows($first: Int!) { rows(first: $first) { id name price stock active } }"
ENTITIES = """query Entities($representations: [_Any!]!) { _entities(representations: $representations) {
  ... on Product { id name price weight } ... on Review { id body stars } } }"""


@dataclass(frozen=True, slots=True)
class Case:
    """One request; ``variables`` makes them anew, as a transport would (stock Strawberry changes representations)."""

    name: str
    query: str
    variables: Callable[[], dict[str, Any]]
    times: int
    """Requests in a round of the compiled side; stock gets a tenth."""


def _representations(type_name: str) -> Callable[[], dict[str, Any]]:
    return lambda: {"representations": [{"__typename": type_name, "id": f"e{n}"} for n in range(50)]}


CASES = (
    Case("{ __typename }", "{ __typename }", dict, 3000),
    Case("50 objects of 5 fields", ROWS_QUERY, lambda: {"first": 50}, 1000),
    Case("500 objects of 5 fields", ROWS_QUERY, lambda: {"first": 500}, 100),
    Case("_entities of 50, no waiting", ENTITIES, _representations("Product"), 300),
    Case("_entities of 50, batch loader", ENTITIES, _representations("Review"), 200),
    Case("project, samples, assays", "{ project { name samples { id label assays { id kind value } } } }", dict, 10),
    Case("the same, by batch loader", "{ project { name samples { id label loaded { id kind value } } } }", dict, 10),
)

Execute = Callable[[Case], Awaitable[Any]]


def _context() -> dict[str, Any]:
    return {"reviews": DataLoader(load_fn=_load_reviews), "assays": DataLoader(load_fn=_load_assays)}


async def by_stock(case: Case) -> Any:
    """The result of stock Strawberry."""
    return await STOCK.execute(case.query, case.variables(), _context())


async def by_compiled(case: Case) -> Any:
    """The result of the compiled operation."""
    return await COMPILED.execute(case.query, case.variables(), _context())


async def best(case: Case, execute: Execute, times: int, as_json: bool) -> float:
    """CPU seconds a request in one round."""
    began = time.process_time()
    for _ in range(times):
        result = await execute(case)
        if as_json:
            orjson.dumps({"data": result.data})
    return (time.process_time() - began) / times


async def measure(case: Case, rounds: int, as_json: bool) -> tuple[float, float]:
    """The best round of stock and of compiled, in seconds; first whether both answer the same."""
    stock, ours = await by_stock(case), await by_compiled(case)
    if stock.data != ours.data or stock.errors or ours.errors:
        raise SystemExit(f"{case.name}: the answers differ")
    times: dict[Execute, float] = {by_stock: 9e9, by_compiled: 9e9}
    for _ in range(rounds):
        for execute, count in ((by_stock, max(1, case.times // 10)), (by_compiled, case.times)):
            gc.collect()
            times[execute] = min(times[execute], await best(case, execute, count, as_json))
    return times[by_stock], times[by_compiled]


async def run(rounds: int) -> None:
    """Print the table."""
    print(f"Python {platform.python_version()}, {platform.machine()}, best of {rounds} rounds, CPU a request\n")
    print(f"{'request':32} {'stock':>12} {'compiled':>12} {'ratio':>8}   {'with JSON':>12} {'ratio':>8}")
    for case in CASES:
        stock, ours = await measure(case, rounds, as_json=False)
        stock_json, ours_json = await measure(case, rounds, as_json=True)
        print(
            f"{case.name:32} {stock * 1e6:9.0f} µs {ours * 1e6:9.1f} µs {stock / ours:7.1f}x"
            f"   {ours_json * 1e6:9.1f} µs {stock_json / ours_json:7.1f}x",
            flush=True,
        )


def main() -> None:
    """Parse the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="rounds of each side (default: 5)")
    asyncio.run(run(parser.parse_args().rounds))


if __name__ == "__main__":
    main()
