"""Reports on loaded data files, as objects and as lines of text."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class FileReport:
    """Outcome of loading one data file.

    Attributes
    ----------
    outcome : str
        ``loaded``; ``unchanged`` (same content as at the last load, which for demo files was on the
        same day); ``skipped`` (a demo file that was not loaded, for the reason in the remark).
    stored, removed : dict of str to int
        Number of rows by table that were written, and that were deleted because the file no longer
        has them.
    remarks : tuple of str
        Messages with file, line and a change made while loading, such as a record made restricted
        (P38).
    """

    name: str
    kind: str
    outcome: str
    stored: Mapping[str, int] = field(default_factory=dict)
    removed: Mapping[str, int] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class LoadReport:
    """Outcome of loading several files, in the order of loading."""

    files: tuple[FileReport, ...]

    def lines(self) -> list[str]:
        """Return the report as lines of text, with one line for all unchanged files together."""
        lines: list[str] = []
        for file in self.files:
            if file.outcome == "loaded":
                stored = ", ".join(f"{n:,} {table}" for table, n in file.stored.items() if n)
                gone = sum(file.removed.values())
                lines.append(
                    f"{file.name}: {stored or 'nothing'}"
                    + (f"; {gone:,} rows removed that it no longer has" if gone else "")
                )
            lines += file.remarks
        unchanged = sum(file.outcome == "unchanged" for file in self.files)
        if unchanged:
            lines.append(f"{unchanged} files unchanged")
        return lines
