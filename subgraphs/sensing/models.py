"""The tables of the sensing domain. Roof-light readings are not here: they live in the bridge's ReadingStore.

Hours are named by the moment they end, in milliseconds since the epoch (BIGINT); values are in the units of
``rules.pollutants``, None where a station did not measure.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import BigInteger, Column, Date, Text, UniqueConstraint
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel


class SensingTable(SQLModel, registry=registry()):
    """Base of the domain's tables; its metadata holds these tables only."""


class StationRow(SensingTable, table=True):
    """A fixed air-quality station."""

    __tablename__ = "sensing_station"
    __table_args__ = (UniqueConstraint("sido_ko", "name_ko", name="uq_sensing_station_name"),)

    id: str = Field(primary_key=True, max_length=60)
    name_ko: str = Field(max_length=60)
    name_en: str = Field(max_length=60)
    sido_ko: str = Field(max_length=20)
    lat: float | None = None
    lon: float | None = None
    source: str = Field(max_length=300)


class HourlyRow(SensingTable, table=True):
    """What a station measured in an hour. ``origin``: STATION, or SIMULATED by us."""

    __tablename__ = "sensing_hourly"

    station_id: str = Field(primary_key=True, foreign_key="sensing_station.id", max_length=60)
    at_ms: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    origin: str = Field(max_length=20)
    pm10: float | None = None
    pm25: float | None = None
    o3: float | None = None
    no2: float | None = None
    co: float | None = None
    so2: float | None = None


class DailyRow(SensingTable, table=True):
    """The mean of a day at a station: imported history, never the air of now."""

    __tablename__ = "sensing_daily"

    station_id: str = Field(primary_key=True, foreign_key="sensing_station.id", max_length=60)
    day: date = Field(sa_column=Column(Date, primary_key=True))
    pm10: float | None = None
    pm25: float | None = None
    o3: float | None = None
    no2: float | None = None
    co: float | None = None
    so2: float | None = None


class RegionRow(SensingTable, table=True):
    """A city, county or district. ``outline`` is a JSON list of rings of [lon, lat], once imported."""

    __tablename__ = "sensing_region"

    code: str = Field(primary_key=True, max_length=5)
    sido_ko: str = Field(max_length=20)
    name_ko: str = Field(max_length=40)
    name_en: str | None = Field(default=None, max_length=60)
    lat: float
    lon: float
    outline: str | None = Field(default=None, sa_column=Column(Text, nullable=True))


METADATA = SensingTable.metadata
