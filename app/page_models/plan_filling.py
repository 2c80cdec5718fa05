"""Filling of the view models of the route results."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

import shapely

from app.journeys.errors import DetourRefusedError, LongDetourError, RouteRefusedError
from app.journeys.planner import Journey, JourneyAnswer
from app.journeys.route_ends import End
from app.journeys.route_nights import RouteStop
from app.page_models import plan_views, view_models
from app.page_models.elevation import PassedMark, elevation
from app.page_models.home_filling import crossing_of, network_of, space_of
from app.page_models.route_lines import packed
from app.texts.phones import phone_of
from app.texts.route_text import RouteTextSource, gap_advice, told
from app.texts.stage_text import stage_said
from geo.geography.crossings import CrossingState
from geo.geography.hazards import ActiveHazard
from geo.hours.space_hours import hours_of
from routing.graph.snapping import Snap
from routing.route.coverage import MeasuredLine, supports_along
from routing.route.segments import ferries
from routing.travel.exposure import Exposure
from routing.travel.profiles import ADULT
from routing.travel.support_points import Support

#: Metres per day of slower walkers: families with children, 12 to 15 km (algorithms.md section 3,
#: our assumption until field staff set it). The upper end is used, so that days are not inflated.
SLOW_DAY_M: Final = 15_000.0

#: Distance in degrees, about 5 km, within which a hazard that closes roads is mentioned as avoided
#: by the route [A].
_NEAR_DEGREES: Final = 0.05

#: Largest distance, metres, between a route and the position of a crossing that the route passes:
#: border posts stand up to 500 m off the road (definitions.md, "Border"), and farther off the
#: straight roads of a sketch network.
_POST_M: Final = 1_000.0


@dataclass(frozen=True)
class PlanQuery:
    """A route request with resolved places.

    Attributes
    ----------
    form
        The form's values, for showing the form again.
    start, end
        Start and end of the route.
    timezone
        IANA timezone name in which times are shown.
    base
        Base URL of links in shared messages.
    contacts
        Essential lines of every country (P45).
    """

    form: view_models.RouteForm
    start: End
    end: End
    timezone: str
    base: str
    contacts: Sequence[Mapping[str, Any]] = ()


def plan(
    answer: JourneyAnswer, around: view_models.PageFrame, asked: PlanQuery
) -> plan_views.PlanView:
    """Return the view of the route results."""
    about = told(answer, around.now)
    routes = tuple(
        _route(journey, answer, said) for journey, said in zip(answer.journeys, about, strict=True)
    )
    countries = _countries(asked, routes)
    return plan_views.PlanView(
        frame=around,
        form=asked.form,
        start_name=asked.start.label,
        end_name=asked.end.label,
        at=answer.question.at,
        timezone=asked.timezone,
        routes=routes,
        networks=tuple(map(network_of, answer.regions)),
        end_space=_end_space(asked.end, around.now),
        end_place=_published_place(asked.end),
        base=asked.base,
        contacts=tuple(line for line in asked.contacts if line["country"] in countries),
    )


def refused(
    refusal: RouteRefusedError,
    around: view_models.PageFrame,
    form: view_models.RouteForm,
    timezone: str,
) -> plan_views.ProblemView:
    """Return the view of a refusal: why there is no route, and help on the same side of borders."""
    near = refusal.nearest
    is_long = isinstance(refusal, DetourRefusedError)
    reason: plan_views.Reason = "no_reasonable_way" if is_long else "no_route"
    return plan_views.ProblemView(
        frame=around,
        form=form,
        reason="long_detour" if isinstance(refusal, LongDetourError) else reason,
        because=refusal.because if isinstance(refusal, DetourRefusedError) else (),
        detour=refusal.detour if isinstance(refusal, DetourRefusedError) else None,
        phones=()
        if near is None
        else tuple(one for one in map(phone_of, near.properties["phones"]) if one.call),
        lines=refusal.lines,
        blocked_by=tuple(
            plan_views.BlockerView(kind=b.kind, name=b.name, state=b.state)
            for b in refusal.blocked_by
        ),
        next_opening=refusal.next_opening,
        timezone=timezone,
        nearest=None
        if near is None
        else view_models.Nearest(
            id=near.id,
            name=near.name,
            locality=near.locality or near.name,
            country=near.country,
            distance_m=near.distance_m,
        ),
    )


def _countries(asked: PlanQuery, routes: Sequence[plan_views.RouteView]) -> set[str | None]:
    passed = (crossing.countries for route in routes for crossing in route.crossings)
    ends = {asked.start.country, asked.end.country} - {None}
    found: set[str | None] = {*ends}.union(*passed)
    # If both ends are points on the map and the route passes no crossing, no country is known, so
    # the help lines of every country are shown.
    return found or {line["country"] for line in asked.contacts}


def _end_space(end: End, now: datetime) -> view_models.Space | None:
    if end.space is None:
        return None
    row = end.space.properties
    return space_of(end.space.id, row, hours_of(row), now, None)


def _published_place(end: End) -> tuple[float, float] | None:
    """Return the end's position if published: a space with an exact position, or a crossing."""
    if end.space is not None and end.space.properties["coord_precision"] != "point":
        return None
    return None if end.space is None and end.crossing is None else (end.lon, end.lat)


