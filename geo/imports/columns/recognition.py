"""Recognition of columns: headers and cells scored together, and the best whole chosen at once."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import networkx as nx
from rapidfuzz import fuzz, process

from geo.imports.cells import cell_values
from geo.imports.cells.cell_values import CellStyle, is_empty
from geo.imports.cells.fields import ALL, SPARED, kind_of
from geo.imports.columns import evidence
from geo.imports.columns.answers import answers_in
from geo.imports.columns.combined import combined_in
from geo.imports.columns.evidence import EVIDENCE
from geo.imports.columns.labels import asks_if_open
from geo.imports.headers.concepts import (
    is_about_a_person,
    is_kept_back,
    is_lead_partner,
    is_of_contacts,
    is_of_no_visit,
    likely,
    refused,
)
from geo.imports.headers.synonyms import HEADERS
from geo.imports.headers.wording import plain, plain_forms, words_of
from geo.imports.mapping import FieldMapping
from geo.imports.readers.table import CellError, Table, Value

#: Least similarity (0 to 100) of a header to a known one.
_LIKELY: Final = 85.0

#: Points of a header that is known, from barely similar to the same; of one that begins with a
#: known one; of one that has words of a field, from half of them to all; all [A].
_SIMILAR, _SAME = 2.0, 3.0
_LED_BY: Final = 2.0
_SOME_WORDS, _ALL_WORDS = 0.7, 2.2
_MOST_LIKELY: Final = 1.25
_LEAD: Final = 1.2

#: Least points of header and cells together for a column to be suggested as a field [A]. A wrong
#: field published is worse than one that a person has to choose.
_ENOUGH: Final = 1.15

#: Most rows whose cells are examined for a suggestion.
_SAMPLE: Final = 500

#: Reason codes of cells that can be read in two ways, such as 03/04/2026; either reading fits the
#: field, so these cells count as convertible.
AMBIGUOUS: Final = frozenset({"cell_ambiguous_date", "cell_ambiguous_decimal"})

#: Fields of which a header may say more after its name: "Idiomas que se hablan". No field
#: whose name begins headers about persons ("Nombre del responsable"), and no phone, which would be
#: published (P6).
_LED: Final = frozenset(
    {"organization", "address", "services", "languages", "locality", "admin1",
     "opening_hours", "needs_referral", "eligibility", "documents_required"}
)  # fmt: skip

#: Fields that a header with a role or a person can be of: "Organización responsable", "Perfil de
#: personas". Phones, names and hours of people are not published (P6).
_OF_A_ROLE: Final = frozenset({"organization", "eligibility", "capacity"})

#: Fields that people have, too: a word that refuses one refuses it however the rest is worded, so
#: that "Teléfono (privado)" is not what "Teléfono" is (P6).
_OF_THE_PLACE: Final = frozenset({"public_phones", "public_contact", "address"})
_REACHES: Final = frozenset({"public_phones", "public_contact"})

#: Fields that cells alone tell only where the header says nothing at all: a date can be of
#: anything, an organisation can be who pays, an address where somebody lives, a group or a number
#: of persons can be cases. Codes and coordinates can be told alone: they hold no text to publish.
_UNNAMED: Final = frozenset(
    {"confirmed_on", "organization", "address", "eligibility", "cost", "capacity"}
)

#: Columns that survey programs add with the day of the form; of another file they are of anything.
#: Each has fewer points than a column that says when somebody looked.
_SURVEY_DAYS: Final = {"today": 0.6, "start": 0.5, "submission time": 0.4}

#: A question of a survey, with its number.
_QUESTION: Final = re.compile(r"\d{1,2}\. ")

#: Words of headers that say nothing.
_NO_WORDS: Final = frozenset({"columna", "coluna", "column", "campo", "field", "unnamed"})

#: What a column loses whose header could be of a field and none of whose cells is [A].
_NOT_ONE: Final = 0.5
_NEVER: Final = 0.1

_CHOICES: Final = {header: name for name, headers in HEADERS.items() for header in headers}
#: Most characters of a header that must be the same as a known one.
_SHORT: Final = 3
_LONG: Final = [header for header in _CHOICES if len(header) > _SHORT]
_ORDER: Final = {name: at for at, name in enumerate(dict.fromkeys([*HEADERS, *sorted(ALL)]))}

#: Names that a file of ours has beside the id.
_OURS: Final = frozenset({"name", "kind", "organization", "country", "timezone", "confirmed_on"})

type Scores = dict[tuple[str, str], float]


@dataclass(frozen=True)
class Recognised:
    """What the columns of a table are.

    Attributes
    ----------
    fields : mapping of str to tuple of str
        Columns by field, in the order of fields.
    parts : mapping of str to tuple of str
        Fields by column, of columns whose cells hold several.
    answers : mapping of str to mapping of str to str
        By list field, the code of each column that holds yes or no.
    """

    fields: Mapping[str, tuple[str, ...]]
    parts: Mapping[str, tuple[str, ...]]
    answers: Mapping[str, Mapping[str, str]]


def recognise(
    table: Table,
    own: Mapping[str, Collection[str]],
    remembered: Mapping[str, str] | None = None,
) -> Recognised:
    """Return what the columns of a table are, as far as headers and cells tell.

    Parameters
    ----------
    own : mapping of str to collection of str
        Columns by field that have Amparo's names or HXL tags (`geo.imports.mapping.own_mapping`).
    remembered : mapping of str to str
        Field by header in plain words, as people of the organisation chose before; "" is a column
        that they left out. Their choice stands before every other.
    """
    found = {name: tuple(columns) for name, columns in own.items()}
    taken = {column for columns in found.values() for column in columns}
    for column, name in _remembered(table, remembered or {}):
        taken.add(column)
        for other in [one for one, columns in found.items() if columns == (column,)]:
            del found[other]
        if name:
            found[name] = (column,)
    scores = {
        (column, name): score
        for column in table.columns
        if column not in taken
        for name, score in _scores(table, column).items()
        if name not in found
    }
    parts = _parts(table, taken, scores, found)
    held = {name for names in parts.values() for name in names}
    left = {
        (column, name): score
        for (column, name), score in scores.items()
        if column not in parts and name not in held
    }
    for column, name in _best_whole(left, found):
        found[name] = (column,)
    _add_phones(table, scores, found, parts)
    _add_lead_partner(table, scores, found, parts)
    used = {column for columns in found.values() for column in columns} | taken | set(parts)
    return Recognised(
        fields=dict(sorted(found.items(), key=lambda item: _ORDER[item[0]])),
        parts=parts,
        answers=answers_in(table, [column for column in table.columns if column not in used]),
    )


def without_row_numbers(table: Table, own: FieldMapping, *, is_ours: bool = False) -> FieldMapping:
    """Return the mapping of a file's own names without an id that is the number of a row.

    Parameters
    ----------
    is_ours : bool
        Whether the file is as we write it, so that letters before a number make an id; a file that
        has all of our names, as an export has, always is.
    """
    column = next(iter(own.fields.get("id", ())), None)
    cells = [line.cells.get(column) for line in table.lines] if column else []
    is_ours = is_ours or own.fields.keys() >= _OURS
    is_told = is_ours and not evidence.are_bare_numbers(cells)
    if column is None or is_told or evidence.are_ids(cells):
        return own
    return replace(own, fields={name: cols for name, cols in own.fields.items() if name != "id"})


def _parts(
    table: Table, taken: Collection[str], scores: Scores, found: Collection[str]
) -> dict[str, tuple[str, ...]]:
    """Return the columns that hold several fields, none of which has a column of its own."""
    parts: dict[str, tuple[str, ...]] = {}
    for column in (one for one in table.columns if one not in taken):
        names = combined_in(column, cells_of(table, column)[: evidence.told_by(len(table.columns))])
        if "public_contact" in names and _reaches_a_person(table, column):
            continue
        held = {*found, *(name for others in parts.values() for name in others)}
        own = {
            name for (other, name), score in scores.items() if other != column and score >= _SAME
        }
        if names and not {*names} & (held | own):
            parts[column] = names
    return parts


def _remembered(table: Table, remembered: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the columns whose header is remembered, each with its field; each field once."""
    chosen: dict[str, str] = {}
    for column in table.columns:
        name = remembered.get(plain(column))
        if name is not None and (not name or name not in chosen.values()):
            chosen[column] = name
    return list(chosen.items())


