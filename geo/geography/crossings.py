"""Official crossings and their state at an instant: open, closed or not known (P32)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal

from sqlalchemy import RowMapping, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from geo.db.views import crossings
from geo.hours.openings import WEEKDAYS, clock_changes, clock_time, local_instant, zone

State = Literal["open", "closed", "not_known"]

_DAY = timedelta(days=1)
#: Time span in which each opening of a weekly pattern occurs in full: a week, plus the day on which
#: opening hours that began in its last night end.
_WEEK = 8 * _DAY
#: Time ahead up to which the begin and end of statements are considered in the search for the next
#: opening [A].
_FARTHEST = timedelta(days=3_660)


@dataclass(frozen=True, slots=True)
class CrossingStatement:
    """Statement of one source about the state of a crossing, valid from a local day on.

    Without ``opens_at`` and ``closes_at``, an open crossing is open all day. A ``closes_at`` before
    ``opens_at`` is on the next day; equal values mean the whole day.
    """

    id: str
    state: State
    valid_from: date
    valid_to: date | None
    timezone: str
    byday: frozenset[str]
    opens_at: time | None
    closes_at: time | None
    source: str
    assumption: bool


@dataclass(frozen=True, slots=True)
class Survey:
    """Position of a crossing's post that two people confirmed, and the day it was seen.

    lon and lat in degrees, EPSG:4326.
    """

    lon: float
    lat: float
    day: date


@dataclass(frozen=True, slots=True)
class CrossingState:
    """Known state of a crossing at one instant.

    Attributes
    ----------
    lon, lat : float
        Position in degrees, EPSG:4326.
    state : str
        ``open``, ``closed`` or ``not_known``; people can pass only if ``open``.
    next_opening : datetime or None
        Next known opening of a crossing that is not open, in UTC.
    timezone : str or None
        IANA name of the time zone to show times in: that of the statement that decides the state,
        otherwise that of any statement.
    source, valid_from : str, date or None
        Source and first day of the statement that decides the state; None without such a statement.
    assumption : bool
        Whether the state is an assumption for the demonstration, not stated by a source.
    demo : bool
        Whether the crossing is a demo row, or its state is an assumption (P35).
    surveyed : Survey or None
        Where two people confirmed its post; None where nobody did, so that ``lon`` and ``lat`` may
        be kilometres off.
    """

    id: str
    name: str
    country_a: str
    country_b: str
    lon: float
    lat: float
    state: State
    next_opening: datetime | None
    timezone: str | None
    source: str | None
    assumption: bool
    demo: bool
    valid_from: date | None
    surveyed: Survey | None = None


@dataclass(frozen=True, slots=True)
class StatedCrossing:
    """Crossing with all statements about its state; lon and lat in degrees, EPSG:4326."""

    id: str
    name: str
    country_a: str
    country_b: str
    lon: float
    lat: float
    demo: bool
    statuses: tuple[CrossingStatement, ...]
    surveyed: Survey | None = None

    def open_from(self, when: datetime) -> datetime | None:
        """Return the first instant at or after ``when`` (aware) at which the crossing is open.

        None if no statement opens the crossing any more.
        """
        if state_at(self.statuses, when) == "open":
            return when
        return next_opening(self.statuses, when)

    def changes(self, start: datetime, days: int) -> tuple[tuple[datetime, State], ...]:
        """Return the state at ``start`` (aware) and each change of it within ``days`` days, in UTC.

        The result lets a client that is offline later, such as a phone without a network, tell the
        state of the crossing.
        """
        start = start.astimezone(UTC)
        end = start + days * _DAY
        moments = sorted({e for e in _edges(self.statuses, start, days) if start < e < end})
        found = [(start, state_at(self.statuses, start))]
        for moment in moments:
            state = state_at(self.statuses, moment)
            if state != found[-1][1]:
                found.append((moment, state))
        return tuple(found)

    def turns(self, after: datetime, until: datetime) -> tuple[datetime, ...]:
        """Return the instants between ``after`` and ``until`` at which the weekly pattern changes.

        The pattern is that of the crossing's states: it changes when a statement begins or ends, or
        when the clocks of its time zone change. Instants are aware; those returned are in UTC.
        """
        return _turns(self.statuses, after, until)

    def at(self, at: datetime) -> CrossingState:
        """Return the known state of the crossing at ``at`` (aware)."""
        deciding = deciding_status(self.statuses, at)
        state = state_at(self.statuses, at)
        shown = deciding or next(iter(self.statuses), None)
        return CrossingState(
            id=self.id,
            name=self.name,
            country_a=self.country_a,
            country_b=self.country_b,
            lon=self.lon,
            lat=self.lat,
            state=state,
            next_opening=None if state == "open" else next_opening(self.statuses, at),
            timezone=shown.timezone if shown else None,
            source=deciding.source if deciding else None,
            assumption=deciding is not None and deciding.assumption,
            demo=self.demo or (deciding is not None and deciding.assumption),
            valid_from=deciding.valid_from if deciding else None,
            surveyed=self.surveyed,
        )


async def states_at(session: AsyncSession, at: datetime) -> tuple[CrossingState, ...]:
    """Return the state at ``at`` (aware) of every crossing that the tier sees, sorted by id."""
    return tuple(crossing.at(at) for crossing in await stated_crossings(session))


async def stated_crossings(session: AsyncSession) -> tuple[StatedCrossing, ...]:
    """Return every crossing that the tier sees, with all its statements, sorted by id."""
    rows = await session.execute(
        select(
            crossings.c.id,
            crossings.c.name,
            crossings.c.country_a,
            crossings.c.country_b,
            crossings.c.statuses,
            crossings.c.demo,
            func.ST_X(crossings.c.geom).label("lon"),
            func.ST_Y(crossings.c.geom).label("lat"),
            *(crossings.c[name] for name in _SURVEYED),
        ).order_by(crossings.c.id)
    )
    return tuple(_stated(row) for row in rows.mappings())


_SURVEYED = ("surveyed_lon", "surveyed_lat", "surveyed_on")


def _stated(row: RowMapping) -> StatedCrossing:
    told = {name: value for name, value in row.items() if name not in _SURVEYED}
    lon, lat, day = (row[name] for name in _SURVEYED)
    told["surveyed"] = None if day is None else Survey(lon, lat, day)
    return StatedCrossing(**{**told, "statuses": from_json(row["statuses"])})


async def statements_of(session: AsyncSession, crossing_id: str) -> tuple[CrossingStatement, ...]:
    """Return the statements about a crossing that the asker's tier sees, the newest day first."""
    stated = await session.scalar(select(crossings.c.statuses).where(crossings.c.id == crossing_id))
    found = from_json(stated or ())
    return tuple(sorted(found, key=lambda said: (said.valid_from, said.id), reverse=True))


