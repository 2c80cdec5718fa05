"""Fields of a space in an import and their kinds of value, and columns converted to fields."""

#: Kind of value (text, code, flag, ...) by field. Fields are named as in a file of spaces
#: (`geo.records.space_rows`); `geo.imports.cells.cell_values` has a converter for each kind.
KINDS = {
    "id": "text",
    "name": "text",
    "kind": "code",
    "organization": "text",
    "organization_id": "text",
    "lon": "degrees",
    "lat": "degrees",
    "coord_precision": "code",
    "country": "country",
    "admin1": "text",
    "locality": "text",
    "timezone": "text",
    "status": "code",
    "access": "code",
    "referral_points": "list",
    "overnight": "flag",
    "sectors": "list",
    "services": "list",
    "eligibility": "text",
    "minimum_age": "whole",
    "maximum_age": "whole",
    "genders": "list",
    "families_only": "flag",
    "children_alone": "code",
    "cost": "text",
    "fees": "code",
    "documents_required": "list",
    "maximum_nights": "whole",
    "address": "text",
    "landmark": "text",
    "road": "text",
    "road_km": "number",
    "amenities": "flags",
    "step_free": "flag",
    "data_shared": "text",
    "holidays": "code",
    "languages": "list",
    "public_phones": "phones",
    "public_contact": "text",
    "notice": "text",
    "schedules": "objects",
    "schedule_exceptions": "objects",
    "itinerary": "objects",
    "capacity": "whole",
    "available": "whole",
    "capacity_updated": "instant",
    "visibility": "code",
    "confidential": "flag",
    "confirmed_on": "day",
    "expires_on": "day",
    "confirmed_by": "text",
    "consent_on": "day",
    "source": "text",
    "licence": "text",
    "demo": "flag",
}

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
#: Kind of value by column, for columns that are converted to fields. ``position`` holds latitude
#: and longitude in one cell, ``needs_referral`` (yes or no) becomes ``access``, and the others
#: become ``schedules``: ``opening_hours`` holds the hours of the whole week in one cell.
MADE = {
    "position": "position",
    "byday": "weekdays",
    "opens_at": "clock",
    "closes_at": "clock",
    "last_entry": "clock",
    **{f"hours_{day.lower()}": "hours" for day in WEEKDAYS},
    "opening_hours": "week",
    "needs_referral": "answer",
}

ALL = frozenset({*KINDS, *MADE})

#: Fields whose values are codes, flags or countries. An import report may quote their values,
#: because codes are not about persons.
CODED = frozenset(
    name for name, kind in KINDS.items() if kind in {"code", "list", "flag", "flags", "country"}
) - {"referral_points"}

#: Vocabulary by field, for fields that files often state as a label instead of a code: the import
#: translates known labels.
TRANSLATABLE = {"kind": "space_kind", "services": "service", "sectors": "sector"}


def kind_of(field: str) -> str:
    """Return the kind of value of a field, or of a column that is converted to fields."""
    return KINDS.get(field) or MADE[field]


#: Fields that a useful space can do without. A cell of such a field that is not understood is left
#: out with a note; in another field, such a cell makes its row bad.
SPARED = frozenset({"capacity", "available", "maximum_nights", "step_free"})
