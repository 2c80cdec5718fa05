"""Compilation of the routing kernels, by one process of this installation at a time.

After an installation the compilation takes a minute of CPU, during which numba holds the
interpreter lock: within the server's process all requests would have to wait. Other processes load
the compiled kernels from numba's cache on disk. ``python -m app.runtime.compilation`` compiles all
kernels.
"""

import asyncio
import contextlib
import fcntl
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import anyio.to_thread

from app.runtime import aside
from routing import planning, warmup

#: Files that a process locks while it compiles: module files, which every user of the installation
#: can read.
_SEARCHES: Final = Path(warmup.__file__)
_PLANNING: Final = Path(planning.__file__)

#: Number of tries to get the lock, and seconds between two tries; afterwards a process compiles
#: without the lock. Three minutes [A], twice the compilation of all kernels on a slow machine.
_POLLS, _POLL_S = 1_800, 0.1

_COMPILE: Final = "from app.runtime import compilation; compilation.load_planning()"

_compiling: asyncio.Task[None] | None = None
#: Lock files of the kernels that this process has loaded; numba keeps the kernels themselves.
_loaded: set[Path] = set()


def load_searches() -> None:
    """Load the kernels of route searches and imports from the cache, or compile them."""
    load(_SEARCHES, warmup.warm)


def load_planning() -> None:
    """Load the kernels of itineraries and trade-offs from the cache, or compile them."""
    load(_PLANNING, warmup.warm_planning)


def compile_planning_aside() -> None:
    """Start compiling the kernels of itineraries and trade-offs in a detached process."""
    aside.begin(_COMPILE)


async def planning_compiled() -> None:
    """Wait until the kernels of itineraries and trade-offs are compiled and loaded."""
    global _compiling  # noqa: PLW0603 -- one compilation a process, as of numba's own dispatchers
    if _PLANNING in _loaded:
        return
    if _compiling is None or (_compiling.done() and _compiling.exception() is not None):
        _compiling = asyncio.create_task(_compile())
    # Shield the shared compilation, so that a client that disconnects does not cancel it.
    await asyncio.shield(_compiling)


async def _compile() -> None:
    # If no process can be started, the kernels are compiled in this process below.
    with contextlib.suppress(OSError):
        process = await asyncio.create_subprocess_exec(
            *aside.command(_COMPILE),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        await process.wait()
    # Load the kernels from the cache; without a cache folder this compiles them once more.
    await anyio.to_thread.run_sync(load_planning)


def load(path: Path, warm: Callable[[], None]) -> None:
    """Call ``warm`` under the lock of a file, unless this process has already called it.

    Parameters
    ----------
    path
        File to lock during the call; it also identifies the kernels.
    warm
        Function that loads kernels from the cache on disk, or compiles them.
    """
    if path not in _loaded:
        with _alone(path):
            warm()
        _loaded.add(path)


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold the lock of a file; continue without the lock if another process holds it too long."""
    with path.open("rb") as locked:
        for _ in range(_POLLS):
            if not _is_locked_by_another(locked.fileno()):
                break
            time.sleep(_POLL_S)
        yield


def _is_locked_by_another(descriptor: int) -> bool:
    """Try to lock a file; return True if another process holds the lock.

    On a file system without locks the result is False.
    """
    with contextlib.suppress(OSError):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


if __name__ == "__main__":
    load_searches()
    load_planning()
