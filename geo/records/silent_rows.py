"""Rows of data files that load without any effect, each with a reason and what to do.

A file that is accepted without effect is worse than a refused one: whoever loaded a hazard believes
that routes avoid it.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from geo.models import (
    Base,
    Contact,
    CrossingStatus,
    Hazard,
    InformationChannel,
    Location,
    Message,
    Pathway,
    Product,
    Schedule,
)
from geo.records.row_validation import Row, Rows

#: What happens with a row without effect, and what to do, by reason.
REASONS: Final[Mapping[str, str]] = {
    "unapproved": (
        "no approved_at: nobody sees it and no route avoids it; state when it was approved, or "
        "report it at /report, where a second person approves"
    ),
    "one_source": (
        "a human threat of one source, or without a municipality or road as public_extent: the "
        "public never sees it (P36)"
    ),
    "over": "over before today: it counts no more; state a later valid_to, or leave it out",
    "not_begun": "begins after today: until then it says nothing",
    "expired": "expired before today: the public does not see it; confirm it again (confirmed_on)",
    "no_schedule": "no opening hours: no route or corridor counts on it; state its schedule",
    "no_hours": (
        "no state or hours that hold today: not known, and no route passes it (P32); state them in "
        "crossing_statuses, a kit or the console"
    ),
    "draft": "nobody reviewed it: it is shown nowhere; state reviewed_by, or review it (P47)",
    "restricted": (
        "no visibility: restricted, so neither public nor partners see it (P1); state public or "
        "partners"
    ),
}

#: Most lines of a file that are named for one reason; the others are only counted.
_SHOWN: Final = 5


def _is_before(moment: date | datetime | None, today: date) -> bool:
    if moment is None:
        return False
    return (moment.date() if isinstance(moment, datetime) else moment) < today


def _hazard(row: Mapping[str, Any], today: date) -> str | None:
    if row["approved_at"] is None:
        return "unapproved"
    if _is_before(row["valid_to"], today):
        return "over"
    threat = row["family"] == "human_threat"
    if threat and (row["independent_sources"] < 2 or row["geom_public"] is None):  # noqa: PLR2004 -- P36
        return "one_source"
    return None


def _status(row: Mapping[str, Any], today: date) -> str | None:
    if _is_before(row["valid_to"], today):
        return "over"
    return "not_begun" if row["valid_from"] is not None and row["valid_from"] > today else None


def _confirmed(row: Mapping[str, Any], today: date) -> str | None:
    return "expired" if _is_before(row["expires_on"], today) else None


def _text(row: Mapping[str, Any], today: date) -> str | None:
    if row["state"] == "draft":
        return "draft"
    return "over" if _is_before(row["valid_to"], today) else None


#: Functions by table that return why a row has no effect (a key of `REASONS`), or None if the row
#: has an effect.
_JUDGED: Final[Mapping[type[Base], Callable[[Mapping[str, Any], date], str | None]]] = {
    Hazard: _hazard,
    CrossingStatus: _status,
    Location: _confirmed,
    Contact: _confirmed,
    InformationChannel: _confirmed,
    Pathway: _confirmed,
    Message: _text,
    Product: _text,
}


def silent_reason(record: Row, rows: Rows, today: date) -> str | None:
    """Return why a record that is being loaded has no effect, as a key of `REASONS`.

    None for a record with an effect, and for a demo record: some of these are hidden on purpose, to
    show that such records stay hidden.

    Parameters
    ----------
    record : Row
        The record, read without a problem.
    rows : Rows
        Rows of tables made from the record.
    today : date
        Day of loading.
    """
    if any(row.get("demo") or row.get("assumption") for made in rows.values() for row in made):
        return None
    if "visibility" in record.used and record.raw("visibility") is None:
        return "restricted"
    for model, judge in _JUDGED.items():
        for row in rows.get(model, ()):
            if row.get("visibility") == "restricted":
                return None  # stated as restricted, or made restricted with a remark (P38)
            reason = judge(row, today)
            if reason is not None:
                return reason
            if model is Location and row["status"] == "active" and not rows.get(Schedule):
                return "no_schedule"
    return None


def remarks_on(name: str, silent: Iterable[tuple[str, int]]) -> list[str]:
    """Return a line of text for each reason, with the line numbers of its records.

    Parameters
    ----------
    name : str
        Name of the file.
    silent : iterable of (reason, line)
        Reasons of `silent_reason`, with the line of each record.
    """
    lines: dict[str, list[int]] = defaultdict(list)
    for reason, line in silent:
        lines[reason].append(line)
    return [f"{name}:{_listed(found)}: {REASONS[reason]}" for reason, found in lines.items()]


def _listed(lines: Sequence[int]) -> str:
    shown = ",".join(map(str, lines[:_SHOWN]))
    more = len(lines) - _SHOWN
    return shown if more <= 0 else f"{shown} and {more:,} more"
