"""Tags of the features that are drawn beneath an extract's streets, each tag with its reason.

Features without one of these tags are not drawn. No tag marks police, soldiers, guards, a ford, a
ferry, a bridge, a home or a refuge, or tells who lives somewhere (P3, P12, P34).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

#: Kinds of features; the position of a kind is its code in stored regions, so a new kind comes
#: last.
KINDS: Final = (
    *("built_up", "park", "wood", "water", "waterway"),
    *("hospital", "church", "station", "bus_station", "market", "square"),
)

#: Kinds of features that are drawn as a point with a name, whatever their shape.
LANDMARKS: Final = frozenset(
    {"hospital", "church", "station", "bus_station", "market", "square"},
)

#: Kinds drawn without a name: the name of a settlement tells who lives there, and many names are a
#: stigma.
NAMELESS: Final = frozenset({"built_up"})


@dataclass(frozen=True, slots=True)
class AllowedTag:
    """A tag whose features are drawn on the map.

    Parameters
    ----------
    key, value
        The tag.
    kind
        One of `KINDS`.
    reason
        Why somebody on the way needs it.
    """

    key: str
    value: str
    kind: str
    reason: str


#: Tags in order of precedence: the first one that a feature has decides its kind.
ALLOWED: Final = (
    AllowedTag("amenity", "hospital", "hospital", "help, open day and night, seen from afar"),
    AllowedTag("building", "cathedral", "church", "seen from afar"),
    AllowedTag("building", "church", "church", "seen from afar; a house where people pray is none"),
    AllowedTag("railway", "station", "station", "ways on by train"),
    AllowedTag("amenity", "bus_station", "bus_station", "ways on by bus"),
    AllowedTag("amenity", "marketplace", "market", "food and water, people about"),
    AllowedTag("place", "square", "square", "by which people say where something is"),
    AllowedTag("natural", "water", "water", "what a way cannot pass"),
    AllowedTag("waterway", "riverbank", "water", "what a way cannot pass"),
    AllowedTag("waterway", "river", "waterway", "what a way cannot pass"),
    AllowedTag("waterway", "canal", "waterway", "what a way cannot pass"),
    AllowedTag("waterway", "stream", "waterway", "tells where one is"),
    AllowedTag("leisure", "park", "park", "tells where one is; shade, rest"),
    AllowedTag("natural", "wood", "wood", "tells where no houses are"),
    AllowedTag("landuse", "forest", "wood", "tells where no houses are"),
    AllowedTag("landuse", "residential", "built_up", "where houses are"),
    AllowedTag("landuse", "commercial", "built_up", "where houses are"),
    AllowedTag("landuse", "retail", "built_up", "where houses are"),
)

#: Keys that exclude a feature whatever its other tags: they tell of refuge, of force, or of a way
#: across a river or border.
BARRED_KEYS: Final = (
    *("military", "refugee", "social_facility", "social_facility:for", "shelter_type"),
    *("ford", "bridge", "route", "border_type", "government", "disused", "abandoned"),
)
#: Values of ``access`` that exclude a feature.
_CLOSED: Final = frozenset({"no", "private"})

_KIND_OF: Final = {(one.key, one.value): one.kind for one in ALLOWED}


def kind_of(tags: Mapping[str, str]) -> str | None:
    """Return the kind of a feature by its tags; None if it is not drawn."""
    if tags.get("access") in _CLOSED or any(key in tags for key in BARRED_KEYS):
        return None
    return next((_KIND_OF[tag] for tag in _KIND_OF if tags.get(tag[0]) == tag[1]), None)
