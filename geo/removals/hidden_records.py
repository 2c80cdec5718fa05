"""Active emergency hides (P24), shown to people who may propose changes to the records (P56)."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Select, Text, column, func, select, table, text
from sqlalchemy.ext.asyncio import AsyncSession

from geo.accounts import staff_reads
from geo.accounts.permissions import Actor, Role, can_propose
from geo.models import Crossing, Hide, Location, RestrictedReader

#: View of all spaces; ``hidden_at`` is null for a space that is not hidden.
_records = table(
    "space_record",
    column("id", Text),
    column("organization_id", Text),
    column("country", Text),
    column("hidden_at"),
    schema="amparo",
)


@dataclass(frozen=True, slots=True)
class ActiveHide:
    """An emergency hide in effect.

    Attributes
    ----------
    record_id : str or None
        Id of the hidden record; None for an area.
    code : str
        Coded reason, one of `geo.models.HIDE_CODES`.
    reason : str or None
        Reason as free text; None unless the reader hid the record or is a coordinator (P56).
    lift_asked_by : str or None
        Id of the person who asked to lift the hide, which waits for a second person.
    """

    id: str
    entity: str
    record_id: str | None
    code: str
    reason: str | None
    hidden_by: str | None
    hidden_at: datetime
    lift_asked_by: str | None


async def active_hides(session: AsyncSession) -> tuple[ActiveHide, ...]:
    """Return all hides in effect with their reasons, newest first (writer session)."""
    rows = await session.execute(
        select(
            Hide.id,
            Hide.entity,
            Hide.record_id,
            Hide.code,
            Hide.reason,
            Hide.hidden_by,
            Hide.hidden_at,
            Hide.lift_asked_by,
        )
        .where(Hide.lifted_at.is_(None))
        .order_by(Hide.hidden_at.desc(), Hide.id)
    )
    return tuple(ActiveHide(*row) for row in rows)


async def visible_hides(session: AsyncSession, actor: Actor) -> tuple[ActiveHide, ...]:
    """Return the hides in effect that the actor may see (writer session).

    A hide names its record, so it is shown to people who could restore the record and to the person
    who hid it; hides of restricted spaces only to the named readers of the space (P31, P56). The
    free text is for the person who hid the record and for coordinators.
    """
    found = await active_hides(session)
    charge = await _charge(session, actor, found)
    told = [hide for hide in found if hide.id in charge]
    staff_reads.show(session, "hide", [hide.id for hide in told])
    return tuple(
        hide
        if hide.hidden_by == actor.id or actor.role is Role.COORDINATOR
        else replace(hide, reason=None)
        for hide in told
    )


async def _charge(session: AsyncSession, actor: Actor, hides: tuple[ActiveHide, ...]) -> set[str]:
    """Return the ids of the hides that a person may see, by the rules of `visible_hides`."""
    ids = {
        entity: [hide.record_id for hide in hides if hide.entity == entity]
        for entity in ("space", "crossing")
    }
    untold = set(
        await session.scalars(_unnamed(actor).where(Location.id == func.any(ids["space"])))
    )
    spaces = await session.execute(
        select(Location.id, Location.organization_id, Location.country).where(
            Location.id == func.any(ids["space"])
        )
    )
    crossings = await session.execute(
        select(Crossing.id, Crossing.country_a, Crossing.country_b).where(
            Crossing.id == func.any(ids["crossing"])
        )
    )
    owners: dict[tuple[str, str | None], tuple[str | None, tuple[str | None, ...]]] = {
        ("space", id_): (organization_id, (country,)) for id_, organization_id, country in spaces
    }
    owners |= {("crossing", id_): (None, (one, other)) for id_, one, other in crossings}
    told = set()
    for hide in hides:
        organization_id, countries = owners.get((hide.entity, hide.record_id), (None, (None,)))
        if hide.entity == "space" and hide.record_id in untold:
            continue
        if hide.hidden_by == actor.id or any(
            can_propose(actor, organization_id=organization_id, country=country)
            for country in countries
        ):
            told.add(hide.id)
    return told


async def is_hidden(session: AsyncSession, space_id: str) -> bool:
    """Return whether a space is hidden now, by itself or within an area (writer session)."""
    hidden_at = text("select hidden_at from amparo.space_record where id = :id")
    return await session.scalar(hidden_at, {"id": space_id}) is not None


def _unnamed(actor: Actor) -> Select[str]:
    """Return the query for the restricted spaces of which a person is no named reader (P39)."""
    named = (
        select(RestrictedReader.person)
        .where(RestrictedReader.location_id == Location.id, RestrictedReader.person == actor.id)
        .exists()
    )
    return select(Location.id).where(Location.visibility == "restricted", ~named)


async def is_unknown(session: AsyncSession, space_id: str | None, actor: Actor | str) -> bool:
    """Return whether a space must be treated as nonexistent for the actor.

    A restricted space is known to its named readers only (P39), a hidden space only to people who
    may propose changes to the space (P56). Commands on the server may know of every space.
    """
    if isinstance(actor, str) or space_id is None:
        return False
    if await session.scalar(_unnamed(actor).where(Location.id == space_id)) is not None:
        return True
    return space_id in await untold_hidden(session, actor, [space_id])


async def untold_hidden(session: AsyncSession, actor: Actor, ids: Iterable[str]) -> set[str]:
    """Return the ids of hidden spaces to which the actor may not propose changes (P56)."""
    rows = await session.execute(
        select(_records.c.id, _records.c.organization_id, _records.c.country).where(
            _records.c.id == func.any(list(ids)), _records.c.hidden_at.is_not(None)
        )
    )
    return {
        id_
        for id_, organization_id, country in rows
        if not can_propose(actor, organization_id=organization_id, country=country)
    }
