"""Columns whose cells hold several fields: which fields, and in which order."""

import re
from collections.abc import Sequence
from typing import Final

from geo.imports.cells.parts import split
from geo.imports.columns import evidence
from geo.imports.columns.labels import is_label
from geo.imports.headers.concepts import (
    is_about_a_person,
    is_kept_back,
    is_of_contacts,
    is_of_no_visit,
)
from geo.imports.readers.table import Value

#: Least share of cells that hold all fields of a combination [A].
_MOST: Final = 0.5

#: Least share of cells with a phone number, and least share with a mailbox, in a column that holds
#: both [A].
_EACH: Final = 0.1

#: Fields of places that one cell may hold, in the order in which the cell writes them.
_PLACES: Final = (
    ("locality", "admin1"), ("admin1", "locality"), ("locality", "admin1", "country"),
    ("country", "admin1", "locality"), ("locality", "country"), ("country", "locality"),
)  # fmt: skip

_STATE: Final = ("status", "confirmed_on")


def combined_in(column: str, cells: Sequence[Value]) -> tuple[str, ...]:
    """Return the fields of a column most of whose cells hold several; empty for other columns.

    Whether phone numbers and mailboxes belong to persons is tested in `recognition`, which reads
    whole rows, as a row's town shows whether a mailbox is that of the place.
    """
    texts = [cell for cell in cells if isinstance(cell, str)]
    if len(texts) < evidence.FEWEST or is_kept_back(column) or evidence.names_persons(texts):
        return ()
    enough = _MOST * len(texts)
    without_digits = [text for text in texts if not re.search(r"\d", text)]
    if len(without_digits) >= enough:
        counts = {fields: _count(without_digits, fields) for fields in _PLACES}
        best = max(counts, key=lambda fields: (counts[fields], len(fields)))
        if counts[best] >= enough:
            return best
    if len(texts) - len(without_digits) >= enough:
        status = is_label("status")
        states = [split(text, _STATE) for text in texts]
        is_seen = not is_of_no_visit(column)
        if is_seen and sum(len(one) > 1 and status(one["status"]) for one in states) >= enough:
            return _STATE
    if is_about_a_person(column) or not is_of_contacts(column):
        return ()
    return _contacts(texts)


def _count(texts: Sequence[str], fields: Sequence[str]) -> int:
    """Return how many cells hold all of the given fields, the first of them at the beginning."""
    held = [
        (text, split(text, fields)) for text in texts if re.search(r"[/|;(,–—-]| [A-Z]{2}$", text)
    ]
    return sum(
        len(parts) == len(fields) and text.strip().startswith(str(parts[fields[0]]))
        for text, parts in held
    )


def _contacts(texts: Sequence[str]) -> tuple[str, ...]:
    phones, mails = (
        sum(map(reads, texts)) / len(texts) for reads in (evidence.is_phone, evidence.is_mail)
    )
    if min(phones, mails) < _EACH or phones + mails < 2 * _MOST:
        return ()
    return ("public_phones", "public_contact")
