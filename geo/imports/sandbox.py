"""Sandbox that reads uploaded files in a child process, so that only the child can run out of RAM.

The child gets no database address, password or user name. It reads the file from its standard input
and answers with lines of JSON. The parent limits the size of the answer and treats the answer as
data only. The child ends when it has answered, at its deadline, or together with its parent.
"""

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from datetime import date, datetime, time
from typing import Any, Final
from weakref import WeakKeyDictionary

import shapely

from geo.errors import InvalidFileError
from geo.imports.readers.detection import ReadingOptions
from geo.imports.readers.limits import TooHeavyError
from geo.imports.readers.table import MAX_COLUMNS, Line, Table
from geo.reasons import from_stored

#: Seconds until a child is killed, ample for a machine that is busy with other work [A].
DEADLINE_S: Final = 60.0

#: Most bytes of a child's answer, ample for `CELLS` cells of some forty characters [A].
ANSWER_BYTES: Final = 64 * 1024**2

#: Most non-empty cells of one file: 10,000 rows of 40 columns, plus half. As Python objects in the
#: parent process they take some hundred megabytes [A].
CELLS: Final = 600_000

#: Most rows of one file: the number of spaces in the region's network. The report lists every
#: problem of every row, so its size grows with the rows [A].
ROWS: Final = 20_000

#: Most child processes at a time for one server process; further files wait [A].
MOST: Final = 2

#: Exit codes of a child that ran out of memory, or out of processor time (signal SIGXCPU).
NO_MEMORY, NO_TIME = 3, -24

_CHILD: Final = "geo.imports.sandbox_child"

#: Environment of the child, without any variable of the parent, such as a database address (P48).
_ENVIRONMENT: Final = {
    "PATH": "/usr/bin:/bin",
    "LC_ALL": "C.UTF-8",
    # Thread pools of the numeric libraries are not needed, and their stacks would take memory.
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "1",
}

_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()


async def read_apart(name: str, data: bytes, reading: ReadingOptions | None = None) -> Table:
    """Read a file of spaces as a table in a child process.

    The table is the same as from `geo.imports.readers.detection.read_table`.

    Raises
    ------
    TooHeavyError
        The file exceeds the limits on memory, time, rows or cells.
    InvalidFileError
        The file cannot be read as a whole, as in `read_table`.
    """
    asked = {"name": name, "reading": asdict(reading or ReadingOptions())}
    async with _turns.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(MOST)):
        child = await asyncio.create_subprocess_exec(
            # Isolated mode: neither the working folder nor variables decide which modules are
            # imported.
            *(sys.executable, "-I", "-m", _CHILD, str(os.getpid())),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=_ENVIRONMENT,
            cwd="/",
            start_new_session=True,
        )
        telling = asyncio.create_task(_tell(child, asked, data))
        try:
            async with asyncio.timeout(DEADLINE_S):
                answer = await _heard(name, child)
                code = await child.wait()
        except TimeoutError:
            raise TooHeavyError(name, "time") from None
        finally:
            if child.returncode is None:
                with suppress(ProcessLookupError):
                    child.kill()
                await child.wait()
            await telling
    if code != 0:
        # Native libraries abort the process when memory runs out, so any other exit code counts as
        # a lack of memory.
        raise TooHeavyError(name, "time" if code == NO_TIME else "memory")
    return await asyncio.to_thread(_table, name, answer)


async def _tell(child: asyncio.subprocess.Process, asked: Mapping[str, Any], data: bytes) -> None:
    assert child.stdin is not None  # noqa: S101 -- it is a pipe
    with suppress(ConnectionError):  # the child may end before it has read the whole file
        child.stdin.write(json.dumps(asked).encode() + b"\n" + data)
        await child.stdin.drain()
        child.stdin.close()
        await child.stdin.wait_closed()


async def _heard(name: str, child: asyncio.subprocess.Process) -> bytes:
    assert child.stdout is not None  # noqa: S101 -- it is a pipe
    heard = bytearray()
    while part := await child.stdout.read(1 << 16):
        heard += part
        if len(heard) > ANSWER_BYTES:
            raise TooHeavyError(name, "cells")
    return bytes(heard)


def _table(name: str, answer: bytes) -> Table:
    """Parse a child's answer, a line of JSON for the file and one for each row, to a table.

    Raises
    ------
    InvalidFileError
        The child refused the file, or its answer is malformed.
    """
    head, *rest = answer.split(b"\n")
    try:
        said = json.loads(head)
        _require_read(name, said)
        columns = tuple(str(column) for column in said["columns"][:MAX_COLUMNS])
        lines = tuple(_line(json.loads(line), columns) for line in rest)
        return Table(
            str(said["format"]),
            columns,
            lines,
            {str(column): str(tag) for column, tag in said["tags"].items()},
            tuple(map(from_stored, said["remarks"])),
            epoch_1904=bool(said["epoch_1904"]),
        )
    except InvalidFileError:
        raise
    except (ValueError, TypeError, KeyError, IndexError, shapely.GEOSException) as error:
        raise TooHeavyError(name, "broken") from error


def _require_read(name: str, said: Mapping[str, Any]) -> None:
    if "problems" in said:
        raise InvalidFileError([from_stored(problem) for problem in said["problems"]])
    if "heavy" in said:
        raise TooHeavyError(name, str(said["heavy"]))


def _line(said: list[Any], columns: tuple[str, ...]) -> Line:
    number, cells, geometry, problems = said
    return Line(
        int(number),
        {columns[int(at)]: as_value(value) for at, value in cells},
        None if geometry is None else shapely.from_wkb(geometry),
        tuple((str(column), from_stored(reason)) for column, reason in problems),
    )


def as_said(value: object) -> object:
    """Encode a cell for JSON: dates, times and objects as an object whose key names the type."""
    match value:
        case datetime():
            return {"datetime": value.isoformat()}
        case date():
            return {"date": value.isoformat()}
        case time():
            return {"time": value.isoformat()}
        case Mapping():
            return {"object": {str(key): as_said(one) for key, one in value.items()}}
        case list() | tuple():
            return [as_said(one) for one in value]
        case _:
            return value


def as_value(said: Any) -> Any:  # noqa: ANN401 -- any cell
    """Decode a cell that `as_said` encoded for JSON."""
    if isinstance(said, list):
        return [as_value(one) for one in said]
    if not isinstance(said, dict):
        return said
    ((kind, value),) = said.items()
    match kind:
        case "datetime":
            return datetime.fromisoformat(value)
        case "date":
            return date.fromisoformat(value)
        case "time":
            return time.fromisoformat(value)
        case "object":
            return {key: as_value(one) for key, one in value.items()}
        case _:
            raise ValueError(kind)
