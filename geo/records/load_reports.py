"""What became of files that were loaded, to read and to count."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class FileReport:
    """What became of one file.

    Attributes
    ----------
    outcome : str
        ``loaded``; ``unchanged`` (the same content, for demo files on the same day); ``skipped``
        (a demo file that stays away; the remark says why).
    stored, removed : dict of str to int
        Rows by table: written, and deleted because the file no longer has them.
    remarks : tuple of str
        File, line and what was changed on the way in, such as records made restricted (P38).
    """

    name: str
    kind: str
    outcome: str
    stored: Mapping[str, int] = field(default_factory=dict)
    removed: Mapping[str, int] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class LoadReport:
    """What became of every file, in the order of loading."""

    files: tuple[FileReport, ...]

    def lines(self) -> list[str]:
        """Return the report as lines to read; unchanged files are one line together."""
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
