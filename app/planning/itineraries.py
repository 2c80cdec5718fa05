"""Itineraries: days that a party can walk, each night at a space that takes it in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from math import cos, radians
from typing import Final
from zoneinfo import ZoneInfo

import anyio.to_thread
import numpy as np
import shapely
from numpy.typing import NDArray

from app.journeys.detours import ORDINARY, DetourLimits
from app.journeys.night_places import NightCalendar, places_of
from app.journeys.planner import Journey, JourneyAnswer, JourneyQuestion, plan
from app.journeys.records import Records, read_records
from app.planning.itinerary_world import (
    END,
    START,
    RoadState,
    crossings_of,
    road_states,
)
from app.runtime.work_limit import search
from app.snapshots.essential_contacts import Line, essential_lines
from app.snapshots.leg_tables import LegTables
from app.snapshots.read_source import ReadSource
from app.snapshots.road_networks import Region, RoadNetworks
from app.snapshots.tier_snapshot import reading
from geo.geography.crossings import StatedCrossing
from geo.spaces.candidates import NightCandidate, night_candidates
from geo.spaces.eligibility import Need
from geo.spaces.queries import SHORTEST_DEGREE_M
from routing.osm_tags.edge_flags import Mode
from routing.planning.day_reach import DayRules, World
from routing.planning.front import ShownItinerary, shown
from routing.planning.leg_limits import (
    LONGEST_LEG_M,
    OFF_ROUTE,
    legs_within,
    places_within,
    with_long_gaps,
)
from routing.planning.leg_routes import Ends, heights_m, leg_routes
from routing.planning.legs import LegTable, by_day
from routing.planning.question import ItineraryQuestion
from routing.planning.stretches import Failure, answer
from routing.planning.walking_hours import walking_hours
from routing.route.route import Route
from routing.router.reachability import Reacher, ReachPlace, ReachRequest
from routing.travel.profiles import Profile

type Floats = NDArray[np.float64]

#: Most spaces that a request considers [A], those nearest to the best route: each space costs 2 ms
#: for 30 nights, and a search of its own.
MOST_SPACES: Final = 300
#: Number of spaces that a request may always consider, however large the region [A].
FEWEST_SPACES: Final = 12

#: Junctions that all searches of a request together may visit [A], some seconds of a core. Divided
#: by the junctions of the region, it limits the number of spaces; on a region so large that the
#: limit would be below `FEWEST_SPACES`, a request takes longer.
MOST_JUNCTIONS: Final = 10_000_000

#: Hour of the day whose hazards apply: people walk by day, so hazards of the night do not.
_NOON: Final = timedelta(hours=12)


@dataclass(frozen=True)
class ItineraryRequest:
    """Requested itineraries: ends in lon, lat degrees (EPSG:4326), party, and when it is ready.

    Attributes
    ----------
    at : datetime or None
        When the party is ready to leave, aware; None for the next time that the profile's hours of
        walking begin.
    profile : Profile
        Who walks.
    need : Need
        What spaces have to know of the party; `Need.people` is its size.
    max_day_m : float
        Longest day, metres.
    max_nights : int
        Most nights under way.
    most : int
        Most itineraries returned.
    needs_known_beds : bool
        Whether spaces of which nobody knows the free beds count as full.
    """

    start: tuple[float, float]
    end: tuple[float, float]
    at: datetime | None
    profile: Profile
    need: Need
    max_day_m: float
    max_nights: int
    most: int
    needs_known_beds: bool = False
    detours: DetourLimits = ORDINARY


@dataclass(frozen=True, eq=False)
class Itineraries:
    """Itineraries of a request, with the data of their search.

    Attributes
    ----------
    now : datetime
        Time of the request, and of the records used.
    shown : tuple of ShownItinerary
        Itineraries chosen from the Pareto front, which has ``front_count``; empty if there is none.
    failure : Failure or None
        Why there is no itinerary; None if there is one.
    spaces : tuple of NightCandidate
        Spaces considered; row ``n`` of the question's places is ``spaces[n - 2]``.
    crossing_ids : tuple of str
        Ids of the official crossings, in the rows of the question's crossings.
    end_names : tuple of str
        Names of the places at start and end.
    legs : mapping
        Route of each leg shown, by day of the journey (0 is the first) and ends.
    has_heights : bool
        Whether the network knows heights, so that the day's ascent was checked.
    """

    request: ItineraryRequest
    now: datetime
    question: ItineraryQuestion
    journey: JourneyAnswer
    region: Region
    spaces: tuple[NightCandidate, ...]
    crossing_ids: tuple[str, ...]
    end_names: tuple[str, str]
    has_heights: bool
    shown: tuple[ShownItinerary, ...] = ()
    front_count: int = 0
    failure: Failure | None = None
    legs: Mapping[tuple[int, Ends], Route] = field(default_factory=dict)

    def space(self, row: int) -> NightCandidate | None:
        """Return the space in a row of the question's places; None for an end."""
        return None if row <= END else self.spaces[row - END - 1]


