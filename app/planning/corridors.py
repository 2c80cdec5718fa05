"""How well a corridor is supported on a date, compared with another date and with added spaces."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.ext.asyncio import AsyncSession

from app.exceptions import InvalidParameterError
from app.journeys.planner import JourneyQuestion, end_names, plan
from app.planning.population_raster import CORRIDOR_CELLS, LINE_CELLS, CountedByRaster, LinePeople
from app.runtime.work_limit import search
from app.snapshots.corridor_lines import CorridorLines, line_error_m
from app.snapshots.open_spaces import support, supports_of
from app.snapshots.read_source import ReadSource
from app.snapshots.road_networks import RoadNetworks
from app.snapshots.tier_snapshot import reading
from geo.errors import NotFoundError
from geo.geography import coverage_gaps
from geo.geography.place_index import ResidentPlaces
from geo.spaces import candidates, queries
from geo.spaces.candidates import Described
from geo.spaces.eligibility import NIGHT_SERVICE
from geo.spaces.queries import OpenSpace
from geo.vocabulary import named_terms
from routing.corridors.changes import CorridorChange, corridor_change
from routing.corridors.data import CorridorData, SpaceData, corridor_data
from routing.corridors.figures import CorridorFigures, CorridorTargets, corridor_figures
from routing.corridors.gaps import CorridorSupports
from routing.corridors.people import (
    BANDS_M,
    PeopleNear,
    people_near,
    town_parts,
    town_radius_m,
)
from routing.geometry.geodesy import METRES_PER_DEGREE
from routing.osm_tags.edge_flags import Mode
from routing.route.coverage import MeasuredLine, SupportAt, supports_along
from routing.travel.crossings import Crossing
from routing.travel.support_points import Support, Supports

type Bools = NDArray[np.bool_]
type Floats = NDArray[np.float64]

#: Age beyond which a space's confirmation is called old, days: the validity of places to sleep
#: (P41).
OLD_DAYS: Final = 30.0

#: Distance from a corridor within which a town counts as on it, metres: the middle one of the bands
#: that people are counted in [A]; a town has a radius, and a sketch's lines leave out bends.
TOWN_M: Final = BANDS_M[1]


@dataclass(frozen=True)
class AddedSpace:
    """Space that does not exist, for a what-if; lon and lat in degrees, EPSG:4326."""

    lon: float
    lat: float
    services: frozenset[str]


@dataclass(frozen=True)
class CorridorRequest:
    """Requested figures of a corridor.

    Attributes
    ----------
    corridor : str or None
        Id of a named corridor; None for a line of ``places``.
    places : tuple of positions
        Lon and lat of the towns of a line, in order; the line is the route on foot through them.
    is_backward : bool
        Whether people travel from the line's end to its start.
    services : tuple of str
        Codes of services, each measured alone.
    on, compared_on : date or None
        Day of the spaces, by default today; and the day to compare with.
    targets : CorridorTargets
        Longest acceptable gap, and distance up to which help is within reach, metres.
    added : tuple of AddedSpace
        Spaces that do not exist, for a what-if.
    """

    corridor: str | None
    places: tuple[tuple[float, float], ...]
    is_backward: bool
    services: tuple[str, ...]
    on: date | None
    compared_on: date | None
    targets: CorridorTargets
    added: tuple[AddedSpace, ...] = ()


@dataclass(frozen=True, eq=False)
class CorridorWay:
    """Line to measure, its name or the names of its ends, and the spaces along it.

    ``along`` selects the spaces that support the line. An added space may stand ``pin_reach_m``
    metres off the line: the access distance or, on a sketch, whose lines leave out bends, the
    error of its lines if that is more. ``crossings`` are all that the tier sees, near or far. A
    line of towns has none: its route on foot passes open crossings only.
    """

    line: MeasuredLine
    along: Callable[[Supports], tuple[SupportAt, ...]]
    pin_reach_m: float
    network: str
    name: str | None = None
    ends: tuple[str, str] | None = None
    crossings: tuple[Crossing, ...] = ()


@dataclass(frozen=True, slots=True)
class TownAlong:
    """Town on a corridor: its name, and metres along the corridor in the direction of travel.

    ``id`` is that of the place, so a town on two corridors has the same id on both.
    """

    id: str
    name: str
    at_m: float


@dataclass(frozen=True, eq=False)
class DatedFigures:
    """Figures of a corridor on a day.

    Attributes
    ----------
    on : date
        The day.
    supports : CorridorSupports
        Spaces along the corridor, and the services for which each counts on the day.
    figures : CorridorFigures
        Figures with only the spaces that are confirmed for the day.
    if_reconfirmed : CorridorFigures or None
        Figures that also count spaces which would count on the day but whose confirmation ends
        before it; the truth lies between ``figures`` and these figures. None without such spaces.
    reconfirmed : CorridorSupports
        Spaces that count on the day, with those that would if they were confirmed again.
    is_known : tuple of bool
        For each service whether there are records of the day at all.
    """

    on: date
    supports: CorridorSupports
    figures: CorridorFigures
    if_reconfirmed: CorridorFigures | None
    reconfirmed: CorridorSupports
    is_known: tuple[bool, ...]

    @property
    def at_best(self) -> CorridorFigures:
        """Figures if every space were confirmed until the day."""
        return self.figures if self.if_reconfirmed is None else self.if_reconfirmed


@dataclass(frozen=True, eq=False)
class MeasuredCorridor:
    """Result of a request.

    Attributes
    ----------
    access_m : float
        Greatest distance, metres, at which a space supports the corridor.
    spaces : tuple of SupportAt
        Spaces along the corridor on any of the days, in the rows of all supports.
    described : mapping
        Published columns of each space, by the space's id.
    data : CorridorData
        Age and completeness of the records known on the day asked for.
    people : PeopleNear
        People who live near, estimated by the populations of towns.
    by_raster : CountedByRaster or None
        People near by the operator's raster; None without one.
    towns : tuple of TownAlong
        Towns that the corridor runs through, in order.
    compared, change : DatedFigures, CorridorChange or None
        The day to compare with, and what changes from that day to the day asked for.
    what_if : CorridorChange or None
        What the added spaces change.
    with_added : CorridorSupports or None
        Spaces of the day, and the added ones in the last rows; None without added ones.
    """

    request: CorridorRequest
    way: CorridorWay
    access_m: float
    spaces: tuple[SupportAt, ...]
    described: Mapping[str, Described]
    now: DatedFigures
    data: CorridorData
    people: PeopleNear
    by_raster: CountedByRaster | None
    towns: tuple[TownAlong, ...]
    compared: DatedFigures | None
    change: CorridorChange | None
    what_if: CorridorChange | None
    with_added: CorridorSupports | None
    has_demo: bool

    @property
    def shown_supports(self) -> CorridorSupports:
        """Spaces that tables and maps show: those of the day, with the added ones."""
        return self.now.supports if self.with_added is None else self.with_added

    @property
    def shown_figures(self) -> CorridorFigures:
        """Figures of the shown spaces."""
        return self.now.figures if self.what_if is None else self.what_if.after

    def travelled_m(self, line_m: float) -> float:
        """Convert metres along the line to the direction of travel, clipped to the line's ends."""
        return _travelled_m(self.request, self.way.line.length_m, line_m)

    def ends(self, unnamed: tuple[str, str] | None = None) -> tuple[str, str] | None:
        """Return the names of start and end in the direction of travel.

        If the ends have no names, return ``unnamed``, which is given in the direction of the line.
        """
        ends = self.way.ends or unnamed
        if ends is None or not self.request.is_backward:
            return ends
        return ends[1], ends[0]


