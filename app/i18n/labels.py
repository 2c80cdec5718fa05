"""Display names of the codes in records, such as kinds of hazard.

The vocabulary in the database holds the names of kinds of space, services and other terms that a
coordinator edits. This module holds the names of codes that are fixed in the software.
"""

from collections.abc import Iterable, Mapping

from markupsafe import Markup

from app.i18n import route_phrases
from app.i18n.translation import Words, marked, marked_safety
from geo.vocabulary import readable

#: Names of vocabulary terms by vocabulary and code, then by language. The terms are in the order of
#: the vocabulary.
Names = Mapping[tuple[str, str], Mapping[str, str]]

HAZARDS: Mapping[str, str] = {
    "altitude_over_2800_m": marked_safety("Altura y frío: más de 2.800 m"),
    "altitude_over_3500_m": marked_safety("Mucha altura y frío: más de 3.500 m"),
    "armed_presence": marked_safety("Presencia armada"),
    "bridge_out": marked_safety("Puente caído o cortado"),
    "cold": marked_safety("Frío"),
    "extortion": marked_safety("Extorsión"),
    "flood": marked_safety("Inundación"),
    "heat": marked_safety("Calor"),
    "landslide": marked_safety("Derrumbe"),
    "mines": marked_safety("Minas"),
    "river_flood": marked_safety("Crecida de río"),
    "road_works": marked_safety("Obras en la vía"),
    "robbery": marked_safety("Robo"),
    "rockfall": marked_safety("Caída de piedras"),
    "trafficking": marked_safety("Trata de personas"),
}

CROSSING_STATES: Mapping[str, str] = {
    "open": marked_safety("Abierto según lo publicado"),
    "closed": marked_safety("Cerrado según lo publicado"),
    "not_known": marked_safety("No se sabe si está abierto"),
}

LAYERS: Mapping[str, str] = {
    "boundaries": marked("Límites de países y departamentos"),
    "places": marked("Poblaciones"),
    "rivers": marked("Ríos"),
    "roads": marked("Caminos"),
    "spaces": marked("Espacio de apoyo"),
}
"""Layers that the map shows with a single symbol each."""

HAZARD_EFFECTS: Mapping[str, str] = {
    "exclusion": marked_safety("Peligro: los caminos que se buscan aquí no pasan por ahí"),
    "weight": marked_safety("Peligro conocido"),
}

PROFILES: Mapping[str, str] = {
    "adult": marked("Persona adulta, a pie"),
    "family": marked("Familia con niñas y niños, a pie"),
    "reduced_mobility": marked("Persona con movilidad reducida"),
    "vehicle": marked("En vehículo"),
}
"""Names of the travel profiles of `routing.travel.profiles`."""

GROUND: Mapping[str, str] = {
    "border": marked("Frontera entre dos países"),
    "lake": marked("Lago"),
}
"""Kinds of the layer ``ground``."""

LANDSCAPE: Mapping[str, str] = {
    "built_up": marked("Zona construida"),
    "park": marked("Parque"),
    "wood": marked("Bosque"),
    "water": marked("Agua"),
}
"""Kinds of areas of the layer ``landscape``; landmarks have their names."""

SHOWN_LAYERS = frozenset({*LAYERS, "crossings", "ground", "hazards", "landscape"})
"""Layers of the catalogue that the map shows."""

#: Spoken languages that forms offer as ISO 639 codes, those of the region first.
SPOKEN = ("es", "pt", "en", "fr", "ht", "wba", "guc")

#: Amenities shown for every place as yes, no or not known (P43); others are shown if stated.
ALWAYS_SHOWN = ("toilets", "drinking_water", "charging", "wifi")

WORDING = (
    route_phrases.NOTICE,
    route_phrases.CLOSURE_IS_NOT_THE_END,
    route_phrases.DEMO,
    route_phrases.SKETCH,
)
"""Safety texts that API and pages share, to be extracted into the catalogues of translations."""


def term(words: Words, names: Names, vocabulary: str, code: str) -> str:
    """Name a code of a vocabulary in a language, or in Spanish if the language has no name."""
    known = names.get((vocabulary, code), {})
    return known.get(words.lang) or known.get("es") or readable(code)


def in_order(names: Names, vocabulary: str, codes: Iterable[str]) -> list[str]:
    """Sort codes in the order of their vocabulary; codes that the vocabulary lacks come last."""
    rank = {key: i for i, key in enumerate(names)}
    return sorted(codes, key=lambda code: rank.get((vocabulary, code), len(rank)))


def layer(words: Words, code: str, title: str) -> str:
    """Name a layer in the language of a page; a layer that `LAYERS` lacks keeps its title."""
    return words.gettext(LAYERS[code]) if code in LAYERS else title


def layer_value(words: Words, code: str, value: str) -> Markup:
    """Name a value of a layer that has a symbol per value; the name is a safety text (P47)."""
    plain = {"ground": GROUND, "landscape": LANDSCAPE}.get(code, {})
    if value in plain:
        return Markup.escape(words.gettext(plain[value]))
    names = {"crossings": CROSSING_STATES, "hazards": HAZARD_EFFECTS}.get(code, {})
    return words.safety_word(names[value]) if value in names else Markup.escape(readable(value))


def hazard(words: Words, code: str) -> Markup:
    """Name a kind of hazard; the name is a safety text (P47)."""
    if code in HAZARDS:
        return words.safety_word(HAZARDS[code])
    return words.original(readable(code))


def crossing_state(words: Words, state: str) -> Markup:
    """Name the state of a crossing; the name is a safety text (P32, P47)."""
    return words.safety_word(CROSSING_STATES[state])


#: Names of the media of information channels, such as radio, by code.
CHANNEL_MEDIA: Mapping[str, str] = {
    "radio": marked("Radio"),
    "television": marked("Televisión"),
    "whatsapp": marked("WhatsApp"),
    "sms": marked("Mensajes de texto"),
    "telephone": marked("Teléfono"),
    "web": marked("Página web"),
    "app": marked("Aplicación"),
    "social_media": marked("Redes sociales"),
    "board": marked("Cartelera"),
    "print": marked("Impresos"),
    "in_person": marked("Charlas en persona"),
    "other": marked("Otro medio"),
}