class NoItineraryError(Exception):
    """There is no itinerary.

    ``found`` holds the stretches that fail; ``lines`` are phone lines of the ends' countries (P45).
    """

    def __init__(self, found: Itineraries, lines: Sequence[Line]) -> None:
        super().__init__("no itinerary")
        self.found = found
        self.lines = tuple(lines)


async def find_itineraries(
    source: ReadSource,
    network: RoadNetworks,
    request: ItineraryRequest,
    *,
    now: datetime,
    access_m: float,
) -> Itineraries:
    """Find the itineraries of a request.

    The ordinary route is planned first. If it is refused, itineraries are refused for the same
    reasons; its length limits how far itineraries may lead away from it.

    Raises
    ------
    NoItineraryError
        There is a route, but no itinerary.
    Exception
        As for `app.journeys.planner.plan`.
    """
    known = await reading(source.session, source.stamps)
    near = (await known.places()).near([request.start, request.end])
    zone = ZoneInfo(near[0][0].timezone)
    ready = _ready(request, now.astimezone(zone))
    question = JourneyQuestion(
        request.start,
        request.end,
        Mode.FOOT,
        ready,
        profile=request.profile,
        most=1,
        detours=request.detours,
    )
    journey = await plan(source, network, question, now=now, access_m=access_m)
    records = await read_records(known, ready, now, zone.key)
    stated = await known.stated_crossings()
    region = await anyio.to_thread.run_sync(network.region_for, request.start, request.end)
    most = MOST_JUNCTIONS // max(1, region.meta.node_count)
    most = min(max(most, FEWEST_SPACES), MOST_SPACES)
    spaces = await night_candidates(source.session, *_around(request, journey), most)
    # All data is read, so give the database connection back before waiting for a search thread.
    await source.session.close()
    found = await search(
        partial(_found, region, request, journey, records, stated, spaces, ready, now)
    )
    if found.failure is not None:
        knowledge = journey.knowledge
        countries = (knowledge.start.country, knowledge.end.country)
        lines = await essential_lines(source.session, countries)
        await source.session.close()
        raise NoItineraryError(found, lines)
    return found


def _ready(request: ItineraryRequest, now: datetime) -> datetime:
    """Return when the party leaves, in local time at the start."""
    if request.at is not None:
        return request.at.astimezone(now.tzinfo)
    window = request.profile.window
    if window is None:
        return now
    begin = now.replace(hour=window.start.hour, minute=window.start.minute, second=0, microsecond=0)
    return begin if now <= begin else begin + timedelta(days=1)


def _around(
    request: ItineraryRequest, journey: JourneyAnswer
) -> tuple[tuple[float, float, float, float], shapely.LineString]:
    """Return the box (west, south, east, north) around all possible places, and the best route.

    A place on a way of limited length lies in an ellipse with the ends as foci; the box holds it.
    """
    (west, south), (east, north) = (
        tuple(map(side, request.start, request.end)) for side in (min, max)
    )
    limit_m = OFF_ROUTE * journey.journeys[0].route.distance_m
    half_lat = limit_m / 2.0 / SHORTEST_DEGREE_M
    half_lon = half_lat / max(0.1, cos(radians(min(89.0, max(abs(south), abs(north)) + half_lat))))
    line = shapely.LineString(journey.journeys[0].route.coordinates)
    return (west - half_lon, south - half_lat, east + half_lon, north + half_lat), line


