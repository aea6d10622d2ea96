"""The GraphQL types of air, stations, regions and roof-light readings."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

import strawberry

from sensors_bridge.catalogue import KINDS, SENSORS, Kind
from sensors_bridge.fanout import FanoutBatch
from sensors_bridge.readings import Reading
from subgraphs.kit.context import Info
from subgraphs.kit.language import NameLanguage, localised
from subgraphs.kit.pagination import Connection, page_info, page_request
from subgraphs.kit.places import PlaceFields, Point, place_type
from subgraphs.kit.time import from_ms
from subgraphs.sensing.errors import SENSING_ERRORS
from subgraphs.sensing.models import DailyRow, HourlyRow
from subgraphs.sensing.read_model import RegionFacts, Station
from subgraphs.sensing.rules.areas import MAX_DAYS, check_period
from subgraphs.sensing.rules.cai import Grade
from subgraphs.sensing.rules.geometry import RegionMatch
from subgraphs.sensing.rules.pollutants import STANDARDS, Pollutant
from subgraphs.sensing.service.air import Air, Measured, Origin, StationCai, load_air, load_cai, sensing_model
from subgraphs.sensing.service.stations import daily_page, hourly_page, load_latest

READ_SCOPES = [["sensing:read"]]
LIVE_SCOPES = [["sensing:live"]]

strawberry.enum(Grade, name="AirGrade", description="Korea's four grades of air.")
strawberry.enum(Pollutant, description="The six pollutants of Korea's air-quality standards.")
strawberry.enum(
    Origin, name="AirSource", description="A fixed station, a taxi's roof light, or a course simulated by the hub."
)
strawberry.enum(RegionMatch, description="Inside the region's outline, or nearest to its middle.")

Lang = Annotated[NameLanguage | None, strawberry.argument(description="Default: the caller's language.")]


@strawberry.type(description="One pollutant at a place.")
class PollutantReading:
    """A value, its grade, and where it comes from."""

    value: float
    unit: str = strawberry.field(description="UCUM: `ug/m3` or `[ppm]`.")
    grade: Grade
    observed_at: datetime
    source: Origin
    distance_km: float
    stale: bool = strawberry.field(description="The station has not published for more than three hours.")
    measured: strawberry.Private[Measured]

    @classmethod
    def of(cls, measured: Measured) -> PollutantReading:
        """The GraphQL form of a measured value."""
        return cls(
            value=measured.value,
            unit=STANDARDS[measured.pollutant].unit,
            grade=measured.grade,
            observed_at=from_ms(measured.at_ms),
            source=measured.origin,
            distance_km=round(measured.distance_km, 3),
            stale=measured.stale,
            measured=measured,
        )

    @strawberry.field(description="The grade in words.")
    def grade_name(self, info: Info, lang: Lang = None) -> str:
        return localised(info.context, lang, ko=self.grade.name_ko, en=self.grade.name_en)

    @strawberry.field(description="Null for a roof light.")
    def station_name(self, info: Info, lang: Lang = None) -> str | None:
        station = self.measured.station
        return None if station is None else localised(info.context, lang, ko=station.name_ko, en=station.name_en)


@strawberry.type(
    description="The Comprehensive Air-quality Index (통합대기환경지수) at the nearest station that has it."
)
class AirQualityIndex:
    """The index with its grade."""

    value: int
    grade: Grade
    dominant: Pollutant
    observed_at: datetime
    source: Origin
    distance_km: float
    facts: strawberry.Private[StationCai]

    @classmethod
    def of(cls, facts: StationCai) -> AirQualityIndex:
        """The GraphQL form of a station's index."""
        return cls(
            value=facts.cai.value,
            grade=facts.cai.grade,
            dominant=facts.cai.dominant,
            observed_at=from_ms(facts.at_ms),
            source=facts.origin,
            distance_km=round(facts.distance_km, 3),
            facts=facts,
        )

    @strawberry.field
    def station_name(self, info: Info, lang: Lang = None) -> str:
        return localised(info.context, lang, ko=self.facts.station.name_ko, en=self.facts.station.name_en)


