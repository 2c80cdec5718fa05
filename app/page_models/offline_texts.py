"""Translated texts for the pages that phones draw from packs, handed to `static/offline.js`.

The wording equals that of the pages that the server renders. Placeholders such as `%(name)s` stay
in the texts, and the phone fills them.
"""

from collections.abc import Mapping
from typing import Any, Final

from app.drawings import signs
from app.i18n import labels
from app.i18n.translation import Words, marked_safety
from app.page_models.frames import PageFrame
from app.texts import list_sheet, match_text
from app.texts.match_text import FALLBACK, FALLBACK_UNKNOWN
from app.texts.stage_text import SAID
from geo.text.normalize import SOUNDS

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

#: Safety texts of the pages, by the codes of the phone's scripts; the page holds them as reviewed
#: words (P47).
SAFETY_TEXTS: Final[Mapping[str, str]] = {
    **BECAUSE,
    **SAID,
    "no_way_there": marked_safety("Los caminos que se buscan aquí no pasan por ahí."),
    "fallback": FALLBACK.text,
    "fallback_unknown": FALLBACK_UNKNOWN.text,
}


def day_forms(w: Words, message: str) -> tuple[str, str]:
    """Return the texts for one and for several days, in the language of a safety text.

    That is the requested language if ``message`` has been reviewed in it, else Spanish (P47).
    """
    own, _ = w.reviewed(message)
    one, several = (own.ngettext("%(num)s día", "%(num)s días", n) for n in _FORMS)
    return one, several


def offline_texts(w: Words) -> Mapping[str, Any]:
    """Return the texts of the pages that are drawn from packs."""
    return {
        **_pack_texts(w),
        **_way_texts(w),
        **_border_texts(w),
        **_space_texts(w),
        **_match_texts(w),
        **_list_texts(w),
        "original": w.gettext("texto original en español"),
        "paused": w.gettext("en pausa"),
        "seeSpace": w.gettext("Ver el espacio"),
        "callHotline": w.gettext("Llame al %(number)s."),
        # A pack may hold demo rows even if the server had none when it rendered the page.
        "demoDate": w.gettext("DEMO: fecha ficticia"),
        "placeUnknown": w.gettext("No se reconoce el lugar. Escríbalo como en la lista."),
        "picked": w.gettext("Elegido: %(name)s."),
        "severalPlaces": w.gettext("Elija uno de estos:"),
        "lines": w.gettext("Teléfonos de ayuda de la zona"),
        "noSpacesOf": w.gettext("En este teléfono no hay datos de los espacios de: %(countries)s"),
        "helpKinds": HELP_KINDS,
        "lineKinds": LINE_KINDS,
        "sounds": SOUNDS,
    }


def _pack_texts(w: Words) -> Mapping[str, Any]:
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
        "size": [
            w.ngettext("%(num)s espacio, %(size)s", "%(num)s espacios, %(size)s", n) for n in _FORMS
        ],
        "sizeWithMap": [
            w.ngettext(
                "%(num)s espacio, %(size)s con el mapa", "%(num)s espacios, %(size)s con el mapa", n
            )
            for n in _FORMS
        ],
        "noPacks": w.gettext("No hay paquetes en este teléfono. Con red se bajan en «Sin red»."),
        "noPacksHere": w.gettext(
            "No hay paquetes en este teléfono. Con red se bajan aquí, por país."
        ),
    }


def _way_texts(w: Words) -> Mapping[str, Any]:
    return {
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
        "fromTo": w.gettext("De %(start)s a %(end)s."),
        "waitFor": w.gettext("Espere hasta: %(time)s"),
        "searching": w.gettext("Buscando camino…"),
        "longWay": w.gettext("Ver igualmente el camino largo"),
        "done": w.gettext("Respuesta lista, debajo del formulario."),
        "streets": {
            "numbered": w.gettext("Calles %(number)s"),
            "most": w.gettext("%(size)s, o menos"),
            "valid": w.gettext("%(size)s. Sirven sin red hasta el %(date)s."),
            "known": w.gettext("Pasos y peligros: datos del %(date)s."),
            "notKnown": w.gettext(
                "Los pasos y peligros ya no se conocen: no se cruza ninguna frontera. Actualícelas."
            ),
            "none": w.gettext("Aquí no hay calles para llevar."),
            "town": w.gettext("Ciudad o camino"),
            "towns": w.gettext("Ciudades y pueblos"),
            "corridors": w.gettext("Caminos entre ciudades"),
            "here": w.gettext("Donde estoy"),
            "start": w.gettext("Desde"),
            "end": w.gettext("Hasta"),
            "country": w.gettext("País en que está"),
            "find": w.gettext("Buscar"),
            "far": w.gettext("Estas calles no llegan a uno de los dos lugares."),
            "unnamed": w.gettext("sin nombre"),
            "along": w.gettext("Calles, en orden"),
        },
        "whereFrom": w.gettext("¿Desde dónde sale?"),
        "whereTo": w.gettext("¿Adónde va?"),
        "swapped": w.gettext("Cambiados: ahora de %(start)s a %(end)s."),
        "leaving": w.gettext("Salida: %(time)s (hora local)."),
        "profile": w.gettext(labels.PROFILES["adult"]),
    }


