"""Parts of the offline packs for phones, as JSON objects.

A pack has two halves, which change for different reasons and are cached separately: the spaces, and
their surroundings (crossings, hazards, roads). Help lines and advice are few, and are read at each
request.
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
from geo.guidance.messages import BankText
from routing.route.open_world_report import LEAST_EXTRA_S
from routing.router.open_world_comparison import MOST_ALONE
from routing.router.regional import Crossing
from routing.router.search import WORTH_WAITING
from routing.travel.profiles import FAMILY, Profile
from routing.travel.speed import FLAT_KMH
from routing.travel.timetable import TAIL_S

#: Version of the pack format. A change that makes phones misread packs needs a new version, at
#: which phones drop the packs that they have.
FORMAT: Final = 1

#: Grid to which the outlines of hazards are rounded, degrees: about a metre.
_GRID: Final = 1e-5


@dataclass(frozen=True)
class PackSurroundings:
    """Public crossings, hazards and administrative units around the spaces.

    ``routed`` holds the router's objects of crossings; ``units`` names the first-level
    administrative unit of each node of the sketch network.
    """

    routed: Sequence[Crossing]
    hazards: Sequence[ActiveHazard]
    units: Sequence[str | None] = ()


@dataclass(frozen=True)
class PackAdvice:
    """Public advice for a country: texts, pathways, notes of good practice, channels.

    Texts are included in all languages, because a pack does not depend on the reader's language.
    """

    texts: Sequence[BankText]
    pathways: Sequence[Mapping[str, Any]]
    practices: Sequence[Mapping[str, Any]]
    channels: Sequence[Mapping[str, Any]]


def head_of(span: Span, *, is_demo: bool) -> dict[str, Any]:
    """Return the members with which every file for phones begins: format, time, expiry, notice."""
    return {
        "format": FORMAT,
        "start": span.start,
        "horizon_days": HORIZON_DAYS,
        "expires_on": span.expires_on,
        "demo": is_demo,
        "notice": route_phrases.notice(is_demo=is_demo),
    }


def walker_of(profile: Profile) -> dict[str, float]:
    """Return walking speed, distances and hours, with which phones compute their routes (P46)."""
    return {
        "speed_m_s": round(FLAT_KMH / 3.6, 3),
        "day_max_m": profile.day_max_m,
        "slow_day_m": FAMILY.day_max_m,
        "window_s": profile.window_s,
        "window_start_h": 0.0 if profile.window_start is None else profile.window_start.hour,
        "tail_s": TAIL_S,
    }


def limits_of(settings: Settings) -> dict[str, float]:
    """Return the limits beyond which a phone refuses a route instead of showing it (P54).

    ``worth_waiting`` is the limit for offering to wait as an alternative to a detour: the longest
    moving time of the waiting route, as a share of the detour's moving time.
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
    """Return hazards, and the roads of the sketch network in which a phone searches routes.

    Hazards are those in force at some time of the pack's span. ``roads`` is null if no sketch is
    imported.
    """
    hazards = holding(around.hazards, span)
    sketch = sketch_of(network)
    return {
        "hazards": [hazard_of(one, span) for one in hazards],
        "roads": None if sketch is None else roads_of(sketch, around.routed, hazards, around.units),
    }


def sketch_of(network: RoadNetworks) -> Region | None:
    """Return the sketch network (main roads along corridors); None if no sketch is imported."""
    return next((r for r in network.regions() if r.meta.kind == "sketch"), None)


def crossings_of(stated: Sequence[StatedCrossing], span: Span) -> list[dict[str, Any]]:
    """Return official crossings, each with all known changes of its state (P32)."""
    return [_crossing(one, span) for one in stated]


def lines_of(contacts: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return phone lines for help (P45) with the members that a phone shows."""
    names = ("kind", "name", "admin1", "phone", "whatsapp", "hours", "demo")
    return [{name: row[name] for name in names} for row in contacts]


def advice_of(advice: PackAdvice) -> dict[str, Any]:
    """Return texts, pathways, notes of good practice and channels as a phone shows them.

    Each text, pathway and channel has the last day on which a phone shows it as ``until``; None for
    a text without end.
    """
    return {
        "texts": [
            {
                "key": text.key,
                "kind": text.kind,
                "language": text.language,
                "body": text.body,
                "until": text.valid_to,
                "demo": text.demo,
            }
            for text in advice.texts
        ],
        "pathways": [
            {
                **_members(row, "title", "need", "admin1", "demo"),
                "until": row["expires_on"],
                "steps": [_step(step) for step in row["steps"]],
            }
            for row in advice.pathways
        ],
        "practices": [
            _members(row, "title", "body", "language", "space", "demo") for row in advice.practices
        ],
        "channels": [
            {
                **_members(row, "name", "medium", "operator", "address", "admin1", "status"),
                "until": row["expires_on"],
                "demo": row["demo"],
            }
            for row in advice.channels
        ],
    }


def _members(row: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: row[name] for name in names}


def _step(step: Mapping[str, Any]) -> dict[str, Any]:
    contact, space = step["contact"], step["space"]
    return {
        "instruction": step["instruction"],
        "call": None if contact is None else contact["phone"] or contact["whatsapp"],
        "space": None if space is None else space["id"],
    }


def holding(hazards: Sequence[ActiveHazard], span: Span) -> list[ActiveHazard]:
    """Return the hazards that are in force at some time of a span."""
    return [
        one for one in hazards if holds(one, span.start) or span.start <= one.valid_from < span.end
    ]


def _crossing(crossing: StatedCrossing, span: Span) -> dict[str, Any]:
    now = crossing.at(span.start)
    # Phones repeat the last week of the span until the weekly pattern of the crossing changes. A
    # week in which the pattern changes is not repeated.
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
    """Return the changes of state in a week that phones repeat until the next change of pattern.

    The week starts at ``begins``, a change of the crossing's weekly pattern.
    """
    changes = _changes(crossing, span, begins, REPEATED.days)
    return [(minute, state) for minute, state in changes if minute < until]


def _changes(
    crossing: StatedCrossing, span: Span, start: datetime, days: int
) -> list[tuple[int, str]]:
    return [(span.minute(at), state) for at, state in crossing.changes(start, days)]


def hazard_of(hazard: ActiveHazard, span: Span) -> dict[str, Any]:
    """Return a published hazard, with begin and end of its validity in minutes of the span."""
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
        "published_on": hazard.published_on.isoformat(),
        "source": hazard.source,
        "demo": hazard.demo,
        "geometry": shapely.geometry.mapping(outline),
    }
