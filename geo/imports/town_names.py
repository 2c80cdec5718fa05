"""Names of towns and divisions as rows of a file write them, and what they tell of a country."""

import re
from collections.abc import Mapping, Set
from typing import Any, Final

from geo.geography.country_names import country_code
from geo.geography.division_names import countries_of, is_division
from geo.text.countries import BOXES, CODES
from geo.text.normalize import folded

#: Most metres between a position and the town that its row names [A]: a municipality's ends lie
#: that far from its town.
TOWN_REACH_M: Final = 30_000.0

#: Most letters of a division's short form that stands for its name: "SP", "CDMX" is another name.
_SHORTEST: Final = 3

#: What stands between the names of a town, and short forms in them.
_BETWEEN: Final = re.compile(r"\s*[,;/()|]\s*")
_MARK: Final = re.compile(r"\s*\([A-Z]{2,3}\)\s*$")
_ABOUT: Final = re.compile(r"^ciudad (?:de )?|(?<=\w) (?:centro|ciudad|cabecera|casco urbano)$")
_FORMS: Final = ("ciudad {}", "ciudad de {}", "{} city", "la {}", "el {}", "los {}", "las {}")
_SHORT: Final = {"cd": "ciudad", "sta": "santa", "sto": "santo", "pto": "puerto", "gral": "general"}

#: A country's code after a town: "Oruro (BOL)"; codes of two letters are Brazil's states, too.
_COUNTRY_MARK: Final = re.compile(r"\(([A-Z]{3})\)\s*$")


def names_of(town: str) -> list[str]:
    """Return what a town can be called in the places: "Santa Rosa (Mazocruz)", "Cd. Acuña"."""
    return [
        name
        for one in _BETWEEN.split(folded(_MARK.sub("", town)))
        if re.search("[a-z]", one)
        for whole in [" ".join(_SHORT.get(word.rstrip("."), word) for word in one.split())]
        for bare in [_ABOUT.sub("", whole)]
        for name in dict.fromkeys((whole, bare, *(form.format(bare) for form in _FORMS)))
    ]


def able_countries(changes: Mapping[str, Any]) -> Set[str]:
    """Return the countries that a row can be of by what it states.

    None where its country and division disagree, or its country is not of the network.
    """
    country, division = changes.get("country"), changes.get("admin1")
    own = countries_of(division) if isinstance(division, str) else frozenset[str]()
    if country in CODES:
        if country not in BOXES:
            return set()
        return {country} if not own or country in own else set()
    marked = marked_country(changes.get("locality"))
    return own or ({marked} if marked else set(BOXES))


def contradicts(division: object, unit: str | None) -> bool:
    """Return whether a row's division is another one than that of its position.

    A short form agrees whose letters stand in the name in their order: "SP", "Ver.".
    """
    if not isinstance(division, str) or unit is None:
        return False
    said, name = (re.findall(r"[a-z]+", folded(one)) for one in (division, unit))
    if set(said) <= set(name) or set(name) <= set(said):
        return False
    short = "".join(said)
    if is_division(division) and len(short) > _SHORTEST:
        return True
    letters = iter("".join(name))
    return not (short[:1] == name[0][:1] and all(letter in letters for letter in short))


def marked_country(town: object) -> str | None:
    """Return the country (ISO 3166-1 alpha-2) whose code stands after a town: "Oruro (BOL)"."""
    found = _COUNTRY_MARK.search(town) if isinstance(town, str) else None
    country = country_code(found[1]) if found else None
    return country if country in BOXES else None
