"""Preview of a new space's public page, and the fields that only the team sees (P42, P43)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.console.forms.labels import FIELD_LABELS
from app.console.forms.record_view import TermNames, value_lines
from app.i18n.translation import Words, marked

type Lines = tuple[str, ...]

#: Sections of the public page in its order, each with the fields that it shows (P43).
SECTIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (marked("Dónde queda"), ("address", "landmark", "road", "road_km")),
    (marked("Horario"), ("schedules", "schedule_exceptions", "holidays")),
    (
        marked("Antes de ir"),
        (
            *("access", "referral_points", "fees", "cost", "genders", "minimum_age", "maximum_age"),
            *("families_only", "eligibility", "children_alone", "documents_required"),
            *("maximum_nights", "languages", "data_shared"),
        ),
    ),
    (marked("Qué hay"), ("services", "amenities", "step_free")),
    (marked("Contacto"), ("organization", "public_phones", "public_contact")),
)

#: Fields that no public page shows: numbers of places and itineraries of mobile spaces are for
#: partners (P42), the others for the staff.
INTERNAL = (
    *("visibility", "capacity", "available", "itinerary", "confirmed_by", "consent_on"),
    *("coord_precision", "sectors", "source", "licence"),
)

#: Fields that the public page leaves out if they are empty; other empty fields it calls "not
#: known".
_LEFT_OUT = frozenset(
    {
        *("referral_points", "cost", "minimum_age", "maximum_age", "families_only"),
        *("eligibility", "genders", "schedule_exceptions", "road_km", "maximum_nights"),
        "public_contact",
    }
)

_NOT_KNOWN: tuple[object, ...] = ("", None, [], {}, "not_known")


@dataclass(frozen=True)
class PublicLook:
    """Texts of the preview of a new space's public page.

    Attributes
    ----------
    headline
        Kind and place.
    visibility
        ``public``, ``partners`` or ``restricted``.
    sections
        Title of each section with labels and values.
    not_known
        Labels of the fields that the page would call not known.
    internal
        Labels and values that the page would not show.
    """

    name: str
    headline: str
    visibility: str
    is_demo: bool
    notice: str | None
    sections: tuple[tuple[str, tuple[tuple[str, Lines], ...]], ...]
    not_known: Lines
    internal: tuple[tuple[str, Lines], ...]


def public_look(
    w: Words, terms: TermNames, document: Mapping[str, Any], timezone: str
) -> PublicLook:
    """Return the page of a new space with the fields of a document, in the reader's language."""

    def lines(name: str) -> tuple[str, Lines]:
        texts = value_lines(w, terms, name, document[name], timezone)
        return w.gettext(FIELD_LABELS[name]), tuple(texts)

    def is_said(name: str) -> bool:
        # Required documents: an empty list is a statement (none are required), None is not known.
        known = document.get(name)
        if name in _LEFT_OUT and known is False:
            return False
        return known not in _NOT_KNOWN or (name == "documents_required" and known == [])

    where = (document.get("locality"), document.get("admin1"), w.country(document["country"]))
    return PublicLook(
        name=str(document.get("name") or ""),
        headline=f"{terms.name('space_kind', document['kind'])} · {', '.join(filter(None, where))}",
        visibility=str(document.get("visibility") or "restricted"),
        is_demo=bool(document.get("demo")),
        notice=document.get("notice"),
        sections=tuple(
            (w.gettext(title), tuple(lines(name) for name in names if is_said(name)))
            for title, names in SECTIONS
        ),
        not_known=tuple(
            w.gettext(FIELD_LABELS[name])
            for _, names in SECTIONS
            for name in names
            if name not in _LEFT_OUT and not is_said(name)
        ),
        internal=tuple(lines(name) for name in INTERNAL if is_said(name)),
    )