def deciding_status(
    statuses: Iterable[CrossingStatement], at: datetime
) -> CrossingStatement | None:
    """Return the newest statement that covers the local day of ``at``, or None."""
    covering = (
        status
        for status in statuses
        if status.valid_from <= (day := _local(status, at).date())
        and (status.valid_to is None or day <= status.valid_to)
    )
    return max(covering, key=lambda status: (status.valid_from, status.id), default=None)


def state_at(statuses: Iterable[CrossingStatement], at: datetime) -> State:
    """Return the state of a crossing at ``at``, by the rules of SQL's ``amparo.crossing_state``."""
    status = deciding_status(statuses, at)
    if status is None:
        return "not_known"
    if status.state != "open":
        return status.state
    return "open" if _within_hours(status, _local(status, at)) else "closed"


def next_opening(statuses: Sequence[CrossingStatement], after: datetime) -> datetime | None:
    """Return the first instant (UTC) after ``after`` at which the crossing is known to be open.

    The search covers all begins and ends of statements within `_FARTHEST`: hours without an end
    repeat weekly, and after a dated closure the other statements apply again. None if no statement
    opens the crossing any more.
    """
    if not any(status.state == "open" for status in statuses):
        return None
    # After the last begin or end of a statement, every week has the same openings.
    end = max([after, *_dated_turns(statuses, after + _FARTHEST)]) + _WEEK
    # Between two changes of the weekly pattern all weeks are alike: if the crossing opens in such a
    # span at all, it opens within the first week of the span.
    for begin in (after, *_turns(statuses, after, end)):
        found = _opening_within_a_week(statuses, begin, after)
        if found is not None:
            return found
    return None


