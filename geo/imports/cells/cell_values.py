"""Conversion of an imported file's cells to field values: numbers, flags, lists, phones, places."""

import json
import math
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from geo.geography.country_names import country_code
from geo.imports.cells import dates, opening_hours
from geo.imports.cells.fields import kind_of
from geo.imports.cells.parts import without_brackets
from geo.imports.headers.synonyms import LABELS
from geo.imports.headers.wording import GONE, word_set
from geo.imports.readers.table import LONGEST, CellError, Value
from geo.reasons import CodedReason
from geo.text.normalize import folded

#: Words that mean an empty cell in columns of codes, numbers and dates. In columns of texts and
#: lists these words are kept as text.
EMPTY = frozenset(
    {
        "n/a",
        "#n/a",
        "-",
        "–",
        "—",
        "s/d",
        "n/d",
        "sin dato",
        "sin datos",
        "null",
        "none",
        "no aplica",
        "no tiene",
        "no hay",
        "nao tem",
        "nao ha",
        "pendiente",
        "pendente",
        "?",
        "??",
        "nao se aplica",
    }
)

#: Fields that mean "open to everybody" when they are empty. A word such as "?" ("not known") is
#: therefore not read as an empty cell in these fields.
NEVER_EMPTY = frozenset({"status", "access", "needs_referral"})

#: Fields whose stored value an empty cell never clears, only a stated word does. Without the value,
#: the record would be another record, or its space would be open to more people.
NEVER_CLEARED = NEVER_EMPTY | {"id", "confidential", "demo", "families_only"}

#: Phrases that mean "no" in a column of yes and no; in other columns they mean an empty cell.
_NOT_THERE = frozenset({"no tiene", "no hay", "nao tem", "nao ha"})

_LONGEST_EMPTY = max(map(len, EMPTY))

#: Words for a list that is stated to be empty, such as "ninguno" for the required documents.
_NOTHING = frozenset(
    {"[]", "ninguno", "ninguna", "nenhum", "nenhuma", "aucun", "aucune", "none", "no piden",
     "no se pide", "no exigen", "no se exige", "no requiere", "no se requiere", "sin documentos",
     "ningun documento", "no pide", "nada"}
)  # fmt: skip

_TRUE = frozenset(
    {"true", "verdadero", "verdadeiro", "vrai", "si", "sim", "yes", "oui", "wi", "1", "x", "✓", "s"}
)
_FALSE = frozenset({"false", "falso", "faux", "no", "nao", "non", "0", "n"})

#: Words for yes after which a cell may say more, as in "Sí, de un socio". Single letters are left
#: out: "s/" is short for "sin" or "sem" (without).
_TRUE_WORDS = _TRUE - {"s", "x", "1"}

#: A plus sign between list items: "cena + ducha".
_PLUS = re.compile(r"\s+\+\s+")
#: Signs and words between the items of a list of languages: "PT/ES". No name of a language holds a
#: slash or an "and".
_AND = re.compile(r"\s*[+/]\s*|\s+(?:y|e|et|and)\s+")

#: Names of languages, for telling whether a text with blanks is a list of languages. Some have no
#: code in the vocabulary, so that a person decides on their cells.
_LANGUAGES = frozenset(name for names in LABELS["languages"].values() for name in names) | word_set(
    "ticuna tikuna warao wayuu wayuunaiki embera nasa macuxi yanomami garifuna mapudungun shuar "
    "aleman alemao german allemand italiano italian chino chines chinese ruso russo russian arabe "
    "arabic criollo lsc libras portunol portunhol 中文"
)

#: Text in brackets that does not make the list item before it doubtful: a price, a number,
#: "gratis". A date or a word such as "hasta" makes the item doubtful.
_PRICE = re.compile(
    r"^(?!.*\b(?:hasta|ate|desde|until|since|20\d\d)\b).*(?:\d|gratis|gratuit|de graca|free)"
)

_BRACKET = re.compile(r"\([^()]*\)")
_WORD = re.compile(r"[a-z_]+")

#: Fields with lists in which a "no" before the first item can deny every item: "no hay agua,
#: comida".
_OFFERED = frozenset({"services", "amenities"})

#: Words of denial. If an item consists of these words alone, it can deny the items before it:
#: "agua, ya no hay".
_DENYING = re.compile(rf"\b(?:ya|hay|mais|more|any|{'|'.join(GONE)})\b")

