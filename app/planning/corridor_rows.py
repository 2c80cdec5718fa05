"""Gaps, figures and spaces of a corridor as rows of tables, from which its files are made.

Rows hold no beds, and nothing of spaces that the asker's tier does not see.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from app.i18n import route_phrases
from app.i18n.translation import Words, words
from app.planning.corridors import DatedFigures, MeasuredCorridor
from geo.exports.snapshot import ATTRIBUTION
from routing.corridors.figures import CorridorFigures
from routing.corridors.gaps import CorridorGap
from routing.route.coverage import stretch

type Floats = NDArray[np.float64]
type Row = Mapping[str, Any]

#: Columns about the whole file. Each row repeats them, so that a row copied elsewhere keeps them
#: (P49).
ABOUT_COLUMNS: Final = ("data_as_of", "attribution", "notice_of_file")

GAP_COLUMNS: Final = (
    *("corridor", "state", "on", "service", "from_m", "to_m", "length_m", "is_longest"),
    *("from_id", "from_name", "to_id", "to_name"),
)
FIGURE_COLUMNS: Final = (
    *("corridor", "state", "on", "service", "known", "supports", "longest_m", "mean_to_next_m"),
    "unmet_m",
)
SPACE_COLUMNS: Final = (
    *("corridor", "on", "id", "name", "locality", "lon", "lat", "at_m", "access_m", "services"),
)

#: Names of a corridor's states in files: the day asked for, the day to compare with, and the day
#: asked for with the added spaces.
ON, COMPARED, WHAT_IF = "on", "compared", "what_if"


@dataclass(frozen=True, eq=False, slots=True)
class CorridorState:
    """Figures of a corridor in a state; ``dated.is_known`` says which services have any records."""

    name: str
    dated: DatedFigures
    figures: CorridorFigures


def states(found: MeasuredCorridor) -> tuple[CorridorState, ...]:
    """Return the states that were asked for, in the order `ON`, `COMPARED`, `WHAT_IF`."""
    all_states = [CorridorState(ON, found.now, found.now.figures)]
    if found.compared is not None:
        all_states.append(CorridorState(COMPARED, found.compared, found.compared.figures))
    if found.what_if is not None:
        all_states.append(CorridorState(WHAT_IF, found.now, found.what_if.after))
    return tuple(all_states)


def about(found: MeasuredCorridor, now: datetime) -> tuple[str, str, str]:
    """Return the values of `ABOUT_COLUMNS`."""
    notice = route_phrases.notice(is_demo=found.has_demo)
    return now.date().isoformat(), f"{ATTRIBUTION}; {roads_of(found, words('es'))}", notice


def roads_of(found: MeasuredCorridor, w: Words) -> str:
    """Return the source of the roads that the corridor follows."""
    if not found.way.network:
        return w.gettext("línea dibujada, sin caminos")
    # Only on a sketch may added spaces stand farther off than the access distance (`CorridorWay`).
    is_sketch = found.way.pin_reach_m > found.access_m
    return (
        w.gettext("esquema, con las distancias del camino y sin sus curvas")
        if is_sketch
        else f"© OpenStreetMap, {found.way.network}"
    )


def name_of(found: MeasuredCorridor) -> str:
    """Return the corridor's name; if it has none, the names of its ends."""
    return found.way.name or " - ".join(found.ends(("inicio", "fin")) or ())


def gaps_of(found: MeasuredCorridor) -> Iterator[tuple[Row, CorridorGap]]:
    """Yield a table row (`GAP_COLUMNS`) and the gap it describes, for each state and service.

    A service without records of a state's day has no gaps there.
    """
    for state in states(found):
        for row, service in enumerate(found.request.services):
            if not state.dated.is_known[row]:
                continue
            longest = state.figures.longest_gap(row)
            for gap in state.figures.gaps.of(row):
                from_id, from_name = end_of(found, gap.from_row)
                to_id, to_name = end_of(found, gap.to_row)
                cells = (
                    found.request.corridor, state.name, state.dated.on.isoformat(), service,
                    round(gap.from_m, 1), round(gap.to_m, 1), round(gap.length_m, 1),
                    gap == longest, from_id, from_name, to_id, to_name,
                )  # fmt: skip
                yield dict(zip(GAP_COLUMNS, cells, strict=True)), gap


def end_of(found: MeasuredCorridor, row: int | None) -> tuple[str | None, str | None]:
    """Return id and name of the space at an end of a gap, given the space's row.

    Both are None for an end of the line (``row`` None). An added space has no id, and its place in
    the request as a name: ``added.0``.
    """
    if row is None:
        return None, None
    if row >= len(found.spaces):
        return None, f"added.{row - len(found.spaces)}"
    space = found.spaces[row].support
    return space.id, space.name


def end_name(found: MeasuredCorridor, row: int | None, side: int, w: Words) -> str:
    """Return how a reader knows an end of a gap; empty for an end of a line without names.

    Parameters
    ----------
    row
        Row of the space at the end; None for an end of the line.
    side
        0 where the gap begins, 1 where it ends.
    """
    if row is None:
        return (found.ends() or ("", ""))[side]
    if row >= len(found.spaces):
        return w.gettext("espacio de prueba")
    return found.spaces[row].support.name


def figures_of(found: MeasuredCorridor) -> Iterator[Row]:
    """Yield a row of `FIGURE_COLUMNS` for each state and service."""
    for state in states(found):
        for row, service in enumerate(found.request.services):
            is_known, figures = state.dated.is_known[row], state.figures
            metres = (figures.longest_m, figures.mean_to_next_m, figures.unmet_m)
            cells = (
                found.request.corridor, state.name, state.dated.on.isoformat(), service, is_known,
                int(figures.supports[row]) if is_known else None,
                *(round(float(one[row]), 1) if is_known else None for one in metres),
            )  # fmt: skip
            yield dict(zip(FIGURE_COLUMNS, cells, strict=True))


def spaces_of(found: MeasuredCorridor) -> Iterator[Row]:
    """Yield a row of `SPACE_COLUMNS` for each space that counts, in the direction of travel."""
    supports, services = found.now.supports, found.request.services
    for row in supports.at_m.argsort(kind="stable").tolist():
        offered = [one for n, one in enumerate(services) if supports.counts[n, row]]
        if offered:
            at = found.spaces[row]
            cells = (
                found.request.corridor, found.now.on.isoformat(), at.support.id, at.support.name,
                at.support.place, at.support.lon, at.support.lat,
                round(float(supports.at_m[row]), 1), round(at.access_m, 1), "|".join(offered),
            )  # fmt: skip
            yield dict(zip(SPACE_COLUMNS, cells, strict=True))


def line_of(found: MeasuredCorridor, gap: CorridorGap) -> Floats:
    """Return the line of a gap, float64 [m, 2], lon and lat in degrees, EPSG:4326.

    It runs in the direction of the corridor's own line, also if the request is backward.
    """
    from_m, to_m = gap.from_m, gap.to_m
    if found.request.is_backward:
        length_m = found.now.supports.length_m
        from_m, to_m = length_m - to_m, length_m - from_m
    return stretch(found.way.line, from_m, to_m).round(5)
