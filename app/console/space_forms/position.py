"""Place fields that a form proposes for a position, and its questions near borders and in water.

The names come from the gazetteer and the boundaries of this installation; no other service is
asked, and nothing about the position is kept or logged (P48).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from app.console.forms.layout import Desk
from app.console.space_forms.space_form import Typed
from app.i18n.time_zones import zone_name
from app.i18n.translation import Words
from geo.errors import InvalidRecordError
from geo.geography.surroundings import Surroundings, surroundings
from geo.reasons import CodedReason

#: Fields that follow from a position.
PLACE_FIELDS = ("country", "admin1", "locality", "timezone")

#: Bounds of longitude and latitude, degrees.
_BOUNDS = {"lon": 180.0, "lat": 90.0}


@dataclass(frozen=True)
class PositionNote:
    """What the form shows about a typed position: place fields to fill in, and doubts about it.

    Attributes
    ----------
    fills
        Values of `PLACE_FIELDS` that are known for the position.
    said
        The same values as one line of text; empty if nothing is known.
    questions
        Doubts that a person has to answer before the values are taken; usually none.
    is_differing, is_taken
        Whether some field of the form has another value than ``fills``; whether all fields have the
        values of ``fills`` already.
    """

    fills: Mapping[str, str]
    said: str
    questions: tuple[str, ...]
    is_differing: bool
    is_taken: bool

    def take_label(self, w: Words) -> str | None:
        """Return the text of the button that copies ``fills`` into the form; None if not needed."""
        if self.is_taken or not (self.questions or self.is_differing):
            return None
        if self.questions:
            return w.gettext("Sí, usar estos datos")
        return w.gettext("Usar estos datos")


async def position_note(desk: Desk, typed: Typed) -> PositionNote | None:
    """Return the note on the typed position; None if no position is typed.

    Raises
    ------
    InvalidRecordError
        Longitude or latitude is no number, or not in degrees.
    """
    at = position_in(typed)
    if at is None:
        return None
    found = await surroundings(desk.staff, *at)
    fills = {name: value for name in PLACE_FIELDS if (value := getattr(found, name)) is not None}
    return PositionNote(
        fills,
        _said(desk.words, found),
        tuple(_questions(desk.words, found)),
        is_differing=any(typed.get(name) not in {None, "", value} for name, value in fills.items()),
        is_taken=all(typed.get(name) == value for name, value in fills.items()),
    )


def position_in(typed: Mapping[str, object]) -> tuple[float, float] | None:
    """Parse the typed longitude and latitude in degrees; None if both fields are empty."""
    texts = {name: str(typed.get(name) or "").strip().replace(",", ".") for name in _BOUNDS}
    if not any(texts.values()):
        return None
    found = []
    for name, most in _BOUNDS.items():
        try:
            value = float(texts[name])
        except ValueError:
            raise InvalidRecordError([(name, CodedReason("not_number"))]) from None
        if not -most <= value <= most:
            raise InvalidRecordError([(name, CodedReason("not_degrees"))])
        found.append(value)
    lon, lat = found
    return lon, lat


def filled(typed: Typed, note: PositionNote, *, is_taken: bool = False) -> Typed:
    """Return the typed values with the place fields that a note proposes filled in.

    If the person pressed the button (``is_taken``), proposed values replace typed ones. Otherwise
    they only fill empty fields, and none if the note has questions.
    """
    if is_taken:
        return {**typed, **note.fills}
    if note.questions:
        return typed
    return {**typed, **{name: typed.get(name) or value for name, value in note.fills.items()}}


def _said(w: Words, found: Surroundings) -> str:
    if found.country is None:
        return ""
    place = ", ".join(filter(None, (found.locality, found.admin1, w.country(found.country))))
    if found.timezone is None:
        return place
    clock = w.gettext("hora de %(place)s") % {"place": zone_name(w, found.timezone)}
    return f"{place}; {clock}"


def _questions(w: Words, found: Surroundings) -> list[str]:
    asked = []
    if found.other_countries and found.country is not None:
        others = ", ".join(map(w.country, found.other_countries))
        asked.append(
            w.gettext("Está muy cerca de %(others)s. ¿Seguro que queda en %(country)s?")
            % {"others": others, "country": w.country(found.country)}
        )
    if found.water == "lake":
        asked.append(w.gettext("Ahí el mapa muestra agua. ¿Seguro que la marca está en el lugar?"))
    if found.water == "sea":
        asked.append(
            w.gettext("Ahí no hay tierra en el mapa. ¿Seguro que la marca está en el lugar?")
        )
    return asked
