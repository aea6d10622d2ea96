"""The GraphQL schema of the lodge domain: queries, mutations and the stay."""

from __future__ import annotations

from datetime import date, datetime

import strawberry

from subgraphs.kit.context import Info
from subgraphs.kit.entities import federated_schema
from subgraphs.kit.pagination import Connection, page_info, page_of, page_request
from subgraphs.kit.time import from_ms
from subgraphs.lodge.errors import LODGE_ERRORS
from subgraphs.lodge.models import StayRow
from subgraphs.lodge.rules.stays import StayState
from subgraphs.lodge.service import stays
from subgraphs.lodge.service.availability import catalogue
from subgraphs.lodge.types import READ_SCOPES, Lodge, Place, Room

BOOK_SCOPES = [[stays.BOOK_SCOPE]]
MAX_SEARCH = 50

strawberry.enum(StayState, description="Where a stay is in its life.")


@strawberry.type(description="What cancelling would cost now.")
class CancellationQuote:
    """A fee by the steps of the forest's operator."""

    fee_percent: int
    fee_krw: int
    refund_krw: int


@strawberry.type(description="A booked room, from hold to end; only its owner by the same client can see it.")
class Stay:
    """A stay of the caller."""

    id: strawberry.ID
    state: StayState
    first_night: date
    nights: int
    guests: int
    amount_krw: int
    held_at: datetime
    pay_by: datetime = strawberry.field(description="An unpaid room is released at this moment.")
    confirmed_at: datetime | None
    cancelled_at: datetime | None
    fee_krw: int | None = strawberry.field(description="Kept on cancelling.")
    refund_krw: int | None = strawberry.field(description="Paid back on cancelling.")
    row: strawberry.Private[StayRow]

    @classmethod
    def of(cls, info: Info, row: StayRow) -> Stay:
        """The GraphQL form of a stay, as of now."""
        return cls(
            id=strawberry.ID(row.id),
            state=stays.current_state(row, info.context.clock()),
            first_night=row.first_night,
            nights=row.nights,
            guests=row.guests,
            amount_krw=row.amount_krw,
            held_at=from_ms(row.held_ms),
            pay_by=from_ms(row.pay_by_ms),
            confirmed_at=None if row.confirmed_ms is None else from_ms(row.confirmed_ms),
            cancelled_at=None if row.cancelled_ms is None else from_ms(row.cancelled_ms),
            fee_krw=row.fee_krw,
            refund_krw=row.refund_krw,
            row=row,
        )

    @strawberry.field
    def room(self, info: Info) -> Room | None:
        facts = catalogue(info.context).rooms.get(self.row.room_id)
        return None if facts is None else Room.of(facts)

    @strawberry.field
    def lodge(self, info: Info) -> Lodge | None:
        facts = catalogue(info.context).lodges.get(self.row.lodge_id)
        return None if facts is None else Lodge.of(facts)

    @strawberry.field(description="Null unless the stay is confirmed and its first night is not past.")
    def cancellation(self, info: Info) -> CancellationQuote | None:
        quote = stays.cancellation_quote(info.context, self.row)
        if quote is None:
            return None
        percent, fee, refund = quote
        return CancellationQuote(fee_percent=percent, fee_krw=fee, refund_krw=refund)


@strawberry.type
class Query:
    """What can be asked."""

    @strawberry.federation.field(requires_scopes=READ_SCOPES, description="A recreation forest by foresttrip's id.")
    def lodge(self, info: Info, id: strawberry.ID) -> Lodge | None:
        return Lodge.resolve_reference(info, id)

    @strawberry.federation.field(
        requires_scopes=READ_SCOPES,
        description="Recreation forests by name. `search` looks in Korean and English names and districts.",
    )
    def lodges(
        self,
        info: Info,
        region: str | None = None,
        search: str | None = None,
        first: int = 20,
        after: str | None = None,
    ) -> Connection[Lodge] | None:
        model = catalogue(info.context)
        if region is not None and region not in model.regions:
            raise LODGE_ERRORS.error("UNKNOWN_REGION", known=list(model.regions))
        if search is not None and len(search) > MAX_SEARCH:
            raise LODGE_ERRORS.error("SEARCH_TOO_LONG", maximum=MAX_SEARCH)
        found = model.matching(region, search)
        page = page_of(found, page_request("lodge", first, after), lambda lodge: (lodge.row.name_ko, lodge.id))
        nodes = [Lodge.of(lodge) for lodge in page.items]
        return Connection(nodes=nodes, page_info=page_info(page), total_count=len(found))

    @strawberry.federation.field(requires_scopes=READ_SCOPES, description="The regions `lodges` can be asked for.")
    def lodge_regions(self, info: Info) -> list[str] | None:
        return list(catalogue(info.context).regions)

    @strawberry.federation.field(requires_scopes=BOOK_SCOPES, description="The caller's stays, the latest hold first.")
    async def my_stays(self, info: Info, first: int = 20, after: str | None = None) -> Connection[Stay] | None:
        page = await stays.my_stays(info.context, page_request("stay", first, after))
        nodes = [Stay.of(info, row) for row in page.items]
        return Connection(nodes=nodes, page_info=page_info(page), total_count=page.total or 0)

    @strawberry.federation.field(requires_scopes=BOOK_SCOPES, description="One of the caller's stays.")
    async def stay(self, info: Info, id: strawberry.ID) -> Stay | None:
        row = await stays.find_stay(info.context, id)
        return None if row is None else Stay.of(info, row)


@strawberry.input(description="A room to hold. The same `idempotencyKey` sent again answers the same stay.")
class HoldRoomInput:
    """What is wanted."""

    room_id: strawberry.ID
    night: date = strawberry.field(description="The first night.")
    nights: int = 1
    guests: int = 1
    idempotency_key: str


@strawberry.input(description="Pays for a held stay with a token of the payment provider, never a card number.")
class ConfirmStayInput:
    """How it is paid."""

    stay_id: strawberry.ID
    payment_token: str
    idempotency_key: str


@strawberry.input(description="Gives a stay up.")
class CancelStayInput:
    """Which one."""

    stay_id: strawberry.ID
    idempotency_key: str


@strawberry.type
class Mutation:
    """What can be done."""

    @strawberry.federation.field(
        requires_scopes=BOOK_SCOPES, description="Hold a room until `payBy`; SOLD_OUT when someone else has a night."
    )
    async def hold_room(self, info: Info, input: HoldRoomInput) -> Stay | None:
        request = stays.HoldRequest(input.room_id, input.night, input.nights, input.guests)
        return Stay.of(info, await stays.hold_room(info.context, request, input.idempotency_key))

    @strawberry.federation.field(requires_scopes=BOOK_SCOPES, description="Pay for a held stay.")
    async def confirm_stay(self, info: Info, input: ConfirmStayInput) -> Stay | None:
        row = await stays.confirm_stay(info.context, input.stay_id, input.payment_token, input.idempotency_key)
        return Stay.of(info, row)

    @strawberry.federation.field(
        requires_scopes=BOOK_SCOPES, description="Cancel a stay: a hold is free, a confirmed stay costs its fee step."
    )
    async def cancel_stay(self, info: Info, input: CancelStayInput) -> Stay | None:
        return Stay.of(info, await stays.cancel_stay(info.context, input.stay_id, input.idempotency_key))


SCHEMA = federated_schema(Query, mutation=Mutation, types=(Place, Lodge, Room))
