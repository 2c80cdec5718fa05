"""Tables of input from the public: feedback, complaints, requests, hazard reports, rumours.

No table stores which member of the public sent the input.
"""

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
    """Feedback on a space: whether a person was served and found the space open.

    No text, time of day or address of the person is stored.
    """

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
    """Complaint about a space, which the operator of the space never sees (P44)."""

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
    #: Operator of the space at the time of the complaint. This organisation cannot see the
    #: complaint even after another organisation has taken over the space.
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
    """Request for a service that a person missed in an area; never a protected service (P44)."""

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
    """Report of a hazard, deleted once an approver has looked at it (P36).

    No view of any tier reads this table, so reports appear in no layer, route or count. Approvers
    of the ``countries`` see the report; near a border these are both countries.
    """

    __tablename__ = "hazard_reports"
    __table_args__ = (
        CheckConstraint(one_of("kind", (*PHYSICAL_HAZARDS, *HUMAN_THREATS)), name="kind"),
        # Positions of users are rounded to about 100 m (P9); the constraint holds for every writer.
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
    """Proof that a submission from a phone was stored, so that sending it again stores nothing.

    A receipt holds digests only, and no reference to another table; see
    `geo.proposals.idempotency`.
    """

    __tablename__ = "receipts"

    key_sha256: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    seal_sha256: Mapped[bytes] = mapped_column(LargeBinary)
    forget_on: Mapped[date] = mapped_column(Date)


class Rumour(Base):
    """Rumour: a claim heard in an area, with the key of the message that answers the claim."""

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
