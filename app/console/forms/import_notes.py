"""What reading a file found, in the reader's language: `geo.imports` speaks English."""

import re
from collections.abc import Iterable, Mapping

from app.console.forms.labels import FIELD_LABELS
from app.i18n.translation import Words, marked

#: What readers and the suggestion say. The first that matches counts; groups fill the text.
_SAID: tuple[tuple[str, str], ...] = (
    (
        r"read as (?P<encoding>\S+): it is not UTF-8; check the accents",
        marked("El archivo se leyó como %(encoding)s: revise las tildes."),
    ),
    (
        r"(?P<field>\w+) is in no column: state it in \[constants\] or map a column",
        marked("Ninguna columna dice esto: %(field)s. Elíjala, o escríbalo abajo."),
    ),
    (
        r"no column has the position.*",
        marked("Ninguna columna tiene la posición: latitud y longitud."),
    ),
    (
        r"visibility is in no column.*",
        marked("Ninguna columna dice quién lo ve: cada espacio nuevo queda restringido."),
    ),
    (
        r"public_phones are published.*",
        marked("Los teléfonos se publican: quite los números de personas."),
    ),
    (
        r"'(?P<country>.*)' is no country that is known",
        marked("No se conoce el país: %(country)s."),
    ),
    (
        r"dates in '(?P<column>.*)' may be day or month first.*",
        marked("En «%(column)s» no se sabe si va primero el día o el mes: dígalo abajo."),
    ),
    (
        r"'(?P<column>.*)' holds free text: say what it means.*",
        marked("«%(column)s» tiene texto libre, no valores de una lista."),
    ),
    (
        r"write in \[id\] a prefix.*",
        marked("Escriba abajo el nombre corto de la fuente."),
    ),
    (r"columns not used: (?P<columns>.*)", marked("Columnas sin usar: %(columns)s.")),
)
_PATTERNS = tuple((re.compile(pattern, re.DOTALL), text) for pattern, text in _SAID)

#: Why a file takes more than one import may (`geo.imports.readers.limits`), and what to do.
HEAVY: Mapping[str, str] = {
    "members": marked(
        "El archivo trae demasiados archivos dentro: traiga solo la tabla o el mapa."
    ),
    "unpacked": marked("El archivo es demasiado grande al abrirlo: divídalo."),
    "ratio": marked(
        "El archivo contiene mucho más de lo que pesa: guárdelo de nuevo sin filas vacías ni "
        "repetidas."
    ),
    "rows": marked("El archivo tiene demasiadas filas para una sola vez: divídalo."),
    "cells": marked("El archivo tiene demasiadas celdas llenas: divídalo."),
    "memory": marked(
        "El archivo ocupa demasiada memoria al leerlo: divídalo, o borre lo que está lejos de la "
        "tabla."
    ),
    "time": marked("El archivo tarda demasiado en leerse: divídalo."),
    "turn": marked("Otro archivo suyo se está leyendo: espere un minuto y tráigalo de nuevo."),
    "broken": marked("El archivo no se pudo leer: guárdelo en otro formato."),
}

#: The form itself asks for these, one by one.
_ASKED = re.compile(r"'.*' in '.*' needs a code of \w+", re.DOTALL)


def notes(w: Words, remarks: Iterable[str]) -> list[str]:
    """Return remarks about a file in words; one that nobody has put so stays as it is."""
    said = (_said(w, remark) for remark in dict.fromkeys(remarks) if not _ASKED.fullmatch(remark))
    return list(said)


def _said(w: Words, remark: str) -> str:
    for pattern, text in _PATTERNS:
        found = pattern.fullmatch(remark)
        if found:
            given = found.groupdict()
            if "field" in given:
                given["field"] = w.gettext(FIELD_LABELS.get(given["field"], given["field"]))
            said = w.gettext(text)
            return said % given if given else said
    return remark