def _best_whole(scores: Scores, found: Collection[str]) -> list[tuple[str, str]]:
    """Return the pairs of column and field that together score most, each column and field once.

    A position in one cell and one in two columns exclude each other: the better whole is taken.
    """
    apart = {"lat", "lon"}
    banned: list[set[str]] = [{"position"}, apart]
    if apart & set(found):
        banned = [{"position"}]
    wholes = [
        _assigned({key: score for key, score in scores.items() if key[1] not in one})
        for one in banned
    ]
    return max(wholes, key=lambda pairs: sum(scores[pair] for pair in pairs))


def _assigned(scores: Scores) -> list[tuple[str, str]]:
    graph = nx.Graph()
    for (column, name), score in sorted(scores.items()):
        # A column may be named like a field: the two sides are told apart.
        graph.add_edge(("column", column), ("field", name), weight=score)
    pairs = (dict(pair) for pair in nx.max_weight_matching(graph))
    return sorted((pair["column"], pair["field"]) for pair in pairs)


def _add_phones(
    table: Table,
    scores: Scores,
    found: dict[str, tuple[str, ...]],
    parts: Mapping[str, Sequence[str]],
) -> None:
    """Add further columns of the place's phones: one for calls and one for messages."""
    taken = {column for columns in found.values() for column in columns} | set(parts)
    if "public_phones" in found:
        found["public_phones"] += tuple(
            column
            for column in table.columns
            if column not in taken
            and scores.get((column, "public_phones"), 0.0) >= _SIMILAR
            and max(by_header(column).values()) <= by_header(column)["public_phones"]
        )


