"""Explanation of each kind of data file, taken from docs/formats.md.

Tests compare the page with the readers of the files.
"""

import re
from dataclasses import dataclass
from typing import Final

from geo.errors import NotFoundError
from geo.records.file_kinds import KINDS, FileKind, kind_of

_ROW: Final = re.compile(r"^\| (.+?) \| (.*) \|$", re.MULTILINE)
_EXAMPLE: Final = re.compile(r"^```(?:csv|geojson) (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_MARKS: Final = re.compile(r"[*`]|\]\([^)]*\)|\[(?=\[?\w)")


@dataclass(frozen=True, slots=True)
class FieldRow:
    """Row of the page's table of fields: names, with a star if required, and a description."""

    names: str
    what: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """Explanation of a kind of file: patterns of file names, fields, an example of each format."""

    patterns: tuple[str, ...]
    fields: tuple[FieldRow, ...]
    examples: tuple[str, ...]


def explained(name: str, page: str) -> Explanation:
    """Return the explanation of a kind of file from the page of formats.

    Parameters
    ----------
    name : str
        Name of the kind, such as ``hazards`` or ``crossing statuses``.
    page : str
        Content of docs/formats.md.

    Raises
    ------
    NotFoundError
        There is no such kind; the error names the kinds that exist.
    """
    kind = next((kind for kind in KINDS if kind.name == name), None)
    if kind is None:
        known = ", ".join(kind.name for kind in KINDS)
        msg = f"'{name[:40]}' is no kind of file; there are: {known}"
        raise NotFoundError(msg)
    section = page.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
    rows = [row for row in _ROW.findall(section) if "`" in row[0]]
    return Explanation(
        kind.patterns,
        tuple(FieldRow(_starred(names), _plain(what)) for names, what in rows),
        _examples(section, kind),
    )


def _examples(section: str, kind: FileKind) -> tuple[str, ...]:
    found = _EXAMPLE.findall(section)
    return tuple(f"{name}:\n{content}" for name, content in found if kind_of(name) is kind)


def _starred(names: str) -> str:
    return ", ".join(
        f"{_plain(name)}*" if name.startswith("**") else _plain(name)
        for name in re.split(r"[,;] ", names)
    )


def _plain(text: str) -> str:
    return _MARKS.sub("", text)
