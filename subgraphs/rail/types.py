"""The GraphQL types of rail, over the read model and the services; resolvers of a line or two."""

from __future__ import annotations

from datetime import date, datetime
from enum import Enum

import strawberry

from subgraphs.kit.context import Info
from subgraphs.kit.language import NameLanguage, localised
from subgraphs.kit.places import PlaceFields, place_type
from subgraphs.kit.time import from_ms
from subgraphs.rail import timetable
from subgraphs.rail.rules.fares import SeatClass, fare
from subgraphs.rail.rules.passengers import Passenger
from subgraphs.rail.rules.seats import Preference, SeatState, seat_state
from subgraphs.rail.rules.states import State
from subgraphs.rail.service import reservations
from subgraphs.rail.service.availability import free_seats

strawberry.enum(SeatClass, description="A class of seats.")
strawberry.enum(SeatState, description="What is left of a class: FEW is at most ten seats.")
strawberry.enum(Preference, name="SeatPreference", description="A wish; other seats are given when none is left.")
strawberry.enum(Passenger, name="PassengerType", description="Who travels; decides the discount.")
strawberry.enum(State, name="ReservationState", description="Where a reservation stands.")


@strawberry.enum(description="Where the time of a stop comes from.")
class TimeSource(Enum):
    """Published by the operator, or interpolated by distance between published times."""

    PUBLISHED = "PUBLISHED"
    INTERPOLATED = "INTERPOLATED"


@place_type
class Place(PlaceFields):
    """Rail adds nothing of its own."""


@strawberry.federation.type(keys=["id", "korailCode"], description="A railway station.")
class Station:
    """Found by its id or its KORAIL code."""

    station: strawberry.Private[timetable.Station]

    @strawberry.field(description="A readable id of our own; names clash and change.")
    def id(self) -> strawberry.ID:
        return strawberry.ID(self.station.id)

    @strawberry.field(description="The four-digit code of KORAIL and SR, where there is one.")
    def korail_code(self) -> strawberry.ID | None:
        return None if self.station.korail_code is None else strawberry.ID(self.station.korail_code)

    @strawberry.field(description="The node id of the TAGO open data.")
    def tago_node_id(self) -> str | None:
        return self.station.tago_node_id

    @strawberry.field(description="The name; without `lang` in the caller's language.")
    def name(self, info: Info, lang: NameLanguage | None = None) -> str:
        return localised(info.context, lang, ko=self.station.name_ko, en=self.station.name_en)

    @strawberry.field(description="Whether KTX trains call here.")
    def is_ktx(self) -> bool:
        return self.station.is_ktx

    @strawberry.field(description="Where the station is.")
    def place(self) -> Place:
        return Place.at(self.station.point)

    @classmethod
    def resolve_reference(
        cls, info: Info, id: strawberry.ID | None = None, korail_code: strawberry.ID | None = None
    ) -> Station | None:
        model: timetable.Timetable = info.context.model
        found = model.stations.get(str(id)) if id is not None else model.by_korail_code.get(str(korail_code))
        return None if found is None else cls(station=found)


@strawberry.type(description="Where and when a train stops; times are Korean.")
class Stop:
    """A stop of a train on a day."""

    stop: strawberry.Private[timetable.TrainStop]
    day: strawberry.Private[date]

    @strawberry.field
    def station(self) -> Station:
        return Station(station=self.stop.station)

    @strawberry.field
    def arrives_at(self) -> datetime:
        return timetable.moment(self.day, self.stop.arrives_minute)

    @strawberry.field
    def departs_at(self) -> datetime:
        return timetable.moment(self.day, self.stop.departs_minute)

    @strawberry.field
    def time_source(self) -> TimeSource:
        return TimeSource.PUBLISHED if self.stop.published else TimeSource.INTERPOLATED


@strawberry.type(description="A train as it is numbered, branded and run on a day.")
class Train:
    """The train of a run; brand and operator are those of the day."""

    train: strawberry.Private[timetable.Train]
    day: strawberry.Private[date]

    @strawberry.field
    def number(self) -> str:
        return self.train.number

    @strawberry.field(description="KTX; trains of the Suseo corridor were SRT until 2026-08-31.")
    def brand(self) -> str:
        return self.train.branding(self.day).brand

    @strawberry.field
    def operator(self, info: Info, lang: NameLanguage | None = None) -> str:
        operator = self.train.branding(self.day).operator
        return localised(info.context, lang, ko=operator.name_ko, en=operator.name_en)

    @strawberry.field(description="The kind of train set, which decides the seat map.")
    def rolling_stock(self) -> str:
        return self.train.seat_map.name


@strawberry.type(description="Seats of one class that are free over the whole ride.")
class SeatAvailability:
    """Availability of a class."""

    seat_class: SeatClass = strawberry.field(name="class")
    available: int
    total: int
    state: SeatState


@strawberry.type(description="What one passenger pays.")
class Fare:
    """A fare by class and passenger type, in won."""

    seat_class: SeatClass = strawberry.field(name="class")
    passenger: Passenger
    amount_krw: int


