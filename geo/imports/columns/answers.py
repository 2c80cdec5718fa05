"""Columns of yes and no, one for each comfort of a place: "¿Wifi?", "Baños (S/N)"."""

from collections.abc import Iterable, Mapping
from typing import Final

from geo.imports.cells import cell_values
from geo.imports.cells.cell_values import CellStyle
from geo.imports.columns.evidence import FEWEST
from geo.imports.headers.concepts import is_about_a_person, is_kept_back, readings
from geo.imports.headers.wording import stem
from geo.imports.readers.table import CellError, Table, Value

#: Words for what a place has, by code of the vocabulary of amenities.
_WORDS: Final[Mapping[str, str]] = {
    "pets_allowed": "mascota animal animales pet pets perro estimacao bicho",
    "wifi": "wifi wi fi internet",
    "charging": "carga cargar recarga charging tomacorriente enchufe",
    "showers": "ducha regadera chuveiro shower",
    "toilets": "bano sanitario banheiro toilet",
    "washing_place": "lavanderia lavadero lavar laundry",
    "kitchen": "cocina cozinha kitchen",
    "lockers": "casillero locker armario guardaequipaje",
    "breastfeeding_room": "lactancia amamentacao lactario",
    "play_area": "juego brinquedoteca ludoteca",
    "drinking_water": "agua water",
}
_CODES: Final = {stem(word): code for code, words in _WORDS.items() for word in words.split()}

#: Least share of cells that are yes or no [A].
_MOST: Final = 0.8


def answers_in(table: Table, columns: Iterable[str]) -> dict[str, dict[str, str]]:
    """Return the code of each column, among those given, that answers for one comfort alone."""
    found: dict[str, str] = {}
    for column in columns:
        codes = {_CODES[one] for word in readings(column) for one in word if one in _CODES}
        if len(codes) != 1 or is_kept_back(column) or is_about_a_person(column):
            continue
        cells = [cell for line in table.lines if (cell := line.cells.get(column)) not in (None, "")]
        code = codes.pop()
        if _are_answers(cells) and code not in found.values():
            found[column] = code
    return {"amenities": found} if found else {}


def _are_answers(cells: list[Value]) -> bool:
    good = 0
    for cell in cells:
        try:
            cell_values.converted(cell, "overnight", CellStyle())
        except CellError:
            continue
        good += 1
    return len(cells) >= FEWEST and good >= _MOST * len(cells)
