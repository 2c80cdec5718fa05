"""Limits for unpacking uploaded files, and the error for a file that exceeds a limit."""

from dataclasses import dataclass
from typing import Final

from geo.errors import InvalidFileError
from geo.reasons import CodedReason, in_file

_MB: Final = 1024**2


class TooHeavyError(InvalidFileError):
    """A file exceeds a limit on size, rows, memory or time; nothing of the file is stored.

    Attributes
    ----------
    what : str
        Exceeded limit, a key of `REASONS`.
    """

    code = "too_heavy"

    def __init__(self, name: str, what: str) -> None:
        super().__init__([in_file(name, CodedReason(REASONS[what]))])
        self.what = what
        self.parameters = {"what": what}


#: Code of `geo.reasons` by exceeded limit.
REASONS: Final = {
    "members": "heavy_members",
    "unpacked": "heavy_unpacked",
    "ratio": "heavy_ratio",
    "rows": "heavy_rows",
    "cells": "heavy_cells",
    "memory": "heavy_memory",
    "time": "heavy_time",
    "turn": "heavy_turn",
    "broken": "heavy_broken",
}


@dataclass(frozen=True)
class Unpacking:
    """Limits for unpacking a zip file, against zip bombs.

    Attributes
    ----------
    member_bytes, all_bytes : int
        Most unpacked bytes of one member, and of all members together.
    members : int
        Most members.
    ratio : int
        Largest ratio of the unpacked size of all members to the size of the archive, applied above
        one megabyte. The XML of spreadsheets has a ratio of 10, seldom 50; zip bombs one of 1,000.
    """

    member_bytes: int
    all_bytes: int
    members: int
    ratio: int


#: Limits for imports by the operator of the machine: 100,000 rows of 40 columns are about 160 MB of
#: XML.
ON_THE_MACHINE: Final = Unpacking(384 * _MB, 384 * _MB, 2_000, 2_000)

#: Limits for imports by signed-in people, enough for some 10,000 rows of 40 columns [A].
AT_THE_CONSOLE: Final = Unpacking(20 * _MB, 40 * _MB, 2_000, 200)
