"""Searching trains: reference data only, so no SQL; availability follows by a loader for the page that is shown."""

from __future__ import annotations

from datetime import date

from subgraphs.kit.context import Context
from subgraphs.kit.pagination import Page, PageRequest, page_of
from subgraphs.kit.time import to_ms
from subgraphs.rail.errors import ERRORS
from subgraphs.rail.rules.window import check_day
from subgraphs.rail.timetable import Ride, Timetable


def search_rides(
    context: Context, origin: str, destination: str, day: date, brand: str | None, request: PageRequest
) -> Page[Ride]:
    """Rides of a day that have not left yet, by departure.

    Raises DomainError UNKNOWN_STATION, SAME_STATION, DATE_IN_PAST, BEYOND_BOOKING_HORIZON, UNKNOWN_BRAND, BAD_CURSOR.
    """
    model: Timetable = context.model
    start, end = model.station(origin), model.station(destination)
    if start.id == end.id:
        raise ERRORS.error("SAME_STATION")
    now = context.clock()
    check_day(day, now)
    rides = [ride for ride in model.rides(start.id, end.id, day, brand) if ride.departs > now]
    return page_of(rides, request, lambda ride: (to_ms(ride.departs), ride.id))
