"""Log of removals from public view, which limits how much one person can remove alone (P52).

Every removal takes effect at once. Removals of one person beyond the limit alert the coordinators
and end by themselves after a day, unless a second person confirms them. The limit counts one day: a
person who closes four spaces in a season must not see the fourth reopen by itself, with people on
their way to it. Unconfirmed removals of any age stay listed for the people in charge of the records
(`geo.removals.unconfirmed`).
"""

import uuid
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from geo.accounts import coordinators
from geo.audit import trail
from geo.db import clock
from geo.hours.comparison import OpenTime, share_kept
from geo.models import Removal
from geo.removals import restoration

#: Number of records that one person may remove in a day; further removals end by themselves [A].
PER_DAY = 3

#: Key in ``session.info`` of a setting that overrides `PER_DAY`.
LIMIT = "removals_per_day"

#: Length of a day of the count, and the time after which an unconfirmed removal beyond the limit
#: ends (P52).
DAY = timedelta(hours=24)

#: Newly added closed days of this total length or more count as a removal, fewer as a holiday [A].
_LONG = timedelta(days=7)

#: Minimum share of a space's open time in the next weeks that a change of hours must leave. If less
#: is left, the change counts as a closing [A]: one evening less is daily work, but a space that is
#: open for eight minutes a day is in effect closed.
LEAST_SHARE: Final = 0.25

#: Statuses of a space that is closed to everybody.
_CLOSED = ("temporarily_closed", "closed")

Undo = dict[str, Any]


def limit_of(session: AsyncSession) -> int:
    """Return how many records a person may remove in a day before removals end by themselves."""
    return int(session.info.get(LIMIT, PER_DAY))


def taken_away(before: Mapping[str, Any], changes: Mapping[str, Any], today: date) -> Undo:
    """Return the changes that count as a removal of a space, each with its value before and after.

    Parameters
    ----------
    before : mapping
        The space's complete document.
    changes : mapping
        The part of a change that applies at once.
    today : date
        First day of the opening hours that are compared.
    """
    undo: Undo = {
        name: [before.get(name), after]
        for name, after in changes.items()
        if name in _TAKES_AWAY and _TAKES_AWAY[name](before.get(name), after)
    }
    if "schedules" in changes:
        was, will = (OpenTime.of(one) for one in (before, {**before, **changes}))
        if share_kept(will, was, today) < LEAST_SHARE:
            undo["schedules"] = [before.get("schedules"), changes["schedules"]]
    return undo


def _is_closing(before: object, after: object) -> bool:
    return after in _CLOSED and before not in _CLOSED


def _is_earlier(before: object, after: object) -> bool:
    """Return whether a confirmation expires earlier, which removes the space from that day on."""
    return isinstance(before, str) and isinstance(after, str) and after < before


def _shuts_for_long(before: object, after: object) -> bool:
    """Return whether the newly added closed days amount to `_LONG` or more."""
    known = before if isinstance(before, list) else []
    new = [one for one in after if one not in known] if isinstance(after, list) else []
    spans = (
        date.fromisoformat(one["ends_on"]) - date.fromisoformat(one["starts_on"])
        for one in new
        if one.get("closed")
    )
    return sum((span + timedelta(days=1) for span in spans), timedelta()) >= _LONG


def _other_than(*harmless: object) -> Callable[[Any, Any], bool]:
    """Return a test whether a condition of admission is changed to a value that excludes people.

    None and the ``harmless`` values exclude nobody.
    """
    return lambda before, after: after != before and after not in (None, *harmless)


#: Tests by field of a space: whether a change removes the space from view, or from the places that
#: people are sent to (P15). Conditions change seldom, so honest users stay below the limit. The
#: status "full" does not count: it is set at many places in one evening and stays in view, and if
#: it ended by itself people would be sent to a full place.
_TAKES_AWAY: Mapping[str, Callable[[Any, Any], bool]] = {
    "status": _is_closing,
    "visibility": lambda before, after: before != after,
    "expires_on": _is_earlier,
    "services": lambda before, after: bool(before) and not after,
    "schedule_exceptions": _shuts_for_long,
    "access": _other_than("open"),
    "minimum_age": _other_than(0),
    "maximum_age": _other_than(),
    "genders": _other_than([]),
    "families_only": _other_than(False),
    "children_alone": _other_than("yes", "not_known"),
    "documents_required": _other_than([]),
}


