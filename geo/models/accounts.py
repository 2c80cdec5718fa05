"""Tables of accounts: people, their sign-ins, and access tokens."""

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

#: Roles, from least to most: viewer reads as a partner; editor edits the own organisation; approver
#: approves in own countries; coordinator coordinates the region; admin administers.
ROLES = ("viewer", "editor", "approver", "coordinator", "admin")

#: Scopes of access tokens: sending aggregated counts; reading the partner tier; making changes in
#: the name of the token's person.
TOKEN_SCOPES = ("movement", "partner", "edit")


class Person(Base):
    """A person who may sign in; there is no password until the person sets one."""

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
    """A single-use link by which a person sets a password; only its SHA-256 is stored."""

    __tablename__ = "invitations"

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    token_sha256: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    person_id: Mapped[str] = mapped_column(ForeignKey(Person.id, ondelete="CASCADE"), index=True)
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class WebSession(Base):
    """A signed-in browser; the cookie holds a secret, of which only the SHA-256 is stored.

    If a second factor is required, the session allows nothing else until ``factor_at`` is set.
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
    """The secret shared with a person's authenticator app (RFC 6238); only the writer reads it."""

    __tablename__ = "second_factors"

    person_id: Mapped[str] = mapped_column(
        ForeignKey(Person.id, ondelete="CASCADE"), primary_key=True
    )
    #: Base 32, the form that the app takes.
    secret: Mapped[str] = mapped_column(Text)
    #: Time step of the last accepted code: codes of this step or earlier are refused.
    last_step: Mapped[int] = mapped_column(BigInteger)
    failures: Mapped[int] = mapped_column(server_default=text("0"))
    failures_since: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("amparo.now()")
    )


class RecoveryCode(Base):
    """A single-use code on paper that replaces the second factor; only its SHA-256 is stored."""

    __tablename__ = "recovery_codes"

    code_sha256: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey(Person.id, ondelete="CASCADE"), index=True)
    used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class KnownDevice(Base):
    """A browser known from an earlier sign-in; its cookie's secret changes at each sign-in."""

    __tablename__ = "known_devices"

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    token_sha256: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    #: SHA-256 of the previous secret: a browser that presents it with the right password has a copy
    #: of the cookie, or lost a response.
    previous_sha256: Mapped[bytes | None] = mapped_column(LargeBinary, index=True)
    person_id: Mapped[str] = mapped_column(ForeignKey(Person.id, ondelete="CASCADE"), index=True)
    #: Until this moment the device replaces the second factor.
    trusted_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class FactorReset(Base):
    """A request to remove a person's second factor; a second administrator executes it (P52)."""

    __tablename__ = "factor_resets"
    __table_args__ = (CheckConstraint("asked_by <> person_id", name="not_own"),)

    person_id: Mapped[str] = mapped_column(
        ForeignKey(Person.id, ondelete="CASCADE"), primary_key=True
    )
    asked_by: Mapped[str] = mapped_column(ForeignKey(Person.id, ondelete="CASCADE"))
    asked_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("amparo.now()")
    )


class AccessToken(Base):
    """A bearer token, of which only the SHA-256 is stored; valid for one scope until it expires."""

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
