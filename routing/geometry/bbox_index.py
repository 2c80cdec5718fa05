"""Bounding boxes that a line touches: a prefilter before exact distances are measured."""

import numpy as np
from numpy.typing import NDArray

from routing._numba import compiled

type Floats = NDArray[np.float64]


def reach(boxes: Floats, coordinates: Floats) -> list[int]:
    """Return the indices of the boxes that meet the bounding box of a segment of a line.

    Indices are ascending.

    Parameters
    ----------
    boxes
        float64 [n, 4]: west, south, east, north, in the line's own units.
    coordinates
        float64 [k, 2], k >= 2.
    """
    if not len(boxes):
        return []
    found: list[int] = np.flatnonzero(_touched(boxes, coordinates)).tolist()
    return found


@compiled
def _touched(boxes: Floats, line: Floats) -> NDArray[np.bool_]:
    """Return whether each box meets the bounding box of any segment of a line.

    A box that does not meet the bounding box of the whole line is skipped early.
    """
    west, south = line[0]
    east, north = line[0]
    for row in range(1, len(line)):
        west, east = min(west, line[row, 0]), max(east, line[row, 0])
        south, north = min(south, line[row, 1]), max(north, line[row, 1])
    touched = np.zeros(len(boxes), np.bool_)
    for at in range(len(boxes)):
        box = boxes[at]
        if box[0] > east or box[2] < west or box[1] > north or box[3] < south:
            continue
        for row in range(1, len(line)):
            x, y, x_after, y_after = line[row - 1, 0], line[row - 1, 1], line[row, 0], line[row, 1]
            if (
                box[0] <= max(x, x_after)
                and box[2] >= min(x, x_after)
                and box[1] <= max(y, y_after)
                and box[3] >= min(y, y_after)
            ):
                touched[at] = True
                break
    return touched


def warm() -> None:
    """Compile the kernel, or load its compiled code from disk."""
    _touched(np.zeros((1, 4)), np.zeros((2, 2)))
