"""Figures of a corridor as JSON."""

from collections.abc import Mapping
from datetime import datetime
from math import isnan
from typing import Any

from app.i18n import route_phrases
from app.planning.corridors import DatedFigures, MeasuredCorridor
from geo.spaces.eligibility import NIGHT_SERVICE
from routing.corridors.changes import CorridorChange
from routing.corridors.figures import CorridorFigures
from routing.corridors.gaps import CorridorGap


def written(found: MeasuredCorridor, now: datetime) -> dict[str, Any]:
    """Return the figures of a corridor, service by service."""
    request, supports = found.request, found.now.supports
    is_demo = found.has_demo
    return {
        "corridor": request.corridor,
        "name": found.way.name,
        "direction": "backward" if request.is_backward else "forward",
        "length_m": round(supports.length_m, 1),
        "measure": found.way.line.measure,
        "network": found.way.network or None,
        "access_m": found.access_m,
        "reach_m": request.targets.reach_m,
        "gap_m": request.targets.gap_m,
        **_dated(found, found.now),
        "compared": None
        if found.compared is None or found.change is None
        else {**_dated(found, found.compared), "changes": _changes(found, found.change)},
        "what_if": None
        if found.what_if is None
        else {
            "services": _figures(found, found.what_if.after),
            "changes": _changes(found, found.what_if),
        },
        "spaces": _spaces(found),
        "data": _data(found),
        "people": _people(found),
        "protected_services": "not counted",
        "data_as_of": now,
        "demo": is_demo,
        "notice": route_phrases.notice(is_demo=is_demo),
    }


def _people(found: MeasuredCorridor) -> dict[str, Any]:
    """Return the people near the corridor: by the operator's raster if there is one, else by towns.

    A town counts whole or not at all, because only its point is known.
    """
    towns, raster = found.people, found.by_raster
    columns = [towns.within_m, towns.people, towns.towns, towns.unknown]
    shares: list[float | None] = [None] * len(towns.within_m)
    is_by_raster = raster is not None and raster.people is not None
    if raster is not None and raster.people is not None:
        columns[1] = raster.people.people
        shares = [round(share, 3) for share in raster.people.known_share.tolist()]
    rows = zip(*(column.tolist() for column in columns), shares, strict=True)
    return {
        "source": raster.source if raster is not None and is_by_raster else "GeoNames",
        "counted_by": "raster" if is_by_raster else "towns",
        "raster_left_out": None if raster is None else raster.left_out,
        "bands": [
            {
                "within_m": within_m,
                "people": None if isnan(people) else round(people),
                "known_share": share,
                "towns": count,
                "towns_unknown": unknown,
            }
            for within_m, people, count, unknown, share in rows
        ],
    }


def _dated(found: MeasuredCorridor, state: DatedFigures) -> dict[str, Any]:
    services = _figures(found, state.figures)
    upper = None if state.if_reconfirmed is None else _figures(found, state.if_reconfirmed)
    return {
        "on": state.on,
        "services": [
            # A day without records is not known; it must not look like one long gap.
            one if is_known else {"service": one["service"], "known": False}
            for one, is_known in zip(services, state.is_known, strict=True)
        ],
        # Figures if spaces that count today, but are not confirmed for that day yet, were
        # confirmed: the truth lies between these figures and those of the confirmed spaces alone.
        "if_reconfirmed": upper,
    }


def _figures(found: MeasuredCorridor, figures: CorridorFigures) -> list[dict[str, Any]]:
    """Return the figures of each service, with its gaps in the direction of travel."""
    return [
        {
            "service": service,
            "known": True,
            "counted_by": "night" if service == NIGHT_SERVICE else "day",
            "supports": int(figures.supports[row]),
            "longest_gap": {
                **_gap(found, figures.longest_gap(row)),
                "advice": str(
                    route_phrases.gap_advice(
                        float(figures.longest_m[row]), None, overnight=service == NIGHT_SERVICE
                    )
                ),
            },
            "mean_to_next_m": round(float(figures.mean_to_next_m[row]), 1),
            "unmet_m": round(float(figures.unmet_m[row]), 1),
            "covered_share": round(float(figures.covered_share[row]), 4),
            "gaps": [_gap(found, gap) for gap in figures.gaps.of(row)],
        }
        for row, service in enumerate(found.request.services)
    ]


def _gap(found: MeasuredCorridor, gap: CorridorGap) -> dict[str, Any]:
    return {
        "from_m": round(gap.from_m, 1),
        "to_m": round(gap.to_m, 1),
        "length_m": round(gap.length_m, 1),
        "from": _end(found, gap.from_row, 0),
        "to": _end(found, gap.to_row, 1),
    }


def _end(found: MeasuredCorridor, row: int | None, side: int) -> dict[str, Any]:
    """Return where a gap ends: a space, an added space of the request, or an end of the line."""
    if row is None:
        ends = found.ends()
        return {"kind": "end", "name": None if ends is None else ends[side]}
    if row >= len(found.spaces):
        return {"kind": "added", "added": row - len(found.spaces)}
    space = found.spaces[row].support
    return {"kind": "space", "id": space.id, "name": space.name, "locality": space.place}


def _changes(found: MeasuredCorridor, change: CorridorChange) -> list[dict[str, Any]]:
    """Return for each service what a change makes different, and where help is lost and gained."""
    return [
        {
            "service": service,
            "supports": int(change.supports[row]),
            "longest_m": round(float(change.longest_m[row]), 1),
            "mean_to_next_m": round(float(change.mean_to_next_m[row]), 1),
            "unmet_m": round(float(change.unmet_m[row]), 1),
            "covered_share": round(float(change.covered_share[row]), 4),
            "lost": _rounded(change.lost.of(row)),
            "gained": _rounded(change.gained.of(row)),
        }
        for row, service in enumerate(found.request.services)
    ]


def _rounded(intervals: list[tuple[float, float]]) -> list[list[float]]:
    return [[round(begin, 1), round(end, 1)] for begin, end in intervals]


def _spaces(found: MeasuredCorridor) -> list[dict[str, Any]]:
    """Return the spaces that count on the day, in the direction of travel."""
    supports, services = found.now.supports, found.request.services
    return [
        {
            "id": at.support.id,
            "name": at.support.name,
            "locality": at.support.place,
            "at_m": round(float(supports.at_m[row]), 1),
            "access_m": round(at.access_m, 1),
            "town": at.town,
            "services": [one for n, one in enumerate(services) if supports.counts[n, row]],
        }
        for row in supports.at_m.argsort(kind="stable").tolist()
        if supports.counts[:, row].any()
        for at in (found.spaces[row],)
    ]


def _data(found: MeasuredCorridor) -> list[Mapping[str, Any]]:
    """Return age and completeness of the spaces' records, service by service."""
    data = found.data
    return [
        {
            "service": service,
            "oldest_days": _number(data.oldest_days[row]),
            "median_days": _number(data.median_days[row]),
            "undated": int(data.undated[row]),
            "hours_share": _number(data.hours_share[row]),
            "old_share": _number(data.old_share[row]),
        }
        for row, service in enumerate(found.request.services)
    ]


def _number(value: float) -> float | None:
    return None if isnan(value) else round(float(value), 4)
