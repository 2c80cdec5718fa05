"""Files of spaces in: read, mapped, compared, reported row by row, then written or proposed."""

from geo.imports.applying import Applied, apply, to_proposals
from geo.imports.checking import check_file
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
