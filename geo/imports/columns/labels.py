"""Codes that labels stand for, by all of their words or by some."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Final

from rapidfuzz import fuzz, process

from geo.imports.cells import cell_values
from geo.imports.cells.cell_values import CellStyle
from geo.imports.headers.synonyms import LABELS
from geo.imports.headers.wording import plain
from geo.imports.readers.table import CellError, Value
from geo.text.normalize import folded

#: Least similarity (0 to 100) of a label to a known one; below it a person has to decide.
_LIKELY: Final = 85.0

_YES_OR_NO: Final = frozenset({"si", "no", "sim", "nao", "yes", "x"})


@lru_cache
def meanings_of(name: str) -> Mapping[str, str]:
    """Return the code of each known label of a field."""
    return {label: code for code, labels in LABELS[name].items() for label in labels}


def meant(label: str, meanings: Mapping[str, str]) -> str:
    """Return the code that a label stands for, by all of its words or some; "" for none or two."""
    said = plain(label)
    best = process.extractOne(
        said, meanings.keys(), scorer=fuzz.token_sort_ratio, score_cutoff=_LIKELY
    )
    if best:
        return meanings[best[0]]
    words = f" {said} "
    within = {known: code for known, code in meanings.items() if f" {known} " in words}
    # "punto de informacion turistica" holds "informacion" too: the longest says most.
    codes = {
        code
        for known, code in within.items()
        if not any(known != other and f" {known} " in f" {other} " for other in within)
    }
    return codes.pop() if len(codes) == 1 else ""


def is_label(name: str) -> Callable[[Value], bool]:
    """Return a test of cells: whether at least half of a cell's labels of a field are known."""
    meanings = meanings_of(name)

    @lru_cache(maxsize=10_000)
    def reads_text(cell: str) -> bool:
        if folded(cell) in _YES_OR_NO:
            return False
        try:
            items = cell_values.converted(cell, name, CellStyle())
        except CellError:
            return False
        labels = [str(item) for item in items] if isinstance(items, list) else [cell]
        known = sum(bool(meant(label, meanings)) for label in labels)
        return known >= len(labels) / 2

    return lambda cell: isinstance(cell, str) and reads_text(cell)
