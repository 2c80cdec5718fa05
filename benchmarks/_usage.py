"""What a command takes: seconds of CPU and wall, and the peak of its memory.

This file is also run by itself, as the small process that starts the command. Linux counts the
memory of whoever starts a program into that program's peak, and a benchmark has gigabytes.
"""

import json
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Usage:
    """One or several commands."""

    cpu_s: float
    wall_s: float
    peak_mb: float
    output: str

    def __add__(self, after: "Usage") -> "Usage":
        """One command after the other."""
        return Usage(
            self.cpu_s + after.cpu_s,
            self.wall_s + after.wall_s,
            max(self.peak_mb, after.peak_mb),
            self.output + after.output,
        )


def usage_of(command: Sequence[str], cwd: Path | None = None) -> Usage:
    """Run a command and measure it, processes that it starts and waits for included.

    Raises
    ------
    SystemExit
        It fails; with the end of what it said.
    """
    starter = [sys.executable, "-I", "-S", __file__]
    done = subprocess.run(  # noqa: S603
        [*starter, *command], cwd=cwd, stdout=subprocess.PIPE, text=True, check=True
    )
    found = json.loads(done.stdout)
    if found.pop("code") != 0:
        said = "\n".join(found["output"].splitlines()[-15:])
        raise SystemExit(f"{' '.join(command)} failed:\n{said}")
    return Usage(**found)


def _start(command: Sequence[str]) -> None:
    began = time.monotonic()
    done = subprocess.run(  # noqa: S603
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    wall_s = time.monotonic() - began
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    found = {
        "code": done.returncode,
        "cpu_s": used.ru_utime + used.ru_stime,
        "wall_s": wall_s,
        "peak_mb": used.ru_maxrss * 1024 / 1e6,  # getrusage(2): KiB
        "output": done.stdout.decode(errors="replace"),
    }
    print(json.dumps(found))


if __name__ == "__main__":
    _start(sys.argv[1:])
