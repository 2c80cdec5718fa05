"""How large the sheets of a workbook are, found out by a process that may die of it.

The reader lays a sheet out whole, from its first cell with a value to its last: one stray value in
the last row and column takes hundreds of gigabytes, and what cannot be had ends the process. So a
child with a limit of memory reads first, and nothing is read here that it could not.
"""

import json
import resource
import subprocess
import sys
from io import BytesIO
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

#: Bytes of address space: a sheet of `geo.imports.readers.workbooks.MAX_CELLS` takes about half.
MEMORY_BYTES = 4 * 1024**3

#: Seconds of a processor; 100,000 rows of 40 columns take three.
PROCESSOR_S = 60

#: Seconds until it is given up, on a machine that is busy with other things.
PATIENCE_S = 180


#: Whether this process may die of it itself (`geo.imports.sandbox_child`): no other is needed then.
IS_APART = False


class UnmeasuredError(Exception):
    """The reader cannot read the workbook, or not within the limits; says why."""


def sheet_sizes(content: bytes, sheet: str | None = None) -> dict[str, tuple[int, int]]:
    """Return height and width of the sheets that would be read.

    Parameters
    ----------
    content : bytes
        A workbook whose members are not compressed.
    sheet : str or None
        The only sheet that is read; None: those that a person sees. One that is not there has
        no size.

    Raises
    ------
    UnmeasuredError
    """
    if IS_APART:
        return _sizes_of(_measured(content, [] if sheet is None else [sheet]))
    try:
        done = subprocess.run(  # noqa: S603 - this file, by the interpreter that runs
            [sys.executable, "-I", __file__, *([] if sheet is None else [sheet])],
            input=content,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            check=True,
            timeout=PATIENCE_S,
        )
    except (subprocess.SubprocessError, OSError, ValueError) as error:
        raise UnmeasuredError(_TOO_MUCH) from error
    return _sizes_of(json.loads(done.stdout))


def _sizes_of(said: dict[str, Any]) -> dict[str, tuple[int, int]]:
    if said["problem"] is not None:
        raise UnmeasuredError(said["problem"])
    return {name: (height, width) for name, height, width in said["sizes"]}


_TOO_MUCH = (
    "takes too much memory to read: there may be values far below or beside the table; delete "
    "them, or copy the table to a new workbook"
)


def _measured(content: bytes, stated: list[str]) -> dict[str, Any]:
    try:
        book = CalamineWorkbook.from_filelike(BytesIO(content))
    except CalamineError as error:
        return {"problem": f"is not a whole workbook ({type(error).__name__})"}
    names = [name for name in stated if name in book.sheet_names] or [
        sheet.name
        for sheet in book.sheets_metadata
        if sheet.visible == SheetVisibleEnum.Visible and sheet.typ == SheetTypeEnum.WorkSheet
    ]
    sizes = []
    for name in names:
        try:
            read = book.get_sheet_by_name(name)
        except CalamineError as error:
            return {"problem": f"sheet '{name}' cannot be read: {type(error).__name__}"}
        sizes.append((name, read.total_height, read.total_width))
    return {"problem": None, "sizes": sizes}


if __name__ == "__main__":
    for limit, most in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CPU, PROCESSOR_S),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (most, most))
    sys.stdout.write(json.dumps(_measured(sys.stdin.buffer.read(), sys.argv[1:])))
