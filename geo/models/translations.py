"""Tables of translated safety texts: reviewers, proposed wordings, and approvals of wordings."""

from datetime import datetime

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from geo.models.accounts import Person
from geo.models.base import Base


class TextReviewer(Base):
    """Language that a person states to read and write; reviewing needs an administrator's grant.

    ``granted_by`` is the administrator who granted the language; null without a grant.
    """

    __tablename__ = "text_reviewers"
    __table_args__ = (
        CheckConstraint("language ~ '^[a-z]{2,3}$'", name="language"),
        CheckConstraint("granted_by <> person_id", name="not_own"),
    )

    person_id: Mapped[str] = mapped_column(
        ForeignKey(Person.id, ondelete="CASCADE"), primary_key=True
    )
    language: Mapped[str] = mapped_column(Text, primary_key=True)
    stated_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("amparo.now()")
    )
    granted_by: Mapped[str | None] = mapped_column(ForeignKey(Person.id))


class TextTranslation(Base):
    """One wording of a safety text in a language; another wording is another row (P47).

    ``digest`` is that of the Spanish ``original``: 32 hexadecimal digits of its SHA-256.
    ``withdrawn_by`` is the person who withdrew the wording; null if another wording replaced it.
    """

    __tablename__ = "text_translations"
    __table_args__ = (
        CheckConstraint("language ~ '^[a-z]{2,3}$' and language <> 'es'", name="language"),
        CheckConstraint("char_length(translation) between 1 and 1000", name="translation"),
        CheckConstraint(
            "digest = left(encode(sha256(convert_to(original, 'UTF8')), 'hex'), 32)", name="digest"
        ),
        Index(
            "ix_text_translations_language",
            "language",
            "digest",
            postgresql_where=text("withdrawn_at is null"),
        ),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    language: Mapped[str] = mapped_column(Text)
    original: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(Text)
    translation: Mapped[str] = mapped_column(Text)
    proposed_by: Mapped[str] = mapped_column(ForeignKey(Person.id))
    proposed_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("amparo.now()")
    )
    withdrawn_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    withdrawn_by: Mapped[str | None] = mapped_column(ForeignKey(Person.id))


class TextApproval(Base):
    """A person's agreement with one wording; two of them publish it (P47)."""

    __tablename__ = "text_approvals"

    translation_id: Mapped[str] = mapped_column(
        ForeignKey(TextTranslation.id, ondelete="CASCADE"), primary_key=True
    )
    person_id: Mapped[str] = mapped_column(ForeignKey(Person.id), primary_key=True)
    approved_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("amparo.now()")
    )
