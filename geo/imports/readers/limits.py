"""Limits for unpacking foreign files, and the error for a file that exceeds them."""

from dataclasses import dataclass
from typing import Final

from geo.errors import InvalidFileError
from geo.reasons import CodedReason, in_file

_MB: Final = 1024**2


class TooHeavyError(InvalidFileError):
    """A file takes more than one import may; nothing of it was kept.

    Attributes
    ----------
    what : str
        Key of `REASONS`: the exceeded limit.
    """

    code = "too_heavy"

    def __init__(self, name: str, what: str) -> None:
        super().__init__([in_file(name, CodedReason(REASONS[what]))])
        self.what = what
        self.parameters = {"what": what}


#: Codes of `geo.reasons` by exceeded limit.
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
    """Limits of a zip file.

    Attributes
    ----------
    member_bytes, all_bytes : int
        Unpacked size of one member, and of all members together.
    members : int
        Number of members.
    ratio : int
        Unpacked size of all members over the size of the archive, applied above one megabyte. The
        XML of spreadsheets is packed to a tenth, seldom to a fiftieth; zip bombs to a thousandth.
    """

    member_bytes: int
    all_bytes: int
    members: int
    ratio: int


#: Limits for the operator of the machine: 100,000 rows of 40 columns are about 160 MB of XML.
ON_THE_MACHINE: Final = Unpacking(384 * _MB, 384 * _MB, 2_000, 2_000)

#: Limits for signed-in people: some 10,000 rows of 40 columns [A].
AT_THE_CONSOLE: Final = Unpacking(20 * _MB, 40 * _MB, 2_000, 200)
