"""Itineraries as JSON; if there is none, a problem document with the stretches that fail."""

from typing import Any

import numpy as np

from app.i18n import route_phrases
from app.i18n.translation import Words
from app.planning.itineraries import Itineraries, NoItineraryError
from app.planning.itinerary_world import END
from app.texts import detour_text
from app.texts.stage_text import constraints_of, mended_by
from geo.spaces.candidates import NightCandidate
from routing.planning.front import ShownItinerary
from routing.planning.itineraries import ItineraryDay
from routing.planning.stretches import NearPlace, Stretch
from routing.route.route import Route


def feature_collection(found: Itineraries, w: Words) -> dict[str, Any]:
    """Return the itineraries as GeoJSON: one MultiLineString feature each, with a line per day."""
    journey = found.journey.journeys[0]
    return {
        "type": "FeatureCollection",
        "features": [_feature(found, one) for one in found.shown],
        "front": found.front_count,
        **_asked(found),
        "because": detour_text.written(w, journey.because),
        "detour": detour_text.detour(w, journey.beyond),
        **_about(found),
        "attribution": found.region.meta.attribution,
    }


def failure(error: NoItineraryError, w: Words) -> dict[str, Any]:
    """Return the members of a problem: the stretches that cannot be walked, and their remedies."""
    found = error.found
    failed = found.failure
    assert failed is not None  # noqa: S101 -- only such are raised
    return {
        "stretches": [_stretch(found, one) for one in failed.stretches],
        "nights_needed": failed.nights_needed,
        "is_cut_off": failed.is_cut_off,
        **_asked(found),
        "lines": error.lines,
        "because": detour_text.written(w, found.journey.journeys[0].because),
        **_about(found),
    }


def _asked(found: Itineraries) -> dict[str, Any]:
    """Return the values of the request that defaults may have set.

    ``off_network_m`` are the distances from the ends to the road; no length of a day includes them.
    """
    route = found.journey.journeys[0].route
    return {
        "at": found.question.departure,
        "off_network_m": {
            "start": round(route.start_snap.distance_m),
            "end": round(route.end_snap.distance_m),
        },
        "profile": found.request.profile.name,
        "max_day_m": found.request.max_day_m,
        "max_nights": found.request.max_nights,
        "people": found.request.need.people or 1,
    }


def _about(found: Itineraries) -> dict[str, Any]:
    is_demo = found.journey.knowledge.demo
    return {
        "heights": "known" if found.has_heights else "not_known",
        "network": found.region.meta.name,
        "network_kind": found.region.meta.kind,
        "network_as_of": found.region.meta.extract_timestamp,
        "data_as_of": found.now,
        "demo": is_demo,
        "notice": route_phrases.notice(is_demo=is_demo),
    }


def _feature(found: Itineraries, one: ShownItinerary) -> dict[str, Any]:
    itinerary = one.itinerary
    routes = [_route(found, day) for day in itinerary.days]
    return {
        "type": "Feature",
        "geometry": {
            "type": "MultiLineString",
            "coordinates": [
                np.ascontiguousarray(route.coordinates) for route in routes if route is not None
            ],
        },
        "properties": {
            "best_in": [*one.best_in],
            "nights": itinerary.nights,
            "rests": itinerary.rests,
            "distance_m": round(itinerary.distance_m),
            "duration_s": round(sum(day.duration_s for day in itinerary.days)),
            "hardest_day_s": round(itinerary.hardest_s),
            "arrival": itinerary.arrival,
            "days": [
                _day(found, day, route) for day, route in zip(itinerary.days, routes, strict=True)
            ],
        },
    }


def _route(found: Itineraries, day: ItineraryDay) -> Route | None:
    number = (day.date - found.question.departure.date()).days
    return found.legs.get((number, (day.origin, day.destination)))


def _day(found: Itineraries, day: ItineraryDay, route: Route | None) -> dict[str, Any]:
    """Return one day: its two ends, its times, and what is known of the way and the night."""
    highest_m = None if route is None else route.highest_m
    space = found.space(day.destination)
    return {
        "date": day.date,
        "rest": day.is_rest,
        "from": _place(found, day.origin),
        "to": _place(found, day.destination),
        "departure": day.departure,
        "arrival": day.arrival,
        "entry": day.entry if day.is_slept_at else None,
        "distance_m": round(day.distance_m),
        "duration_s": round(day.duration_s),
        "crossings": _crossings(found, day),
        "crossings_wait_s": round(day.crossings_wait_s),
        "door_wait_s": round(day.door_wait_s),
        "ascent_m": None if route is None else round(route.ascent_m),
        "highest_m": None if highest_m is None else round(highest_m),
        "hazards": [] if route is None else list(route.hazards),
        "unknown_m": None if route is None else round(route.unknown_m),
        "sleeps": day.is_slept_at,
        # A word, which promises no bed: the public never sees numbers of beds (P42).
        "room": _room(space) if day.is_slept_at and space is not None else None,
    }


def _room(space: NightCandidate) -> str:
    return space.candidate.capacity


def _crossings(found: Itineraries, day: ItineraryDay) -> list[str]:
    """Return the ids of the official crossings passed on a day, in order."""
    if day.leg is None:
        return []
    passages = found.question.legs.passages
    rows = passages.crossing[passages.leg == day.leg]
    return [found.crossing_ids[row] for row in rows.tolist()]


def _place(found: Itineraries, row: int) -> dict[str, Any]:
    """Return an end or a space; an end has no coordinates, because the client sent them."""
    space = found.space(row)
    if space is None:
        return {"kind": "end" if row == END else "start", "name": found.end_names[row]}
    return {
        "kind": "space",
        "id": space.candidate.id,
        "name": space.name,
        "locality": space.locality,
        "country": space.candidate.country,
        "lon": space.lon,
        "lat": space.lat,
    }


def _stretch(found: Itineraries, one: Stretch) -> dict[str, Any]:
    """Return a stretch that cannot be walked on its date, with remedies that each suffice alone."""
    return {
        "from": _place(found, one.origin),
        "to": _place(found, one.destination),
        "date": one.date,
        "length_m": round(one.length_m),
        "duration_s": round(one.duration_s),
        **constraints_of(one.constraints),
        "before": _near(found, one.before),
        "after": _near(found, one.after),
        "mended_by": mended_by(one.remedies),
        "advice": str(route_phrases.gap_advice(one.length_m, None)),
    }


def _near(found: Itineraries, near: NearPlace | None) -> dict[str, Any] | None:
    if near is None:
        return None
    return {**_place(found, near.place), "distance_m": round(near.distance_m)}
