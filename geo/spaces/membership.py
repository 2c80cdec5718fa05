"""Verified membership of organisations, required for showing the network's common logo (P28)."""

from datetime import date

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from geo.accounts.permissions import Actor, require_coordinate, require_review
from geo.audit import trail
from geo.errors import ConflictError, ForbiddenError, NotFoundError
from geo.models import Location, Organization


async def unassessed_spaces(
    session: AsyncSession, organization_id: str, today: date
) -> tuple[str, ...]:
    """Return the active spaces of an organisation without a valid assessment (writer session).

    An assessment is valid if it is verified, not due for renewal, made with a real (not example)
    checklist, and reaches the pass score with yes to every essential question.
    """
    found = await session.scalars(
        select(func.amparo.unassessed_spaces(organization_id, today).column_valued("id"))
    )
    return tuple(sorted(found))


async def grant_membership(
    session: AsyncSession, organization_id: str, actor: Actor, *, today: date
) -> None:
    """Make an organisation a verified member (writer session).

    The database also enforces the conditions, so that no other write can grant a membership.

    Raises
    ------
    ForbiddenError
        The actor is a program, is no coordinator, or belongs to the organisation.
    NotFoundError
        There is no organisation with this id.
    ConflictError
        The organisation has no active space, or an active space without a valid assessment. The
        message names these spaces, except restricted ones, which are only counted.
    """
    require_review(actor)
    if actor.organization_id == organization_id:
        msg = "a membership is granted by somebody from outside the organisation"
        raise ForbiddenError(msg)
    organization = await session.get(Organization, organization_id, with_for_update=True)
    if organization is None:
        msg = "there is no such organisation"
        raise NotFoundError(msg)
    if not await _has_spaces(session, organization_id):
        msg = "an organisation without an active space is not verified"
        raise ConflictError(msg)
    missing = await unassessed_spaces(session, organization_id, today)
    if missing:
        raise ConflictError(await _said_of(session, missing))
    organization.verified_member = True
    await session.flush()
    await _note(session, actor.id, "grant", organization_id)


async def withdraw_membership(
    session: AsyncSession, organization_id: str, actor: Actor, *, reason: str
) -> None:
    """Withdraw the verified membership of an organisation (writer session).

    Raises
    ------
    ForbiddenError
        The actor is no coordinator.
    NotFoundError
        There is no organisation with this id.
    """
    require_coordinate(actor)
    organization = await session.get(Organization, organization_id, with_for_update=True)
    if organization is None:
        msg = "there is no such organisation"
        raise NotFoundError(msg)
    organization.verified_member = False
    await session.flush()
    await _note(session, actor.id, "withdraw", organization_id, reason=reason)


async def lapse_memberships(session: AsyncSession, today: date) -> tuple[str, ...]:
    """Withdraw memberships of organisations without valid assessments (daily; writer session).

    An organisation loses its membership if it has no active space, or a public one without a valid
    assessment. Restricted spaces are ignored: memberships are public, so the end of a membership
    because of a restricted space would reveal that this space exists (P2).

    Returns
    -------
    tuple of str
        Ids of the organisations that lost their membership.
    """
    members = await session.scalars(
        select(Organization).where(Organization.verified_member).order_by(Organization.id)
    )
    lapsed = []
    for organization in members.all():
        missing = await unassessed_spaces(session, organization.id, today)
        if await _has_spaces(session, organization.id) and not await _public(session, missing):
            continue
        organization.verified_member = False
        lapsed.append(organization.id)
        await session.flush()
        await _note(session, "system", "lapse", organization.id)
    return tuple(lapsed)


async def _has_spaces(session: AsyncSession, organization_id: str) -> bool:
    return bool(
        await session.scalar(
            select(Location.id)
            .where(
                Location.organization_id == organization_id,
                Location.status.in_(["active", "full"]),
            )
            .limit(1)
        )
    )


async def _public(session: AsyncSession, ids: tuple[str, ...]) -> bool:
    """Return whether a space among ``ids`` is public; emergency hides are ignored."""
    found = await session.scalar(
        select(Location.id)
        .where(
            Location.id.in_(ids),
            Location.visibility == "public",
            Location.confidential.is_(False),
        )
        .limit(1)
    )
    return found is not None


async def _said_of(session: AsyncSession, missing: tuple[str, ...]) -> str:
    """Compose the message that names the spaces without a valid assessment.

    Restricted spaces are only counted.
    """
    named = sorted(
        await session.scalars(
            select(Location.id).where(Location.id.in_(missing), Location.visibility != "restricted")
        )
    )
    others = len(missing) - len(named)
    parts = [", ".join(named)] if named else []
    if others:
        parts.append(f"{others} restricted")
    return f"spaces without an assessment that holds: {'; '.join(parts)}"


async def _note(
    session: AsyncSession, actor: str, verb: str, organization_id: str, *, reason: str = ""
) -> None:
    await trail.record(
        session,
        actor=actor,
        action=f"membership.{verb}",
        entity="organization",
        record_id=organization_id,
        details={"reason": reason} if reason else {},
    )
