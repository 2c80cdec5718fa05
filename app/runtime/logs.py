"""Logging to standard error, without any content of requests (P48)."""

import logging
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ACCESS = logging.getLogger("amparo.access")
INCIDENTS = logging.getLogger("amparo.incidents")
NOTICES = logging.getLogger("amparo.notices")

#: Logging configuration for `uvicorn.run(log_config=…, access_log=False)`: all loggers write to
#: standard error.
CONFIG: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "stream": "ext://sys.stderr",
        }
    },
    "loggers": {
        "amparo": {"handlers": ["stderr"], "level": "INFO", "propagate": False},
        "uvicorn": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
    },
}

_ROOT = Path(__file__).resolve().parents[2]


def describe(error: BaseException) -> str:
    """Describe an exception and its causes for the log, without the exceptions' messages.

    Messages quote values ("invalid input: 7.89391"), and values of requests must not be logged
    (P48). The description holds exception classes, the database's error codes, and line numbers in
    the project's own code.
    """
    return " <- ".join(_describe_one(cause) for cause in _chain(error))


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        yield cause
        if isinstance(cause, BaseExceptionGroup):
            cause = cause.exceptions[0]
        else:
            cause = cause.__cause__ or cause.__context__


#: Maximum number of stack frames in a description: the innermost of the project's own code. A
#: recursion can have hundreds.
_FRAMES = 10


def _describe_one(error: BaseException) -> str:
    name = f"{type(error).__module__}.{type(error).__qualname__}"
    code = getattr(error, "sqlstate", None)
    places = [
        f"{Path(frame.filename).relative_to(_ROOT)}:{frame.lineno}"
        for frame in traceback.extract_tb(error.__traceback__)
        if _is_ours(frame.filename)
    ]
    where = f" at {' > '.join(places[-_FRAMES:])}" if places else ""
    return f"{name}{f' [{code}]' if isinstance(code, str) else ''}{where}"


def _is_ours(filename: str) -> bool:
    path = Path(filename)
    # Leave out frames of the middleware: every request passes it, so they carry no information.
    return (
        path.is_relative_to(_ROOT)
        and "site-packages" not in path.parts
        and path.name != "middleware.py"
    )
