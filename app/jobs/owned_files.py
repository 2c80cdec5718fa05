"""Files that only their owner may read, moved into place when completely written."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


@contextmanager
def owned_file(path: Path) -> Iterator[IO[bytes]]:
    """Open a new file for writing that only its owner may read (mode 0600).

    The file gets its name, replacing an older file, when the ``with`` block ends. After an error
    the new file is deleted and the older one remains.
    """
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    beside = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as handle:
            yield handle
            handle.flush()
            os.fsync(handle.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