async def measure_corridor(
    source: ReadSource,
    network: RoadNetworks,
    lines: CorridorLines,
    request: CorridorRequest,
    *,
    now: datetime,
    access_m: float,
    people: LinePeople | None = None,
) -> MeasuredCorridor:
    """Measure a corridor by the spaces that the session's tier sees.

    Parameters
    ----------
    people
        Counts by the operator's raster; None to count by towns alone.

    Raises
    ------
    NotFoundError
        The tier sees no such corridor.
    InvalidParameterError
        An added space does not lie along the corridor.
    ProtectedServiceError, UnknownServiceError
        A service cannot be asked for (P38), or is in no vocabulary.
    Exception
        For a line of towns, as for `app.journeys.planner.plan`.
    """
    session = source.session
    asked = {*request.services, *(code for one in request.added for code in one.services)}
    await queries.check_services(session, sorted(asked))
    way = await _way(source, network, lines, request, now, access_m)
    known = await reading(session, source.stamps)
    places = await known.places()
    lon, lat = way.line.coordinates[0].tolist()
    zone = ZoneInfo(places.near([(lon, lat)])[0][0].timezone)
    state = await _spaces_of(session, request, now.astimezone(zone).date())
    await session.close()
    spaces, dated, change, added, near = await search(
        partial(_measured, request, way, state, places)
    )
    # `LinePeople` caches its counts, so only the first request for a line takes long.
    most_cells = LINE_CELLS if request.corridor is None else CORRIDOR_CELLS
    by_raster = None
    if people is not None:
        count = partial(people.near, way.line.coordinates, most_cells=most_cells)
        by_raster = await search(count)
    described = await candidates.describe(session, [at.support.id for at in spaces])
    await session.close()
    return MeasuredCorridor(
        request=request,
        way=way,
        access_m=access_m,
        spaces=spaces,
        described=described,
        now=dated[0],
        data=corridor_data(dated[0].supports, _data(spaces, described, state.today), OLD_DAYS),
        people=near[0],
        by_raster=by_raster,
        towns=near[1],
        compared=dated[1] if len(dated) > 1 else None,
        change=change,
        what_if=None if added is None else added.change,
        with_added=None if added is None else added.supports,
        has_demo=known.has_demo,
    )


