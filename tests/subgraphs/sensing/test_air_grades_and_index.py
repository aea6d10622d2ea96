"""Grades and the index as AirKorea computes them, with its own replies as vectors."""

from __future__ import annotations

import json
import math
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subgraphs.kit.time import KST
from subgraphs.sensing.rules.cai import Cai, Grade, cai_of, forecast_average, grade_of, grade_of_index, index_of
from subgraphs.sensing.rules.pollutants import STANDARDS, Pollutant
from subgraphs.sensing.rules.simulated import simulated_hour

PM10, PM25, O3, NO2, CO, SO2 = Pollutant
GOOD, MODERATE, UNHEALTHY, VERY_UNHEALTHY = Grade
CAI_TABLE = Path(__file__).parents[4] / "shared" / "data" / "cai.json"


@pytest.mark.parametrize(
    ("pollutant", "highest_of_each_grade"),
    [
        (PM10, (30, 80, 150)),
        (PM25, (15, 35, 75)),
        (O3, (0.03, 0.09, 0.15)),
        (NO2, (0.03, 0.06, 0.2)),
        (CO, (2, 9, 15)),
        (SO2, (0.02, 0.05, 0.15)),
    ],
)
def test_each_grade_ends_at_its_limit(pollutant: Pollutant, highest_of_each_grade: tuple[float, ...]) -> None:
    step = float(STANDARDS[pollutant].step)
    for grade, limit in zip(Grade, highest_of_each_grade, strict=False):
        assert grade_of(pollutant, limit) is grade
        assert grade_of(pollutant, limit + step * 0.9) is grade, "values are cut to the step, not rounded"
        assert grade_of(pollutant, limit + step * 1.01) is Grade(grade.value + 1)
    assert grade_of(pollutant, 0) is GOOD
    assert grade_of(pollutant, -5) is GOOD
    assert grade_of(pollutant, 1e6) is VERY_UNHEALTHY


@pytest.mark.parametrize(
    ("pollutant", "value", "index"),
    [
        # AirKorea, station 정릉로, 2023-08-23 14:00: no2Value 0.032 and khaiValue 52; the formula gives 52.69.
        (NO2, 0.032, 52),
        (PM10, 0, 0),
        (PM10, 30, 50),
        (PM10, 30.99, 50),
        (PM10, 31, 51),
        (PM10, 80, 100),
        (PM10, 81, 101),
        (PM10, 150, 250),
        (PM10, 600, 500),
        (PM10, 5000, 500),
        (PM25, 20, 61),
        (O3, 0.06, 75),
        (CO, 0.5, 12),
        (SO2, 0.003, 7),
    ],
)
def test_the_index_of_a_concentration_is_cut_not_rounded(pollutant: Pollutant, value: float, index: int) -> None:
    assert index_of(pollutant, value) == index


@pytest.mark.parametrize(
    ("concentrations", "expected"),
    [
        ({PM10: 20, PM25: 10, O3: 0.02, NO2: 0.032, CO: 0.4, SO2: 0.003}, Cai(52, MODERATE, NO2)),
        # One pollutant over the limit adds nothing, two add 50, three add 75.
        ({PM10: 90, PM25: 30, O3: 0.02, NO2: 0.02}, Cai(120, UNHEALTHY, PM10)),
        ({PM10: 90, PM25: 40, O3: 0.02, NO2: 0.02}, Cai(120 + 50, UNHEALTHY, PM10)),
        ({PM10: 90, PM25: 40, O3: 0.1, NO2: 0.02}, Cai(123 + 75, UNHEALTHY, O3)),
        ({PM10: 200, PM25: 80, O3: 0.1, NO2: 0.02}, Cai(278 + 75, VERY_UNHEALTHY, PM10)),
        # Not without the four that are needed; CO and SO2 may be missing.
        ({PM10: 20, PM25: 10, O3: 0.02, CO: 0.4, SO2: 0.003}, None),
        ({}, None),
    ],
)
def test_the_comprehensive_index(concentrations: dict[Pollutant, float], expected: Cai | None) -> None:
    assert cai_of(concentrations) == expected


