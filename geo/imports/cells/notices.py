"""Cells that say more than their field: "RESERVADA" as an address, "cerrado" as hours (P1)."""

import re
from typing import Final

from geo.imports.cells.dates import DAY_WORDS
from geo.imports.readers.table import Value
from geo.text.normalize import folded

#: What forbids to tell something, in the languages of the network.
_NO_TELLING: Final = (
    r"\b(?:no|nao|not|nunca|sin|sem|pas)\s+(?:(?:se|debe|deve|to|be|de|puede|pode)\s+)*"
    r"(?:difund|divulg|public|publiqu|publish|publie|compart|shar|mostr|revel|dar\b)"
)
_FORBIDDEN: Final = re.compile(
    rf"{_NO_TELLING}|\b(?:sigilo|sigilos[oa]|confidencia\w*|confidentia\w*|confidentiel\w*)\b"
)

#: The same of the place, which counts in every column: "NO DAR DIRECCION a nadie" among remarks.
_PLACE_FORBIDDEN: Final = re.compile(
    rf"{_NO_TELLING}\w*\s+(?:\w+\s+){{0,2}}"
    r"(?:direccion|ubicacion|domicilio|lugar|sitio|enderec|localiza|local\b|adresse|address|location)"
)

#: What stands in place of an address that is given to nobody, or by telephone alone.
_NO_ADDRESS: Final = re.compile(
    r"\b(?:reservad[oa]s?|secret[oa]s?|ocult[oa]s?|undisclosed|withheld)\b"
    r"|\b(?:da|entrega|coordina|informa|indica|comunica|passad[oa]|informad[oa]|fornecid[oa])\b"
    r".*\bpor (?:telefon[oe]|whatsapp|wsp|llamada|mensaje|mensagem)\b"
)

#: Fields in whose cells people write that, beside an address.
_SAYING: Final = frozenset({"name", "status", "locality", "eligibility", "access"})
_ADDRESSES: Final = frozenset({"address", "landmark"})


def is_withheld(cell: Value, name: str | None) -> bool:
    """Return whether a cell says that the place is not to be told of.

    Parameters
    ----------
    name : str or None
        Field of the cell's column; None for a column of no field, of which only what forbids to
        tell where the place is counts.
    """
    if not isinstance(cell, str):
        return False
    said = folded(cell)
    if _PLACE_FORBIDDEN.search(said):
        return True
    if name in _SAYING | _ADDRESSES and _FORBIDDEN.search(said):
        return True
    return name in _ADDRESSES and _NO_ADDRESS.search(said) is not None


_CLOSED: Final = re.compile(r"(?:cerrad[oa]|fechad[oa]|suspendid[oa]|closed|ferme)\b")

#: What tells when a place is closed, so that it is open otherwise: "cerrado los lunes".
_DAYS: Final = "|".join(word for words in DAY_WORDS.values() for word in words if len(word) > 2)  # noqa: PLR2004
_OTHERWISE: Final = re.compile(
    rf"\d|\b(?:{_DAYS})s?\b|\b(?:festiv|feriad|holiday|weekend|fin(?:es)? de|fi(?:m|ns) de|noche|"
    r"noite|night|tarde|manana|manha|madrugada|mediodia|meio|almuerzo|almoco|midi)"
)


def is_closed(cell: Value) -> bool:
    """Return whether a cell of hours says that a place is closed, and not on which days alone."""
    if not isinstance(cell, str):
        return False
    said = folded(cell)
    return _CLOSED.match(said) is not None and _OTHERWISE.search(said) is None
