"""The root fields of rail and its schema."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import strawberry

from subgraphs.kit.context import Info
from subgraphs.kit.entities import federated_schema
from subgraphs.kit.pagination import Connection, connection, page_of, page_request
from subgraphs.rail.rules.fares import SeatClass
from subgraphs.rail.rules.passengers import Passenger
from subgraphs.rail.rules.seats import Preference
from subgraphs.rail.service import holds, reservations, tickets
from subgraphs.rail.service.search import search_rides
from subgraphs.rail.types import RefundQuote, Reservation, Station, TrainRun

READ = [["rail:read"]]
BOOK = [["rail:book"]]

From = Annotated[
    strawberry.ID, strawberry.argument(name="from", description="Station id or KORAIL code of the origin.")
]
To = Annotated[
    strawberry.ID, strawberry.argument(name="to", description="Station id or KORAIL code of the destination.")
]


@strawberry.type
class Query:
    """Searches, and the caller's own bookings."""

    @strawberry.federation.field(
        requires_scopes=READ, description="Trains between two stations on a day that have not left yet, by departure."
    )
    def trains(
        self,
        info: Info,
        origin: From,
        destination: To,
        date: date,
        first: int = 20,
        after: str | None = None,
        brand: Annotated[
            str | None, strawberry.argument(description="KTX; SRT still finds the trains it meant.")
        ] = None,
    ) -> Connection[TrainRun] | None:
        asked = page_request("trains", first, after, maximum=50)
        page = search_rides(info.context, str(origin), str(destination), date, brand, asked)
        return connection(page, lambda ride: TrainRun(ride=ride))

    @strawberry.federation.field(requires_scopes=READ, description="A station by id or KORAIL code; null when unknown.")
    def station(self, info: Info, id: strawberry.ID) -> Station | None:
        found = info.context.model.find_station(str(id))
        return None if found is None else Station(station=found)

    @strawberry.federation.field(requires_scopes=READ, description="Stations whose name has a text, or all; by name.")
    def stations(
        self, info: Info, search: str = "", first: int = 20, after: str | None = None
    ) -> Connection[Station] | None:
        asked = page_request("stations", first, after, maximum=300)
        page = page_of(info.context.model.search(search), asked, lambda item: (item.name_ko, item.id))
        return connection(page, lambda item: Station(station=item))

    @strawberry.federation.field(requires_scopes=READ, description="A run by its id; null when there is none.")
    def train_run(self, info: Info, id: strawberry.ID) -> TrainRun | None:
        return TrainRun.resolve_reference(info, id)

    @strawberry.federation.field(requires_scopes=BOOK, description="The caller's reservations, newest first.")
    async def my_reservations(
        self, info: Info, first: int = 20, after: str | None = None
    ) -> Connection[Reservation] | None:
        asked = page_request("myReservations", first, after, maximum=50)
        page = await reservations.own_reservations(info.context, asked)
        return connection(page, lambda item: Reservation(reservation=item))

    @strawberry.federation.field(requires_scopes=BOOK, description="What refunding a ticket would cost now.")
    async def refund_quote(self, info: Info, reservation_id: strawberry.ID) -> RefundQuote | None:
        offer = await tickets.refund_quote(info.context, str(reservation_id))
        return RefundQuote(
            fee_krw=offer.fee_krw,
            refund_krw=offer.refund_krw,
            step=offer.step.name,
            percent=offer.step.percent,
            until=offer.until,
        )


@strawberry.input(description="Which seats to hold; origin and destination default to those of the run id.")
class HoldSeatInput:
    """Input of ``holdSeat``."""

    run_id: strawberry.ID
    passengers: list[Passenger]
    idempotency_key: str
    origin_id: strawberry.ID | None = None
    destination_id: strawberry.ID | None = None
    seat_class: SeatClass = strawberry.field(name="class", default=SeatClass.STANDARD)
    preference: Preference = Preference.ANY

    def request(self) -> holds.HoldRequest:
        """The use case's form of it."""
        return holds.HoldRequest(
            str(self.run_id),
            self.seat_class,
            tuple(self.passengers),
            self.preference,
            self.idempotency_key,
            None if self.origin_id is None else str(self.origin_id),
            None if self.destination_id is None else str(self.destination_id),
        )


@strawberry.input(description="Which hold to pay; `paymentToken` is the payment provider's, never a card number.")
class PayReservationInput:
    """Input of ``payReservation``."""

    reservation_id: strawberry.ID
    payment_token: str
    idempotency_key: str


@strawberry.input(description="Which ticket to give back: the whole reservation.")
class RefundTicketInput:
    """Input of ``refundTicket``."""

    reservation_id: strawberry.ID
    idempotency_key: str


@strawberry.input(description="Which hold to give up; doing it twice is the same as once.")
class CancelHoldInput:
    """Input of ``cancelHold``."""

    reservation_id: strawberry.ID


@strawberry.type
class Mutation:
    """Booking, step by step."""

    @strawberry.federation.field(requires_scopes=BOOK, description="Hold seats until the pay-by time.")
    async def hold_seat(self, info: Info, input: HoldSeatInput) -> Reservation | None:
        return Reservation(reservation=await holds.hold_seats(info.context, input.request()))

    @strawberry.federation.field(requires_scopes=BOOK, description="Pay a hold; it becomes a ticket.")
    async def pay_reservation(self, info: Info, input: PayReservationInput) -> Reservation | None:
        paid = await tickets.pay(info.context, str(input.reservation_id), input.payment_token, input.idempotency_key)
        return Reservation(reservation=paid)

    @strawberry.federation.field(requires_scopes=BOOK, description="Give a ticket back for its price less the fee.")
    async def refund_ticket(self, info: Info, input: RefundTicketInput) -> Reservation | None:
        refunded = await tickets.refund(info.context, str(input.reservation_id), input.idempotency_key)
        return Reservation(reservation=refunded)

    @strawberry.federation.field(requires_scopes=BOOK, description="Give a hold up, free of charge.")
    async def cancel_hold(self, info: Info, input: CancelHoldInput) -> Reservation | None:
        return Reservation(reservation=await holds.cancel_hold(info.context, str(input.reservation_id)))


SCHEMA = federated_schema(Query, mutation=Mutation)
