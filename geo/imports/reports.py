"""Reports of checking an import file, row by row, without text that could be about a person."""

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from geo.imports.cells.fields import CODED
from geo.imports.row_mapping import RowProblem
from geo.reasons import REPEATED, CodedReason, from_stored, in_file

#: Outcomes of a row.
STATES = ("new", "changed", "unchanged", "bad")

#: Placeholder for a value of the file that a report does not repeat.
_LEFT_OUT = "…"

#: Most characters of an unknown label that a report repeats; all labels of the vocabularies are
#: shorter.
_MAX_LABEL = 40

#: Pattern for e-mail and web addresses and numbers of five or more digits, as in
#: `geo.records.flows`. A text that matches is not repeated as the label of a code.
_PERSONAL = re.compile(r"@|https?:|www\.|(?:\d[\s().+-]*){5,}")


@dataclass(frozen=True, slots=True)
class Likeness:
    """Stored record or other row that may be the same place as a row of the file.

    Attributes
    ----------
    id : str
        Id of the other record, or ``row N`` for a row of the same file that has no record yet.
    score : float
        Likelihood of the same place, 0 to 1.
    reasons : dict
        Common properties of the two, in the form of `geo.imports.similarity.Pair`.
    """

    id: str
    score: float
    reasons: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RowReport:
    """Outcome of checking one row of an import file.

    Attributes
    ----------
    number : int
        Number of the row in its file.
    id : str
        Id of the record; empty if the row has no valid id.
    state : str
        One of `STATES`.
    fields : tuple of str
        Fields that are new or would change.
    problems : tuple of RowProblem
    notes : tuple of CodedReason
        Changes made to the record, such as making it restricted (P38).
    quarantined : bool
        Whether the record becomes restricted whatever visibility the file states (P38).
    changes : dict
        Values of the row by field; empty for a bad row.
    base : str
        Digest of the stored record that the row was compared with; empty for a new record.
    alike : tuple of Likeness
        Possible duplicates that the importer may see.
    """

    number: int
    id: str
    state: str
    fields: tuple[str, ...] = ()
    problems: tuple[RowProblem, ...] = ()
    notes: tuple[CodedReason, ...] = ()
    quarantined: bool = False
    changes: Mapping[str, Any] = field(default_factory=dict)
    base: str = ""
    alike: tuple[Likeness, ...] = ()


@dataclass(frozen=True)
class Checked:
    """Import file that was read and compared with the stored records; nothing is written yet.

    Attributes
    ----------
    name, format, sha256 : str
        Name, format and checksum of the file.
    mapping : dict
        Mapping of columns to fields, in the form of `geo.imports.mapping.as_object`.
    source : str
        Source of new records whose row states no source.
    rows : tuple of RowReport
        Outcome of every row of the file.
    remarks : tuple of CodedReason
        Remarks about the file as a whole.
    """

    name: str
    format: str
    sha256: str
    mapping: Mapping[str, Any]
    source: str
    rows: tuple[RowReport, ...]
    remarks: tuple[CodedReason, ...] = ()

    def counts(self) -> dict[str, int]:
        """Count the rows in each state, the quarantined rows, and the rows with duplicates."""
        found = Counter(row.state for row in self.rows)
        return {state: found[state] for state in STATES} | {
            "quarantined": sum(row.quarantined for row in self.rows),
            "alike": sum(bool(row.alike) for row in self.rows),
        }

    def writable(self) -> list[RowReport]:
        """Return the rows that would add or change a record."""
        return [row for row in self.rows if row.state in {"new", "changed"}]

    def problems(self, limit: int | None = None) -> list[CodedReason]:
        """Return every problem of the rows, each with file, row, column and reason.

        If there are more than ``limit`` problems, the last entry counts those left out.
        """
        lines = [
            told(self.name, row.number, problem) for row in self.rows for problem in row.problems
        ]
        if limit is not None and len(lines) > limit:
            return [*lines[:limit], CodedReason("more_problems", count=len(lines) - limit)]
        return lines


def told(name: str, row: int, problem: RowProblem) -> CodedReason:
    """Return the reason of a row's problem, wrapped with file, row, and column or field."""
    at: dict[str, Any] = {"file": name, "line": row, "why": problem.reason}
    if problem.column:
        return CodedReason("in_column", column=problem.column, **at)
    return (
        CodedReason("in_field", of=problem.field, **at)
        if problem.field
        else in_file(name, problem.reason, row)
    )


