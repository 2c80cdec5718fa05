"""A journey: what is known at its time, the routes through it, and the help along them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from app.knowledge import reading
from app.network import Network, Region
from app.searches import search
from app.whereabouts import Whereabouts, countries_of_ends, locate
from geo import demo, spaces
from geo.crossings import CrossingState
from geo.hazards import ActiveHazard
from geo.spaces import NearSpace, OpenSpace
from routing.coverage import Coverage, MeasuredLine, SupportAt, coverage_by, supports_along
from routing.errors import Blocker, NoRoute
from routing.graph import Mode
from routing.profile import Profile
from routing.search import Crossing, Hazard, Route, RouteRequest, Support


@dataclass(frozen=True)
class Question:
    """A journey asked for: ends in lon, lat degrees (EPSG:4326) and an aware start.

    ``countries`` of the ends are given where the asker named them; else they are found out.
    ``profile`` says who travels; the network's own where None. At most ``most`` routes are given.
    """

    start: tuple[float, float]
    end: tuple[float, float]
    mode: Mode
    at: datetime
    countries: tuple[str | None, str | None] = (None, None)
    profile: Profile | None = None
    most: int = 3


@dataclass(frozen=True)
class Knowledge:
    """What the asker's tier knows at the time of a journey.

    ``routed_crossings`` and ``routed_hazards`` are the same records as the router takes them: the
    same objects for every journey for as long as a record stays as it is.
    """

    crossings: tuple[CrossingState, ...]
    routed_crossings: tuple[Crossing, ...]
    hazards: tuple[ActiveHazard, ...]
    routed_hazards: tuple[Hazard, ...]
    day_spaces: tuple[OpenSpace, ...]
    night_spaces: tuple[OpenSpace, ...]
    start: Whereabouts
    end: Whereabouts
    demo: bool


@dataclass(frozen=True)
class Stop:
    """A space that supports a route, ``at_m`` metres after its start."""

    space: OpenSpace
    at_m: float
    overnight: bool


@dataclass(frozen=True)
class Journey:
    """One route with the help along it.

    ``gaps`` measures the stretches between places for the night where the way takes more than
    a day (``overnight``), else those between any open spaces.
    """

    route: Route
    stops: tuple[Stop, ...]
    gaps: Coverage
    overnight: bool
    gap_highest_m: float | None
    regions: tuple[Region, ...]

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


@dataclass(frozen=True)
class Obstacle:
    """One thing that blocks, with its next known opening where it is a crossing."""

    kind: str
    id: str | None
    name: str | None
    state: str | None
    next_opening: datetime | None = None


class RouteRefusedError(Exception):
    """No admissible route: carries what blocks and where help is on the same side (P11, P32)."""

    def __init__(self, blocked_by: Sequence[Obstacle], nearest: NearSpace | None) -> None:
        super().__init__("no admissible route")
        self.blocked_by = tuple(blocked_by)
        self.nearest = nearest

    @property
    def next_opening(self) -> datetime | None:
        """When the last of the blocking crossings opens, as far as openings are known.

        All of them lie on the way, so the first opening alone helps nobody.
        """
        known = [o.next_opening for o in self.blocked_by if o.next_opening is not None]
        return max(known, default=None)


async def read_knowledge(
    session: AsyncSession, network: Network, question: Question, now: datetime
) -> Knowledge:
    """Read everything a journey depends on, as the session's snapshot has it now or newer.

    Spaces are judged on the local day of the journey, but never on a day before today: a
    journey asked for with a start in the past is walked from today's knowledge.
    """
    known = await reading(session)
    start = await locate(session, network, *question.start)
    local = ZoneInfo(start.place.timezone)
    on = max(question.at.astimezone(local).date(), now.astimezone(local).date())
    crossings = await known.crossings(question.at)
    hazards = await known.hazards(question.at)
    return Knowledge(
        crossings=tuple(state for state, _ in crossings),
        routed_crossings=tuple(crossing for _, crossing in crossings),
        hazards=tuple(record for record, _ in hazards),
        routed_hazards=tuple(hazard for _, hazard in hazards),
        day_spaces=await known.open_spaces(on, night=False),
        night_spaces=await known.open_spaces(on, night=True),
        start=start,
        end=await locate(session, network, *question.end),
        demo=await demo.has_demo(session),
    )


async def plan(
    session: AsyncSession, network: Network, question: Question, *, now: datetime, access_m: float
) -> Answer:
    """Answer a question with one to three journeys.

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
    knowledge = await read_knowledge(session, network, question, now)
    found_out = countries_of_ends(
        _named(knowledge.start, question.countries[0]), _named(knowledge.end, question.countries[1])
    )
    request = RouteRequest(
        start=question.start,
        end=question.end,
        mode=question.mode,
        # Night is judged where the journey starts, whatever offset the asker wrote.
        at=question.at.astimezone(ZoneInfo(knowledge.start.place.timezone)),
        start_country=found_out[0],
        end_country=found_out[1],
        crossings=knowledge.routed_crossings,
        hazards=knowledge.routed_hazards,
        profile=question.profile,
        most=question.most,
    )
    # A waiting search holds no connection: what it needs has been read.
    await session.close()
    try:
        found = await search(partial(_journeys, network, request, knowledge, access_m))
    except NoRoute as refused:
        raise await _refusal(session, request, knowledge, refused.blocked_by) from refused
    return Answer(question, found, knowledge)


