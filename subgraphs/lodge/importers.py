"""Loading foresttrip's forests, rooms and vacancy snapshots.

forests    forests.csv; the Forest Service's facility file beside it corrects coordinates that belong elsewhere
rooms      forest_rooms.csv.gz; prices by season from the facility file where name, size and price range agree
vacancy    forest_vacancy_snapshots.csv.gz; also tells which weekday a municipal forest is closed on
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy import select, update
from sqlmodel import col

from subgraphs.kit.bulk import store_rows
from subgraphs.kit.database import Database
from subgraphs.kit.importing import Importer, ImportSummary, Progress, read_csv
from subgraphs.kit.places import Point, haversine_km
from subgraphs.kit.time import KST, to_ms
from subgraphs.lodge.catalogue import Operator
from subgraphs.lodge.models import LodgeRow, RoomRow, VacancyRow
from subgraphs.lodge.room_kinds import room_id, room_kind
from subgraphs.lodge.rules.calendar import SUMMER_PEAK, TUESDAY
from subgraphs.lodge.rules.opening import parse_open_rule

FORESTS = "forests.csv"
ROOMS = "forest_rooms.csv.gz"
FACILITIES = "forest_facilities_2022.csv.gz"
VACANCY = "forest_vacancy_snapshots.csv.gz"

_OPERATORS = {"국립": Operator.NATIONAL, "공립": Operator.PUBLIC, "사립": Operator.PRIVATE}
_PROVINCES = {
    "서울/인천/경기": ("서울", "인천", "경기"),
    "강원": ("강원",),
    "충북": ("충청북", "충북"),
    "대전/충남": ("대전", "세종", "충청남", "충남"),
    "전북": ("전북", "전라북"),
    "전남광주": ("전남", "전라남", "광주"),
    "대구/경북": ("대구", "경북", "경상북"),
    "부산/경남": ("부산", "울산", "경남", "경상남"),
    "제주": ("제주",),
}
_NUMBER = re.compile(r"[0-9]{1,8}(\.[0-9]{1,3})?")
_ID = re.compile(r"[0-9A-Z]{4,20}")
_SOURCE = "import: foresttrip.go.kr policy page and directory"
_BATCH = 5000
_FAR_KM = 5.0
_NOT_A_ROOM = ("회의실", "식당", "강당", "세미나")
_INTERNAL = "(예비)"

Four = tuple[int, int, int, int]
"""Prices off-peak weekday and weekend, peak weekday and weekend."""


async def import_forests(database: Database, folder: Path, progress: Progress) -> ImportSummary:
    """Forests with their opening rules. Rows whose address is in another province lose what came with it."""
    summary = ImportSummary("forests")
    surveyed = _surveyed_points(folder / FACILITIES)
    rows = []
    lines = list(read_csv(folder / FORESTS))
    for line, raw in lines:
        summary.read += 1
        row = _forest(raw, line, surveyed, summary)
        if row is not None:
            rows.append(row)
    async with database.write() as session:
        known = {row.id: row for row in (await session.execute(select(LodgeRow))).scalars()}
        for row in rows:
            _keep_what_is_known_better(row, known.get(row["id"]))
        await store_rows(session, LodgeRow, rows, replace=True)
    summary.stored = len(rows)
    progress(len(lines), len(lines))
    return summary


def _forest(
    raw: dict[str, str], line: int, surveyed: dict[str, Point], summary: ImportSummary
) -> dict[str, Any] | None:
    lodge_id, operator = raw.get("instt_id", ""), _OPERATORS.get(raw.get("operator", ""))
    if not _ID.fullmatch(lodge_id) or not raw.get("name_ko"):
        summary.reject(FORESTS, line, "BAD_ID", ko="휴양림 번호나 이름이 없습니다.", en="No usable id or name.")
        return None
    if operator is None:
        summary.reject(FORESTS, line, "UNKNOWN_OPERATOR", ko="운영 주체를 알 수 없습니다.", en="Unknown operator.")
        return None
    national = operator is Operator.NATIONAL
    elsewhere = _is_elsewhere(raw)
    point = surveyed.get(lodge_id) if elsewhere else _point(raw) or surveyed.get(lodge_id)
    if elsewhere:
        summary.note(
            FORESTS, line, "ADDRESS_ELSEWHERE",
            ko=f"{raw['name_ko']}: 주소({raw['address_ko']})가 {raw['region']}이 아니어서 좌표와 함께 버렸습니다.",
            en=f"{lodge_id}: the address is not in the forest's region; address and coordinates were left out.",
        )  # fmt: skip
    elif point is None:
        summary.note(
            FORESTS, line, "NO_COORDINATES",
            ko=f"{raw['name_ko']}: 좌표가 없어 지도와 거리 검색에 나오지 않습니다.",
            en=f"{lodge_id}: no coordinates; listed, but on no map.",
        )  # fmt: skip
    if parse_open_rule(raw.get("open_rule_ko", "")) is None:
        summary.note(
            FORESTS, line, "OPEN_RULE_UNREAD",
            ko=f"{raw['name_ko']}: 예약 오픈 규칙을 읽을 수 없어 6주 전 수요일 09시로 봅니다.",
            en=f"{lodge_id}: the opening rule could not be read; six weeks ahead, Wednesday 09:00 is assumed.",
        )  # fmt: skip
    name_en = raw.get("name_en_romanised") or None
    return {
        "id": lodge_id,
        "name_ko": raw["name_ko"][:100],
        "name_en": name_en and name_en[:100],
        "name_en_official": False,
        "operator": operator.value,
        "region_ko": raw.get("region", "")[:40],
        "district_ko": raw.get("sigungu", "")[:40],
        "lat": point.lat if point else None,
        "lon": point.lon if point else None,
        "capacity": None if elsewhere else _count(raw.get("capacity", "")),
        "address_ko": None if elsewhere else raw.get("address_ko", "")[:200] or None,
        "phone": None if elsewhere else raw.get("phone", "")[:40] or None,
        "open_rule_ko": raw.get("open_rule_ko", "")[:100],
        "weekend_lottery": national,
        "runs_own_lottery": raw.get("runs_lottery_public") == "1",
        "closed_weekdays": str(TUESDAY) if national else "",
        "closed_source": "RULE" if national else "UNKNOWN",
        "fee_policy": "NATIONAL" if national else "YEONGWOL" if raw.get("sigungu") == "영월군" else "STANDARD",
        "check_in_hour": 15,
        "check_out_hour": 11,
        "source": f"{_SOURCE}; coordinates {raw.get('coord_source') or 'none'}"[:300],
    }


def _keep_what_is_known_better(row: dict[str, Any], known: LodgeRow | None) -> None:
    """The file's English names are machine made, and it tells no closing days."""
    if known is None:
        return
    row["name_en"] = known.name_en or row["name_en"]
    if row["closed_source"] == "UNKNOWN" and known.closed_source == "OBSERVED":
        row.update(closed_weekdays=known.closed_weekdays, closed_source="OBSERVED")


