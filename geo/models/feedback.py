"""What people say back: feedback, complaints, requests, rumours. None says who spoke."""

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
    """Whether somebody was served at a space, and found it open: no text, no hour, no address."""

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
    """A complaint about a space; its operator never sees it (P44)."""

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
    #: Who ran the space then: it stays shut out when the space changes hands.
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
    """A service somebody missed in an area; never a protected one (P44)."""

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
    """A hazard that somebody saw, until an approver has looked at it; then it is gone (P36).

    No view of any tier reads it, so it is in no layer, route or count. ``countries`` are those
    whose approvers see it: near a border both.
    """

    __tablename__ = "hazard_reports"
    __table_args__ = (
        CheckConstraint(one_of("kind", (*PHYSICAL_HAZARDS, *HUMAN_THREATS)), name="kind"),
        # P9: about 100 m, whoever writes.
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
    """That something sent by a phone was taken, so that sending it again stores nothing twice.

    Digests alone, beside nothing they could be joined to: see `geo.proposals.idempotency`.
    """

    __tablename__ = "receipts"

    key_sha256: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    seal_sha256: Mapped[bytes] = mapped_column(LargeBinary)
    forget_on: Mapped[date] = mapped_column(Date)


class Rumour(Base):
    """A claim heard in an area, and the message of the bank that answers it."""

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
