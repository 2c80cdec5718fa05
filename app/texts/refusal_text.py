"""Content of a response that refuses a route: a text and JSON members (P11, P32, P54).

The text is in the language of the request; a translation that no person
has reviewed is labelled so (P47).
"""

from typing import Any

from app.i18n.translation import Words
from app.journeys.errors import DetourRefusedError, LongDetourError, RouteRefusedError
from app.texts import detour_text, route_text
from geo.spaces.queries import NearSpace


def detail(error: RouteRefusedError, w: Words) -> str:
    """Return the text that says why there is no route, or no route of a reasonable length."""
    if isinstance(error, DetourRefusedError):
        is_closure = isinstance(error, LongDetourError)
        return detour_text.refusal(w, "closure" if is_closure else "ceiling", error.because)
    return detour_text.no_way(w, error.blocked_by)


def members(error: RouteRefusedError, w: Words) -> dict[str, Any]:
    """Return the JSON members of a refusal: obstacles, next opening, and help to turn to.

    The nearest space is on the side of the obstacles where the refused leg starts.
    """
    return {
        "blocked_by": error.blocked_by,
        "next_opening": error.next_opening,
        "nearest_space": None if error.nearest is None else _same_side(error.nearest),
        "lines": error.lines,
        "notice": route_text.plain(w, [detour_text.closure_is_not_the_end(w)]),
        **({} if error.leg is None else {"leg": error.leg}),
        **(_detour(error, w) if isinstance(error, DetourRefusedError) else {}),
    }


def _detour(error: DetourRefusedError, w: Words) -> dict[str, Any]:
    """Return JSON members with the reasons for a detour and the figures of the refused route."""
    return {
        "because": detour_text.written(w, error.because),
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