def _is_elsewhere(raw: dict[str, str]) -> bool:
    provinces, address = _PROVINCES.get(raw.get("region", "")), raw.get("address_ko", "")
    return bool(provinces and address) and not address.startswith(provinces or ())


def _point(raw: dict[str, str]) -> Point | None:
    try:
        lat, lon = float(raw["lat"]), float(raw["lon"])
    except (KeyError, ValueError):
        return None
    return Point(lat, lon) if 33 <= lat <= 39 and 124 <= lon <= 132 else None


def _surveyed_points(path: Path) -> dict[str, Point]:
    """The middle of each national forest's rooms in the facility file; empty without the file."""
    points: dict[str, list[Point]] = defaultdict(list)
    if path.is_file():
        for _, raw in read_csv(path):
            point = _point(raw)
            if point is not None:
                points[raw.get("instt_no", "").zfill(4)].append(point)
    middles = {
        lodge_id: Point(median(point.lat for point in near), median(point.lon for point in near))
        for lodge_id, near in points.items()
    }
    return {
        lodge_id: middle
        for lodge_id, middle in middles.items()
        if median(haversine_km(middle, point) for point in points[lodge_id]) < _FAR_KM
    }


def _count(text: str) -> int | None:
    """A positive whole number; zero and nothing both mean "not known" in these files."""
    return int(text) if text.isascii() and text.isdigit() and 0 < int(text) < 2**31 else None


