"""SQL expressions for the current time: the database's clock, ``amparo.now()``.

Each tier's schema has the functions ``instant`` and ``today``, so that queries, raw SQL too, need
not name a tier. Functions in Python take the time as an argument instead, from `app.clock`.
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