async def service_names(session: AsyncSession) -> dict[str, str]:
    """Return the Spanish name of each service that the tier may see, by code."""
    return {one.code: one.name for one in await named_terms(session, vocabulary="service")}


async def _way(
    source: ReadSource,
    network: RoadNetworks,
    lines: CorridorLines,
    request: CorridorRequest,
    now: datetime,
    access_m: float,
) -> CorridorWay:
    if request.corridor is None:
        return await _way_of_towns(source, network, request, now, access_m)
    corridors = await coverage_gaps.visible_corridors(source.session)
    corridor = next((one for one in corridors if one.id == request.corridor), None)
    if corridor is None:
        msg = "no such corridor"
        raise NotFoundError(msg)
    known = await (await reading(source.session, source.stamps)).crossings(now)
    crossings = tuple(crossing for _, crossing in known)
    await source.session.close()
    laid = await search(partial(lines.lay, corridor, crossings))
    return CorridorWay(
        laid.line,
        lambda supports: supports_along(laid.line, supports, access_m, laid.towns),
        max(access_m, laid.line_error_m),
        laid.network.partition(" ")[0],
        name=corridor.name,
        crossings=crossings,
    )


async def _way_of_towns(
    source: ReadSource,
    network: RoadNetworks,
    request: CorridorRequest,
    now: datetime,
    access_m: float,
) -> CorridorWay:
    start, *via, end = request.places
    question = JourneyQuestion(start, end, Mode.FOOT, now, via=tuple(via), most=1)
    answer = await plan(source, network, question, now=now, access_m=access_m)
    journey = answer.journeys[0]
    route = journey.route
    return CorridorWay(
        MeasuredLine.from_route(route),
        lambda supports: supports_of(route, journey.regions, supports, access_m),
        max(access_m, *map(line_error_m, journey.regions)),
        journey.network,
        ends=end_names(journey.regions, answer.knowledge, route),
    )


