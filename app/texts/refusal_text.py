"""What an answer says of a route that is refused: in words and members (P11, P32, P54)."""

from typing import Any

from app.i18n import route_phrases
from app.i18n.translation import words
from app.journeys.errors import DetourRefusedError, LongDetourError, RouteRefusedError
from app.texts import detour_text
from geo.spaces.queries import NearSpace
from geo.text.languages import DEFAULT_LANGUAGE


def detail(error: RouteRefusedError) -> str:
    """Return in Spanish why there is no route, or none of a reasonable length."""
    if isinstance(error, DetourRefusedError):
        is_closure = isinstance(error, LongDetourError)
        return detour_text.refusal("closure" if is_closure else "ceiling", error.because)
    said = [route_phrases.blocker(b.kind, b.name, b.state) for b in error.blocked_by]
    return route_phrases.refusal(list(dict.fromkeys(said)))


def members(error: RouteRefusedError) -> dict[str, Any]:
    """Return what blocks, until when, and where help is on the same side."""
    return {
        "blocked_by": error.blocked_by,
        "next_opening": error.next_opening,
        "nearest_space": None if error.nearest is None else _same_side(error.nearest),
        "lines": error.lines,
        "notice": route_phrases.CLOSURE_IS_NOT_THE_END,
        **({} if error.leg is None else {"leg": error.leg}),
        **(_detour(error) if isinstance(error, DetourRefusedError) else {}),
    }


def _detour(error: DetourRefusedError) -> dict[str, Any]:
    """Return why the only ways are too long, in Spanish, and how long the best of them is."""
    return {
        "because": detour_text.written(words(DEFAULT_LANGUAGE), error.because),
        "detour": {
            "distance_m": round(error.detour.distance_m, 3),
            "duration_s": error.detour.duration_s,
            "elapsed_s": error.detour.elapsed_s,
            "walking_days": error.detour.walking_days,
        },
    }


def _same_side(space: NearSpace) -> dict[str, Any]:
    return {
        "id": space.id,
        "name": space.name,
        "locality": space.locality,
        "country": space.country,
        "lon": space.lon,
        "lat": space.lat,
        "distance_m": round(space.distance_m),
        "distance_kind": "straight",
        "phones": [phone["number"] for phone in space.properties["phones"]],
    }
