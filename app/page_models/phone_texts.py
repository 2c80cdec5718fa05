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
from app.i18n.translation import Words, marked_safety
from app.page_models.frames import PageFrame
from geo.text.countries import BOXES
from geo.text.normalize import SOUNDS

#: Numbers for which the plural form is looked up; larger numbers take the last form in every
#: supported language.
_SMALL: Final = range(3)

#: Sample numbers for the two plural forms of a text: singular and plural.
_FORMS: Final = (1, 2)


#: Kinds of help lines for survivors and unaccompanied children, shown where no hotline is set (P38,
#: P45).
HELP_KINDS: Final = ("gbv", "child_protection", "emergency")
#: Kinds of help lines shown beside a refusal (P45).
LINE_KINDS: Final = ("emergency", "asylum")

#: Texts, by the codes of the phone's scripts, on why a route is long and what closed the shorter
#: route (P54). The wording must equal that of `app.texts.detour_text`.
BECAUSE: Final[Mapping[str, str]] = {
    "closed": marked_safety("el paso oficial %(name)s está cerrado"),
    "closed_then": marked_safety("el paso oficial %(name)s estará cerrado cuando llegue"),
    "not_known_then": marked_safety(
        "no se sabe si el paso oficial %(name)s estará abierto cuando llegue"
    ),
    "not_known": marked_safety("no se sabe si el paso oficial %(name)s está abierto"),
    "next": marked_safety("próxima apertura conocida: %(time)s (hora local)"),
    "no_next": marked_safety("no se conoce una próxima apertura"),
    "barred": marked_safety(
        "en el camino más corto hay un peligro publicado, y por ahí no se pasa: %(kind)s"
    ),
    "chosen": marked_safety("este camino se aparta de un peligro publicado: %(kind)s"),
    "ends": marked_safety("según lo publicado, termina: %(time)s (hora local)"),
    "slower": marked_safety("por eso este camino tarda %(time)s más"),
    "longer": marked_safety("por eso este camino tarda %(time)s más y mide %(km)s más"),
    "detour": marked_safety(
        "este camino da un rodeo muy largo, o espera mucho, porque el más corto no está abierto"
    ),
    "too_long": marked_safety(
        "este camino es muy largo para la distancia entre los dos lugares, y no se conoce la razón"
    ),
    "refused_detour": marked_safety("Ahora solo hay un camino mucho más largo, o con mucha espera"),
    "refused_too_long": marked_safety("No se conoce un camino razonable entre estos dos lugares"),
}


def day_forms(w: Words, message: str) -> tuple[str, str]:
    """Return the texts for one and for several days, in the language of a safety text.

    That is the requested language if ``message`` has been reviewed in it, else Spanish (P47).
    """
    own, _ = w.reviewed(message)
    one, several = (own.ngettext("%(num)s día", "%(num)s días", n) for n in _FORMS)
    return one, several


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
        "nothingFits": w.gettext(
            "Ningún espacio de la lista tiene todo eso. Quite algo de lo marcado."
        ),
        "nearYou": w.gettext("Cerca de usted"),
        "mapOfHere": w.gettext("Pedir a este sitio el mapa de aquí (unos 10 km)"),
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
    """Return the texts with which scripts update an old page.

    Texts of states are left out, because they are safety texts (P47).
    """
    return {
        "dataMade": w.gettext("Datos del %(date)s."),
        "nextOpening": w.gettext("Próxima apertura conocida: %(time)s (hora local)."),
        "onTheSideOf": w.gettext("Del lado de %(country)s:"),
    }


