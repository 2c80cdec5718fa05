"""Shared parts of all tables: metadata, visibility, provenance, and fixed lists of values."""

from sqlalchemy import CheckConstraint, Index, MetaData, Text, false, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

SCHEMA = "amparo"

#: Values of a record's visibility (P1); a record without a stated visibility is restricted.
VISIBILITIES = ("public", "partners", "restricted")

#: Codes of kinds of spaces and, below, of services that are never public, whatever the vocabulary
#: states (P38): CHECK constraints keep their records restricted. All other codes are only in the
#: table of terms, where coordinators edit them.
PROTECTED_KINDS = ("safe_space",)
PROTECTED_SERVICES = (
    "gbv_response",
    "trafficking_response",
    "lgbtiq_refuge",
    "unaccompanied_children_home",
)

SPACE_STATUSES = ("active", "full", "temporarily_closed", "closed")
ACCESS_KINDS = ("open", "referral_only")

#: States of a crossing (P32): besides open and closed, always a third one for not known.
CROSSING_STATES = ("open", "closed", "not_known")

#: Classes of OSM's ``highway`` that a map of a whole country shows, with their ramps (``_link``).
#: Roads of these classes, one in ten of a city's roads, have a spatial index of their own.
MAIN_ROADS = ("motorway", "motorway_link", "trunk", "trunk_link", "primary", "primary_link")

#: Kinds of physical hazards (P36). A new kind needs an entry here and a migration.
PHYSICAL_HAZARDS = (
    "flood",
    "landslide",
    "cold",
    "heat",
    "road_works",
    "rockfall",
    "river_flood",
    "bridge_out",
)
#: Kinds of human threats (P36). Police and migration controls do not count as threats. A new kind
#: needs an entry here and a migration.
HUMAN_THREATS = ("armed_presence", "robbery", "extortion", "trafficking", "mines")


def one_of(column: str, values: tuple[str, ...]) -> str:
    """Return the SQL text of a CHECK constraint that limits a column to fixed values."""
    quoted = ", ".join(f"'{value}'" for value in values)
    return f"{column} in ({quoted})"


class Base(DeclarativeBase):
    """Base class of all models: schema of the tables, and names of constraints and indexes."""

    metadata = MetaData(
        schema=SCHEMA,
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "ix": "ix_%(table_name)s_%(column_0_name)s",
        },
    )


def visibility_check() -> CheckConstraint:
    """Return the CHECK constraint on the column ``visibility``, which each table of records has."""
    return CheckConstraint(one_of("visibility", VISIBILITIES), name="visibility")


def demo_index(table: str) -> Index:
    """Return the partial index that tells queries quickly whether a table has demo rows (P35)."""
    return Index(f"ix_{table}_demo", "visibility", postgresql_where=text("demo"))


class Record:
    """Mixin with the columns of every record: visibility, source, licence, and the demo flag."""

    visibility: Mapped[str] = mapped_column(Text, server_default="restricted")
    demo: Mapped[bool] = mapped_column(server_default=false())
    source: Mapped[str | None] = mapped_column(Text)
    licence: Mapped[str | None] = mapped_column(Text)
