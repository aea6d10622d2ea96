"""The tables of rail. Moments are BIGINT milliseconds UTC, amounts BIGINT won, days DATE in Korea."""

from __future__ import annotations

from datetime import date

from sqlalchemy import BigInteger, Date, Index, SmallInteger, String
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from subgraphs.kit.idempotency import idempotency_table

_ID = String(64)


class RailModel(SQLModel, registry=registry()):
    """Base of the domain's tables, with metadata of their own."""


class StationRow(RailModel, table=True):
    """A station. ``source`` names where the facts come from; rows of the seed keep their names on import."""

    __tablename__ = "rail_station"

    id: str = Field(primary_key=True, sa_type=_ID)
    name_ko: str = Field(sa_type=String(64))
    name_en: str = Field(sa_type=String(64))
    lat: float
    lon: float
    korail_code: str | None = Field(default=None, sa_type=String(8), index=True)
    tago_node_id: str | None = Field(default=None, sa_type=String(16))
    is_ktx: bool = False
    source: str = Field(sa_type=String(200))


class OperatorRow(RailModel, table=True):
    """A train operator and the sales policy it decides for itself."""

    __tablename__ = "rail_operator"

    id: str = Field(primary_key=True, sa_type=String(16))
    name_ko: str = Field(sa_type=String(64))
    name_en: str = Field(sa_type=String(64))
    hold_minutes: int = Field(sa_type=SmallInteger)
    close_minutes: int = Field(sa_type=SmallInteger)
    max_passengers: int = Field(sa_type=SmallInteger)
    source: str = Field(sa_type=String(200))


class BrandRow(RailModel, table=True):
    """Who ran a corridor under which brand, from a day on until the next row of the corridor."""

    __tablename__ = "rail_brand"

    corridor: str = Field(primary_key=True, sa_type=String(16))
    valid_from: date = Field(primary_key=True, sa_type=Date)
    brand: str = Field(sa_type=String(16))
    operator_id: str = Field(sa_type=String(16))
    source: str = Field(sa_type=String(200))


class RouteRow(RailModel, table=True):
    """A stopping pattern: the way trains go, in one direction."""

    __tablename__ = "rail_route"

    id: str = Field(primary_key=True, sa_type=_ID)
    name_ko: str = Field(sa_type=String(64))
    name_en: str = Field(sa_type=String(64))
    corridor: str = Field(sa_type=String(16))
    discount_percent: int = Field(sa_type=SmallInteger)
    source: str = Field(sa_type=String(200))


class RouteStopRow(RailModel, table=True):
    """A station on a route, ``km`` from its first."""

    __tablename__ = "rail_route_stop"

    route_id: str = Field(primary_key=True, sa_type=_ID, foreign_key="rail_route.id")
    position: int = Field(primary_key=True, sa_type=SmallInteger)
    station_id: str = Field(sa_type=_ID, foreign_key="rail_station.id", index=True)
    km: float
    source: str = Field(sa_type=String(200))


class TrainRow(RailModel, table=True):
    """A train that runs daily: number, way, and its published times at the ends in minutes after midnight KST.

    ``reverse`` runs the route from its end. Arrival after midnight is above 1440.
    """

    __tablename__ = "rail_train"

    number: str = Field(primary_key=True, sa_type=String(16))
    route_id: str = Field(sa_type=_ID, foreign_key="rail_route.id")
    reverse: bool
    from_station_id: str = Field(sa_type=_ID, foreign_key="rail_station.id")
    to_station_id: str = Field(sa_type=_ID, foreign_key="rail_station.id")
    departs_minute: int = Field(sa_type=SmallInteger)
    arrives_minute: int = Field(sa_type=SmallInteger)
    rolling_stock: str = Field(sa_type=String(16))
    source: str = Field(sa_type=String(200))