def offline_texts(w: Words) -> Mapping[str, Any]:
    """Return the texts of the offline page."""
    return {
        "take": w.gettext("Llevar"),
        "renew": w.gettext("Actualizar"),
        "forget": w.gettext("Borrar"),
        "taking": w.gettext("Bajando: %(share)s %%"),
        "taken": w.gettext("Guardado. Sirve sin red hasta el %(date)s."),
        "takenOf": w.gettext("Datos del %(date)s."),
        "expired": w.gettext("Este paquete venció el %(date)s: actualícelo antes de usarlo."),
        "notTaken": w.gettext("No se pudo bajar. Lo que ya bajó queda, y se sigue desde ahí."),
        "forgotten": w.gettext("Borrado de este teléfono."),
        "size": w.gettext("%(spaces)s espacios, %(size)s"),
        "sizeWithMap": w.gettext("%(spaces)s espacios, %(size)s con el mapa"),
        "noPacks": w.gettext("No hay paquetes en este teléfono. Con red se pueden bajar aquí."),
        "chooseEnds": w.gettext("Elija en la lista un lugar en «Desde» y otro en «Hasta»."),
        "noWay": w.gettext("No hay un camino que se pueda mostrar con estos datos."),
        "days": [w.ngettext("%(num)s día a pie", "%(num)s días a pie", n) for n in _FORMS],
        "daysRange": w.gettext("%(low)s a %(high)s días a pie"),
        "wayLength": w.gettext("de camino"),
        "climb": w.gettext("de subida, o más"),
        "highest": w.gettext("punto más alto"),
        "onTheWay": w.gettext("En el camino"),
        "crossingsInOrder": w.gettext("Pasos oficiales, en orden"),
        "knownHazards": w.gettext("Peligros conocidos"),
        "byDays": w.gettext("Por días, durmiendo en espacios"),
        "dayOf": w.gettext("Día %(num)s"),
        "daysFromTo": w.gettext("Días %(low)s a %(high)s"),
        "upTo": w.gettext("%(km)s, hasta:"),
        "nightsNotKnown": w.gettext(
            "El paquete no dice qué espacios abren más allá de sus días: actualícelo en el camino."
        ),
        "forSleeping": w.gettext("para dormir"),
        "gap": w.gettext("El tramo más largo sin un lugar abierto para dormir: %(km)s"),
        "noSpacesOf": w.gettext("En este teléfono no hay datos de los espacios de: %(countries)s"),
        "fromTo": w.gettext("De %(start)s a %(end)s."),
        "lines": w.gettext("Teléfonos de ayuda de la zona"),
        "callHotline": w.gettext("Llame al %(number)s."),
        # A pack may hold demo rows even if the server had none when it rendered the page.
        "demoDate": w.gettext("DEMO: fecha ficticia"),
        "waitFor": w.gettext("Espere hasta: %(time)s"),
        "searching": w.gettext("Buscando camino…"),
        "picked": w.gettext("Elegido: %(name)s."),
        "severalPlaces": w.gettext("Elija uno de estos:"),
        "longWay": w.gettext("Ver igualmente el camino largo"),
        "onTheSideOf": w.gettext("Del lado de %(country)s:"),
        "helpKinds": HELP_KINDS,
        "lineKinds": LINE_KINDS,
        "sounds": SOUNDS,
        "done": w.gettext("Respuesta lista, debajo del formulario."),
        "streets": {
            "numbered": w.gettext("Calles %(number)s"),
            "most": w.gettext("%(size)s, o menos"),
            "valid": w.gettext("%(size)s. Sirven sin red hasta el %(date)s."),
            "known": w.gettext("Pasos y peligros: datos del %(date)s."),
            "notKnown": w.gettext(
                "Los pasos y peligros ya no se conocen: no se cruza ninguna frontera. Actualícelas."
            ),
            "none": w.gettext("Aquí no hay calles de ninguna ciudad."),
            "town": w.gettext("Ciudad"),
            "here": w.gettext("Donde estoy"),
            "start": w.gettext("Desde"),
            "end": w.gettext("Hasta"),
            "country": w.gettext("País en que está"),
            "find": w.gettext("Buscar"),
            "far": w.gettext("Estas calles no llegan a uno de los dos lugares."),
            "unnamed": w.gettext("sin nombre"),
            "along": w.gettext("Calles, en orden"),
        },
    }


def plan_texts(w: Words) -> Mapping[str, Any]:
    """Return the texts of the route form and its results."""
    return {
        "searching": w.gettext("Buscando camino…"),
        "done": w.gettext("Respuesta lista, debajo del formulario."),
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