@strawberry.type(description="The air at a place: a roof light within 1 km and an hour, else a station within 40 km.")
class AirQuality:
    """Each pollutant, null where nothing near measures it."""

    pm10: PollutantReading | None
    pm25: PollutantReading | None
    o3: PollutantReading | None
    no2: PollutantReading | None
    co: PollutantReading | None
    so2: PollutantReading | None
    point: strawberry.Private[Point]

    @classmethod
    def of(cls, point: Point, air: Air) -> AirQuality:
        """The GraphQL form of the air at a place."""
        values = {pollutant.value: PollutantReading.of(measured) for pollutant, measured in air.items()}
        return cls(point=point, **{pollutant.value: values.get(pollutant.value) for pollutant in Pollutant})

    @strawberry.field(description="Needs PM10, PM2.5, O3, NO2 and most of the last 12 hours.")
    async def cai(self, info: Info) -> AirQualityIndex | None:
        facts = await info.context.loader(load_cai).load(self.point)
        return None if facts is None else AirQualityIndex.of(facts)


@strawberry.type(description="What a station measured in one hour or, as a mean, on one day.")
class StationValues:
    """The six values in the units of the standards; null where not measured."""

    pm10: float | None
    pm25: float | None
    o3: float | None
    no2: float | None
    co: float | None
    so2: float | None

    @classmethod
    def of(cls, row: HourlyRow | DailyRow) -> StationValues:
        """The values of a row."""
        return cls(pm10=row.pm10, pm25=row.pm25, o3=row.o3, no2=row.no2, co=row.co, so2=row.so2)


@strawberry.type(description="One hour of a station; `at` is its end.")
class StationHour:
    """An hour."""

    at: datetime
    source: Origin
    values: StationValues

    @classmethod
    def of(cls, row: HourlyRow) -> StationHour:
        """The GraphQL form of an hourly row."""
        return cls(at=from_ms(row.at_ms), source=Origin(row.origin), values=StationValues.of(row))


@strawberry.type(description="The mean of one day at a station.")
class StationDay:
    """A day."""

    day: date
    values: StationValues

    @classmethod
    def of(cls, row: DailyRow) -> StationDay:
        """The GraphQL form of a daily row."""
        return cls(day=row.day, values=StationValues.of(row))


@strawberry.type(description="A fixed air-quality station.")
class AirStation:
    """A station of the read model."""

    id: strawberry.ID
    facts: strawberry.Private[Station]

    @classmethod
    def of(cls, facts: Station) -> AirStation:
        """The GraphQL form of a station."""
        return cls(id=strawberry.ID(facts.id), facts=facts)

    @strawberry.field
    def name(self, info: Info, lang: Lang = None) -> str:
        return localised(info.context, lang, ko=self.facts.name_ko, en=self.facts.name_en)

    @strawberry.field(description="The province or metropolitan city, in Korean.")
    def province(self) -> str:
        return self.facts.sido_ko

    @strawberry.field(description="Null where its coordinates are not published.")
    def place(self) -> Place | None:
        return None if self.facts.point is None else Place.at(self.facts.point)

    @strawberry.field(description="Where the facts about the station come from.")
    def source(self) -> str:
        return self.facts.source

    @strawberry.field
    async def latest(self, info: Info) -> StationHour | None:
        row = await info.context.loader(load_latest).load(self.id)
        return None if row is None else StationHour.of(row)

    @strawberry.field(description="Hours from `start` until before `end`, the oldest first.")
    async def hours(
        self, info: Info, start: datetime, end: datetime, first: int = 24, after: str | None = None
    ) -> Connection[StationHour] | None:
        period, request = check_period(start, end), page_request("stationHour", first, after, maximum=744)
        page = await hourly_page(info.context, self.id, period, request)
        nodes = [StationHour.of(row) for row in page.items]
        return Connection(nodes=nodes, page_info=page_info(page), total_count=page.total or 0)

    @strawberry.field(description="Daily means from `start` to `end`, the oldest first.")
    async def days(
        self, info: Info, start: date, end: date, first: int = 31, after: str | None = None
    ) -> Connection[StationDay] | None:
        if end < start:
            raise SENSING_ERRORS.error("PERIOD_OUT_OF_RANGE", maximumDays=MAX_DAYS)
        request = page_request("stationDay", first, after, maximum=366)
        page = await daily_page(info.context, self.id, start, end, request)
        nodes = [StationDay.of(row) for row in page.items]
        return Connection(nodes=nodes, page_info=page_info(page), total_count=page.total or 0)


