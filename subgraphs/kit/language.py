"""The language argument of names: ``name(lang: KO)``; without it the caller's language answers."""

from __future__ import annotations

from enum import Enum

import strawberry

from subgraphs.kit.context import Context


@strawberry.enum(name="Language", description="A language names and texts are answered in.")
class NameLanguage(Enum):
    """Korean or English."""

    KO = "ko"
    EN = "en"


def localised(context: Context, lang: NameLanguage | None, *, ko: str, en: str) -> str:
    """The text in ``lang``, or in the caller's language when none is asked for."""
    return ko if (context.identity.language if lang is None else lang.value) == "ko" else en
