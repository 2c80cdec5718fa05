"""Emergency hides (P24): a space, a crossing or an area is out of every answer at once.

A hide is one row, and the views of every tier look for it at every read: nothing is copied and
nothing is told to anybody, so it is in effect with its commit, on every worker, whether or not
somebody is just writing the hidden record.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from geoalchemy2.shape import from_shape
from shapely import is_valid_reason
from shapely.errors import GEOSException
from shapely.geometry import MultiPolygon, Polygon, shape
from sqlalchemy import Select, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from geo import audit
from geo.authority import Actor, can_hide, require_hide, require_present
from geo.errors import InvalidRecordError, NotFoundError
from geo.models import Crossing, Hide, Location, Person, RestrictedReader

#: Of the reason, as of every text in an audit entry.
MAX_REASON = audit.MAX_TEXT


@dataclass(frozen=True, slots=True)
class ActiveHide:
    """What is hidden now; ``record_id`` is None for an area."""

    id: str
    entity: str
    record_id: str | None
    reason: str
    hidden_by: str | None
    hidden_at: datetime


async def hide_space(
    session: AsyncSession, space_id: str, *, actor: Actor | str, reason: str
) -> str:
    """Hide one space at once (writer); one that is hidden already stays so.

    Parameters
    ----------
    session : AsyncSession
        Of the writer; the hide is in effect with its commit.
    space_id : str
        Of the space.
    actor : Actor or str
        Who hides: a person, whose right is checked, or ``cli`` or ``system``.
    reason : str
        Why; for staff.

    Returns
    -------
    str
        Id of the hide, by which it is lifted.

    Raises
    ------
    NotFoundError
        There is no such space, or none that this person is told of.
    ForbiddenError
        The person may not hide there.
    InvalidRecordError
        No reason is given.
    """
    country = await session.scalar(select(Location.country).where(Location.id == space_id))
    if country is None or await _is_unknown(session, space_id, actor):
        raise _not_found("space", space_id)
    _require(actor, (country,))
    return await _hide_record(session, "space", space_id, actor, reason)


async def hide_crossing(
    session: AsyncSession, crossing_id: str, *, actor: Actor | str, reason: str
) -> str:
    """Hide one crossing at once (writer): no route passes it then; as `hide_space`."""
    countries = (
        await session.execute(
            select(Crossing.country_a, Crossing.country_b).where(Crossing.id == crossing_id)
        )
    ).one_or_none()
    if countries is None:
        raise _not_found("crossing", crossing_id)
    _require(actor, tuple(countries))
    return await _hide_record(session, "crossing", crossing_id, actor, reason)


async def hide_area(
    session: AsyncSession, area: dict[str, Any], *, actor: Actor | str, reason: str
) -> str:
    """Hide every space and crossing that lies in an area, now or later (writer).

    Parameters
    ----------
    session : AsyncSession
        Of the writer.
    area : dict
        A GeoJSON Polygon or MultiPolygon, lon, lat in degrees (EPSG:4326).
    actor, reason
        As for `hide_space`; an area is for those who may hide anywhere.

    Raises
    ------
    ForbiddenError
        The person may not hide anywhere.
    InvalidRecordError
        The geometry is no area on the globe, or no reason is given.
    """
    _require(actor, (None,))
    polygon = _polygon(area)
    hide_id = str(uuid.uuid4())
    session.add(
        Hide(
            id=hide_id,
            entity="area",
            geom=from_shape(polygon, srid=4326),
            reason=_reason(reason),
            hidden_by=await _person(session, actor),
        )
    )
    await session.flush()
    await _noted(session, "hide.area", "area", hide_id, actor, reason, hide_id)
    return hide_id


async def lift(session: AsyncSession, hide_id: str, *, actor: Actor | str, reason: str) -> None:
    """End a hide (writer); what other hides cover stays hidden.

    Raises
    ------
    NotFoundError
        There is no such hide, or it is lifted already.
    SessionNeededError
        A program asks, in whoever's name: lifting opens (P50).
    ForbiddenError
        The person may not hide there, so may not lift either.
    """
    if isinstance(actor, Actor):
        require_present(actor)
    found = (
        await session.execute(
            select(Hide.entity, Hide.record_id).where(Hide.id == hide_id, Hide.lifted_at.is_(None))
        )
    ).one_or_none()
    if found is None or (
        found.entity == "space" and await _is_unknown(session, found.record_id, actor)
    ):
        raise _not_found("hide", hide_id)
    _require(actor, await _countries(session, found.entity, found.record_id))
    await session.execute(
        update(Hide)
        .where(Hide.id == hide_id)
        .values(lifted_at=func.now())
        .execution_options(synchronize_session=False)
    )
    record_id = hide_id if found.record_id is None else found.record_id
    await _noted(
        session, f"lift.{found.entity}", found.entity, record_id, actor, _reason(reason), hide_id
    )


async def lift_space(
    session: AsyncSession, space_id: str, *, actor: Actor | str, reason: str
) -> None:
    """End the hide of one space (writer); one in a hidden area stays hidden; see `lift`."""
    await lift(session, await _active_id(session, "space", space_id), actor=actor, reason=reason)


async def lift_crossing(
    session: AsyncSession, crossing_id: str, *, actor: Actor | str, reason: str
) -> None:
    """End the hide of one crossing (writer); one in a hidden area stays hidden; see `lift`."""
    hide_id = await _active_id(session, "crossing", crossing_id)
    await lift(session, hide_id, actor=actor, reason=reason)


async def active_hides(session: AsyncSession) -> tuple[ActiveHide, ...]:
    """Return what is hidden now, the newest first (writer)."""
    rows = await session.execute(
        select(Hide.id, Hide.entity, Hide.record_id, Hide.reason, Hide.hidden_by, Hide.hidden_at)
        .where(Hide.lifted_at.is_(None))
        .order_by(Hide.hidden_at.desc(), Hide.id)
    )
    return tuple(ActiveHide(*row) for row in rows)


async def visible_hides(session: AsyncSession, actor: Actor) -> tuple[ActiveHide, ...]:
    """Return what is hidden now as a person may be told of it (writer).

    Hides of restricted spaces are for those who are named there, since a hide names its space.
    """
    found = await active_hides(session)
    ids = [hide.record_id for hide in found if hide.entity == "space"]
    untold = set(await session.scalars(_unknown(actor).where(Location.id == func.any(ids))))
    return tuple(h for h in found if h.entity != "space" or h.record_id not in untold)


async def is_hidden(session: AsyncSession, space_id: str) -> bool:
    """Tell whether a space is hidden now, by a hide of its own or of an area (writer)."""
    hidden_at = text("select hidden_at from amparo.space_record where id = :id")
    return await session.scalar(hidden_at, {"id": space_id}) is not None


def _unknown(actor: Actor) -> Select[str]:
    """Return the question for the restricted spaces that a person is not named for (P39)."""
    named = (
        select(RestrictedReader.person)
        .where(RestrictedReader.location_id == Location.id, RestrictedReader.person == actor.id)
        .exists()
    )
    return select(Location.id).where(Location.visibility == "restricted", ~named)


async def _is_unknown(session: AsyncSession, space_id: str | None, actor: Actor | str) -> bool:
    """Tell whether a space is none that a person may know of; whoever has the machine knows all."""
    if isinstance(actor, str):
        return False
    return await session.scalar(_unknown(actor).where(Location.id == space_id)) is not None


async def _hide_record(
    session: AsyncSession, entity: str, record_id: str, actor: Actor | str, reason: str
) -> str:
    made = await session.scalar(
        insert(Hide)
        .values(
            id=str(uuid.uuid4()),
            entity=entity,
            record_id=record_id,
            reason=_reason(reason),
            hidden_by=await _person(session, actor),
        )
        .on_conflict_do_nothing(
            index_elements=["entity", "record_id"], index_where=Hide.lifted_at.is_(None)
        )
        .returning(Hide.id)
    )
    if made is None:
        return await _active_id(session, entity, record_id)
    await _noted(session, f"hide.{entity}", entity, record_id, actor, reason, made)
    return str(made)


async def _active_id(session: AsyncSession, entity: str, record_id: str) -> str:
    found = await session.scalar(
        select(Hide.id).where(
            Hide.entity == entity, Hide.record_id == record_id, Hide.lifted_at.is_(None)
        )
    )
    if found is None:
        msg = f"no {entity} {record_id} is hidden by a hide of its own"
        raise NotFoundError(msg)
    return found


async def _countries(
    session: AsyncSession, entity: str, record_id: str | None
) -> tuple[str | None, ...]:
    """Return where a hidden record lies; a record that is gone lies nowhere in particular."""
    found: tuple[str, ...] = ()
    if entity == "space":
        found = tuple(
            await session.scalars(select(Location.country).where(Location.id == record_id))
        )
    elif entity == "crossing":
        rows = await session.execute(
            select(Crossing.country_a, Crossing.country_b).where(Crossing.id == record_id)
        )
        found = tuple(code for row in rows for code in row)
    return found or (None,)


def _require(actor: Actor | str, countries: tuple[str | None, ...]) -> None:
    """Refuse a person who may hide in none of the countries; commands are not asked."""
    if isinstance(actor, str) or any(can_hide(actor, country=country) for country in countries):
        return
    require_hide(actor, country=countries[0])


async def _person(session: AsyncSession, actor: Actor | str) -> str | None:
    """Return the actor's id if it is a person's."""
    if isinstance(actor, str):
        return await session.scalar(select(Person.id).where(Person.id == actor))
    return actor.id


async def _noted(
    session: AsyncSession,
    action: str,
    entity: str,
    record_id: str,
    actor: Actor | str,
    reason: str,
    hide_id: str,
) -> None:
    await audit.record(
        session,
        actor=actor if isinstance(actor, str) else actor.id,
        action=action,
        entity=entity,
        record_id=record_id,
        details={"reason": reason, "hide": hide_id},
    )


def _reason(reason: str) -> str:
    stated = reason.strip()
    if not 1 <= len(stated) <= MAX_REASON or "\x00" in stated:
        raise InvalidRecordError([("reason", f"1 to {MAX_REASON} characters")])
    return stated


def _polygon(area: dict[str, Any]) -> Polygon | MultiPolygon:
    try:
        # GEOS says of NaN what it says of any other coordinate that is none: not valid.
        with np.errstate(invalid="ignore"):
            made = shape(area)
    except (GEOSException, ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
        raise InvalidRecordError([("geometry", "not a GeoJSON geometry")]) from error
    if not isinstance(made, Polygon | MultiPolygon) or made.is_empty:
        raise InvalidRecordError([("geometry", "not a Polygon or MultiPolygon")])
    west, south, east, north = made.bounds
    if west < -180 or east > 180 or south < -90 or north > 90:  # noqa: PLR2004
        reason = "lon is -180 to 180 and lat -90 to 90; the order is lon, lat"
        raise InvalidRecordError([("geometry", reason)])
    if not made.is_valid:
        # Without GEOS' coordinates: what went wrong is enough.
        reason = is_valid_reason(made).partition("[")[0].strip()
        raise InvalidRecordError([("geometry", reason)])
    return made


def _not_found(entity: str, record_id: str) -> NotFoundError:
    return NotFoundError(f"there is no {entity} {record_id}")
