"""Headers and labels as plain words."""

import re
from functools import lru_cache

from geo.text.normalize import folded

#: Short forms of words in headers.
_SHORT = {
    "dpto": "departamento", "depto": "departamento", "mpio": "municipio", "mcpio": "municipio",
    "org": "organizacion", "orgs": "organizacion", "dir": "direccion", "tel": "telefono",
    "tlf": "telefono", "telf": "telefono", "fono": "telefono",
    "fone": "telefono", "zap": "whatsapp", "cel": "celular",
    "obs": "observaciones", "pto": "punto", "esp": "espacio", "info": "informacion",
    "alb": "albergue", "cap": "capacidad", "serv": "servicios", "hrs": "horario",
    "prov": "provincia", "ult": "ultima", "max": "maxima", "min": "minima", "aten": "atencion",
    "verif": "verificacion", "ubic": "ubicacion", "inst": "institucion", "pob": "poblacion",
    "docs": "documentos", "doc": "documentos", "coord": "coordenada", "nro": "numero",
    "num": "numero", "av": "avenida",
}  # fmt: skip

#: Words that say nothing of what a column holds.
_FILLERS = frozenset(
    {"a", "al", "ao", "aos", "as", "at", "con", "d", "da", "das", "de", "del", "der", "des", "do",
     "dos", "du", "e", "el", "en", "es", "esta", "estan", "este", "et", "for", "hay", "in", "is",
     "l", "la", "las", "le", "les", "lo", "los", "n", "na", "nas", "no", "nos", "o", "of", "ou",
     "para", "per", "por", "qual", "quais", "que", "s", "se", "si", "su", "sus", "the", "tiene",
     "tienen", "to", "u", "um", "uma", "un", "una", "unos", "y"}
)  # fmt: skip

_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


def plain(header: str) -> str:
    """Return a header in plain letters, words separated by a blank and short forms written out."""
    words = re.sub(r"[^a-z0-9]+", " ", folded(header)).split()
    return " ".join(_SHORT.get(word, word) for word in words)


def plain_forms(header: str) -> set[str]:
    """Return a header as plain words: whole, without what stands in brackets, after a slash.

    Surveys write the group of a question before its name: "atencion/servicios".
    """
    forms = (header, re.sub(r"\(.*?\)", " ", header), header.rsplit("/", 1)[-1])
    return {plain(form) for form in forms} - {""}


@lru_cache(maxsize=10_000)
def stems(header: str) -> tuple[str, ...]:
    """Return the words of a header that say something, in order and in the singular."""
    words = plain(_CAMEL.sub(" ", header)).split()
    return tuple(stem(word) for word in words if word not in _FILLERS and not word.isdigit())


def stem(word: str) -> str:
    """Return a plain word without the ending of a plural and of its gender."""
    if len(word) > 3 and word.endswith("s"):  # noqa: PLR2004 - "mes" and "bus" are whole
        word = word[:-1]
    if len(word) > 4 and word[-1] in "aeo":  # noqa: PLR2004
        word = word[:-1]
    return word