def _add_lead_partner(
    table: Table,
    scores: Scores,
    found: dict[str, tuple[str, ...]],
    parts: Mapping[str, Sequence[str]],
) -> None:
    """Add the column of lead partners, who run a place where no implementing one is named."""
    runs = found.get("organization", ())
    taken = {column for columns in found.values() for column in columns} | set(parts)
    if len(runs) != 1 or all(line.cells.get(runs[0]) for line in table.lines):
        return
    leads = [
        column
        for column in table.columns
        if column not in taken and (column, "organization") in scores and is_lead_partner(column)
    ]
    if len(leads) == 1:
        found["organization"] = (*runs, *leads)


def _scores(table: Table, column: str) -> dict[str, float]:
    """Return the fields that a column may be, each with the points of its header and its cells."""
    headed = by_header(column) | _survey_day(column, table.columns)
    cells = cells_of(table, column)
    few = cells[: evidence.told_by(len(table.columns))]
    is_known = plain(column) in _CHOICES
    if is_kept_back(column) and not is_known:
        return {}
    if evidence.names_persons(few) and EVIDENCE["address"].share(few) < EVIDENCE["address"].enough:
        return {}
    about_person = is_about_a_person(column)
    never = refused(column)
    # Of phones and mailboxes every word of the header has to be of the place's.
    unsaid = never & _OF_THE_PLACE | (set() if is_of_contacts(column) else _REACHES)
    # Yes and no are states where the header asks whether a place is open.
    said = (few, _as_states(few) if asks_if_open(column) else few)
    scores = {}
    for name in {*headed, *EVIDENCE}:
        by_cells = _by_cells(said[name == "status"], name, has_header=name in headed)
        if by_cells is None or not _fits(cells, name):
            continue
        if name in unsaid and not is_known:
            continue
        if name not in headed and (name in never or by_cells <= 0 or about_person):
            continue
        if name not in headed and name in _UNNAMED and not _says_nothing(column):
            continue
        if _misleads(table, column, name):
            continue
        score = headed.get(name, 0.0) + by_cells
        if score >= _ENOUGH:
            scores[name] = score
    return scores


def _misleads(table: Table, column: str, name: str) -> bool:
    """Return whether any cell of all says that a column is not what it looks like."""
    if name == "confirmed_on":
        return is_of_no_visit(column)
    if name == "id":
        if "id" in refused(column) and plain(column) not in _CHOICES:
            return True
        return not evidence.are_ids([line.cells.get(column) for line in table.lines])
    return name in _REACHES and _reaches_a_person(table, column)


def _reaches_a_person(table: Table, column: str) -> bool:
    """Return whether a column of phones or mailboxes has a person's among them (P6).

    Beside a person's mailbox stands that person's number.
    """
    cells = [line.cells.get(column) for line in table.lines]
    if evidence.mentions_a_person(cells):
        return True
    if not evidence.has_personal_mail(cells):
        return False
    towns = [
        one
        for one in table.columns
        if by_header(one).keys() & {"locality", "admin1"} and one != column
    ]
    return any(
        evidence.has_personal_mail(
            [line.cells.get(column)],
            {re.sub(r"[^a-z]", "", plain(str(line.cells.get(town) or ""))) for town in towns}
            - {""},
        )
        for line in table.lines
    )


