"""Secret key in the data folder, with which Amparo proves to the audit that a change is its own.

A person with a database login but without access to the folder cannot make the proof, so the audit
can tell the person's changes from those of Amparo.
"""

import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

from geo.audit.write_proof import KEY_BYTES, proof

#: Name of the key's file in `AMPARO_HOME`.
KEY_FILE = "audit.key"


def made_key(home: Path) -> bytes | None:
    """Return the key, created if missing; None if it is missing and the folder is not writable."""
    with suppress(OSError):
        home.mkdir(parents=True, exist_ok=True)
        # Write the key under another name and then link the file, so that of several processes that
        # start at once only one sets the key.
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
    """Return the key in a data folder; None if the key is missing or unreadable."""
    try:
        key = (home / KEY_FILE).read_bytes()
    except OSError:
        return None
    return key if len(key) == KEY_BYTES else None


def proving(home: Path) -> Callable[[], str] | None:
    """Return a function that makes the proof for a transaction; None if the folder has no key."""
    key = read_key(home)
    return None if key is None else partial(proof, key)
