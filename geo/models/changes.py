"""How records change: proposals, confirmations, hides, past states, audit chain, outbox."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from geoalchemy2 import Geometry
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    DateTime,
    Float,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Text,
    Uuid,
    false,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from geo.models.accounts import Person
from geo.models.base import Base, one_of
from geo.models.spaces import Location, Organization

PROPOSAL_STATES = ("pending", "accepted", "rejected", "withdrawn", "applied")
PROPOSABLE = (
    "space",
    "crossing",
    "organization",
    "hazard",
    "contact",
    "pathway",
    "checklist",
    "term",
    "rumour",
)
CONFIRMATION_ANSWERS = ("as_listed", "changed", "full", "closed")
#: What can be hidden at once (P24).
HIDEABLE = ("space", "crossing", "area")
#: Why something is hidden, as those in charge of it read it; the words are for fewer people (P56).
HIDE_CODES = ("danger", "request", "wrong_data", "privacy", "restriction", "other")
#: What one person can take out of sight alone, and how (P52).
REMOVABLE = ("space", "crossing", "area", "contact", "term")
REMOVING_ACTS = ("hide", "restrict", "close", "withdraw", "retire")
IMPORT_STATES = ("uploaded", "checked", "applied", "discarded")
#: What the keys of the audit are for: digests of rows; proofs of who writes.
AUDIT_KEYS = ("rows", "application")
CHANNELS = ("whatsapp", "sms", "email", "phone", "visit", "web")


class Proposal(Base):
    """A change beside the current record until somebody else accepts it (P23, P40).

    What one owner may change at once is kept as ``applied``, with its reason.

    ``changes`` holds the fields that would change, as a file of records names them;
    ``record_id`` is null for a record that does not exist yet. ``base_revision`` is the record's
    revision that the change was made from. ``link_sent_by`` is who sent the link by which an
    operator proposed it: no second person either. ``batch_id`` joins the proposals of one import.

    ``released`` are protected phrases that accepting it judges not to hold (P38).
    ``merged_id`` is the space that goes into this one when it is accepted, as it was at
    ``merged_revision``.
    """

    __tablename__ = "proposals"
    __table_args__ = (
        CheckConstraint(one_of("entity", PROPOSABLE), name="entity"),
        CheckConstraint(one_of("state", PROPOSAL_STATES), name="state"),
        CheckConstraint(
            "(state in ('accepted', 'rejected')) = (decided_by is not null)", name="decided"
        ),
        CheckConstraint(
            "decided_by is null or (decided_by is distinct from proposed_by"
            " and decided_by is distinct from link_sent_by)",
            name="two_people",
        ),
        Index("ix_proposals_open", "state", "proposed_at"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    entity: Mapped[str] = mapped_column(Text)
    record_id: Mapped[str | None] = mapped_column(Text, index=True)
    base_revision: Mapped[int | None] = mapped_column(BigInteger)
    organization_id: Mapped[str | None] = mapped_column(Text, index=True)
    country: Mapped[str | None] = mapped_column(Text)
    changes: Mapped[dict[str, Any]] = mapped_column(JSONB)
    reason: Mapped[str] = mapped_column(Text)
    proposed_by: Mapped[str | None] = mapped_column(
        ForeignKey(Person.id, ondelete="SET NULL"), index=True
    )
    link_sent_by: Mapped[str | None] = mapped_column(
        ForeignKey(Person.id, ondelete="SET NULL"), index=True
    )
    proposed_via: Mapped[str] = mapped_column(Text, server_default="web")
    proposed_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("amparo.now()")
    )
    state: Mapped[str] = mapped_column(Text, server_default="pending")
    decided_by: Mapped[str | None] = mapped_column(ForeignKey(Person.id, ondelete="RESTRICT"))
    decided_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    decision_reason: Mapped[str | None] = mapped_column(Text)
    batch_id: Mapped[str | None] = mapped_column(Text, index=True)
    released: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    merged_id: Mapped[str | None] = mapped_column(Text)
    merged_revision: Mapped[int | None] = mapped_column(BigInteger)


class Confirmation(Base):
    """An answer of an operator: as listed, changed, full or closed (P22, P41)."""

    __tablename__ = "confirmations"
    __table_args__ = (
        CheckConstraint(one_of("answer", CONFIRMATION_ANSWERS), name="answer"),
        CheckConstraint(one_of("channel", CHANNELS), name="channel"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    location_id: Mapped[str] = mapped_column(
        ForeignKey(Location.id, ondelete="CASCADE"), index=True
    )
    answer: Mapped[str] = mapped_column(Text)
    channel: Mapped[str] = mapped_column(Text)
    confirmed_by: Mapped[str] = mapped_column(Text)
    confirmed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class ConfirmationLink(Base):
    """A signed, single-use, expiring link by which an operator answers without an account.

    ``listed_sha256`` is of what was listed when it was sent: "as listed" says yes to that.
    """

    __tablename__ = "confirmation_links"
    __table_args__ = (CheckConstraint(one_of("channel", CHANNELS), name="channel"),)

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    location_id: Mapped[str] = mapped_column(
        ForeignKey(Location.id, ondelete="CASCADE"), index=True
    )
    token_sha256: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    channel: Mapped[str] = mapped_column(Text)
    listed_sha256: Mapped[bytes] = mapped_column(LargeBinary)
    created_by: Mapped[str | None] = mapped_column(ForeignKey(Person.id, ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("amparo.now()")
    )
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Hide(Base):
    """A space, a crossing, or all that lies in an area, out of sight until it is lifted (P24).

    Views look here at every read, so a hide takes effect with its commit and waits for nobody
    who is writing the hidden record. ``reason`` is for who hid it and who coordinates; ``code``
    for everybody in charge of the record (P56). Who asks to lift it waits for a second person.
    """

    __tablename__ = "hides"
    __table_args__ = (
        CheckConstraint(one_of("entity", HIDEABLE), name="entity"),
        CheckConstraint(
            "(entity = 'area') = (geom is not null) and (geom is null) = (record_id is not null)",
            name="one_target",
        ),
        CheckConstraint(one_of("code", HIDE_CODES), name="code"),
        Index(
            "ix_hides_active",
            "entity",
            "record_id",
            unique=True,
            postgresql_where=text("lifted_at is null"),
        ),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    entity: Mapped[str] = mapped_column(Text)
    record_id: Mapped[str | None] = mapped_column(Text)
    geom: Mapped[Any | None] = mapped_column(Geometry("GEOMETRY", srid=4326))
    reason: Mapped[str] = mapped_column(Text)
    hidden_by: Mapped[str | None] = mapped_column(ForeignKey(Person.id, ondelete="SET NULL"))
    hidden_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("amparo.now()")
    )
    lifted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    code: Mapped[str] = mapped_column(Text, server_default="other")
    lift_asked_by: Mapped[str | None] = mapped_column(ForeignKey(Person.id, ondelete="SET NULL"))
    lift_asked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    lift_reason: Mapped[str | None] = mapped_column(Text)


class Removal(Base):
    """What one person took out of sight alone, until a second one agrees (P52).

    ``record_id`` of an area is its hide's id. ``undo`` holds, by field, what was there before and
    after, for as long as it may have to be put back. ``ends_at`` is null for what lasts without
    a second person.
    """

    __tablename__ = "removals"
    __table_args__ = (
        CheckConstraint(one_of("entity", REMOVABLE), name="entity"),
        CheckConstraint(one_of("act", REMOVING_ACTS), name="act"),
        CheckConstraint("confirmed_by is null or confirmed_by <> person", name="two_people"),
        Index("ix_removals_person", "person", "made_at"),
        Index(
            "ix_removals_standing",
            "ends_at",
            postgresql_where=text("ended_at is null and confirmed_at is null"),
        ),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    entity: Mapped[str] = mapped_column(Text)
    record_id: Mapped[str] = mapped_column(Text)
    act: Mapped[str] = mapped_column(Text)
    person: Mapped[str | None] = mapped_column(ForeignKey(Person.id, ondelete="SET NULL"))
    made_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ends_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    hide_id: Mapped[str | None] = mapped_column(ForeignKey(Hide.id, ondelete="CASCADE"), index=True)
    undo: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    confirmed_by: Mapped[str | None] = mapped_column(ForeignKey(Person.id, ondelete="SET NULL"))
    confirmed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class SpaceVersion(Base):
    """A space as its whole record read from one instant to another (P39).

    ``record`` is the row of the view ``amparo.space_record`` without what depends on today's
    visibility; it names each service with its id, so that one hidden now is hidden then.
    """

    __tablename__ = "space_versions"
    __table_args__ = (
        CheckConstraint("valid_to > valid_from", name="validity"),
        Index("ix_space_versions_times", "valid_from", "valid_to"),
        Index(
            "ix_space_versions_open",
            "location_id",
            unique=True,
            postgresql_where=text("valid_to = 'infinity'"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    location_id: Mapped[str] = mapped_column(Text, index=True)
    valid_from: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    valid_to: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("'infinity'")
    )
    record: Mapped[dict[str, Any]] = mapped_column(JSONB)
    geom: Mapped[Any] = mapped_column(Geometry("POINT", srid=4326))


class TouchedLocation(Base):
    """A location that a running transaction has touched; an empty id is the transaction itself.

    Triggers write here and take a version of each at the commit; no row outlives it.
    """

    __tablename__ = "touched_locations"
    __table_args__ = ({"prefixes": ["UNLOGGED"]},)

    xact: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    location_id: Mapped[str] = mapped_column(Text, primary_key=True)


class AuditEntry(Base):
    """One link of the audit chain: append-only, each hash over the one before.

    ``session`` is the database's own word on who wrote it; entries of before it was kept have none.
    """

    __tablename__ = "audit_entries"
    __table_args__ = (
        Index(
            "ix_audit_entries_outside",
            "seq",
            postgresql_where=text("(session ->> 'proved') = 'false'"),
        ),
        Index(
            "ix_audit_entries_anchored", "seq", postgresql_where=text("action = 'audit.anchored'")
        ),
    )

    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    actor: Mapped[str] = mapped_column(Text)
    action: Mapped[str] = mapped_column(Text)
    entity: Mapped[str] = mapped_column(Text)
    record_id: Mapped[str | None] = mapped_column(Text, index=True)
    details: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    previous_hash: Mapped[bytes] = mapped_column(LargeBinary)
    hash: Mapped[bytes] = mapped_column(LargeBinary)
    session: Mapped[dict[str, Any] | None] = mapped_column(JSONB)


class AuditKey(Base):
    """A key of the audit, padded for the two rounds of HMAC-SHA256; only the owner reads it.

    One is for the digests of rows; the others are those by which servers and commands prove to be
    Amparo.
    """

    __tablename__ = "audit_keys"
    __table_args__ = (CheckConstraint(one_of("kind", AUDIT_KEYS), name="kind"),)

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    inner_pad: Mapped[bytes] = mapped_column(LargeBinary)
    outer_pad: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("amparo.now()")
    )


class AuditRow(Base):
    """The keyed digest of a row after a statement changed it; null for one that it deleted.

    A batch is what a transaction changed; an entry of the chain names it. Triggers write here. The
    salt goes when the record is erased: nobody can try then what the row was.
    """

    __tablename__ = "audit_rows"

    batch: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    table_name: Mapped[str] = mapped_column(Text)
    row_id: Mapped[str] = mapped_column(Text)
    record_id: Mapped[str | None] = mapped_column(Text)
    salt: Mapped[UUID | None] = mapped_column(Uuid)
    digest: Mapped[bytes | None] = mapped_column(LargeBinary)


class AuditPending(Base):
    """That a running transaction has a batch which no entry names yet; no row outlives it."""

    __tablename__ = "audit_pending"
    __table_args__ = ({"prefixes": ["UNLOGGED"]},)

    xact: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    batch: Mapped[int] = mapped_column(BigInteger)
    again: Mapped[bool] = mapped_column(server_default=false())


class Webhook(Base):
    """Where an organisation wants to be told of events; bodies are signed with ``key``."""

    __tablename__ = "webhooks"

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    organization_id: Mapped[str | None] = mapped_column(
        ForeignKey(Organization.id, ondelete="CASCADE"), index=True
    )
    url: Mapped[str] = mapped_column(Text)
    key: Mapped[bytes] = mapped_column(LargeBinary)
    events: Mapped[list[str]] = mapped_column(ARRAY(Text))
    created_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("amparo.now()")
    )
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class OutboxMessage(Base):
    """A notification to be sent, written in the transaction of what it tells."""

    __tablename__ = "outbox"
    __table_args__ = (
        CheckConstraint(one_of("channel", ("email", "webhook")), name="channel"),
        Index(
            "ix_outbox_due",
            "not_before",
            postgresql_where=text("sent_at is null and failed_at is null"),
        ),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    channel: Mapped[str] = mapped_column(Text)
    recipient: Mapped[str] = mapped_column(Text)
    event: Mapped[str] = mapped_column(Text)
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("amparo.now()")
    )
    not_before: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("amparo.now()")
    )
    attempts: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    sent_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    failed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    last_error: Mapped[str | None] = mapped_column(Text)


class ImportBatch(Base):
    """A file somebody brought, read and reported on, waiting to be applied; deleted after (P29).

    ``content`` is the file itself, as long as its mapping may still be changed.
    """

    __tablename__ = "import_batches"
    __table_args__ = (
        CheckConstraint(one_of("state", IMPORT_STATES), name="state"),
        CheckConstraint("content is null or state in ('uploaded', 'checked')", name="content"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    person_id: Mapped[str | None] = mapped_column(ForeignKey(Person.id, ondelete="CASCADE"))
    file_name: Mapped[str] = mapped_column(Text)
    format: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(Text)
    mapping: Mapped[dict[str, Any]] = mapped_column(JSONB)
    documents: Mapped[list[Any]] = mapped_column(JSONB)
    report: Mapped[dict[str, Any]] = mapped_column(JSONB)
    content: Mapped[bytes | None] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(Text, server_default="checked")
    created_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("amparo.now()")
    )
    delete_on: Mapped[date] = mapped_column(Date)


class Duplicate(Base):
    """Two spaces that may be one, for a person to decide; ``merging`` waits for a second one."""

    __tablename__ = "duplicates"
    __table_args__ = (
        CheckConstraint("left_id < right_id", name="ordered"),
        CheckConstraint(one_of("state", ("open", "merging", "merged", "distinct")), name="state"),
    )

    left_id: Mapped[str] = mapped_column(Text, primary_key=True)
    right_id: Mapped[str] = mapped_column(Text, primary_key=True)
    score: Mapped[float] = mapped_column(Float)
    reasons: Mapped[dict[str, Any]] = mapped_column(JSONB)
    state: Mapped[str] = mapped_column(Text, server_default="open")
    decided_by: Mapped[str | None] = mapped_column(ForeignKey(Person.id, ondelete="SET NULL"))
    decided_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    found_on: Mapped[date] = mapped_column(Date, server_default=text("amparo.today()"))
