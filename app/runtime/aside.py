"""Work in processes of their own that nobody waits for: compiling kernels, building a basemap."""

import subprocess
import sys
from collections.abc import Callable
from typing import Final

from app.settings import Settings

#: Interpreter for work of little priority; the code to run follows.
_NICELY: Final = (sys.executable, "-P", "-c")
_BASEMAP: Final = "from app.cli import app; app(['basemap', 'build'], prog_name='amparo')"


def command(code: str) -> tuple[str, ...]:
    """Return the command that runs Python code in a process which gives way to others."""
    return (*_NICELY, f"import os; os.nice(10); {code}")


def begin(code: str) -> None:
    """Begin to run Python code in a process that nobody waits for."""
    # Left to init by a shell that ends at once, so that it is nobody's zombie.
    shell = '"$@" </dev/null >/dev/null 2>&1 &'
    subprocess.run(["/bin/sh", "-c", shell, "sh", *command(code)], check=False)  # noqa: S603


def build_missing_basemap(settings: Settings, begin: Callable[[str], None] = begin) -> None:
    """Begin to build the basemap, unless there is one or the settings forbid it.

    No start waits for it; phones get it with the next pack.
    """
    if settings.basemap_at_start and not settings.basemap_path.exists():
        begin(_BASEMAP)