def _named(where: Whereabouts, country: str | None) -> Whereabouts:
    """Return a point's whereabouts when its country is known by name: that side it is."""
    if country is None:
        return where
    return replace(where, country=country, is_certain=True, crossing=None)


def _journeys(
    network: Network, request: RouteRequest, knowledge: Knowledge, access_m: float
) -> tuple[Journey, ...]:
    found = network.routes(request)
    helping = _Helping(knowledge, access_m)
    return tuple(
        _journey(route, found.regions_of(route), knowledge, helping) for route in found.routes
    )


class _Helping:
    """The open spaces of an answer, as each of its routes asks for them."""

    def __init__(self, knowledge: Knowledge, access_m: float) -> None:
        self.access_m = access_m
        self.day_ids = {space.id for space in knowledge.day_spaces}
        self.night_ids = {space.id for space in knowledge.night_spaces}
        self.by_id = {s.id: s for s in (*knowledge.day_spaces, *knowledge.night_spaces)}
        self.supports = tuple(map(support, self.by_id.values()))

    def stop(self, at: SupportAt) -> Stop:
        space = self.by_id[at.support.id]
        return Stop(space, at.at_m, overnight=space.id in self.night_ids)


def _journey(
    route: Route, regions: tuple[Region, ...], knowledge: Knowledge, helping: _Helping
) -> Journey:
    line = MeasuredLine.from_route(route)
    along = supports_along(line, helping.supports, helping.access_m)
    overnight = route.walking_days > 1
    counted = helping.night_ids if overnight else helping.day_ids
    gaps = coverage_by(
        line,
        tuple(at for at in along if at.support.id in counted),
        helping.access_m,
        ends=end_names(regions, knowledge, route),
    )
    return Journey(
        route=route,
        stops=tuple(map(helping.stop, along)),
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


def support(space: OpenSpace) -> Support:
    """Return a space as the routing library takes it."""
    return Support(
        id=space.id,
        name=space.name,
        place=space.locality or space.name,
        lon=space.lon,
        lat=space.lat,
    )


async def _refusal(
    session: AsyncSession,
    request: RouteRequest,
    knowledge: Knowledge,
    blocked_by: Sequence[Blocker],
) -> RouteRefusedError:
    # One after the other: a session is one connection.
    near = await spaces.nearest_spaces(
        session, *request.start, country=request.start_country, limit=1
    )
    same_side = [s for s in near if s.country == request.start_country]
    openings = {c.id: c.next_opening for c in knowledge.crossings}
    obstacles = [
        Obstacle(b.kind, b.id, b.name, b.state, openings.get(b.id or "")) for b in blocked_by
    ]
    return RouteRefusedError(obstacles, same_side[0] if same_side else None)
