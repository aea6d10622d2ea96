"""The read model: every forest and room in memory, read once and again after an import.

A few hundred forests and some thousand rooms fit in a few megabytes, so only availability is asked of the database.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

from sqlmodel import select

from subgraphs.kit.database import Database
from subgraphs.kit.places import Point, box_around, haversine_km
from subgraphs.kit.time import kst_date, utc_now
from subgraphs.lodge.models import LodgeRow, RoomRow
from subgraphs.lodge.rules.calendar import ClosedDays, warm_calendar
from subgraphs.lodge.rules.fees import FEE_POLICIES, FeePolicy
from subgraphs.lodge.rules.opening import DEFAULT_RULE, OpeningPolicy, OpenRule, parse_open_rule
from subgraphs.lodge.rules.prices import Prices


class RoomKind(Enum):
    """What kind of unit a room is; the Korean category text says more."""

    CABIN = "CABIN"
    LODGE_ROOM = "LODGE_ROOM"
    ROW_HOUSE = "ROW_HOUSE"
    TREE_HOUSE = "TREE_HOUSE"
    CARAVAN = "CARAVAN"
    TRAINING_HALL = "TRAINING_HALL"
    DECK = "DECK"
    AUTO_CAMPING = "AUTO_CAMPING"
    CAMPSITE = "CAMPSITE"
    OTHER = "OTHER"

    @property
    def is_camping(self) -> bool:
        """Whether guests bring their own tent."""
        return self in (RoomKind.DECK, RoomKind.AUTO_CAMPING, RoomKind.CAMPSITE)


class Operator(Enum):
    """Who runs a forest."""

    NATIONAL = "NATIONAL"
    PUBLIC = "PUBLIC"
    PRIVATE = "PRIVATE"


@dataclass(frozen=True, slots=True)
class RoomFacts:
    """A bookable unit of a lodge."""

    id: str
    lodge_id: str
    name_ko: str
    category_ko: str
    kind: RoomKind
    capacity: int | None
    area_m2: float | None
    prices: Prices | None
    price_source: str

    @property
    def position(self) -> tuple[int, int, str, str]:
        """Where the room stands in its lodge's list: lodging before camping, the cheapest first."""
        return int(self.kind.is_camping), self.prices.off_weekday if self.prices else 0, self.name_ko, self.id


@dataclass(frozen=True, slots=True)
class LodgeFacts:
    """A forest with its rules read and its rooms in their order; rooms for internal use are left out."""

    row: LodgeRow
    operator: Operator
    point: Point | None
    open_rule: OpenRule | None
    opening: OpeningPolicy
    fees: FeePolicy
    rooms: tuple[RoomFacts, ...]

    @property
    def id(self) -> str:
        """foresttrip's insttId."""
        return self.row.id


@dataclass(frozen=True)
class Catalogue:
    """All forests by id, in the order they are listed: by Korean name, then id."""

    lodges: Mapping[str, LodgeFacts]

    @cached_property
    def rooms(self) -> Mapping[str, RoomFacts]:
        """Every bookable room by id."""
        return {room.id: room for lodge in self.lodges.values() for room in lodge.rooms}

    @cached_property
    def regions(self) -> tuple[str, ...]:
        """The region groups in use."""
        return tuple(sorted({lodge.row.region_ko for lodge in self.lodges.values()}))

    @cached_property
    def _located(self) -> tuple[tuple[Point, LodgeFacts], ...]:
        return tuple((lodge.point, lodge) for lodge in self.lodges.values() if lodge.point is not None)

    def near(self, centre: Point, within_km: float) -> list[tuple[float, LodgeFacts]]:
        """Forests with a known place within the distance, as (km, forest), the nearest first."""
        box = box_around(centre, within_km)
        inside = ((haversine_km(centre, point), lodge) for point, lodge in self._located if box.contains(point))
        return sorted((found for found in inside if found[0] <= within_km), key=lambda found: (found[0], found[1].id))

    def matching(self, region: str | None, search: str | None) -> list[LodgeFacts]:
        """Forests of a region group whose Korean or English name or district has the text, blanks ignored."""
        wanted = _folded(search or "")
        return [
            lodge
            for lodge in self.lodges.values()
            if (region is None or lodge.row.region_ko == region)
            and wanted in _folded(f"{lodge.row.name_ko}|{lodge.row.name_en or ''}|{lodge.row.district_ko}")
        ]


def _folded(text: str) -> str:
    return "".join(text.split()).casefold()


async def load_catalogue(database: Database) -> Catalogue:
    """Read the reference tables, and the holiday calendar, whose first use takes long."""
    warm_calendar(kst_date(utc_now()))
    async with database.read() as session:
        lodges = (await session.exec(select(LodgeRow))).all()
        rooms = (await session.exec(select(RoomRow).where(RoomRow.internal.is_(False)))).all()  # type: ignore[attr-defined]
    by_lodge: dict[str, list[RoomRow]] = {}
    for room in rooms:
        by_lodge.setdefault(room.lodge_id, []).append(room)
    listed = sorted(lodges, key=lambda lodge: (lodge.name_ko, lodge.id))
    return Catalogue({lodge.id: _lodge_facts(lodge, by_lodge.get(lodge.id, ())) for lodge in listed})


def _lodge_facts(row: LodgeRow, rooms: Iterable[RoomRow]) -> LodgeFacts:
    fees = FEE_POLICIES[row.fee_policy]
    rule = parse_open_rule(row.open_rule_ko)
    closed = ClosedDays(frozenset(int(digit) for digit in row.closed_weekdays), fees.peak)
    return LodgeFacts(
        row=row,
        operator=Operator(row.operator),
        point=None if row.lat is None or row.lon is None else Point(row.lat, row.lon),
        open_rule=rule,
        opening=OpeningPolicy(rule or DEFAULT_RULE, row.weekend_lottery, closed),
        fees=fees,
        rooms=tuple(sorted((_room_facts(room) for room in rooms), key=lambda room: room.position)),
    )


def _room_facts(row: RoomRow) -> RoomFacts:
    four = (row.off_weekday_krw, row.off_weekend_krw, row.peak_weekday_krw, row.peak_weekend_krw)
    known = [price for price in four if price is not None]
    return RoomFacts(
        id=row.id,
        lodge_id=row.lodge_id,
        name_ko=row.name_ko,
        category_ko=row.category_ko,
        kind=RoomKind(row.kind),
        capacity=row.capacity,
        area_m2=row.area_m2,
        prices=Prices(*known) if len(known) == len(four) else None,
        price_source=row.price_source,
    )
