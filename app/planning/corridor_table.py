"""Gaps of a corridor as a table for spreadsheets."""

import csv
import io
from datetime import datetime
from typing import Final

from app.i18n import route_phrases
from app.planning.corridors import MeasuredCorridor
from geo.exports.snapshot import ATTRIBUTION
from geo.exports.tables import guarded

#: Columns; the last ones are about the whole file and stand in each row, so that a row copied
#: elsewhere still has them (P49).
COLUMNS: Final = (
    "corridor",
    "on",
    "service",
    "from_m",
    "to_m",
    "length_m",
    "is_longest",
    "from_id",
    "from_name",
    "to_id",
    "to_name",
    "data_as_of",
    "attribution",
    "notice_of_file",
)


def gaps_csv(found: MeasuredCorridor, now: datetime) -> bytes:
    """Return the gaps of all services as CSV (RFC 4180) in UTF-8, with Excel's byte-order mark.

    Services of which nothing is known on the day have no row.
    """
    written = io.StringIO(newline="")
    writer = csv.writer(written)
    writer.writerow(COLUMNS)
    notice = route_phrases.notice(is_demo=found.has_demo)
    about = (now.date().isoformat(), ATTRIBUTION, notice)
    figures = found.now.figures
    for row, service in enumerate(found.request.services):
        if not found.now.is_known[row]:
            continue
        longest = figures.longest_gap(row)
        for gap in figures.gaps.of(row):
            cells = (
                found.request.corridor, found.now.on.isoformat(), service, round(gap.from_m, 1),
                round(gap.to_m, 1), round(gap.length_m, 1), gap == longest,
                *_end(found, gap.from_row), *_end(found, gap.to_row), *about,
            )  # fmt: skip
            writer.writerow([guarded(cell) for cell in cells])
    return written.getvalue().encode("utf-8-sig")


def _end(found: MeasuredCorridor, row: int | None) -> tuple[str | None, str | None]:
    if row is None:
        return None, None
    space = found.spaces[row].support
    return space.id, space.name
