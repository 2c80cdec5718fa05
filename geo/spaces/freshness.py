"""Freshness of confirmations of spaces: coming expiries, decay for ranking, and the age label."""

import math
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import ColumnElement, and_, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from geo.accounts import staff_reads
from geo.accounts.permissions import Actor, Role
from geo.models import Location, Organization, RestrictedReader

#: Days after which a statement's weight has fallen to 1/e (tau in algorithms.md section 6): for a
#: service, and for the free places of a shelter. The values are the project's own proposal [A].
TAU_DAYS = {"service": 30.0, "capacity": 2.0}

#: Days for which a space stays in the queue for reconfirmation after its expiry: the project's own
#: choice. After so long an operator is not asked any more; staff finds the space by its status.
ASKED_AFTER_DAYS = 90


@dataclass(frozen=True, slots=True)
class Expiring:
    """Space whose confirmation expires soon or has expired.

    Attributes
    ----------
    expires_on : date
        Last day on which the public sees the space.
    days_left : int
        Days until ``expires_on``; 0 on that day, negative afterwards.
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
    """Age label of a space: age of the last confirmation, and advice to call (P22, P41, P43).

    Attributes
    ----------
    days : int
        Days since the confirmation.
    call_before : bool
        Whether people should call before going there, because more than half of the confirmation's
        validity has passed.
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
    """Return the spaces to reconfirm, sorted by the day of expiry.

    These are the spaces that expire within ``within_days`` days or expired in the last
    `ASKED_AFTER_DAYS` days. Closed spaces are left out, because they are not reconfirmed.

    Parameters
    ----------
    session : AsyncSession
        Session of the writer or the staff tier.
    within_days : int
        Number of days to look ahead; 0 for spaces that expire today.
    actor : Actor or None
        Person whose rights limit the result. Editors get the spaces of their organisation,
        approvers also those of their countries, coordinators and administrators those of the whole
        region; restricted spaces are returned only to their named readers. None is the command line
        and gets all spaces.
    """
    question = (
        select(Location, Organization.name)
        .join(Organization, Organization.id == Location.organization_id)
        .where(to_reconfirm(within_days=within_days, today=today, actor=actor))
        .order_by(Location.expires_on, Location.id)
        .limit(limit)
    )
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


def to_reconfirm(*, within_days: int, today: date, actor: Actor | None) -> ColumnElement[bool]:
    """Return the SQL condition of the spaces to reconfirm; see `expiring` (writer session)."""
    conditions: list[ColumnElement[bool]] = [
        Location.expires_on <= today + timedelta(days=within_days),
        Location.expires_on >= today - timedelta(days=ASKED_AFTER_DAYS),
        Location.status != "closed",
    ]
    if actor is not None:
        conditions.append(in_charge(actor))
    return and_(*conditions)


def in_charge(actor: Actor) -> ColumnElement[bool]:
    """Return the SQL condition of the spaces in an actor's charge, by the rules of `expiring`."""
    named = select(RestrictedReader.location_id).where(RestrictedReader.person == actor.id)
    seen = or_(Location.visibility != "restricted", Location.id.in_(named))
    own = Location.organization_id == actor.organization_id
    if actor.role is Role.APPROVER:
        return and_(seen, or_(Location.country.in_(actor.countries), own))
    return and_(seen, true() if actor.role in {Role.COORDINATOR, Role.ADMIN} else own)


def decay(age_days: float, tau_days: float = TAU_DAYS["service"]) -> float:
    """Return the weight of a statement by its age: exp(-age / tau), which is 1 for age 0.

    Parameters
    ----------
    age_days : float
        Age of the statement in days; a negative age, from a time zone where tomorrow has begun,
        counts as 0.
    tau_days : float
        One of `TAU_DAYS`.
    """
    return math.exp(-max(age_days, 0.0) / tau_days)


def age_label(confirmed_on: date, expires_on: date, today: date) -> Age:
    """Return the age label of a space confirmed on ``confirmed_on``, valid to ``expires_on``."""
    days = max((today - confirmed_on).days, 0)
    validity = (expires_on - confirmed_on).days
    return Age(days=days, call_before=days * 2 > validity)
