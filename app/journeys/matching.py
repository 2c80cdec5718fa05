"""Matching of a person's need at a place to spaces, by road and by time of arrival."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import anyio.to_thread
import numpy as np
from sqlalchemy.ext.asyncio import AsyncSession

from app.exceptions import InvalidParameterError
from app.runtime.work_limit import search
from app.snapshots.country_of_point import UncertainCountryError, Whereabouts, locate
from app.snapshots.essential_contacts import LINES, Line, essential_lines
from app.snapshots.road_networks import Region, RoadNetworks
from app.snapshots.tier_snapshot import reading
from geo.records import demo_rows as demo
from geo.spaces import candidates, next_steps
from geo.spaces.candidates import Described, NearCandidate
from geo.spaces.eligibility import ADULT_AGE, OF_HOURS, Candidate, Need, Refusal, refusals
from geo.spaces.next_steps import Option, SpaceDistance
from geo.vocabulary import check_services
from routing.engine.shortest_path_tree import Reached
from routing.errors import OffNetwork
from routing.router.reachability import ReachPlace, ReachRequest
from routing.travel.crossings import Crossing
from routing.travel.profiles import Profile, walking_days
from routing.travel.speed import flat_kmh
from routing.travel.timetable import timetable

#: Search radius for spaces, metres: four days on foot of 25 km each (the longest day of
#: `routing.travel.profiles.ADULT`) [A].
REACH_M = 100_000.0
#: Search radius of a second search, made if no space of the first fits, metres [A].
FAR_REACH_M = 500_000.0

#: Search radius for spaces of other countries, metres: one day on foot [A].
ABROAD_REACH_M = 25_000.0

#: Maximum number of spaces in the person's country that are examined, nearest first [A]: enough for
#: a city, and few enough for a fast response.
MOST_CANDIDATES = 200
#: Maximum number of spaces in other countries that are examined [A].
MOST_ABROAD = 40
#: Maximum number of spaces that tell people where help is which are examined [A].
MOST_GUIDES = 40

#: Maximum number of fallbacks offered in each role (see `Fallback`) when no destination fits.
MOST_FALLBACKS = 3

#: Kind of phone line added to the response if the person in need is a child (P45).
CHILDRENS_LINE = "child_protection"


@dataclass(frozen=True)
class MatchQuestion:
    """Request for spaces that meet a need, starting at a place and an aware time ``at``.

    ``lon`` and ``lat`` are in degrees, EPSG:4326; ``limit`` is the maximum number of options.

    ``country`` is the country that the person stated; None if it has to be inferred.
    """

    need: Need
    lon: float
    lat: float
    at: datetime
    country: str | None
    limit: int


@dataclass(frozen=True)
class Chosen:
    """Recommended space: option, published data, and the official crossings on the way to it.

    If ``refers_to`` is not None, people go to ``described`` first, which refers them to that space.
    """

    option: Option
    described: Described
    refers_to: Described | None = None
    crossings: tuple[Crossing, ...] = ()


@dataclass(frozen=True)
class Fallback:
    """Space to call when no destination fits.

    ``role`` is ``later`` for a space that can help at other hours, and ``guide`` for a space that
    tells people where help is. ``refused`` says why people cannot go there now, which can only be
    opening hours; empty if they can.
    """

    role: str
    chosen: Chosen
    refused: tuple[Refusal, ...]


@dataclass(frozen=True)
class Match:
    """Result of matching: options best first, counts of rejected spaces, and fallbacks.

    Attributes
    ----------
    left_out : mapping of str to int
        Number of visible spaces of the searched area that were rejected, by the first reason for
        rejecting each.
    border_count : int
        Number of spaces that cannot be reached because no open official crossing leads to them.
    fallbacks : tuple of Fallback
        Spaces to call or to ask at; empty if a destination fits.
    lines : list
        Phone lines (P45); empty if the country has none.
    """

    need: Need
    now: datetime
    profile: Profile
    country: str
    chosen: tuple[Chosen, ...]
    searched_m: float
    left_out: Mapping[str, int]
    border_count: int
    fallbacks: tuple[Fallback, ...]
    lines: tuple[Line, ...]
    demo: bool
    region: Region


@dataclass(frozen=True)
class _Found:
    """Spaces read from the database for one search radius."""

    near: tuple[NearCandidate, ...]
    abroad: tuple[NearCandidate, ...]
    referrers: tuple[NearCandidate, ...]

    @property
    def everyone(self) -> tuple[NearCandidate, ...]:
        known = {one.candidate.id for one in (*self.near, *self.abroad)}
        others = (one for one in self.referrers if one.candidate.id not in known)
        return (*self.near, *self.abroad, *others)


@dataclass(frozen=True)
class _Ways:
    """Distance, arrival time and crossings for each examined space, by space id.

    The ways start at ``start``, which is aware, and are walked by ``profile``.
    """

    start: datetime
    profile: Profile
    way: Mapping[str, SpaceDistance]
    arrival: Mapping[str, datetime]
    crossings: Mapping[str, tuple[Crossing, ...]]

    def of(self, space: Candidate) -> tuple[Candidate, SpaceDistance, datetime]:
        return space, self.way[space.id], self.arrival[space.id]


async def match(
    session: AsyncSession,
    network: RoadNetworks,
    question: MatchQuestion,
    *,
    now: datetime,
    profile: Profile,
) -> Match:
    """Return the spaces that can help with a need.

    Raises
    ------
    ProtectedServiceError, UnknownServiceError, InvalidRecordError
        A service cannot be asked for (P38), or a term is in no vocabulary.
    UncertainCountryError
        The place lies too near to a border to tell its country.
    BusyError
        Too many searches are waiting.
    NoNetworkError
        No road network can answer.
    """
    await check_services(session, question.need.services)
    await candidates.check_terms(session, question.need)
    where = await locate(session, network, question.lon, question.lat)
    country = _country(where, question.country)
    region = await anyio.to_thread.run_sync(network.region_for, (question.lon, question.lat))
    at = question.at.astimezone(ZoneInfo(where.place.timezone))
    known = await reading(session)
    request = partial(
        ReachRequest,
        ReachPlace(question.lon, question.lat, country),
        at=at,
        crossings=tuple(crossing for _, crossing in await known.crossings(at)),
        hazards=tuple(hazard for _, hazard in await known.hazards(at)),
    )
    for reach_m in (REACH_M, FAR_REACH_M):
        found = await _find(session, question, country, reach_m)
        # All data is read, so give the database connection back before waiting for a search thread.
        await session.close()
        reached = await search(partial(_reach, region, request, found))
        ways = _ways(found, reached, country, at, profile)
        steps, against, border_count = _judge(question.need, found, ways, country)
        if steps:
            break
    best = next_steps.ranked(question.need, steps, now)[: question.limit]
    instead = [] if best else await _instead(session, question, country, found, ways, against)
    described = await candidates.describe(session, _ids([*best, *(i.option for i in instead)]))
    return Match(
        need=question.need,
        now=now,
        profile=profile,
        country=country,
        chosen=tuple(_chosen(best, described, ways.crossings)),
        searched_m=reach_m,
        left_out=next_steps.counted(against.values()),
        border_count=border_count,
        fallbacks=tuple(
            Fallback(one.role, chosen, one.refused)
            for one in instead
            for chosen in _chosen([one.option], described, {})
        ),
        lines=await _lines(session, question.need, country),
        demo=await demo.has_demo(session),
        region=region,
    )


def _country(where: Whereabouts, stated: str | None) -> str:
    """Return the country of a place; for a place near a border the person has to state it."""
    if stated is not None:
        sides = where.crossing or {where.country}
        if where.is_certain and stated not in sides:
            reason = "not the country of this place"
            raise InvalidParameterError("country", reason)
        return stated
    if not where.is_certain or where.country is None:
        field = "country"
        raise UncertainCountryError(field)
    return where.country


async def _find(
    session: AsyncSession, question: MatchQuestion, country: str, reach_m: float
) -> _Found:
    services, at = question.need.services, (question.lon, question.lat)
    near = await candidates.candidates_near(
        session,
        *at,
        services=services,
        country=country,
        reach_m=reach_m,
        limit=MOST_CANDIDATES,
    )
    abroad = await candidates.candidates_near(
        session,
        *at,
        services=services,
        country=country,
        is_abroad=True,
        reach_m=ABROAD_REACH_M,
        limit=MOST_ABROAD,
    )
    points = {
        point
        for one in (*near, *abroad)
        if one.candidate.access != "open"
        for point in one.candidate.referral_points
    }
    referring = await candidates.candidates_by_id(session, *at, points)
    # A referral point beyond the search radius cannot be reached on foot.
    within = tuple(point for point in referring if point.straight_m <= reach_m)
    return _Found(near, abroad, within)


def _reach(region: Region, request: "partial[ReachRequest]", found: _Found) -> Reached | None:
    targets = [ReachPlace(one.lon, one.lat, one.candidate.country) for one in found.everyone]
    try:
        return region.reacher.reach(request(targets=targets))
    except OffNetwork:
        return None


def _ways(
    found: _Found, reached: Reached | None, country: str, at: datetime, profile: Profile
) -> _Ways:
    """Return distance, arrival time and crossings of the way to each space that can be reached.

    A way is by road, unless the stretches off the road are longer than the straight line, which is
    then taken. Spaces of another country are only reached by road and through official crossings
    (P33).
    """
    ways, arrivals, passed = {}, {}, {}
    for index, one in enumerate(found.everyone):
        by_road = None if reached is None else _by_road(reached, index, one.straight_m, profile)
        posts = () if reached is None else reached.crossings[index]
        is_abroad = one.candidate.country != country
        if by_road is None or (is_abroad and not posts):
            if is_abroad:
                continue
            by_road, posts = _straight(one.straight_m, profile), ()
        way = replace(by_road, crosses_border=bool(posts))
        ways[one.candidate.id], passed[one.candidate.id] = way, posts
        arrivals[one.candidate.id] = arrival(at, way, profile)
    return _Ways(at, profile, ways, arrivals, passed)


def _by_road(
    reached: Reached, index: int, straight_m: float, profile: Profile
) -> SpaceDistance | None:
    off_m = reached.start_off_m + float(reached.target_off_m[index])
    distance_m = float(reached.distance_m[index])
    if not np.isfinite(distance_m) or off_m > straight_m:
        return None
    off_s = _walk_s(off_m, profile)
    return SpaceDistance(
        distance_m + off_m,
        float(reached.duration_s[index]) + off_s,
        float(reached.exposure_s[index]),
        "walking",
    )


def _straight(straight_m: float, profile: Profile) -> SpaceDistance:
    return SpaceDistance(straight_m, _walk_s(straight_m, profile), 0.0, "straight")


def _walk_s(distance_m: float, profile: Profile) -> float:
    """Return the walking time on level ground, seconds, at the pace of the profile."""
    return distance_m * 3.6 / flat_kmh(profile)


def arrival(at: datetime, way: SpaceDistance, profile: Profile) -> datetime:
    """Return the arrival time at the end of a way that starts at an aware time.

    A walk that fits into one day goes on without a rest, whatever the hour: its time on foot is all
    that people are told of it. A longer one goes by `routing.travel.timetable`: within the walking
    hours of the profile, and no farther than its longest day from one opening of these to the next.
    """
    if walking_days(way.distance_m, way.duration_s, profile) == 1:
        # Add durations in UTC, because arithmetic on local times ignores changes of the UTC offset
        # (daylight saving).
        there = at.astimezone(UTC) + timedelta(seconds=way.duration_s)
        return there.astimezone(at.tzinfo)
    walk = timetable(
        at,
        np.array([way.duration_s]),
        profile.window,
        leg_m=np.array([way.distance_m]),
        day_max_m=profile.day_max_m,
    )
    return walk.arrival.astimezone(at.tzinfo)


def _judge(
    need: Need, found: _Found, ways: _Ways, country: str
) -> tuple[list[Option], dict[str, tuple[Refusal, ...]], int]:
    asked = [one.candidate for one in (*found.near, *found.abroad)]
    reachable = [ways.of(space) for space in asked if space.id in ways.way]
    points = {
        one.candidate.id: ways.of(one.candidate)
        for one in found.everyone
        if one.candidate.id in ways.way
    }
    steps, against = next_steps.options(need, reachable, points, country=country)
    return steps, against, len(asked) - len(reachable)


@dataclass(frozen=True)
class _Instead:
    role: str
    option: Option
    refused: tuple[Refusal, ...]


async def _instead(
    session: AsyncSession,
    question: MatchQuestion,
    country: str,
    found: _Found,
    ways: _Ways,
    against: Mapping[str, tuple[Refusal, ...]],
) -> list[_Instead]:
    """Return spaces of the person's country to call or ask at when no destination fits."""
    need = question.need
    later = [
        _Instead("later", Option(*ways.of(one.candidate)), reasons)
        for one in found.near
        if (reasons := against.get(one.candidate.id, ())) and OF_HOURS.issuperset(reasons)
    ]
    near = await candidates.candidates_near(
        session,
        question.lon,
        question.lat,
        services=(candidates.GUIDING_SERVICE,),
        country=country,
        reach_m=FAR_REACH_M,
        limit=MOST_GUIDES,
    )
    known = {one.option.candidate.id for one in later}
    guides = []
    for one in near:
        way = _straight(one.straight_m, ways.profile)
        option = Option(one.candidate, way, arrival(ways.start, way, ways.profile))
        refused = refusals(need.of_a_visit, one.candidate, option.arrival)
        if OF_HOURS.issuperset(refused) and one.candidate.id not in known:
            guides.append(_Instead("guide", option, refused))
    # Open spaces come first; the stable sort keeps each group ordered by distance.
    guides.sort(key=lambda one: bool(one.refused))
    return [*later[:MOST_FALLBACKS], *guides[:MOST_FALLBACKS]]


def _ids(options: Iterable[Option]) -> set[str]:
    return {
        space.id
        for option in options
        for space in (option.candidate, option.refers_to)
        if space is not None
    }


def _chosen(
    options: Iterable[Option],
    described: Mapping[str, Described],
    passed: Mapping[str, tuple[Crossing, ...]],
) -> Iterator[Chosen]:
    """Yield options with published data; skip spaces hidden since the options were judged."""
    for option in options:
        target = option.refers_to
        if option.candidate.id not in described or (target and target.id not in described):
            continue
        yield Chosen(
            option,
            described[option.candidate.id],
            None if target is None else described[target.id],
            passed.get(option.candidate.id, ()),
        )


async def _lines(session: AsyncSession, need: Need, country: str) -> tuple[Line, ...]:
    is_child = need.is_alone or (need.age is not None and need.age < ADULT_AGE)
    kinds = (*LINES, CHILDRENS_LINE) if is_child else LINES
    return await essential_lines(session, [country], kinds)
