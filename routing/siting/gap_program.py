"""The rows of a linear program that say which gaps exist, depending on which sites are open."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from routing.siting.linking import Row
from routing.siting.path_flows import PathFlows, rests
from routing.siting.sites import NO_SITE, Sites

type Bools = NDArray[np.bool_]
type Ints = NDArray[np.int64]

#: Millimetres in a metre: lengths of gaps are compared as whole millimetres, since smaller
#: differences are rounding (`routing.corridors.figures.SAME_M`).
MM: Final = 1_000.0

#: Identity of a gap: its two ends in ascending order, and its length, millimetres. So a stretch
#: that several flows walk, in either direction, is one gap.
type GapKey = tuple[tuple[int, int], tuple[int, int], int]


@dataclass(frozen=True, eq=False, slots=True)
class GapColumns:
    """Columns of a linear program that say which gaps exist, appended to its other columns.

    Parameters
    ----------
    count
        Count of the appended columns.
    rows
        Rows that make the gaps of each path follow one another from its start to its end, and meet
        at every open site of the path and at no other site.
    length_mm, column
        int64 [K], length of each possible gap, and the column that is 1 if the gap exists.
    """

    count: int
    rows: list[Row]
    length_mm: Ints
    column: Ints


def gap_key(paths: PathFlows, here: int, there: int) -> GapKey:
    """Return the identity of the gap between two stops of a path."""
    ends = sorted(_end(paths, stop) for stop in (here, there))
    length_mm = round(float(paths.at_m[there] - paths.at_m[here]) * MM)
    return ends[0], ends[1], length_mm


def gaps_mm(paths: PathFlows, is_open: Bools) -> Ints:
    """Return the lengths of all gaps, int64 descending, millimetres; equal `GapKey`s occur once."""
    kept = rests(paths, is_open)
    path_of = paths.path_of[kept]
    keys = {
        gap_key(paths, int(kept[row]), int(kept[row + 1]))
        for row in np.flatnonzero(path_of[1:] == path_of[:-1]).tolist()
    }
    return np.array(sorted((key[2] for key in keys), reverse=True), dtype=np.int64)


def possible_mm(paths: PathFlows, most_mm: int) -> Ints:
    """Return all possible lengths of a gap up to ``most_mm``, int64 ascending, each once."""
    found: set[int] = {0}
    for path in range(len(paths)):
        at_mm = np.rint(paths.at_m[paths.first[path] : paths.first[path + 1]] * MM)
        between = np.abs(at_mm[:, None] - at_mm[None, :]).astype(np.int64)
        # Try the neighbours too: the length of a gap is a rounded difference of positions, which
        # may differ by 1 from the difference of rounded positions.
        for off in (-1, 0, 1):
            found.update(np.unique(between[between <= most_mm] + off).tolist())
    return np.array(sorted(one for one in found if 0 <= one <= most_mm), dtype=np.int64)


def gap_columns(
    paths: PathFlows, sites: Sites, column_of: dict[int, int], first: int, most_mm: int
) -> GapColumns:
    """Return the columns of all possible gaps up to a longest one.

    Parameters
    ----------
    column_of
        Columns of the candidates, by site; sites that are open in every answer have no column.
    first
        The first column that is free.
    """
    rows, by_key, known = list[Row](), dict[GapKey, list[int]](), dict[tuple[object, ...], int]()
    for path in range(len(paths)):
        begin, end = int(paths.first[path]), int(paths.first[path + 1]) - 1
        into: dict[int, list[int]] = {}
        out: dict[int, list[int]] = {}
        passed: dict[tuple[object, ...], int] = {}
        for here, there in _pairs(paths, sites, (begin, end), most_mm):
            key = gap_key(paths, here, there)
            # Gaps of several flows with the same ends and the same sites between have one column. A
            # path that passes such a stretch twice, there and back, has two.
            of_gap = key, tuple(sorted(paths.site[here + 1 : there].tolist()))
            passed[of_gap] = passed.get(of_gap, 0) + 1
            column = known.setdefault((*of_gap, passed[of_gap]), first + len(known))
            out.setdefault(here, []).append(column)
            into.setdefault(there, []).append(column)
            by_key.setdefault(key, []).append(column)
        rows.append((dict.fromkeys(out.get(begin, ()), 1.0), 1.0, 1.0))
        rows.append((dict.fromkeys(into.get(end, ()), 1.0), 1.0, 1.0))
        for stop in _inner(paths, sites, begin, end):
            entering = dict.fromkeys(into.get(stop, ()), 1.0)
            leaving = dict.fromkeys(out.get(stop, ()), -1.0)
            rows.append(({**entering, **leaving}, 0.0, 0.0))
            chosen = column_of.get(int(paths.site[stop]))
            if chosen is None:
                rows.append((entering, 1.0, 1.0))
            else:
                rows.append(({**entering, chosen: -1.0}, 0.0, 0.0))
    columns, column = list[int](), first + len(known)
    for own in map(dict.fromkeys, by_key.values()):
        if len(own) == 1:
            columns += own
            continue
        rows += [({column: 1.0, one: -1.0}, 0.0, np.inf) for one in own]
        columns.append(column)
        column += 1
    lengths = np.array([key[2] for key in by_key], dtype=np.int64)
    return GapColumns(column - first, rows, lengths, np.array(columns, dtype=np.int64))


def _inner(paths: PathFlows, sites: Sites, begin: int, end: int) -> list[int]:
    """Return the stops between the ends of a path where a space stands or may be opened."""
    at_most = np.append(sites.at_most, False)[paths.site[begin + 1 : end]]
    return (begin + 1 + np.flatnonzero(at_most)).tolist()


def _pairs(
    paths: PathFlows, sites: Sites, ends: tuple[int, int], most_mm: int
) -> list[tuple[int, int]]:
    """Return the pairs of stops that may be consecutive rests, at most ``most_mm`` apart."""
    stands = np.append(sites.at_least, False)[paths.site]
    stops = [ends[0], *_inner(paths, sites, *ends), ends[1]]
    found = []
    for row, here in enumerate(stops):
        for there in stops[row + 1 :]:
            if round(float(paths.at_m[there] - paths.at_m[here]) * MM) > most_mm:
                break
            found.append((here, there))
            # No gap extends beyond a site that is open in every answer.
            if stands[there]:
                break
    return found


def _end(paths: PathFlows, stop: int) -> tuple[int, int]:
    """Return the identity of an end of a gap: its site, or the stop itself if it is no site."""
    site = int(paths.site[stop])
    return (site, -1) if site != NO_SITE else (NO_SITE, stop)
