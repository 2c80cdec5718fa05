"""Compilation of the kernels of itineraries and trade-offs, in a process of its own.

They take twenty seconds of CPU on the first use after an installation, during which numba holds the
interpreter's lock: in the server's own process every other request would wait. Compiled by another
process they are loaded from the cache on disk.
"""

import asyncio
import contextlib
import subprocess
import sys
from typing import Final

import anyio.to_thread

from routing.warmup import warm_planning

_COMPILE: Final = (
    sys.executable,
    "-P",
    "-c",
    "import os; os.nice(10); from routing.warmup import warm_planning; warm_planning()",
)

_compiling: asyncio.Task[None] | None = None


def compile_planning_aside() -> None:
    """Begin to compile in a process that nobody waits for."""
    # Left to init by a shell that ends at once, so that it is nobody's zombie.
    begin = '"$@" </dev/null >/dev/null 2>&1 &'
    subprocess.run(["/bin/sh", "-c", begin, "sh", *_COMPILE], check=False)  # noqa: S603


async def planning_compiled() -> None:
    """Wait until these kernels are compiled and loaded; at once if they are."""
    global _compiling  # noqa: PLW0603 -- one compilation a process, as of numba's own dispatchers
    if _compiling is None or (_compiling.done() and _compiling.exception() is not None):
        _compiling = asyncio.create_task(_compile())
    # Shielded: a client that goes away does not end it for the others.
    await asyncio.shield(_compiling)


async def _compile() -> None:
    # Where no process can be started they are compiled here.
    with contextlib.suppress(OSError):
        process = await asyncio.create_subprocess_exec(
            *_COMPILE,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        await process.wait()
    # Loaded from the cache. Without a folder for it, compiled once more.
    await anyio.to_thread.run_sync(warm_planning)
