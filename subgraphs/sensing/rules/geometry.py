"""Which region a point is in: by polygons where they are imported, else by the nearest middle."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from subgraphs.kit.places import Box, Point, haversine_km

Ring = tuple[tuple[float, float], ...]
"""Corners as (longitude, latitude), first and last equal or not."""

NEAREST_WITHIN_KM = 25.0


class RegionMatch(Enum):
    """How a region was found: the point is INSIDE its polygon, or its middle is the NEAREST one known."""

    INSIDE = "INSIDE"
    NEAREST = "NEAREST"


@dataclass(frozen=True, slots=True)
class Outline:
    """The outer rings of a region with their bounding box."""

    rings: tuple[Ring, ...]
    box: Box

    @classmethod
    def of(cls, rings: Sequence[Ring]) -> Outline:
        """An outline of at least one ring."""
        lons = [lon for ring in rings for lon, _ in ring]
        lats = [lat for ring in rings for _, lat in ring]
        return cls(tuple(rings), Box(min(lons), min(lats), max(lons), max(lats)))

    def contains(self, point: Point) -> bool:
        """Whether the point is in one of the rings (even-odd rule; the rings have no holes)."""
        return self.box.contains(point) and any(_in_ring(ring, point) for ring in self.rings)


def _in_ring(ring: Ring, point: Point) -> bool:
    inside = False
    before_lon, before_lat = ring[-1]
    for lon, lat in ring:
        if (lat > point.lat) != (before_lat > point.lat):
            crossing = (before_lon - lon) * (point.lat - lat) / (before_lat - lat) + lon
            inside ^= point.lon < crossing
        before_lon, before_lat = lon, lat
    return inside


def find_region(
    point: Point, outlines: Iterable[tuple[str, Outline]], middles: Iterable[tuple[str, Point]]
) -> tuple[str, RegionMatch] | None:
    """The code of the region of a point and how it was found; None far from every region known."""
    for code, outline in outlines:
        if outline.contains(point):
            return code, RegionMatch.INSIDE
    nearest = min(((haversine_km(point, middle), code) for code, middle in middles), default=None)
    if nearest is None or nearest[0] > NEAREST_WITHIN_KM:
        return None
    return nearest[1], RegionMatch.NEAREST
