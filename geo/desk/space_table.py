"""The table of spaces: all that a member of the staff may know of, except restricted ones."""

from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Float,
    Integer,
    MetaData,
    Table,
    Text,
    func,
    select,
)

from geo.desk.table_rows import Filter, RowSet, equals, one_of_these

#: Fields that a space's public page should show (P43); the completeness of a space is the share of
#: these fields that have a value. ``landmark`` counts as filled if there is an address,
#: ``schedules`` if there is a stop of a mobile unit. Position, kind and confirmation are left out,
#: because no space is stored without them. The view ``tier_staff.desk_spaces`` names the empty
#: fields of a space; a test checks that it knows the same fields.
RECOMMENDED: Final = (
    "landmark",
    "schedules",
    "public_phones",
    "services",
    "languages",
    "documents_required",
    "fees",
    "children_alone",
    "holidays",
    "step_free",
    "amenities",
    "data_shared",
)

#: Choices of the filter by expiry, each with the number of days within which a space expires.
EXPIRY: Final = {"7": 7, "30": 30}
#: Choices of the filter by completeness, each with the percentage below which a space is listed.
COMPLETENESS: Final = {"50": 50, "80": 80, "100": 100}

#: View of the staff tier with a row for each space that the session's person may know of.
desk_spaces: Final = Table(
    "desk_space_rows",
    MetaData(),
    *(
        Column(name, Text)
        for name in (
            *("id", "name", "kind", "organization_id", "organization", "country", "admin1"),
            *("locality", "status", "visibility"),
        )
    ),
    Column("confirmed_on", Date),
    Column("expires_on", Date),
    Column("capacity_available", Integer),
    Column("capacity_maximum", Integer),
    Column("capacity_updated", DateTime(timezone=True)),
    Column("hidden_at", DateTime(timezone=True)),
    Column("demo", Boolean),
    Column("lon", Float),
    Column("lat", Float),
    Column("missing", ARRAY(Text)),
    Column("revision", BigInteger),
)


def space_rows(today: date, organization_id: str | None) -> RowSet:
    """Return the row set of the spaces (staff session).

    Parameters
    ----------
    today : date
        Day from which an expiry is counted.
    organization_id : str or None
        Organisation of the person, whose spaces the filter ``own`` keeps.

    Notes
    -----
    The filter ``open`` leaves out spaces that are hidden in an emergency (P24).
    """
    missing = func.cardinality(desk_spaces.c.missing)
    filled = (len(RECOMMENDED) - missing) * 100 / len(RECOMMENDED)
    rows = select(desk_spaces, func.floor(filled).cast(Integer).label("filled")).subquery("spaces")
    c = rows.c
    return RowSet(
        rows,
        "id",
        ("name", "locality", "organization", "id"),
        (
            *("name", "kind", "organization", "country", "admin1", "locality", "status"),
            *("visibility", "confirmed_on", "expires_on", "capacity_available", "filled", "id"),
        ),
        {
            **{name: equals(c[name]) for name in ("country", "admin1", "kind", "status")},
            "expires": expiry_filter(c.expires_on, today),
            "filled": one_of_these(
                {code: c.filled < most for code, most in COMPLETENESS.items()}, "filled"
            ),
            "own": one_of_these({"true": c.organization_id == organization_id}, "own"),
            "open": one_of_these({"true": c.hidden_at.is_(None)}, "open"),
        },
        shown=lambda row: [("space", row["id"])],
    )


def expiry_filter(expires_on: Any, today: date) -> Filter:  # noqa: ANN401 -- a column of dates
    """Return the filter by expiry, whose choices are ``expired`` and the keys of `EXPIRY`."""
    within = {
        code: expires_on.between(today, today + timedelta(days=days))
        for code, days in EXPIRY.items()
    }
    return one_of_these({"expired": expires_on < today, **within}, "expires")
