"""How a benchmark starts a server: as a new process, unless who calls it knows a faster way."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, Protocol

ROOT: Final = Path(__file__).resolve().parents[1]

#: Serves over a database that is prepared, and that may be away: `amparo serve` prepares it.
_SERVE: Final = "from app.server import serve; from app.settings import Settings; serve(Settings())"


class ServerProcess(Protocol):
    """What a benchmark does to a server's process."""

    @property
    def pid(self) -> int:
        """Its number."""

    def kill(self) -> None:
        """End it without a word."""

    def terminate(self) -> None:
        """Ask it to end."""

    def wait(self, timeout: float | None = None) -> int:
        """Return its status once it has ended."""


#: Starts a server with so many more variables of the environment.
type Starter = Callable[[Mapping[str, str]], ServerProcess]


def start_server(variables: Mapping[str, str]) -> ServerProcess:
    """Start a server in a new interpreter, over a database that is prepared."""
    return subprocess.Popen(  # noqa: S603 -- our own server
        [sys.executable, "-c", _SERVE],
        cwd=ROOT,
        env=os.environ | variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
