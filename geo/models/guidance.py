"""Tables of guidance: contacts, messages, products, practices, pathways, standards."""

from datetime import date
from typing import Any

from geoalchemy2 import Geometry
from sqlalchemy import (
    CheckConstraint,
    Date,
    Float,
    ForeignKey,
    Integer,
    Text,
    UniqueConstraint,
    false,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from geo.models.accounts import Person
from geo.models.base import PROTECTED_SERVICES, Base, Record, one_of, visibility_check
from geo.models.spaces import Location

#: Kinds of essential contacts; P45 names the first four.
CONTACT_KINDS = ("emergency", "asylum", "gbv", "child_protection", "psea", "other")
REVIEW_STATES = ("draft", "submitted", "reviewed", "retired")
AUDIENCES = ("people_on_the_move", "host_community", "operators", "partners")
#: Kinds of messages: guidance, a campaign of the network (against discrimination, trafficking,
#: exploitation), or care of oneself and of others.
MESSAGE_KINDS = ("information", "campaign", "self_care")
#: Media of information tools and channels.
CHANNEL_MEDIA = (
    "radio", "television", "whatsapp", "sms", "telephone", "web", "app", "social_media", "board",
    "print", "in_person", "other",
)  # fmt: skip
CHANNEL_STATES = ("active", "paused", "ended")


class Contact(Record, Base):
    """Essential telephone line of a country, or of one of its first-level units (P45)."""

    __tablename__ = "contacts"
    __table_args__ = (
        visibility_check(),
        CheckConstraint(one_of("kind", CONTACT_KINDS), name="kind"),
        CheckConstraint("phone is not null or whatsapp is not null", name="number"),
        # A line for complaints about staff must not be answered by an operator of spaces (P44,
        # P45).
        CheckConstraint("kind <> 'psea' or independent", name="psea_is_independent"),
        CheckConstraint("expires_on > confirmed_on", name="expires_after_confirmation"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    country: Mapped[str] = mapped_column(Text, index=True)
    admin1: Mapped[str | None] = mapped_column(Text)
    phone: Mapped[str | None] = mapped_column(Text)
    whatsapp: Mapped[str | None] = mapped_column(Text)
    hours: Mapped[str | None] = mapped_column(Text)
    languages: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    independent: Mapped[bool] = mapped_column(server_default=false())
    confirmed_on: Mapped[date] = mapped_column(Date)
    expires_on: Mapped[date] = mapped_column(Date)


class InformationChannel(Record, Base):
    """Information tool or channel of an area: its operator, and the address to follow or call."""

    __tablename__ = "information_channels"
    __table_args__ = (
        visibility_check(),
        CheckConstraint(one_of("medium", CHANNEL_MEDIA), name="medium"),
        CheckConstraint(one_of("status", CHANNEL_STATES), name="status"),
        CheckConstraint("expires_on > confirmed_on", name="expires_after_confirmation"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    medium: Mapped[str] = mapped_column(Text)
    operator: Mapped[str] = mapped_column(Text)
    address: Mapped[str | None] = mapped_column(Text)
    languages: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    country: Mapped[str] = mapped_column(Text, index=True)
    admin1: Mapped[str | None] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text, server_default="active")
    confirmed_on: Mapped[date] = mapped_column(Date)
    expires_on: Mapped[date] = mapped_column(Date)


class Message(Base):
    """Text of the message bank in one language, shown only if it is reviewed and valid (P47).

    A ``safety`` text must be reviewed by a person who reads its language. ``kind`` tells guidance
    from campaigns and from care of oneself.
    """

    __tablename__ = "messages"
    __table_args__ = (
        CheckConstraint(one_of("audience", AUDIENCES), name="audience"),
        CheckConstraint(one_of("kind", MESSAGE_KINDS), name="kind"),
        CheckConstraint(one_of("state", REVIEW_STATES), name="state"),
        CheckConstraint("(state = 'reviewed') <= (reviewed_by is not null)", name="reviewed"),
        CheckConstraint("written_by is null or reviewed_by <> written_by", name="two_people"),
        CheckConstraint("valid_to is null or valid_to >= valid_from", name="validity"),
        UniqueConstraint("key", "language", "valid_from"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    key: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(Text)
    audience: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text, server_default="information")
    body: Mapped[str] = mapped_column(Text)
    valid_from: Mapped[date] = mapped_column(Date)
    valid_to: Mapped[date | None] = mapped_column(Date)
    state: Mapped[str] = mapped_column(Text, server_default="draft")
    written_by: Mapped[str | None] = mapped_column(ForeignKey(Person.id, ondelete="SET NULL"))
    reviewed_by: Mapped[str | None] = mapped_column(Text)
    reviewed_on: Mapped[date | None] = mapped_column(Date)
    safety: Mapped[bool] = mapped_column(server_default=true())
    demo: Mapped[bool] = mapped_column(server_default=false())


class Product(Record, Base):
    """Information product: a leaflet, poster or recording, for spaces or for an area."""

    __tablename__ = "products"
    __table_args__ = (
        visibility_check(),
        CheckConstraint(one_of("audience", AUDIENCES), name="audience"),
        CheckConstraint(one_of("state", REVIEW_STATES), name="state"),
        CheckConstraint("(state = 'reviewed') <= (reviewed_by is not null)", name="reviewed"),
        CheckConstraint("written_by is null or reviewed_by <> written_by", name="two_people"),
        CheckConstraint("valid_to is null or valid_to >= valid_from", name="validity"),
        CheckConstraint("url like 'https://_%'", name="url_is_https"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    title: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(Text)
    audience: Mapped[str] = mapped_column(Text)
    summary: Mapped[str | None] = mapped_column(Text)
    url: Mapped[str | None] = mapped_column(Text)
    valid_from: Mapped[date] = mapped_column(Date)
    valid_to: Mapped[date | None] = mapped_column(Date)
    state: Mapped[str] = mapped_column(Text, server_default="draft")
    written_by: Mapped[str | None] = mapped_column(ForeignKey(Person.id, ondelete="SET NULL"))
    reviewed_by: Mapped[str | None] = mapped_column(Text)
    geom: Mapped[Any | None] = mapped_column(Geometry("GEOMETRY", srid=4326))


class ProductAtLocation(Base):
    """Link between an information product and a space that hands it out."""

    __tablename__ = "product_at_location"

    product_id: Mapped[str] = mapped_column(
        ForeignKey(Product.id, ondelete="CASCADE"), primary_key=True
    )
    location_id: Mapped[str] = mapped_column(
        ForeignKey(Location.id, ondelete="CASCADE"), primary_key=True, index=True
    )


class Practice(Record, Base):
    """Note of good practice at a location, for other operators of spaces."""

    __tablename__ = "practices"
    __table_args__ = (
        visibility_check(),
        CheckConstraint(one_of("state", REVIEW_STATES), name="state"),
        CheckConstraint("(state = 'reviewed') <= (reviewed_by is not null)", name="reviewed"),
        CheckConstraint("written_by is null or reviewed_by <> written_by", name="two_people"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    location_id: Mapped[str] = mapped_column(
        ForeignKey(Location.id, ondelete="CASCADE"), index=True
    )
    title: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(Text, server_default="es")
    state: Mapped[str] = mapped_column(Text, server_default="draft")
    written_by: Mapped[str | None] = mapped_column(ForeignKey(Person.id, ondelete="SET NULL"))
    reviewed_by: Mapped[str | None] = mapped_column(Text)
    noted_on: Mapped[date] = mapped_column(Date)


class Pathway(Record, Base):
    """Referral pathway: ordered steps to meet a need in an area; restricted if protected (P38)."""

    __tablename__ = "pathways"
    __table_args__ = (
        visibility_check(),
        CheckConstraint(
            f"visibility = 'restricted' or not ({one_of('need', PROTECTED_SERVICES)})",
            name="protected_is_restricted",
        ),
        CheckConstraint("expires_on > confirmed_on", name="expires_after_confirmation"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    need: Mapped[str] = mapped_column(Text)
    country: Mapped[str] = mapped_column(Text, index=True)
    admin1: Mapped[str | None] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    confirmed_on: Mapped[date] = mapped_column(Date)
    expires_on: Mapped[date] = mapped_column(Date)


class PathwayStep(Base):
    """Step of a referral pathway: an instruction, with the contact or location that helps."""

    __tablename__ = "pathway_steps"

    pathway_id: Mapped[str] = mapped_column(
        ForeignKey(Pathway.id, ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[int] = mapped_column(Integer, primary_key=True)
    instruction: Mapped[str] = mapped_column(Text)
    contact_id: Mapped[str | None] = mapped_column(
        ForeignKey(Contact.id, ondelete="SET NULL"), index=True
    )
    location_id: Mapped[str | None] = mapped_column(
        ForeignKey(Location.id, ondelete="SET NULL"), index=True
    )


class PathwayReader(Base):
    """Named reader of one restricted pathway, such as a trained focal point."""

    __tablename__ = "pathway_readers"

    pathway_id: Mapped[str] = mapped_column(
        ForeignKey(Pathway.id, ondelete="CASCADE"), primary_key=True
    )
    person: Mapped[str] = mapped_column(Text, primary_key=True)


class Checklist(Base):
    """Version of the checklist of minimum standards for a kind of space, or an example of one."""

    __tablename__ = "checklists"
    __table_args__ = (
        CheckConstraint("pass_score between 0 and 1", name="pass_score"),
        UniqueConstraint("kind", "version"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    version: Mapped[int] = mapped_column(Integer)
    title: Mapped[str] = mapped_column(Text)
    example: Mapped[bool] = mapped_column(server_default=false())
    valid_months: Mapped[int] = mapped_column(Integer, server_default=text("12"))
    pass_score: Mapped[float] = mapped_column(Float, server_default=text("0.8"))
    published_on: Mapped[date | None] = mapped_column(Date)
    retired_on: Mapped[date | None] = mapped_column(Date)


class ChecklistItem(Base):
    """Question of a checklist, which belongs to one standard."""

    __tablename__ = "checklist_items"

    checklist_id: Mapped[str] = mapped_column(
        ForeignKey(Checklist.id, ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[int] = mapped_column(Integer, primary_key=True)
    standard: Mapped[str] = mapped_column(Text)
    question: Mapped[str] = mapped_column(Text)
    evidence_needed: Mapped[bool] = mapped_column(server_default=false())
    essential: Mapped[bool] = mapped_column(server_default=false())


class Assessment(Base):
    """Self-audit of a location by one version of a checklist."""

    __tablename__ = "assessments"
    __table_args__ = (
        CheckConstraint(
            one_of("state", ("draft", "submitted", "verified", "returned")), name="state"
        ),
        CheckConstraint(
            "verified_by is distinct from assessed_by or verified_by is null", name="two_people"
        ),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    location_id: Mapped[str] = mapped_column(
        ForeignKey(Location.id, ondelete="CASCADE"), index=True
    )
    checklist_id: Mapped[str] = mapped_column(ForeignKey(Checklist.id, ondelete="RESTRICT"))
    state: Mapped[str] = mapped_column(Text, server_default="draft")
    assessed_by: Mapped[str | None] = mapped_column(ForeignKey(Person.id, ondelete="SET NULL"))
    assessed_on: Mapped[date] = mapped_column(Date)
    due_on: Mapped[date] = mapped_column(Date)
    verified_by: Mapped[str | None] = mapped_column(ForeignKey(Person.id, ondelete="SET NULL"))
    verified_on: Mapped[date | None] = mapped_column(Date)
    decision_reason: Mapped[str | None] = mapped_column(Text)


class AssessmentAnswer(Base):
    """Answer to one question of an assessment, with its evidence."""

    __tablename__ = "assessment_answers"
    __table_args__ = (
        CheckConstraint(one_of("answer", ("yes", "partly", "no", "not_applicable")), name="answer"),
    )

    assessment_id: Mapped[str] = mapped_column(
        ForeignKey(Assessment.id, ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[int] = mapped_column(Integer, primary_key=True)
    answer: Mapped[str] = mapped_column(Text)
    evidence: Mapped[str | None] = mapped_column(Text)
    answered_by: Mapped[str | None] = mapped_column(ForeignKey(Person.id, ondelete="SET NULL"))
