"""The compiled half of `app.api.routing.segments_json`: texts laid side by side, row by row.

A route of a city has thousands of small texts. As objects of Python they lie all over the memory;
here they are places in one text, and are copied once.
"""

import numpy as np
from numpy.typing import NDArray

from routing._numba import compiled, inlined

type Bytes = NDArray[np.uint8]
type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]

_COMMA, _OPEN, _CLOSE = ord(","), ord("["), ord("]")


@compiled
def figure_spans(text: Bytes, rows: int, columns: int) -> Ints:
    """Return where each figure of a table stands in its JSON.

    Parameters
    ----------
    text
        An array of as many arrays as rows, without white space.

    Returns
    -------
    int64 [rows, columns, 2], the first character and the one behind the last.
    """
    spans = np.empty((rows, columns, 2), np.int64)
    at = 1
    for row in range(rows):
        at += 1
        for column in range(columns):
            spans[row, column, 0] = at
            while text[at] != _COMMA and text[at] != _CLOSE:
                at += 1
            spans[row, column, 1] = at
            at += 1
        at += 1
    return spans


@compiled
def woven(
    source: Bytes, cells: Ints, figures: Floats, spans: Ints, keys: Ints, groups: Ints
) -> Bytes:
    """Lay the texts of rows side by side, with commas between the rows, in brackets.

    Parameters
    ----------
    source
        All texts one after the other; wherever a text is asked for, it is two places in it.
    cells
        int64 [columns, rows, 2]: what stands in each column, but for figures.
    figures, spans
        float64 [F, rows] and, likewise, their texts.
    keys
        int64 [F, 2], what stands before each figure.
    groups
        int64 [columns, 3]: behind each column the figures from one to before another, and whether
        (1) those that are 0 are left out and the others have commas between them.

    Returns
    -------
    uint8 [.]
    """
    width, count = cells.shape[:2]
    out = np.empty(_room(cells, spans, keys), np.uint8)
    at = 0
    for row in range(count):
        out[at] = _COMMA if row else _OPEN
        at += 1
        for column in range(width):
            at = _put(source, cells[column, row, 0], cells[column, row, 1], out, at)
            begin = at
            for figure in range(groups[column, 0], groups[column, 1]):
                if groups[column, 2]:
                    if figures[figure, row] == 0:
                        continue
                    if at > begin:
                        out[at] = _COMMA
                        at += 1
                at = _put(source, keys[figure, 0], keys[figure, 1], out, at)
                at = _put(source, spans[figure, row, 0], spans[figure, row, 1], out, at)
    out[at] = _CLOSE
    return out[: at + 1]


@inlined
def _room(cells: Ints, spans: Ints, keys: Ints) -> int:
    """Return how long all of it is at most."""
    width, count = cells.shape[:2]
    room = count + 1
    for column in range(width):
        for row in range(count):
            room += cells[column, row, 1] - cells[column, row, 0]
    for figure in range(len(keys)):
        room += count * (keys[figure, 1] - keys[figure, 0] + 1)
        for row in range(count):
            room += spans[figure, row, 1] - spans[figure, row, 0]
    return int(room)


@inlined
def _put(source: Bytes, first: int, after: int, out: Bytes, at: int) -> int:
    """Copy a text, and give where the next one goes."""
    # Unsigned: nobody counts from the end, and whether somebody did need not be looked at.
    begin, to = np.uint64(first), np.uint64(at)
    for place in range(np.uint64(after - first)):
        out[to + place] = source[begin + place]
    return at + after - first


def warm() -> None:
    """Compile, or read from disk."""
    text = np.frombuffer(b"[[0.0]]", np.uint8)
    spans = figure_spans(text, 1, 1)
    groups = np.array([[0, 1, 1]])
    woven(text, spans, np.zeros((1, 1)), spans, spans[0], groups)
