"""Lists of reconfirmation links without an answer, and of operators' answers about a space."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, func, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from geo.accounts import staff_reads
from geo.accounts.permissions import Actor, Role
from geo.models import Confirmation, ConfirmationLink, Location, Person, RestrictedReader

#: Maximum number of entries of each list; the audit log has all of them.
MAX_LINES = 200


@dataclass(frozen=True, slots=True)
class OpenLink:
    """Reconfirmation link without an answer; ``space_name`` is None for a restricted space."""

    space_id: str
    space_name: str | None
    channel: str
    sender: str | None
    sent_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Answered:
    """Answer of an operator; ``person`` recorded the answer, or is None for an answer by link."""

    answer: str
    channel: str
    person: str | None
    at: datetime


async def unanswered(session: AsyncSession, actor: Actor, *, now: datetime) -> tuple[OpenLink, ...]:
    """Return the reconfirmation links that wait for an answer, the oldest first (writer session).

    Parameters
    ----------
    actor : Actor
        Person whose rights limit the result: editors get links of their organisation's spaces,
        approvers also those of their countries, coordinators and administrators all. Links of
        restricted spaces are returned only to the space's named readers.
    now : datetime
        Current moment, aware.
    """
    named = select(RestrictedReader.location_id).where(RestrictedReader.person == actor.id)
    own = Location.organization_id == actor.organization_id
    whose = true() if actor.role in {Role.COORDINATOR, Role.ADMIN} else own
    if actor.role is Role.APPROVER:
        whose = or_(own, Location.country.in_(actor.countries))
    rows = await session.execute(
        select(
            Location.id,
            case((Location.visibility != "restricted", Location.name)).label("space_name"),
            ConfirmationLink.channel,
            Person.name.label("sender"),
            ConfirmationLink.created_at,
            ConfirmationLink.expires_at,
        )
        .join(Location, Location.id == ConfirmationLink.location_id)
        .outerjoin(Person, Person.id == ConfirmationLink.created_by)
        .where(
            _waits(now),
            or_(Location.visibility != "restricted", Location.id.in_(named)),
            whose,
        )
        .order_by(ConfirmationLink.created_at, ConfirmationLink.id)
        .limit(MAX_LINES)
    )
    found = tuple(OpenLink(*row) for row in rows)
    staff_reads.show(session, "space", [link.space_id for link in found])
    return found


async def open_links(session: AsyncSession, space_id: str, now: datetime) -> int:
    """Return the number of a space's reconfirmation links without an answer (writer session)."""
    question = (
        select(func.count())
        .select_from(ConfirmationLink)
        .where(ConfirmationLink.location_id == space_id, _waits(now))
    )
    return await session.scalar(question) or 0


def _waits(now: datetime) -> ColumnElement[bool]:
    return and_(
        ConfirmationLink.used_at.is_(None),
        ConfirmationLink.revoked_at.is_(None),
        ConfirmationLink.expires_at > now,
    )


async def answers(session: AsyncSession, space_id: str) -> tuple[Answered, ...]:
    """Return the operators' answers about a space, the newest first (writer session).

    The caller must check that the person may see the space.
    """
    rows = await session.execute(
        select(Confirmation.answer, Confirmation.channel, Person.name, Confirmation.confirmed_at)
        .outerjoin(Person, Person.id == Confirmation.confirmed_by)
        .where(Confirmation.location_id == space_id)
        .order_by(Confirmation.confirmed_at.desc(), Confirmation.id)
        .limit(MAX_LINES)
    )
    return tuple(Answered(*row) for row in rows)
