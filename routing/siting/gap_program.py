"""The linear rows that tie gaps between consecutive open sites to what is open."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from routing.siting.linking import Row
from routing.siting.path_flows import PathFlows, rests
from routing.siting.sites import NO_SITE, Sites

type Bools = NDArray[np.bool_]
type Ints = NDArray[np.int64]

#: Lengths are told apart by the millimetre (`corridor_figures.SAME_M`): less is rounding.
MM: Final = 1_000.0

#: What a gap is told apart by: its ends, whichever comes first, and its length, millimetres. So a
#: stretch that several flows walk is one gap, in both directions.
type GapKey = tuple[tuple[int, int], tuple[int, int], int]


@dataclass(frozen=True, eq=False, slots=True)
class GapColumns:
    """The columns of gaps that may be, after the columns of a program.

    Parameters
    ----------
    count
        Count of these columns.
    rows
        Rows by which the gaps of a path follow one another from its start to its end, and rest at
        every open site on it, and no other.
    length_mm, column
        int64 [K], length of each gap and the column that says whether it is there.
    """

    count: int
    rows: list[Row]
    length_mm: Ints
    column: Ints


def gap_key(paths: PathFlows, here: int, there: int) -> GapKey:
    """Return what the gap between two stops of a path is told apart by."""
    ends = sorted(_end(paths, stop) for stop in (here, there))
    length_mm = round(float(paths.at_m[there] - paths.at_m[here]) * MM)
    return ends[0], ends[1], length_mm


def gaps_mm(paths: PathFlows, is_open: Bools) -> Ints:
    """Return the lengths of all gaps, each told once, int64 descending, millimetres."""
    kept = rests(paths, is_open)
    path_of = paths.path_of[kept]
    keys = {
        gap_key(paths, int(kept[row]), int(kept[row + 1]))
        for row in np.flatnonzero(path_of[1:] == path_of[:-1]).tolist()
    }
    return np.array(sorted((key[2] for key in keys), reverse=True), dtype=np.int64)


def possible_mm(paths: PathFlows, most_mm: int) -> Ints:
    """Return the lengths that a gap may have up to a longest one, int64 ascending, each once."""
    found: set[int] = {0}
    for path in range(len(paths)):
        at_mm = np.rint(paths.at_m[paths.first[path] : paths.first[path + 1]] * MM)
        between = np.abs(at_mm[:, None] - at_mm[None, :]).astype(np.int64)
        # Rounded differences, not differences of what is rounded, are what gaps have.
        for off in (-1, 0, 1):
            found.update(np.unique(between[between <= most_mm] + off).tolist())
    return np.array(sorted(one for one in found if 0 <= one <= most_mm), dtype=np.int64)


def gap_columns(
    paths: PathFlows, sites: Sites, column_of: dict[int, int], first: int, most_mm: int
) -> GapColumns:
    """Return the columns of all gaps up to a longest one.

    Parameters
    ----------
    column_of
        Columns of the candidates, by site; sites that stand in every answer have none.
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
            # Between the same ends, with the same sites between, one gap of several flows; of one
            # that goes there and back, two.
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
    """Return the stops between the ends of a path where a space stands or may."""
    at_most = np.append(sites.at_most, False)[paths.site[begin + 1 : end]]
    return (begin + 1 + np.flatnonzero(at_most)).tolist()


def _pairs(
    paths: PathFlows, sites: Sites, ends: tuple[int, int], most_mm: int
) -> list[tuple[int, int]]:
    """Return the stops that may follow one another as rests, up to a longest gap apart."""
    stands = np.append(sites.at_least, False)[paths.site]
    stops = [ends[0], *_inner(paths, sites, *ends), ends[1]]
    found = []
    for row, here in enumerate(stops):
        for there in stops[row + 1 :]:
            if round(float(paths.at_m[there] - paths.at_m[here]) * MM) > most_mm:
                break
            found.append((here, there))
            # Nobody passes by an open site without resting.
            if stands[there]:
                break
    return found


def _end(paths: PathFlows, stop: int) -> tuple[int, int]:
    """Return what an end of a gap is told apart by: its site, or else the stop itself."""
    site = int(paths.site[stop])
    return (site, -1) if site != NO_SITE else (NO_SITE, stop)
