"""Work in processes of their own that nobody waits for, such as compiling kernels."""

import subprocess
import sys
from typing import Final

#: Interpreter for work of little priority; the code to run follows.
_NICELY: Final = (sys.executable, "-P", "-c")


def command(code: str) -> tuple[str, ...]:
    """Return the command that runs Python code in a process which gives way to others."""
    return (*_NICELY, f"import os; os.nice(10); {code}")


def begin(code: str) -> None:
    """Begin to run Python code in a process that nobody waits for."""
    # Left to init by a shell that ends at once, so that it is nobody's zombie.
    shell = '"$@" </dev/null >/dev/null 2>&1 &'
    subprocess.run(["/bin/sh", "-c", shell, "sh", *command(code)], check=False)  # noqa: S603