async def moment(session: AsyncSession, now: datetime | None) -> datetime:
    """Return ``now``, or the time of the database's clock if ``now`` is None."""
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
    """Log a removal by a person (writer session), and return when the removal ends.

    Called in the transaction of the removal, before its audit entry.

    Parameters
    ----------
    entity, act : str
        One of `geo.models.REMOVABLE`, and one of `geo.models.REMOVING_ACTS`.
    person : str or None
        Person who removes; None for the command line or the system, whose removals do not count.
    now : datetime or None
        Current time, timezone-aware; None for the database's clock.
    undo : mapping or None
        Data by which `geo.removals.restoration` restores the record when the removal ends.
    hide_id : str or None
        Hide by which the record is removed.

    Returns
    -------
    datetime or None
        None for a removal that is permanent or does not count.
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
    """Return when a new removal by a person will end by itself; None if within the limit."""
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
        # A further removal of the record ends with the earlier ones: never, if one is permanent.
        return None if None in ends else min(end for end in ends if end is not None)
    key = func.concat(Removal.entity, " ", Removal.record_id)
    counted = await session.scalar(
        select(func.count(key.distinct())).where(
            Removal.person == person,
            Removal.made_at > now - DAY,
            key != f"{entity} {record_id}",
        )
    )
    # An area holds any number of records, future ones too, so it is always beyond the limit.
    is_beyond = entity == "area" or (counted or 0) >= limit_of(session)
    return now + DAY if is_beyond else None


async def _is_called(session: AsyncSession, person: str) -> bool:
    """Return whether a person has removals beyond the limit that are neither ended nor confirmed.

    Coordinators were alerted at the first of them, and are not alerted again.
    """
    waiting = select(Removal.id).where(
        stands(), Removal.person == person, Removal.ends_at.is_not(None)
    )
    return await session.scalar(waiting.limit(1)) is not None


async def agree(session: AsyncSession, hide_id: str, *, person: str | None, now: datetime) -> None:
    """Confirm other people's removals by a hide because a second person hides the record as well.

    Needs a writer session; ``person`` is None for the command line.
    """
    await confirm_these(
        session,
        (Removal.hide_id == hide_id) & (Removal.person.is_distinct_from(person)),
        person,
        now,
    )


async def is_agreed(session: AsyncSession, hide_id: str) -> bool:
    """Return whether a second person confirmed a hide (writer session)."""
    found = select(Removal.id).where(Removal.hide_id == hide_id, Removal.confirmed_at.is_not(None))
    return await session.scalar(found.limit(1)) is not None


async def confirm_these(
    session: AsyncSession, which: ColumnElement[bool], person: str | None, now: datetime
) -> None:
    """Make the unconfirmed removals that match ``which`` permanent (writer session).

    `geo.removals.unconfirmed.confirm` checks the permission of the person.
    """
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
    """Mark a record's removals as ended after two people decided on the removed fields.

    Needs a writer session. The record is not restored: it holds what the two people decided.
    """
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
    """Mark the removals by a lifted hide as ended in the log (writer session)."""
    await _end_these(session, Removal.hide_id == hide_id, now)


async def end_own(
    session: AsyncSession,
    entity: str,
    record_id: str,
    person: str,
    *,
    since: datetime,
    now: datetime,
) -> None:
    """Mark a person's removals of a record since a moment as ended, after an undo (writer session).

    An ended removal still counts towards the person's daily limit, so that nobody evades the limit
    by undoing removals.
    """
    await _end_these(
        session,
        stands()
        & (Removal.entity == entity)
        & (Removal.record_id == record_id)
        & (Removal.person == person)
        & (Removal.made_at >= since),
        now,
    )


async def _end_these(session: AsyncSession, which: ColumnElement[bool], now: datetime) -> None:
    await session.execute(
        update(Removal)
        .where(which, Removal.ended_at.is_(None))
        .values(ended_at=now, undo={})
        .execution_options(synchronize_session=False)
    )


async def end_due(session: AsyncSession, now: datetime) -> int:
    """Restore records of removals beyond the limit that nobody confirmed in time (writer session).

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


#: Statement that mends a race: `note` lets a person have too many removals at once if two requests
#: run at the same time, because neither counts the other's. It sets ``ends_at`` of the newest ones
#: above the limit, so that they end by themselves unless a second person confirms them.
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
    """Return the SQL condition that a removal is in effect and not confirmed by a second person."""
    return Removal.ended_at.is_(None) & Removal.confirmed_at.is_(None)
