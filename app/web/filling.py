"""Fills the pages' view models from what the public tier knows."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from app import wording
from app.gazetteer import towns
from app.journeys import Answer, Journey, RouteRefusedError, Stop
from app.network import Network, Region
from app.route_words import Told, told
from app.settings import Settings
from app.web import views
from geo import crossings, demo, hazards, spaces, vocabulary
from geo.crossings import CrossingState
from geo.freshness import age_label
from geo.hazards import ActiveHazard
from geo.hours import Hours
from geo.hours_text import hours_text
from geo.spaces import ListedSpace, SideSpace
from routing.exposure import Exposure
from routing.graph import Snap
from tiles.style import map_layers

#: Metres a day of who walks less: families with children, 12 to 15 km (algorithms.md section 3,
#: our assumption until field staff set it); the longer of the two, so that days are not inflated.
SLOW_DAY_M = 15_000.0


async def frame(
    session: AsyncSession, network: Network, settings: Settings, now: datetime
) -> views.Frame:
    """Return what every page carries around its own content."""
    return views.Frame(
        now=now,
        has_demo=await demo.has_demo(session),
        data_as_of=now.date(),
        networks=tuple(_network(region) for region in network.regions()),
        layers=map_layers(),
        places=tuple(sorted(town.label for town in towns(network).values())),
        hotline=settings.hotline,
        incident_contact=settings.incident_contact,
        names={
            (term.vocabulary, term.code): term.names
            for term in await vocabulary.named_terms(session)
        },
    )


async def home(
    session: AsyncSession, around: views.Frame, service: str | None, form: views.Form
) -> views.HomeView:
    """Return the page ``/``: spaces, crossings and hazards as known now."""
    listed = await spaces.listed_spaces(session, service)
    sides = defaultdict(list)
    for side in await spaces.nearest_by_side(session):
        sides[side.crossing_id].append(side)
    return views.HomeView(
        frame=around,
        spaces=tuple(_space(space, around.now) for space in listed),
        services=await vocabulary.services(session),
        service=service,
        crossings=tuple(
            _crossing(crossing, sides[crossing.id])
            for crossing in await crossings.states_at(session, around.now)
        ),
        hazards=tuple(map(_hazard, await hazards.active_hazards(session, around.now))),
        form=form,
    )


def plan(
    answer: Answer,
    around: views.Frame,
    form: views.Form,
    *,
    names: tuple[str, str],
    timezone: str,
) -> views.PlanView:
    """Return the answer to the route form."""
    return views.PlanView(
        frame=around,
        form=form,
        start=answer.question.start,
        end=answer.question.end,
        start_name=names[0],
        end_name=names[1],
        at=answer.question.at,
        timezone=timezone,
        routes=tuple(
            _route(journey, answer, about)
            for journey, about in zip(answer.journeys, told(answer, around.now), strict=True)
        ),
        networks=tuple(map(_network, answer.regions)),
    )


def refused(
    refusal: RouteRefusedError, around: views.Frame, form: views.Form, timezone: str
) -> views.ProblemView:
    """Return why there is no route, and where help is on the same side."""
    near = refusal.nearest
    return views.ProblemView(
        frame=around,
        form=form,
        reason="no_route",
        blocked_by=tuple(
            views.Blocker(kind=b.kind, name=b.name, state=b.state) for b in refusal.blocked_by
        ),
        next_opening=refusal.next_opening,
        timezone=timezone,
        nearest=None
        if near is None
        else views.Nearest(
            id=near.id,
            name=near.name,
            locality=near.locality or near.name,
            country=near.country,
            distance_m=near.distance_m,
        ),
    )


def _network(region: Region) -> views.Network:
    meta = region.meta
    return views.Network(meta.name, meta.title, meta.kind, meta.attribution)


def _space(space: ListedSpace, now: datetime) -> views.Space:
    return space_of(space.id, space.properties, space.hours, now, space.referral_name)


def space_of(
    space_id: str,
    row: Mapping[str, Any],
    hours: Hours,
    now: datetime,
    referral_name: str | None,
) -> views.Space:
    """Return a space as a list shows it; ``row`` has its published properties."""
    status = hours.status_at(now)
    is_open = None if status.state == "not_known" else status.state == "open"
    confirmed_on, today = row["confirmed_on"], now.astimezone(ZoneInfo(row["timezone"])).date()
    return views.Space(
        id=space_id,
        name=row["name"],
        kind=row["kind"],
        locality=row["locality"] or row["name"],
        country=row["country"],
        timezone=row["timezone"],
        status=row["status"],
        is_open=is_open,
        changes_at=status.closes_at if is_open else hours.next_opening(now),
        doubt=status.doubt,
        last_entry=status.last_entry,
        call_before=confirmed_on is not None
        and age_label(confirmed_on, row["expires_on"], today).call_before,
        confirmed_on=confirmed_on,
        is_demo=row["demo"],
        services=row["services"],
        languages=row["languages"],
        is_referral_only=row["access"] == "referral_only",
        referral_from=referral_name,
        phones=tuple(phone["number"] for phone in row["phones"]),
        contact=row["contact"],
        organization=row["organization"],
        eligibility=row["eligibility"],
        hours=hours_text(hours.openings),
        is_free=None if row["fee_kind"] == "not_known" else row["fee_kind"] == "free",
    )


def _crossing(crossing: CrossingState, sides: Iterable[SideSpace]) -> views.Crossing:
    return views.Crossing(
        id=crossing.id,
        name=crossing.name,
        countries=(crossing.country_a, crossing.country_b),
        state=crossing.state,
        timezone=crossing.timezone or "UTC",
        next_opening=crossing.next_opening,
        nearest=()
        if crossing.state == "open"
        else tuple(
            views.Nearest(s.id, s.name, s.locality or s.name, s.country, s.distance_m)
            for s in sides
        ),
        is_demo=crossing.demo,
    )


def _hazard(hazard: ActiveHazard) -> views.Hazard:
    return views.Hazard(
        id=hazard.id,
        kind=hazard.kind,
        title=hazard.title,
        is_exclusion=hazard.effect == "exclusion",
        night_only=hazard.night_only,
        valid_until=None if hazard.valid_to is None else hazard.valid_to.date(),
        source=hazard.source,
        is_demo=hazard.demo,
    )


def _route(journey: Journey, answer: Answer, about: Told) -> views.Route:
    route = journey.route
    gap = journey.gaps.longest
    passed = {crossing.id: crossing for crossing in answer.knowledge.crossings}
    return views.Route(
        distance_m=route.distance_m,
        walking_days=route.walking_days,
        walking_days_slow=max(route.walking_days, -int(-route.distance_m // SLOW_DAY_M)),
        ascent_m=route.ascent_m,
        is_ascent_lower_bound=route.ascent == "lower_bound",
        highest_m=route.highest_m,
        unknown_m=route.unknown_m,
        # Nobody looks for a bed on a way of one day.
        gap=views.Gap(
            gap.from_m,
            gap.length_m,
            gap.from_name,
            gap.to_name,
            wording.gap_advice(gap.length_m, journey.gap_highest_m),
        )
        if journey.overnight
        else None,
        hazards=_route_hazards(route.exposure, answer.knowledge.hazards),
        spaces=tuple(map(_route_space, journey.stops)),
        # Open when it is passed, after a wait if need be; now it may be closed.
        crossings=tuple(
            replace(_crossing(passed[i], ()), state="open") for i in route.crossings if i in passed
        ),
        offroad_start_m=_off_m(route.start_snap),
        offroad_end_m=_off_m(route.end_snap),
        told=about,
    )


def _off_m(snap: Snap | None) -> float:
    return 0.0 if snap is None else snap.distance_m


def _route_hazards(
    exposure: Mapping[str, Exposure], known: Sequence[ActiveHazard]
) -> tuple[views.RouteHazard, ...]:
    demo_kinds = {hazard.kind for hazard in known if hazard.demo}
    return tuple(
        views.RouteHazard(kind=kind, length_m=_length_m(found), is_demo=kind in demo_kinds)
        for kind, found in sorted(exposure.items())
        if found.value > 0
    )


def _length_m(exposure: Exposure) -> float | None:
    # P46: events and hours are for planners; the page shows lengths or the kind alone.
    return exposure.value * 1000 if exposure.unit == "km" else None


def _route_space(stop: Stop) -> views.RouteSpace:
    space = stop.space
    return views.RouteSpace(
        id=space.id,
        name=space.name,
        locality=space.locality or space.name,
        at_m=stop.at_m,
        kind=space.kind,
        has_overnight=stop.overnight,
        is_demo=space.demo,
    )


def start_of_day(today: date) -> str:
    """Return a start for the form: the next morning, as ``datetime-local`` writes it."""
    return f"{today.isoformat()}T08:00"