class FareRow(RailModel, table=True):
    """A published adult fare between two stations, either way."""

    __tablename__ = "rail_fare"

    station_a: str = Field(primary_key=True, sa_type=_ID, foreign_key="rail_station.id")
    station_b: str = Field(primary_key=True, sa_type=_ID, foreign_key="rail_station.id")
    standard_krw: int = Field(sa_type=BigInteger)
    first_krw: int | None = Field(default=None, sa_type=BigInteger)
    source: str = Field(sa_type=String(200))


class DistanceRow(RailModel, table=True):
    """An official distance between two stations; ``kind`` is HIGH_SPEED or CONVENTIONAL (the shortest such way)."""

    __tablename__ = "rail_distance"

    station_a: str = Field(primary_key=True, sa_type=_ID, foreign_key="rail_station.id")
    station_b: str = Field(primary_key=True, sa_type=_ID, foreign_key="rail_station.id")
    kind: str = Field(primary_key=True, sa_type=String(16))
    km: float
    source: str = Field(sa_type=String(200))


class ReservationRow(RailModel, table=True):
    """A booking of one party on one run, from hold to its end. Belongs to (subject, client_id)."""

    __tablename__ = "rail_reservation"
    __table_args__ = (
        Index("rail_reservation_owner", "subject", "client_id", "created_ms", "id"),
        Index("rail_reservation_open", "state", "pay_by_ms"),
    )

    id: str = Field(primary_key=True, sa_type=String(40))
    subject: str = Field(sa_type=String(200))
    client_id: str = Field(sa_type=String(200))
    train_number: str = Field(sa_type=String(16))
    day: date = Field(sa_type=Date)
    origin_id: str = Field(sa_type=_ID)
    destination_id: str = Field(sa_type=_ID)
    departs_ms: int = Field(sa_type=BigInteger)
    arrives_ms: int = Field(sa_type=BigInteger)
    seat_class: str = Field(sa_type=String(16))
    state: str = Field(sa_type=String(16))
    pay_by_ms: int = Field(sa_type=BigInteger)
    total_krw: int = Field(sa_type=BigInteger)
    created_ms: int = Field(sa_type=BigInteger)
    ticketed_ms: int | None = Field(default=None, sa_type=BigInteger)
    closed_ms: int | None = Field(default=None, sa_type=BigInteger)
    payment_id: str | None = Field(default=None, sa_type=String(40))
    fee_krw: int | None = Field(default=None, sa_type=BigInteger)
    settled: bool = Field(default=True, index=True)


class TicketRow(RailModel, table=True):
    """One passenger of a reservation; an infant on a lap has no seat."""

    __tablename__ = "rail_ticket"

    reservation_id: str = Field(primary_key=True, sa_type=String(40), foreign_key="rail_reservation.id")
    position: int = Field(primary_key=True, sa_type=SmallInteger)
    passenger: str = Field(sa_type=String(24))
    car: int | None = Field(default=None, sa_type=SmallInteger)
    seat: int | None = Field(default=None, sa_type=SmallInteger)
    fare_krw: int = Field(sa_type=BigInteger)


class SeatLegRow(RailModel, table=True):
    """A seat taken between two neighbouring stops. The primary key is what makes a double sale impossible.

    ``held_until_ms`` is null once ticketed; a row past it counts as free until the next hold or the
    sweeper removes it.
    """

    __tablename__ = "rail_seat_leg"
    __table_args__ = (
        Index("rail_seat_leg_reservation", "reservation_id"),
        # Clustered by the key: availability reads a run's rows as one range.
        {"sqlite_with_rowid": False},
    )

    train_number: str = Field(primary_key=True, sa_type=String(16))
    day: date = Field(primary_key=True, sa_type=Date)
    car: int = Field(primary_key=True, sa_type=SmallInteger)
    seat: int = Field(primary_key=True, sa_type=SmallInteger)
    leg: int = Field(primary_key=True, sa_type=SmallInteger)
    reservation_id: str = Field(sa_type=String(40), foreign_key="rail_reservation.id")
    held_until_ms: int | None = Field(default=None, sa_type=BigInteger)


METADATA = RailModel.metadata
IDEMPOTENCY = idempotency_table(METADATA, "rail")