async def import_rooms(database: Database, folder: Path, progress: Progress) -> ImportSummary:
    """Rooms with prices. A room of an unknown forest, a repeated one and one with a broken number are rejected."""
    summary = ImportSummary("rooms")
    known = await _lodge_ids(database)
    published = _published_prices(folder / FACILITIES)
    lines = list(read_csv(folder / ROOMS))
    rows: dict[str, dict[str, Any]] = {}
    for line, raw in lines:
        summary.read += 1
        row = _room(raw, line, known, published, summary)
        if row is None:
            continue
        if row["id"] in rows:
            summary.reject(
                ROOMS, line, "DUPLICATE_ROOM", ko="같은 객실이 두 번 있습니다.", en="The room is listed twice."
            )
            continue
        rows[row["id"]] = row
    await _store_in_batches(database, RoomRow, list(rows.values()), progress)
    summary.stored = len(rows)
    return summary


def _room(
    raw: dict[str, str],
    line: int,
    known: frozenset[str],
    published: dict[tuple[str, str, float], Four],
    summary: ImportSummary,
) -> dict[str, Any] | None:
    lodge_id, name, category = raw.get("instt_id", ""), raw.get("room_name", ""), raw.get("category_ko", "")
    if lodge_id not in known:
        summary.reject(
            ROOMS, line, "UNKNOWN_LODGE", ko=f"휴양림 {lodge_id}이(가) 없습니다.", en=f"No forest {lodge_id}."
        )
        return None
    numbers = [raw.get(field, "") for field in ("capacity", "area_m2", "price_min_krw", "price_max_krw")]
    if not name or not all(_NUMBER.fullmatch(number) for number in numbers):
        summary.reject(
            ROOMS, line, "BAD_ROOM", ko="객실 이름이나 숫자가 잘못되었습니다.", en="No name, or a broken number."
        )
        return None
    capacity, area, low, high = (float(number) for number in numbers)
    if low > high:
        summary.reject(
            ROOMS, line, "BAD_PRICE", ko="최저가가 최고가보다 큽니다.", en="The lowest price is above the highest."
        )
        return None
    seen = (int(low), int(high), int(high), int(high)) if low > 0 else None
    prices = published.get((lodge_id, _joined(name), area)) or published.get((lodge_id, "", area))
    if prices is None or not (min(prices) <= low and high <= max(prices)):
        prices, source = seen, "SEEN"
    else:
        source = "PUBLISHED"
    four = prices or (None, None, None, None)
    return {
        "id": room_id(lodge_id, category, name),
        "lodge_id": lodge_id,
        "name_ko": name[:100],
        "category_ko": category[:60],
        "kind": room_kind(category, raw.get("kind", "")).value,
        "capacity": int(capacity) or None,
        "area_m2": area or None,
        "off_weekday_krw": four[0],
        "off_weekend_krw": four[1],
        "peak_weekday_krw": four[2],
        "peak_weekend_krw": four[3],
        "price_source": source,
        "internal": _INTERNAL in name,
    }


def _published_prices(path: Path) -> dict[tuple[str, str, float], Four]:
    """Four prices by (forest, room name without blanks, m2) of rooms in use; empty without the file.

    Under the name "" stands the price of a size, where all rooms of that size in the forest cost the same.
    """
    prices: dict[tuple[str, str, float], Four] = {}
    by_size: dict[tuple[str, float], set[Four]] = defaultdict(set)
    if not path.is_file():
        return prices
    for _, raw in read_csv(path):
        four = [
            _count(raw.get(f"{season}_krw", ""))
            for season in ("off_weekday", "off_weekend", "peak_weekday", "peak_weekend")
        ]
        name, size = raw.get("product", ""), raw.get("area_m2", "")
        is_room = raw.get("in_use") == "1" and not any(word in name for word in _NOT_A_ROOM)
        if is_room and _NUMBER.fullmatch(size) and all(four):
            a, b, c, d = (price or 0 for price in four)
            lodge_id, area = raw.get("instt_no", "").zfill(4), float(size)
            prices[lodge_id, _joined(name), area] = (a, b, c, d)
            by_size[lodge_id, area].add((a, b, c, d))
    return prices | {(lodge_id, "", area): min(fours) for (lodge_id, area), fours in by_size.items() if len(fours) == 1}


def _joined(name: str) -> str:
    return "".join(name.split())


