"""Room on the disk of the private database, of which some is kept for emergency hides.

A full disk stops everything that writes, and hiding who is in danger is a write. So a file lies
beside the data for no other purpose than to be given up: once there is little room left, it is
deleted, and until it can be made again nothing but hides is written (P24).
"""

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

#: Bytes of the file: four segments of the write-ahead log, which a hide may need one of [A].
RESERVE_BYTES: Final = 64 * 1024**2

#: Bytes below which it is given up: PostgreSQL itself writes too, and ends where its log finds no
#: room [A].
LEAST_BYTES: Final = 64 * 1024**2


class Room:
    """The room on one disk. The file is the state: all processes see the same.

    Parameters
    ----------
    data_dir
        Folder of the data; the file lies beside it.
    reserve_bytes, least_bytes
        See `RESERVE_BYTES` and `LEAST_BYTES`.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        reserve_bytes: int = RESERVE_BYTES,
        least_bytes: int = LEAST_BYTES,
    ) -> None:
        self.file = data_dir.with_name(f"{data_dir.name}.reserve")
        self._reserve_bytes = reserve_bytes
        self._least_bytes = least_bytes

    def is_short(self) -> bool:
        """Return whether hides alone may write; where it becomes so, give the file up."""
        if self._is_made() and self._free_bytes() >= self._least_bytes:
            return False
        with suppress(OSError):
            self.file.unlink(missing_ok=True)
        return True

    def restore(self) -> None:
        """Make the file where there is room for it again; it may take a tenth of a second."""
        if self._is_made() or self._free_bytes() < self._least_bytes + self._reserve_bytes:
            return
        fresh = self.file.with_name(f"{self.file.name}.{os.getpid()}")
        try:
            with fresh.open("wb") as file:
                # Blocks, not a hole: they are to be there when it is deleted.
                os.posix_fallocate(file.fileno(), 0, self._reserve_bytes)
            fresh.rename(self.file)
        except OSError:  # somebody else took the room
            with suppress(OSError):
                fresh.unlink(missing_ok=True)

    def _is_made(self) -> bool:
        try:
            return self.file.stat().st_size == self._reserve_bytes
        except OSError:
            return False

    def _free_bytes(self) -> int:
        """Return how much PostgreSQL may still write; what is kept for root is not for it."""
        try:
            disk = os.statvfs(self.file.parent)
        except OSError:
            return 0
        return disk.f_bavail * disk.f_frsize
