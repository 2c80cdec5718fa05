"""Reader for survey exports of Kobo and ODK, with their columns for groups, points and choices."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import shapely

from geo.imports.readers.table import Line, Table, Value
from geo.reasons import CodedReason

#: Columns whose presence identifies an export of Kobo (first set) or of ODK Central (second set).
_KOBO = {"_uuid", "_submission_time"}
_CENTRAL = {"KEY", "SubmissionDate"}

#: Pattern for columns that Kobo and ODK add about the enumerator, the device or the survey itself.
#: The columns are never read, because they are personal data that Amparo does not need (P6, P17).
_ABOUT_THE_SURVEY = re.compile(
    r"start|end|today|deviceid|device id|phonenumber|phone ?number|simserial|subscriberid|username|"
    r"audit|__version__|_version_|_id|_status|_submitted_by|_notes|_tags|_validation_status|_index|"
    r"_attachments|_geolocation|formhub/uuid|meta/.*|meta-.*|instanceid|instancename|"
    r"submitterid|submittername|attachmentspresent|attachmentsexpected|reviewstate|edits|"
    r"formversion|_submission_time|submissiondate|_parent_.*|_xform_id_string",
    re.IGNORECASE,
)

_PARTS = {"latitude", "longitude", "altitude", "precision", "accuracy"}
_GEOPOINT = re.compile(r"-?\d+(?:\.\d+)? -?\d+(?:\.\d+)?(?: -?\d+(?:\.\d+)?){0,2}")
_YES = {"1", "true", "yes"}
_NO = {"0", "false", "no"}


def is_survey(columns: Sequence[str]) -> bool:
    """Return whether a file's columns are those of a survey export of Kobo or ODK Central."""
    names = set(columns)
    return names >= _KOBO or names >= _CENTRAL


@dataclass
class _Plan:
    """Plan of how each column of a survey export is read.

    A column holds an answer (``plain``), a part of a point, such as the latitude (``points``), or
    one choice of a question (``choices``), or is not read (``dropped``).
    """

    plain: dict[str, str] = field(default_factory=dict)
    points: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    choices: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    dropped: list[str] = field(default_factory=list)


def read_survey(table: Table) -> Table:
    """Return a survey export as a table with one column for each question.

    A question's name loses the prefix of its group if it stays unique. A point, in one column
    (``lat lon altitude accuracy``) or in several (``_x_latitude``, ``_x_longitude``), stays in its
    column as text, latitude first; the only point of a line is also the line's geometry. A question
    whose choices have columns of their own becomes a list of the chosen answers.
    """
    plan = _plan(table)
    renamed = _renamed([*plan.plain, *plan.points, *plan.choices])
    lines = [_line(line, plan, renamed) for line in table.lines]
    remarks = []
    if plan.dropped:
        remarks.append(CodedReason("survey_columns", columns=plan.dropped))
    columns = dict.fromkeys([*renamed.values(), "_uuid"])
    return Table(
        "kobo",
        tuple(columns),
        tuple(lines),
        table.tags,
        (*table.remarks, *remarks),
        table.epoch_1904,
    )


def _plan(table: Table) -> _Plan:
    plan = _Plan()
    values = {column: [line.cells.get(column) for line in table.lines] for column in table.columns}
    for column in table.columns:
        parent, _, last = column.rpartition("/")
        part = re.search(r"[_-]([a-zA-Z]+)$", column)
        if column in {"_uuid", "KEY"}:
            plan.plain[column] = column
        elif _ABOUT_THE_SURVEY.fullmatch(column) or _ABOUT_THE_SURVEY.fullmatch(last):
            plan.dropped.append(column)
        elif part and part[1].lower() in _PARTS and (of := _question(column, table.columns)):
            plan.points[of][part[1].lower()] = column
        elif parent and _is_choice(column, parent, table.columns, values):
            plan.choices[parent][last] = column
        else:
            plan.plain[column] = column
    return plan


def _question(column: str, columns: Sequence[str]) -> str | None:
    """Return the question to which a column such as ``_question_latitude`` belongs, or None."""
    stem = re.sub(r"[_-][a-zA-Z]+$", "", column)
    group, _, last = stem.rpartition("/")
    last = last.removeprefix("_")
    candidates = (f"{group}/{last}" if group else last, stem.removeprefix("_"), stem)
    for candidate in candidates:
        if candidate in columns:
            return candidate
    # If the question has no column of its own, the columns count as a point only if both latitude
    # and longitude are present.
    there = {re.split(r"[_-]", other)[-1].lower() for other in columns if other.startswith(stem)}
    return candidates[0] if there >= {"latitude", "longitude"} else None


def _is_choice(
    column: str, parent: str, columns: Sequence[str], values: dict[str, list[Value]]
) -> bool:
    """Return whether a column holds yes or no for one answer of the question ``parent``.

    If no column is named ``parent``, ``parent`` could also be a group of questions. Then only three
    or more columns that hold nothing but 1 and 0 count as answers.
    """
    if parent in columns:
        asked, allowed = [column], _YES | _NO
    else:
        asked = [other for other in columns if other.rpartition("/")[0] == parent]
        allowed = {"1", "0"}
        if len(asked) < 3:  # noqa: PLR2004 - see above
            return False
    given = [str(v).lower() for other in asked for v in values[other] if v is not None]
    return bool(given) and allowed.issuperset(given)


def _renamed(columns: Sequence[str]) -> dict[str, str]:
    last = {column: re.split(r"/", column)[-1] for column in columns}
    count = Counter(last.values())
    return {column: name if count[name] == 1 else column for column, name in last.items()}


def _line(line: Line, plan: _Plan, renamed: dict[str, str]) -> Line:
    cells: dict[str, Value] = {
        renamed[column]: line.cells.get(column) for column in plan.plain if column in renamed
    }
    for question, parts in plan.points.items():
        pair = [line.cells.get(parts.get(part, "")) for part in ("latitude", "longitude")]
        if None not in pair:
            cells[renamed[question]] = f"{pair[0]} {pair[1]}"
    for question, choices in plan.choices.items():
        if question in plan.plain and line.cells.get(question) is None:
            continue  # the question is not answered, even if the columns of its choices hold 0
        if any(line.cells.get(column) is not None for column in choices.values()):
            cells[renamed[question]] = [
                answer
                for answer, column in choices.items()
                if str(line.cells.get(column)).lower() in _YES
            ]
    uuid = str(line.cells.get("_uuid") or line.cells.get("KEY") or "")
    cells["_uuid"] = uuid.removeprefix("uuid:") or None
    return replace(line, cells=cells, geometry=_only_point(cells.values()))


def _only_point(cells: Iterable[Value]) -> shapely.Point | None:
    """Return the point of the only cell with coordinates (``lat lon``); None for more or none."""
    found = {cell for cell in cells if isinstance(cell, str) and _GEOPOINT.fullmatch(cell)}
    if len(found) != 1:
        return None
    lat, lon = map(float, found.pop().split()[:2])
    return shapely.Point(lon, lat)
