"""Errors a client can act on. Each has a stable code and a text in Korean and English.

DomainError                 raised by rules, services and the kit; becomes one GraphQL error with ``extensions.code``
ErrorTable                  the codes of one domain, each with its two texts and when it happens
anything else that escapes  INTERNAL_SERVER_ERROR with an id; the cause goes to the log only (execution.py)
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Language = Literal["ko", "en"]

_CODE = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*")


class DomainError(Exception):
    """A refusal with a reason. ``extensions`` are JSON values shown beside the code."""

    def __init__(self, code: str, *, ko: str, en: str, **extensions: Any) -> None:
        super().__init__(f"{code}: {en}")
        self.code = code
        self.ko = ko
        self.en = en
        self.extensions = extensions

    def message(self, language: Language) -> str:
        """The text in the caller's language."""
        return self.ko if language == "ko" else self.en

    def extension_map(self) -> dict[str, Any]:
        """``extensions`` of the GraphQL error."""
        return {"code": self.code, **self.extensions}


@dataclass(frozen=True, slots=True)
class ErrorText:
    """One row of an error table. ``ko`` and ``en`` may name extensions in braces: ``{payBy}``."""

    ko: str
    en: str
    when: str


@dataclass(frozen=True)
class ErrorTable:
    """The codes one domain can answer with."""

    domain: str
    texts: Mapping[str, ErrorText]

    def __post_init__(self) -> None:
        bad = [code for code in self.texts if not _CODE.fullmatch(code)]
        if bad:
            raise ValueError(f"error codes are UPPER_SNAKE_CASE: {bad}")

    def error(self, code: str, **extensions: Any) -> DomainError:
        """The error of ``code`` with its texts filled from ``extensions``. A code outside the table is a KeyError."""
        text = self.texts[code]
        return DomainError(code, ko=text.ko.format(**extensions), en=text.en.format(**extensions), **extensions)


KIT_ERRORS = ErrorTable(
    "kit",
    {
        "BAD_CURSOR": ErrorText(
            "커서가 올바르지 않습니다. 이전 응답의 endCursor를 그대로 보내 주세요.",
            "The cursor is not one of ours; send an endCursor of an earlier answer unchanged.",
            "`after` was not made by this connection",
        ),
        "PAGE_SIZE_OUT_OF_RANGE": ErrorText(
            "first는 1 이상 {maximum} 이하여야 합니다.",
            "`first` must be between 1 and {maximum}.",
            "`first` is below 1 or above the limit of the connection",
        ),
        "BAD_REPRESENTATION": ErrorText(
            "엔티티 표현이 올바르지 않습니다.",
            "The entity representation lacks a known __typename or one of its keys.",
            "`_entities` was sent something that is no representation of an entity here",
        ),
        "BAD_IDEMPOTENCY_KEY": ErrorText(
            "멱등 키는 공백 없는 8~128자의 ASCII 문자열이어야 합니다.",
            "An idempotency key is 8 to 128 visible ASCII characters.",
            "`idempotencyKey` is too short, too long or has other characters",
        ),
        "IDEMPOTENCY_KEY_REUSED": ErrorText(
            "이 멱등 키는 다른 내용의 요청에 이미 사용되었습니다.",
            "This idempotency key was already used with a different request.",
            "the same key came with other input",
        ),
        "UNAUTHENTICATED": ErrorText(
            "로그인이 필요합니다.",
            "This needs a signed-in user.",
            "the operation belongs to a person and the request names none",
        ),
        "FORBIDDEN": ErrorText(
            "이 작업에는 {scope} 권한이 필요합니다.",
            "This needs the scope {scope}.",
            "the access token lacks the scope",
        ),
        "BUSY": ErrorText(
            "요청이 많아 처리하지 못했습니다. 잠시 후 다시 시도해 주세요.",
            "Too many requests wait for the database; try again shortly.",
            "the bounded queue for the database is full or the wait took too long",
        ),
        "PAYMENT_DECLINED": ErrorText(
            "결제가 거절되었습니다: {reasonKo}",
            "The payment was declined: {reason}.",
            "the payment provider refused the payment method; `declineCode` says why",
        ),
        "PAYMENT_METHOD_UNKNOWN": ErrorText(
            "알 수 없는 결제 수단입니다.",
            "The payment token is not known to the payment provider.",
            "`paymentToken` is not a token of the provider",
        ),
        "CARD_NUMBER_NOT_ACCEPTED": ErrorText(
            "카드 번호를 직접 보내지 마세요. 결제 토큰만 받습니다.",
            "Never send a card number; only a payment token is accepted.",
            "`paymentToken` looks like a card number; it is not stored or logged",
        ),
        "PAYMENT_UNAVAILABLE": ErrorText(
            "결제 서비스에 연결할 수 없습니다. 잠시 후 다시 시도해 주세요.",
            "The payment provider cannot be reached; try again shortly.",
            "no answer came from the payment provider",
        ),
        "INTERNAL_SERVER_ERROR": ErrorText(
            "내부 오류가 발생했습니다. 문의할 때 오류 번호를 알려 주세요: {id}",
            "Something went wrong on our side; quote this id when you report it: {id}",
            "a defect of ours; the log has the cause under the same id",
        ),
    },
)


def errors_page(tables: Iterable[ErrorTable]) -> str:
    """The reference page of all codes as Markdown, one table a domain."""
    parts = []
    for table in tables:
        rows = [f"| `{code}` | {text.when} | {text.ko} | {text.en} |" for code, text in sorted(table.texts.items())]
        parts.append("\n".join([f"## {table.domain}", "", "| code | when | ko | en |", "|---|---|---|---|", *rows]))
    return "\n\n".join(parts) + "\n"