def _route(journey: Journey, answer: JourneyAnswer, about: RouteTextSource) -> plan_views.RouteView:
    route = journey.route
    gap = journey.gaps.longest
    crossings = _crossings(journey, answer.knowledge.crossings)
    spaces = tuple(map(_route_space, journey.stops))
    is_adult = route.profile.name == ADULT.name
    slow_days = -int(-route.distance_m // SLOW_DAY_M)
    return plan_views.RouteView(
        distance_m=route.distance_m,
        walking_days=route.walking_days,
        # Show a second estimate, for slower walkers, only beside that of an adult: the other
        # profiles have daily distances of their own.
        walking_days_slow=max(route.walking_days, slow_days) if is_adult else None,
        ascent_m=route.ascent_m,
        is_ascent_lower_bound=route.ascent == "lower_bound",
        highest_m=route.highest_m,
        unknown_m=route.unknown_m,
        gap=plan_views.GapView(
            gap.from_m,
            gap.length_m,
            gap.from_name,
            gap.to_name,
            gap_advice(journey),
            is_overnight=journey.overnight,
        ),
        hazards=_route_hazards(route.exposure, answer.knowledge.hazards),
        avoided=_avoided(journey, answer),
        spaces=spaces,
        ferries=tuple((ferry.name, ferry.length_m) for ferry in ferries(route.segments)),
        crossings=crossings,
        stages=tuple(_stages(journey)),
        stays_at_start=any(
            stage.date > route.departure.date()
            for stage in journey.stages[:1]
            if route.departure is not None
        ),
        elevation=elevation(
            route.heights,
            route.distance_m,
            gap=(gap.from_m, gap.length_m),
            passed=_passed(spaces, crossings),
        ),
        sketched=tuple(
            (from_m, to_m)
            for from_m, to_m, region in journey.stretches
            if region.meta.kind == "sketch" and journey.network_kind == "mixed"
        ),
        line=packed(route.coordinates, route.measure_m),
        offroad_start_m=_off_m(route.start_snap),
        offroad_end_m=_off_m(route.end_snap),
        vehicle_s=None if route.mode == "foot" else route.duration_s,
        told=about,
        because=journey.because,
        beyond=journey.beyond,
        ended=journey.ended,
    )


def _off_m(snap: Snap | None) -> float:
    return 0.0 if snap is None else snap.distance_m


def _route_hazards(
    exposure: Mapping[str, Exposure], known: Sequence[ActiveHazard]
) -> tuple[plan_views.RouteHazard, ...]:
    demo_kinds = {hazard.kind for hazard in known if hazard.demo}
    return tuple(
        plan_views.RouteHazard(kind=kind, length_m=_length_m(found), is_demo=kind in demo_kinds)
        for kind, found in sorted(exposure.items())
        if found.value > 0
    )


def _length_m(exposure: Exposure) -> float | None:
    # Exposure in events or hours is for planners (P46); the page shows a length, or else only the
    # kind of hazard.
    return exposure.value * 1000 if exposure.unit == "km" else None


def _avoided(journey: Journey, answer: JourneyAnswer) -> tuple[plan_views.Avoided, ...]:
    """Return hazards that the route avoids: nearby closures, and hazards on the other routes."""
    line = shapely.linestrings(journey.route.coordinates)
    known, own = answer.knowledge.hazards, set(journey.route.hazards)
    barred = [hazard for hazard in known if hazard.effect == "exclusion"]
    near = shapely.dwithin([hazard.geometry for hazard in barred], line, _NEAR_DEGREES)
    found = [
        _avoided_one(hazard, None)
        for hazard, is_near in zip(barred, near, strict=True)
        if is_near and hazard.id not in own
    ]
    met: dict[str, int] = {}
    for number, other in enumerate(answer.journeys, 1):
        for hazard_id in other.route.hazards:
            met.setdefault(hazard_id, number)
    found += [
        _avoided_one(hazard, met[hazard.id]) for hazard in known if hazard.id in met.keys() - own
    ]
    return tuple(found)


def _avoided_one(hazard: ActiveHazard, number: int | None) -> plan_views.Avoided:
    return plan_views.Avoided(hazard.kind, hazard.title, number, is_demo=hazard.demo)


def _crossings(
    journey: Journey, known: Iterable[CrossingState]
) -> tuple[view_models.CrossingView, ...]:
    """Return the official crossings on a route, each with its distance along the route."""
    posts = {crossing.id: crossing for crossing in known}
    passed = [posts[i] for i in journey.route.crossings if i in posts]
    along = supports_along(
        MeasuredLine.from_route(journey.route),
        [Support(one.id, one.name, one.name, one.lon, one.lat) for one in passed],
        _POST_M,
    )
    at_m = {found.support.id: found.at_m for found in along}
    # Crossings on a route are shown as open: each is open when the traveller passes, maybe after a
    # wait, even if the crossing is closed now.
    return tuple(
        replace(crossing_of(one, ()), state="open", at_m=at_m.get(one.id)) for one in passed
    )


def _route_space(stop: RouteStop) -> plan_views.RouteSpace:
    space = stop.space
    return plan_views.RouteSpace(
        id=space.id,
        name=space.name,
        locality=space.locality or space.name,
        at_m=stop.at_m,
        kind=space.kind,
        has_overnight=stop.overnight,
        is_demo=space.demo,
        offroad_m=stop.access_m,
    )


def _stages(journey: Journey) -> Iterable[plan_views.StageView]:
    day = 1
    for stage in journey.stages:
        yield plan_views.StageView(
            first_day=day,
            days=stage.days,
            from_m=stage.from_m,
            to_m=stage.to_m,
            space=None if stage.stop is None else _route_space(stage.stop),
            on=stage.date,
            nights=stage.nights,
            said=tuple(stage_said(stage)),
        )
        day += stage.days


def _passed(
    spaces: Iterable[plan_views.RouteSpace], crossings: Iterable[view_models.CrossingView]
) -> list[PassedMark]:
    found = [PassedMark(s.at_m, s.name, "night" if s.has_overnight else "space") for s in spaces]
    found += [
        PassedMark(crossing.at_m, crossing.name, "crossing")
        for crossing in crossings
        if crossing.at_m is not None
    ]
    return sorted(found, key=lambda one: one.at_m)
