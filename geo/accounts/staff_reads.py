"""Audit of staff reads: requests that show staff members records hidden from the public (P56).

Functions that return records to staff register them with `show`. The handler of the request writes
one audit entry with `note`, in a transaction that is committed before the response is sent.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from geo.accounts import coordinators
from geo.audit import trail

#: Number of distinct records hidden from the public that a person may read in a day before an alert
#: is sent [A].
RECORDS_PER_DAY = 100
#: Number of readings of restricted records by a person in a day before an alert is sent [A].
RESTRICTED_PER_DAY = 10

#: Key in ``session.info`` of the setting that overrides `RECORDS_PER_DAY`.
RECORDS = "reading_records_per_day"
#: Key in ``session.info`` of the setting that overrides `RESTRICTED_PER_DAY`.
RESTRICTED = "reading_restricted_per_day"

#: Maximum number of ids of one entity in an audit entry; if there are more, the entry also has
#: their number [A].
MAX_IDS = 1_000

_SHOWN = "shown"

type Shown = Mapping[str, set[str]]


@dataclass(frozen=True, slots=True)
class Unusual:
    """A person who read more than the limits in a day, and what they read.

    Attributes
    ----------
    records : int
        Number of distinct records read that the public does not see.
    restricted : int
        Number of readings of restricted records.
    """

    person: str
    records: int
    restricted: int


def show(session: AsyncSession, entity: str, ids: Iterable[str | None]) -> None:
    """Register the ids of records that a response shows to staff, so that `note` can audit them.

    Ids of public records may be among them: `note` leaves these out.
    """
    kept: defaultdict[str, set[str]] = session.info.setdefault(_SHOWN, defaultdict(set))
    kept[entity].update(id_ for id_ in ids if id_ is not None)


def shown(session: AsyncSession) -> Shown:
    """Return the records registered by `show` in a session so far."""
    kept: Shown = session.info.get(_SHOWN, {})
    return kept


def together(*read: Shown) -> Shown:
    """Return the records registered in any of several sessions of one request."""
    kept: defaultdict[str, set[str]] = defaultdict(set)
    for what in read:
        for entity, ids in what.items():
            kept[entity] |= ids
    return kept


#: Query by entity for those of some ids that the public sees. The conditions repeat those of the
#: public tier's views, which the writer session cannot read. Of other entities nothing is public.
_PUBLIC = {
    "space": text(
        """
        select id from amparo.space_record where id = any (:ids) and visibility = 'public'
            and not confidential and hidden_at is null and expires_on >= today()
        """
    ),
    "crossing": text(
        """
        select id from amparo.crossing_record
        where id = any (:ids) and visibility = 'public' and hidden_at is null
        """
    ),
}


async def note(session: AsyncSession, person: str, what: Shown, *, where: str) -> None:
    """Write one audit entry about the shown records that the public does not see (writer session).

    Parameters
    ----------
    person : str
        Id of the reader.
    what : mapping of str to set of str
        Ids by entity, as registered by `show`.
    where : str
        Route pattern of the request, without the values in the path.
    """
    unseen: dict[str, list[str]] = {}
    for entity, ids in sorted(what.items()):
        public = set()
        if entity in _PUBLIC and ids:
            public = set(await session.scalars(_PUBLIC[entity], {"ids": sorted(ids)}))
        if ids - public:
            unseen[entity] = sorted(ids - public)
    if not unseen:
        return
    details: dict[str, Any] = {name: ids[:MAX_IDS] for name, ids in unseen.items()}
    if any(len(ids) > MAX_IDS for ids in unseen.values()):
        details["counts"] = {name: len(ids) for name, ids in unseen.items()}
    await trail.record(
        session,
        actor=person,
        action="staff.read",
        entity="reading",
        details={"where": where, **details},
    )


#: Query for the number of distinct records that each person read within a time span, from the audit
#: entries of `note`.
_READ = text(
    """
    select e.actor, count(distinct k.key || ' ' || i.id) as records
    from amparo.audit_entries e
    cross join lateral jsonb_each(e.details) k (key, ids)
    cross join lateral jsonb_array_elements_text(
        case jsonb_typeof(k.ids) when 'array' then k.ids else '[]'::jsonb end
    ) i (id)
    where e.action = 'staff.read' and e.at >= :since and e.at < :until
    group by e.actor
    """
)
_READ_RESTRICTED = text(
    """
    select actor, count(*) as readings from amparo.audit_entries
    where action = 'restricted.read' and at >= :since and at < :until
    group by actor
    """
)


async def unusual(session: AsyncSession, day: date) -> list[Unusual]:
    """Return the people who read more than the limits on a day, UTC (writer session).

    The limits are `RECORDS_PER_DAY` distinct records that the public does not see, and
    `RESTRICTED_PER_DAY` readings of restricted records, unless settings override them.
    """
    since = datetime.combine(day, time(), UTC)
    span = {"since": since, "until": since + timedelta(days=1)}
    records = {row.actor: row.records for row in await session.execute(_READ, span)}
    restricted = {row.actor: row.readings for row in await session.execute(_READ_RESTRICTED, span)}
    found = [
        Unusual(person, records.get(person, 0), restricted.get(person, 0))
        for person in sorted({*records, *restricted})
    ]
    most = int(session.info.get(RECORDS, RECORDS_PER_DAY))
    most_restricted = int(session.info.get(RESTRICTED, RESTRICTED_PER_DAY))
    return [one for one in found if one.records > most or one.restricted > most_restricted]


async def digest(session: AsyncSession, now: datetime) -> int:
    """Alert the coordinators to people who read more than the limits yesterday; return how many."""
    day = now.astimezone(UTC).date() - timedelta(days=1)
    found = await unusual(session, day)
    for one in found:
        await coordinators.call(session, "reading.unusual", one.person)
    for one in found:
        await trail.record(
            session,
            actor="system",
            action="reading.unusual",
            entity="person",
            record_id=one.person,
            details={
                "day": day.isoformat(),
                "records": one.records,
                "restricted": one.restricted,
            },
        )
    return len(found)
