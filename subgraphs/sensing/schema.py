"""The GraphQL schema of the sensing domain: queries and the live subscription."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import datetime
from typing import Annotated

import strawberry

from sensors_bridge.areas import BoundingBox
from sensors_bridge.catalogue import KINDS
from subgraphs.kit.context import Info
from subgraphs.kit.entities import federated_schema
from subgraphs.kit.errors import KIT_ERRORS
from subgraphs.kit.pagination import Connection, PageInfo, page_info, page_of, page_request
from subgraphs.sensing.errors import SENSING_ERRORS
from subgraphs.sensing.rules.areas import check_box, check_device, check_kinds, check_period
from subgraphs.sensing.service.air import sensing_model
from subgraphs.sensing.service.readings import latest_readings, live_batches, reading_history
from subgraphs.sensing.types import (
    LIVE_SCOPES,
    READ_SCOPES,
    AirStation,
    Place,
    ReadingBatch,
    Region,
    SensorKind,
    SensorReading,
)

MAX_LATEST = 1000
MAX_SEARCH = 50


@strawberry.input(description="A box in WGS84 degrees, edges included, of at most 4 square degrees.")
class BoundingBoxInput:
    """The corners."""

    west: float
    south: float
    east: float
    north: float

    def checked(self) -> BoundingBox:
        """Raises BAD_BBOX or AREA_TOO_LARGE."""
        return check_box(self.west, self.south, self.east, self.north)


@strawberry.type(description="A page of readings, the oldest first.")
class ReadingPage:
    """A page; the whole is not counted."""

    nodes: list[SensorReading]
    page_info: PageInfo


Kinds = Annotated[list[str] | None, strawberry.argument(description="Codes of `sensorKinds`; all when left out.")]


def _folded(text: str) -> str:
    return "".join(text.split()).casefold()


@strawberry.type
class Query:
    """What can be asked."""

    @strawberry.field(description="The catalogue of what roof lights measure.")
    def sensor_kinds(self) -> list[SensorKind]:
        return [SensorKind.of(kind) for kind in KINDS.values()]

    @strawberry.federation.field(requires_scopes=READ_SCOPES, description="A fixed station by its id.")
    def air_station(self, info: Info, id: strawberry.ID) -> AirStation | None:
        facts = sensing_model(info.context).stations.get(id)
        return None if facts is None else AirStation.of(facts)

    @strawberry.federation.field(
        requires_scopes=READ_SCOPES,
        description="Fixed stations by province and name; `search` looks in both languages.",
    )
    def air_stations(
        self, info: Info, search: str | None = None, first: int = 20, after: str | None = None
    ) -> Connection[AirStation] | None:
        if search is not None and len(search) > MAX_SEARCH:
            raise SENSING_ERRORS.error("SEARCH_TOO_LONG", maximum=MAX_SEARCH)
        wanted = _folded(search or "")
        found = [
            station
            for station in sensing_model(info.context).stations.values()
            if wanted in _folded(f"{station.sido_ko}|{station.name_ko}|{station.name_en}")
        ]
        found.sort(key=lambda station: (station.sido_ko, station.name_ko, station.id))
        request = page_request("airStation", first, after)
        page = page_of(found, request, lambda station: (station.sido_ko, station.name_ko, station.id))
        nodes = [AirStation.of(station) for station in page.items]
        return Connection(nodes=nodes, page_info=page_info(page), total_count=len(found))

    @strawberry.field(description="A city, county or district by its 5-digit code.")
    def region(self, info: Info, code: strawberry.ID) -> Region | None:
        return Region.resolve_reference(info, code)

    @strawberry.field(description="Cities, counties and districts by code. `search` looks in names and provinces.")
    def regions(
        self, info: Info, search: str | None = None, first: int = 50, after: str | None = None
    ) -> Connection[Region] | None:
        if search is not None and len(search) > MAX_SEARCH:
            raise SENSING_ERRORS.error("SEARCH_TOO_LONG", maximum=MAX_SEARCH)
        wanted = _folded(search or "")
        found = [
            region
            for region in sensing_model(info.context).regions.values()
            if wanted in _folded(f"{region.sido_ko}{region.name_ko}|{region.name_en or ''}")
        ]
        page = page_of(found, page_request("region", first, after, maximum=300), lambda region: (region.code,))
        nodes = [Region.of(region) for region in page.items]
        return Connection(nodes=nodes, page_info=page_info(page), total_count=len(found))

    @strawberry.federation.field(
        requires_scopes=READ_SCOPES,
        description="The latest reading of each roof light and kind in a box, newest first.",
    )
    async def latest_readings(
        self, info: Info, bbox: BoundingBoxInput, kinds: Kinds = None, first: int = 100
    ) -> list[SensorReading] | None:
        if not 1 <= first <= MAX_LATEST:
            raise KIT_ERRORS.error("PAGE_SIZE_OUT_OF_RANGE", maximum=MAX_LATEST)
        readings = await latest_readings(info.context, check_kinds(kinds), bbox.checked(), first)
        return [SensorReading.of(reading) for reading in readings]

    @strawberry.federation.field(
        requires_scopes=READ_SCOPES,
        description="Readings of one kind in a box or of one roof light, from `start` until before `end`.",
    )
    async def reading_history(
        self,
        info: Info,
        kind: str,
        start: datetime,
        end: datetime,
        bbox: BoundingBoxInput | None = None,
        device: str | None = None,
        first: int = 100,
        after: str | None = None,
    ) -> ReadingPage | None:
        if (bbox is None) == (device is None):
            raise SENSING_ERRORS.error("BOX_OR_DEVICE")
        check_kinds([kind])
        where = bbox.checked() if bbox is not None else check_device(device or "")
        request = page_request("reading", first, after, maximum=1000)
        page = await reading_history(info.context, kind, where, check_period(start, end), request)
        return ReadingPage(nodes=[SensorReading.of(reading) for reading in page.items], page_info=page_info(page))


@strawberry.type
class Subscription:
    """What can be followed."""

    @strawberry.federation.field(
        is_subscription=True,
        requires_scopes=LIVE_SCOPES,
        description="Readings as they come in; who falls behind gets the latest of each roof light and kind.",
    )
    async def readings(
        self, info: Info, kinds: Kinds = None, bbox: BoundingBoxInput | None = None
    ) -> AsyncGenerator[ReadingBatch, None]:
        box = None if bbox is None else bbox.checked()
        async with aclosing(live_batches(info.context, check_kinds(kinds), box)) as batches:
            async for batch in batches:
                yield ReadingBatch.of(batch)


SCHEMA = federated_schema(Query, subscription=Subscription, types=(Place, Region))
