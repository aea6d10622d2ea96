"""The GraphQL types of lodges, rooms and nights; resolvers only pick from the read model and the service."""

from __future__ import annotations

from datetime import date, datetime
from enum import Enum
from typing import Annotated

import strawberry

from subgraphs.kit.context import Info
from subgraphs.kit.language import NameLanguage, localised
from subgraphs.kit.pagination import Connection, PageInfo, page_info, page_of, page_request
from subgraphs.kit.places import PlaceFields, Point, place_type
from subgraphs.kit.time import from_ms, kst_date
from subgraphs.lodge.catalogue import LodgeFacts, Operator, RoomFacts, RoomKind
from subgraphs.lodge.errors import LODGE_ERRORS
from subgraphs.lodge.models import VacancyRow
from subgraphs.lodge.rules.calendar import is_weekend_night
from subgraphs.lodge.rules.opening import FORESEEABLE, DayOfMonth, Gate, NightState, WeeksAhead, lottery_window
from subgraphs.lodge.rules.prices import Rate, price_of_stay, rate_of
from subgraphs.lodge.service.availability import catalogue, free_rooms, load_vacancy

READ_SCOPES = [["lodge:read"]]
MAX_RADIUS_KM = 200.0

strawberry.enum(Operator, name="LodgeOperator", description="Who runs a recreation forest.")
strawberry.enum(RoomKind, description="What kind of unit a room is.")
strawberry.enum(NightState, description="Whether a night may be booked: past, closed, not open yet, or open.")
strawberry.enum(Rate, name="RoomRate", description="Which of a room's four prices counts for a night.")

Lang = Annotated[NameLanguage | None, strawberry.argument(description="Default: the caller's language.")]


@strawberry.enum(description="A day of the week.")
class Weekday(Enum):
    """Monday is 0, as in the rules."""

    MONDAY = 0
    TUESDAY = 1
    WEDNESDAY = 2
    THURSDAY = 3
    FRIDAY = 4
    SATURDAY = 5
    SUNDAY = 6


@strawberry.type(description="How a forest opens its nights. `textKo` is the rule as foresttrip.go.kr words it.")
class OpenRule:
    """The rule read, beside its text."""

    text_ko: str
    understood: bool = strawberry.field(description="False: the text is in no known form and six weeks are assumed.")
    weeks_ahead: int | None
    weekday: Weekday | None
    day_of_month: int | None
    hour: int
    weekend_lottery: bool = strawberry.field(
        description="Weekend nights and holiday eves go to a lottery first and open on the 15th of the month before."
    )

    @classmethod
    def of(cls, lodge: LodgeFacts) -> OpenRule:
        """The rule of a lodge."""
        rule = lodge.opening.rule
        weeks = rule if isinstance(rule, WeeksAhead) else None
        return cls(
            text_ko=lodge.row.open_rule_ko,
            understood=lodge.open_rule is not None,
            weeks_ahead=weeks.weeks if weeks else None,
            weekday=Weekday(weeks.weekday) if weeks else None,
            day_of_month=rule.day if isinstance(rule, DayOfMonth) else None,
            hour=rule.at.hour,
            weekend_lottery=lodge.opening.weekend_lottery,
        )


@strawberry.type(description="The lottery a weekend night belongs to.")
class Lottery:
    """The dates of the lottery, in Korean time."""

    applications_from: datetime
    applications_until: datetime
    drawn_at: datetime
    winners_pay_until: datetime
    remainder_opens: datetime


@strawberry.type(description="One night of a forest: whether it may be booked now, and when it opens.")
class LodgeNight:
    """A night and its gate."""

    night: date
    state: NightState
    opens_at: datetime | None
    is_weekend: bool
    rate: Rate
    lottery: Lottery | None

    @classmethod
    def of(cls, lodge: LodgeFacts, night: date, now: datetime) -> LodgeNight:
        """The night as of ``now``."""
        gate = lodge.opening.gate(night, 1, now)
        # Far from today no holiday calendar is settled, so such nights count as ordinary weekdays.
        foreseeable = abs(night - kst_date(now)) <= FORESEEABLE
        weekend = foreseeable and is_weekend_night(night)
        window = lottery_window(night) if weekend and lodge.opening.weekend_lottery else None
        return cls(
            night=night,
            state=gate.state,
            opens_at=gate.opens_at,
            is_weekend=weekend,
            rate=rate_of(night, lodge.fees.peak) if foreseeable else Rate.OFF_PEAK_WEEKDAY,
            lottery=None
            if window is None
            else Lottery(
                applications_from=window.applications_from,
                applications_until=window.applications_until,
                drawn_at=window.drawn_at,
                winners_pay_until=window.winners_pay_until,
                remainder_opens=window.remainder_opens,
            ),
        )


