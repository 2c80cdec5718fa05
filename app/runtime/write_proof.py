"""The key in the service's folder by which this Amparo proves to the audit that it writes.

Whoever has a login of the database, and not this folder, cannot: what they write is told apart.
"""

import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

from geo.audit.write_proof import KEY_BYTES, proof

#: Its name in `AMPARO_HOME`.
KEY_FILE = "audit.key"


def made_key(home: Path) -> bytes | None:
    """Return the key, made where there is none; None where the folder takes no file."""
    with suppress(OSError):
        home.mkdir(parents=True, exist_ok=True)
        # Written whole before it has its name: of several starts at once one wins.
        made = home / f"{KEY_FILE}.{secrets.token_hex(8)}"
        if read_key(home) is None:
            descriptor = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(secrets.token_bytes(KEY_BYTES))
            with suppress(FileExistsError):
                os.link(made, home / KEY_FILE)
            made.unlink()
    return read_key(home)


def read_key(home: Path) -> bytes | None:
    """Return the key; None where there is none that can be read."""
    try:
        key = (home / KEY_FILE).read_bytes()
    except OSError:
        return None
    return key if len(key) == KEY_BYTES else None


def proving(home: Path) -> Callable[[], str] | None:
    """Return what gives a proof for each transaction; None without a key."""
    key = read_key(home)
    return None if key is None else partial(proof, key)
