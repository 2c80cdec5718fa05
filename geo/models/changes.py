"""Tables of changes: proposals, confirmations, hides, past versions, audit log, outbox, imports."""

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
    "channel",
)
CONFIRMATION_ANSWERS = ("as_listed", "changed", "full", "closed")
#: Entities that can be hidden in an emergency (P24).
HIDEABLE = ("space", "crossing", "area")
#: Codes of reasons for an emergency hide. Everybody in charge of the record sees the code; fewer
#: people see the reason in words (P56).
HIDE_CODES = ("danger", "request", "wrong_data", "privacy", "restriction", "other")
#: Entities that one person alone can remove from publication (P52).
REMOVABLE = ("space", "crossing", "area", "contact", "term")
#: Ways in which one person alone can remove an entity from publication (P52).
REMOVING_ACTS = ("hide", "restrict", "close", "withdraw", "retire")
IMPORT_STATES = ("uploaded", "checked", "applied", "discarded")
#: Purposes of the keys in `AuditKey`: ``rows`` for the digests of rows, ``application`` for the
#: proofs that a transaction is Amparo's own (`geo.audit.write_proof`).
AUDIT_KEYS = ("rows", "application")
CHANNELS = ("whatsapp", "sms", "email", "phone", "visit", "web")


class Proposal(Base):
    """Proposed change of a record, which a second person accepts or rejects (P23, P40).

    A change that its author may make alone is stored as ``applied``, with its reason.

    ``changes`` holds the fields that would change, named as in a file of records; ``record_id`` is
    null for a record that does not exist yet. ``base_revision`` is the revision of the record on
    which the change is based. ``link_sent_by`` is the person who sent the link by which an operator
    proposed the change, and who therefore cannot accept it as second person. ``batch_id`` is common
    to the proposals of one import.

    ``released`` are the protected phrases of the record that do not apply to it, in the judgement
    of the person who accepts the proposal (P38).
    ``merged_id`` is the space that is merged into the record on acceptance, in its state at
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
    """Answer of an operator about a space: as listed, changed, full or closed (P22, P41)."""

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
    """Signed, single-use, expiring link by which an operator answers without an account.

    ``listed_sha256`` is the digest of the record when the link was sent, the state that the answer
    "as listed" confirms.
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
    """Emergency hide of a space, a crossing or all records in an area, until it is lifted (P24).

    Views read this table at every query, so a hide takes effect with its commit and does not wait
    for locks on the hidden record. ``reason`` is visible to the person who made the hide and to
    coordinators, ``code`` to everybody in charge of the record (P56). A request to lift the hide
    waits for a second person.
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
    """Removal of a record from publication by one person, to be confirmed by a second one (P52).

    ``record_id`` of an area is the id of its hide. ``undo`` holds, by field, the values before and
    after the removal, for as long as they may have to be restored. ``ends_at`` is the moment at
    which an unconfirmed removal ends; null for a removal that lasts without a second person.
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
    """Version of a space: its whole record as valid from one instant to another (P39).

    ``record`` is the row of the view ``amparo.space_record`` without the columns that depend on
    today's visibility. The row has the id of each service, so that a service that is hidden now is
    also hidden in past versions.
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
    """Location changed by a running transaction, of which a version is due.

    Triggers write these rows, and at the commit store a version of each location. A row with an
    empty ``location_id`` makes the trigger of the commit run once for the transaction. No row
    outlives its transaction.
    """

    __tablename__ = "touched_locations"
    __table_args__ = ({"prefixes": ["UNLOGGED"]},)

    xact: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    location_id: Mapped[str] = mapped_column(Text, primary_key=True)


class AuditEntry(Base):
    """Entry of the audit log, an append-only chain: each hash includes the previous entry's hash.

    ``session`` is the database's own record of the session that wrote the entry; null in entries
    older than this column.
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
    """Key of the audit log, padded for the two rounds of HMAC-SHA256; only the owner role reads it.

    The key of kind ``rows`` makes the digests of rows (`AuditRow`). With the keys of kind
    ``application``, servers and commands prove that an entry comes from Amparo itself.
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
    """Keyed digest of a table row after a statement changed the row; null for a deleted row.

    ``batch`` is common to the changes of one transaction, and an audit entry names it. Triggers
    write these digests. ``salt`` is deleted when the record is erased, so that the content of the
    row cannot be found out by trying values.
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
    """Mark that a running transaction has changed rows which no audit entry covers yet.

    ``batch`` numbers the changes. ``again`` is true if the entry was put off until the versions of
    changed locations are stored, which changes rows too. No mark outlives its transaction.
    """

    __tablename__ = "audit_pending"
    __table_args__ = ({"prefixes": ["UNLOGGED"]},)

    xact: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    batch: Mapped[int] = mapped_column(BigInteger)
    again: Mapped[bool] = mapped_column(server_default=false())


class Webhook(Base):
    """URL at which an organisation receives events; request bodies are signed with ``key``."""

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
    """Notification to be sent, stored in the same transaction as the event that it reports."""

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
    """Uploaded import file with its check report, deleted on ``delete_on`` (P29).

    ``content`` is the file itself, kept only as long as its mapping may still be changed.
    """

    __tablename__ = "import_batches"
    __table_args__ = (
        CheckConstraint(one_of("state", IMPORT_STATES), name="state"),
        CheckConstraint("content is null or state in ('uploaded', 'checked')", name="content"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    person_id: Mapped[str | None] = mapped_column(
        ForeignKey(Person.id, ondelete="CASCADE"), index=True
    )
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
    """Two spaces that may be one place, and a person's decision on them.

    In the state ``merging`` the merge waits for a second person.
    """

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
