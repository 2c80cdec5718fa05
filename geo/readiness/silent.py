"""Stored records that have no effect, although whoever stored them may expect one.

Restricted records are left out, because they are hidden on purpose.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from geo.records.silent_rows import REASONS

#: Most ids that are listed for one reason; the count has all records.
SHOWN: Final = 20


@dataclass(frozen=True, slots=True)
class SilentRecords:
    """Records of one table that have no effect for one reason.

    Attributes
    ----------
    reason : str
        Key of `geo.records.silent_rows.REASONS`.
    ids : tuple of str
        Ids of the first `SHOWN` records.
    count : int
        Number of all such records.
    """

    reason: str
    table: str
    ids: tuple[str, ...]
    count: int

    @property
    def said(self) -> str:
        """Text of the reason: what happens with such a record, and what to do."""
        return REASONS[self.reason]


_SILENT = text(
    """
    with found (reason, place, id) as (
        select 'unapproved', 'hazards', id from amparo.hazards
            where approved_at is null and visibility <> 'restricted'
        union all select 'over', 'hazards', id from amparo.hazards
            where valid_to < :today and visibility <> 'restricted'
        union all select 'no_hours', 'crossings', id from amparo.crossings c
            where visibility <> 'restricted' and not exists (
                select from amparo.crossing_statuses s where s.crossing_id = c.id
                and s.valid_from <= :today and (s.valid_to is null or s.valid_to >= :today))
        union all select 'expired', 'locations', id from amparo.locations
            where expires_on < :today and status <> 'closed' and visibility <> 'restricted'
        union all select 'no_schedule', 'locations', id from amparo.locations l
            where expires_on >= :today and status = 'active' and visibility <> 'restricted'
            and not exists (select from amparo.schedules s where s.location_id = l.id)
        union all select 'expired', 'contacts', id from amparo.contacts
            where expires_on < :today and visibility <> 'restricted'
        union all select 'expired', 'information_channels', id from amparo.information_channels
            where expires_on < :today and status <> 'ended' and visibility <> 'restricted'
        union all select 'expired', 'pathways', id from amparo.pathways
            where expires_on < :today and visibility <> 'restricted'
        union all select 'draft', 'messages', id from amparo.messages where state = 'draft'
        union all select 'draft', 'products', id from amparo.products
            where state = 'draft' and visibility <> 'restricted'
    )
    select reason, place, count(*) as records, (array_agg(id order by id))[1:20] as ids
    from found group by reason, place order by place, reason
    """
)


async def silent_records(session: AsyncSession, today: date) -> tuple[SilentRecords, ...]:
    """Return the records without effect on a day, by table and reason (writer session)."""
    found = await session.execute(_SILENT, {"today": today})
    return tuple(SilentRecords(row.reason, row.place, tuple(row.ids), row.records) for row in found)
