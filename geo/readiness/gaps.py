"""Fields that spaces leave empty although people look for them, and reminders to fill them in.

The empty fields of a restricted space are shown only to its named readers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, and_, case, func, literal, or_, select, text
from sqlalchemy.dialects.postgresql import array
from sqlalchemy.ext.asyncio import AsyncSession

from geo.accounts import outbox, staff_reads
from geo.accounts.permissions import Actor, Role
from geo.models import (
    Language,
    Location,
    Organization,
    OutboxMessage,
    Person,
    Phone,
    Schedule,
    ServiceAtLocation,
)
from geo.spaces.freshness import in_charge

#: Event of a reminder, sent by e-mail to those who edit for the organisation.
REMINDER: Final = outbox.REMINDER_EVENTS[0]

#: Time between two reminders to one person: a month, as long as sent messages are kept.
BETWEEN: Final = outbox.KEPT


def _without(model: type[Schedule | Phone | Language | ServiceAtLocation]) -> ColumnElement[bool]:
    return ~select(literal(1)).where(model.location_id == Location.id).exists()


#: Recommended fields, which the public page of a space shows (P43), each with the SQL condition
#: that a space leaves it empty.
RECOMMENDED: Final[Mapping[str, ColumnElement[bool]]] = {
    "schedules": _without(Schedule),
    "services": _without(ServiceAtLocation),
    "public_phones": and_(_without(Phone), Location.contact.is_(None)),
    "languages": _without(Language),
    "address": and_(Location.address.is_(None), Location.landmark.is_(None)),
    "fees": Location.fees == "not_known",
    "documents_required": Location.documents_required.is_(None),
    "children_alone": Location.children_alone == "not_known",
    "data_shared": Location.data_shared.is_(None),
    "step_free": Location.step_free.is_(None),
}


@dataclass(frozen=True, slots=True)
class IncompleteSpace:
    """Space with the names of its empty recommended fields, in the order of `RECOMMENDED`."""

    id: str
    name: str
    country: str
    organization: str
    is_demo: bool
    is_restricted: bool
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UnheardArea:
    """First-level unit that has public spaces and no known information channel."""

    country: str
    admin1: str | None
    spaces: int


_LISTED = and_(
    Location.status != "closed",
    Location.hidden_at.is_(None),
    Location.expires_on >= func.amparo.today(),
)


async def incomplete_spaces(
    session: AsyncSession, actor: Actor, *, limit: int = 200
) -> tuple[IncompleteSpace, ...]:
    """Return an actor's spaces that leave recommended fields empty, the emptiest first.

    Closed, hidden and expired spaces are left out, because their state matters before their
    details. Needs a writer session.
    """
    missing = func.array_remove(
        array([case((is_empty, name), else_=None) for name, is_empty in RECOMMENDED.items()]), None
    )
    rows = await session.execute(
        select(Location, Organization.name, missing.label("missing"))
        .join(Organization, Organization.id == Location.organization_id)
        .where(_LISTED, or_(*RECOMMENDED.values()), in_charge(actor))
        .order_by(func.cardinality(missing).desc(), Location.id)
        .limit(limit)
    )
    found = tuple(
        IncompleteSpace(
            id=space.id,
            name=space.name,
            country=space.country,
            organization=organization,
            is_demo=space.demo,
            is_restricted=space.visibility == "restricted",
            missing=tuple(empty),
        )
        for space, organization, empty in rows
    )
    staff_reads.show(session, "space", [space.id for space in found])
    return found


_UNHEARD = text(
    """
    select l.country, l.admin1, count(*) as spaces from amparo.locations l
    where l.visibility = 'public' and l.hidden_at is null and l.status <> 'closed'
        and l.expires_on >= amparo.today() and not exists (
            select from amparo.information_channels c
            where c.country = l.country and (c.admin1 is null or c.admin1 = l.admin1)
                and c.visibility <> 'restricted' and c.status <> 'ended'
                and c.expires_on >= amparo.today()
        )
    group by l.country, l.admin1 order by l.country, l.admin1
    """
)


async def unheard_areas(session: AsyncSession) -> tuple[UnheardArea, ...]:
    """Return the first-level units that have public spaces and no known information channel."""
    found = await session.execute(_UNHEARD)
    return tuple(UnheardArea(row.country, row.admin1, row.spaces) for row in found)


async def remind(session: AsyncSession, now: datetime) -> int:
    """Remind the editors of organisations with incomplete spaces; return the number of editors.

    Needs a writer session. Nobody is reminded twice within `BETWEEN`. Demo spaces and restricted
    spaces cause no reminder. The message names no record.
    """
    since: datetime = now - BETWEEN
    reminded = (
        select(literal(1))
        .where(
            OutboxMessage.recipient == Person.id,
            OutboxMessage.event == REMINDER,
            OutboxMessage.created_at > since,
        )
        .exists()
    )
    lacking = (
        select(literal(1))
        .where(
            Location.organization_id == Person.organization_id,
            Location.demo.is_(False),
            Location.visibility != "restricted",
            _LISTED,
            or_(*RECOMMENDED.values()),
        )
        .exists()
    )
    people = await session.scalars(
        select(Person.id).where(Person.active, Person.role == Role.EDITOR, lacking, ~reminded)
    )
    return await outbox.announce(session, REMINDER, {}, people=people.all(), to_webhooks=False)
