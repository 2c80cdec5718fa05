"""The ledger of the change feed: the features of each collection that a tier was shown (P49)."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    Index,
    LargeBinary,
    Numeric,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from geo.models.base import Base, one_of

#: Tiers that may keep a copy; the staff's view differs by person and is not copied.
COPYING_TIERS = ("public", "partner")


class PublicationHead(Base):
    """State of the ledger of a tier and layer; a process that updates the ledger locks this row.

    ``changes`` and ``total`` are the stamp of `geo.db.change_stamps`, null where the layer has
    none; ``due_at`` is when the clock alone changes what is published. ``seq`` counts the published
    states; ``fingerprint`` is set for a layer that is published as a whole.
    """

    __tablename__ = "publication_heads"
    __table_args__ = (CheckConstraint(one_of("tier", COPYING_TIERS), name="tier"),)

    tier: Mapped[str] = mapped_column(Text, primary_key=True)
    layer: Mapped[str] = mapped_column(Text, primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    changes: Mapped[int | None] = mapped_column(BigInteger)
    total: Mapped[Decimal | None] = mapped_column(Numeric)
    due_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    fingerprint: Mapped[str | None] = mapped_column(Text)


class Publication(Base):
    """A feature that a tier was shown: the digest of its text, or null after its removal.

    ``seq`` is the state of the layer that last added, changed or removed it.
    """

    __tablename__ = "publications"
    __table_args__ = (Index("ix_publications_seq", "tier", "layer", "seq"),)

    tier: Mapped[str] = mapped_column(Text, primary_key=True)
    layer: Mapped[str] = mapped_column(Text, primary_key=True)
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    digest: Mapped[bytes | None] = mapped_column(LargeBinary)
    seq: Mapped[int] = mapped_column(BigInteger)


class PublicationMark(Base):
    """The name of a published state, by which change tokens refer to it."""

    __tablename__ = "publication_marks"
    __table_args__ = (UniqueConstraint("tier", "layer", "mark"),)

    tier: Mapped[str] = mapped_column(Text, primary_key=True)
    layer: Mapped[str] = mapped_column(Text, primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    mark: Mapped[bytes] = mapped_column(LargeBinary)
    made_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("amparo.now()")
    )
