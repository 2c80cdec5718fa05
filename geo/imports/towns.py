"""Names under which the gazetteer may list the town of a row."""

import re
from typing import Final

from geo.text.normalize import folded

#: Most metres between a position and the town that its row names [A]: a municipality can reach so
#: far from its town.
REACH_M: Final = 30_000.0

#: Signs between two names of one town in a cell.
_BETWEEN: Final = re.compile(r"\s*[,;/()|]\s*")
#: Full words of short forms in names of towns.
_SHORT: Final = {"cd": "ciudad", "sta": "santa", "sto": "santo", "pto": "puerto", "gral": "general"}


def town_names(town: str) -> list[str]:
    """Return the names under which the gazetteer may list a town, folded.

    "Santa Rosa (Mazocruz)" has two names, and "Cd." is written out. Each name is also returned with
    "ciudad" and with "ciudad de" before it.
    """
    return [
        name
        for part in _BETWEEN.split(folded(town))
        if re.search("[a-z]", part)
        for whole in [" ".join(_SHORT.get(one.rstrip("."), one) for one in part.split())]
        for name in (whole, f"ciudad {whole}", f"ciudad de {whole}")
    ]


#: Signs and words in a cell that does not name only one town.
_SEVERAL: Final = re.compile(
    r"[,;/|]|\s[-–—]\s|\d|\b(?:a|de|km|entre|itinerante|varios|varias)\s*[(]"
)
#: An addition in brackets after the name of a town.
_EXPLAINED: Final = re.compile(r"\s*\([^()]*\)\s*$")


def only_names(town: str) -> list[str]:
    """Return the names of a town, as `town_names`, but without the addition in brackets.

    The list is empty for a cell that does not name only one town, "Berlín / Pamplona" or "a 20 km
    de (Pamplona)": the space may be elsewhere.
    """
    bare = _EXPLAINED.sub("", town)
    if _SEVERAL.search(folded(town)) or not bare.strip():
        return []
    return town_names(bare)
