"""Cells that hold the values of several fields, such as "Pacaraima/RR" or "ativo - 06/10/25"."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Final

from geo.geography.country_names import country_code
from geo.geography.division_names import is_division
from geo.imports.cells import dates
from geo.imports.headers.synonyms import LABELS
from geo.imports.headers.wording import GONE, word_set
from geo.imports.readers.table import LONGEST, CellError, Value
from geo.text.countries import CODES
from geo.text.normalize import folded

#: Signs between a place and the division it is in: "Ipiales - Nariño", "Tumbes (Perú)".
_BETWEEN_PLACES: Final = re.compile(r"\s*[/|;(,]\s*|\s+[-–—]\s+|[- ](?=[A-Z]{2}\)?$)")

#: Signs between a status and its date: "ativo - 06/10/25", "abierto (mayo 2025)".
_BETWEEN: Final = re.compile(r"[\s,;:|/([–—-]+")

#: Words beside a date that say that somebody visited or confirmed the place then ("visto",
#: "actualizado"), and small words between them.
_SEEN: Final = word_set(
    "visto vista verificado verificada verif confirmado confirmada conf conferido actualizado "
    "actualizada act atualizado atualizada checado chequeado revisado revisada ult ultima ultimo "
    "visita verificacion verificacao confirmacion confirmacao actualizacion atualizacao seen "
    "checked verified vu verifie el al em en dia la en o a le on"
)

#: Words of `_SEEN` that are kept within a status, because labels of a status contain them: "en
#: funcionamiento".
_KEPT_WITHIN: Final = frozenset({"en", "em"})

#: Words of labels of a status. With any other word beside it, a date is not that of the status:
#: "convenio 31/12/2025".
_OF_A_STATE: Final = frozenset(
    word for labels in LABELS["status"].values() for label in labels for word in label.split()
) - {"cierre", "vigente"} | {"temporal", "definitivo", "parcialmente"}

_MAIL: Final = re.compile(r"[^\s,;|<>()]{1,64}@[^\s,;|<>()]{1,255}")

#: Codes of the chosen answers in one cell as survey programs write them: small letters, joined by
#: an underscore.
_CODES: Final = re.compile(r"[a-z0-9]+(?:_[a-z0-9]+)*(?: [a-z0-9]+(?:_[a-z0-9]+)*)*")

#: Answers typed as words with blanks between them, which people write in place of such codes.
_WORDS: Final = re.compile(r"[^\W\d_][\w'’]*(?: [^\W\d_][\w'’]*)*")

#: Limits of `are_codes`, all [A]: least share of cells that consist of codes, or of words; least
#: share of the words after the first of a cell that also begin another cell; fewest cells with
#: several words.
_MOST, _FREE, _FEWEST = 0.8, 0.6, 3

type Parts = dict[str, Value]


def _places(text: str, fields: Sequence[str]) -> Parts:
    """Split a text into country, division and town; country and division are found by known names.

    If neither name is found, or more than one other piece is left over, the first field gets the
    whole text.
    """
    pieces = [piece.strip(" ).") for piece in _BETWEEN_PLACES.split(text) if piece.strip(" ).")]
    found: Parts = {}
    rest = list(pieces)
    for name, is_one in (("country", _is_country), ("admin1", is_division)):
        # A division follows its towns, so the last piece goes first: "Santander/Norte de
        # Santander".
        order = rest if fields[0] == name else rest[::-1]
        piece = next((one for one in order if is_one(one)), None)
        if name in fields and piece is not None and len(rest) > 1:
            found[name] = piece
            rest.remove(piece)
    if "locality" in fields and len(rest) == 1 and found:
        return found | {"locality": rest[0]}
    return {fields[0]: text.strip()}


def _is_country(text: str) -> bool:
    return country_code(text) in CODES


def _dated(text: str, fields: Sequence[str]) -> Parts:
    """Split a text into a status and the date of its confirmation; without a date, it is a status.

    Only words of a status and words such as "visto" may stand beside the date. With any other word
    the date is that of something else, such as the end of an agreement, and the whole text becomes
    the status, for a person to read.
    """
    state, date = fields
    if is_date(text):
        return {date: text}
    gaps = list(_BETWEEN.finditer(text))
    for gap in gaps:
        before, after = text[: gap.start()], text[gap.end() :].strip(" )].")
        if is_date(after) and (said := _state_of(before)):
            return {state: said, date: after}
    for gap in reversed(gaps):
        before, after = text[: gap.start()].strip(" ([-–"), text[gap.end() :]
        if is_date(before) and (said := _state_of(after)):
            return {state: said, date: before}
    return {state: text.strip()}


def _state_of(text: str) -> str:
    """Return the status in the text beside a date, without words such as "visto".

    "" if the text has a digit or a word that is neither of a status nor of `_SEEN`.
    """
    pieces = [(piece[0], folded(piece[0])) for piece in re.finditer(r"[^\W\d_]+", text)]
    if re.search(r"\d", text) or any(
        plain not in _SEEN and plain not in _OF_A_STATE for _, plain in pieces
    ):
        return ""
    said = [word for word, plain in pieces if plain not in _SEEN or plain in _KEPT_WITHIN]
    while said and folded(said[-1]) in _SEEN:
        said.pop()
    return " ".join(said)


@lru_cache(maxsize=10_000)
def is_date(text: str) -> bool:
    """Return whether a text is a date, even one whose order of day and month is not known."""
    if not re.search(r"\d", text):
        return False
    try:
        dates.day(text, "day_first")
    except CellError:
        return False
    return True


def _contacts(text: str, fields: Sequence[str]) -> Parts:
    """Split a cell into phone numbers and mailboxes."""
    mails = [mail.strip(".") for mail in _MAIL.findall(text)]
    numbers = " / ".join(
        part
        for part in re.split(r"\s*[/|;,]\s*|\s+[-–—]\s+", _MAIL.sub(" / ", text))
        if part.strip()
    )
    found: Parts = {"public_phones": numbers.strip(" -–/"), "public_contact": ", ".join(mails)}
    return {name: value for name, value in found.items() if value and name in fields}


#: Functions that split a cell into the values of several fields, by the set of these fields.
_READERS: Final[dict[frozenset[str], Callable[[str, Sequence[str]], Parts]]] = {
    frozenset({"locality", "admin1"}): _places,
    frozenset({"locality", "country"}): _places,
    frozenset({"locality", "admin1", "country"}): _places,
    frozenset({"status", "confirmed_on"}): lambda text, _: _dated(text, ("status", "confirmed_on")),
    frozenset({"public_phones", "public_contact"}): _contacts,
    frozenset({"public_phones"}): _contacts,
}

#: Combinations of fields that one cell can hold.
COMBINED: Final = frozenset(_READERS)


def split(cell: Value, fields: Sequence[str]) -> Parts:
    """Split a cell that holds several fields into the value of each, still as written.

    A text that cannot be split becomes the whole value of one field, whose conversion accepts or
    refuses it.

    Parameters
    ----------
    fields : sequence of str
        One of `COMBINED`; fields of places in the order in which the file writes them.
    """
    if cell is None:
        return {}
    if not isinstance(cell, str) or len(cell) > LONGEST:
        return {fields[0]: cell}
    return _READERS[frozenset(fields)](cell, fields)


def are_codes(cells: Iterable[Value]) -> bool:
    """Return whether a column holds lists whose items are separated by blanks, as in surveys.

    The items are codes, if one has an underscore or few different codes fill the cells. Or they are
    words, if most of them are also the first word of another cell: "português espanhol",
    "espanhol". "Kit de aseo" is neither. One cell of five may be written otherwise; cells with a
    denial are ignored.
    """
    texts = [
        bare
        for cell in cells
        if isinstance(cell, str)
        if (bare := without_brackets(cell)) and GONE.isdisjoint(folded(cell).split())
    ]
    several = [re.split(r"[\s,;]+", text) for text in texts if " " in text]
    if not several:
        return False
    if sum(map(bool, map(_CODES.fullmatch, texts))) >= _MOST * len(texts):
        codes = [code for text in texts for code in text.split()]
        if any("_" in code for code in codes) or len(set(codes)) <= len(codes) / 4:
            return True
    if sum(map(bool, map(_WORDS.fullmatch, texts))) < _MOST * len(texts):
        return False
    begin = Counter(text.split()[0] for text in texts)
    later = [word for words in several for word in words[1:]]
    return len(several) >= _FEWEST and sum(map(bool, map(begin.get, later))) >= _FREE * len(later)


def without_brackets(cell: str) -> str:
    """Return a cell of codes without the text in brackets: "comida (R$ 2,00)" as "comida"."""
    return re.sub(r"\([^()]*\)", " ", cell).strip()
