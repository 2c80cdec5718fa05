"""Reports of checking a file, row by row, without repeating text that could be about a person."""

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from geo.imports.fields import CODED
from geo.imports.row_mapping import RowProblem
from geo.reasons import REPEATED, CodedReason, from_stored, in_file

#: Outcomes of a row.
STATES = ("new", "changed", "unchanged", "bad")

#: Replaces values of a reason that are not repeated.
_LEFT_OUT = "…"

#: Longest label of a code that a report repeats; the labels of the vocabularies are shorter.
_MAX_LABEL = 40

#: Addresses and numbers, as in `geo.records.flows`: a text with them is no label of a code.
_PERSONAL = re.compile(r"@|https?:|www\.|(?:\d[\s().+-]*){5,}")


@dataclass(frozen=True, slots=True)
class Likeness:
    """Another record that may be the same place.

    Attributes
    ----------
    id : str
        Id of the other record, or ``row N`` for a row of the same file that has no record yet.
    score : float
        0 to 1.
    reasons : dict
        What both have in common, in the form of `geo.imports.similarity`.
    """

    id: str
    score: float
    reasons: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RowReport:
    """The outcome of checking one row.

    Attributes
    ----------
    number : int
        Number of the row in its file.
    id : str
        Id of the record; empty where the row has none.
    state : str
        One of `STATES`.
    fields : tuple of str
        Fields that are new or would change.
    problems : tuple of RowProblem
    notes : tuple of CodedReason
        Changes made to the record, such as making it restricted (P38).
    quarantined : bool
        Made restricted whatever the file states (P38).
    changes : dict
        Values of the row by field; empty for a bad row.
    base : str
        Digest of the record that the changes were compared with; empty for a new record.
    alike : tuple of Likeness
        Possible duplicates that the asker may know of.
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
    """A file that was read and compared; nothing is written yet.

    Attributes
    ----------
    name, format, sha256 : str
        Of the file.
    mapping : dict
        In the form of `geo.imports.mapping.as_object`.
    source : str
        Source of new records that state none.
    rows : tuple of RowReport
        One for every row of the file.
    remarks : tuple of CodedReason
        About the file as a whole.
    """

    name: str
    format: str
    sha256: str
    mapping: Mapping[str, Any]
    source: str
    rows: tuple[RowReport, ...]
    remarks: tuple[CodedReason, ...] = ()

    def counts(self) -> dict[str, int]:
        """Return the number of rows by state, of quarantined rows, and of possible duplicates."""
        found = Counter(row.state for row in self.rows)
        return {state: found[state] for state in STATES} | {
            "quarantined": sum(row.quarantined for row in self.rows),
            "alike": sum(bool(row.alike) for row in self.rows),
        }

    def writable(self) -> list[RowReport]:
        """Return the rows that would add or change a record."""
        return [row for row in self.rows if row.state in {"new", "changed"}]

    def problems(self, limit: int | None = None) -> list[CodedReason]:
        """Return one reason for every problem: file, row, column, reason."""
        lines = [
            told(self.name, row.number, problem) for row in self.rows for problem in row.problems
        ]
        if limit is not None and len(lines) > limit:
            return [*lines[:limit], CodedReason("more_problems", count=len(lines) - limit)]
        return lines


def told(name: str, row: int, problem: RowProblem) -> CodedReason:
    """Return a problem with its location: file, row, column or field."""
    at: dict[str, Any] = {"file": name, "line": row, "why": problem.reason}
    if problem.column:
        return CodedReason("in_column", column=problem.column, **at)
    return (
        CodedReason("in_field", of=problem.field, **at)
        if problem.field
        else in_file(name, problem.reason, row)
    )


def harmless(field_name: str, reason: CodedReason) -> CodedReason:
    """Return a reason without values from the file, except the label of a code.

    The field's own name is removed too, because the report shows it beside the reason.
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


#: Positions where a spreadsheet would see a formula; the name of a column can contain one.
_FORMULA = re.compile(r"(?:^|(?<=[;\t\r\n]))(?=[=+\-@\t\r])")


def as_csv(checked: Checked, say: Callable[[CodedReason], str] = str) -> str:
    """Return the report as CSV: one line for each problem, note and likeness of a row.

    A row without any gets one line with its fields.

    Parameters
    ----------
    checked : Checked
    say : callable
        Translates a reason to the reader's language; English without it.
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
    """Return a cell that no spreadsheet program runs as a formula, however it splits cells."""
    return _FORMULA.sub("'", cell) if isinstance(cell, str) else cell


def as_object(checked: Checked) -> dict[str, Any]:
    """Return the report in the form stored with a batch: everything but the changes."""
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
    """Return the changes in the form stored with a batch: rows that add or change a record."""
    return [{"number": row.number, "changes": dict(row.changes)} for row in checked.writable()]


def from_objects(
    name: str,
    kind: str,
    sha256: str,
    mapping: Mapping[str, Any],
    report: Mapping[str, Any],
    changes: Sequence[Mapping[str, Any]],
) -> Checked:
    """Return the report of a batch from its stored parts."""
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