@strawberry.federation.type(keys=["code"], description="A city, county or district by its 5-digit code.")
class Region:
    """A region of the read model."""

    code: strawberry.ID
    facts: strawberry.Private[RegionFacts]

    @classmethod
    def of(cls, facts: RegionFacts) -> Region:
        """The GraphQL form of a region."""
        return cls(code=strawberry.ID(facts.code), facts=facts)

    @classmethod
    def resolve_reference(cls, info: Info, code: strawberry.ID) -> Region | None:
        """The region of a code."""
        facts = sensing_model(info.context).regions.get(code)
        return None if facts is None else cls.of(facts)

    @strawberry.field(description="The name; where no English one is known the Korean one.")
    def name(self, info: Info, lang: Lang = None) -> str:
        return localised(info.context, lang, ko=self.facts.name_ko, en=self.facts.name_en or self.facts.name_ko)

    @strawberry.field(description="The province or metropolitan city, in Korean.")
    def province(self) -> str:
        return self.facts.sido_ko

    @strawberry.field(description="The middle of the region's largest part.")
    def place(self) -> Place:
        return Place.at(self.facts.middle)


@place_type
class Place(PlaceFields):
    """What the sensing domain knows about a point."""

    @strawberry.federation.field(requires_scopes=READ_SCOPES, description="The air here, now.")
    async def air(self, info: Info) -> AirQuality | None:
        point = Point(self.lat, self.lon)
        return AirQuality.of(point, await info.context.loader(load_air).load(point))

    @strawberry.field(description="The city, county or district here; null far from every one known.")
    def region(self, info: Info) -> Region | None:
        found = sensing_model(info.context).region_at(Point(self.lat, self.lon))
        return None if found is None else Region.of(found[0])

    @strawberry.field(description="How `region` was found.")
    def region_match(self, info: Info) -> RegionMatch | None:
        found = sensing_model(info.context).region_at(Point(self.lat, self.lon))
        return None if found is None else found[1]


@strawberry.type(description="A kind of value a roof light measures.")
class SensorKind:
    """A kind of the catalogue."""

    code: str
    unit: str = strawberry.field(description="UCUM.")
    minimum: float
    maximum: float
    cadence_seconds: int
    cf_standard_name: str | None
    kind: strawberry.Private[Kind]

    @classmethod
    def of(cls, kind: Kind) -> SensorKind:
        """The GraphQL form of a kind."""
        return cls(
            code=kind.code,
            unit=kind.unit,
            minimum=kind.minimum,
            maximum=kind.maximum,
            cadence_seconds=kind.cadence_s,
            cf_standard_name=kind.cf_name,
            kind=kind,
        )

    @strawberry.field
    def name(self, info: Info, lang: Lang = None) -> str:
        return localised(info.context, lang, ko=self.kind.name_ko, en=self.kind.name_en)

    @strawberry.field(description="The sensor inside the roof light.")
    def sensor_name(self, info: Info, lang: Lang = None) -> str:
        sensor = SENSORS[self.kind.sensor_id]
        return localised(info.context, lang, ko=sensor.name_ko, en=sensor.name_en)


@strawberry.type(description="One value of one kind from one roof light.")
class SensorReading:
    """A reading."""

    device: str
    kind: str
    value: float
    unit: str
    at: datetime = strawberry.field(description="By the device's clock.")
    lat: float
    lon: float

    @classmethod
    def of(cls, reading: Reading) -> SensorReading:
        """The GraphQL form of a reading."""
        return cls(
            device=reading.device,
            kind=reading.kind,
            value=reading.value,
            unit=KINDS[reading.kind].unit,
            at=from_ms(reading.at),
            lat=reading.lat,
            lon=reading.lon,
        )

    @strawberry.field
    def place(self) -> Place:
        return Place.at(Point(self.lat, self.lon))


@strawberry.type(description="Readings since the batch before, oldest first.")
class ReadingBatch:
    """One event of the subscription."""

    items: list[SensorReading]
    dropped: int = strawberry.field(description="Older readings left out because this subscriber was behind.")

    @classmethod
    def of(cls, batch: FanoutBatch) -> ReadingBatch:
        """The GraphQL form of a batch."""
        return cls(items=[SensorReading.of(reading) for reading in batch.readings], dropped=batch.dropped)
