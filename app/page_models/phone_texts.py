"""Translated texts for the phone's scripts, handed to static/phrases.js.

Placeholders such as `%(name)s` stay in the texts, and the phone fills them. The wording equals that
of `app.page_models.renderer`, so that cards from server and phone read the same.
"""

from collections.abc import Mapping
from typing import Any, Final

from app.drawings import signs
from app.http.assets import asset_url
from app.i18n import labels
from app.i18n.time_habits import habit_of
from app.i18n.translation import Words
from app.page_models.frames import PageFrame
from geo.text.countries import BOXES

#: Numbers for which the plural form is looked up; larger numbers take the last form in every
#: supported language.
_SMALL: Final = range(3)

#: Sample numbers for the two plural forms of a text: singular and plural.
_FORMS: Final = (1, 2)


def status_texts(w: Words) -> Mapping[str, str]:
    """Return the texts on whether a space is open, for the cards of server and phone (P43)."""
    return {
        "full": w.gettext("Lleno por ahora"),
        "temporarilyClosed": w.gettext("Cerrado por un tiempo"),
        "closed": w.gettext("Cerrado"),
        "holidayDoubt": w.gettext("Hoy es festivo y no se sabe si abre: llame antes de ir"),
        "hoursNotKnown": w.gettext("Horario no conocido: pregunte antes de ir"),
        "openAlways": w.gettext("Abierto las 24 horas, según su horario"),
        "shut": w.gettext("Cerrado, según su horario"),
        "shutUntil": w.gettext("Cerrado hasta %(time)s, según su horario"),
        "openUntil": w.gettext("Abierto hasta %(time)s, según su horario"),
        "openWithEntry": w.gettext(
            "Abierto hasta %(time)s, según su horario. Última entrada: %(entry)s"
        ),
        "entryIsOver": w.gettext(
            "Ya no se entra, según su horario. La última entrada fue: %(entry)s"
        ),
    }


def card_texts(w: Words, *, has_demo: bool) -> Mapping[str, Any]:
    """Return the texts of cards, distances and times.

    The text on demo dates is empty unless demo rows exist (P35).
    """
    return {
        "lang": w.lang,
        "decimal": w.locale.number_symbols["latn"]["decimal"],
        "group": w.locale.number_symbols["latn"]["group"],
        "singular": [n for n in _SMALL if w.translations.plural(n) == 0],
        "weekdays": [name for _code, name in w.weekdays()],
        "months": w.months(),
        **status_texts(w),
        "times": habit_of(w.lang).for_phones(),
        "tomorrow": w.gettext("mañana"),
        "demoDate": w.gettext("DEMO: fecha ficticia") if has_demo else "",
        "notConfirmed": w.gettext("Sin confirmar: llame antes de ir"),
        "confirmedToday": w.gettext("Confirmado hoy"),
        "confirmed": [
            w.ngettext("Confirmado hace %(num)s día", "Confirmado hace %(num)s días", n)
            for n in _FORMS
        ],
        "confirmedCall": [
            w.ngettext(
                "Confirmado hace %(num)s día: llame antes de ir",
                "Confirmado hace %(num)s días: llame antes de ir",
                n,
            )
            for n in _FORMS
        ],
        "referralFrom": w.gettext("Solo con remisión de: %(name)s"),
        "referralOnly": w.gettext("Solo con remisión de otra organización"),
        "services": w.gettext("Servicios"),
        "call": w.gettext("Llamar"),
        "goHere": w.gettext("Cómo llegar"),
        "straight": w.gettext("%(km)s en línea recta"),
        "abroad": w.gettext("En otro país: %(country)s."),
        "dataOf": w.gettext("Sin conexión: datos del %(date)s"),
        "byCrossing": w.gettext("Por el paso oficial: %(names)s"),
    }