#: Words in a second column of phone numbers that mean "the same number as in the first".
THE_SAME = frozenset(
    {"mismo", "el mismo", "misma", "la misma", "igual", "idem", "mesmo", "o mesmo", "same"}
)

#: Words beside a phone number that are not part of it: "WhatsApp", "cel.", "fijo".
_BESIDE_PHONE = re.compile(
    r"\(\s*{0}\s*\)|{0}".format(
        r"\b(?:what?s?app?|whats|wasap|wpp|wsp|zap|w|pbx|cel(?:ular)?|tel(?:[eé]fono|efone|f)?|tlf|"
        r"m[oóò]vil|fon[eo]|fijo|central)\b[.:]?"
    ),
    re.IGNORECASE,
)

#: Words before the extension of a phone number, as in "ext. 101". Without its extension the number
#: only reaches a switchboard.
EXTENSION = (
    r"\b(?:ext|extensi[oó]n|extensiones|extens[ãa]o|opc|opci[oó]n|op[çc][ãa]o|anexos?|ramal|ramais|"
    r"interno)\b[.:]{0,2}\s*"
)
#: Further extensions after the first one in an item, with the same number of digits as the first:
#: "ext. 101 - 102, 103". Two groups of digits, such as "/ 2222 - 4444", are a phone number.
_FURTHER_EXTENSIONS = re.compile(
    rf"({EXTENSION}(?!\d{{4}}-\d{{4}}\b)(?:(\d{{3}})|(\d{{4}})|\d{{1,5}}))(?:\s*(?:[-/,;|]|\b[yeo]\b)\s*"
    r"(?!\d{3,4}\s?[-–]\s?\d{4}\b)(?(2)\d{3}|(?(3)\d{4}|\d{1,2}))\b(?![ .-]?\d))++"
    r"(?=\s*(?:$|[,;/|\n]|\b[yeo]\b))",
    re.IGNORECASE,
)

_DMS = re.compile(
    r"""([+-]?\d{1,3})\s*[°º]\s*(?:(\d{1,2}(?:[.,]\d+)?)\s*['′’]\s*)?"""
    r"""(?:(\d{1,2}(?:[.,]\d+)?)\s*(?:["″”]|'')\s*)?([NSEWO])?""",
    re.IGNORECASE,
)
#: Link to a web map that gives the position of a single place: as its marker, as coordinates
#: searched for, or as the centre of a near view (zoom 16 and more: 500 m on a phone). A route or a
#: wider view gives none.
_MAP_LINK = re.compile(
    r"(?:https?://[\w.]*google\.[\w.]+/(?!maps/dir/)[^\s@!?]*)?(?:"
    r"[^\s!]*!(?:\S*?!)?3d(-?\d{1,2}\.\d{3,})!4d(-?\d{1,3}\.\d{3,})\S*"
    r"|\?(?:\S*&)?(?:q|query)=(-?\d{1,2}\.\d{3,})(?:,|%2C)\s*(-?\d{1,3}\.\d{3,})(?:&\S*)?"
    r"|@(-?\d{1,2}\.\d{3,}),(-?\d{1,3}\.\d{3,}),(?:1[6-9]|2\d)(?:\.\d+)?z(?:/(?!\S*!3d)\S*)?)"
)

#: Two decimal numbers with a slash between, such as "-24,7808 / -65,3968", but not "8 / 5".
_SLASHED = re.compile(r"([+-]?\d{1,3}[.,]\d+)\s*/\s*([+-]?\d{1,3}[.,]\d+)")

#: Degrees followed by letters of compass directions: "9.55464 N 79.55991 W".
_LETTERED = re.compile(
    r"(\d{1,2}[.,]\d+)\s*°?\s*([NS])[\s,;/]+(\d{1,3}[.,]\d+)\s*°?\s*([EWO])", re.IGNORECASE
)
_GROUPED = re.compile(r"[+-]?\d{1,3}(?:([.,  '])\d{3})(?:\1\d{3})*")


@dataclass(frozen=True)
class CellStyle:
    """Notation that a file uses for numbers, dates, lists and empty cells.

    Attributes
    ----------
    decimal : str or None
        Decimal sign, ``,`` or ``.``; None accepts unambiguous numbers only.
    order : str or None
        Order of day and month in numeric dates, ``day_first`` or ``month_first``; None accepts
        unambiguous dates only.
    epoch_1904 : bool
        Whether serial dates count from 1904, not from 1900.
    empty : collection of str
        Folded words that mean an empty cell, in every column.
    separator : str or None
        Separator of list items; None splits at ``|``, ``;``, ``,`` or line breaks.
    timezone : str or None
        Time zone of timestamps without an offset; None refuses timestamps without an offset.
    """

    decimal: str | None = None
    order: dates.Order | None = None
    epoch_1904: bool = False
    empty: Collection[str] = field(default=frozenset())
    separator: str | None = None
    timezone: str | None = None


