"""The table of spaces to reconfirm: those in a person's charge that expire soon or have expired.

For a restricted space, lists show its named readers only the id and the days left; the other fields
are shown only on its own page, where each reading is recorded (P31).
"""

from datetime import date
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    DateTime,
    MetaData,
    Table,
    Text,
    case,
    func,
    select,
)

from geo.accounts.permissions import Actor
from geo.desk.space_table import expiry_filter
from geo.desk.table_rows import RowSet, equals, one_of_these
from geo.models import Location, Organization
from geo.spaces.freshness import to_reconfirm

#: View of the records of all spaces. ``hidden_at`` is the moment at which an emergency hide of the
#: space, or of an area around it, began; null without one.
_records = Table(
    "space_record",
    MetaData(schema="amparo"),
    Column("id", Text),
    Column("hidden_at", DateTime(timezone=True)),
)


def expiring_rows(actor: Actor, *, within_days: int, today: date) -> RowSet:
    """Return the row set of the spaces to reconfirm (writer session).

    Parameters
    ----------
    within_days : int
        Number of days to look ahead, as in `geo.spaces.freshness.expiring`.

    Notes
    -----
    The filter ``open`` leaves out spaces that are restricted or hidden in an emergency (P24).
    """
    is_restricted = Location.visibility == "restricted"

    def unless_restricted(value: Any) -> ColumnElement[Any]:  # noqa: ANN401 -- any column
        return case((is_restricted, None), else_=value)

    rows = (
        select(
            Location.id,
            *(
                unless_restricted(column).label(column.key)
                for column in (
                    *(Location.name, Location.kind, Location.status, Location.country),
                    *(Location.admin1, Location.locality),
                )
            ),
            unless_restricted(Organization.name).label("organization"),
            # The organisation and country by which the caller decides what the person may do with
            # the space; no column of the table shows them.
            Location.organization_id.label("owner_id"),
            Location.country.label("owner_country"),
            unless_restricted(case((~Location.demo, Location.confirmed_on))).label("confirmed_on"),
            Location.expires_on,
            (Location.expires_on - today).label("days_left"),
            unless_restricted(func.st_x(Location.geom)).label("lon"),
            unless_restricted(func.st_y(Location.geom)).label("lat"),
            Location.demo,
            is_restricted.label("is_restricted"),
        )
        .join(Organization, Organization.id == Location.organization_id)
        .where(to_reconfirm(within_days=within_days, today=today, actor=actor))
        .subquery("expiring")
    )
    c = rows.c
    hidden = select(_records.c.id).where(_records.c.id == c.id, _records.c.hidden_at.is_not(None))
    is_hidden = hidden.correlate(rows).exists()
    return RowSet(
        rows,
        "id",
        ("name", "locality", "organization", "id"),
        (
            *("name", "kind", "organization", "country", "admin1", "locality", "status"),
            *("confirmed_on", "expires_on"),
        ),
        {
            **{name: equals(c[name]) for name in ("country", "admin1", "kind", "status")},
            "expires": expiry_filter(c.expires_on, today),
            "own": one_of_these({"true": c.owner_id == actor.organization_id}, "own"),
            "open": one_of_these({"true": ~c.is_restricted & ~is_hidden}, "open"),
        },
        shown=lambda row: [("space", row["id"])],
    )