@strawberry.type(description="A room's prices for one night, in won.")
class RoomPrices:
    """Four prices by season and weekday."""

    off_peak_weekday_krw: int
    off_peak_weekend_krw: int
    peak_weekday_krw: int
    peak_weekend_krw: int
    source: str = strawberry.field(description="PUBLISHED by the Forest Service, or SEEN as lowest and highest price.")


@strawberry.federation.type(keys=["id"], description="A bookable unit of a recreation forest: a cabin, a room, a deck.")
class Room:
    """A room of the read model."""

    id: strawberry.ID
    name: str
    category: str = strawberry.field(description="The forest's own category, in Korean.")
    kind: RoomKind
    capacity: int | None
    area_m2: float | None = strawberry.field(name="areaM2")
    facts: strawberry.Private[RoomFacts]

    @classmethod
    def of(cls, facts: RoomFacts) -> Room:
        """The GraphQL form of a room."""
        return cls(
            id=strawberry.ID(facts.id),
            name=facts.name_ko,
            category=facts.category_ko,
            kind=facts.kind,
            capacity=facts.capacity,
            area_m2=facts.area_m2,
            facts=facts,
        )

    @classmethod
    def resolve_reference(cls, info: Info, id: strawberry.ID) -> Room | None:
        """The room of an id."""
        facts = catalogue(info.context).rooms.get(id)
        return None if facts is None else cls.of(facts)

    @strawberry.field(description="Null where the source gave no price: such a room cannot be booked.")
    def prices(self) -> RoomPrices | None:
        prices = self.facts.prices
        if prices is None:
            return None
        return RoomPrices(
            off_peak_weekday_krw=prices.off_weekday,
            off_peak_weekend_krw=prices.off_weekend,
            peak_weekday_krw=prices.peak_weekday,
            peak_weekend_krw=prices.peak_weekend,
            source=self.facts.price_source,
        )

    @strawberry.field(description="Null without `lodge:read`.")
    def lodge(self, info: Info) -> Lodge | None:
        return Lodge.of(catalogue(info.context).lodges[self.facts.lodge_id])


@strawberry.type(description="A room free on all the nights asked for.")
class FreeRoom:
    """A room with the price of the stay."""

    id: strawberry.ID
    name: str
    kind: RoomKind
    capacity: int | None
    price_krw: int | None = strawberry.field(description="For the whole stay, in won; null where no price is known.")
    room: Room

    @classmethod
    def of(cls, facts: RoomFacts, lodge: LodgeFacts, first_night: date, nights: int) -> FreeRoom:
        """The offer of a room for a stay."""
        price = price_of_stay(facts.prices, lodge.fees.peak, first_night, nights) if facts.prices else None
        room = Room.of(facts)
        return cls(id=room.id, name=room.name, kind=facts.kind, capacity=facts.capacity, price_krw=price, room=room)


@strawberry.type(description="Free rooms; while `state` is not OPEN the list is empty and `state` says why.")
class FreeRoomConnection:
    """A page of free rooms and the gate of the nights."""

    state: NightState
    opens_at: datetime | None = strawberry.field(description="When NOT_OPEN_YET: the moment booking opens.")
    nodes: list[FreeRoom]
    page_info: PageInfo
    total_count: int


@strawberry.type(description="What foresttrip.go.kr showed as vacant for a night at a moment in the past.")
class ObservedVacancy:
    """One imported snapshot."""

    night: date
    observed_at: datetime
    vacant_lodging: int
    vacant_camping: int

    @classmethod
    def of(cls, row: VacancyRow) -> ObservedVacancy:
        """The GraphQL form of a snapshot row."""
        return cls(
            night=row.night,
            observed_at=from_ms(row.observed_ms),
            vacant_lodging=row.vacant_lodging,
            vacant_camping=row.vacant_camping,
        )