def is_empty(value: Value, name: str, style: CellStyle) -> bool:
    """Return whether a cell counts as empty in a column of the field ``name``."""
    if not isinstance(value, str):
        return value is None
    if not value.strip():
        return True
    if len(value) > _LONGEST_EMPTY and not style.empty:
        return False
    plain = folded(value)
    if plain in style.empty:
        return True
    if name in NEVER_EMPTY or (kind_of(name) == "flag" and plain in _NOT_THERE):
        return False
    return kind_of(name) not in {"text", "list"} and plain in EMPTY


#: Pattern for the apostrophes that `geo.exports.tables` writes before formula characters, at the
#: beginning of a cell, or within a cell after a semicolon, tab or line break.
_QUOTED = re.compile(r"(?:^|(?<=[;\t\n\r]))'('*[=+\-@\t\r＝＋－＠])")


def converted(value: Value, name: str, style: CellStyle) -> Value:
    """Return a cell's value converted to the type of field ``name``.

    Raises
    ------
    CellError
        The value cannot be converted; the message gives the reason, never the value.
    """
    value = _unquoted(value)
    if isinstance(value, str) and kind_of(name) not in _WORDS and not value.startswith(("[", "{")):
        value = _BLANKS.sub(lambda run: "\n" if "\n" in run[0] else " ", value)
        if len(value) > LONGEST:
            raise CellError(CodedReason("too_long", most=LONGEST))
    if isinstance(value, str) and name in _NAMED_PLACES and _CODE.fullmatch(value):
        value = _named(value)
    if isinstance(value, str) and kind_of(name) == "list" and style.separator is None:
        value = _with_commas(value, name)
    return _CONVERTERS[kind_of(name)](value, style)


#: Kinds of value that are kept as text or parsed as JSON; no pattern reads their cells.
_WORDS = frozenset({"text", "objects"})
#: Runs of blanks. They are shortened to one blank before patterns read a cell, because a pattern
#: would start again at each blank, which takes long for a cell with many.
_BLANKS = re.compile(r"\s{2,}")

#: Fields with names of places, which survey programs write as codes: "norte_de_santander".
_NAMED_PLACES = frozenset({"admin1", "locality"})
_CODE = re.compile(r"[a-z]+(?:_[a-z]+)+")


def _named(code: str) -> str:
    """Convert the code of a place to its name: "norte_de_santander" to "Norte de Santander"."""
    small = {"de", "del", "la", "las", "los", "el", "y", "do", "da", "dos", "das", "e"}
    words = code.split("_")
    return " ".join(w if at and w in small else w.capitalize() for at, w in enumerate(words))


def _with_commas(text: str, name: str) -> str:
    """Put commas in place of other signs between list items: "cena + ducha", "PT/ES"."""
    if text.startswith("[") or re.search(r"[;|\n]", text):
        return text
    if name != "languages":
        return _PLUS.sub(", ", text)
    # The vocabulary writes codes of languages in small letters: "PT" becomes "pt".
    text = re.sub(r"\b[A-Z][A-Za-z]\b", lambda code: code[0].lower(), _AND.sub(", ", text))
    names = text.split()
    if "," in text or len(names) < 2 or folded(text) in _LANGUAGES:  # noqa: PLR2004
        return text
    return ", ".join(names) if all(folded(name) in _LANGUAGES for name in names) else text


def is_list_in_doubt(value: Value, name: str, style: CellStyle) -> bool:
    """Return whether a list denies something, but not clearly which of its items.

    If only blanks separate the items, as in "duchas (no funcionan) agua" or "no inglés español", a
    "no" can deny one item or all. If commas or semicolons separate them, a "no" denies its own
    item. The list is still in doubt if the "no" is in the first item, or if its item says that it
    is about other items: "agua; suspendido: comida, camas", "agua, comida, ya no".
    """
    if not isinstance(value, str) or kind_of(name) not in {"list", "flags"}:
        return False
    plain = folded(value)
    if plain in _NOTHING or value.startswith(("[", "{")):
        return False
    known = {label for labels in LABELS.get(name, {}).values() for label in labels}
    parts = [part for one in re.split(r"[,;|\n]", plain) if (part := one.strip())]
    denied = [part not in known and not GONE.isdisjoint(_WORD.findall(part)) for part in parts]
    if name != "languages" and style.separator != " ":
        is_of_others = any(
            ":" in part or not _DENYING.sub("", part).strip(" .")
            for part, is_denied in zip(parts, denied, strict=True)
            if is_denied
        )
        is_doubtful = denied[:1] == [True] or is_of_others
        return name in _OFFERED and is_doubtful and not all(denied)
    said = [] if name == "languages" else _BRACKET.findall(plain)
    return any(denied) or not all(map(_PRICE.search, said))