def nearby_texts(w: Words) -> Mapping[str, Any]:
    """Return the texts of the search for the nearest spaces."""
    return {
        "locating": w.gettext("Buscando su ubicación en el teléfono…"),
        "locationRefused": w.gettext(
            "El teléfono no dio su ubicación. Escriba una ciudad o pueblo en su lugar."
        ),
        "locationFailed": w.gettext("No se pudo buscar. Escriba una ciudad o pueblo en su lugar."),
        "positionRefused": w.gettext("El teléfono no dio su ubicación."),
        "positionFailed": w.gettext("No se pudo saber dónde está el teléfono."),
        "nothingFits": w.gettext(
            "Ningún espacio de la lista tiene todo eso. Quite algo de lo marcado."
        ),
        "nearYou": w.gettext("Cerca de usted"),
        "wholeList": w.gettext("Ver toda la lista"),
        "mapOfHere": w.gettext("Ver el mapa de aquí. El sitio sabrá su zona (pocos kilómetros)"),
        "nearYouHow": w.gettext(
            "Su ubicación no salió del teléfono. Distancias en línea recta; lo abierto, según los "
            "horarios."
        ),
        "iAmIn": w.gettext("Estoy en %(country)s"),
        "found": [
            w.ngettext(
                "%(num)s espacio, el más cercano primero",
                "%(num)s espacios, el más cercano primero",
                n,
            )
            for n in _FORMS
        ],
    }


def aging_texts(w: Words) -> Mapping[str, Any]:
    """Return the texts with which scripts bring a page up to date that has been open for a while.

    Texts of states are left out, because they are safety texts (P47).
    """
    return {
        "dataMade": w.gettext("Datos del %(date)s."),
        "nextOpening": w.gettext("Próxima apertura conocida: %(time)s (hora local)."),
        "onTheSideOf": w.gettext("Del lado de %(country)s:"),
    }


def plan_texts(w: Words) -> Mapping[str, Any]:
    """Return the texts of the route form and its results."""
    return {
        "searching": w.gettext("Buscando camino…"),
        "done": w.gettext("Respuesta lista."),
        "unavailable": w.gettext("No hubo respuesta. Pruebe en unos minutos."),
        "consented": w.gettext("De acuerdo. Ahora busque el camino."),
        "pickStart": w.gettext("Toque en el mapa dónde empieza el camino."),
        "pickEnd": w.gettext("Toque en el mapa adónde va."),
        "pickByKeys": w.gettext(
            "Con teclado: mueva el mapa con las flechas y pulse Intro; Escape cancela."
        ),
        "cancel": w.gettext("Cancelar"),
        "picked": w.gettext("Elegido: %(name)s."),
        "pickedNone": w.gettext("No se eligió nada."),
        "mapPoint": w.gettext("Punto del mapa"),
        "myPlace": w.gettext("Mi ubicación aproximada"),
        "swapped": w.gettext("Cambiados: ahora de %(start)s a %(end)s."),
        "drawn": w.gettext("El camino %(number)s está en el mapa."),
        "at": w.gettext("a %(km)s del comienzo"),
        "heightAt": w.gettext("%(metres)s m de altura"),
        "heightUnknown": w.gettext("altura no conocida"),
        "passedPlace": w.gettext("después de %(name)s"),
        "stretch": w.gettext("Ver este tramo en el mapa"),
    }


def names_of(w: Words, frame: PageFrame) -> Mapping[str, Any]:
    """Return the names of codes by vocabulary, the order of the services, and pictograms."""
    services = [code for vocabulary, code in frame.names if vocabulary == "service"]
    kinds = [code for vocabulary, code in frame.names if vocabulary == "space_kind"]
    return {
        "order": services,
        "services": {code: labels.term(w, frame.names, "service", code) for code in services},
        "kinds": {code: labels.term(w, frame.names, "space_kind", code) for code in kinds},
        "countries": {code: w.country(code) for code in BOXES},
        "icons": {
            "file": asset_url("icons.svg"),
            "services": {code: signs.SERVICES[code] for code in services if code in signs.SERVICES},
            "actions": signs.ACTIONS,
        },
    }