type _Counted = Mapping[str, tuple[OpenSpace, ...]]


@dataclass(frozen=True, slots=True)
class _SpacesByDay:
    """Spaces that count for each service on each day asked for.

    ``lapsed`` has for each day the spaces that would count on it, but whose confirmation ends
    before it. ``are_known`` says for each day and service whether there are records.
    """

    today: date
    days: tuple[date, ...]
    counted: tuple[_Counted, ...]
    lapsed: tuple[_Counted, ...]
    are_known: tuple[tuple[bool, ...], ...]

    @property
    def every(self) -> list[OpenSpace]:
        """All spaces, each once, by id."""
        found = {
            space.id: space
            for state in (*self.counted, *self.lapsed)
            for spaces in state.values()
            for space in spaces
        }
        return [found[key] for key in sorted(found)]


async def _spaces_of(session: AsyncSession, request: CorridorRequest, today: date) -> _SpacesByDay:
    on = request.on or today
    days = (on,) if request.compared_on is None else (on, request.compared_on)
    found = [await _found(session, request.services, day, today) for day in days]
    known = [await _known(session, request.services, day, today) for day in days]
    counted, lapsed = zip(*found, strict=True)
    return _SpacesByDay(today, days, counted, lapsed, tuple(known))


async def _found(
    session: AsyncSession, services: Sequence[str], on: date, today: date
) -> tuple[_Counted, _Counted]:
    """Return for each service the spaces that count on a day, and those that have lapsed by it.

    For overnight stays these are the spaces of the night after the day.
    """
    counted, lapsed = {}, {}
    for is_night in sorted({service == NIGHT_SERVICE for service in services}):
        asked = (NIGHT_SERVICE,) if is_night else ()
        spaces = await queries.spaces_of_day(session, on, today=today, services=asked)
        for service in services:
            if (service == NIGHT_SERVICE) == is_night:
                counted[service] = _offering(spaces.counted, service)
                lapsed[service] = _offering(spaces.lapsed, service)
    return counted, lapsed


def _offering(spaces: Sequence[OpenSpace], service: str) -> tuple[OpenSpace, ...]:
    return tuple(space for space in spaces if service in space.services)


async def _known(
    session: AsyncSession, services: Sequence[str], on: date, today: date
) -> tuple[bool, ...]:
    """Return for each service whether the database has records for a day."""
    if on == today:
        return (True,) * len(services)
    spans = [await queries.known_span(session, [service]) for service in services]
    return tuple(span.holds(on) for span in spans)


@dataclass(frozen=True, eq=False, slots=True)
class _WithAdded:
    """The spaces of a day with added ones in the last rows, and what these change."""

    supports: CorridorSupports
    change: CorridorChange


type _Measured = tuple[
    tuple[SupportAt, ...],
    list[DatedFigures],
    CorridorChange | None,
    _WithAdded | None,
    tuple[PeopleNear, tuple[TownAlong, ...]],
]


def _measured(
    request: CorridorRequest, way: CorridorWay, known: _SpacesByDay, places: ResidentPlaces
) -> _Measured:
    spaces = way.along(Supports(map(support, known.every)))
    states = [_supports(request, way, spaces, counted) for counted in known.counted]
    dated = []
    for row, (day, state) in enumerate(zip(known.days, states, strict=True)):
        lapsed = _supports(request, way, spaces, known.lapsed[row])
        both = replace(state, counts=state.counts | lapsed.counts)
        more = corridor_figures(both, request.targets) if lapsed.counts.any() else None
        figures = corridor_figures(state, request.targets)
        dated.append(DatedFigures(day, state, figures, more, both, known.are_known[row]))
    change = corridor_change(states[1], states[0], request.targets) if len(states) > 1 else None
    added = None
    if request.added:
        after = _added(request, way, states[0])
        added = _WithAdded(after, corridor_change(states[0], after, request.targets))
    return spaces, dated, change, added, _people(request, way, places)