def _unquoted(value: Value) -> Value:
    """Remove the apostrophes that exports put before text that looks like a formula."""
    return _QUOTED.sub(r"\1", value) if isinstance(value, str) and "'" in value else value


def _text(value: Value, _: CellStyle) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(int(value)) if float(value).is_integer() else repr(value)
    if isinstance(value, datetime):
        return value.isoformat(" ")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, str):
        return value.strip()
    raise CellError(CodedReason("not_text"))


def _flag(value: Value, _: CellStyle) -> bool:
    if isinstance(value, bool):
        return value
    plain = folded(str(value).removesuffix(".0"))
    if plain in _TRUE:
        return True
    if plain in _FALSE | _NOT_THERE:
        return False
    raise CellError(CodedReason("cell_not_yes_or_no"))


#: Words in a cell that mean that people need a referral.
_REFERRED = re.compile(r"\b(?:encaminh\w*|deriv\w*|remi(?:s|t)\w*|refer(?:id|ral)\w*|cras|creas)\b")
#: Words in a cell that mean that people need no referral.
_WALK_IN = re.compile(
    r"\b(?:(?:porta|puerta)s? (?:aberta|abierta)s?|livre|libre|direct[oa]|walk[ -]?in|abiert[oa]|"
    r"espontane[oa]|sin (?:cita|remision|derivacion|carta)|sem (?:encaminhamento|agendamento)|"
    r"abert[oa])\b"
)

#: Words in a cell by which the entry is not for all people, not at all times, or by appointment. A
#: person decides on such a cell.
_CONDITION = re.compile(
    r"\b(?:salvo|excepto|exceto|menos|veces|vezes|depende|cita|agend\w*|appointment|noche|noite|"
    r"nocturn\w*|noturn\w*|pernocta\w*|pernoite)\b|\bs/"
)

#: Words in a cell by which even an entry without a referral has a condition, as in "hospedaje
#: directo por ACNUR". A person decides on such a cell.
_LIMITED = re.compile(
    r"\b(?:so|solo|solamente|somente|apenas|only|por|cartas?|entrevista\w*|evalua\w*|avalia\w*|"
    r"interview|assessment|triage|triagem|previ[ao]s?|tras|apos)\b"
)


def _answer(value: Value, style: CellStyle) -> bool:
    """Return whether a place asks for a referral, from a cell with yes, no, or a description.

    A yes may be followed by more text, as in "Sí, de un socio". A no with more text, and a cell
    with words for both yes and no, are refused (`CellError`).
    """
    if not isinstance(value, str):
        return _flag(value, style)
    plain = folded(value).replace("_", " ")
    told = re.match(r"([^\W\d]+)\s*[(,;:/–-]", plain)
    if told and told[1] in _TRUE_WORDS:
        return True
    if plain in _NOT_THERE:  # "no hay" can mean that no referral is needed, or that it is not known
        raise CellError(CodedReason("cell_not_yes_or_no"))
    walk_in = _WALK_IN.search(plain)
    referred = _REFERRED.search(_WALK_IN.sub(" ", plain))
    denied = re.match(r"(?:no|nao|non)\b" if walk_in else r"(?:no|nao|non|sin|sem)\b", plain)
    is_limited = _CONDITION.search(plain) or (walk_in and _LIMITED.search(_WALK_IN.sub(" ", plain)))
    if bool(walk_in) == bool(referred) or denied or is_limited:
        return _flag(value, style)
    return referred is not None


