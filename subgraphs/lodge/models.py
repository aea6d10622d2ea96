"""The tables of the lodge domain. Moments are milliseconds since the epoch (BIGINT), nights plain dates.

``lodge_room_night`` is what makes double booking impossible: one row a room and night, whoever wants it, so the second
comer meets the primary key. Its other key, (subject, night, slot), bounds the rooms one person has for one night.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import BigInteger, Column, Date, Index, UniqueConstraint
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from subgraphs.kit.idempotency import idempotency_table


class LodgeTable(SQLModel, registry=registry()):
    """Base of the domain's tables; its metadata holds these tables only."""


class LodgeRow(LodgeTable, table=True):
    """One recreation forest. ``id`` is foresttrip's insttId."""

    __tablename__ = "lodge_lodge"

    id: str = Field(primary_key=True, max_length=40)
    name_ko: str = Field(max_length=100)
    name_en: str | None = Field(default=None, max_length=100)
    name_en_official: bool = False
    operator: str = Field(max_length=20)
    region_ko: str = Field(max_length=40, index=True)
    district_ko: str = Field(max_length=40)
    lat: float | None = None
    lon: float | None = None
    capacity: int | None = None
    address_ko: str | None = Field(default=None, max_length=200)
    phone: str | None = Field(default=None, max_length=40)
    open_rule_ko: str = Field(default="", max_length=100)
    weekend_lottery: bool = False
    runs_own_lottery: bool = False
    closed_weekdays: str = Field(default="", max_length=7)
    closed_source: str = Field(default="UNKNOWN", max_length=20)
    fee_policy: str = Field(max_length=20)
    check_in_hour: int = 15
    check_out_hour: int = 11
    source: str = Field(max_length=300)


class RoomRow(LodgeTable, table=True):
    """One room, deck or pitch; ``id`` is made of forest, category and name, so an import finds the rooms it knows."""

    __tablename__ = "lodge_room"

    id: str = Field(primary_key=True, max_length=60)
    lodge_id: str = Field(foreign_key="lodge_lodge.id", index=True, max_length=40)
    name_ko: str = Field(max_length=100)
    category_ko: str = Field(max_length=60)
    kind: str = Field(max_length=20)
    capacity: int | None = None
    area_m2: float | None = None
    off_weekday_krw: int | None = None
    off_weekend_krw: int | None = None
    peak_weekday_krw: int | None = None
    peak_weekend_krw: int | None = None
    price_source: str = Field(max_length=20)
    internal: bool = False


class StayRow(LodgeTable, table=True):
    """One booking, from hold to end."""

    __tablename__ = "lodge_stay"
    __table_args__ = (
        Index("ix_lodge_stay_owner", "subject", "client_id", "held_ms"),
        Index("ix_lodge_stay_due", "state", "pay_by_ms"),
        Index("ix_lodge_stay_unsettled", "unsettled"),
    )

    id: str = Field(primary_key=True, max_length=40)
    subject: str = Field(max_length=200)
    client_id: str = Field(max_length=200)
    room_id: str = Field(foreign_key="lodge_room.id", max_length=60)
    lodge_id: str = Field(max_length=40)
    first_night: date = Field(sa_type=Date)
    nights: int
    guests: int
    amount_krw: int
    state: str = Field(max_length=20)
    held_ms: int = Field(sa_type=BigInteger)
    pay_by_ms: int = Field(sa_type=BigInteger)
    confirmed_ms: int | None = Field(default=None, sa_type=BigInteger)
    cancelled_ms: int | None = Field(default=None, sa_type=BigInteger)
    payment_id: str | None = Field(default=None, max_length=100)
    fee_krw: int | None = None
    refund_krw: int | None = None
    unsettled: bool = False
    """Whether the payment provider still has to be told of the last change (capture or refund)."""


class RoomNightRow(LodgeTable, table=True):
    """A room taken for a night. ``held_until_ms`` is None once the stay is confirmed; freed nights have no row."""

    __tablename__ = "lodge_room_night"
    __table_args__ = (
        UniqueConstraint("subject", "night", "slot", name="uq_lodge_room_night_slot"),
        Index("ix_lodge_room_night_lodge", "lodge_id", "night"),
    )

    room_id: str = Field(primary_key=True, foreign_key="lodge_room.id", max_length=60)
    night: date = Field(sa_column=Column(Date, primary_key=True))
    lodge_id: str = Field(max_length=40)
    stay_id: str = Field(foreign_key="lodge_stay.id", index=True, max_length=40)
    subject: str = Field(max_length=200)
    slot: int
    held_until_ms: int | None = Field(default=None, sa_type=BigInteger, index=True)


class VacancyRow(LodgeTable, table=True):
    """What foresttrip showed as vacant when a public crawl looked: history, never the base of a booking."""

    __tablename__ = "lodge_vacancy"

    lodge_id: str = Field(primary_key=True, foreign_key="lodge_lodge.id", max_length=40)
    night: date = Field(sa_column=Column(Date, primary_key=True))
    observed_ms: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    vacant_lodging: int
    vacant_camping: int


METADATA = LodgeTable.metadata
IDEMPOTENCY = idempotency_table(METADATA, "lodge")