def harmless(field_name: str, reason: CodedReason) -> CodedReason:
    """Return a reason in which values from the file are replaced by an ellipsis.

    Short labels of coded fields stay, because they are not about persons. The field's own name is
    removed too, because the report shows the name beside the reason.
    """
    kept = {
        name: value if name not in REPEATED or _is_label(field_name, value) else _LEFT_OUT
        for name, value in reason.parameters.items()
        if name != "field" or value != field_name
    }
    return CodedReason(reason.code, **kept)


def _is_label(field_name: str, value: object) -> bool:
    is_short = isinstance(value, str) and len(value) <= _MAX_LABEL
    return is_short and field_name in CODED and not _PERSONAL.search(str(value))


COLUMNS = ("row", "id", "state", "column", "field", "reason")


#: Positions in a text at which a spreadsheet would see the start of a formula. Column names of the
#: file appear in the report and can contain formulas.
_FORMULA = re.compile(r"(?:^|(?<=[;\t\r\n]))(?=[=+\-@\t\r])")


def as_csv(checked: Checked, say: Callable[[CodedReason], str] = str) -> str:
    """Return an import report as CSV: one line for each problem, note and possible duplicate.

    A row without problems, notes and duplicates gets one line with its new or changed fields.

    Parameters
    ----------
    checked : Checked
    say : callable
        Translator of a reason to the reader's language; by default reasons are in English.
    """
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for row in checked.rows:
        start = [row.number, row.id, row.state]
        details = [[p.column, p.field, say(p.reason)] for p in row.problems]
        details += [["", "", say(note)] for note in row.notes]
        details += [["", "", say(_alike(other))] for other in row.alike]
        for line in details or [["", " ".join(row.fields), ""]]:
            writer.writerow([_plain(cell) for cell in [*start, *line]])
    return text.getvalue()


def _alike(other: Likeness) -> CodedReason:
    return CodedReason("may_be_same", id=other.id, score=f"{other.score:.2f}")


def _plain(cell: object) -> object:
    """Quote a report's cell with apostrophes, so that no spreadsheet program runs it as a formula.

    Apostrophes also follow semicolons, tabs and line breaks, where a program may split the cell.
    """
    return _FORMULA.sub("'", cell) if isinstance(cell, str) else cell


def as_object(checked: Checked) -> dict[str, Any]:
    """Return a report as an object for storage with its batch, without the rows' changes."""
    return {
        "source": checked.source,
        "counts": checked.counts(),
        "remarks": [remark.stored() for remark in checked.remarks],
        "rows": [_stored(row) for row in checked.rows],
    }


def _stored(row: RowReport) -> dict[str, Any]:
    made = {name: value for name, value in asdict(row).items() if value and name != "changes"}
    made["problems"] = [
        {"column": one.column, "field": one.field, "reason": one.reason.stored()}
        for one in row.problems
    ]
    made["notes"] = [note.stored() for note in row.notes]
    made.setdefault("id", "")
    return {name: value for name, value in made.items() if name == "id" or value}


def documents(checked: Checked) -> list[dict[str, Any]]:
    """Return the rows that add or change a record, each with its changes, as batches store them."""
    return [{"number": row.number, "changes": dict(row.changes)} for row in checked.writable()]


def from_objects(
    name: str,
    kind: str,
    sha256: str,
    mapping: Mapping[str, Any],
    report: Mapping[str, Any],
    changes: Sequence[Mapping[str, Any]],
) -> Checked:
    """Rebuild the report of an import batch from the columns of its table row."""
    by_number = {item["number"]: item["changes"] for item in changes}
    rows = tuple(
        RowReport(
            number=row["number"],
            id=row.get("id", ""),
            state=row["state"],
            fields=tuple(row.get("fields", ())),
            problems=tuple(_problem(**problem) for problem in row.get("problems", ())),
            notes=tuple(map(from_stored, row.get("notes", ()))),
            quarantined=row.get("quarantined", False),
            changes=by_number.get(row["number"], {}),
            base=row.get("base", ""),
            alike=tuple(Likeness(**alike) for alike in row.get("alike", ())),
        )
        for row in report["rows"]
    )
    remarks = tuple(map(from_stored, report["remarks"]))
    return Checked(name, kind, sha256, mapping, report["source"], rows, remarks)


def _problem(column: str, field: str, reason: str | Mapping[str, Any]) -> RowProblem:
    return RowProblem(column, field, from_stored(reason))