@strawberry.federation.type(keys=["id"], description="A train on a day between two of its stops.")
class TrainRun:
    """What is searched and booked."""

    ride: strawberry.Private[timetable.Ride]

    @strawberry.field(description="`<train>.<day>.<origin>.<destination>`")
    def id(self) -> strawberry.ID:
        return strawberry.ID(self.ride.id)

    @strawberry.field
    def train(self) -> Train:
        return Train(train=self.ride.train, day=self.ride.day)

    @strawberry.field(name="date", description="The day the train starts its run.")
    def day(self) -> date:
        return self.ride.day

    @strawberry.field
    def departs_at(self) -> datetime:
        return self.ride.departs

    @strawberry.field
    def arrives_at(self) -> datetime:
        return self.ride.arrives

    @strawberry.field
    def origin(self) -> Stop:
        return Stop(stop=self.ride.train.stops[self.ride.origin], day=self.ride.day)

    @strawberry.field
    def destination(self) -> Stop:
        return Stop(stop=self.ride.train.stops[self.ride.destination], day=self.ride.day)

    @strawberry.field(description="All stops from origin to destination.")
    def stops(self) -> list[Stop]:
        stops = self.ride.train.stops[self.ride.origin : self.ride.destination + 1]
        return [Stop(stop=stop, day=self.ride.day) for stop in stops]

    @strawberry.field(description="Free seats by class.")
    async def seats(self, info: Info) -> list[SeatAvailability]:
        found = await info.context.loader(free_seats).load(self.ride)
        return [
            SeatAvailability(
                seat_class=item.seat_class, available=item.free, total=item.total, state=seat_state(item.free)
            )
            for item in found
        ]

    @strawberry.field(description="Fares by class and passenger type.")
    def fares(self, info: Info, passengers: list[Passenger] | None = None) -> list[Fare]:
        model: timetable.Timetable = info.context.model
        tariff, wanted = model.tariff(self.ride), list(Passenger) if passengers is None else passengers
        return [
            Fare(seat_class=kind, passenger=who, amount_krw=fare(tariff.of(kind), who, self.ride.day))
            for kind in SeatClass
            for who in wanted
        ]

    @classmethod
    def resolve_reference(cls, info: Info, id: strawberry.ID) -> TrainRun | None:
        ride = info.context.model.read_ride_id(str(id))
        return None if ride is None else cls(ride=ride)


@strawberry.type(description="One passenger's ticket.")
class Ticket:
    """A ticket; an infant on a lap has no seat."""

    passenger: Passenger
    car: int | None
    seat: str | None
    fare_krw: int


@strawberry.federation.type(keys=["id"], description="A booking of one party, from hold to its end.")
class Reservation:
    """Visible to the citizen and client it belongs to, to nobody else."""

    reservation: strawberry.Private[reservations.Reservation]

    @strawberry.field
    def id(self) -> strawberry.ID:
        return strawberry.ID(self.reservation.row.id)

    @strawberry.field
    def state(self, info: Info) -> State:
        return self.reservation.state_at(info.context.clock())

    @strawberry.field(description="The run as the timetable has it now; null when the train was withdrawn.")
    def run(self) -> TrainRun | None:
        return None if self.reservation.ride is None else TrainRun(ride=self.reservation.ride)

    @strawberry.field
    def departs_at(self) -> datetime:
        return self.reservation.departs

    @strawberry.field
    def arrives_at(self) -> datetime:
        return self.reservation.arrives

    @strawberry.field(name="class")
    def seat_class(self) -> SeatClass:
        return self.reservation.seat_class

    @strawberry.field(description="Until when the hold must be paid.")
    def pay_by(self) -> datetime:
        return from_ms(self.reservation.row.pay_by_ms)

    @strawberry.field
    def total_krw(self) -> int:
        return self.reservation.row.total_krw

    @strawberry.field(description="The cancellation fee of a refunded ticket.")
    def fee_krw(self) -> int | None:
        return self.reservation.row.fee_krw

    @strawberry.field(description="What was or will be paid back.")
    def refund_krw(self) -> int | None:
        row = self.reservation.row
        return None if row.fee_krw is None else row.total_krw - row.fee_krw

    @strawberry.field
    def tickets(self) -> list[Ticket]:
        return [_ticket(self.reservation, ticket) for ticket in self.reservation.tickets]

    @classmethod
    async def resolve_reference(cls, info: Info, id: strawberry.ID) -> Reservation | None:
        found = await info.context.loader(reservations.reservations_by_id).load(str(id))
        return None if found is None else cls(reservation=found)


def _ticket(reservation: reservations.Reservation, ticket: reservations.Ticket) -> Ticket:
    label = None
    if ticket.seat is not None and reservation.ride is not None:
        label = reservation.ride.train.seat_map.label(ticket.seat)
    car = None if ticket.seat is None else ticket.seat.car
    return Ticket(passenger=ticket.passenger, car=car, seat=label, fare_krw=ticket.fare_krw)


@strawberry.type(description="What refunding a ticket costs now.")
class RefundQuote:
    """A quote; it holds until `until`, when the next step of the fee table begins."""

    fee_krw: int
    refund_krw: int
    step: str = strawberry.field(description="The step of the fee table in force.")
    percent: int
    until: datetime