async def import_vacancy(database: Database, folder: Path, progress: Progress) -> ImportSummary:
    """Vacancy snapshots as history, and closing days read off them for forests whose rule is not known."""
    summary = ImportSummary("vacancy snapshots")
    known = await _lodge_ids(database)
    rows = []
    for line, raw in read_csv(folder / VACANCY):
        summary.read += 1
        row = _vacancy(raw, line, known, summary)
        if row is not None:
            rows.append(row)
    unique = {(row["lodge_id"], row["night"], row["observed_ms"]): row for row in rows}
    await _store_in_batches(database, VacancyRow, list(unique.values()), progress)
    summary.stored = len(unique)
    closed = closed_weekdays_seen((row["lodge_id"], row["night"]) for row in rows)
    async with database.write() as session:
        for lodge_id, weekdays in closed.items():
            observed = (
                update(LodgeRow)
                .where(col(LodgeRow.id) == lodge_id, col(LodgeRow.closed_source) != "RULE")
                .values(closed_weekdays=weekdays, closed_source="OBSERVED")
            )
            await session.execute(observed)
    return summary


def _vacancy(raw: dict[str, str], line: int, known: frozenset[str], summary: ImportSummary) -> dict[str, Any] | None:
    lodge_id = raw.get("instt_id", "")
    if lodge_id not in known:
        summary.reject(
            VACANCY, line, "UNKNOWN_LODGE", ko=f"휴양림 {lodge_id}이(가) 없습니다.", en=f"No forest {lodge_id}."
        )
        return None
    try:
        observed = datetime.fromisoformat(raw["snapshot_at"]).replace(tzinfo=KST)
        night = datetime.strptime(raw["stay_date"], "%Y%m%d").replace(tzinfo=KST).date()
        lodging, camping = int(raw["vacant_lodging"]), int(raw["vacant_camping"])
    except (KeyError, ValueError):
        summary.reject(VACANCY, line, "BAD_VALUE", ko="날짜나 숫자가 잘못되었습니다.", en="A broken date or number.")
        return None
    if not (0 <= lodging < 10_000 and 0 <= camping < 10_000):
        summary.reject(VACANCY, line, "OUT_OF_RANGE", ko="빈 객실 수가 범위를 벗어났습니다.", en="An impossible count.")
        return None
    return {
        "lodge_id": lodge_id,
        "night": night,
        "observed_ms": to_ms(observed),
        "vacant_lodging": lodging,
        "vacant_camping": camping,
    }


def closed_weekdays_seen(vacant: Iterator[tuple[str, date]]) -> dict[str, str]:
    """The weekday a forest never had a vacancy on, outside the peak season, where every other weekday often had.

    Takes (forest, night) pairs with a vacancy; answers the weekday's digit by forest, Friday and Saturday left out
    because they sell out. At least four such nights must lie in the span seen and three nights of each other weekday.
    """
    nights: dict[str, set[date]] = defaultdict(set)
    for lodge_id, night in vacant:
        if not SUMMER_PEAK.contains(night):
            nights[lodge_id].add(night)
    closed = {}
    for lodge_id, seen in nights.items():
        by_weekday = {weekday: sum(night.weekday() == weekday for night in seen) for weekday in (0, 1, 2, 3, 6)}
        never = [weekday for weekday, count in by_weekday.items() if count == 0]
        others = [count for count in by_weekday.values() if count]
        if len(never) == 1 and min(others) >= 3 and (max(seen) - min(seen)).days >= 28:
            closed[lodge_id] = str(never[0])
    return closed


async def _lodge_ids(database: Database) -> frozenset[str]:
    async with database.read() as session:
        return frozenset((await session.execute(select(col(LodgeRow.id)))).scalars())


async def _store_in_batches(database: Database, model: Any, rows: list[dict[str, Any]], progress: Progress) -> None:
    """One transaction a batch, so that readers and bookings get their turn in between."""
    remaining, done = iter(rows), 0
    while batch := list(islice(remaining, _BATCH)):
        async with database.write() as session:
            await store_rows(session, model, batch, replace=True)
        done += len(batch)
        progress(done, len(rows))


IMPORTERS = (
    Importer("forests", (FORESTS,), import_forests),
    Importer("rooms", (ROOMS,), import_rooms),
    Importer("vacancy snapshots", (VACANCY,), import_vacancy),
)
