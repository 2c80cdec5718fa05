"""A journey: what is known at its time, the routes through it, and the help along them."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from app.day_stages import Stage, bed_to_bed
from app.helping import Helping
from app.knowledge import Reading, reading
from app.mistakes import Obstacle, RouteRefusedError
from app.network import Network, Region
from app.searches import search
from app.source import Source
from app.whereabouts import Whereabouts, countries_along, doubted, weigh_all
from geo import spaces
from geo.crossings import CrossingState
from geo.db import connected
from geo.hazards import ActiveHazard
from geo.places import Place
from geo.products import AreaProduct
from geo.spaces import OpenSpace
from routing.arrival import clock_of
from routing.coming import met_on_the_way, reached_too_early
from routing.coverage import Coverage, MeasuredLine, SupportAt, coverage_by, supports_along
from routing.errors import Blocker, NoRoute
from routing.graph import Mode
from routing.obstacles import NO_OBSTACLES, Obstacles
from routing.profile import Profile
from routing.questions import AVERSIONS
from routing.search import Crossing, Hazard, Route, RouteRequest

#: Answers looked for at most in which some of what holds at the departure is over [A].
_MOST_ROUNDS: Final = 3


@dataclass(frozen=True)
class Question:
    """A journey asked for: ends in lon, lat degrees (EPSG:4326) and an aware start.

    ``countries`` of the ends are given where the asker named them; else they are found out.
    ``profile`` says who travels; the network's own where None. At most ``most`` routes are given,
    found and ranked by the weights of exposure ``aversions``.

    The journey passes ``via`` in order, keeps out of ``obstacles``, and crosses no border into or
    out of ``avoided_countries``, or none at all.
    """

    start: tuple[float, float]
    end: tuple[float, float]
    mode: Mode
    at: datetime
    countries: tuple[str | None, str | None] = (None, None)
    profile: Profile | None = None
    most: int = 3
    aversions: tuple[float, ...] = AVERSIONS
    via: tuple[tuple[float, float], ...] = ()
    obstacles: Obstacles = NO_OBSTACLES
    avoided_countries: frozenset[str] = frozenset()
    avoids_borders: bool = False

    def avoids(self, *countries: str) -> bool:
        """Tell whether the asker keeps away from crossings between countries, be they open."""
        return self.avoids_borders or not self.avoided_countries.isdisjoint(countries)


@dataclass(frozen=True)
class Records:
    """What the asker's tier has on record at the time of a journey.

    ``routed_crossings`` and ``routed_hazards`` are the same records as the router takes them: the
    same objects for every journey for as long as a record stays as it is. ``coming`` are exclusions
    that are published and begin later.
    """

    crossings: tuple[CrossingState, ...]
    routed_crossings: tuple[Crossing, ...]
    hazards: tuple[ActiveHazard, ...]
    routed_hazards: tuple[Hazard, ...]
    coming: tuple[tuple[ActiveHazard, Hazard], ...]
    helping: Helping
    products: tuple[AreaProduct, ...]
    demo: bool

    def seen_from(self, where: Sequence[Whereabouts]) -> "Knowledge":
        """Return the same with where the start is, the places to pass, and the end."""
        start, *via, end = where
        known = {field.name: getattr(self, field.name) for field in fields(self)}
        return Knowledge(**known, start=start, end=end, via=tuple(via))


@dataclass(frozen=True)
class Knowledge(Records):
    """What is on record, and where the places of the journey are."""

    start: Whereabouts
    end: Whereabouts
    via: tuple[Whereabouts, ...]

    def begun(self, rows: Sequence[int]) -> "Knowledge":
        """Return the same as if some of what is coming held already."""
        records, hazards = zip(*(self.coming[row] for row in rows), strict=True)
        return replace(
            self,
            hazards=self.hazards + records,
            routed_hazards=self.routed_hazards + hazards,
            coming=tuple(pair for row, pair in enumerate(self.coming) if row not in rows),
        )

    def ending(self, before: datetime | None) -> tuple[tuple[ActiveHazard, Hazard], ...]:
        """Return the exclusions that hold and are over before a moment; None for any.

        Of people's threats no hour is told (P36): they close a way until they are lifted.
        """
        pairs = zip(self.hazards, self.routed_hazards, strict=True)
        return tuple(
            (record, hazard)
            for record, hazard in pairs
            if hazard.exclusion
            and record.family == "physical"
            and record.valid_to is not None
            and (before is None or record.valid_to < before)
        )

    def without(self, pairs: Sequence[tuple[ActiveHazard, Hazard]]) -> "Knowledge":
        """Return the same as if some hazards were over."""
        gone = {hazard.id for _, hazard in pairs}
        kept = [
            (record, hazard)
            for record, hazard in zip(self.hazards, self.routed_hazards, strict=True)
            if hazard.id not in gone
        ]
        return replace(
            self,
            hazards=tuple(record for record, _ in kept),
            routed_hazards=tuple(hazard for _, hazard in kept),
        )

    def dark(self, route: Route) -> list[tuple[datetime, Hazard]]:
        """Return what counts by night alone, with when the first night of a way begins.

        Nothing of it for who leaves by night, or drives: there it counts from the start.
        """
        window, departure = route.profile.window, route.departure
        if window is None or departure is None:
            return []
        clock_s = clock_of(departure)
        if not window.covers(clock_s):
            return []
        dusk = departure + timedelta(seconds=window.closes_s(clock_s) - clock_s)
        return [(dusk, hazard) for hazard in self.routed_hazards if hazard.night_only]

    def at_any_hour(self, hazards: Sequence[Hazard]) -> "Knowledge":
        """Return the same as if some hazards of the night were there by day."""
        ids = {hazard.id for hazard in hazards}
        return replace(
            self,
            routed_hazards=tuple(
                replace(hazard, night_only=False) if hazard.id in ids else hazard
                for hazard in self.routed_hazards
            ),
        )


@dataclass(frozen=True)
class Stop:
    """A space that supports a route, ``at_m`` metres after its start."""

    space: OpenSpace
    at_m: float
    overnight: bool


@dataclass(frozen=True)
class Journey:
    """One route with the help along it.

    ``stages`` are its days from one place to sleep to the next, of a way on foot of more than one
    day; the route's days and arrivals are theirs.

    ``gaps`` measures the stretches between places for the night where the way takes more than
    a day (``overnight``), else those between any open spaces.
    """

    route: Route
    stops: tuple[Stop, ...]
    gaps: Coverage
    overnight: bool
    gap_highest_m: float | None
    regions: tuple[Region, ...]
    stages: tuple[Stage, ...] = ()

    @property
    def network(self) -> str:
        """Names of the road networks that the route runs through."""
        return "+".join(region.meta.name for region in self.regions)

    @property
    def network_kind(self) -> str:
        """`osm`, `sketch`, or `mixed` where the route runs through both."""
        kinds = {region.meta.kind for region in self.regions}
        return kinds.pop() if len(kinds) == 1 else "mixed"

    @property
    def network_as_of(self) -> str | None:
        """When the oldest of the networks was surveyed; None where one does not say."""
        stamps = [region.meta.extract_timestamp for region in self.regions]
        known = [stamp for stamp in stamps if stamp is not None]
        return min(known) if known and len(known) == len(stamps) else None


@dataclass(frozen=True)
class Answer:
    """The journeys for a question, best first, with what they rest on."""

    question: Question
    journeys: tuple[Journey, ...]
    knowledge: Knowledge

    @property
    def regions(self) -> tuple[Region, ...]:
        """The road networks that the routes run through, each once."""
        return tuple(dict.fromkeys(r for journey in self.journeys for r in journey.regions))

    @property
    def last_arrival(self) -> datetime:
        """When the last of the journeys is over."""
        return max(journey.route.arrival for journey in self.journeys)

    @property
    def attribution(self) -> str:
        """Credit that the networks ask for."""
        return "; ".join(dict.fromkeys(region.meta.attribution for region in self.regions))


class _NoWayError(Exception):
    """No admissible route: what was asked and known; the router's own reason is the cause."""

    def __init__(self, request: RouteRequest, knowledge: Knowledge, reason: NoRoute) -> None:
        super().__init__("no admissible route")
        self.request = request
        self.knowledge = knowledge
        self.reason = reason