def _border_texts(w: Words) -> Mapping[str, Any]:
    return {
        "nextOpening": w.gettext("Próxima apertura conocida: %(time)s (hora local)."),
        "onTheSideOf": w.gettext("Del lado de %(country)s:"),
        "sideOf": w.gettext("%(name)s, lado de %(country)s"),
        "goToSide": w.gettext("Ir: lado de %(country)s"),
        "leaveFromSide": w.gettext("Salir: lado de %(country)s"),
        "thisCrossing": w.gettext("Ir a este paso o salir de aquí"),
        "demoState": w.gettext("DEMO: estado supuesto"),
        "atNight": w.gettext("De noche."),
        "untilDay": w.gettext("Hasta el %(date)s."),
        "sourceOf": w.gettext("Fuente: %(source)s"),
        "publishedOn": w.gettext("Publicado el %(date)s."),
    }


def _space_texts(w: Words) -> Mapping[str, Any]:
    return {
        "yes": w.gettext("sí"),
        "no": w.gettext("no"),
        "notKnown": w.gettext("no se sabe"),
        "notice": w.gettext("Aviso"),
        "where": w.gettext("Dónde queda"),
        "address": w.gettext("Dirección"),
        "atTown": w.gettext("la posición es la de la ciudad o pueblo"),
        "landmark": w.gettext("Punto de referencia"),
        "road": w.gettext("Carretera"),
        "kilometre": w.gettext("kilómetro %(km)s"),
        "noPhone": w.gettext("No se conoce un teléfono público."),
        "fromHere": w.gettext("Buscar un camino desde aquí"),
        "hours": w.gettext("Horario"),
        "allDay": w.gettext("todo el día"),
        "closedThatDay": w.gettext("cerrado"),
        "lastEntry": w.gettext("última entrada %(time)s"),
        "holidayNotKnown": w.gettext("festivo: no se sabe si abre"),
        "hoursTold": w.gettext("Hora local. Es el horario que dio el lugar."),
        "beforeGoing": w.gettext("Antes de ir"),
        "howIn": w.gettext("Cómo se entra"),
        "walkIn": w.gettext("Se llega y se entra, sin remisión"),
        "byReferral": w.gettext("Solo con remisión"),
        "refers": w.gettext("Remite:"),
        "referrerNotKnown": w.gettext("No se sabe quién remite: pregunte en otro espacio."),
        "cost": w.gettext("Costo"),
        "free": w.gettext("Gratis"),
        "paid": w.gettext("Con costo"),
        "forWhom": w.gettext("Para quién"),
        "everybody": w.gettext("Todas las personas"),
        "only": w.gettext("Solo:"),
        "familiesOnly": w.gettext("solo familias"),
        "agesFrom": w.gettext("desde %(age)s años"),
        "agesTo": w.gettext("hasta %(age)s años"),
        "agesBetween": w.gettext("de %(low)s a %(high)s años"),
        "childrenAlone": w.gettext("Niñas, niños y adolescentes solos"),
        "documents": w.gettext("Documentos"),
        "noDocuments": w.gettext("No pide ninguno"),
        "documentsNotKnown": w.gettext("no se sabe si pide"),
        "freePlaces": w.gettext("Lugares libres"),
        "placesLeft": w.gettext("Hay lugares"),
        "placesFull": w.gettext("Lleno"),
        "saidAt": w.gettext("dicho: %(time)s"),
        "sleeping": w.gettext("Dormir"),
        "sleeps": w.gettext("Sí"),
        "sleepsNot": w.gettext("No"),
        "mostNights": [
            w.ngettext("hasta %(num)s noche", "hasta %(num)s noches", n) for n in _FORMS
        ],
        "nightsNotKnownThere": w.gettext("no se sabe cuántas noches"),
        "languages": w.gettext("Idiomas"),
        "dataShared": w.gettext("Datos que comparte con autoridades"),
        "dataSharedNotKnown": w.gettext("no se sabe: pregunte antes de dar datos"),
        "placesWords": w.gettext("(palabras del lugar)"),
        "whatIsThere": w.gettext("Qué hay"),
        "stepFree": w.gettext("Se entra sin escalones"),
        "onward": w.gettext("El siguiente espacio en cada dirección"),
        "noOnward": w.gettext("No se conoce otro a cuatro días a pie."),
        "byRoad": w.gettext("%(km)s por el camino"),
    }


