"""Cells that say that something is not to be told: "RESERVADA", "no difundir dirección" (P1)."""

import re
from typing import Final

from geo.imports.readers.table import Value
from geo.text.normalize import folded

#: What forbids to tell something, in the languages of the network.
_FORBIDDEN: Final = re.compile(
    r"\b(?:no|nao|not|nunca|sin|sem|pas)\s+(?:(?:se|debe|deve|to|be|de|puede|pode)\s+)*"
    r"(?:difund|divulg|public|publiqu|publish|publie|compart|shar|mostr|revel|dar\b)"
    r"|\b(?:sigilo|sigilos[oa]|confidencia\w*|confidentia\w*|confidentiel\w*)\b"
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


def is_withheld(cell: Value, name: str) -> bool:
    """Return whether a cell of the field ``name`` says that the place is not to be told of."""
    if not isinstance(cell, str) or name not in _SAYING | _ADDRESSES:
        return False
    said = folded(cell)
    if _FORBIDDEN.search(said):
        return True
    return name in _ADDRESSES and _NO_ADDRESS.search(said) is not None
