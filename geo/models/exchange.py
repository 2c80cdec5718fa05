"""Tables of the exchange with other systems: submissions read, and the words of partners' files."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, DateTime, ForeignKey, Integer, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from geo.models.base import Base
from geo.models.spaces import Organization


class PulledSource(Base):
    """How far the submissions of another system's form have been read.

    ``highest_id`` is the id of the newest submission read. A sweep reads the older submissions
    again to find changed and deleted ones; ``sweep_after`` is the id up to which sweep number
    ``sweep`` has come.
    """

    __tablename__ = "pulled_sources"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    claimed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    highest_id: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    sweep_after: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    sweep: Mapped[int] = mapped_column(Integer, server_default=text("1"))


class PulledSubmission(Base):
    """Submission that was read: the digest of its content, and the space that it is about."""

    __tablename__ = "pulled_submissions"

    source: Mapped[str] = mapped_column(
        ForeignKey(PulledSource.name, ondelete="CASCADE"), primary_key=True
    )
    submission_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    organization_id: Mapped[str] = mapped_column(
        ForeignKey(Organization.id, ondelete="CASCADE"), index=True
    )
    space_id: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(Text)
    sweep: Mapped[int] = mapped_column(Integer)
    gone_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class RememberedWord(Base):
    """Meaning of a word in an organisation's files: the field of a header, or the code of a value.

    ``wording`` is the header of a column if ``scope`` is empty, or else a value in a column of the
    field ``scope``. A header with an empty ``meaning`` is of a column that is not imported.
    """

    __tablename__ = "remembered_words"
    __table_args__ = (
        CheckConstraint("char_length(wording) between 1 and 200", name="wording"),
        CheckConstraint("char_length(meaning) <= 80", name="meaning"),
    )

    organization_id: Mapped[str] = mapped_column(
        ForeignKey(Organization.id, ondelete="CASCADE"), primary_key=True
    )
    scope: Mapped[str] = mapped_column(Text, primary_key=True)
    wording: Mapped[str] = mapped_column(Text, primary_key=True)
    meaning: Mapped[str] = mapped_column(Text)
    chosen_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