def _list_texts(w: Words) -> Mapping[str, Any]:
    """Return the texts for turning the pages of a list, and for the list of a municipality."""
    return {
        "listPages": w.gettext("Páginas de la lista"),
        "pageBefore": w.gettext("Anteriores"),
        "pageOf": w.gettext("Página %(page)s de %(pages)s"),
        "pageAfter": w.gettext("Siguientes"),
        "listOfTown": w.gettext("Lista del municipio"),
        "listTitle": w.gettext("Lugares de apoyo en %(place)s"),
        "listMade": w.gettext("Lista del %(date)s. Puede haber cambiado: llame antes de ir."),
        "listEnds": w.gettext("No use esta lista después del %(date)s."),
        "inTown": w.gettext("En %(place)s"),
        "nearTown": w.gettext("En otros municipios cerca"),
        "nothingKnown": list_sheet.nothing(w),
        "newestList": w.gettext("La lista más nueva: %(address)s"),
    }


def _match_texts(w: Words) -> Mapping[str, Any]:
    return {
        "ageProblem": w.gettext("Escriba la edad y cuántos niños en cifras, por ejemplo 2."),
        "aloneProblem": w.gettext(
            "«Sin una persona adulta» es para menores de 18 años que van sin compañía."
        ),
        "documentsProblem": w.gettext(
            "Marque «ninguno» o los documentos que tiene, no las dos cosas."
        ),
        "whereToGo": w.gettext("A dónde puede ir, lo mejor primero"),
        "nobodyNow": w.gettext("No se encontró un lugar que le reciba ahora"),
        "nearPlace": w.gettext("Cerca de %(place)s"),
        "askHere": w.gettext("Llame o pregunte aquí"),
        "leftOut": w.gettext("Lugares que quedaron fuera"),
        "callNumber": w.gettext("Llamar al %(number)s"),
        "whatsappNumber": w.gettext("WhatsApp %(number)s"),
        "refersTo": w.gettext(match_text.REFERS.text),
        "openThatNight": w.gettext(match_text.OPEN_THAT_NIGHT.text),
        "openOnArrival": w.gettext(match_text.OPEN_ON_ARRIVAL.text),
        "lastEntryAt": w.gettext("última entrada a las %(time)s"),
        "straightWay": w.gettext(match_text.STRAIGHT.text),
        "arrives": w.gettext(match_text.ARRIVES.text),
        "arrivalToldFromS": match_text.ARRIVAL_TOLD_FROM_S,
        "placesNotKnown": w.gettext(match_text.PLACES_NOT_KNOWN.text),
        "guides": w.gettext(match_text.GUIDES.text),
        "opensOn": w.gettext(match_text.OPENS.text),
        "callBefore": w.gettext(match_text.CALL_BEFORE.text),
        "doubts": {code.value: w.gettext(said.text) for code, said in match_text.DOUBTS.items()},
        "leftOutBy": {
            code.value: w.gettext(said.text) for code, said in match_text.LEFT_OUT.items()
        },
        "whyNotNow": {
            code.value: w.gettext(said.text) for code, said in match_text.WHY_NOT_NOW.items()
        },
    }


def pack_names(w: Words, frame: PageFrame) -> Mapping[str, Any]:
    """Return the names of codes that only pages of packs show, beyond `phone_texts.names_of`."""

    def named(vocabulary: str) -> dict[str, str]:
        codes = [code for known, code in frame.names if known == vocabulary]
        return {code: labels.term(w, frame.names, vocabulary, code) for code in codes}

    return {
        "genders": named("gender"),
        "documents": named("document"),
        "amenities": named("amenity"),
        "amenitiesAlways": labels.ALWAYS_SHOWN,
        "amenityIcons": signs.AMENITIES,
        "languages": {code: w.language(code) for code in labels.SPOKEN},
    }