def _found(
    region: Region,
    request: ItineraryRequest,
    journey: JourneyAnswer,
    records: Records,
    stated: tuple[StatedCrossing, ...],
    spaces: tuple[NightCandidate, ...],
    ready: datetime,
    now: datetime,
) -> Itineraries:
    calendar = NightCalendar.of(ready, request.max_nights)
    limit_m = OFF_ROUTE * journey.journeys[0].route.distance_m
    spaces = _on_the_way(request, spaces, limit_m)
    stated = _passed(region, request, stated, limit_m)
    crossings, open_hours = crossings_of(stated, records.routed_crossings, calendar)
    knowledge = journey.knowledge
    ends = [
        ReachPlace(*place, where.country)
        for place, where in zip(
            (request.start, request.end), (knowledge.start, knowledge.end), strict=True
        )
    ]
    beds = [ReachPlace(one.lon, one.lat, one.candidate.country) for one in spaces]
    asked = ReachRequest(
        start=ends[START],
        targets=(*ends, *beds),
        at=calendar.midnight + _NOON,
        crossings=crossings,
        profile=request.profile,
    )
    states = road_states(records, calendar)
    heights = heights_m(region.reacher, asked)
    places = replace(
        places_of((request.start, request.end), spaces, request.need, calendar), height_m=heights
    )
    has_heights = bool(np.isfinite(heights).any())
    hours = walking_hours(
        places.lon, places.lat, calendar.departure, calendar.days, request.profile.window
    )
    legs = _legs(region.leg_tables, asked, states, limit_m, places.lon, places.lat)
    question = ItineraryQuestion(
        legs=_with_long_gaps(legs, journey.journeys[0], spaces),
        world=World(places, open_hours, hours),
        rules=DayRules(
            max_day_m=request.max_day_m,
            party=request.need.people or 1,
            unknown_beds_suffice=not request.needs_known_beds,
            unknown_height_is_low=not has_heights,
        ),
        start=START,
        end=END,
        departure=calendar.departure,
        max_nights=calendar.nights,
    )
    found = answer(question)
    chosen = shown(found.itineraries, request.most)
    names = knowledge.start.place.name, knowledge.end.place.name
    return Itineraries(
        request=request,
        now=now,
        question=question,
        journey=journey,
        region=region,
        spaces=spaces,
        crossing_ids=tuple(crossing.id for crossing in crossings),
        end_names=(
            region.town_near(*request.start) or names[0],
            region.town_near(*request.end) or names[1],
        ),
        has_heights=has_heights,
        shown=chosen,
        front_count=len(found.itineraries),
        failure=found.failure,
        legs=_routes(region.reacher, asked, states, chosen, calendar),
    )


def _on_the_way(
    request: ItineraryRequest, spaces: Sequence[NightCandidate], limit_m: float
) -> tuple[NightCandidate, ...]:
    """Return the spaces through which a way from start to end may be no longer than the limit."""
    lon = np.array([one.lon for one in spaces], dtype=np.float64)
    lat = np.array([one.lat for one in spaces], dtype=np.float64)
    rows = places_within(request.start, request.end, lon, lat, limit_m)
    return tuple(spaces[row] for row in rows.tolist())


def _passed(
    region: Region, request: ItineraryRequest, stated: Sequence[StatedCrossing], limit_m: float
) -> tuple[StatedCrossing, ...]:
    """Return the crossings by which a way from start to end may be no longer than the limit.

    Others are left out to save time: computing the hours of one crossing for two months takes a
    millisecond or more, and a region may have hundreds. The limit is wider by twice the snap limit,
    because a crossing may lie that far off its road.
    """
    lon = np.array([one.lon for one in stated], dtype=np.float64)
    lat = np.array([one.lat for one in stated], dtype=np.float64)
    room_m = limit_m + 2.0 * region.meta.snap_limit_m
    return tuple(stated[n] for n in places_within(request.start, request.end, lon, lat, room_m))


def _legs(
    tables_of: LegTables,
    asked: ReachRequest,
    states: Sequence[RoadState],
    limit_m: float,
    lon: Floats,
    lat: Floats,
) -> LegTable:
    """Return the legs of all days that may be part of a way no longer than the limit."""
    cut_m = min(limit_m, LONGEST_LEG_M)
    tables = [tables_of.laid(replace(asked, hazards=state.hazards), cut_m) for state in states]
    legs = by_day(tables, np.array([state.on for state in states]))
    return legs_within(legs, (START, END), lon, lat, limit_m)


def _with_long_gaps(legs: LegTable, journey: Journey, spaces: Sequence[NightCandidate]) -> LegTable:
    """Add to legs the best route's gaps that are longer than the longest leg searched for.

    Nobody walks such a gap in a day, but a party without an itinerary wants to know where it is.
    """
    if not journey.overnight:
        return legs
    row_of = {one.candidate.id: row for row, one in enumerate(spaces, END + 1)}
    pace_s_per_m = journey.route.duration_s / max(1.0, journey.route.distance_m)
    return with_long_gaps(legs, journey.gaps.gaps, row_of, (START, END), pace_s_per_m)


def _routes(
    reacher: Reacher,
    asked: ReachRequest,
    states: Sequence[RoadState],
    chosen: Sequence[ShownItinerary],
    calendar: NightCalendar,
) -> dict[tuple[int, Ends], Route]:
    """Return the route of each leg shown, by day and ends, on the roads as they are that day."""
    walked = {
        ((day.date - calendar.departure.date()).days, (day.origin, day.destination))
        for one in chosen
        for day in one.itinerary.days
        if not day.is_rest
    }
    routes: dict[tuple[int, Ends], Route] = {}
    for state in states:
        of_state = [(day, ends) for day, ends in walked if state.on[day]]
        drawn = leg_routes(
            reacher, replace(asked, hazards=state.hazards), {ends for _, ends in of_state}
        )
        routes |= {(day, ends): drawn[ends] for day, ends in of_state}
    return routes