async def read_records(known: Reading, question: Question, now: datetime, timezone: str) -> Records:
    """Read the records that a journey depends on.

    Spaces are judged on the local day of the journey, but never on a day before today: a
    journey asked for with a start in the past is walked from today's knowledge.
    """
    local = ZoneInfo(timezone)
    on = max(question.at.astimezone(local).date(), now.astimezone(local).date())
    crossings = await known.crossings(question.at)
    hazards = await known.hazards(question.at)
    return Records(
        crossings=tuple(state for state, _ in crossings),
        routed_crossings=tuple(crossing for _, crossing in crossings),
        hazards=tuple(record for record, _ in hazards),
        routed_hazards=tuple(hazard for _, hazard in hazards),
        coming=await known.coming_exclusions(question.at),
        helping=await known.helping(on),
        products=await known.area_products(),
        demo=known.has_demo,
    )


async def plan(
    source: Source, network: Network, question: Question, *, now: datetime, access_m: float
) -> Answer:
    """Answer a question with one to five journeys; with one over waypoints.

    Everything is as the source's stamps have it, or newer.

    Raises
    ------
    RouteRefusedError
        No admissible route.
    OffNetwork, InvalidRequest
        An end is too far from every road, or makes no sense.
    UncertainCountryError
        An end lies too near to a border to tell its country.
    BusyError
        Too many searches are waiting.
    NoNetworkError
        No road network is loaded.
    """
    known = await reading(source.session, source.stamps)
    points = [question.start, *question.via, question.end]
    near = (await known.places()).near(points)
    records = await read_records(known, question, now, near[0][0].timezone)
    # A waiting search holds no connection: what it needs has been read.
    await source.session.close()
    try:
        found = await search(partial(_weighed_answer, network, question, records, near, access_m))
        if not isinstance(found, Answer):
            where = await doubted(source.session, points, found)
            await source.session.close()
            knowledge = records.seen_from(where)
            found = await search(partial(_answer, network, question, knowledge, access_m))
    except _NoWayError as none:
        raise await _refusal(source.session, question, none) from none.reason
    return found


