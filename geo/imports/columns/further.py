"""Second columns of one field: more phone numbers, lead partners, quarters of a town."""

from collections.abc import Mapping, Sequence
from typing import Final

from geo.imports.columns import evidence
from geo.imports.columns.labels import is_label
from geo.imports.headers.concepts import is_lead_partner
from geo.imports.headers.points import SIMILAR, by_header
from geo.imports.headers.wording import word_set, words_of
from geo.imports.readers.table import Table

type Scores = Mapping[tuple[str, str], float]

#: Words for a quarter of a town. A column headed with them is joined to the street of an address.
_QUARTERS: Final = word_set(
    "barrio barrios bairro bairros colonia col sector setor vecindario urbanizacion quartier "
    "neighborhood neighbourhood"
)

#: Share of cells with humanitarian sectors from which a column headed "sector" is not one of
#: quarters of a town [A].
_SECTORS: Final = 0.3


def add_further(
    table: Table,
    scores: Scores,
    found: dict[str, tuple[str, ...]],
    parts: Mapping[str, Sequence[str]],
) -> None:
    """Add further columns to fields of ``found`` (columns by field) that have a column already.

    Parameters
    ----------
    scores : mapping of (str, str) to float
        Points by column and field.
    parts : mapping of str to sequence of str
        Fields by column, of columns whose cells hold several.
    """
    for field, choose in (
        ("public_phones", _more_phones),
        ("organization", _lead_partners),
        ("address", _quarters),
    ):
        taken = {column for columns in found.values() for column in columns} | set(parts)
        left = [column for column in table.columns if column not in taken]
        if field in found:
            found[field] += tuple(choose(table, left, scores, found[field]))


def _more_phones(_: Table, left: Sequence[str], scores: Scores, __: Sequence[str]) -> Sequence[str]:
    """Return the unused columns of phone numbers of the place, such as a column for messages."""
    return [
        column
        for column in left
        if scores.get((column, "public_phones"), 0.0) >= SIMILAR
        and max(by_header(column).values()) <= by_header(column)["public_phones"]
    ]


def _lead_partners(
    table: Table, left: Sequence[str], scores: Scores, runs: Sequence[str]
) -> Sequence[str]:
    """Return the column of lead partners, if cells of the column of organisations are empty.

    The rows with an empty cell then get the lead partner as their organisation. ``runs`` holds the
    columns of organisations. The result is empty unless exactly one column is of lead partners.
    """
    if len(runs) != 1 or all(line.cells.get(runs[0]) for line in table.lines):
        return ()
    leads = [
        column for column in left if (column, "organization") in scores and is_lead_partner(column)
    ]
    return leads if len(leads) == 1 else ()


def _quarters(
    table: Table, left: Sequence[str], _: Scores, streets: Sequence[str]
) -> Sequence[str]:
    """Return the column of quarters, which are joined to the streets: "Rua X 12, Centro"."""
    quarters = [
        column
        for column in left
        if len(streets) == 1 and _QUARTERS.issuperset(words := words_of(column)) and words
    ]
    return [column for column in quarters if _are_quarters(table, column)][:1]


def _are_quarters(table: Table, column: str) -> bool:
    cells = [cell for line in table.lines if (cell := line.cells.get(column)) not in (None, "")]
    is_sector = is_label("sectors")
    return (
        not evidence.contradicts(cells, "address")
        and not evidence.names_persons(cells)
        and sum(map(is_sector, cells)) < max(_SECTORS * len(cells), 1)
    )
