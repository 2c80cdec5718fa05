"""Columns of yes and no, one for each amenity of a place: "¿Wifi?", "Baños (S/N)"."""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from geo.imports.cells import cell_values
from geo.imports.cells.cell_values import CellStyle
from geo.imports.columns.evidence import FEWEST
from geo.imports.headers.concepts import is_about_a_person, is_kept_back
from geo.imports.headers.wording import DENIALS, plain, stem, word_set, words_of
from geo.imports.readers.table import CellError, Table, Value

#: Words for the amenities of a place, by code of their vocabulary.
_WORDS: Final[Mapping[str, str]] = {
    "pets_allowed": "mascota animal animales animais pet pets perro estimacao bicho",
    "wifi": "wifi wi fi internet",
    "charging": "carga cargar recarga charging tomacorriente enchufe",
    "showers": "ducha regadera chuveiro shower",
    "toilets": "bano sanitario banheiro toilet",
    "washing_place": "lavanderia lavadero lavar lavan lavam laundry",
    "kitchen": "cocina cozinha kitchen",
    "lockers": "casillero locker armario guardaequipaje",
    "breastfeeding_room": "lactancia amamentacao lactario",
    "play_area": "juego brinquedoteca ludoteca",
    "drinking_water": "agua water",
}
_CODES: Final = {stem(word): code for code, words in _WORDS.items() for word in words.split()}

#: Words that a header may have beside an amenity: whether it is there, and for whom. Any other word
#: can change the question: "Agua contaminada", "Mascotas prohibidas", "Perro guardián".
_BESIDE: Final = frozenset(
    stem(word)
    for word in word_set(
        "cuenta cuentan puede pueden pode podem disponible disponivel disponibilidad available "
        "acceso acesso access permite permiten permitida permitido permitidas permitidos acepta "
        "aceptan aceita aceitam recibe reciben recebe recebem admite admiten admitida allowed "
        "potable potavel potables beber tomar celular telefono telefone phone punto ponto zona "
        "area espacio espaco sala servicio servico gratis gratuito gratuita publico publica "
        "libre livre ofrece brinda dispone possui comunitaria higienico higienica ropa roupa "
        "equipaje bagagem maleta nino nina infantil crianca bebe materna caliente fria "
        "compania domestica friendly yes sn existe"
    )
)

#: A choice of answers in a header: "(Sí/No)". It is removed before the header's words are read.
_CHOICE: Final = re.compile(r"(?i)\b(?:s[ií]m?|yes)\s*/\s*n(?:o|ão)\b|\bs\s*/\s*n\b|\bs ou n\b")

#: Least share of cells with yes or no for a column to be one of answers [A].
_MOST: Final = 0.8


def answers_in(table: Table, columns: Iterable[str]) -> dict[str, dict[str, str]]:
    """Return the columns that ask for one amenity with yes or no, each with the amenity's code.

    The result has these codes by column under the key ``amenities``; it is empty without such
    columns.
    """
    found: dict[str, str] = {}
    for column in columns:
        code = _comfort(_CHOICE.sub(" ", column))
        if code is None or is_kept_back(column) or is_about_a_person(column):
            continue
        cells = [cell for line in table.lines if (cell := line.cells.get(column)) not in (None, "")]
        if _are_answers(cells) and code not in found.values():
            found[column] = code
    return {"amenities": found} if found else {}


def _comfort(header: str) -> str | None:
    """Return the code of the amenity that a header asks for; None for no or several amenities."""
    if DENIALS & set(plain(header).split()):
        return None
    words = [stem(word) for word in words_of(header)]
    codes = {_CODES[word] for word in words if word in _CODES}
    is_plain = all(word in _CODES or word in _BESIDE for word in words)
    return codes.pop() if is_plain and len(codes) == 1 else None


def _are_answers(cells: list[Value]) -> bool:
    good = 0
    for cell in cells:
        try:
            cell_values.converted(cell, "overnight", CellStyle())
        except CellError:
            continue
        good += 1
    return len(cells) >= FEWEST and good >= _MOST * len(cells)
