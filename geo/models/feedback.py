"""Tables of public input: feedback, complaints, requests, rumours. None holds who sent it."""

from datetime import date
from typing import Any

from geoalchemy2 import Geometry
from sqlalchemy import CheckConstraint, Date, ForeignKey, LargeBinary, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from geo.models.accounts import Person
from geo.models.base import (
    HUMAN_THREATS,
    PHYSICAL_HAZARDS,
    PROTECTED_SERVICES,
    Base,
    one_of,
)
from geo.models.spaces import Location, Organization


class Feedback(Base):
    """Whether a person was served at a space and found it open; no text, hour or address."""

    __tablename__ = "feedback"
    __table_args__ = (
        CheckConstraint("was_served is not null or was_open is not null", name="says_something"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    location_id: Mapped[str] = mapped_column(
        ForeignKey(Location.id, ondelete="CASCADE"), index=True
    )
    was_served: Mapped[bool | None] = mapped_column()
    was_open: Mapped[bool | None] = mapped_column()
    received_on: Mapped[date] = mapped_column(Date, server_default=text("amparo.today()"))


class Complaint(Base):
    """A complaint about a space, which its operator never sees (P44)."""

    __tablename__ = "complaints"
    __table_args__ = (
        CheckConstraint(
            one_of(
                "category", ("staff_conduct", "refused", "charged", "unsafe", "privacy", "other")
            ),
            name="category",
        ),
        CheckConstraint(one_of("state", ("new", "handling", "closed")), name="state"),
        CheckConstraint("char_length(body) <= 2000", name="body_length"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    location_id: Mapped[str] = mapped_column(
        ForeignKey(Location.id, ondelete="CASCADE"), index=True
    )
    #: Operator of the space at that time: it stays excluded when the space changes hands.
    organization_id: Mapped[str | None] = mapped_column(
        ForeignKey(Organization.id, ondelete="SET NULL")
    )
    category: Mapped[str] = mapped_column(Text)
    body: Mapped[str | None] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text, server_default="new")
    received_on: Mapped[date] = mapped_column(Date, server_default=text("amparo.today()"))
    handled_by: Mapped[str | None] = mapped_column(ForeignKey(Person.id, ondelete="SET NULL"))
    delete_on: Mapped[date] = mapped_column(Date)


class ServiceRequest(Base):
    """A service that a person missed in an area; never a protected service (P44)."""

    __tablename__ = "service_requests"
    __table_args__ = (
        CheckConstraint(f"not ({one_of('service', PROTECTED_SERVICES)})", name="not_protected"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    service: Mapped[str] = mapped_column(Text)
    country: Mapped[str] = mapped_column(Text)
    admin1: Mapped[str | None] = mapped_column(Text)
    requested_on: Mapped[date] = mapped_column(Date, server_default=text("amparo.today()"))


class HazardReport(Base):
    """A reported hazard, kept until an approver has looked at it, then deleted (P36).

    No view of any tier reads this table, so reports appear in no layer, route or count. The
    approvers of ``countries`` see the report: near a border those of both countries.
    """

    __tablename__ = "hazard_reports"
    __table_args__ = (
        CheckConstraint(one_of("kind", (*PHYSICAL_HAZARDS, *HUMAN_THREATS)), name="kind"),
        # P9: positions are rounded to about 100 m, whoever writes the row.
        CheckConstraint(
            "st_x(geom)::numeric = round(st_x(geom)::numeric, 3)"
            " and st_y(geom)::numeric = round(st_y(geom)::numeric, 3)",
            name="position_is_rounded",
        ),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    countries: Mapped[list[str]] = mapped_column(ARRAY(Text))
    geom: Mapped[Any] = mapped_column(Geometry("POINT", srid=4326, spatial_index=False))
    seen_on: Mapped[date] = mapped_column(Date)
    delete_on: Mapped[date] = mapped_column(Date)


class Receipt(Base):
    """Proof that something sent by a phone was stored, so that sending it again stores nothing.

    It only holds digests, without anything they could be joined to: see
    `geo.proposals.idempotency`.
    """

    __tablename__ = "receipts"

    key_sha256: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    seal_sha256: Mapped[bytes] = mapped_column(LargeBinary)
    forget_on: Mapped[date] = mapped_column(Date)


class Rumour(Base):
    """A claim heard in an area, and the key of the bank message that answers it."""

    __tablename__ = "rumours"
    __table_args__ = (
        CheckConstraint(one_of("state", ("open", "answered", "retired")), name="state"),
        CheckConstraint("(state = 'answered') <= (message_key is not null)", name="answered"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    claim: Mapped[str] = mapped_column(Text)
    country: Mapped[str] = mapped_column(Text)
    admin1: Mapped[str | None] = mapped_column(Text)
    heard_on: Mapped[date] = mapped_column(Date)
    state: Mapped[str] = mapped_column(Text, server_default="open")
    message_key: Mapped[str | None] = mapped_column(Text)
    recorded_by: Mapped[str | None] = mapped_column(ForeignKey(Person.id, ondelete="SET NULL"))
