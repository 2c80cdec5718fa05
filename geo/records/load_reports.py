"""Reports on loaded files, for people to read and for programs to count."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class FileReport:
    """The outcome of loading one file.

    Attributes
    ----------
    outcome : str
        ``loaded``; ``unchanged`` (same content as before, for demo files on the same day);
        ``skipped`` (a demo file that was not loaded; the remark says why).
    stored, removed : dict of str to int
        Rows by table: written, and deleted because the file no longer has them.
    remarks : tuple of str
        File, line and what was changed while loading, such as records made restricted (P38).
    """

    name: str
    kind: str
    outcome: str
    stored: Mapping[str, int] = field(default_factory=dict)
    removed: Mapping[str, int] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class LoadReport:
    """The outcome of loading every file, in the order of loading."""

    files: tuple[FileReport, ...]

    def lines(self) -> list[str]:
        """Return the report as lines of text; all unchanged files share one line."""
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
