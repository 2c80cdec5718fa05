"""Recognition of columns by points of header and cells; the most points in total decide."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import networkx as nx

from geo.imports.cells import cell_values
from geo.imports.cells.cell_values import CellStyle, is_empty
from geo.imports.cells.fields import ALL, SPARED, kind_of
from geo.imports.columns import evidence
from geo.imports.columns.answers import answers_in
from geo.imports.columns.combined import combined_in
from geo.imports.columns.evidence import EVIDENCE
from geo.imports.columns.further import add_further
from geo.imports.columns.labels import asks_if_open
from geo.imports.headers.concepts import (
    is_about_a_person,
    is_institution,
    is_kept_back,
    is_of_contacts,
    is_of_no_visit,
    refused,
    tells_who_runs,
)
from geo.imports.headers.measures import is_measure
from geo.imports.headers.points import KNOWN, SAME, SIMILAR, by_header, says_nothing, survey_day
from geo.imports.headers.synonyms import HEADERS
from geo.imports.headers.wording import plain
from geo.imports.readers.table import CellError, Table, Value

#: Least points of header and cells together for a column to be suggested as a field [A]. High on
#: purpose: a field published by mistake does more harm than a field that a person has to choose.
_ENOUGH: Final = 1.15

#: Largest share of cells with a mailbox in a column that is still one of phone numbers. The
#: mailboxes are not imported [A].
_FEW_BOXES: Final = 0.2

#: Difference in points that decides between two fields of a column that are otherwise equal.
_A_LITTLE: Final = 0.01

#: Most rows whose cells are examined for a suggestion.
_SAMPLE: Final = 500

#: Reason codes of cells that can be read in two ways, such as 03/04/2026; either reading fits the
#: field, so these cells count as convertible.
AMBIGUOUS: Final = frozenset({"cell_ambiguous_date", "cell_ambiguous_decimal"})

#: Fields of a place that people have, too. If a header has a word that excludes such a field, the
#: column is not read as the field, however well other words match: "Teléfono (privado)" is not
#: "Teléfono" (P6).
_OF_THE_PLACE: Final = frozenset({"public_phones", "public_contact", "address"})
#: Fields of phone numbers and mailboxes. All words of a header of such a column must be about
#: contacts of the place.
_REACHES: Final = frozenset({"public_phones", "public_contact"})

#: Fields that are recognised by cells alone only if the header says nothing, as in "Columna 4".
#: Otherwise a date could be that of anything, an organisation one that pays, an address that of a
#: person, and a group or a number of people could be cases. The cells of other fields are codes or
#: coordinates.
_UNNAMED: Final = frozenset(
    {"confirmed_on", "organization", "address", "eligibility", "cost", "capacity"}
)

#: Fields of numbers of people. A column of such a field may have cells with numbers of something
#: else, such as "120 raciones". Only these cells are left out.
_COUNTED: Final = frozenset({"capacity", "available"})

#: Points that a field loses if the header suggests it, but hardly any cell can be a value of it
#: [A].
_NOT_ONE: Final = 0.5
#: Share of cells that can be values of a field below which the field loses `_NOT_ONE`.
_NEVER: Final = 0.1

_ORDER: Final = {name: at for at, name in enumerate(dict.fromkeys([*HEADERS, *sorted(ALL)]))}

#: Least points of a field, as a share of the points of the column's best field [A]. A field with
#: fewer points is not considered for the column.
_FAR_LIKELIER: Final = 0.5

type Scores = dict[tuple[str, str], float]


@dataclass(frozen=True)
class Recognised:
    """Recognised fields of the columns of a table.

    Attributes
    ----------
    fields : mapping of str to tuple of str
        Columns by field, in the order of fields.
    parts : mapping of str to tuple of str
        Fields by column, for columns whose cells hold several fields.
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
    """Return the fields of a table's columns, as far as headers and cells show them.

    Parameters
    ----------
    own : mapping of str to collection of str
        Columns by field that have Amparo's names or HXL tags (`geo.imports.mapping.own_mapping`).
    remembered : mapping of str to str
        Field by header in plain words, as people of the organisation chose for earlier files; "" is
        a column that they left out. Their choice prevails over headers and cells.
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
    best = _best_whole(left, found)
    if "name" not in {*found, *(name for _, name in best)}:
        best = _best_whole(left | _institutions_as_names(table, left), found)
    for column, name in best:
        found[name] = (column,)
    add_further(table, scores, found, parts)
    used = {column for columns in found.values() for column in columns} | taken | set(parts)
    return Recognised(
        fields=dict(sorted(found.items(), key=lambda item: _ORDER[item[0]])),
        parts=parts,
        answers=answers_in(table, [column for column in table.columns if column not in used]),
    )


def _parts(
    table: Table, taken: Collection[str], scores: Scores, found: Collection[str]
) -> dict[str, tuple[str, ...]]:
    """Return the fields by column, for columns that hold several fields at once.

    Columns are left out if any of their fields has a column of its own.
    """
    parts: dict[str, tuple[str, ...]] = {}
    for column in (one for one in table.columns if one not in taken):
        names = combined_in(column, cells_of(table, column)[: evidence.told_by(len(table.columns))])
        if "public_contact" in names and _reaches_a_person(table, column):
            continue
        held = {*found, *(name for others in parts.values() for name in others)}
        own = {name for (other, name), score in scores.items() if other != column and score >= SAME}
        if names and not {*names} & (held | own):
            parts[column] = names
    return parts


def _remembered(table: Table, remembered: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the columns with a remembered header and their fields; a field is given only once."""
    chosen: dict[str, str] = {}
    for column in table.columns:
        name = remembered.get(plain(column))
        if name is not None and (not name or name not in chosen.values()):
            chosen[column] = name
    return list(chosen.items())


