"""Size of the sheets of a workbook, measured in a child process with a memory limit.

The reading library, python-calamine, allocates memory for all cells of a sheet, from the first cell
with a value to the last: one stray value in the last row and column takes hundreds of gigabytes,
and running out of memory ends the process. Therefore a child process with a memory limit reads the
workbook first, and the calling process only reads sheets that the child could read.
"""

import json
import resource
import subprocess
import sys
from io import BytesIO
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

#: Most bytes of the child's address space (RLIMIT_AS), of which a sheet of
#: `geo.imports.readers.workbooks.MAX_CELLS` cells takes about half.
MEMORY_BYTES = 4 * 1024**3

#: Most seconds of the child's processor time; 100,000 rows of 40 columns take three seconds.
PROCESSOR_S = 60

#: Seconds until the child is killed, ample for a machine that is busy with other work.
PATIENCE_S = 180


#: Whether this process is itself a sandbox (`geo.imports.sandbox_child`), which has a memory limit
#: and therefore measures sheets without a child process.
IS_APART = False


class UnmeasuredError(Exception):
    """A workbook cannot be read, or only beyond the limits; the message gives the reason."""


def sheet_sizes(content: bytes, sheet: str | None = None) -> dict[str, tuple[int, int]]:
    """Return height and width in cells of a workbook's sheets, by name of the sheet.

    Parameters
    ----------
    content : bytes
        Workbook whose zip members are stored uncompressed.
    sheet : str or None
        The only sheet to measure. None, or a name that does not exist, measures all visible sheets.

    Raises
    ------
    UnmeasuredError
        The workbook cannot be read, or only beyond the limits.
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
