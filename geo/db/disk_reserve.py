"""Reserve of disk space beside the private database, kept for emergency hides.

A full disk stops every write, but hiding a place in danger, which is a write, must work at once
(P24). So a reserve file beside the data is deleted when the disk has little space left, and nothing
but hides is written until the file can be created again.
"""

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

#: Size of the reserve file in bytes: four segments of the write-ahead log, of which a hide may need
#: one [A].
RESERVE_BYTES: Final = 64 * 1024**2

#: Free bytes of the disk below which the reserve file is deleted [A]. PostgreSQL writes in the
#: background too, and stops if there is no space for its write-ahead log.
LEAST_BYTES: Final = 64 * 1024**2


class Room:
    """The free space of one disk, and its reserve file.

    Space is short while the file is missing, which every process can see.

    Parameters
    ----------
    data_dir
        Folder of the database; the reserve file lies beside this folder.
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
        """Return whether space is short, so that nothing but emergency hides may be written.

        If less than ``least_bytes`` are free, the call deletes the reserve file: its space is then
        free for hides.
        """
        if self._is_made() and self._free_bytes() >= self._least_bytes:
            return False
        with suppress(OSError):
            self.file.unlink(missing_ok=True)
        return True

    def restore(self) -> None:
        """Create the missing reserve file if the disk has space for it; takes up to 0.1 s."""
        if self._is_made() or self._free_bytes() < self._least_bytes + self._reserve_bytes:
            return
        fresh = self.file.with_name(f"{self.file.name}.{os.getpid()}")
        try:
            with fresh.open("wb") as file:
                # Allocate real blocks: deleting a sparse file would free no space.
                os.posix_fallocate(file.fileno(), 0, self._reserve_bytes)
            fresh.rename(self.file)
        except OSError:  # another process has used the space meanwhile
            with suppress(OSError):
                fresh.unlink(missing_ok=True)

    def _is_made(self) -> bool:
        try:
            return self.file.stat().st_size == self._reserve_bytes
        except OSError:
            return False

    def _free_bytes(self) -> int:
        """Return the bytes PostgreSQL may still write, without the blocks reserved for root."""
        try:
            disk = os.statvfs(self.file.parent)
        except OSError:
            return 0
        return disk.f_bavail * disk.f_frsize
