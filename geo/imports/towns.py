"""Names by which a row's town is looked for among the places."""

import re
from typing import Final

from geo.text.normalize import folded

#: Most metres between a position and the town that its row names [A]: a municipality's ends lie
#: that far from its town.
REACH_M: Final = 30_000.0

#: What stands between the names of a town, and short forms in them.
_BETWEEN: Final = re.compile(r"\s*[,;/()|]\s*")
_SHORT: Final = {"cd": "ciudad", "sta": "santa", "sto": "santo", "pto": "puerto", "gral": "general"}


def town_names(town: str) -> list[str]:
    """Return what a town can be called in the places: "Santa Rosa (Mazocruz)", "Cd. Acuña"."""
    return [
        name
        for part in _BETWEEN.split(folded(town))
        if re.search("[a-z]", part)
        for whole in [" ".join(_SHORT.get(one.rstrip("."), one) for one in part.split())]
        for name in (whole, f"ciudad {whole}", f"ciudad de {whole}")
    ]


#: What stands between a town and another place, but for what explains it in brackets.
_SEVERAL: Final = re.compile(
    r"[,;/|]|\s[-–—]\s|\d|\b(?:a|de|km|entre|itinerante|varios|varias)\s*[(]"
)
_EXPLAINED: Final = re.compile(r"\s*\([^()]*\)\s*$")


def only_names(town: str) -> list[str]:
    """Return what a town can be called whose cell names nothing beside it but in brackets.

    "Berlín / Pamplona" and "a 20 km de (Pamplona)" have no name: the space may be elsewhere.
    """
    bare = _EXPLAINED.sub("", town)
    if _SEVERAL.search(folded(town)) or not bare.strip():
        return []
    return town_names(bare)
