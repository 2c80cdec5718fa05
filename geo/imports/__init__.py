"""Files of spaces in: read, mapped, compared, reported row by row, then written or proposed."""

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from geo.imports.apply import Applied, apply, to_proposals
    from geo.imports.check import check_file
    from geo.imports.mapping import FieldMapping, parse_mapping
    from geo.imports.reports import Checked, RowReport

__all__ = [
    "Applied",
    "Checked",
    "FieldMapping",
    "RowReport",
    "apply",
    "check_file",
    "parse_mapping",
    "to_proposals",
]

_HOMES: Final = {
    "Applied": "applying",
    "apply": "applying",
    "to_proposals": "applying",
    "check_file": "checking",
    "FieldMapping": "mapping",
    "parse_mapping": "mapping",
    "Checked": "reports",
    "RowReport": "reports",
}


def __getattr__(name: str) -> object:
    """Load what is asked for: who only reads a file needs none of the tables' classes."""
    if name not in _HOMES:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
