"""Which errors of PostgreSQL say that it cannot serve now, whatever was asked: by SQLSTATE.

How a server's end reaches a client depends on when: as a closed line, or as an error just before
it. The state is always there, and the same in every language (PostgreSQL's appendix A).
"""

from typing import Final

from sqlalchemy.exc import DBAPIError

from geo.errors import DatabaseUnavailableError, DiskFullError

_SILENT: Final = "the database does not answer"
_LATE: Final = "the database answers too late"

#: By the whole state, else by its class, the first two signs.
_OUTAGES: Final = {
    "08": _SILENT,  # the connection broke
    "28": "the database does not let us in",
    "3D000": "the database is not there",
    "53200": "the database has no memory left",
    "53300": "the database takes no more connections",
    "57014": _LATE,  # statement_timeout
    "57P01": _SILENT,  # it is being stopped
    "57P02": _SILENT,  # another of its processes has crashed
    "57P03": _SILENT,  # it is starting, recovering or stopping
    "57P04": "the database is not there",
    "57P05": _SILENT,  # idle_session_timeout
    "58030": "the database cannot read or write its files",
}

#: Of these, what is wrong with the address or the login: the server answers and lets nobody in.
_REFUSALS: Final = frozenset({"28", "3D"})

_DISK_FULL: Final = "53100"

#: Of what should write: the server has become a standby.
_READ_ONLY: Final = "25006"

#: A standby ends what reads rows that its primary has removed; asked again it is answered. Who only
#: reads meets the state nowhere else: two writers are needed for any other failed serialization.
_CONFLICT: Final = "40001"


def driven(error: object) -> object:
    """Return the driver's own error, which SQLAlchemy's has inside."""
    return error.orig if isinstance(error, DBAPIError) else error


def is_refusal(error: object) -> bool:
    """Return whether a server answers and lets nobody in, of an error of the driver's."""
    state = getattr(error, "sqlstate", None)
    return isinstance(state, str) and state[:2] in _REFUSALS


def outage_of(error: object, *, is_writer: bool = False) -> DatabaseUnavailableError | None:
    """Return what an error of the driver means for who asked; None where it is about the question.

    Parameters
    ----------
    error : object
        An exception with ``sqlstate``, as asyncpg's have it, and SQLAlchemy's originals.
    is_writer : bool
        Whether the connection is to be able to write.
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
