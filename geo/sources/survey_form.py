"""Questions of a survey form, checks that their answers may be read, and answers as a table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from geo.errors import InvalidFileError
from geo.imports.mapping import FieldMapping
from geo.imports.personal_data import require_no_persons
from geo.imports.readers.table import Line, Table
from geo.reasons import CodedReason, in_file

#: Key of a submission's id, which stays the same when the submission is edited (``_uuid`` changes).
ID: Final = "_id"

#: Types of questions whose answers may be read (XLSForm names). All others are refused: pictures,
#: recordings and files, data of the phone and its owner, and the position of the enumerator (P6,
#: P17).
READABLE: Final = frozenset(
    {"text", "integer", "decimal", "range", "select_one", "select_multiple", "date", "time",
     "datetime", "today", "geopoint", "calculate", "barcode", "acknowledge"}
)  # fmt: skip

_BEGIN: Final = frozenset({"begin_group", "begin_repeat", "begin group", "begin repeat"})
_END: Final = frozenset({"end_group", "end_repeat", "end group", "end repeat"})


@dataclass(frozen=True, slots=True)
class Question:
    """A question of a form.

    Attributes
    ----------
    path : str
        Names of the question's groups and of the question, joined by slashes, as in submissions.
    type : str
        Type as in XLSForm, without the name of a list of choices.
    labels : tuple of str
        Wording in each language of the form.
    repeats : bool
        Whether the question is in a group that one submission may answer several times.
    """

    path: str
    type: str
    labels: tuple[str, ...]
    repeats: bool


def questions_of(survey: Sequence[Mapping[str, Any]]) -> dict[str, Question]:
    """Return the questions of a form's rows (XLSForm's sheet ``survey`` as JSON), by path."""
    groups: list[tuple[str, bool]] = []
    found: dict[str, Question] = {}
    for row in survey:
        kind = str(row.get("type") or "").strip()
        name = str(row.get("name") or row.get("$autoname") or "")
        if kind in _BEGIN:
            groups.append((name, "repeat" in kind))
        elif kind in _END:
            groups[-1:] = []
        elif name:
            path = "/".join([*(group for group, _ in groups), name])
            stated = row.get("label")
            labels = [stated] if isinstance(stated, str) else stated or []
            found[path] = Question(
                path,
                kind.split()[0] if kind else "",
                tuple(label for label in labels if isinstance(label, str)),
                any(repeats for _, repeats in groups),
            )
    return found


def require_readable(
    name: str, questions: Mapping[str, Question], mapping: FieldMapping
) -> tuple[str, ...]:
    """Return the questions that a mapping asks for, in order, if all of them may be read.

    Parameters
    ----------
    name : str
        Name of the source, for messages.

    Raises
    ------
    InvalidFileError
        The form lacks a question, or has it with a type that is not in `READABLE`; the error names
        each such question.
    PersonalDataError
        A question is about persons, by its name or its wording.
    """
    asked = sorted(mapping.columns() - {ID})
    problems = []
    for path in asked:
        question = questions.get(path)
        if question is None:
            problems.append(CodedReason("file_lacks_column", column=path))
        elif question.repeats or question.type not in READABLE:
            problems.append(CodedReason("survey_type_not_read", column=path, type=question.type))
    if problems:
        raise InvalidFileError([in_file(name, problem) for problem in problems])
    for path in asked:
        require_no_persons([path.replace("/", " "), *questions[path].labels])
    return tuple(asked)


def table_of(submissions: Sequence[Mapping[str, Any]], asked: Sequence[str]) -> Table:
    """Return submissions as a table of the requested columns and `ID`, without other answers."""
    columns = (ID, *asked)
    lines = tuple(
        Line(number, {column: one.get(column) for column in columns})
        for number, one in enumerate(submissions, start=1)
    )
    return Table("kobo", columns, lines)
