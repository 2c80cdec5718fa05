"""Points of a header for each field that it can mean; its cells are not read."""

import re
from collections.abc import Iterable
from typing import Final

from rapidfuzz import fuzz, process

from geo.imports.headers.concepts import is_about_a_person, is_lead_partner, likely
from geo.imports.headers.measures import is_kilometre_post, is_measure
from geo.imports.headers.synonyms import HEADERS
from geo.imports.headers.wording import plain, plain_forms, words_of

#: Least similarity (0 to 100) of a header to a known header for the header to get points.
_LIKELY: Final = 85.0

#: Points of a header with the least similarity to a known header, and of a header equal to one [A].
SIMILAR, SAME = 2.0, 3.0
#: Points of a header that begins with a known header and says more [A].
_LED_BY: Final = 2.0
#: Points of a header with key words of a field: at the lowest and at the highest likelihood [A].
_SOME_WORDS, _ALL_WORDS = 0.7, 2.2
#: Highest likelihood that `geo.imports.headers.concepts.likely` returns.
_MOST_LIKELY: Final = 1.25
#: Points of a header of lead partners for the field ``organization`` [A].
_LEAD: Final = 1.2

#: Fields whose known headers may be the beginning of a longer header: "Idiomas que se hablan". Left
#: out are fields whose known headers also begin headers about persons ("Nombre del responsable"),
#: and phones, which would be published (P6).
_LED: Final = frozenset(
    {"organization", "address", "services", "languages", "locality", "admin1",
     "opening_hours", "needs_referral", "eligibility", "documents_required"}
)  # fmt: skip

#: Fields that a header with a word for a person can still mean: "Organización responsable", "Perfil
#: de personas". With such a word a header means no other field, so that phones, names and hours of
#: people are not published (P6).
_OF_A_ROLE: Final = frozenset({"organization", "eligibility", "capacity"})

#: Fields of text whose cells may say how far the place is from something.
_HOW_FAR: Final = frozenset({"address", "landmark"})

#: Points for ``confirmed_on`` of the columns in which survey programs put the day of the form. They
#: are lower than those of a column with the day of a visit. In files of other programs these
#: headers get no points.
_SURVEY_DAYS: Final = {"today": 0.6, "start": 0.5, "submission time": 0.4}

#: Number before a survey's question: "3. ".
_QUESTION: Final = re.compile(r"\d{1,2}\. ")

#: Words that say nothing about a column's content: "Columna 4".
_NO_WORDS: Final = frozenset({"columna", "coluna", "column", "campo", "field", "unnamed"})

#: Words in a header that mean children without adults.
_ALONE: Final = re.compile(
    r"\b(?:no|nao|non|sin|sem|sans|un|sol[oa]s|sozinh[oa]s|alone|unaccompanied)\b"
)

#: Field by known header.
KNOWN: Final = {header: name for name, headers in HEADERS.items() for header in headers}
#: Most characters of a header that must equal a known header to get points.
_SHORT: Final = 3
_LONG: Final = [header for header in KNOWN if len(header) > _SHORT]


def by_header(column: str) -> dict[str, float]:
    """Return the fields that a column's header may stand for, each with its points."""
    points: dict[str, float] = {}

    def say(name: str, score: float) -> None:
        points[name] = max(points.get(name, 0.0), score)

    for form, weight in plain_forms(column).items():
        for name, likeness in _alike(form):
            share = (likeness - _LIKELY) / (100.0 - _LIKELY)
            say(name, (SIMILAR + (SAME - SIMILAR) * share) * weight)
        for header, name in KNOWN.items():
            if name in _LED and form.startswith(f"{header} "):
                say(name, _LED_BY * weight)
    for name, likelihood in likely(column).items():
        share = min(likelihood, _MOST_LIKELY) / _MOST_LIKELY
        say(name, _SOME_WORDS + (_ALL_WORDS - _SOME_WORDS) * share)
    if is_lead_partner(column):  # a column of who runs the place gets more points
        points["organization"] = _LEAD
    return {name: score for name, score in points.items() if _may_be(column, name)}


def _may_be(column: str, name: str) -> bool:
    """Return whether no word of a header excludes a field that its other words suggest."""
    if name == "road_km" and not is_kilometre_post(column):
        return False
    if is_measure(column) and name not in _HOW_FAR:
        return False
    if name == "children_alone" and not _ALONE.search(plain(column)):
        return False  # "Niños acompañados" are not alone
    return name in _OF_A_ROLE or not is_about_a_person(column)


def _alike(form: str) -> list[tuple[str, float]]:
    """Return the fields of known headers that a header resembles, with the similarity (0 to 100).

    Headers of up to three characters must be equal: "x" is a part of many other headers.
    """
    if len(form) <= _SHORT:
        return [(KNOWN[form], 100.0)] if form in KNOWN else []
    alike = process.extract(
        form, _LONG, scorer=fuzz.token_sort_ratio, score_cutoff=_LIKELY, limit=10
    )
    return [(KNOWN[header], likeness) for header, likeness, _ in alike]


def is_survey_day(column: str, columns: Iterable[str]) -> bool:
    """Return whether a column holds the day of a survey's form, by the names of all columns."""
    return plain(column) in _SURVEY_DAYS and any(
        one.startswith("_") or plain(one) in {"end", "deviceid"} or _QUESTION.match(one)
        for one in columns
        if one != column
    )


def survey_day(column: str, columns: Iterable[str]) -> dict[str, float]:
    """Return the points for ``confirmed_on`` of a column of a survey's day, else an empty dict."""
    is_day = is_survey_day(column, columns)
    return {"confirmed_on": _SURVEY_DAYS[plain(column)]} if is_day else {}


def says_nothing(header: str) -> bool:
    """Return whether a header says nothing of what its column holds: "Columna 4"."""
    return all(len(word) <= 2 or word in _NO_WORDS for word in words_of(header))  # noqa: PLR2004