def _opening_within_a_week(
    statuses: Sequence[CrossingStatement], begin: datetime, after: datetime
) -> datetime | None:
    # The next opening is nearly always within a day. The possible changes of the whole week are
    # computed only if it is not.
    for days in (1, 8):
        end = begin + days * _DAY
        for instant in sorted({e for e in _edges(statuses, begin, days) if begin <= e <= end}):
            if instant > after and state_at(statuses, instant) == "open":
                return instant
    return None


def _dated_turns(statuses: Iterable[CrossingStatement], until: datetime) -> set[datetime]:
    """Return the instants up to ``until`` at which a statement begins or is no longer valid."""
    last = (until + _DAY).date()
    return {
        local_instant(datetime.combine(day, time()), status.timezone)
        for status in statuses
        for day in (
            status.valid_from,
            None if status.valid_to is None or status.valid_to > last else status.valid_to + _DAY,
        )
        if day is not None and day <= last
    }


def _turns(
    statuses: Sequence[CrossingStatement], after: datetime, until: datetime
) -> tuple[datetime, ...]:
    """Return the instants between ``after`` and ``until`` at which the weekly pattern changes.

    These are the begins and ends of statements, and the changes of their time zones' clocks.
    """
    turns = _dated_turns(statuses, until)
    for timezone in {status.timezone for status in statuses}:
        turns.update(clock_changes(timezone, after, until))
    return tuple(sorted(turn for turn in turns if after < turn < until))


def from_json(rows: Iterable[Mapping[str, Any]]) -> tuple[CrossingStatement, ...]:
    """Parse the statements about a crossing in the JSON column ``statuses`` of the views."""
    return tuple(
        CrossingStatement(
            id=row["id"],
            state=row["state"],
            valid_from=date.fromisoformat(row["valid_from"]),
            valid_to=None if row["valid_to"] is None else date.fromisoformat(row["valid_to"]),
            timezone=row["timezone"],
            byday=frozenset(row["byday"]),
            opens_at=None if row["opens_at"] is None else clock_time(row["opens_at"]),
            closes_at=None if row["closes_at"] is None else clock_time(row["closes_at"]),
            source=row["source"],
            assumption=row["assumption"],
        )
        for row in rows
    )


def _local(status: CrossingStatement, at: datetime) -> datetime:
    return at.astimezone(zone(status.timezone)).replace(tzinfo=None)


def _within_hours(status: CrossingStatement, local: datetime) -> bool:
    opens, closes, now = status.opens_at, status.closes_at, local.time()
    if opens is None or closes is None:
        return True
    today = WEEKDAYS[local.weekday()] in status.byday
    if opens == closes:
        return today
    if opens < closes:
        return today and opens <= now < closes
    yesterday = WEEKDAYS[(local - _DAY).weekday()] in status.byday
    return (today and now >= opens) or (yesterday and now < closes)


def _edges(
    statuses: Sequence[CrossingStatement], after: datetime, horizon_days: int
) -> Iterator[datetime]:
    """Yield the instants from ``after`` on at which the state of a crossing can change.

    These are midnights, opening and closing times of ``horizon_days`` days, and changes of the
    clocks. For a local time that the clocks skip, the instant of the change is yielded; for one
    that they show twice, both instants.
    """
    for status in statuses:
        first = _local(status, after).date()
        moments = {time(), status.opens_at or time(), status.closes_at or time()}
        for offset in range(horizon_days + 1):
            day = first + offset * _DAY
            for moment in moments:
                yield local_instant(datetime.combine(day, moment), status.timezone)
        end = after + (horizon_days + 2) * _DAY
        for change in clock_changes(status.timezone, after - _DAY, end):
            yield change
            for day in {_local(status, change - _DAY / 4).date(), _local(status, change).date()}:
                for moment in moments:
                    again = datetime.combine(day, moment).replace(fold=1)
                    yield local_instant(again, status.timezone)
