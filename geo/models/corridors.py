"""Tables of corridors between towns, and of coverage gaps between the spaces along them."""

from datetime import date, datetime
from typing import Any

from geoalchemy2 import Geometry
from sqlalchemy import (
    CheckConstraint,
    Computed,
    Date,
    DateTime,
    Float,
    ForeignKey,
    Text,
    false,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from geo.models.base import Base, Record, one_of, visibility_check
from geo.models.spaces import Location

#: Tiers for which coverage gaps are computed, each from the spaces visible to the tier. A gap is
#: shown only to its own tier.
GAP_TIERS = ("public", "partner", "staff")


class Corridor(Record, Base):
    """Corridor: a named way between towns, on main roads and by official crossings only (P12).

    ``places`` are the towns along the corridor, in order. ``length_m`` is the length along the
    road; the line of an ``illustrative`` corridor is shorter.
    """

    __tablename__ = "corridors"
    __table_args__ = (
        visibility_check(),
        CheckConstraint("length_m > 0", name="length"),
        CheckConstraint("cardinality(places) >= 2", name="two_places"),
        CheckConstraint("cardinality(countries) >= 1", name="countries"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    countries: Mapped[list[str]] = mapped_column(ARRAY(Text))
    places: Mapped[list[str]] = mapped_column(ARRAY(Text))
    length_m: Mapped[float] = mapped_column(Float)
    illustrative: Mapped[bool] = mapped_column(server_default=true())
    geom: Mapped[Any] = mapped_column(Geometry("LINESTRING", srid=4326))


class CoverageState(Base):
    """Digest (``seal``) of the data from which a corridor's gaps for a tier were computed."""

    __tablename__ = "coverage_states"
    __table_args__ = (CheckConstraint(one_of("counted_for", GAP_TIERS), name="counted_for"),)

    corridor_id: Mapped[str] = mapped_column(
        ForeignKey(Corridor.id, ondelete="CASCADE"), primary_key=True
    )
    counted_for: Mapped[str] = mapped_column(Text, primary_key=True)
    seal: Mapped[str] = mapped_column(Text)
    computed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class CoverageGap(Base):
    """Coverage gap: a stretch of a corridor between consecutive spaces (definitions.md, gap).

    Gaps are computed from the spaces view of the tier ``counted_for``, with the blurred positions
    of this view: gaps from exact positions would reveal to partners where a partners-only space is
    (P5). A null ``from_space`` is the start of the corridor, a null ``to_space`` its end; a null
    ``service`` means any service. ``from_m`` and ``to_m`` are metres along the corridor's
    ``length_m``.
    """

    __tablename__ = "coverage_gaps"
    __table_args__ = (
        CheckConstraint(one_of("counted_for", GAP_TIERS), name="counted_for"),
        CheckConstraint("from_m >= 0 and to_m > from_m", name="measures"),
        CheckConstraint("from_space <> to_space", name="two_ends"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    corridor_id: Mapped[str] = mapped_column(
        ForeignKey(Corridor.id, ondelete="CASCADE"), index=True
    )
    counted_for: Mapped[str] = mapped_column(Text, server_default="staff")
    from_m: Mapped[float] = mapped_column(Float)
    to_m: Mapped[float] = mapped_column(Float)
    length_m: Mapped[float] = mapped_column(Float, Computed("to_m - from_m", persisted=True))
    from_space: Mapped[str | None] = mapped_column(
        ForeignKey(Location.id, ondelete="CASCADE"), index=True
    )
    to_space: Mapped[str | None] = mapped_column(
        ForeignKey(Location.id, ondelete="CASCADE"), index=True
    )
    service: Mapped[str | None] = mapped_column(Text)
    profile: Mapped[str] = mapped_column(Text)
    computed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    expires_on: Mapped[date] = mapped_column(Date)
    demo: Mapped[bool] = mapped_column(server_default=false())
    source: Mapped[str | None] = mapped_column(Text)
    licence: Mapped[str | None] = mapped_column(Text)
    geom: Mapped[Any] = mapped_column(Geometry("LINESTRING", srid=4326))
