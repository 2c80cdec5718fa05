"""Nobody erases alone (P52): what one person takes out of sight is counted, and many end again.

Every removal holds at once. Those of one person beyond the limit call who coordinates and end by
themselves after a day, unless a second person confirms them. The count is of a day: who closes four
spaces in a season must not see the fourth open again by itself, with people on their way to it.
What stands on one person's word stays before those in charge of it (`geo.removals.unconfirmed`),
however old.
"""

import uuid
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from geo.accounts import coordinators
from geo.audit import trail
from geo.db import clock
from geo.models import Removal
from geo.removals import restoration

#: Records that one person takes out of sight in a day without an end [A].
PER_DAY = 3

#: The name under which a session carries what is set instead of `PER_DAY`.
LIMIT = "removals_per_day"

#: What counts as a day, and how long a removal beyond the limit lasts alone (P52).
DAY = timedelta(hours=24)

#: Closed days that come to so many are no holiday [A].
_LONG = timedelta(days=7)

#: What keeps nobody out, of conditions that are words.
_OPEN = ("open", "yes", "not_known")

#: Statuses of a space that is not open to anybody.
_CLOSED = ("temporarily_closed", "closed")

Undo = dict[str, Any]


def limit_of(session: AsyncSession) -> int:
    """Return how many records a person may take out of sight in a day without an end."""
    return int(session.info.get(LIMIT, PER_DAY))


def taken_away(before: Mapping[str, Any], changes: Mapping[str, Any]) -> Undo:
    """Return which of the changes take a space away, each with its value before and after.

    Parameters
    ----------
    before : mapping
        The space's whole document.
    changes : mapping
        What holds at once of a change.
    """
    return {
        name: [before.get(name), after]
        for name, after in changes.items()
        if name in _TAKES_AWAY and _TAKES_AWAY[name](before.get(name), after)
    }


def _is_closing(before: object, after: object) -> bool:
    return after in _CLOSED and before not in _CLOSED


def _is_earlier(before: object, after: object) -> bool:
    """Return whether a confirmation ends earlier: the public loses the space that day."""
    return isinstance(before, str) and isinstance(after, str) and after < before


def _shuts_for_long(before: object, after: object) -> bool:
    """Return whether days are newly said to be closed that come to `_LONG` and more."""
    known = before if isinstance(before, list) else []
    new = [one for one in after if one not in known] if isinstance(after, list) else []
    spans = (
        date.fromisoformat(one["ends_on"]) - date.fromisoformat(one["starts_on"])
        for one in new
        if one.get("closed")
    )
    return sum((span + timedelta(days=1) for span in spans), timedelta()) >= _LONG


def _shuts_out(before: object, after: object) -> bool:
    """Return whether a condition is newly set or changed: whom it keeps out is not sent there."""
    return after != before and bool(after) and after not in _OPEN


#: Fields of a space by which it can go out of sight, or out of what people are sent to (P15), and
#: whether a change of each does so. Conditions change seldom, so that honest hands stay below the
#: limit. Full is not among them: it is said of many places in one evening, stays in view, and who
#: is sent to a full house by our own clock walks for nothing.
_TAKES_AWAY: Mapping[str, Callable[[Any, Any], bool]] = {
    "status": _is_closing,
    "visibility": lambda before, after: before != after,
    "expires_on": _is_earlier,
    "services": lambda before, after: bool(before) and not after,
    "schedules": lambda before, after: bool(before) and not after,
    "schedule_exceptions": _shuts_for_long,
    "access": _shuts_out,
    "minimum_age": _shuts_out,
    "maximum_age": _shuts_out,
    "genders": _shuts_out,
    "families_only": _shuts_out,
    "children_alone": _shuts_out,
    "documents_required": _shuts_out,
}


async def moment(session: AsyncSession, now: datetime | None) -> datetime:
    """Return ``now``, or the database's where it is None."""
    if now is not None:
        return now
    found: datetime = (await session.execute(select(clock.now()))).scalar_one()
    return found


async def note(
    session: AsyncSession,
    entity: str,
    record_id: str,
    act: str,
    *,
    person: str | None,
    now: datetime | None,
    undo: Undo | None = None,
    hide_id: str | None = None,
) -> datetime | None:
    """Write down that a person takes a record out of sight (writer), and return when that ends.

    Call it in the transaction of the removal, before its entry of the audit.

    Parameters
    ----------
    entity, act : str
        One of `geo.models.REMOVABLE` and of `geo.models.REMOVING_ACTS`.
    person : str or None
        Who; None, the command line of the machine or the system, is not counted.
    now : datetime or None
        Aware; None is the database's now.
    undo : mapping or None
        What `geo.removals.restoration` puts back when it ends.
    hide_id : str or None
        Of the hide by which it is done.

    Returns
    -------
    datetime or None
        None for what lasts, or is not counted.
    """
    if person is None:
        return None
    now = await moment(session, now)
    ends_at = await _end(session, entity, record_id, person, now)
    is_first = ends_at is not None and not await _is_called(session, person)
    session.add(
        Removal(
            id=str(uuid.uuid4()),
            entity=entity,
            record_id=record_id,
            act=act,
            person=person,
            made_at=now,
            ends_at=ends_at,
            hide_id=hide_id,
            undo=undo or {},
        )
    )
    await session.flush()
    if is_first:
        await coordinators.call(session, "removals.many", person)
    return ends_at


