"""Tables of the change feed: which features of each layer were published to each tier (P49)."""

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

#: Tiers whose clients may keep a copy of the data by the change feed. The staff tier is left out,
#: because its data differ from person to person.
COPYING_TIERS = ("public", "partner")


class PublicationHead(Base):
    """State of the change feed for a tier and layer.

    A process that updates the feed locks this row. ``changes`` and ``total`` are the stamp of
    `geo.db.change_stamps`, null for a layer without a stamp. ``due_at`` is the next moment at which
    the published features change with time alone. ``seq`` counts the published states.
    ``fingerprint``, set only for a layer that changes as a whole, is a text that differs if any
    feature does (`geo.history.change_feed.FeedSource`).
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
    """Feature that was published to a tier: digest of its text, or null after its removal.

    ``seq`` is the number of the published state that last added, changed or removed the feature.
    """

    __tablename__ = "publications"
    __table_args__ = (Index("ix_publications_seq", "tier", "layer", "seq"),)

    tier: Mapped[str] = mapped_column(Text, primary_key=True)
    layer: Mapped[str] = mapped_column(Text, primary_key=True)
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    digest: Mapped[bytes | None] = mapped_column(LargeBinary)
    seq: Mapped[int] = mapped_column(BigInteger)


class PublicationMark(Base):
    """Name (``mark``) of a published state of a layer; change tokens refer to a state by name."""

    __tablename__ = "publication_marks"
    __table_args__ = (UniqueConstraint("tier", "layer", "mark"),)

    tier: Mapped[str] = mapped_column(Text, primary_key=True)
    layer: Mapped[str] = mapped_column(Text, primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    mark: Mapped[bytes] = mapped_column(LargeBinary)
    made_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("amparo.now()")
    )
