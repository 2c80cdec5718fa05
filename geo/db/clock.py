"""The clock as statements ask for it: the database's one, ``amparo.now()``.

Each tier's schema has it under the same names (``instant``, ``today``), so that a question names no
tier; raw SQL uses the same two. Python's own time is an argument, from `app.clock`.
"""

from datetime import date, datetime

from sqlalchemy import Date, DateTime, func
from sqlalchemy.sql.functions import Function


def now() -> Function[datetime]:
    """Return the SQL of the instant at which the transaction began."""
    return func.instant(type_=DateTime(timezone=True))


def today() -> Function[date]:
    """Return the SQL of the date of `now`, in UTC."""
    return func.today(type_=Date())
