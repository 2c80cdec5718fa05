"""Terminal output of the commands, and their ends: a one-line error and an exit code."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import typer
from rich.console import Console

from app.exchange.errors import ExchangeError
from app.road_sources.errors import FetchError
from app.settings import BadSettingsError, Settings, read_settings
from geo.db.installation import ClusterError
from geo.errors import GeoError, OtherVersionError
from routing.errors import RoutingError

#: Exit codes. 1: the command failed; 2: it was called wrongly (typer's own), or the settings are
#: wrong; 3: the home directory is of another version and has to be migrated; 130: the shell's
#: convention for Ctrl-C.
EXIT_FAILED = 1
EXIT_MISUSED = 2
EXIT_OTHER_VERSION = 3
EXIT_INTERRUPTED = 130

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def say(line: str) -> None:
    """Print one line without markup."""
    out.print(line, markup=False, soft_wrap=True)


def warn(line: str) -> None:
    """Print a warning on standard error."""
    err.print(f"amparo: {line}", style="yellow", markup=False, soft_wrap=True)


def fail(message: str, code: int = EXIT_FAILED) -> NoReturn:
    """Print an error on standard error, and exit with ``code``."""
    err.print(f"amparo: {message}", style="bold red", markup=False, soft_wrap=True)
    raise typer.Exit(code)


def require_settings() -> Settings:
    """Return the settings, or exit with one line for each wrong setting."""
    try:
        return read_settings()
    except BadSettingsError as error:
        fail(str(error), EXIT_MISUSED)


@contextmanager
def explained_failures(interrupted: str | None = None) -> Iterator[None]:
    """Turn known failures into a one-line error and an exit code.

    Parameters
    ----------
    interrupted : str or None
        State after Ctrl-C, printed behind "interrupted; "; None lets Ctrl-C propagate to the
        caller.
    """
    try:
        yield
    except OtherVersionError as error:
        fail(str(error), EXIT_OTHER_VERSION)
    except (GeoError, RoutingError, ClusterError, ExchangeError, FetchError, OSError) as error:
        fail(str(error))
    except KeyboardInterrupt:
        if interrupted is None:
            raise
        fail(f"interrupted; {interrupted}", EXIT_INTERRUPTED)
