"""Compiled part of `app.api.routing.segments_json`: joins texts of a table row by row.

A city route has thousands of small texts. As Python objects they are scattered in memory; here each
is a pair of offsets into one buffer, and is copied once.
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
    """Locate each number of a table in its JSON text.

    Parameters
    ----------
    text
        A JSON array of arrays, one for each row, without white space.

    Returns
    -------
    int64 [rows, columns, 2], offset of the first character and of the one after the last.
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
    """Join the texts of each row, and the rows to a JSON array, with commas between them.

    Parameters
    ----------
    source
        Buffer of all texts; a text in another argument is a pair of offsets into the buffer.
    cells
        int64 [columns, rows, 2], text of each column without numbers.
    figures, spans
        float64 [F, rows], numbers; int64 [F, rows, 2], their texts.
    keys
        int64 [F, 2], text in front of each number.
    groups
        int64 [columns, 3]: for each column, the range of numbers that follow it, and whether (1)
        numbers equal to 0 are left out and commas separate the others.

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
    """Return an upper limit of the output's length."""
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
    """Copy bytes ``first`` to ``after`` of ``source`` to ``out``; return the offset after them."""
    # Unsigned indices spare the check for negative ones.
    begin, to = np.uint64(first), np.uint64(at)
    for place in range(np.uint64(after - first)):
        out[to + place] = source[begin + place]
    return at + after - first


def warm() -> None:
    """Compile the kernels, or load them from the cache on disk."""
    text = np.frombuffer(b"[[0.0]]", np.uint8)
    spans = figure_spans(text, 1, 1)
    groups = np.array([[0, 1, 1]])
    woven(text, spans, np.zeros((1, 1)), spans, spans[0], groups)
