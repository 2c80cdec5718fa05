"""What phones take along, as JSON: a pack of a country, and every space of all of them.

Built in two halves that change for different reasons and are kept apart: the spaces, and what is
around them (crossings, hazards, roads). Lines to call are few and are read each time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import shapely

from app.i18n import route_phrases
from app.packs.roads import roads_of
from app.packs.timespan import HORIZON_DAYS, REPEATED, Span
from app.settings import Settings
from app.snapshots.road_networks import Region, RoadNetworks
from geo.geography.crossings import StatedCrossing
from geo.geography.hazards import ActiveHazard, holds
from routing.route.open_world_report import LEAST_EXTRA_S
from routing.router.open_world_comparison import MOST_ALONE
from routing.router.regional import Crossing
from routing.router.search import WORTH_WAITING
from routing.travel.profiles import FAMILY, Profile
from routing.travel.speed import FLAT_KMH
from routing.travel.timetable import TAIL_S

#: Counted up when phones have to forget packs that they would read wrongly.
FORMAT: Final = 1

#: Degrees of a hazard's outline: a metre or so.
_GRID: Final = 1e-5


@dataclass(frozen=True)
class PackSurroundings:
    """What lies around the spaces, as the public knows it; crossings as the router takes them.

    ``units`` name the first-level unit of each of the sketch's nodes.
    """

    routed: Sequence[Crossing]
    hazards: Sequence[ActiveHazard]
    units: Sequence[str | None] = ()


def head_of(span: Span, *, is_demo: bool) -> dict[str, Any]:
    """Return what every file for phones begins with: its format, time, expiry and notice."""
    return {
        "format": FORMAT,
        "start": span.start,
        "horizon_days": HORIZON_DAYS,
        "expires_on": span.expires_on,
        "demo": is_demo,
        "notice": route_phrases.notice(is_demo=is_demo),
    }


def walker_of(profile: Profile) -> dict[str, float]:
    """Return how far and how fast people walk; who walks less is worded beside (P46)."""
    return {
        "speed_m_s": round(FLAT_KMH / 3.6, 3),
        "day_max_m": profile.day_max_m,
        "slow_day_m": FAMILY.day_max_m,
        "window_s": profile.window_s,
        "window_start_h": 0.0 if profile.window_start is None else profile.window_start.hour,
        "tail_s": TAIL_S,
    }


def limits_of(settings: Settings) -> dict[str, float]:
    """Return from where on a phone refuses a way instead of telling it as if ordinary (P54).

    And from where on it offers to wait beside a detour: ``worth_waiting``, the most that the way
    that waits may move, as a share of the detour's moving time.
    """
    return {
        "detour_factor": settings.detour_factor,
        "detour_min_extra_s": settings.detour_min_extra_s,
        "ceiling_factor": settings.ceiling_factor,
        "ceiling_min_s": settings.ceiling_min_s,
        "least_extra_s": LEAST_EXTRA_S,
        "most_alone": MOST_ALONE,
        "worth_waiting": WORTH_WAITING,
    }


def around_of(around: PackSurroundings, network: RoadNetworks, span: Span) -> dict[str, Any]:
    """Return hazards and the roads of the sketch, which is what a phone searches.

    ``roads`` is null where no sketch is imported.
    """
    hazards = [one for one in around.hazards if _holds_sometime(one, span)]
    sketch = sketch_of(network)
    return {
        "hazards": [_hazard(one, span) for one in hazards],
        "roads": None if sketch is None else roads_of(sketch, around.routed, hazards, around.units),
    }


def sketch_of(network: RoadNetworks) -> Region | None:
    """Return the corridor sketch, where it is imported."""
    return next((r for r in network.regions() if r.meta.kind == "sketch"), None)


def crossings_of(stated: Sequence[StatedCrossing], span: Span) -> list[dict[str, Any]]:
    """Return official crossings with each change of their state (P32)."""
    return [_crossing(one, span) for one in stated]


def lines_of(contacts: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return lines to call (P45), with what a phone says of each."""
    names = ("kind", "name", "admin1", "phone", "whatsapp", "hours", "demo")
    return [{name: row[name] for name in names} for row in contacts]


def _holds_sometime(hazard: ActiveHazard, span: Span) -> bool:
    return holds(hazard, span.start) or span.start <= hazard.valid_from < span.end


def _crossing(crossing: StatedCrossing, span: Span) -> dict[str, Any]:
    now = crossing.at(span.start)
    # The last week of the span repeats until a turn: where one falls into it, not at all.
    turns = crossing.turns(span.end - REPEATED, span.known_until)
    begins = sorted({max(turn, span.end) for turn in turns})
    ends = [span.minute(moment) for moment in (*begins, span.known_until)]
    return {
        "id": crossing.id,
        "name": crossing.name,
        "countries": [crossing.country_a, crossing.country_b],
        "lon": crossing.lon,
        "lat": crossing.lat,
        "timezone": now.timezone or "UTC",
        "demo": now.demo,
        "changes": _changes(crossing, span, span.start, HORIZON_DAYS),
        "known_until": ends[0],
        "later": [
            {"until": until, "changes": _week(crossing, span, begin, until)}
            for begin, until in zip(begins, ends[1:], strict=True)
        ],
    }


def _week(
    crossing: StatedCrossing, span: Span, begins: datetime, until: int
) -> list[tuple[int, str]]:
    """Return the changes of the week from a turn on, which repeats until the next one."""
    changes = _changes(crossing, span, begins, REPEATED.days)
    return [(minute, state) for minute, state in changes if minute < until]


def _changes(
    crossing: StatedCrossing, span: Span, start: datetime, days: int
) -> list[tuple[int, str]]:
    return [(span.minute(at), state) for at, state in crossing.changes(start, days)]


def _hazard(hazard: ActiveHazard, span: Span) -> dict[str, Any]:
    begins, ends = hazard.valid_from, hazard.valid_to
    outline = shapely.set_precision(hazard.geometry, _GRID)
    return {
        "id": hazard.id,
        "kind": hazard.kind,
        "title": hazard.title,
        "effect": hazard.effect,
        "weight": hazard.weight,
        "night_only": hazard.night_only,
        "from_minute": None if begins <= span.start else span.minute(begins),
        "until_minute": None if ends is None else span.minute_after(ends),
        "source": hazard.source,
        "demo": hazard.demo,
        "geometry": shapely.geometry.mapping(outline),
    }
