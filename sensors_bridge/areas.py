"""Areas on the ground: boxes, and the plain integer grid that the store and the fan-out index by.

A coarse cell is 0.01 by 0.01 degree (in Seoul about 1.1 km by 0.9 km), a fine one a fifth of that each way (220 m by
175 m). Cells are numbered row by row from the south-west corner of the globe, so the cells of one row of a box are one
run of integers and one index range.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

COARSE = 100  # cells a degree
FINE = 500
_METRES_PER_DEGREE = 111_195.0  # on a sphere of 6,371 km
_EARTH_RADIUS_M = 6_371_000.0


class BadBox(ValueError):
    """The corners do not make a box: not finite, off the globe, or south of / east of the opposite corner."""


@dataclass(frozen=True, slots=True)
class BoundingBox:
    """A box in WGS84 degrees, edges included. A box may not cross the 180th meridian.

    Raises BadBox.
    """

    west: float
    south: float
    east: float
    north: float

    def __post_init__(self) -> None:
        if not (-180 <= self.west <= self.east <= 180 and -90 <= self.south <= self.north <= 90):
            raise BadBox(f"west {self.west}, south {self.south}, east {self.east}, north {self.north} is not a box")

    def contains(self, lat: float, lon: float) -> bool:
        return self.south <= lat <= self.north and self.west <= lon <= self.east


def cell_of(lat: float, lon: float, grid: int = COARSE) -> int:
    """The cell that holds a point; `grid` is COARSE or FINE."""
    return math.floor((lat + 90) * grid) * 360 * grid + math.floor((lon + 180) * grid)


def cell_runs(box: BoundingBox, grid: int = COARSE) -> Iterator[tuple[int, int]]:
    """The cells that touch a box: one (first, last) pair, both included, for each row from south to north."""
    first = math.floor((box.west + 180) * grid)
    last = math.floor((box.east + 180) * grid)
    south = math.floor((box.south + 90) * grid)
    north = math.floor((box.north + 90) * grid)
    for row in range(south, north + 1):
        yield row * 360 * grid + first, row * 360 * grid + last


def cell_rows(box: BoundingBox) -> int:
    """How many pairs `cell_runs` would give on the coarse grid."""
    return math.floor((box.north + 90) * COARSE) - math.floor((box.south + 90) * COARSE) + 1


def cell_count(box: BoundingBox) -> int:
    """How many coarse cells touch a box."""
    columns = math.floor((box.east + 180) * COARSE) - math.floor((box.west + 180) * COARSE) + 1
    return cell_rows(box) * columns


def box_around(lat: float, lon: float, radius_m: float) -> BoundingBox:
    """The smallest box that holds a circle; at the poles and the 180th meridian it is cut there."""
    up = radius_m / _METRES_PER_DEGREE
    aside = up / max(math.cos(math.radians(min(abs(lat) + up, 89.9))), 1e-3)
    return BoundingBox(max(lon - aside, -180.0), max(lat - up, -90.0), min(lon + aside, 180.0), min(lat + up, 90.0))


def metres_between(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """Great-circle distance (haversine) in metres."""
    phi, other_phi = math.radians(lat), math.radians(other_lat)
    half = (
        math.sin((other_phi - phi) / 2) ** 2
        + math.cos(phi) * math.cos(other_phi) * math.sin(math.radians(other_lon - lon) / 2) ** 2
    )
    return 2 * _EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(half)))
