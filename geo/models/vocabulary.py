"""Tables of the vocabularies: editable terms, with a name in each language."""

from typing import Literal, get_args

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Integer, Text, false, text, true
from sqlalchemy.orm import Mapped, mapped_column

from geo.models.base import Base, one_of

#: Name of a vocabulary. A new vocabulary needs an entry here and a migration.
VocabularyName = Literal[
    "space_kind",
    "service",
    "sector",
    "amenity",
    "document",
    "gender",
    "phone_type",
    "count_method",
    "count_source",
]

VOCABULARIES: tuple[str, ...] = get_args(VocabularyName)


class Term(Base):
    """Term of a vocabulary (HSDS taxonomy_term).

    A record that uses a ``protected`` term is restricted (P38). ``validity_days``, for kinds of
    spaces, is the number of days for which a confirmation is valid (P41). An ``edited`` term was
    changed by a coordinator; loading a newer version of Amparo's vocabulary files keeps the change.
    """

    __tablename__ = "terms"
    __table_args__ = (
        CheckConstraint(one_of("vocabulary", VOCABULARIES), name="vocabulary"),
        CheckConstraint(
            "validity_days is null or validity_days between 1 and 365", name="validity"
        ),
        ForeignKeyConstraint(
            ["vocabulary", "parent_code"], ["amparo.terms.vocabulary", "amparo.terms.code"]
        ),
    )

    vocabulary: Mapped[str] = mapped_column(Text, primary_key=True)
    code: Mapped[str] = mapped_column(Text, primary_key=True)
    parent_code: Mapped[str | None] = mapped_column(Text)
    protected: Mapped[bool] = mapped_column(server_default=false())
    active: Mapped[bool] = mapped_column(server_default=true())
    position: Mapped[int] = mapped_column(Integer, server_default=text("1000"))
    validity_days: Mapped[int | None] = mapped_column(Integer)
    edited: Mapped[bool] = mapped_column(server_default=false())


class TermName(Base):
    """Name of a term in one language; ``reviewed_by`` is the person who checked the name."""

    __tablename__ = "term_names"
    __table_args__ = (
        ForeignKeyConstraint(
            ["vocabulary", "code"],
            ["amparo.terms.vocabulary", "amparo.terms.code"],
            ondelete="CASCADE",
        ),
    )

    vocabulary: Mapped[str] = mapped_column(Text, primary_key=True)
    code: Mapped[str] = mapped_column(Text, primary_key=True)
    language: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    reviewed_by: Mapped[str | None] = mapped_column(Text)
