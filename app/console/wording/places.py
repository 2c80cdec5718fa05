"""Places where people read a safety text: a title for its reviewer, and a page that shows it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from app.i18n.translation import marked


@dataclass(frozen=True, slots=True)
class TextPlace:
    """A place where people read a text.

    Parameters
    ----------
    title
        Spanish title of the place.
    path
        Path of a public page that shows the text, or leads to it; None if no page does.
    """

    title: str
    path: str | None = None


_EVERY_PAGE = TextPlace(marked("En todas las páginas"), "/")
_LIST = TextPlace(marked("En la lista de espacios y en cada tarjeta"), "/")
_SPACE = TextPlace(marked("En la página de un espacio"), "/")
_ROUTE = TextPlace(marked("En la respuesta de un camino"), "/plan")
_DETOUR = TextPlace(marked("Donde se explica por qué un camino rodea o se niega"), "/plan")
_STAGES = TextPlace(marked("En los días de un camino a pie"), "/plan")
_MAP = TextPlace(marked("En el mapa: peligros y pasos fronterizos"), "/hazards")
_CROSSINGS = TextPlace(marked("En los pasos fronterizos"), "/crossings")
_HAZARDS = TextPlace(marked("En los peligros publicados"), "/hazards")
_REPORT = TextPlace(marked("Donde se avisa de un peligro"), "/report")
_COMPLAINT = TextPlace(marked("En quejas y comentarios sobre un espacio"), "/")
_MATCH = TextPlace(marked("Donde se busca según lo que alguien necesita"), "/match")
_SMS = TextPlace(marked("En los mensajes de texto (SMS)"), "/txt")
_PRINT = TextPlace(marked("En hojas impresas y afiches"))
_OFFLINE = TextPlace(marked("En el teléfono sin conexión"), "/offline")
_STAFF = TextPlace(marked("En la red, para quienes trabajan en ella"))
_NOTICE = TextPlace(marked("En el aviso de un cierre"), "/")

#: Places by the file of `app` in which a text stands.
PLACES: Final[Mapping[str, TextPlace]] = {
    "i18n/coded_reasons.py": _NOTICE,
    "i18n/labels.py": _MAP,
    "i18n/route_phrases.py": _EVERY_PAGE,
    "journeys/sms.py": _SMS,
    "page_models/offline_texts.py": _OFFLINE,
    "page_models/route_sharing.py": _ROUTE,
    "templates/base.html": _EVERY_PAGE,
    "templates/complaint.html": _COMPLAINT,
    "templates/crossings.html": _CROSSINGS,
    "templates/feedback.html": _COMPLAINT,
    "templates/hazards.html": _HAZARDS,
    "templates/network/proposal.html": _STAFF,
    "templates/network/restricted.html": _STAFF,
    "templates/network/space.html": _STAFF,
    "templates/not_here.html": _SPACE,
    "templates/offline.html": _OFFLINE,
    "templates/parts.html": _LIST,
    "templates/problem.html": _EVERY_PAGE,
    "templates/report.html": _REPORT,
    "templates/reported.html": _REPORT,
    "templates/route_card.html": _ROUTE,
    "templates/space.html": _SPACE,
    "templates/space_parts.html": _SPACE,
    "texts/detour_text.py": _DETOUR,
    "texts/match_text.py": _MATCH,
    "texts/print_text.py": _PRINT,
    "texts/route_text.py": _ROUTE,
    "texts/stage_text.py": _STAGES,
    "texts/trade_off_text.py": _ROUTE,
}


def places_of(files: Sequence[str]) -> Sequence[TextPlace]:
    """Return the places of the files in which a text stands, each once."""
    return list(dict.fromkeys(PLACES[file] for file in files))
