"""What ``POST /routes`` says of a route beside its totals: segments, hazards, trade, crossings."""

from datetime import timedelta
from typing import Any

from app import route_words, trade_words
from app.route_words import Told
from app.web.i18n import Words
from routing.explanation import RouteSegment, SegmentFactor
from routing.itinerary import Passage
from routing.trade import Trade


def explained(w: Words, about: Told, *, with_segments: bool) -> dict[str, Any]:
    """Return the properties; figures are not rounded, so that segments sum to the totals."""
    route = about.route
    found: dict[str, Any] = {
        "crossings_at": [_passage(passage) for passage in route.passages],
        "hazards": [_hazard(about, hazard_id) for hazard_id in route.hazards],
        "trade": _trade(about.trade)
        | {"text": route_words.plain(w, trade_words.trade_words(w, about))},
    }
    if with_segments:
        found["segments"] = [_segment(w, about, segment) for segment in route.segments]
    return found


def _passage(passage: Passage) -> dict[str, Any]:
    return {
        "id": passage.crossing.id,
        "arrival": passage.arrival,
        "wait_s": passage.wait_s,
        "through": passage.arrival + timedelta(seconds=passage.wait_s),
    }


def _hazard(about: Told, hazard_id: str) -> dict[str, Any]:
    """Return a hazard with nothing that is not published (P36)."""
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


def _segment(w: Words, about: Told, segment: RouteSegment) -> dict[str, Any]:
    return {
        # Millimetres: edges are measured in decimetres.
        "from_m": round(segment.from_m, 3),
        "to_m": round(segment.to_m, 3),
        "road": segment.road,
        "ref": segment.ref,
        "road_class": segment.road_class,
        "surface": segment.surface,
        "lit": segment.lit,
        "sidewalk": segment.sidewalk,
        "night": segment.night,
        "hazards": segment.hazards,
        "ascent_m": segment.ascent_m,
        "descent_m": segment.descent_m,
        "duration_s": segment.duration_s,
        "exposure": {**segment.exposure},
        "unknown": {**segment.unknown},
        "factors": [_factor(factor) for factor in segment.factors],
        "network": segment.network,
        "as_of": segment.as_of,
        "text": route_words.segment_text(w, about, segment),
    }


def _factor(factor: SegmentFactor) -> dict[str, Any]:
    return {
        "kind": factor.kind,
        "name": factor.name,
        "value": factor.value,
        "is_unknown": factor.is_unknown,
    }
