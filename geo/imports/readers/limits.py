"""How much of a stranger's file is unpacked, and what is said where it is too much."""

from dataclasses import dataclass
from typing import Final

from geo.errors import InvalidFileError

_MB: Final = 1024**2


class TooHeavyError(InvalidFileError):
    """A file takes more than one import may; nothing of it was kept.

    Attributes
    ----------
    code : str
        One of `REASONS`: what it is too much of, and so what to do.
    """

    def __init__(self, name: str, code: str) -> None:
        super().__init__([f"{name}:1: {REASONS[code]}"])
        self.code = code


#: What is said to programs; `app.console.forms.import_notes` says it to people.
REASONS: Final = {
    "members": "has too many files inside: bring the table or the map alone",
    "unpacked": "is too large when unpacked: split it",
    "ratio": "holds far more than its size tells: save it again, without empty or repeated rows",
    "rows": "has too many rows for one import here: split it",
    "cells": "has too many cells with something in them: split it",
    "memory": "takes too much memory to read: split it, or delete what lies beside the table",
    "time": "takes too long to read: split it",
    "turn": "waits: another file of yours is being read; bring it again in a minute",
    "broken": "cannot be read: the program that reads it broke off; save it in another format",
}


@dataclass(frozen=True)
class Unpacking:
    """Limits of a zip file.

    Attributes
    ----------
    member_bytes, all_bytes : int
        Of one file in it, and of all together, unpacked.
    members : int
        Files in it.
    ratio : int
        Times that all may be larger than the archive, once they are more than a megabyte. XML of
        spreadsheets is packed to a tenth, seldom to a fiftieth; bombs to a thousandth.
    """

    member_bytes: int
    all_bytes: int
    members: int
    ratio: int


#: By whoever holds the machine: 100,000 rows of 40 columns are about 160 MB of XML.
ON_THE_MACHINE: Final = Unpacking(384 * _MB, 384 * _MB, 2_000, 2_000)

#: By whoever is signed in: some 10,000 rows of 40 columns [A].
AT_THE_CONSOLE: Final = Unpacking(20 * _MB, 40 * _MB, 2_000, 200)
