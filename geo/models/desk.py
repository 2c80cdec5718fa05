"""Tables of the desk: each person's choice of columns and views, and acts that can be undone."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from geo.models.accounts import Person
from geo.models.base import Base, one_of

#: Actions on one or several spaces of the desk's table; their author can undo them.
BULK_ACTIONS = ("confirm", "close", "beds")


class TableColumns(Base):
    """A person's choices for one table of the desk: names of the columns in order, and views.

    ``columns`` is null for a person who has chosen no columns. A view is an object with its
    ``name`` and, in ``asked``, the query parameters of the table's URL.
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
    """Action of a person on several spaces, kept while the person may undo it alone (P52).

    ``spaces`` maps the id of each space to an object: ``revision`` of the space after the action,
    and ``fields`` with the values, by field, before and after the action.
    """

    __tablename__ = "bulk_actions"
    __table_args__ = (CheckConstraint(one_of("action", BULK_ACTIONS), name="action"),)

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey(Person.id, ondelete="CASCADE"), index=True)
    action: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    spaces: Mapped[dict[str, Any]] = mapped_column(JSONB)
