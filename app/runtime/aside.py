"""Work in detached background processes: compilation of kernels, building of the basemap."""

import subprocess
import sys
from collections.abc import Callable
from typing import Final

from app.settings import Settings

#: Command of the Python interpreter, to which the code to run is appended.
_NICELY: Final = (sys.executable, "-P", "-c")
_BASEMAP: Final = "from app.cli import app; app(['basemap', 'build'], prog_name='amparo')"


def command(code: str) -> tuple[str, ...]:
    """Return the command that runs Python code in a process of low priority (``nice``)."""
    return (*_NICELY, f"import os; os.nice(10); {code}")


def begin(code: str) -> None:
    """Start a detached process that runs Python code, without waiting for its end."""
    # Start the process from a shell that ends at once, so that init adopts it and no zombie is
    # left when it ends.
    shell = '"$@" </dev/null >/dev/null 2>&1 &'
    subprocess.run(["/bin/sh", "-c", shell, "sh", *command(code)], check=False)  # noqa: S603


def build_missing_basemap(settings: Settings, begin: Callable[[str], None] = begin) -> None:
    """Start building the basemap in the background, unless it exists or the settings forbid it.

    The server starts meanwhile, without a basemap.
    """
    if settings.basemap_at_start and not settings.basemap_path.exists():
        begin(_BASEMAP)
