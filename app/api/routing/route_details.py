"""Explanations of a route in ``POST /routes``: segments, hazards, trade-off, crossings."""

from datetime import timedelta
from typing import Any

import orjson

from app.api.routing.segments_json import SegmentWriter
from app.i18n.translation import Words
from app.texts import route_text, trade_off_text
from app.texts.route_text import RouteTextSource
from routing.engine.itinerary import Passage
from routing.route.trade_offs import Trade


def explained(
    w: Words, about: RouteTextSource, segments: SegmentWriter | None = None
) -> dict[str, Any]:
    """Return the explanations of a route; values are not rounded, so that segments sum to totals.

    Parameters
    ----------
    w
        Texts of the requested language.
    about
        The route with the data for its description.
    segments
        Writer of the segments; None leaves the segments out.
    """
    route = about.route
    found: dict[str, Any] = {
        "crossings_at": [_passage(passage) for passage in route.passages],
        "hazards": [_hazard(about, hazard_id) for hazard_id in route.hazards],
        "trade": _trade(about.trade)
        | {"text": route_text.plain(w, trade_off_text.trade_words(w, about))},
    }
    if segments is not None:
        found["segments"] = orjson.Fragment(segments.written(about, route.segments))
    return found


def _passage(passage: Passage) -> dict[str, Any]:
    return {
        "id": passage.crossing.id,
        "arrival": passage.arrival,
        "wait_s": passage.wait_s,
        "through": passage.arrival + timedelta(seconds=passage.wait_s),
        "position": "surveyed" if passage.crossing.is_surveyed else "approximate",
    }


def _hazard(about: RouteTextSource, hazard_id: str) -> dict[str, Any]:
    """Return a hazard with its published members only (P36)."""
    hazard = about.hazards[hazard_id]
    return {
        "id": hazard.id,
        "title": hazard.title,
        "kind": hazard.kind,
        "family": hazard.family,
        "source": hazard.source,
        "published_on": hazard.published_on,
        "age_days": about.age_days(hazard_id),
        "demo": hazard.demo,
    }


def _trade(trade: Trade) -> dict[str, Any]:
    return {
        "against": trade.against,
        "is_quickest": trade.is_quickest,
        "extra_s": trade.extra_s,
        "extra_m": trade.extra_m,
        "extra_days": trade.extra_days,
        "wait_s": trade.wait_s,
        "exposure": {
            kind: {"value": difference.value, "unit": difference.unit}
            for kind, difference in trade.exposure.items()
        },
        "unknown_m": trade.unknown_m,
        "unknown": dict(trade.unknown),
    }
