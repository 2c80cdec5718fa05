"""Child process that reads an uploaded file for `geo.imports.sandbox` and ends with its parent.

The process sets its resource limits before a byte of the file is read. Processes that it might
start would inherit the limits.
"""

import ctypes
import json
import os
import resource
import signal
import sys
from typing import Any, Final

import shapely

from geo.errors import InvalidFileError
from geo.imports.readers import archives, workbook_size
from geo.imports.readers.detection import ReadingOptions, read_table
from geo.imports.readers.limits import AT_THE_CONSOLE, TooHeavyError
from geo.imports.readers.table import Table
from geo.imports.sandbox import CELLS, DEADLINE_S, NO_MEMORY, ROWS, as_said
from geo.reasons import stored

#: Most bytes of writable memory (RLIMIT_DATA). The imported libraries add some 100 MB, mostly
#: shared pages outside the limit, so that the whole process stays below half a gigabyte.
MEMORY_BYTES: Final = 384 * 1024**2

#: Option of prctl(2) that sets the signal sent to this process when its parent dies.
_PR_SET_PDEATHSIG: Final = 1


def main() -> None:
    """Read one file from standard input and write its table as lines of JSON to standard output."""
    # The kernel kills this process when its parent dies; otherwise the process would run on.
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if str(os.getppid()) != sys.argv[1]:
        return
    os.nice(10)  # the web server's requests have priority over imports
    for limit, most in (
        (resource.RLIMIT_DATA, MEMORY_BYTES),
        (resource.RLIMIT_CPU, int(DEADLINE_S)),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NPROC, 0),
    ):
        resource.setrlimit(limit, (most, most))
    archives.LIMITS = AT_THE_CONSOLE
    workbook_size.IS_APART = True
    try:
        asked = json.loads(sys.stdin.buffer.readline())
        answer = _read(asked["name"], sys.stdin.buffer.read(), ReadingOptions(**asked["reading"]))
    except MemoryError:
        # With memory exhausted, an exit code is the only answer that needs no further memory.
        os._exit(NO_MEMORY)
    sys.stdout.buffer.write(answer)
    sys.stdout.flush()
    # Exit without the interpreter's cleanup, which would free millions of objects one by one.
    os._exit(0)


def _read(name: str, data: bytes, reading: ReadingOptions) -> bytes:
    try:
        return _answer(name, read_table(name, data, reading))
    except TooHeavyError as error:
        return json.dumps({"heavy": error.what}).encode()
    except InvalidFileError as error:
        return json.dumps({"problems": list(map(stored, error.problems))}).encode()


def _answer(name: str, table: Table) -> bytes:
    if len(table.lines) > ROWS:
        raise TooHeavyError(name, "rows")
    head = {
        "format": table.format,
        "columns": table.columns,
        "tags": dict(table.tags),
        "remarks": [remark.stored() for remark in table.remarks],
        "epoch_1904": table.epoch_1904,
    }
    at = {column: n for n, column in enumerate(table.columns)}
    said = bytearray(json.dumps(head).encode())
    left = CELLS
    for line in table.lines:
        cells = [
            (at[name], as_said(value))
            for name, value in line.cells.items()
            if value is not None and name in at
        ]
        left -= len(cells)
        if left < 0:
            raise TooHeavyError(name, "cells")
        geometry: Any = None if line.geometry is None else shapely.to_wkb(line.geometry, hex=True)
        problems = [(column, reason.stored()) for column, reason in line.problems]
        said += b"\n" + _dumped((line.number, cells, geometry, problems))
    return bytes(said)


def _dumped(said: object) -> bytes:
    # A reading library may return values of types that JSON lacks: they are written as text.
    return json.dumps(said, default=str).encode()


if __name__ == "__main__":
    main()