def number(value: Value, style: CellStyle) -> float:
    """Return the number in a cell: with decimal point or comma, with or without thousands signs.

    Raises
    ------
    CellError
        The cell holds no number, or a number that can be read in two ways, such as ``1.234``.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise CellError(CodedReason("not_number"))
    if isinstance(value, str):
        value = _read_number(re.sub(r"\s", "", value.strip()), style.decimal)
    if not math.isfinite(value):
        raise CellError(CodedReason("not_number"))
    return float(value)


def _read_number(text: str, decimal: str | None) -> float:
    if decimal is None:
        dot, comma = text.rfind("."), text.rfind(",")
        if min(dot, comma) >= 0:
            decimal = "." if dot > comma else ","
        elif _GROUPED.fullmatch(text) and text.count(".") + text.count(",") > 1:
            decimal = "," if dot >= 0 else "."
        elif comma >= 0 and not _GROUPED.fullmatch(text):
            decimal = ","
        elif _GROUPED.fullmatch(text) and max(dot, comma) >= 0:
            raise CellError(CodedReason("cell_ambiguous_decimal"))
    decimal = decimal or "."
    group = "," if decimal == "." else "."
    whole, _, fraction = text.partition(decimal)
    if group in whole and not re.fullmatch(rf"[+-]?\d{{1,3}}(?:[{group}]\d{{3}})+", whole):
        raise CellError(CodedReason("not_number"))
    if not re.fullmatch(r"[+-]?\d+(?:[.,]\d{3})*", whole) or (fraction and not fraction.isdigit()):
        try:
            return float(text)  # scientific notation, such as 1e3
        except ValueError:
            raise CellError(CodedReason("not_number")) from None
    return float(f"{whole.replace(group, '')}.{fraction or 0}")


def decimal_of(cells: Iterable[Value]) -> str | None:
    """Return the decimal sign that a column's numbers show; None if they show none, or both."""
    signs = set()
    for cell in cells:
        if not isinstance(cell, str):
            continue
        found = re.fullmatch(r"[+-]?\d+(?:[.,]\d{3})*([.,])(\d+)", re.sub(r"\s", "", cell))
        both = "." in cell and "," in cell
        if found and (both or len(found[2]) != 3):  # noqa: PLR2004 - three digits may be thousands
            signs.add(found[1])
    return signs.pop() if len(signs) == 1 else None


#: Words after a number of places, years or nights: "20 cupos", "3 noches".
UNITS = re.compile(
    r"(?<=\d)\s*(?:cupos?|plazas?|personas?|camas?|literas?|lugares|puestos|vagas?|leitos|pessoas|"
    r"beds?|places?|people|persons|anos?|years?|noches?|noites?|nights?|dias?|days?)\.?$"
)


def _whole(value: Value, style: CellStyle) -> int:
    if isinstance(value, str):
        value = UNITS.sub("", folded(value))
    found = number(value, style)
    if not found.is_integer():
        raise CellError(CodedReason("not_whole"))
    return int(found)


def degrees(value: Value, style: CellStyle) -> float:
    """Return a coordinate in decimal degrees, from decimal degrees or degrees, minutes, seconds.

    Raises
    ------
    CellError
        The cell holds neither notation.
    """
    if isinstance(value, str):
        found = _DMS.fullmatch(value.strip())
        if found:
            whole, *rest = (float((part or "0").replace(",", ".")) for part in found.groups()[:3])
            size = abs(whole) + rest[0] / 60 + rest[1] / 3600
            south_or_west = (found[4] or "").upper() in {"S", "W", "O"}
            return round(-size if south_or_west or found[1].startswith("-") else size, 7)
        # A coordinate is below a thousand, so a single comma or point must be the decimal sign.
        plain = re.sub(r"\s", "", value)
        if plain.count(",") + plain.count(".") == 1:
            return number(plain.replace(",", "."), CellStyle(decimal="."))
    return number(value, style)


def position(value: Value, style: CellStyle) -> tuple[float, float]:
    """Return lon and lat from a cell that holds both, latitude first as in surveys and web maps.

    Altitude and accuracy, which survey programs write after the two numbers, are ignored.

    Raises
    ------
    CellError
        The cell does not hold two to four numbers.
    """
    text = value.strip().strip("()") if isinstance(value, str) else ""
    if linked := _MAP_LINK.fullmatch(text):
        found_lat, found_lon = (one for one in linked.groups() if one is not None)
        return float(found_lon), float(found_lat)
    text = _SLASHED.sub(r"\1 \2", text) if _SLASHED.fullmatch(text) else text
    if lettered := _LETTERED.fullmatch(text):
        south, west = lettered[2].upper() == "S", lettered[4].upper() in {"W", "O"}
        text = f"{'-' * south}{lettered[1]} {'-' * west}{lettered[3]}"
    parts = [part for part in re.split(r"\s*[;|]\s*|\s*,\s+|\s+", text) if part]
    if len(parts) == 1 and text.count(",") == 1:
        parts = text.split(",")
    if len(parts) == 1 and text.count(",") == 3:  # noqa: PLR2004 - 7,89,-72,5: decimal commas
        a, b, c, d = text.split(",")
        parts = [f"{a}.{b}", f"{c}.{d}"]
    if not 2 <= len(parts) <= 4:  # noqa: PLR2004 - lat, lon, altitude, accuracy
        raise CellError(CodedReason("cell_not_position"))
    lat, lon = (degrees(part, style) for part in parts[:2])
    return lon, lat


