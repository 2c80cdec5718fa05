"""Headers and labels as plain words: folded, abbreviations written out, fillers removed."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from geo.text.normalize import folded


def word_set(text: str) -> frozenset[str]:
    """Return the words of a text as a set."""
    return frozenset(text.split())


#: Words in a header or label that deny its other words.
DENIALS: Final = word_set(
    "no nao non not nunca never jamas jamais sin sem sans without ainda aun todavia yet encore pas "
    "ni nem nor fuera fora hors out dejo dejaron deixou parou ceso cessou stopped falta faltan "
    "faltam tampoco"
)

#: Words by which something is not offered, no longer, or not now; they include `DENIALS`.
GONE: Final = DENIALS | word_set(
    "suspendido suspendida suspendidos suspendidas suspenso suspensa suspended cerrado cerrada "
    "cerrados cerradas fechado fechada fechados fechadas closed agotado agotada esgotado inactivo "
    "inactiva inativo inativa antes anteriormente proximamente futuro futura "
    "mudo mudaron mudou trasladado trasladada trasladados vencio vencido vencida venceu "
    "era eran daban ofrecian acabo acabaron carece carecen necesita necesitan vende venden cortada "
    "cortado deriva derivan remite remiten evaluan cerca menos excepto salvo perto exceto "
    "existia habia havia danado danada danados danadas roto rota quebrado"
)

#: Full words of abbreviations in headers.
_SHORT = {
    "dpto": "departamento", "depto": "departamento", "mpio": "municipio", "mcpio": "municipio",
    "org": "organizacion", "orgs": "organizacion", "dir": "direccion", "tel": "telefono",
    "tp": "tipo",
    "tels": "telefonos", "telfs": "telefonos", "fonos": "telefonos", "cels": "celular",
    "wasap": "whatsapp", "guasap": "whatsapp", "whatsap": "whatsapp", "wats": "whatsapp",
    "whats": "whatsapp", "watsap": "whatsapp", "wazap": "whatsapp", "wapp": "whatsapp",
    "pbx": "telefono", "conmutador": "telefono",
    "tlf": "telefono", "telf": "telefono", "fono": "telefono",
    "fone": "telefono", "zap": "whatsapp", "cel": "celular",
    "obs": "observaciones", "pto": "punto", "esp": "espacio", "info": "informacion",
    "alb": "albergue", "cap": "capacidad", "serv": "servicios", "hrs": "horario",
    "prov": "provincia", "edo": "estado",
    "ult": "ultima", "max": "maxima", "min": "minima", "aten": "atencion",
    "verif": "verificacion", "ubic": "ubicacion", "inst": "institucion", "pob": "poblacion",
    "docs": "documentos", "doc": "documentos", "coord": "coordenada", "nro": "numero",
    "num": "numero", "av": "avenida", "qtd": "cantidad", "qtde": "cantidad", "cant": "cantidad",
    "wpp": "whatsapp", "wsp": "whatsapp", "wa": "whatsapp", "mail": "correo", "email": "correo",
    "mun": "municipio", "end": "endereco",
}  # fmt: skip

#: Words without meaning for a column's content, such as articles. `words_of` leaves them out.
_FILLERS = frozenset(
    {"a", "al", "ao", "aos", "as", "at", "con", "d", "da", "das", "de", "del", "der", "des", "do",
     "dos", "du", "e", "el", "en", "es", "esta", "estan", "este", "et", "for", "hay", "in", "is",
     "l", "la", "las", "le", "les", "lo", "los", "n", "na", "nas", "no", "nos", "o", "of", "ou",
     "c", "cada", "com", "cual", "cuales", "how", "or", "p", "para", "per", "por", "q",
     "qual", "quais", "que", "s", "se", "si", "so", "su", "sus", "ta", "tem", "the", "tiene",
     "tienen", "to", "u", "um", "uma", "un", "una", "unos", "what", "which", "y"}
)  # fmt: skip

_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")

#: The number of a question before its words: "8. Teléfono", "P3) Tipo", "q12_horario".
_NUMBERED = re.compile(
    r"^\s*(?:[PpQq]?\d{1,3}(?:\.\d{1,2})*|[A-Za-z](?!-\S))\s*[.):_-]+\s*(?=[^\d\s])"
)

#: Explanation in brackets of the mark for numbers with WhatsApp: "Teléfonos (W = wasap)".
_LEGEND: Final = re.compile(
    r"\(\s*[^\s()]{1,2}\s*=\s*(?:what?s\s?app?|wh?ats|wasap|guasap|wpp|wsp|zap)\s*\)", re.IGNORECASE
)

#: The path of a question in a survey: "atencion/servicios".
_PATH = re.compile(r"[A-Za-z]\w*(?:/\w+)+")

#: Word that replaces phrases such as "personas con discapacidad": their word "personas" would make
#: a header one about persons.
DISABLED: Final = "pcd"

#: Phrases whose words would mislead, with their replacements: "personas con discapacidad" would
#: make a header one about persons; "on the day of the visit" says nothing about the place; "p code"
#: is one word.
_PHRASES: Final[Mapping[re.Pattern[str], str]] = {
    re.compile(
        r"\b(?:personas?|pessoas?|people|persons?|personnes?|usuarios?) "
        r"(?:con|com|with|en|em|in|en situacion de|en situation de|a) (?:alguna? |a )?"
        r"(?:discapacidad(?:es)?|deficiencias?|disabilit(?:y|ies)|handicap|"
        r"movilidad reducida|mobilidade reduzida|mobilite reduite|reduced mobility|"
        r"sillas? de ruedas|cadeiras? de rodas|wheelchairs?)\b"
        r"|\bp[cw]d\b"
    ): DISABLED,
    re.compile(
        r"\b(?:en el|el|al|no|on the|at the) (?:dia|momento|day|time) "
        r"(?:de la|da|de|of the|of) (?:visita|visit|entrevista|encuesta|pesquisa)\b"
    ): " ",
    re.compile(r"\bp code\b"): "pcode",
}

#: Words for a person who was met. In a header with such a word, "on the day of the visit" is kept,
#: because the header can be about that person's number (P6).
_OF_WHO: Final = word_set(
    "telefono telefonos telefone telefones telephone phone phones celular celulares whatsapp "
    "contacto contactos contato contatos contact contacts correo correos nombre nombres nome nomes "
    "name names nom quien quem who qui numero movil movel mobile linea"
)

#: Phrases that allow publishing a number. `words_of` leaves them out, except in a header with a
#: denial, in which they forbid publishing.
_PERMITTED: Final = re.compile(
    r"\b(?:que|that|which|qui) (?:se )?(?:pode|puede|podem|pueden|can|may|peut)(?: se)?"
    r"(?: ser| be| etre)? (?:divulga[dr]\w*|publica[dr]\w*|publish\w*|publie\w*|"
    r"difundi[dr]\w*|mostra[dr]\w*|shared?)\b"
)

#: Weights of a header's first part and of its later parts; the weight of the whole header is 1 [A].
_FIRST_PART, _LATER_PART = 0.95, 0.8


def plain(header: str) -> str:
    """Return a header in plain letters, words separated by a blank and short forms written out.

    A question's number before the words is left out.
    """
    numbered = _LEGEND.sub("(whatsapp)", _NUMBERED.sub("", header, count=1))
    words = re.sub(r"[^a-z0-9]+", " ", folded(numbered)).split()
    return " ".join(_SHORT.get(word, word) for word in words)


def plain_forms(header: str) -> dict[str, float]:
    """Return a header in plain words, whole and in parts, each with a weight from 0 to 1.

    Slashes, dashes and colons separate the parts, and text in brackets is left out of them. The
    last part of a survey's path, "servicios" in "atencion/servicios", has the weight of the whole
    path.
    """
    if is_path(header):
        return {plain(header): 1.0, plain(header.rsplit("/", 1)[-1]): 1.0}
    bare = re.sub(r"\([^()]*\)", " ", header)
    first, *others = re.split(r"/|\s[-–]\s|[?:]\s", bare)
    forms = {plain(part): _LATER_PART for part in others}
    forms |= {plain(first): _FIRST_PART, plain(bare): 1.0, plain(header): 1.0}
    return {form: weight for form, weight in forms.items() if form}


def is_path(header: str) -> bool:
    """Return whether a header is the path of a question in a survey: "atencion/servicios"."""
    return _PATH.fullmatch(header) is not None and header == header.lower()


def parted(header: str) -> str:
    """Return a header with blanks between words joined by capital letters: "NombreMigrante"."""
    header = header.replace("WhatsApp", "whatsapp")
    return header if " " in header else _CAMEL.sub(" ", header)


@lru_cache(maxsize=10_000)
def words_of(header: str) -> tuple[str, ...]:
    """Return the words of a header without fillers and numbers, in order."""
    whole = plain(parted(header))
    bare = whole
    is_of_who = not _OF_WHO.isdisjoint(whole.split())
    for phrase, meaning in _PHRASES.items():
        # On "the day of the visit" a phone is that of the person who was met, so the phrase is kept
        # (P6).
        if meaning != " " or not is_of_who:
            bare = phrase.sub(meaning, bare)
    if DENIALS.isdisjoint(whole.split()):
        bare = _PERMITTED.sub(" ", bare)
    return _telling(bare) or _telling(whole)


def _telling(text: str) -> tuple[str, ...]:
    return tuple(word for word in text.split() if word not in _FILLERS and not word.isdigit())


def stem(word: str) -> str:
    """Return a plain word without the endings of plural and gender: "casas" as "cas"."""
    if len(word) > 3 and word.endswith("s"):  # noqa: PLR2004 - "mes" and "bus" are whole
        word = word[:-1]
    if len(word) > 4 and word[-1] in "aeo":  # noqa: PLR2004
        word = word[:-1]
    return word
