"""Tables of the desk: columns that people keep, and what somebody may still undo."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from geo.models.accounts import Person
from geo.models.base import Base, one_of

#: What is done to one or several spaces from the table, and can be undone.
BULK_ACTIONS = ("confirm", "close", "beds")


class TableColumns(Base):
    """What a person keeps of one table of the desk: columns by name, in order, and views.

    ``columns`` is None for a person who has chosen none. A view is an object with its ``name`` and
    the parameters of the table's address in ``asked``.
    """

    __tablename__ = "table_columns"
    __table_args__ = (
        CheckConstraint("table_name ~ '^[a-z]{1,20}$'", name="table_name"),
        CheckConstraint(
            "jsonb_typeof(columns) = 'array' and jsonb_array_length(columns) <= 40", name="columns"
        ),
        CheckConstraint(
            "jsonb_typeof(views) = 'array' and jsonb_array_length(views) <= 12", name="views"
        ),
    )

    person_id: Mapped[str] = mapped_column(
        ForeignKey(Person.id, ondelete="CASCADE"), primary_key=True
    )
    table_name: Mapped[str] = mapped_column(Text, primary_key=True)
    columns: Mapped[list[str] | None] = mapped_column(JSONB(none_as_null=True))
    views: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default=text("'[]'"))


class BulkAction(Base):
    """What a person did to several spaces, for as long as they may undo it alone (P52).

    ``spaces`` holds by the id of each space its ``revision`` afterwards, and in ``fields`` the
    values before and after of what the action changed.
    """

    __tablename__ = "bulk_actions"
    __table_args__ = (CheckConstraint(one_of("action", BULK_ACTIONS), name="action"),)

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey(Person.id, ondelete="CASCADE"), index=True)
    action: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    spaces: Mapped[dict[str, Any]] = mapped_column(JSONB)