def _list(value: Value, style: CellStyle) -> list[Value]:
    if isinstance(value, list):
        return [item for item in value if item not in (None, "")]
    text = _text(value, style)
    if folded(text) in _NOTHING:
        return []
    if text.startswith("["):
        found = _json(text)
        if isinstance(found, list):
            return found
    if style.separator == " ":
        parts = re.split(r"[\s,;|]+", without_brackets(text))
    elif style.separator is not None:
        parts = text.split(style.separator)
    elif "|" in text:
        parts = text.split("|")
    else:
        parts = re.split(r"[;\n]" if re.search(r"[;\n]", text) else r",", text)
    return [part.strip() for part in parts if part.strip()]


def _phones(value: Value, style: CellStyle) -> list[Value]:
    if isinstance(value, int | float):
        return [_text(value, style)]
    if isinstance(value, str) and not value.startswith("["):
        value = _FURTHER_EXTENSIONS.sub(r"\1", value)
        separated = re.split(r"\s*(?:[|;,/\n]|\b[yeo]\b|\bou\b|\band\b)\s*", value)
        bare = (_BESIDE_PHONE.sub("", part).strip(" .:") for part in separated)
        return [part for part in bare if part and folded(part) not in THE_SAME]
    return _list(value, style)


def _flags(value: Value, style: CellStyle) -> dict[str, bool]:
    found = _json(value) if isinstance(value, str) and value.startswith("{") else value
    if isinstance(found, Mapping):
        return {str(key): _flag(flag, style) for key, flag in found.items() if flag is not None}
    return {str(code): True for code in _list(found, style)}


def _objects(value: Value, _: CellStyle) -> Value:
    found = _json(value) if isinstance(value, str) else value
    if isinstance(found, dict):
        found = [found]
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise CellError(CodedReason("cell_not_objects"))
    return found


def _json(text: str) -> Any:  # noqa: ANN401 - parsed JSON can be of any type
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise CellError(CodedReason("cell_not_json")) from None


def _day(value: Value, style: CellStyle) -> str:
    """Return the date in a cell; a year alone is read as its first day, the oldest possible."""
    if isinstance(value, str) and re.fullmatch(r"20\d\d", value.strip()):
        return f"{value.strip()}-01-01"
    return dates.day(value, style.order, epoch_1904=style.epoch_1904).isoformat()


def _instant(value: Value, style: CellStyle) -> str:
    found = value
    if isinstance(value, str):
        try:
            found = datetime.fromisoformat(value.strip())
        except ValueError:
            found = dates.day(value, style.order, epoch_1904=style.epoch_1904)
    elif isinstance(value, int | float):
        found = dates.day(value, style.order, epoch_1904=style.epoch_1904)
    if isinstance(found, datetime) and found.tzinfo is not None:
        return found.astimezone(UTC).isoformat()
    if isinstance(found, date):
        zone = ZoneInfo(style.timezone) if style.timezone else None
        if zone is None:
            raise CellError(CodedReason("cell_without_offset"))
        moment = found if isinstance(found, datetime) else datetime.combine(found, time())
        return moment.replace(tzinfo=zone).astimezone(UTC).isoformat()
    raise CellError(CodedReason("cell_not_moment"))


_CONVERTERS: Mapping[str, Callable[[Value, CellStyle], Value]] = {
    "text": _text,
    "code": _text,
    "country": lambda value, style: country_code(_text(value, style), is_shortened=True),
    "flag": _flag,
    "answer": _answer,
    "number": number,
    "whole": _whole,
    "degrees": degrees,
    "position": position,
    "list": _list,
    "phones": _phones,
    "flags": _flags,
    "objects": _objects,
    "day": _day,
    "instant": _instant,
    "clock": lambda value, _: dates.clock(value),
    "weekdays": lambda value, _: dates.weekdays(value),
    "hours": lambda value, _: opening_hours.read_day(value),
    "week": lambda value, _: opening_hours.read_week(value),
}
