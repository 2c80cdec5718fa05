"""What the commands print, and how they end: one line of what went wrong, and an exit code."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import typer
from rich.console import Console

from app.settings import BadSettingsError, Settings, read_settings
from geo.db.installation import ClusterError
from geo.errors import GeoError, OtherVersionError
from routing.errors import RoutingError

#: 1: it could not be done; 2: it was called wrongly (typer's own), or the settings are wrong;
#: 3: the home is of another version and is to be carried over;
#: 130: the shell's convention for Ctrl-C.
EXIT_FAILED = 1
EXIT_MISUSED = 2
EXIT_OTHER_VERSION = 3
EXIT_INTERRUPTED = 130

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def say(line: str) -> None:
    """Print one line as it is."""
    out.print(line, markup=False, soft_wrap=True)


def warn(line: str) -> None:
    """Print what is wrong and no reason to stop, on standard error."""
    err.print(f"amparo: {line}", style="yellow", markup=False, soft_wrap=True)


def fail(message: str, code: int = EXIT_FAILED) -> NoReturn:
    """Say why on standard error and leave with ``code``."""
    err.print(f"amparo: {message}", style="bold red", markup=False, soft_wrap=True)
    raise typer.Exit(code)


def require_settings() -> Settings:
    """Return the settings, or leave with one line for each that is wrong."""
    try:
        return read_settings()
    except BadSettingsError as error:
        fail(str(error), EXIT_MISUSED)


@contextmanager
def explained_failures(interrupted: str | None = None) -> Iterator[None]:
    """Turn what this product knows to go wrong into one clear line and an exit code.

    Parameters
    ----------
    interrupted : str or None
        What Ctrl-C leaves behind, said after "interrupted; "; None leaves Ctrl-C to who called.
    """
    try:
        yield
    except OtherVersionError as error:
        fail(str(error), EXIT_OTHER_VERSION)
    except (GeoError, RoutingError, ClusterError, OSError) as error:
        fail(str(error))
    except KeyboardInterrupt:
        if interrupted is None:
            raise
        fail(f"interrupted; {interrupted}", EXIT_INTERRUPTED)
