"""The day on which the database was last copied to a file, kept in the home directory.

In the home and not in the database: a copy is also made of a database that this version cannot
write to.
"""

from datetime import date
from pathlib import Path
from typing import Final

_NAME: Final = "copied-on"


def remember_copy(home: Path, day: date) -> None:
    """Keep the day of a copy."""
    (home / _NAME).write_text(f"{day.isoformat()}\n", encoding="ascii")


def last_copy(home: Path) -> date | None:
    """Return the day of the last copy; None if there is none, or the file says no day."""
    try:
        return date.fromisoformat((home / _NAME).read_text(encoding="ascii").strip())
    except (OSError, ValueError):
        return None