def _best_whole(scores: Scores, found: Collection[str]) -> list[tuple[str, str]]:
    """Return the pairs of column and field with most points in total, none of them in two pairs.

    A position is taken from one column (``position``) or from two (``lat`` and ``lon``), whichever
    gives more points in total.
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


def _institutions_as_names(table: Table, scores: Scores) -> Scores:
    """Return points for columns of institutions to be the field ``name``, by column and field.

    This needs another column that tells who runs the places, and different values in nearly every
    row. The points are a little fewer than for the field ``organization``: if no other column can
    be that field, the column of institutions is.
    """
    headed = [column for column, name in scores if name == "organization"]
    if not any(map(tells_who_runs, headed)):
        return {}
    return {
        (column, "name"): scores[column, "organization"] - _A_LITTLE
        for column in headed
        if is_institution(column)
        and not tells_who_runs(column)
        and evidence.names_each_row([line.cells.get(column) for line in table.lines])
    }


def _assigned(scores: Scores) -> list[tuple[str, str]]:
    graph = nx.Graph()
    for (column, name), score in sorted(scores.items()):
        # A column can have the name of a field: the first item of each node tells columns from
        # fields.
        graph.add_edge(("column", column), ("field", name), weight=score)
    pairs = (dict(pair) for pair in nx.max_weight_matching(graph))
    return sorted((pair["column"], pair["field"]) for pair in pairs)


def _scores(table: Table, column: str) -> dict[str, float]:
    """Return the fields that a column may be, each with its points from header and cells."""
    headed = by_header(column) | survey_day(column, table.columns)
    cells = cells_of(table, column)
    few = cells[: evidence.told_by(len(table.columns))]
    is_known = plain(column) in KNOWN
    if is_kept_back(column) and not is_known:
        return {}
    if evidence.names_persons(few) and EVIDENCE["address"].share(few) < EVIDENCE["address"].enough:
        return {}
    about_person = is_about_a_person(column)
    never = refused(column)
    # A header for phone numbers or mailboxes must not have any word that is not about contacts of
    # the place.
    unsaid = never & _OF_THE_PLACE | (set() if is_of_contacts(column) else _REACHES)
    # Under a header such as "¿Funciona?" yes and no are values of the status.
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
        if name not in headed and (
            is_measure(column) or (name in _UNNAMED and not says_nothing(column))
        ):
            continue
        if _misleads(table, column, name):
            continue
        score = headed.get(name, 0.0) + by_cells
        if score >= _ENOUGH:
            scores[name] = score
    return _plainly(scores, few)


def _plainly(scores: dict[str, float], cells: Sequence[Value]) -> dict[str, float]:
    """Return a column's fields and points without those far less likely than the best field.

    Otherwise a second column of phones could be taken for ``landmark``. If the header names both a
    division and a town, ``locality`` gets more points than ``admin1``, unless most cells are
    divisions.
    """
    best = max(scores.values(), default=0.0)
    kept = {name: score for name, score in scores.items() if score >= _FAR_LIKELIER * best}
    divisions = EVIDENCE["admin1"]
    if (
        {"admin1", "locality"} <= kept.keys()
        and kept["locality"] >= SIMILAR
        and divisions.share(cells) < divisions.enough
    ):
        kept["admin1"] = min(kept["admin1"], kept["locality"] - _A_LITTLE)
    return kept


def _misleads(table: Table, column: str, name: str) -> bool:
    """Return whether a column is not of a field although its points suggest the field."""
    cells = [line.cells.get(column) for line in table.lines]
    match name:
        case "confirmed_on":
            return is_of_no_visit(column)
        case "id":
            is_another_s = "id" in refused(column) and plain(column) not in KNOWN
            return is_another_s or not evidence.are_ids(cells)
        case "road_km":
            return evidence.are_counted(cells)
        case "public_contact":
            return _reaches_a_person(table, column)
        case "public_phones":
            return _rings_a_person(cells) and _reaches_a_person(table, column)
    return False


def _rings_a_person(cells: Sequence[Value]) -> bool:
    """Return whether a column of phone numbers may hold numbers of persons (P6).

    The signs are a name of a person, many mailboxes, a mailbox with a person's name or private
    provider, or a phone number beside a mailbox. A few other mailboxes are no sign; they are not
    imported.
    """
    held = [cell for cell in cells if cell not in (None, "")]
    boxes = [cell for cell in held if evidence.is_mail(cell)]
    return (
        evidence.mentions_a_person(held)
        or len(boxes) > _FEW_BOXES * len(held)
        or any(evidence.is_phone(cell) or evidence.is_of_somebody(cell) for cell in boxes)
    )


def _reaches_a_person(table: Table, column: str) -> bool:
    """Return whether any cell of a column of phones or mailboxes is a person's (P6).

    Phone numbers in the same cell as a person's mailbox are taken for the person's.
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


def _as_states(cells: Sequence[Value]) -> list[Value]:
    return ["activo" if evidence.is_answered(cell) else cell for cell in cells]


def _by_cells(cells: Sequence[Value], name: str, *, has_header: bool) -> float | None:
    """Return the points that a column's cells give to a field; None if they exclude the field."""
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
    """Return the cells of a column in the first `_SAMPLE` rows, without the empty ones."""
    cells = (line.cells.get(column) for line in table.lines[:_SAMPLE])
    return [cell for cell in cells if cell is not None and cell != ""]


def _fits(all_cells: Iterable[Value], name: str) -> bool:
    """Return whether at least half of a column's examined cells convert to the field's type.

    Fields of texts, codes, lists, flags, countries, phones or hours of a week fit any column. A
    field of `SPARED` needs only a quarter of the cells: a column of numbers of places may have
    cells such as "40 almuerzos/día".
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
            good += error.reason.code in AMBIGUOUS or (name in _COUNTED and evidence.is_count(cell))
        else:
            good += 1
    return good >= len(cells) * (0.25 if name in SPARED else 0.5)
