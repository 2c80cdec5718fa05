"""Logging: one line per request, without any content of the request (P48)."""

import logging
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ACCESS = logging.getLogger("amparo.access")
INCIDENTS = logging.getLogger("amparo.incidents")
NOTICES = logging.getLogger("amparo.notices")

#: Value for `uvicorn.run(log_config=…, access_log=False)`: everything goes to standard error.
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
    """Describe an exception and its causes by class and place, without any exception's message.

    Messages quote values ("invalid input: 7.89391"), and values of requests must not be logged
    (P48). The description holds exception classes, the database's error codes, and our own lines of
    code.
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


#: Maximum number of our own stack frames in a description, the innermost; recursion has hundreds.
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
    # Every request passes the middleware, so its frames carry no information.
    return (
        path.is_relative_to(_ROOT)
        and "site-packages" not in path.parts
        and path.name != "middleware.py"
    )