def _weighed_answer(
    network: Network,
    question: Question,
    records: Records,
    near: Sequence[tuple[Place, float]],
    access_m: float,
) -> Answer | tuple[Whereabouts, ...]:
    """Answer in one go where no country is to be doubted; else say where the places seem to be."""
    where = weigh_all(network, [question.start, *question.via, question.end], near)
    if any(one.is_far for one in where):
        return where
    return _answer(network, question, records.seen_from(where), access_m)


def _answer(network: Network, question: Question, knowledge: Knowledge, access_m: float) -> Answer:
    """Answer from what holds when somebody comes by.

    What holds at the departure closes ways for good in a first answer. Exclusions that are over
    before anybody can be there are then left out, as long as no way found comes to them too early.
    """
    answer: Answer | None = None
    refusal: _NoWayError | None = None
    try:
        answer = _settled(network, question, knowledge, access_m)
    except _NoWayError as none:
        refusal = none
    ending = knowledge.ending(None if answer is None else answer.last_arrival)
    if refusal is not None:
        named = {blocker.id for blocker in refusal.reason.blocked_by}
        ending = tuple(pair for pair in ending if pair[0].id in named)
    for _ in range(_MOST_ROUNDS):
        if not ending:
            break
        try:
            found = _settled(network, question, knowledge.without(ending), access_m)
        except _NoWayError:
            break
        over = [(record.valid_to, hazard) for record, hazard in ending if record.valid_to]
        early = reached_too_early([journey.route for journey in found.journeys], over)
        if not early:
            return found
        ending = tuple(pair for row, pair in enumerate(ending) if row not in early)
    if answer is None:
        assert refusal is not None  # noqa: S101 -- one of the two there is
        raise refusal
    return answer


def _settled(network: Network, question: Question, knowledge: Knowledge, access_m: float) -> Answer:
    """Answer so that no way meets anything that begins before it has left it behind."""
    while True:
        request = _request(question, knowledge)
        try:
            journeys = _journeys(network, request, knowledge, access_m)
        except NoRoute as reason:
            raise _NoWayError(request, knowledge, reason) from reason
        routes = [journey.route for journey in journeys]
        dark = knowledge.dark(routes[0])
        coming = [(record.valid_from, hazard) for record, hazard in knowledge.coming]
        met = met_on_the_way(routes, coming)
        met_by_night = met_on_the_way(routes, [(dusk, hazard) for dusk, hazard in dark])
        if not met and not met_by_night:
            return Answer(question, journeys, knowledge)
        if met:
            knowledge = knowledge.begun(met)
        knowledge = knowledge.at_any_hour([dark[row][1] for row in met_by_night])


