"""How old what is known of a space is: what expires next, how it ranks, what its label says."""

import math
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from geo.accounts import staff_reads
from geo.accounts.permissions import Actor, Role
from geo.models import Location, Organization, RestrictedReader

#: Days after which a statement is worth 1/e of a fresh one: algorithms.md section 6, tau of a
#: service and of the places of a shelter (our own proposal there, marked [A]).
TAU_DAYS = {"service": 30.0, "capacity": 2.0}

#: Days after its expiry that a space stays in the queue of what to ask about (our choice: three
#: rounds of the shortest validity but one; older ones are found by status, not by the queue).
ASKED_AFTER_DAYS = 90


@dataclass(frozen=True, slots=True)
class Expiring:
    """A space whose confirmation ends soon, or has ended.

    Attributes
    ----------
    expires_on : date
        Last day on which the public sees it.
    days_left : int
        0 on that day, negative afterwards.
    """

    id: str
    name: str
    kind: str
    status: str
    country: str
    locality: str | None
    organization_id: str
    organization: str
    confirmed_on: date
    expires_on: date
    days_left: int
    is_restricted: bool


@dataclass(frozen=True, slots=True)
class Age:
    """What the label of a space says of its age (P22, P41, P43).

    Attributes
    ----------
    days : int
        Since it was confirmed.
    call_before : bool
        It is older than half of what its confirmation is good for: call before going there.
    """

    days: int
    call_before: bool


async def expiring(
    session: AsyncSession,
    *,
    within_days: int,
    today: date,
    actor: Actor | None,
    limit: int = 1_000,
) -> tuple[Expiring, ...]:
    """Return the spaces that the public loses within some days, the first to expire first.

    Closed ones are left out: nobody reconfirms them. Those that expired in the last
    `ASKED_AFTER_DAYS` days come first.

    Parameters
    ----------
    session : AsyncSession
        Of the writer or the staff.
    within_days : int
        How far ahead to look; 0 is today.
    actor : Actor or None
        Whose spaces: an editor's organisation, an approver's countries, the region of everybody
        above; restricted ones only for people who are named. None is the command line: all.
    """
    question = (
        select(Location, Organization.name)
        .join(Organization, Organization.id == Location.organization_id)
        .where(
            Location.expires_on <= today + timedelta(days=within_days),
            Location.expires_on >= today - timedelta(days=ASKED_AFTER_DAYS),
            Location.status != "closed",
        )
        .order_by(Location.expires_on, Location.id)
        .limit(limit)
    )
    if actor is not None:
        named = select(RestrictedReader.location_id).where(RestrictedReader.person == actor.id)
        question = question.where(or_(Location.visibility != "restricted", Location.id.in_(named)))
        if actor.role is Role.APPROVER:
            question = question.where(
                or_(
                    Location.country.in_(actor.countries),
                    Location.organization_id == actor.organization_id,
                )
            )
        elif actor.role not in {Role.COORDINATOR, Role.ADMIN}:
            question = question.where(Location.organization_id == actor.organization_id)
    found = tuple(
        Expiring(
            id=space.id,
            name=space.name,
            kind=space.kind,
            status=space.status,
            country=space.country,
            locality=space.locality,
            organization_id=space.organization_id,
            organization=organization,
            confirmed_on=space.confirmed_on,
            expires_on=space.expires_on,
            days_left=(space.expires_on - today).days,
            is_restricted=space.visibility == "restricted",
        )
        for space, organization in await session.execute(question)
    )
    staff_reads.show(session, "space", [space.id for space in found])
    return found


def decay(age_days: float, tau_days: float = TAU_DAYS["service"]) -> float:
    """Return how much a statement still counts: exp(-age / tau), 1 when fresh.

    Parameters
    ----------
    age_days : float
        Days since it was made; a negative age (somewhere it is tomorrow already) counts as 0.
    tau_days : float
        One of `TAU_DAYS`.
    """
    return math.exp(-max(age_days, 0.0) / tau_days)


def age_label(confirmed_on: date, expires_on: date, today: date) -> Age:
    """Return what to say of the age of a confirmation that is good until ``expires_on``."""
    days = max((today - confirmed_on).days, 0)
    validity = (expires_on - confirmed_on).days
    return Age(days=days, call_before=days * 2 > validity)