def _supports(
    request: CorridorRequest, way: CorridorWay, spaces: Sequence[SupportAt], state: _Counted
) -> CorridorSupports:
    ids = [{one.id for one in state.get(service, ())} for service in request.services]
    counts: Bools = np.array(
        [[at.support.id in own for at in spaces] for own in ids], dtype=np.bool_
    ).reshape(len(ids), len(spaces))
    supports = CorridorSupports.along(way.line, spaces, counts)
    return supports.backwards() if request.is_backward else supports


def _added(
    request: CorridorRequest, way: CorridorWay, supports: CorridorSupports
) -> CorridorSupports:
    """Return the supports together with the request's added spaces, placed on the line."""
    for number, one in enumerate(request.added):
        pin = Supports([Support(str(number), "", "", one.lon, one.lat)])
        found = supports_along(way.line, pin, way.pin_reach_m)
        if not found:
            raise InvalidParameterError(f"added.{number}", "does not lie along the corridor")
        serves = np.array([service in one.services for service in request.services])
        at_m = _travelled_m(request, supports.length_m, found[0].at_m)
        supports = supports.with_added(at_m, serves)
    return supports


def _travelled_m(request: CorridorRequest, length_m: float, line_m: float) -> float:
    within_m = min(max(line_m, 0.0), length_m)
    return length_m - within_m if request.is_backward else within_m


def _people(
    request: CorridorRequest, way: CorridorWay, places: ResidentPlaces
) -> tuple[PeopleNear, tuple[TownAlong, ...]]:
    """Return the people of the towns near a line, and the towns on it."""
    # In GeoNames, population 0 means not known.
    population = np.array([one or np.nan for one in places.columns["population"]], np.float64)
    lon, lat = way.line.coordinates.T
    spare = (max(BANDS_M) + town_radius_m(population)) / METRES_PER_DEGREE
    # Up to 70 degrees of latitude a degree of longitude has a third of that of latitude, or more.
    rows = np.flatnonzero(
        (places.lon >= lon.min() - 3.0 * spare)
        & (places.lon <= lon.max() + 3.0 * spare)
        & (places.lat >= lat.min() - spare)
        & (places.lat <= lat.max() + spare)
    )
    parts = town_parts(places.lon[rows], places.lat[rows], population[rows])
    away_m = np.full(len(parts.town), np.inf)
    for at in supports_along(way.line, _points(parts.lon, parts.lat), max(BANDS_M)):
        away_m[int(at.support.id)] = at.access_m
    near = supports_along(way.line, _points(places.lon[rows], places.lat[rows]), TOWN_M)
    names, ids = places.columns["name"], places.columns["id"]
    on_it = sorted(
        (_travelled_m(request, way.line.length_m, at.at_m), names[row], ids[row])
        for at in near
        for row in (int(rows[int(at.support.id)]),)
    )
    return people_near(parts, away_m), tuple(TownAlong(id_, name, m) for m, name, id_ in on_it)


def _points(lon: Floats, lat: Floats) -> Supports:
    """Return points as supports, named by their rows."""
    return Supports(
        Support(str(row), "", "", *place)
        for row, place in enumerate(zip(lon.tolist(), lat.tolist(), strict=True))
    )


def _data(
    spaces: Sequence[SupportAt], described: Mapping[str, Described], today: date
) -> SpaceData:
    """Return age and completeness of the spaces' records; a space removed meanwhile is undated."""
    ages, hours = [], []
    for at in spaces:
        one = described.get(at.support.id)
        confirmed = None if one is None else one.properties["confirmed_on"]
        ages.append(np.nan if confirmed is None else max(0.0, float((today - confirmed).days)))
        hours.append(one is not None and bool(one.properties["schedules"]))
    return SpaceData(np.array(ages, dtype=np.float64), np.array(hours, dtype=np.bool_))
