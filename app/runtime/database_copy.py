"""The day on which the database was last copied to a file, kept in the home directory.

The day is not kept in the database, because copies are also made of databases to which this version
cannot write.
"""

from datetime import date
from pathlib import Path
from typing import Final

_NAME: Final = "copied-on"


def remember_copy(home: Path, day: date) -> None:
    """Store the day of a copy in the home directory."""
    (home / _NAME).write_text(f"{day.isoformat()}\n", encoding="ascii")


def last_copy(home: Path) -> date | None:
    """Return the day of the last copy; None if the file is missing or does not hold a date."""
    try:
        return date.fromisoformat((home / _NAME).read_text(encoding="ascii").strip())
    except (OSError, ValueError):
        return None
