"""Shared parts of all tables: metadata, visibility, provenance, and fixed lists of values."""

from sqlalchemy import CheckConstraint, Index, MetaData, Text, false, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

SCHEMA = "amparo"

#: P1: tiers that may see a record; a record without a stated visibility is restricted.
VISIBILITIES = ("public", "partners", "restricted")

#: P38: kinds and services that are never public, whatever the vocabulary says; CHECK constraints
#: keep them restricted. All other terms are rows.
PROTECTED_KINDS = ("safe_space",)
PROTECTED_SERVICES = (
    "gbv_response",
    "trafficking_response",
    "lgbtiq_refuge",
    "unaccompanied_children_home",
)

SPACE_STATUSES = ("active", "full", "temporarily_closed", "closed")
ACCESS_KINDS = ("open", "referral_only")

#: P32: three states, never two. Police and migration controls are not hazards (P36).
CROSSING_STATES = ("open", "closed", "not_known")

#: Classes of OSM's ``highway`` that a map of a country shows, with their ramps (``_link``). They
#: have an index of their own: one in ten of a city's roads is of these classes.
MAIN_ROADS = ("motorway", "motorway_link", "trunk", "trunk_link", "primary", "primary_link")

#: P36: kinds of hazard by family. Adding a kind takes one word here and a migration.
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
HUMAN_THREATS = ("armed_presence", "robbery", "extortion", "trafficking", "mines")


def one_of(column: str, values: tuple[str, ...]) -> str:
    """Return the constant SQL text of a CHECK that limits ``column`` to ``values``."""
    quoted = ", ".join(f"'{value}'" for value in values)
    return f"{column} in ({quoted})"


class Base(DeclarativeBase):
    """The metadata of every table; constraints get predictable names."""

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
    """Return the CHECK on ``visibility`` that each table of records has."""
    return CheckConstraint(one_of("visibility", VISIBILITIES), name="visibility")


def demo_index(table: str) -> Index:
    """Return the index that shows at once whether a table has demo rows (P35)."""
    return Index(f"ix_{table}_demo", "visibility", postgresql_where=text("demo"))


class Record:
    """Columns of every record: visibility, provenance, licence, and whether it is a demo row."""

    visibility: Mapped[str] = mapped_column(Text, server_default="restricted")
    demo: Mapped[bool] = mapped_column(server_default=false())
    source: Mapped[str | None] = mapped_column(Text)
    licence: Mapped[str | None] = mapped_column(Text)
