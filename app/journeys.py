"""A journey: what is known at its time, the routes through it, and the help along them."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

from app.day_stages import Stage, stages
from app.detours import ORDINARY, Because, Detours, published
from app.helping import Helping, supports_of
from app.knowledge import Reading, reading
from app.network import Network, Region, Routed
from app.refusing import long_refusal, refusal
from app.searches import search
from app.source import Source
from app.whereabouts import Whereabouts, countries_along, doubted, weigh_all
from geo.crossings import CrossingState
from geo.hazards import ActiveHazard
from geo.places import Place
from geo.products import AreaProduct
from geo.spaces import OpenSpace
from routing.coming import met_before_arrival
from routing.compared import Beyond, Compared
from routing.coverage import Coverage, MeasuredLine, SupportAt, coverage_by
from routing.errors import NoRoute
from routing.graph import Mode
from routing.obstacles import NO_OBSTACLES, Obstacles
from routing.profile import Profile
from routing.questions import AVERSIONS
from routing.search import Crossing, Hazard, Route, RouteRequest


@dataclass(frozen=True)
class Question:
    """A journey asked for: ends in lon, lat degrees (EPSG:4326) and an aware start.

    ``countries`` of the ends are given where the asker named them; else they are found out.
    ``profile`` says who travels; the network's own where None. At most ``most`` routes are given,
    found and ranked by the weights of exposure ``aversions``.

    The journey passes ``via`` in order, keeps out of ``obstacles``, and crosses no border into or
    out of ``avoided_countries``, or none at all. ``detours`` says what of long ways is answered.
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
    detours: Detours = ORDINARY

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

    @property
    def timezone(self) -> str:
        """IANA name of the time where the journey starts."""
        return self.start.place.timezone

    def begun(self, rows: Sequence[int]) -> "Knowledge":
        """Return the same as if some of what is coming held already."""
        records, hazards = zip(*(self.coming[row] for row in rows), strict=True)
        return replace(
            self,
            hazards=self.hazards + records,
            routed_hazards=self.routed_hazards + hazards,
            coming=tuple(pair for row, pair in enumerate(self.coming) if row not in rows),
        )


@dataclass(frozen=True)
class Stop:
    """A space that supports a route, ``at_m`` metres after its start.

    It lies ``access_m`` metres off; on a sketch, where it counts at the node of its ``town``, that
    far from the node.
    """

    space: OpenSpace
    at_m: float
    overnight: bool
    access_m: float = 0.0
    town: str | None = None


@dataclass(frozen=True)
class Journey:
    """One route with the help along it.

    ``stages`` are its days from one place to sleep to the next, of a way on foot of more than one
    day; the route's ``walking_days`` are theirs.

    ``gaps`` measures the stretches between places for the night where the way takes more than
    a day (``overnight``), else those between any open spaces. ``because`` is what makes it longer
    than the open way, leg by leg; ``beyond`` the limit that it is beyond, shown on request (P54).
    """

    route: Route
    stops: tuple[Stop, ...]
    gaps: Coverage
    overnight: bool
    gap_highest_m: float | None
    regions: tuple[Region, ...]
    because: tuple[Because, ...] = ()
    beyond: Beyond | None = None
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


class _TooLongError(Exception):
    """There are ways on every leg, on one of which all are too long: what was asked and known."""

    def __init__(self, request: RouteRequest, knowledge: Knowledge, compared: Compared) -> None:
        super().__init__("no way of a reasonable length")
        self.request = request
        self.knowledge = knowledge
        self.compared = compared


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
    LongDetourError, NoReasonableWayError
        All routes are too long, and nobody asked for them all the same.
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
        raise await refusal(
            source.session, none.request, none.reason, none.knowledge, question.avoids
        ) from none.reason
    except _TooLongError as long:
        raise await long_refusal(
            source.session, long.request, long.compared, long.knowledge
        ) from long
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
    while True:
        request = _request(question, knowledge)
        try:
            found = network.routes(request)
        except NoRoute as reason:
            raise _NoWayError(request, knowledge, reason) from reason
        coming = [(record.valid_from, hazard) for record, hazard in knowledge.coming]
        met = met_before_arrival(found.routes, coming)
        if not met:
            journeys = _journeys(found, knowledge, access_m)
            compared = network.compare(
                request, found, knowledge.routed_crossings, question.detours.limits
            )
            refused = next((leg for leg in compared if leg.refused), None)
            if refused is not None and not question.detours.are_accepted:
                raise _TooLongError(request, knowledge, refused)
            return Answer(question, _explained(journeys, compared, knowledge), knowledge)
        knowledge = knowledge.begun(met)


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


def _explained(
    journeys: Sequence[Journey], compared: Sequence[Compared], knowledge: Knowledge
) -> tuple[Journey, ...]:
    """Add to journeys what makes each longer than the open way, leg by leg."""
    return tuple(
        replace(
            journey,
            because=tuple(
                one for leg in compared for one in published(leg.because[row], knowledge)
            ),
            beyond=next((leg.beyond[row] for leg in compared if leg.beyond[row]), None),
        )
        for row, journey in enumerate(journeys)
    )


def _journeys(found: Routed, knowledge: Knowledge, access_m: float) -> tuple[Journey, ...]:
    return tuple(
        _journey(route, found.regions_of(route), knowledge, access_m) for route in found.routes
    )


def _stop(helping: Helping, at: SupportAt) -> Stop:
    space = helping.by_id[at.support.id]
    overnight = space.id in helping.night_ids
    return Stop(space, at.at_m, overnight, at.access_m, at.town)


def _journey(
    route: Route, regions: tuple[Region, ...], knowledge: Knowledge, access_m: float
) -> Journey:
    line, helping = MeasuredLine.from_route(route), knowledge.helping
    along = supports_of(route, regions, helping.supports, access_m)
    overnight = route.walking_days > 1
    counted = helping.night_ids if overnight else helping.day_ids
    gaps = coverage_by(
        line,
        tuple(at for at in along if at.support.id in counted),
        access_m,
        ends=end_names(regions, knowledge, route),
    )
    stops = tuple(_stop(helping, at) for at in along)
    by_days = stages(route, stops)
    if by_days:
        route = replace(route, days=sum(stage.days for stage in by_days))
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
