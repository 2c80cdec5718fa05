"""Names of the road classes and surfaces of `routing.osm_tags.ways`, for texts about a route."""

from collections.abc import Mapping
from typing import Final

from app.i18n.translation import marked

#: Names of road classes; classes that look alike to a traveller have the same name.
CLASSES: Final[Mapping[str, str]] = {
    "unknown": marked("camino"),
    "motorway": marked("autopista"),
    "motorway_link": marked("autopista"),
    "trunk": marked("carretera troncal"),
    "trunk_link": marked("carretera troncal"),
    "primary": marked("carretera principal"),
    "primary_link": marked("carretera principal"),
    "secondary": marked("carretera secundaria"),
    "secondary_link": marked("carretera secundaria"),
    "tertiary": marked("carretera local"),
    "tertiary_link": marked("carretera local"),
    "unclassified": marked("camino"),
    "residential": marked("calle"),
    "living_street": marked("calle"),
    "service": marked("vía de servicio"),
    "road": marked("camino"),
    "pedestrian": marked("calle peatonal"),
    "track": marked("camino rural"),
    "cycleway": marked("ciclovía"),
    "bridleway": marked("camino de herradura"),
    "footway": marked("vía peatonal"),
    "path": marked("sendero"),
    "steps": marked("escaleras"),
    "corridor": marked("pasillo"),
    "platform": marked("plataforma"),
    "elevator": marked("ascensor"),
    "ferry": marked("transbordador"),
    "border": marked("paso de frontera"),
    # Edges of this class have no length, so no text names them.
    "threshold": marked("camino"),
}

#: Road classes for which nobody expects a sidewalk: texts do not mention a missing sidewalk tag.
WALKWAYS: Final = frozenset(
    {"pedestrian", "footway", "path", "steps", "corridor", "platform", "elevator", "ferry"}
)

SURFACES: Final[Mapping[str, str]] = {
    "paved": marked("pavimento"),
    "asphalt": marked("asfalto"),
    "concrete": marked("concreto"),
    "paving_stones": marked("adoquines"),
    "sett": marked("adoquines de piedra"),
    "cobblestone": marked("empedrado"),
    "bricks": marked("ladrillo"),
    "metal": marked("metal"),
    "wood": marked("madera"),
    "unpaved": marked("sin pavimentar"),
    "compacted": marked("tierra compactada"),
    "fine_gravel": marked("gravilla"),
    "gravel": marked("grava"),
    "pebblestone": marked("canto rodado"),
    "ground": marked("suelo natural"),
    "dirt": marked("tierra"),
    "earth": marked("tierra"),
    "mud": marked("barro"),
    "sand": marked("arena"),
    "grass": marked("pasto"),
    "rock": marked("roca"),
    "other": marked("otra superficie"),
}