async def _end(
    session: AsyncSession, entity: str, record_id: str, person: str, now: datetime
) -> datetime | None:
    """Return when one more removal by a person ends."""
    ends = (
        await session.scalars(
            select(Removal.ends_at).where(
                stands(),
                Removal.person == person,
                Removal.entity == entity,
                Removal.record_id == record_id,
            )
        )
    ).all()
    if ends:
        # A second way to take away the same record lasts no longer than the first.
        return None if None in ends else min(end for end in ends if end is not None)
    key = func.concat(Removal.entity, " ", Removal.record_id)
    counted = await session.scalar(
        select(func.count(key.distinct())).where(
            Removal.person == person,
            Removal.made_at > now - DAY,
            key != f"{entity} {record_id}",
        )
    )
    # An area is any number of records, and whatever comes to lie in it.
    is_beyond = entity == "area" or (counted or 0) >= limit_of(session)
    return now + DAY if is_beyond else None


async def _is_called(session: AsyncSession, person: str) -> bool:
    """Return whether somebody was called about a person already, and has not settled it."""
    waiting = select(Removal.id).where(
        stands(), Removal.person == person, Removal.ends_at.is_not(None)
    )
    return await session.scalar(waiting.limit(1)) is not None


async def agree(session: AsyncSession, hide_id: str, *, person: str | None, now: datetime) -> None:
    """Take it as agreement that somebody else hides the same record too (writer).

    ``person`` None is the command line.
    """
    await confirm_these(
        session,
        (Removal.hide_id == hide_id) & (Removal.person.is_distinct_from(person)),
        person,
        now,
    )


async def is_agreed(session: AsyncSession, hide_id: str) -> bool:
    """Return whether a second person agreed to a hide (writer)."""
    found = select(Removal.id).where(Removal.hide_id == hide_id, Removal.confirmed_at.is_not(None))
    return await session.scalar(found.limit(1)) is not None


async def confirm_these(
    session: AsyncSession, which: ColumnElement[bool], person: str | None, now: datetime
) -> None:
    """Let removals last that stand on one person's word (writer); see `unconfirmed.confirm`."""
    found = await session.execute(
        update(Removal)
        .where(stands(), which)
        .values(confirmed_by=person, confirmed_at=now, ends_at=None, undo={})
        .returning(Removal.entity, Removal.record_id, Removal.act)
        .execution_options(synchronize_session=False)
    )
    for entity, record_id, act in found.all():
        await trail.record(
            session,
            actor=person or "cli",
            action="removal.confirmed",
            entity=entity,
            record_id=record_id,
            details={"act": act},
        )


async def settle(
    session: AsyncSession, entity: str, record_id: str, fields: Iterable[str], now: datetime
) -> None:
    """Forget removals whose fields two people have decided by now (writer)."""
    rows = await session.execute(
        select(Removal.id, Removal.undo).where(
            stands(),
            Removal.entity == entity,
            Removal.record_id == record_id,
            Removal.hide_id.is_(None),
        )
    )
    decided = set(fields)
    done = [id_ for id_, undo in rows if entity != "space" or decided & set(undo)]
    await _end_these(session, Removal.id.in_(done), now)


async def end_hide(session: AsyncSession, hide_id: str, now: datetime) -> None:
    """Forget the removals of a hide that is lifted (writer)."""
    await _end_these(session, Removal.hide_id == hide_id, now)


async def _end_these(session: AsyncSession, which: ColumnElement[bool], now: datetime) -> None:
    await session.execute(
        update(Removal)
        .where(which, Removal.ended_at.is_(None))
        .values(ended_at=now, undo={})
        .execution_options(synchronize_session=False)
    )


async def end_due(session: AsyncSession, now: datetime) -> int:
    """Put back what one person took away beyond the limit and nobody confirmed in time (writer).

    Returns
    -------
    int
        How many removals ended.
    """
    await _hold_to_limit(session, now)
    due = await session.execute(
        select(
            Removal.id,
            Removal.entity,
            Removal.record_id,
            Removal.act,
            Removal.hide_id,
            Removal.undo,
        )
        .where(stands(), Removal.ends_at <= now)
        .order_by(Removal.ends_at, Removal.id)
        .with_for_update(skip_locked=True)
    )
    ended = due.all()
    told = []
    for row in ended:
        is_back = await restoration.put_back(
            session, row.entity, row.record_id, hide_id=row.hide_id, undo=row.undo, now=now
        )
        told.append((row, is_back))
    await _end_these(session, Removal.id.in_([row.id for row in ended]), now)
    for row, is_back in told:
        await trail.record(
            session,
            actor="system",
            action="removal.ended",
            entity=row.entity,
            record_id=row.record_id,
            details={"act": row.act, "is_back": is_back},
        )
    return len(ended)


#: Of two requests at the same moment neither counts the other: the newest records beyond the
#: limit get their end here.
_BEYOND = text(
    """
    with standing as (
        select person, entity, record_id, min(made_at) as since from amparo.removals
        where person is not null and ended_at is null and confirmed_at is null
            and ends_at is null
        group by person, entity, record_id
        having min(made_at) > :since
    ), ranked as (
        select *, row_number() over (
            partition by person order by since, entity, record_id
        ) as place
        from standing
    )
    update amparo.removals r set ends_at = :ends_at from ranked
    where ranked.place > :most and r.person = ranked.person and r.entity = ranked.entity
        and r.record_id = ranked.record_id and r.ended_at is null and r.confirmed_at is null
        and r.ends_at is null
    returning r.person
    """
)


async def _hold_to_limit(session: AsyncSession, now: datetime) -> None:
    found = await session.scalars(
        _BEYOND, {"ends_at": now + DAY, "since": now - DAY, "most": limit_of(session)}
    )
    for person in sorted(set(found)):
        await coordinators.call(session, "removals.many", person)


def stands() -> ColumnElement[bool]:
    """Return whether a removal stands on one person's word."""
    return Removal.ended_at.is_(None) & Removal.confirmed_at.is_(None)
