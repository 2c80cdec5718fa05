"""Tables of access: how long it takes from towns to the nearest public spaces."""

from datetime import date, datetime
from typing import Any

from geoalchemy2 import Geometry
from sqlalchemy import CheckConstraint, Date, DateTime, Float, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from geo.models.base import Base
from geo.models.reference import Crossing, Place
from geo.models.spaces import Location


class AccessTime(Base):
    """Travel time from a town to the nearest public space that offers a service in a month.

    ``month`` is the month's first day. ``duration_s`` and ``distance_m`` are those of the whole
    way. ``crossing_id`` is the first official crossing on the way; null for a way within one
    country. ``network`` is the road network that the way was found on.
    """

    __tablename__ = "access_times"
    __table_args__ = (
        CheckConstraint("extract(day from month) = 1", name="month"),
        CheckConstraint("duration_s >= 0 and distance_m >= 0", name="measures"),
        Index("ix_access_times_asked", "profile", "service"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    place_id: Mapped[str] = mapped_column(ForeignKey(Place.id, ondelete="CASCADE"), index=True)
    service: Mapped[str] = mapped_column(Text)
    profile: Mapped[str] = mapped_column(Text)
    month: Mapped[date] = mapped_column(Date)
    duration_s: Mapped[float] = mapped_column(Float)
    distance_m: Mapped[float] = mapped_column(Float)
    space_id: Mapped[str] = mapped_column(ForeignKey(Location.id, ondelete="CASCADE"), index=True)
    crossing_id: Mapped[str | None] = mapped_column(
        ForeignKey(Crossing.id, ondelete="CASCADE"), index=True
    )
    network: Mapped[str] = mapped_column(Text)
    computed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    expires_on: Mapped[date] = mapped_column(Date)
    source: Mapped[str | None] = mapped_column(Text)
    licence: Mapped[str | None] = mapped_column(Text)
    geom: Mapped[Any] = mapped_column(Geometry("POINT", srid=4326))


class AccessState(Base):
    """Digest (``seal``) of the data from which the times of a service and profile were computed."""

    __tablename__ = "access_states"

    profile: Mapped[str] = mapped_column(Text, primary_key=True)
    service: Mapped[str] = mapped_column(Text, primary_key=True)
    seal: Mapped[str] = mapped_column(Text)
    computed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