def _request(question: Question, knowledge: Knowledge) -> RouteRequest:
    """Put a question as the router takes it."""
    first, *between, last = countries_along(
        _named(knowledge.start, question.countries[0]),
        knowledge.via,
        _named(knowledge.end, question.countries[1]),
    )
    return RouteRequest(
        start=question.start,
        end=question.end,
        mode=question.mode,
        # Night is judged where the journey starts, whatever offset the asker wrote.
        at=question.at.astimezone(ZoneInfo(knowledge.start.place.timezone)),
        start_country=first,
        end_country=last,
        crossings=tuple(map(partial(_as_asked, question), knowledge.routed_crossings)),
        hazards=knowledge.routed_hazards,
        profile=question.profile,
        most=question.most,
        aversions=question.aversions,
        via=question.via,
        via_countries=between,
        obstacles=question.obstacles,
    )


def _named(where: Whereabouts, country: str | None) -> Whereabouts:
    """Return a point's whereabouts when its country is known by name: that side it is."""
    if country is None:
        return where
    return replace(where, country=country, is_certain=True, crossing=None)


def _as_asked(question: Question, crossing: Crossing) -> Crossing:
    """Return a crossing, shut for who keeps away from it.

    The same object for everybody else: what is derived of all crossings is kept by them.
    """
    if not question.avoids(*crossing.countries):
        return crossing
    return replace(crossing, passable=False, opens=None)


def _journeys(
    network: Network, request: RouteRequest, knowledge: Knowledge, access_m: float
) -> tuple[Journey, ...]:
    found = network.routes(request)
    return tuple(
        _journey(route, found.regions_of(route), knowledge, access_m) for route in found.routes
    )


def _stop(helping: Helping, at: SupportAt) -> Stop:
    space = helping.by_id[at.support.id]
    return Stop(space, at.at_m, overnight=space.id in helping.night_ids)


def _journey(
    route: Route, regions: tuple[Region, ...], knowledge: Knowledge, access_m: float
) -> Journey:
    line, helping = MeasuredLine.from_route(route), knowledge.helping
    along = supports_along(line, helping.supports, access_m)
    overnight = route.walking_days > 1
    counted = helping.night_ids if overnight else helping.day_ids
    gaps = coverage_by(
        line,
        tuple(at for at in along if at.support.id in counted),
        access_m,
        ends=end_names(regions, knowledge, route),
    )
    stops = tuple(_stop(helping, at) for at in along)
    route, by_days = bed_to_bed(route, stops)
    return Journey(
        route=route,
        stops=stops,
        stages=by_days,
        gaps=gaps,
        overnight=overnight,
        gap_highest_m=route.heights.highest_m(gaps.longest.from_m, gaps.longest.to_m),
        regions=regions,
    )


def end_names(regions: Sequence[Region], knowledge: Knowledge, route: Route) -> tuple[str, str]:
    """Return what to call the ends of a route: towns of the network, else populated places."""
    start, end = route.start_snap, route.end_snap
    return (
        regions[0].town_near(start.lon, start.lat) or knowledge.start.place.name,
        regions[-1].town_near(end.lon, end.lat) or knowledge.end.place.name,
    )


async def _refusal(
    session: AsyncSession, question: Question, none: _NoWayError
) -> RouteRefusedError:
    """Say what stands in the way, and where help is on the side that the refused leg begins."""
    request, refused = none.request, none.reason
    leg = refused.leg or 0
    place = (request.start, *request.via)[leg]
    country = (request.start_country, *request.via_countries)[leg]
    # One after the other: a session is one connection.
    asked = await connected(session)
    near = await spaces.nearest_spaces(asked, *place, country=country, limit=1)
    same_side = [s for s in near if s.country == country]
    crossings = {c.id: c for c in none.knowledge.crossings}
    obstacles = [
        _obstacle(question, blocker, crossings.get(blocker.id or ""))
        for blocker in refused.blocked_by
    ]
    return RouteRefusedError(obstacles, same_side[0] if same_side else None, refused.leg)


def _obstacle(question: Question, blocker: Blocker, crossing: CrossingState | None) -> Obstacle:
    """Return what blocks as it is told; what the asker avoids is not called closed (P32)."""
    if crossing is None or blocker.kind != "crossing":
        return Obstacle(blocker.kind, blocker.id, blocker.name, blocker.state)
    if question.avoids(crossing.country_a, crossing.country_b):
        return Obstacle("avoided", blocker.id, blocker.name, None)
    opening = crossing.next_opening
    return Obstacle(blocker.kind, blocker.id, blocker.name, blocker.state, opening)
