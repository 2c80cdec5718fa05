"""Compilation of the routing kernels, by one process of this installation at a time.

It takes a minute of CPU after an installation, during which numba holds the interpreter's lock: in
the server's own process every other request would wait. What one process has compiled, others load
from the cache on disk. ``python -m app.runtime.compilation`` compiles all of them.
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

#: Locked by the process that compiles: files that every user of the installation can read.
_SEARCHES: Final = Path(warmup.__file__)
_PLANNING: Final = Path(planning.__file__)

#: How often, and after how many seconds, a process looks whether another one has ended, before it
#: compiles itself: [A] three minutes, twice what all kernels take on a slow machine.
_POLLS, _POLL_S = 1_800, 0.1

_COMPILE: Final = "from app.runtime import compilation; compilation.load_planning()"

_compiling: asyncio.Task[None] | None = None
#: What this process has loaded, as numba's own dispatchers keep it.
_loaded: set[Path] = set()


def load_searches() -> None:
    """Load the kernels of routes and of imports; compile those that no process has compiled."""
    load(_SEARCHES, warmup.warm)


def load_planning() -> None:
    """Load the kernels of itineraries and trade-offs; compile those that no process has."""
    load(_PLANNING, warmup.warm_planning)


def compile_planning_aside() -> None:
    """Begin to compile in a process that nobody waits for."""
    aside.begin(_COMPILE)


async def planning_compiled() -> None:
    """Wait until these kernels are compiled and loaded; at once if they are."""
    global _compiling  # noqa: PLW0603 -- one compilation a process, as of numba's own dispatchers
    if _PLANNING in _loaded:
        return
    if _compiling is None or (_compiling.done() and _compiling.exception() is not None):
        _compiling = asyncio.create_task(_compile())
    # Shielded: a client that goes away does not end it for the others.
    await asyncio.shield(_compiling)


async def _compile() -> None:
    # Where no process can be started they are compiled here.
    with contextlib.suppress(OSError):
        process = await asyncio.create_subprocess_exec(
            *aside.command(_COMPILE),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        await process.wait()
    # Loaded from the cache. Without a folder for it, compiled once more.
    await anyio.to_thread.run_sync(load_planning)


def load(path: Path, warm: Callable[[], None]) -> None:
    """Call ``warm``, unless this process has done so, once no other process holds the lock.

    Parameters
    ----------
    path
        File whose lock is held meanwhile, which also names what is loaded.
    warm
        Compiles kernels, or loads them from the cache on disk.
    """
    if path not in _loaded:
        with _alone(path):
            warm()
        _loaded.add(path)


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold the lock of a file; go on without it if another process keeps it for too long."""
    with path.open("rb") as locked:
        for _ in range(_POLLS):
            if not _is_locked_by_another(locked.fileno()):
                break
            time.sleep(_POLL_S)
        yield


def _is_locked_by_another(descriptor: int) -> bool:
    """Lock a file unless another process has it; on a file system without locks nobody has."""
    with contextlib.suppress(OSError):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


if __name__ == "__main__":
    load_searches()
    load_planning()
