"""What checking a file found: row by row, without repeating what could be about a person."""

import csv
import io
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from geo.imports.fields import CODED
from geo.imports.row_mapping import RowProblem

#: What can become of a row.
STATES = ("new", "changed", "unchanged", "bad")

#: Longest label of a code that a report repeats: the vocabularies' own are shorter than this.
_MAX_LABEL = 40
_MAX_REASON = 160

#: Addresses and numbers, as in `geo.records.flows`: a label that has them is no label.
_PERSONAL = re.compile(r"@|https?:|www\.|(?:\d[\s().+-]*){5,}")
_QUOTED = re.compile(r"'.*'", re.DOTALL)
_NUMBERS = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)?")


@dataclass(frozen=True, slots=True)
class Likeness:
    """Another record that may be the same place.

    Attributes
    ----------
    id : str
        Of the other record; ``row N`` of the same file where it has no record yet.
    score : float
        0 to 1.
    reasons : dict
        What they have in common, as `geo.imports.similarity` says it.
    """

    id: str
    score: float
    reasons: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RowReport:
    """What became of one row.

    Attributes
    ----------
    number : int
        Of the row in its file.
    id : str
        Of the record; empty where the row has none.
    state : str
        One of `STATES`.
    fields : tuple of str
        That are new or would change.
    problems : tuple of Problem
    notes : tuple of str
        What was changed on the way in, such as a record made restricted (P38).
    quarantined : bool
        Restricted whatever the file says (P38).
    changes : dict
        What the row says, by field; empty for a bad one.
    base : str
        Digest of the record that the changes were compared with; empty for a new one.
    alike : tuple of Likeness
        Possible duplicates that the asker may know of.
    """

    number: int
    id: str
    state: str
    fields: tuple[str, ...] = ()
    problems: tuple[RowProblem, ...] = ()
    notes: tuple[str, ...] = ()
    quarantined: bool = False
    changes: Mapping[str, Any] = field(default_factory=dict)
    base: str = ""
    alike: tuple[Likeness, ...] = ()


@dataclass(frozen=True)
class Checked:
    """A file that was read and compared; nothing is written yet.

    Attributes
    ----------
    name, format, sha256 : str
        Of the file.
    mapping : dict
        As `geo.imports.mapping.as_object` gives it.
    source : str
        Of new records that state none.
    rows : tuple of RowReport
        One for every row of the file.
    remarks : tuple of str
        About the file as a whole.
    """

    name: str
    format: str
    sha256: str
    mapping: Mapping[str, Any]
    source: str
    rows: tuple[RowReport, ...]
    remarks: tuple[str, ...] = ()

    def counts(self) -> dict[str, int]:
        """Return how many rows there are of each state, and how many are quarantined."""
        found = Counter(row.state for row in self.rows)
        return {state: found[state] for state in STATES} | {
            "quarantined": sum(row.quarantined for row in self.rows),
            "alike": sum(bool(row.alike) for row in self.rows),
        }

    def writable(self) -> list[RowReport]:
        """Return the rows that would add or change a record."""
        return [row for row in self.rows if row.state in {"new", "changed"}]

    def problems(self, limit: int | None = None) -> list[str]:
        """Return one line for every problem: file, row, column, reason."""
        lines = [
            f"{self.name}:{row.number}: " + told(problem)
            for row in self.rows
            for problem in row.problems
        ]
        if limit is not None and len(lines) > limit:
            return [*lines[:limit], f"and {len(lines) - limit:,} more problems"]
        return lines


def told(problem: RowProblem) -> str:
    """Return a problem as words."""
    where = f"column '{problem.column}'" if problem.column else problem.field
    return f"{where}: {problem.reason}" if where else problem.reason


def harmless(field_name: str, reason: str) -> str:
    """Return a reason without the value it quotes, unless that is the label of a code."""
    if field_name in {"lon", "lat", "itinerary"} or "lon " in reason:
        return _NUMBERS.sub("…", _QUOTED.sub("…", reason))
    quoted = _QUOTED.search(reason)
    if quoted and (
        field_name not in CODED or len(quoted[0]) > _MAX_LABEL + 2 or _PERSONAL.search(quoted[0])
    ):
        reason = _QUOTED.sub("…", reason)
    elif not quoted and field_name not in CODED:
        reason = re.sub(r"(?<![\w.-])-?\d{5,}(?:\.\d+)?", "…", reason)
    return reason if len(reason) <= _MAX_REASON else f"{reason[: _MAX_REASON - 1]}…"


COLUMNS = ("row", "id", "state", "column", "field", "reason")


#: Where a formula would begin; the name of a column can hold one.
_FORMULA = re.compile(r"(?:^|(?<=[;\t\r\n]))(?=[=+\-@\t\r])")


def as_csv(checked: Checked) -> str:
    """Return the report as CSV: a line for every problem, note and likeness, and for each row."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for row in checked.rows:
        start = [row.number, row.id, row.state]
        details = [[p.column, p.field, p.reason] for p in row.problems]
        details += [["", "", note] for note in row.notes]
        details += [["", "", f"may be the same place as {a.id} ({a.score:.2f})"] for a in row.alike]
        for line in details or [["", " ".join(row.fields), ""]]:
            writer.writerow([_plain(cell) for cell in [*start, *line]])
    return text.getvalue()


def _plain(cell: object) -> object:
    """Return a cell that no spreadsheet program runs as a formula, wherever it cuts cells."""
    return _FORMULA.sub("'", cell) if isinstance(cell, str) else cell


def as_object(checked: Checked) -> dict[str, Any]:
    """Return what a batch stores of a report: everything but the changes."""
    return {
        "source": checked.source,
        "counts": checked.counts(),
        "remarks": list(checked.remarks),
        "rows": [_stored(row) for row in checked.rows],
    }


def _stored(row: RowReport) -> dict[str, Any]:
    made = {name: value for name, value in asdict(row).items() if value and name != "changes"}
    made.setdefault("id", "")
    return made


def documents(checked: Checked) -> list[dict[str, Any]]:
    """Return what a batch stores of the changes: rows that would add or change a record."""
    return [{"number": row.number, "changes": dict(row.changes)} for row in checked.writable()]


def from_objects(
    name: str,
    kind: str,
    sha256: str,
    mapping: Mapping[str, Any],
    report: Mapping[str, Any],
    changes: Sequence[Mapping[str, Any]],
) -> Checked:
    """Return a report that a batch stored."""
    by_number = {item["number"]: item["changes"] for item in changes}
    rows = tuple(
        RowReport(
            number=row["number"],
            id=row.get("id", ""),
            state=row["state"],
            fields=tuple(row.get("fields", ())),
            problems=tuple(RowProblem(**problem) for problem in row.get("problems", ())),
            notes=tuple(row.get("notes", ())),
            quarantined=row.get("quarantined", False),
            changes=by_number.get(row["number"], {}),
            base=row.get("base", ""),
            alike=tuple(Likeness(**alike) for alike in row.get("alike", ())),
        )
        for row in report["rows"]
    )
    return Checked(name, kind, sha256, mapping, report["source"], rows, tuple(report["remarks"]))
