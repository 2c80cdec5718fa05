"""Recognition of PostgreSQL's outages by SQLSTATE, as opposed to errors about one statement.

If a server stops, a client gets an error just before the connection is closed, or only the closed
connection, depending on the moment. Errors are recognised by SQLSTATE, which unlike the message is
the same in every language of the server (PostgreSQL manual, appendix A).
"""

from typing import Final

from sqlalchemy.exc import DBAPIError

from geo.errors import DatabaseUnavailableError, DiskFullError

_SILENT: Final = "the database does not answer"
_LATE: Final = "the database answers too late"

#: Message of the `DatabaseUnavailableError` for an outage, by SQLSTATE or, for all SQLSTATEs of a
#: class, by its first two characters.
_OUTAGES: Final = {
    "08": _SILENT,  # the connection broke
    "28": "the database does not let us in",
    "3D000": "the database is not there",
    "53200": "the database has no memory left",
    "53300": "the database takes no more connections",
    "57014": _LATE,  # statement_timeout
    "57P01": _SILENT,  # admin_shutdown: the server is being stopped
    "57P02": _SILENT,  # crash_shutdown: another process of the server has crashed
    "57P03": _SILENT,  # cannot_connect_now: the server is starting, recovering or stopping
    "57P04": "the database is not there",
    "57P05": _SILENT,  # idle_session_timeout
    "58030": "the database cannot read or write its files",
}

#: Classes of SQLSTATE for a wrong address or login: the server answers, but refuses the connection.
_REFUSALS: Final = frozenset({"28", "3D"})

_DISK_FULL: Final = "53100"

#: SQLSTATE of a write on a read-only server: the server has become a standby.
_READ_ONLY: Final = "25006"

#: SQLSTATE of a query that a standby cancels because the primary has removed rows that the query
#: reads; a retry succeeds. This is the only way in which readers get this SQLSTATE: any other
#: serialization failure needs two writers.
_CONFLICT: Final = "40001"


def driven(error: object) -> object:
    """Return the driver's error that an error of SQLAlchemy wraps, or the error itself."""
    return error.orig if isinstance(error, DBAPIError) else error


def is_refusal(error: object) -> bool:
    """Return whether a driver's error means that the server answers but refuses the connection."""
    state = getattr(error, "sqlstate", None)
    return isinstance(state, str) and state[:2] in _REFUSALS


def outage_of(error: object, *, is_writer: bool = False) -> DatabaseUnavailableError | None:
    """Return the outage that a driver's error means; None if the statement itself is at fault.

    Parameters
    ----------
    error : object
        An exception of asyncpg, or the original of an exception of SQLAlchemy. Errors without
        ``sqlstate`` are no outage.
    is_writer : bool
        Whether the connection must be able to write.
    """
    state = getattr(error, "sqlstate", None)
    if not isinstance(state, str):
        return None
    if state == _DISK_FULL:
        return DiskFullError()
    said = _OUTAGES.get(state) or _OUTAGES.get(state[:2])
    if said is None and not is_writer and state == _CONFLICT:
        said = _LATE
    if said is None and is_writer and state == _READ_ONLY:
        said = "the database takes no changes"
    return None if said is None else DatabaseUnavailableError(said)
