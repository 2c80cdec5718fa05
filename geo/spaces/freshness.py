"""Freshness of what is known of a space: coming expiries, decay for ranking, and the age label."""

import math
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from geo.accounts import staff_reads
from geo.accounts.permissions import Actor, Role
from geo.models import Location, Organization, RestrictedReader

#: Days after which a statement counts 1/e of a fresh one: tau in algorithms.md section 6, for a
#: service and for the free places of a shelter (our own proposal there, marked [A]).
TAU_DAYS = {"service": 30.0, "capacity": 2.0}

#: Days after its expiry that a space stays in the queue of spaces to ask about. Our choice: three
#: rounds of the shortest validity but one; older spaces are found by status, not by the queue.
ASKED_AFTER_DAYS = 90


@dataclass(frozen=True, slots=True)
class Expiring:
    """A space whose confirmation ends soon, or has ended.

    Attributes
    ----------
    expires_on : date
        Last day on which the public sees the space.
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
    """The age label of a space (P22, P41, P43).

    Attributes
    ----------
    days : int
        Days since the confirmation.
    call_before : bool
        More than half of the confirmation's validity has passed: call before going there.
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
    """Return the spaces that expire within some days, the first to expire first.

    Closed spaces are left out, because nobody reconfirms them. Spaces that expired in the last
    `ASKED_AFTER_DAYS` days come first.

    Parameters
    ----------
    session : AsyncSession
        Of the writer or the staff.
    within_days : int
        How far ahead to look; 0 is today.
    actor : Actor or None
        Limits the spaces: an editor sees those of the own organisation, an approver those of the
        own countries, coordinators and administrators the whole region; restricted spaces only
        appear to people named for them. None is the command line and sees all.
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
    """Return the weight of a statement of some age: exp(-age / tau), 1 when fresh.

    Parameters
    ----------
    age_days : float
        Age in days; a negative age (tomorrow has begun in some time zone) counts as 0.
    tau_days : float
        One of `TAU_DAYS`.
    """
    return math.exp(-max(age_days, 0.0) / tau_days)


def age_label(confirmed_on: date, expires_on: date, today: date) -> Age:
    """Return the age label of a confirmation that is valid until ``expires_on``."""
    days = max((today - confirmed_on).days, 0)
    validity = (expires_on - confirmed_on).days
    return Age(days=days, call_before=days * 2 > validity)
