"""Tables about the system itself: publication rules, loaded files, keys, change stamps."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    DateTime,
    Float,
    Identity,
    Integer,
    LargeBinary,
    Numeric,
    Text,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from geo.models.base import Base


class PublicationRules(Base):
    """Parameters of the publication rules that the views apply, in one row for an admin to edit.

    The defaults for human threats are from P36 (72 h, extended to the following midnight in UTC;
    20 km; two sources), those for flows from definitions.md (20 people, 3 groups, 80 %, rounding 5,
    14 days).
    """

    __tablename__ = "publication_rules"
    __table_args__ = (
        CheckConstraint("id", name="one_row"),
        # No administrator may publish counts of fewer than five people (P18).
        CheckConstraint("flow_min_people >= 5", name="flow_floor"),
    )

    id: Mapped[bool] = mapped_column(primary_key=True, server_default=true())
    human_threat_delay_h: Mapped[int] = mapped_column(Integer, server_default=text("72"))
    human_threat_min_km: Mapped[float] = mapped_column(Float, server_default=text("20"))
    human_threat_min_sources: Mapped[int] = mapped_column(Integer, server_default=text("2"))
    flow_min_people: Mapped[int] = mapped_column(Integer, server_default=text("20"))
    flow_min_groups: Mapped[int] = mapped_column(Integer, server_default=text("3"))
    flow_max_share: Mapped[float] = mapped_column(Float, server_default=text("0.8"))
    flow_rounding: Mapped[int] = mapped_column(Integer, server_default=text("5"))
    flow_delay_days: Mapped[int] = mapped_column(Integer, server_default=text("14"))


class LoadedFile(Base):
    """Data file that `amparo load` has loaded; the unchanged file is not loaded again."""

    __tablename__ = "loaded_files"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    sha256: Mapped[str] = mapped_column(Text)
    loaded_on: Mapped[date] = mapped_column(Date)
    details: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))


class SigningKey(Base):
    """Random key for one purpose, such as signing links or cookies, made once for each database.

    Only the writer role reads it.
    """

    __tablename__ = "signing_keys"

    purpose: Mapped[str] = mapped_column(Text, primary_key=True)
    key: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("amparo.now()")
    )


class KnowledgeChange(Base):
    """Record that a transaction changed data which workers cache in memory; written by triggers.

    The stamps of `geo.db.change_stamps` are sums over these rows. A row that replaces older rows
    has their sums in ``folded_changes`` and ``folded_total``.
    """

    __tablename__ = "knowledge_changes"
    __table_args__ = (
        CheckConstraint("(folded_changes is null) = (folded_total is null)", name="folded"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    subject: Mapped[str] = mapped_column(Text)
    xact: Mapped[int] = mapped_column(BigInteger, index=True)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    folded_changes: Mapped[int | None] = mapped_column(BigInteger)
    folded_total: Mapped[Decimal | None] = mapped_column(Numeric)