def is_survey_day(column: str, columns: Iterable[str]) -> bool:
    """Return whether a column is the day of a survey's form, by its name and the others."""
    return plain(column) in _SURVEY_DAYS and any(
        one.startswith("_") or plain(one) in {"end", "deviceid"} or _QUESTION.match(one)
        for one in columns
        if one != column
    )


def _survey_day(column: str, columns: Iterable[str]) -> dict[str, float]:
    is_day = is_survey_day(column, columns)
    return {"confirmed_on": _SURVEY_DAYS[plain(column)]} if is_day else {}


def _as_states(cells: Sequence[Value]) -> list[Value]:
    return ["activo" if evidence.is_answered(cell) else cell for cell in cells]


def _says_nothing(header: str) -> bool:
    return all(len(word) <= 2 or word in _NO_WORDS for word in words_of(header))  # noqa: PLR2004


def by_header(column: str) -> dict[str, float]:
    """Return the fields that a column's header may stand for, each with its points."""
    points: dict[str, float] = {}

    def say(name: str, score: float) -> None:
        points[name] = max(points.get(name, 0.0), score)

    for form, weight in plain_forms(column).items():
        for name, likeness in _alike(form):
            share = (likeness - _LIKELY) / (100.0 - _LIKELY)
            say(name, (_SIMILAR + (_SAME - _SIMILAR) * share) * weight)
        for header, name in _CHOICES.items():
            if name in _LED and form.startswith(f"{header} "):
                say(name, _LED_BY * weight)
    for name, likelihood in likely(column).items():
        share = min(likelihood, _MOST_LIKELY) / _MOST_LIKELY
        say(name, _SOME_WORDS + (_ALL_WORDS - _SOME_WORDS) * share)
    if is_lead_partner(column):  # who reports a place is not who runs it, if that is said
        points["organization"] = _LEAD
    if is_about_a_person(column):
        points = {name: score for name, score in points.items() if name in _OF_A_ROLE}
    return points


def _alike(form: str) -> list[tuple[str, float]]:
    """Return the fields of the known headers that a header is like, each with its likeness.

    Headers of up to three characters must be equal: "x" is a part of many other headers.
    """
    if len(form) <= _SHORT:
        return [(_CHOICES[form], 100.0)] if form in _CHOICES else []
    alike = process.extract(
        form, _LONG, scorer=fuzz.token_sort_ratio, score_cutoff=_LIKELY, limit=10
    )
    return [(_CHOICES[header], likeness) for header, likeness, _ in alike]


def _by_cells(cells: Sequence[Value], name: str, *, has_header: bool) -> float | None:
    """Return what a column's cells say for a field, in points; None if they speak against it."""
    if evidence.contradicts(cells, name):
        return None
    told = EVIDENCE.get(name)
    if told is None or not cells:
        return 0.0
    if not has_header and not told.alone:
        return 0.0
    share = told.share(cells)
    if share < told.least and len(cells) >= evidence.FEWEST:
        return None
    if share < told.enough:
        if share < _NEVER and len(cells) >= 2 * evidence.FEWEST:
            return -_NOT_ONE
        return told.with_header * share / 2 if has_header else 0.0
    if has_header:
        return told.with_header * share
    alone = told.strict(cells) if told.strict else share
    return told.alone * alone if alone >= told.enough else 0.0


def cells_of(table: Table, column: str) -> list[Value]:
    """Return the cells of a column in the first rows, without the empty ones."""
    cells = (line.cells.get(column) for line in table.lines[:_SAMPLE])
    return [cell for cell in cells if cell is not None and cell != ""]


def _fits(all_cells: Iterable[Value], name: str) -> bool:
    """Return whether at least half of a column's examined cells convert to the field's type.

    Any column fits a field of texts, codes, lists, flags, countries, phones or hours of a week. Of
    a field whose unread cells leave the row good a quarter is enough: "40 almuerzos/día" among
    numbers of places.
    """
    if kind_of(name) in {"text", "code", "list", "flags", "country", "phones", "week", "answer"}:
        return True
    style = CellStyle()
    cells = [cell for cell in all_cells if not is_empty(cell, name, style)]
    good = 0
    for cell in cells:
        try:
            cell_values.converted(
                cell, name, CellStyle(order="day_first", decimal=None, timezone="UTC")
            )
        except CellError as error:
            good += error.reason.code in AMBIGUOUS
        else:
            good += 1
    return good >= len(cells) * (0.25 if name in SPARED else 0.5)
