"""Who may do what: people, their sign-ins, and access tokens."""

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

#: From least to most: reads as a partner; edits the own organisation; approves in own countries;
#: coordinates the region; administers.
ROLES = ("viewer", "editor", "approver", "coordinator", "admin")

#: What an access token opens: aggregated counts in; the partner tier; changes in its person's name.
TOKEN_SCOPES = ("movement", "partner", "edit")


class Person(Base):
    """Somebody who may sign in; there is no password until its holder sets one."""

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
    """A single-use link by which a person sets a password; only its SHA-256 is kept."""

    __tablename__ = "invitations"

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    token_sha256: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    person_id: Mapped[str] = mapped_column(ForeignKey(Person.id, ondelete="CASCADE"), index=True)
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class WebSession(Base):
    """A signed-in browser; the cookie holds a secret of which only the SHA-256 is kept.

    Of whom a second factor is asked it opens nothing but that until ``factor_at`` is set.
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
    """What a person's authenticator app and we both know (RFC 6238); the writer alone reads it."""

    __tablename__ = "second_factors"

    person_id: Mapped[str] = mapped_column(
        ForeignKey(Person.id, ondelete="CASCADE"), primary_key=True
    )
    #: In base 32, as the app takes it.
    secret: Mapped[str] = mapped_column(Text)
    #: The time step of the last code that was taken: none of it or before is taken again.
    last_step: Mapped[int] = mapped_column(BigInteger)
    failures: Mapped[int] = mapped_column(server_default=text("0"))
    failures_since: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("amparo.now()")
    )


class RecoveryCode(Base):
    """A code on paper that stands for the second factor once; only its SHA-256 is kept."""

    __tablename__ = "recovery_codes"

    code_sha256: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey(Person.id, ondelete="CASCADE"), index=True)
    used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class KnownDevice(Base):
    """A browser that somebody has signed in with before; its cookie's secret changes each time."""

    __tablename__ = "known_devices"

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    token_sha256: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    #: Of the secret before: who shows it with the right password has a copy, or lost an answer.
    previous_sha256: Mapped[bytes | None] = mapped_column(LargeBinary, index=True)
    person_id: Mapped[str] = mapped_column(ForeignKey(Person.id, ondelete="CASCADE"), index=True)
    #: Until then it stands for the second factor.
    trusted_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class FactorReset(Base):
    """One administrator wants somebody's second factor taken away; a second one does it (P52)."""

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
    """A bearer token, stored as its SHA-256 only; opens one scope until it expires."""

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