@pytest.mark.parametrize(
    ("index", "grade"),
    [(0, GOOD), (50, GOOD), (51, MODERATE), (100, MODERATE), (101, UNHEALTHY), (250, UNHEALTHY), (251, VERY_UNHEALTHY)],
)
def test_the_grade_of_an_index(index: int, grade: Grade) -> None:
    assert grade_of_index(index) is grade


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        ([20.0] * 12, 20.0),
        # Below M = 70 nothing is damped: C12 = 30, C4 = 50.
        ([20.0] * 8 + [50.0] * 4, (30 * 12 + 50 * 12) / 24),
        # Steady and at least M: the last four count three quarters.
        ([100.0] * 12, (100 * 12 + 75 * 12) / 24),
        # Rising by more than 1.7 times the mean: not damped.
        ([40.0] * 8 + [160.0] * 4, (80 * 12 + 160 * 12) / 24),
        ([None] * 3 + [20.0] * 9, 20.0),
        ([None] * 4 + [20.0] * 8, None),
        ([20.0] * 9 + [None, None, 20.0], None),
        ([], None),
    ],
)
def test_particles_enter_as_a_forecast_average(hours: list[float | None], expected: float | None) -> None:
    assert forecast_average(PM10, hours) == expected


@given(st.sampled_from(list(Pollutant)), st.floats(0, 1000), st.floats(0, 1000))
def test_more_of_a_pollutant_never_lowers_the_index(pollutant: Pollutant, one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert index_of(pollutant, low) <= index_of(pollutant, high)
    assert grade_of(pollutant, low).value <= grade_of(pollutant, high).value


@pytest.mark.skipif(not CAI_TABLE.is_file(), reason="the shared data folder is not beside the repository")
def test_the_table_is_that_of_the_agency() -> None:
    table = json.loads(CAI_TABLE.read_text(encoding="utf-8"))
    for pollutant, standard in STANDARDS.items():
        steps = table["breakpoints"][pollutant.value]["steps"]
        assert [float(limit) for limit in standard.upper] == [high for _, high in steps]
        lows = [0.0, *(float(limit + standard.step) for limit in standard.upper[:3])]
        assert all(math.isclose(low, step[0]) for low, step in zip(lows, steps, strict=True))
    assert [(grade.name_ko, grade.name_en) for grade in Grade] == [(row["ko"], row["en"]) for row in table["grades"]]


def test_the_simulated_course_is_plausible_and_the_same_everywhere() -> None:
    day = [datetime(2026, 11, 23, hour, tzinfo=KST) for hour in range(24)]
    hours = [simulated_hour("gangneung-okcheon-dong", moment) for moment in day]
    assert hours == [simulated_hour("gangneung-okcheon-dong", moment) for moment in day]
    assert simulated_hour("gangneung-okcheon-dong", day[0] + timedelta(minutes=59)) == hours[0]
    assert hours != [simulated_hour("seoul-jongno-gu", moment) for moment in day]
    assert max(range(24), key=lambda hour: hours[hour][O3]) in range(12, 19), "ozone peaks in the afternoon"
    for values in hours:
        assert values.keys() == set(Pollutant)
        for pollutant, value in values.items():
            assert 0 < value < STANDARDS[pollutant].upper[2]
            assert float(STANDARDS[pollutant].truncated(value)) == value
    weeks = [
        [
            simulated_hour("seoul-jung-gu", datetime(2026, month, 3, tzinfo=KST) + timedelta(hours=hour))
            for hour in range(168)
        ]
        for month in (1, 8)
    ]
    january, august = (sum(values[PM25] for values in week) / 168 for week in weeks)
    assert january > august * 1.2
