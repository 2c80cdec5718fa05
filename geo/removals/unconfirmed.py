"""Removals that a second person has not confirmed: listing and confirmation (P52, P56)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from geo.accounts.permissions import Actor, can_coordinate, can_hide, can_propose, require_present
from geo.errors import ForbiddenError, NotFoundError
from geo.models import Crossing, Location, Person, Removal, RestrictedReader
from geo.removals import removal_log


@dataclass(frozen=True, slots=True)
class UnconfirmedRemoval:
    """A removal of a record by one person that a second person has not confirmed.

    Attributes
    ----------
    record_id : str
        Id of the record; for an area the id of the hide, for a term its vocabulary and code with a
        slash between.
    name : str or None
        Name of the space or crossing.
    act : str
        One of `geo.models.REMOVING_ACTS`.
    by : str or None
        Name of the person who removed the record.
    ends_at : datetime or None
        When the removal ends unless a second person confirms it; None if it is permanent.
    may_confirm : bool
        Whether the actor is a second person who may confirm the removal.
    """

    id: str
    entity: str
    record_id: str
    name: str | None
    act: str
    person: str | None
    by: str | None
    made_at: datetime
    ends_at: datetime | None
    hide_id: str | None
    may_confirm: bool


async def standing(session: AsyncSession, actor: Actor) -> tuple[UnconfirmedRemoval, ...]:
    """Return the unconfirmed removals that the actor made or could undo (writer session).

    Removals that end soonest come first, then the newest. Removals of restricted spaces are shown
    only to the named readers of the space.
    """
    rows = await session.execute(
        _question(actor)
        .where(removal_log.stands())
        .order_by(Removal.ends_at.asc().nulls_last(), Removal.made_at.desc(), Removal.id)
    )
    return tuple(_standing(row, actor) for row in rows if _is_in_charge(row, actor))


async def confirm(session: AsyncSession, removal_id: str, *, actor: Actor, now: datetime) -> None:
    """Confirm a removal as a second person, which makes it permanent (writer session).

    Raises
    ------
    NotFoundError
        There is no such unconfirmed removal, or the actor may not know of it.
    SessionNeededError
        The request comes from a program with a token, which cannot be the second person (P50).
    ForbiddenError
        The removal is the actor's own, or the actor may not remove such a record themselves.
    """
    require_present(actor)
    rows = await session.execute(
        _question(actor)
        .where(removal_log.stands(), Removal.id == removal_id)
        .with_for_update(of=Removal.__table__)
    )
    row = rows.one_or_none()
    if row is None or not _is_in_charge(row, actor):
        msg = f"nothing waits under {removal_id[:100]}"
        raise NotFoundError(msg)
    removal: Removal = row.Removal
    if removal.person == actor.id:
        msg = "nobody confirms what they took out of sight themselves: a second person has to"
        raise ForbiddenError(msg)
    if not _may_confirm(row, actor):
        msg = "this is confirmed by an approver of the country, a coordinator or an administrator"
        raise ForbiddenError(msg)
    await removal_log.confirm_these(session, Removal.id == removal_id, actor.id, now)


def _question(actor: Actor) -> Any:  # noqa: ANN401 -- a select whose type has one entry a column
    is_named = (
        select(RestrictedReader.person)
        .where(RestrictedReader.location_id == Location.id, RestrictedReader.person == actor.id)
        .exists()
    )
    return (
        select(
            Removal,
            Person.name.label("by"),
            func.coalesce(Location.name, Crossing.name).label("name"),
            Location.organization_id,
            Location.country,
            Crossing.country_a,
            Crossing.country_b,
            or_(Removal.entity != "space", Location.visibility != "restricted", is_named).label(
                "may_be_named"
            ),
        )
        .outerjoin(Person, Person.id == Removal.person)
        .outerjoin(Location, (Removal.entity == "space") & (Location.id == Removal.record_id))
        .outerjoin(Crossing, (Removal.entity == "crossing") & (Crossing.id == Removal.record_id))
    )


def _countries(row: Row[Any]) -> set[str | None]:
    """Return the countries of a record; {None} if it has none."""
    return {row.country, row.country_a, row.country_b} - {None} or {None}


def _is_in_charge(row: Row[Any], actor: Actor) -> bool:
    """Return whether the actor could restore the record, or removed it themselves (P56)."""
    if not row.may_be_named:
        return False
    return row.Removal.person == actor.id or any(
        can_propose(actor, organization_id=row.organization_id, country=country)
        for country in _countries(row)
    )


def _may_confirm(row: Row[Any], actor: Actor) -> bool:
    if row.Removal.person == actor.id:
        return False
    if row.Removal.entity in {"space", "crossing"}:
        return any(can_hide(actor, country=country) for country in _countries(row))
    return can_coordinate(actor)


def _standing(row: Row[Any], actor: Actor) -> UnconfirmedRemoval:
    removal: Removal = row.Removal
    return UnconfirmedRemoval(
        id=removal.id,
        entity=removal.entity,
        record_id=removal.record_id,
        name=row.name,
        act=removal.act,
        person=removal.person,
        by=row.by,
        made_at=removal.made_at,
        ends_at=removal.ends_at,
        hide_id=removal.hide_id,
        may_confirm=_may_confirm(row, actor),
    )
