"""Tables of planning, private to each person: named scenarios, and the latest siting run."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Text, UniqueConstraint, false, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from geo.models.accounts import Person
from geo.models.base import Base, one_of

#: States of a siting run.
RUN_STATES = ("running", "done", "failed")


class PlanningScenario(Base):
    """Named what-if scenario: the fields of its form, as text. Only its owner can read it."""

    __tablename__ = "planning_scenarios"
    __table_args__ = (
        CheckConstraint("char_length(name) between 1 and 80", name="name"),
        UniqueConstraint("person_id", "name"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey(Person.id, ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(Text)
    fields: Mapped[dict[str, Any]] = mapped_column(JSONB)
    saved_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("amparo.now()")
    )


class SitingRun(Base):
    """Search for sites of new spaces, one row for each person: a new search replaces the last.

    ``run`` identifies the search. ``seen_at`` is the moment of the last sign of life from its
    process. ``fields`` are the fields of the form that started it, without uploaded files.
    """

    __tablename__ = "siting_runs"
    __table_args__ = (CheckConstraint(one_of("state", RUN_STATES), name="state"),)

    person_id: Mapped[str] = mapped_column(
        ForeignKey(Person.id, ondelete="CASCADE"), primary_key=True
    )
    run: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    is_cancelled: Mapped[bool] = mapped_column(server_default=false())
    asked_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("amparo.now()")
    )
    seen_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("amparo.now()")
    )
    fields: Mapped[dict[str, Any]] = mapped_column(JSONB)
    progress: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    result: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
