"""Tables of accounts: people, browser sessions, second factors, and access tokens."""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    LargeBinary,
    Text,
    UniqueConstraint,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from geo.models.base import Base, one_of
from geo.models.spaces import Organization

#: Roles of people, from the fewest rights to the most. A viewer reads as partners do; an editor
#: edits the records of one organisation; an approver approves changes in some countries; a
#: coordinator coordinates the region; an admin administers the system.
ROLES = ("viewer", "editor", "approver", "coordinator", "admin")

#: Scopes of access tokens: to send aggregated counts of movement, to read as a partner, or to make
#: changes in the name of the token's person.
TOKEN_SCOPES = ("movement", "partner", "edit")


class Person(Base):
    """Person with an account; ``password_hash`` is null until the person sets a password."""

    __tablename__ = "people"
    __table_args__ = (
        CheckConstraint("id <> ''", name="named"),
        CheckConstraint(one_of("role", ROLES), name="role"),
        CheckConstraint("email = lower(email) and email like '%_@_%'", name="email"),
        CheckConstraint("role <> 'editor' or organization_id is not null", name="editor_of"),
        CheckConstraint("role <> 'approver' or cardinality(countries) > 0", name="approver_of"),
        CheckConstraint("(oidc_issuer is null) = (oidc_subject is null)", name="oidc_in_pairs"),
        UniqueConstraint("oidc_issuer", "oidc_subject"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    email: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text)
    role: Mapped[str] = mapped_column(Text)
    organization_id: Mapped[str | None] = mapped_column(
        ForeignKey(Organization.id, ondelete="RESTRICT"), index=True
    )
    countries: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    language: Mapped[str] = mapped_column(Text, server_default="es")
    password_hash: Mapped[str | None] = mapped_column(Text)
    oidc_issuer: Mapped[str | None] = mapped_column(Text)
    oidc_subject: Mapped[str | None] = mapped_column(Text)
    active: Mapped[bool] = mapped_column(server_default=true())
    created_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("amparo.now()")
    )


class Invitation(Base):
    """Single-use link by which a person sets a password; only the token's SHA-256 is stored."""

    __tablename__ = "invitations"

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    token_sha256: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    person_id: Mapped[str] = mapped_column(ForeignKey(Person.id, ondelete="CASCADE"), index=True)
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class WebSession(Base):
    """Session of a signed-in browser; the cookie holds a secret whose SHA-256 is stored.

    If a second factor is required, the session only allows entering the second factor until
    ``factor_at`` is set.
    """

    __tablename__ = "web_sessions"

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    token_sha256: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    person_id: Mapped[str] = mapped_column(ForeignKey(Person.id, ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("amparo.now()")
    )
    seen_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("amparo.now()")
    )
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    factor_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class SecondFactor(Base):
    """Secret shared with a person's authenticator app (RFC 6238); only the writer role reads it."""

    __tablename__ = "second_factors"

    person_id: Mapped[str] = mapped_column(
        ForeignKey(Person.id, ondelete="CASCADE"), primary_key=True
    )
    #: Secret in base 32, as authenticator apps expect.
    secret: Mapped[str] = mapped_column(Text)
    #: Time step of the last accepted code; codes of this or an earlier time step are refused.
    last_step: Mapped[int] = mapped_column(BigInteger)
    failures: Mapped[int] = mapped_column(server_default=text("0"))
    failures_since: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("amparo.now()")
    )


class RecoveryCode(Base):
    """Single-use code, kept on paper, that replaces a second factor; stored as SHA-256 only."""

    __tablename__ = "recovery_codes"

    code_sha256: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey(Person.id, ondelete="CASCADE"), index=True)
    used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class KnownDevice(Base):
    """Browser known from an earlier sign-in; the secret in its cookie changes at each sign-in."""

    __tablename__ = "known_devices"

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    token_sha256: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    #: SHA-256 of the previous secret. A browser that presents the previous secret with the right
    #: password has a copied cookie, or did not receive the response with the new secret.
    previous_sha256: Mapped[bytes | None] = mapped_column(LargeBinary, index=True)
    person_id: Mapped[str] = mapped_column(ForeignKey(Person.id, ondelete="CASCADE"), index=True)
    #: Moment until which signing in with this device needs no second factor.
    trusted_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class FactorReset(Base):
    """Request to remove a person's second factor, executed by a second administrator (P52)."""

    __tablename__ = "factor_resets"
    __table_args__ = (CheckConstraint("asked_by <> person_id", name="not_own"),)

    person_id: Mapped[str] = mapped_column(
        ForeignKey(Person.id, ondelete="CASCADE"), primary_key=True
    )
    asked_by: Mapped[str] = mapped_column(ForeignKey(Person.id, ondelete="CASCADE"), index=True)
    asked_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("amparo.now()")
    )


class AccessToken(Base):
    """Bearer token for one scope, valid until it expires; only its SHA-256 is stored."""

    __tablename__ = "access_tokens"
    __table_args__ = (
        CheckConstraint(one_of("scope", TOKEN_SCOPES), name="scope"),
        CheckConstraint("scope <> 'edit' or person_id is not null", name="edits_as_somebody"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    token_sha256: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    scope: Mapped[str] = mapped_column(Text)
    holder: Mapped[str] = mapped_column(Text)
    person_id: Mapped[str | None] = mapped_column(
        ForeignKey(Person.id, ondelete="CASCADE"), index=True
    )
    created_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("amparo.now()")
    )
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
