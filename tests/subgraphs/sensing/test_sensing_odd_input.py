"""Whatever is sent, the answer is data or a coded refusal; never a defect of ours."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.subgraphs.sensing.conftest import Sensing

numbers = st.one_of(st.integers(-2, 6), st.integers(-(2**31), 2**31 - 1))
degrees = st.one_of(st.floats(-200, 200), st.floats(allow_nan=False, allow_infinity=False))
cursors = st.one_of(st.none(), st.text(max_size=40), st.binary(max_size=30).map(lambda raw: raw.hex()))
texts = st.one_of(st.none(), st.text(max_size=60))
moments = st.datetimes(timezones=st.just(UTC)).map(datetime.isoformat)
ids = st.one_of(st.sampled_from(["seoul-jung-gu", "42150", "37.55470,126.97070"]), st.text(max_size=40))

READ = """query($id: ID!, $text: String, $first: Int!, $after: String, $kind: String!, $kinds: [String!],
  $box: BoundingBoxInput!, $device: String, $start: DateTime!, $end: DateTime!, $from: Date!, $to: Date!,
  $places: [_Any!]!) {
  airStation(id: $id) { name latest { at } hours(start: $start, end: $end, first: $first, after: $after) { totalCount }
    days(start: $from, end: $to, first: $first, after: $after) { totalCount } }
  airStations(search: $text, first: $first, after: $after) { totalCount }
  region(code: $id) { name } regions(search: $text, first: $first, after: $after) { totalCount }
  latestReadings(bbox: $box, kinds: $kinds, first: $first) { value }
  readingHistory(kind: $kind, start: $start, end: $end, device: $device, first: $first, after: $after) { nodes { at } }
  _entities(representations: $places) { ... on Place { air { pm10 { value } cai { value } } region { code } } } }"""

reads = st.fixed_dictionaries(
    {
        "id": ids, "text": texts, "first": numbers, "after": cursors,
        "kind": st.one_of(st.just("pm10"), st.text(max_size=20)),
        "kinds": st.one_of(st.none(), st.lists(st.one_of(st.just("pm10"), st.text(max_size=20)), max_size=4)),
        "box": st.fixed_dictionaries({"west": degrees, "south": degrees, "east": degrees, "north": degrees}),
        "device": texts, "start": moments, "end": moments,
        "from": st.dates().map(date.isoformat), "to": st.dates().map(date.isoformat),
        "places": st.lists(
            st.one_of(
                ids.map(lambda text: {"__typename": "Place", "id": text}),
                ids.map(lambda text: {"__typename": "Region", "code": text}),
                st.just({"__typename": "Nothing"}),
            ),
            max_size=4,
        ),
    }
)  # fmt: skip


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(reads)
async def test_odd_input_gets_a_code(sqlite_sensing: Sensing, variables: dict[str, Any]) -> None:
    answer = await sqlite_sensing.ask(READ, **variables)
    for error in answer.get("errors", []):
        assert error["extensions"]["code"] != "INTERNAL_SERVER_ERROR", error
        assert error["message"]
