"""Names of the codes that records carry: kinds of space, services, kinds of hazard."""

from collections.abc import Iterable, Mapping

from markupsafe import Markup

from app import wording
from app.web.i18n import Words, marked, marked_safety

SPACE_KINDS: Mapping[str, str] = {
    "border_support_team": marked("Equipo de apoyo en frontera"),
    "child_friendly_space": marked("Espacio amigable para la niñez"),
    "community_kitchen": marked("Comedor comunitario"),
    "connectivity_point": marked("Punto de conectividad"),
    "health_reception": marked("Atención en salud"),
    "humanitarian_support_point": marked("Punto de apoyo humanitario"),
    "information_orientation_point": marked("Punto de información y orientación"),
    "integrated_support_space": marked("Espacio de apoyo integral"),
    "mobile_unit": marked("Unidad móvil"),
    "overnight_reception": marked("Acogida para pasar la noche"),
    "shelter": marked("Albergue"),
    "support_space": marked("Espacio de apoyo"),
    "temporary_shelter": marked("Albergue temporal"),
}

SERVICES: Mapping[str, str] = {
    "overnight": marked("Dormir"),
    "food": marked("Comida"),
    "drinking_water": marked("Agua potable"),
    "health": marked("Salud"),
    "toilets": marked("Baños"),
    "showers": marked("Duchas"),
    "information": marked("Información"),
    "legal_advice": marked("Orientación legal"),
    "hygiene": marked("Aseo"),
    "non_food_items": marked("Ropa y abrigo"),
    "psychosocial_support": marked("Apoyo emocional"),
    "child_protection": marked("Protección de la niñez"),
    "connectivity": marked("Internet"),
    "charging": marked("Carga de celular"),
    "family_links": marked("Contacto con la familia"),
    "transport_information": marked("Información de transporte"),
    "referral": marked("Remisión a otros servicios"),
}
"""Services in the order of the filters: what people on the road ask for first."""

HAZARDS: Mapping[str, str] = {
    "altitude_over_2800_m": marked_safety("Altura y frío: más de 2.800 m"),
    "altitude_over_3500_m": marked_safety("Mucha altura y frío: más de 3.500 m"),
    "armed_presence": marked_safety("Presencia armada"),
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
    "roads": marked("Caminos"),
    "spaces": marked("Espacio de apoyo"),
}
"""Layers that the page's map shows with one sign each."""

HAZARD_EFFECTS: Mapping[str, str] = {
    "exclusion": marked_safety("Peligro: los caminos que se buscan aquí no pasan por ahí"),
    "weight": marked_safety("Peligro conocido"),
}

SHOWN_LAYERS = frozenset({*LAYERS, "crossings", "hazards"})
"""What the page's map shows of the catalogue."""

WORDING = (wording.NOTICE, wording.CLOSURE_IS_NOT_THE_END, wording.DEMO)
"""Safety texts shared with the API; the catalogues hold them beside the page's own."""


def space_kind(words: Words, code: str) -> str:
    """Name a kind of space."""
    return words.gettext(SPACE_KINDS[code]) if code in SPACE_KINDS else _readable(code)


def layer(words: Words, code: str, title: str) -> str:
    """Name a layer of the map's background; one without a name here keeps its own title."""
    return words.gettext(LAYERS[code]) if code in LAYERS else title


def layer_value(words: Words, code: str, value: str) -> Markup:
    """Name one value of a layer that has a sign for each: a safety word."""
    names = {"crossings": CROSSING_STATES, "hazards": HAZARD_EFFECTS}.get(code, {})
    return words.safety_word(names[value]) if value in names else Markup.escape(_readable(value))


def by_need(codes: Iterable[str]) -> list[str]:
    """Sort services as the filters show them; those without a name here come last."""
    rank = {code: i for i, code in enumerate(SERVICES)}
    return sorted(codes, key=lambda code: rank.get(code, len(rank)))


def service(words: Words, code: str) -> str:
    """Name a service."""
    return words.gettext(SERVICES[code]) if code in SERVICES else _readable(code)


def _readable(code: str) -> str:
    # A code added to the data before it was named here must not break the page.
    return code.replace("_", " ").capitalize()


def hazard(words: Words, code: str) -> Markup:
    """Name a kind of hazard: a safety word (rule P47)."""
    if code in HAZARDS:
        return words.safety_word(HAZARDS[code])
    return words.original(_readable(code))


def crossing_state(words: Words, state: str) -> Markup:
    """Name the state of a crossing: a safety word (rules P32 and P47)."""
    return words.safety_word(CROSSING_STATES[state])
