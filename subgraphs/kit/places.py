"""``Place``: a point on the map, the entity by which the domains meet.

Its id is the point itself, ``"<lat>,<lon>"`` in WGS84 with exactly five decimals (about one metre), so every domain can
build one and read one without asking another.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Self, TypeVar, dataclass_transform

import strawberry

_ID = re.compile(r"(-?\d{1,2}\.\d{5}),(-?\d{1,3}\.\d{5})")
EARTH_RADIUS_KM = 6371.0088


@dataclass(frozen=True, slots=True)
class Point:
    """Latitude and longitude in degrees, WGS84."""

    lat: float
    lon: float

    @property
    def place_id(self) -> str:
        """The id of the place here."""
        # Adding zero turns -0.00000 into 0.00000: one point, one id.
        return f"{round(self.lat, 5) + 0.0:.5f},{round(self.lon, 5) + 0.0:.5f}"


def read_place_id(place_id: object) -> Point | None:
    """The point of a place id; None for anything that is not one."""
    match = _ID.fullmatch(place_id) if isinstance(place_id, str) else None
    if match is None:
        return None
    point = Point(float(match[1]), float(match[2]))
    return point if abs(point.lat) <= 90 and abs(point.lon) <= 180 and point.place_id == place_id else None


def haversine_km(a: Point, b: Point) -> float:
    """Great-circle distance in kilometres."""
    lat_a, lat_b = math.radians(a.lat), math.radians(b.lat)
    half = math.sin((lat_b - lat_a) / 2) ** 2
    half += math.cos(lat_a) * math.cos(lat_b) * math.sin(math.radians(b.lon - a.lon) / 2) ** 2
    return 2 * EARTH_RADIUS_KM * math.asin(min(1.0, math.sqrt(half)))


@dataclass(frozen=True, slots=True)
class Box:
    """A bounding box in degrees; ``south <= north``, ``west <= east`` (Korea is far from the date line)."""

    west: float
    south: float
    east: float
    north: float

    def contains(self, point: Point) -> bool:
        """Whether the point lies inside or on the edge."""
        return self.south <= point.lat <= self.north and self.west <= point.lon <= self.east


def box_around(centre: Point, radius_km: float) -> Box:
    """The smallest box that holds the circle: a cheap first filter before ``haversine_km``."""
    dlat = math.degrees(radius_km / EARTH_RADIUS_KM)
    shrink = math.cos(math.radians(min(89.0, abs(centre.lat) + dlat)))
    dlon = min(180.0, dlat / shrink)
    return Box(centre.lon - dlon, centre.lat - dlat, centre.lon + dlon, centre.lat + dlat)


PLACE_DESCRIPTION = "A point on the map, shared by all domains."

P = TypeVar("P", bound=type)


@dataclass_transform(kw_only_default=True)
def place_type(cls: P) -> P:
    """Class decorator: the type is this subgraph's ``Place``, described alike everywhere so composition has no hint."""
    return strawberry.federation.type(cls, name="Place", keys=["id"], description=PLACE_DESCRIPTION)


@strawberry.type
class PlaceFields:
    """The fields every subgraph gives ``Place``; inherit, decorate with ``place_type`` and add the domain's own."""

    id: strawberry.ID
    lat: float = strawberry.federation.field(shareable=True)
    lon: float = strawberry.federation.field(shareable=True)

    @classmethod
    def resolve_reference(cls, id: strawberry.ID) -> Self | None:
        """The place of an id, None for anything that is not a place id."""
        point = read_place_id(id)
        return None if point is None else cls.at(point)

    @classmethod
    def at(cls, point: Point) -> Self:
        """The place at a point, as this subgraph's type."""
        return cls(id=strawberry.ID(point.place_id), lat=point.lat, lon=point.lon)
