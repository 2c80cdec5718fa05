"""Rendering of the route results from view models to HTML, without database, request or clock."""

import math
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal
from zoneinfo import ZoneInfo

from markupsafe import Markup

from app.i18n.translation import Words, words
from app.journeys.detours import Because
from app.page_models import elevation
from app.page_models.phone_texts import plan_texts
from app.page_models.plan_views import (
    AskView,
    GapView,
    PlanView,
    ProblemView,
    RouteSpace,
    RouteView,
)
from app.page_models.renderer import render_with_map
from app.page_models.route_sharing import how_long, shared
from app.page_models.view_models import CrossingView, PageFrame, RouteForm
from app.texts import detour_text, route_text, trade_off_text
from geo.geography.hazards import ActiveHazard
from routing.route.open_world_report import Beyond
from routing.travel.timetable import DAY_S


def render_plan(view: PlanView, lang: str) -> str:
    """Render the page of route results."""
    w = words(lang)
    return _with_form(
        "plan",
        view,
        lang,
        asked=replace(view.form, at=_local(view)),
        lines=[_drawn(w, view, route) for route in view.routes],
        itinerary=itinerary,
        how_long=partial(how_long, w),
        trade=partial(trade, w),
        because=partial(because, w),
        beyond=partial(beyond, w),
        ended=partial(ended, w, view.timezone),
        stretches=partial(stretches, w),
        shared=partial(shared, w, view),
        elevation=elevation,
    )


def render_problem(view: ProblemView, lang: str) -> str:
    """Render the route form again, with why there is no route and what to do instead."""
    w = words(lang)
    return _with_form(
        "problem",
        view,
        lang,
        accepted=replace(view.form, accepts_detour=True),
        because=partial(because, w),
        refused=detour_text.REFUSED,
        how_long=_long_time(w, view),
    )


def _long_time(w: Words, view: ProblemView) -> str:
    """Write the duration of a refused route, in days if it takes several days on foot (P46)."""
    if view.detour is None:
        return ""
    walked_s = view.detour.walking_days * DAY_S if view.detour.walking_days > 1 else 0.0
    return detour_text.how_much_time(w, max(view.detour.elapsed_s, walked_s))


def render_ask(view: AskView, lang: str) -> str:
    """Render the route form with one end chosen, to ask for the other end."""
    return _with_form("ask", view, lang)


def render_form(frame: PageFrame, form: RouteForm, lang: str) -> str:
    """Render the empty route form."""
    return _with_form("route_form", AskView(frame, form), lang)


def _with_form(
    name: str, view: PlanView | ProblemView | AskView, lang: str, **values: object
) -> str:
    """Render a page with the route form and the map."""
    texts = plan_texts(words(lang))
    return render_with_map(name, view.frame, lang, texts, view=view, form=view.form, **values)


def _local(view: PlanView) -> str:
    """Return the start time in the form's format, to repeat the request for a download."""
    return f"{view.at.astimezone(ZoneInfo(view.timezone)):%Y-%m-%dT%H:%M}"


def _drawn(w: Words, view: PlanView, route: RouteView) -> dict[str, Any]:
    """Return the data of a route for the map and the elevation profile."""
    return {
        "line": route.line,
        "heights": None if route.elevation is None else route.elevation.heights_m,
        "places": [[round(space.at_m), space.name] for space in route.spaces],
        "ends": [w.town(label) for label in (view.start_name, view.end_name)],
    }


@dataclass(frozen=True)
class ItineraryLine:
    """One row of a route's itinerary, `at_m` metres after the start.

    `is_in_gap` is true if the route from here on is part of the longest gap.
    """

    kind: Literal["space", "crossing", "gap"]
    at_m: float
    is_in_gap: bool = False
    space: RouteSpace | None = None
    crossing: CrossingView | None = None
    gap: GapView | None = None


def itinerary(route: RouteView) -> list[ItineraryLine]:
    """List the places along a route in order; the longest gap follows the place where it starts."""
    # Routes of one day need no bed, so only an overnight gap is listed.
    gap = route.gap if route.gap is not None and route.gap.is_overnight else None
    start = end = math.inf
    if gap is not None:
        # Add half a metre, because the position of the space at which the gap starts may be rounded
        # to a value after the start.
        start = gap.from_m + 0.5
        end = gap.from_m + gap.length_m - 0.5

    def is_in_gap(at_m: float) -> bool:
        return start < at_m < end

    stops = [ItineraryLine("space", s.at_m, is_in_gap(s.at_m), space=s) for s in route.spaces]
    stops += [
        ItineraryLine("crossing", c.at_m, is_in_gap(c.at_m), crossing=c)
        for c in route.crossings
        if c.at_m is not None
    ]
    stops.sort(key=lambda stop: stop.at_m)
    if gap is not None:
        before = sum(stop.at_m <= start for stop in stops)
        stops.insert(before, ItineraryLine("gap", gap.from_m, is_in_gap=True, gap=gap))
    return stops


def trade(w: Words, route: RouteView) -> Markup:
    """Return the comparison of a route with the quickest route of the response, as HTML (P46)."""
    if route.told is None:
        return Markup()
    return route_text.marked_up(
        w, trade_off_text.trade_words(w, route.told, has_list_of_hazards=True)
    )


def beyond(w: Words, limit: Beyond) -> Markup:
    """Return, as HTML, which limit a long route exceeds that a person asked for anyway (P54)."""
    return route_text.marked_up(w, [route_text.safety(w, detour_text.BEYOND[limit])])


def because(w: Words, one: Because) -> Markup:
    """Return one reason for a detour as HTML.

    The sentence that a closure does not end the right to protection is left out: the page shows it
    beside the reasons.
    """
    return route_text.marked_up(w, detour_text.because_words(w, one, with_closure=False))


def ended(w: Words, timezone: str, hazard: ActiveHazard) -> Markup:
    """Return, as HTML, that a closure's published end lies before the traveller's arrival."""
    return route_text.marked_up(w, detour_text.ended_words(w, hazard, timezone))


@dataclass(frozen=True)
class WrittenStretch:
    """A stretch of a route in words, with its start and end in metres along the route."""

    from_m: int
    to_m: int
    text: Markup


def stretches(w: Words, route: RouteView) -> list[WrittenStretch]:
    """Describe a route, one text per stretch."""
    about = route.told
    if about is None:
        return []
    found, here_m = [], 0.0
    for part in route_text.stretches(about.route.segments):
        text = route_text.marked_up(w, route_text.stretch_words(w, about, part))
        found.append(WrittenStretch(round(here_m), round(here_m + part.length_m), text))
        here_m += part.length_m
    return found
