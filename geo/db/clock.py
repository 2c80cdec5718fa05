"""SQL expressions for the current time: the database's clock, ``amparo.now()``.

Each tier's schema has functions of the same names (``instant``, ``today``), so that a query names
no tier; raw SQL uses the same two. Time in Python is passed as an argument, from `app.clock`.
"""

from datetime import date, datetime

from sqlalchemy import Date, DateTime, func
from sqlalchemy.sql.functions import Function


def now() -> Function[datetime]:
    """Return the SQL expression of the instant at which the transaction began."""
    return func.instant(type_=DateTime(timezone=True))


def today() -> Function[date]:
    """Return the SQL expression of the date of `now`, in UTC."""
    return func.today(type_=Date())
