"""Files for their owner alone, written beside their place and moved into it when complete."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


@contextmanager
def owned_file(path: Path) -> Iterator[IO[bytes]]:
    """Open a file to write, readable for its owner alone (0600); nothing is left after an error.

    An older file of the name is replaced only when the ``with`` block ends.
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
