"""The payload format as a table of cases, and the promise that no bytes can make the decoder raise."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensors_bridge.catalogue import KINDS, SENSORS
from sensors_bridge.readings import Reading
from sensors_bridge.topics import Decoded, DecodeLimits, Reason, decode, encode, topic_of

NOW = 1_795_392_000_000
TOPIC = "city/seoul/taxi/taxi-1/readings"
GOOD: dict[str, Any] = {
    "v": 1,
    "device": "taxi-1",
    "boot": 3,
    "seq": 9,
    "at": NOW - 40,
    "lat": 37.5,
    "lon": 127.0,
    "values": {"pm10": 31.5, "laeq": 62},
}


def changed(**changes: Any) -> bytes:
    return json.dumps({**GOOD, **changes}).encode()


def without(name: str) -> bytes:
    return json.dumps({key: value for key, value in GOOD.items() if key != name}).encode()


def test_a_message_becomes_one_reading_a_value() -> None:
    decoded = decode(TOPIC, changed(), NOW)
    assert decoded == Decoded(
        ("taxi-1", 3, 9),
        (
            Reading("taxi-1", 3, 9, NOW - 40, NOW, 37.5, 127.0, "pm10", 31.5),
            Reading("taxi-1", 3, 9, NOW - 40, NOW, 37.5, 127.0, "laeq", 62.0),
        ),
        (),
    )


def test_what_encode_writes_decode_reads() -> None:
    payload = encode(device="t", boot=1, seq=2, at=NOW, lat=37.1, lon=127.1, values={"co2": 420.0})
    decoded = decode(topic_of("busan", "t"), payload, NOW)
    assert decoded.rejects == ()
    assert decoded.readings == (Reading("t", 1, 2, NOW, NOW, 37.1, 127.1, "co2", 420.0),)


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(without("v"), id="the version may be left out"),
        pytest.param(changed(firmware="2.1", values={"pm10": 1}), id="unknown members are for later versions"),
        pytest.param(changed(at=NOW + 60_000), id="a clock a minute ahead"),
        pytest.param(changed(at=NOW - 7 * 86_400_000), id="a week in the device's buffer"),
        pytest.param(changed(values={"pm10": 0, "air_temp": -30, "rel_humidity": 100}), id="range ends belong to it"),
        pytest.param(changed(lat=33, lon=124), id="the south-west corner"),
    ],
)
def test_accepted(payload: bytes) -> None:
    decoded = decode(TOPIC, payload, NOW)
    assert decoded.rejects == ()
    assert decoded.readings


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        pytest.param(b"", Reason.BAD_JSON, id="nothing"),
        pytest.param(b"\xff\xfe\x00", Reason.BAD_UTF8, id="bytes that are not text"),
        pytest.param(changed().replace(b"taxi-1", b"taxi-\xc3\x28"), Reason.BAD_UTF8, id="broken text in a string"),
        pytest.param(b"hello", Reason.BAD_JSON, id="text that is not JSON"),
        pytest.param(changed()[:-1], Reason.BAD_JSON, id="cut off"),
        pytest.param(changed() + b"{}", Reason.BAD_JSON, id="two documents"),
        pytest.param(b"[" * 9_000, Reason.BAD_SHAPE, id="deep nesting"),
        pytest.param(b'{"x":' + b"[" * 9_000, Reason.BAD_JSON, id="deep nesting in an unknown member"),
        pytest.param(b"[]", Reason.BAD_SHAPE, id="an array"),
        pytest.param(b"null", Reason.BAD_SHAPE, id="null"),
        *(
            pytest.param(without(name), Reason.BAD_SHAPE, id=f"no {name}")
            for name in ("device", "boot", "seq", "at", "lat", "lon", "values")
        ),
        pytest.param(changed(device=7), Reason.BAD_SHAPE, id="device is a number"),
        pytest.param(changed(boot=-1), Reason.BAD_SHAPE, id="negative boot"),
        pytest.param(changed(seq=2**53 + 1), Reason.BAD_SHAPE, id="seq beyond 2^53"),
        pytest.param(changed(seq=True), Reason.BAD_SHAPE, id="seq is a boolean"),
        pytest.param(changed(at="2026-11-22T00:00:00Z"), Reason.BAD_SHAPE, id="time as text"),
        pytest.param(changed(lat="37.5"), Reason.BAD_SHAPE, id="latitude as text"),
        pytest.param(changed(values=[["pm10", 3]]), Reason.BAD_SHAPE, id="values as a list"),
        pytest.param(changed(values={"pm10": None}), Reason.BAD_SHAPE, id="a null value"),
        pytest.param(changed(values={"pm10": "31"}), Reason.BAD_SHAPE, id="a value as text"),
        pytest.param(changed(values={"pm10": True}), Reason.BAD_SHAPE, id="a boolean value"),
        pytest.param(changed(v=2), Reason.UNSUPPORTED_VERSION, id="version 2"),
        pytest.param(changed(device="taxi-2"), Reason.DEVICE_MISMATCH, id="another device's name"),
        pytest.param(changed(lat=0, lon=0), Reason.OUTSIDE_KOREA, id="no GNSS fix"),
        pytest.param(changed(lat=127.0, lon=37.5), Reason.OUTSIDE_KOREA, id="swapped coordinates"),
        pytest.param(changed(lat=float("nan")), Reason.NOT_FINITE, id="latitude NaN"),
        pytest.param(changed(values={"pm10": float("inf")}), Reason.NOT_FINITE, id="infinite value"),
        pytest.param(changed().replace(b"31.5", b"1e999"), Reason.NOT_FINITE, id="overflowing value"),
        pytest.param(changed(at=NOW + 60_001), Reason.CLOCK_AHEAD, id="clock ahead"),
        pytest.param(changed(at=2**80), Reason.BAD_SHAPE, id="time beyond 64 bits"),
        pytest.param(changed(at=0), Reason.CLOCK_BEHIND, id="1970"),
        pytest.param(changed(at=NOW // 1000), Reason.CLOCK_BEHIND, id="seconds instead of milliseconds"),
        pytest.param(changed(values={}), Reason.NO_VALUES, id="no values"),
        pytest.param(changed(values={f"k{n}": 1 for n in range(129)}), Reason.TOO_MANY_VALUES, id="129 values"),
        pytest.param(changed(note="x" * 16_384), Reason.TOO_LARGE, id="more than 16 KiB"),
    ],
)
def test_a_fault_of_the_message_rejects_all_of_it(payload: bytes, reason: Reason) -> None:
    decoded = decode(TOPIC, payload, NOW)
    assert (decoded.message, decoded.readings) == (None, ())
    assert [reject.reason for reject in decoded.rejects] == [reason]
    assert decoded.rejects[0].detail


@pytest.mark.parametrize(
    ("values", "reasons"),
    [
        ({"pm10": 1000.1}, [Reason.OUT_OF_RANGE]),
        ({"pm10": -0.1}, [Reason.OUT_OF_RANGE]),
        ({"rel_humidity": 101, "pm3": 1}, [Reason.OUT_OF_RANGE, Reason.UNKNOWN_KIND]),
        ({"PM10": 10}, [Reason.UNKNOWN_KIND]),
        ({"": 10}, [Reason.UNKNOWN_KIND]),
    ],
)
def test_a_fault_of_one_value_leaves_the_others(values: dict[str, float], reasons: list[Reason]) -> None:
    decoded = decode(TOPIC, changed(values={"co2": 420, **values}), NOW)
    assert [reading.kind for reading in decoded.readings] == ["co2"]
    assert [reject.reason for reject in decoded.rejects] == reasons
    assert decoded.message == ("taxi-1", 3, 9)


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "city/seoul/taxi/taxi-1",
        "city/seoul/taxi/taxi-1/readings/extra",
        "city/SEOUL/taxi/taxi-1/readings",
        "city/seoul/bus/taxi-1/readings",
        "city/seoul/taxi//readings",
        "city/seoul/taxi/+/readings",
        "city/seoul/taxi/" + "x" * 65 + "/readings",
        "city/seoul/taxi/택시/readings",
        "city/seoul/taxi/taxi-1/readings\n",
    ],
)
def test_other_topics_are_refused(topic: str) -> None:
    assert decode(topic, changed(), NOW).rejects[0].reason is Reason.BAD_TOPIC


def test_a_topic_is_not_made_of_names_that_do_not_fit() -> None:
    for city, device in (("seoul", "a/b"), ("Seoul", "a"), ("seoul", ""), ("seoul", "#")):
        with pytest.raises(ValueError, match="not a readings topic"):
            topic_of(city, device)


def assert_sound(decoded: Decoded) -> None:
    assert decoded.readings or decoded.rejects
    for reading in decoded.readings:
        assert KINDS[reading.kind].minimum <= reading.value <= KINDS[reading.kind].maximum
        assert 33 <= reading.lat <= 39 and 124 <= reading.lon <= 132


@given(st.text(), st.binary(), st.integers(0, 2**62))
def test_any_bytes_on_any_topic_give_a_result(topic: str, payload: bytes, now: int) -> None:
    assert decode(topic, payload, now).rejects


@given(st.binary())
def test_any_bytes_on_a_good_topic_give_a_result(payload: bytes) -> None:
    assert_sound(decode(TOPIC, payload, NOW))


_anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(
    st.fixed_dictionaries({}, optional=dict.fromkeys(GOOD, _anything)),
    st.dictionaries(st.sampled_from([*KINDS][:8]) | st.text(max_size=3), st.floats() | st.integers(), max_size=6),
)
def test_any_member_may_hold_anything(members: dict[str, Any], values: dict[str, float]) -> None:
    message = {**GOOD, "values": values, **members}
    assert_sound(decode(TOPIC, json.dumps(message).encode(), NOW))


@given(st.integers(0, len(changed()) - 1), st.integers(0, 255))
def test_any_one_byte_may_be_wrong(position: int, byte: int) -> None:
    payload = bytearray(changed())
    payload[position] = byte
    assert_sound(decode(TOPIC, bytes(payload), NOW))


def test_limits_are_settings() -> None:
    tight = DecodeLimits(payload_bytes=50, values=1, ahead_ms=0, behind_ms=10)
    assert decode(TOPIC, changed(), NOW, tight).rejects[0].reason is Reason.TOO_LARGE
    tight = DecodeLimits(values=1)
    assert decode(TOPIC, changed(), NOW, tight).rejects[0].reason is Reason.TOO_MANY_VALUES
    tight = DecodeLimits(behind_ms=10)
    assert decode(TOPIC, changed(), NOW, tight).rejects[0].reason is Reason.CLOCK_BEHIND


def test_the_catalogue_is_whole() -> None:
    assert (len(SENSORS), len(KINDS)) == (34, 66)
    assert {kind.sensor_id for kind in KINDS.values()} == set(SENSORS)
    for kind in KINDS.values():
        assert kind.minimum < kind.maximum
        assert kind.name_ko and kind.name_en and kind.unit and kind.cadence_s > 0


def test_every_kind_is_named_in_the_document() -> None:
    document = (Path(__file__).parents[2] / "docs" / "topics.md").read_text()
    rows = {
        row[0]: row
        for row in csv.reader(document.splitlines(), delimiter="|")
        if len(row) > 5
        for row in [[cell.strip(" `") for cell in row[1:-1]]]
    }
    for kind in KINDS.values():
        assert rows[kind.code][1:] == [
            kind.name_ko,
            kind.name_en,
            kind.unit,
            f"{kind.minimum:g} to {kind.maximum:g}",
            str(kind.cadence_s),
        ]
    for reason in Reason:
        assert f"`{reason}`" in document