@strawberry.federation.type(
    keys=["id"], requires_scopes=READ_SCOPES, description="A recreation forest (자연휴양림) with rooms and campsites."
)
class Lodge:
    """A forest of the read model."""

    id: strawberry.ID
    facts: strawberry.Private[LodgeFacts]

    @classmethod
    def of(cls, facts: LodgeFacts) -> Lodge:
        """The GraphQL form of a forest."""
        return cls(id=strawberry.ID(facts.id), facts=facts)

    @classmethod
    def resolve_reference(cls, info: Info, id: strawberry.ID) -> Lodge | None:
        """The forest of an id."""
        facts = catalogue(info.context).lodges.get(id)
        return None if facts is None else cls.of(facts)

    @strawberry.field(description="The name; where no English one is known the Korean one.")
    def name(self, info: Info, lang: Lang = None) -> str:
        row = self.facts.row
        return localised(info.context, lang, ko=row.name_ko, en=row.name_en or row.name_ko)

    @strawberry.field
    def operator(self) -> Operator:
        return self.facts.operator

    @strawberry.field(description="The region group foresttrip lists the forest under, in Korean.")
    def region(self) -> str:
        return self.facts.row.region_ko

    @strawberry.field(description="City, county or district, in Korean.")
    def district(self) -> str:
        return self.facts.row.district_ko

    @strawberry.field
    def address(self) -> str | None:
        return self.facts.row.address_ko

    @strawberry.field
    def phone(self) -> str | None:
        return self.facts.row.phone

    @strawberry.field(description="How many people the forest takes a day, where published.")
    def capacity(self) -> int | None:
        return self.facts.row.capacity

    @strawberry.field(description="Null where no source gives coordinates.")
    def place(self) -> Place | None:
        return None if self.facts.point is None else Place.at(self.facts.point)

    @strawberry.field
    def open_rule(self) -> OpenRule:
        return OpenRule.of(self.facts)

    @strawberry.field(description="The forest draws lots for some nights itself; when, only the forest tells.")
    def runs_own_lottery(self) -> bool:
        return self.facts.row.runs_own_lottery

    @strawberry.field(description="Weekly closing days outside the peak season.")
    def closed_weekdays(self) -> list[Weekday]:
        return [Weekday(day) for day in sorted(self.facts.opening.closed.weekdays)]

    @strawberry.field(description="RULE of the operator, OBSERVED in vacancy snapshots, or UNKNOWN.")
    def closed_weekdays_source(self) -> str:
        return self.facts.row.closed_source

    @strawberry.field(description="Hour of the day, Korean time.")
    def check_in_hour(self) -> int:
        return self.facts.row.check_in_hour

    @strawberry.field(description="Hour of the day, Korean time.")
    def check_out_hour(self) -> int:
        return self.facts.row.check_out_hour

    @strawberry.field(description="Whose cancellation fees apply.")
    def fee_policy(self, info: Info, lang: Lang = None) -> str:
        return localised(info.context, lang, ko=self.facts.fees.name_ko, en=self.facts.fees.name_en)

    @strawberry.field(description="Where the facts about the forest come from.")
    def source(self) -> str:
        return self.facts.row.source

    @strawberry.field
    def night(self, info: Info, night: date) -> LodgeNight:
        return LodgeNight.of(self.facts, night, info.context.clock())

    @strawberry.field(description="All bookable units, lodging before camping.")
    def rooms(self, first: int = 20, after: str | None = None) -> Connection[Room]:
        page = page_of(self.facts.rooms, page_request("room", first, after), lambda room: room.position)
        return Connection(
            nodes=[Room.of(room) for room in page.items], page_info=page_info(page), total_count=page.total or 0
        )

    @strawberry.field(description="Rooms free for a stay of `nights` from `night` on.")
    async def free_rooms(
        self, info: Info, night: date, nights: int = 1, guests: int = 1, first: int = 20, after: str | None = None
    ) -> FreeRoomConnection | None:
        request = page_request("freeRoom", first, after)
        gate, free = await free_rooms(info.context, self.facts, night, nights, guests)
        page = page_of(free, request, lambda room: room.position)
        return FreeRoomConnection(
            state=gate.state,
            opens_at=_told(gate),
            nodes=[FreeRoom.of(room, self.facts, night, nights) for room in page.items],
            page_info=page_info(page),
            total_count=len(free),
        )

    @strawberry.field(description="The latest imported vacancy snapshot for a night; null where there is none.")
    async def observed_vacancy(self, info: Info, night: date) -> ObservedVacancy | None:
        row = await info.context.loader(load_vacancy, night).load(self.id)
        return None if row is None else ObservedVacancy.of(row)


def _told(gate: Gate) -> datetime | None:
    return gate.opens_at if gate.state is NightState.NOT_OPEN_YET else None


@strawberry.type(description="A forest and how far it is, as the crow flies.")
class NearbyLodge:
    """A forest at a distance."""

    distance_km: float
    lodge: Lodge


@place_type
class Place(PlaceFields):
    """What the lodge domain knows about a point."""

    @strawberry.federation.field(
        requires_scopes=READ_SCOPES, description="Recreation forests around the place, the nearest first."
    )
    def lodges(
        self, info: Info, within_km: float = 30.0, first: int = 10, after: str | None = None
    ) -> Connection[NearbyLodge] | None:
        if not 0 < within_km <= MAX_RADIUS_KM:
            raise LODGE_ERRORS.error("RADIUS_OUT_OF_RANGE", maximum=MAX_RADIUS_KM)
        near = catalogue(info.context).near(Point(self.lat, self.lon), within_km)
        page = page_of(near, page_request("nearbyLodge", first, after), lambda found: (found[0], found[1].id))
        nodes = [NearbyLodge(distance_km=round(km, 3), lodge=Lodge.of(lodge)) for km, lodge in page.items]
        return Connection(nodes=nodes, page_info=page_info(page), total_count=len(near))
