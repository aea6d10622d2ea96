"""What a room is, from the words of its forest: its kind and its id."""

from __future__ import annotations

import hashlib

from subgraphs.lodge.catalogue import RoomKind

_BY_WORD = (
    ("카라반", RoomKind.CARAVAN),
    ("캐라반", RoomKind.CARAVAN),
    ("트리하우스", RoomKind.TREE_HOUSE),
    ("수련", RoomKind.TRAINING_HALL),
    ("교육관", RoomKind.TRAINING_HALL),
    ("휴양관", RoomKind.LODGE_ROOM),
    ("연립", RoomKind.ROW_HOUSE),
    ("숲속의집", RoomKind.CABIN),
    ("숲속의 집", RoomKind.CABIN),
)
_CAMPING_BY_WORD = (
    ("카라반", RoomKind.AUTO_CAMPING),
    ("캠핑카", RoomKind.AUTO_CAMPING),
    ("오토", RoomKind.AUTO_CAMPING),
    ("자동차", RoomKind.AUTO_CAMPING),
    ("데크", RoomKind.DECK),
    ("평상", RoomKind.DECK),
)
_BY_GROUP = {"DETACHED": RoomKind.CABIN, "BLOCK": RoomKind.LODGE_ROOM}


def room_kind(category_ko: str, group: str) -> RoomKind:
    """The kind of a category such as 숲속의집. ``group`` is foresttrip's: CAMPING, DETACHED, BLOCK or OTHER."""
    if group == "CAMPING":
        return next((kind for word, kind in _CAMPING_BY_WORD if word in category_ko), RoomKind.CAMPSITE)
    named = next((kind for word, kind in _BY_WORD if word in category_ko), None)
    return named or _BY_GROUP.get(group, RoomKind.OTHER)


def room_id(lodge_id: str, category_ko: str, name_ko: str) -> str:
    """The id of a room: the same facts give the same id in seed and import, blanks ignored."""
    words = "".join(f"{category_ko}/{name_ko}".split())
    return f"{lodge_id}-{hashlib.blake2b(words.encode(), digest_size=6).hexdigest()}"
