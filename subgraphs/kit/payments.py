"""Paying: what a domain asks of a payment provider. Only tokens travel; a card number is refused unread and unstored.

Order of steps in a domain: authorise (outside the transaction) → record the sale in the domain's own transaction →
capture; when the sale cannot be recorded, void. A crash in between leaves an authorisation that lapses, or a sale whose
capture the sweeper repeats: every call is idempotent by its key.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, Protocol

from subgraphs.kit.errors import KIT_ERRORS, DomainError

PaymentState = Literal["AUTHORISED", "CAPTURED", "VOIDED"]

_DIGITS = re.compile(r"[ \-]")


@dataclass(frozen=True, slots=True)
class Payment:
    """One payment as the provider's ledger has it; amounts in won."""

    id: str
    state: PaymentState
    amount_krw: int
    refunded_krw: int


class PaymentConflict(Exception):
    """The domain asked for a step the ledger does not allow (capture after void, refund above the amount): a defect."""


class PaymentProvider(Protocol):
    """A provider of payments. ``key`` names one attempt; repeating it repeats the answer and never the money.

    All raise DomainError PAYMENT_UNAVAILABLE when no answer came, PaymentConflict for a step out of order.
    """

    async def authorise(self, key: str, *, token: str, amount_krw: int, order: str) -> Payment:
        """Reserve the amount. Raises DomainError PAYMENT_DECLINED, PAYMENT_METHOD_UNKNOWN, CARD_NUMBER_NOT_ACCEPTED."""
        ...

    async def capture(self, payment_id: str) -> Payment:
        """Take the reserved amount; again: the same answer."""
        ...

    async def void(self, payment_id: str) -> Payment:
        """Give the reservation up; again: the same answer."""
        ...

    async def refund(self, key: str, payment_id: str, amount_krw: int) -> Payment:
        """Give part or all back."""
        ...


DECLINES = {
    "declined": ("카드사가 거절했습니다", "the card issuer refused"),
    "insufficient_funds": ("잔액이 부족합니다", "insufficient funds"),
    "expired_card": ("카드 유효기간이 지났습니다", "the card has expired"),
    "lost_card": ("분실 신고된 카드입니다", "the card was reported lost"),
}
"""Decline codes with their reasons in Korean and English."""


def declined(decline_code: str) -> DomainError:
    """The error for a refused payment method."""
    ko, en = DECLINES[decline_code]
    error = KIT_ERRORS.error("PAYMENT_DECLINED", reasonKo=ko, reason=en)
    error.extensions = {"declineCode": decline_code}
    return error


def refuse_card_number(token: str) -> None:
    """Raise DomainError CARD_NUMBER_NOT_ACCEPTED when ``token`` could be a card number (12 to 19 digits, Luhn)."""
    digits = _DIGITS.sub("", token)
    if digits.isascii() and digits.isdigit() and 12 <= len(digits) <= 19 and _luhn(digits):
        raise KIT_ERRORS.error("CARD_NUMBER_NOT_ACCEPTED")


def _luhn(digits: str) -> bool:
    """ISO/IEC 7812-1 annex B."""
    doubled = [int(digit) * (2 if index % 2 else 1) for index, digit in enumerate(reversed(digits))]
    return sum(number - 9 if number > 9 else number for number in doubled) % 10 == 0
