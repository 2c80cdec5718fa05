"""Emergency hides (P24): a space, a crossing or an area is out of every answer at once.

A hide is one row, and the views of every tier look for it at every read: nothing is copied and
nothing is told to anybody, so it is in effect with its commit, on every worker, whether or not
somebody is just writing the hidden record.

Hiding takes one person; many by one end again unless a second one agrees
(`geo.removals.removal_log`), and lifting another's hide takes two (P52). Why something is hidden is
a code for those in charge of it, and words for who hid it and who coordinates (P56).
"""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from geoalchemy2.shape import from_shape
from shapely import is_valid_reason
from shapely.errors import GEOSException
from shapely.geometry import MultiPolygon, Polygon, shape
from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from geo.accounts.permissions import Actor, can_hide, is_present, require_hide, require_present
from geo.audit import trail
from geo.errors import InvalidRecordError, NotFoundError
from geo.models import HIDE_CODES, Crossing, Hide, Location, Person
from geo.reasons import CodedReason
from geo.removals import removal_log
from geo.removals.hidden_records import (
    ActiveHide,
    active_hides,
    is_hidden,
    is_unknown,
    visible_hides,
)

__all__ = [
    "MAX_REASON",
    "OWN_LIFT",
    "RESTRICTION",
    "ActiveHide",
    "active_hides",
    "end_restricting",
    "hide_area",
    "hide_crossing",
    "hide_restricting",
    "hide_space",
    "is_hidden",
    "lift",
    "lift_crossing",
    "lift_space",
    "visible_hides",
]

#: Of the reason, as of every text in an audit entry.
MAX_REASON = trail.MAX_TEXT

#: For so long who hid something may show it again alone (P52).
OWN_LIFT = timedelta(hours=1)

#: Why a space is hidden while its restriction waits for a second person.
RESTRICTION = "restriction"


async def hide_space(
    session: AsyncSession,
    space_id: str,
    *,
    actor: Actor | str,
    reason: str,
    code: str = "other",
    now: datetime | None = None,
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
        Why, in words; for who coordinates and for who hides.
    code : str
        Why, as one of `geo.models.HIDE_CODES`; for those in charge of the record.
    now : datetime or None
        Aware; None is the database's now.

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
        No reason is given, or no such code.
    """
    country = await session.scalar(select(Location.country).where(Location.id == space_id))
    if country is None or await is_unknown(session, space_id, actor):
        raise _not_found("space", space_id)
    _require(actor, (country,))
    why = _Why("hide", _reason(reason), _code(code), await removal_log.moment(session, now))
    return await _hide_record(session, "space", space_id, actor, why)


async def hide_restricting(
    session: AsyncSession, space_id: str, *, actor: Actor | str, reason: str, now: datetime
) -> str:
    """Hide a space of which somebody proposes that it be restricted (writer; P52).

    Whoever may propose that may hide so; the caller checks it. As `hide_space`.
    """
    why = _Why("restrict", _reason(reason[:MAX_REASON]), RESTRICTION, now)
    return await _hide_record(session, "space", space_id, actor, why)


async def end_restricting(
    session: AsyncSession, space_id: str, *, actor: Actor | str, now: datetime
) -> None:
    """End such a hide once two people restrict the space: that holds in its place (writer)."""
    found = await session.scalar(
        select(Hide.id)
        .join(Location, Location.id == Hide.record_id)
        .where(
            Hide.entity == "space",
            Hide.record_id == space_id,
            Hide.lifted_at.is_(None),
            Hide.code == RESTRICTION,
            Location.visibility == "restricted",
        )
    )
    if found is not None:
        await _show(session, found, "space", space_id, actor, "", now)


async def hide_crossing(
    session: AsyncSession,
    crossing_id: str,
    *,
    actor: Actor | str,
    reason: str,
    code: str = "other",
    now: datetime | None = None,
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
    why = _Why("hide", _reason(reason), _code(code), await removal_log.moment(session, now))
    return await _hide_record(session, "crossing", crossing_id, actor, why)


async def hide_area(
    session: AsyncSession,
    area: dict[str, Any],
    *,
    actor: Actor | str,
    reason: str,
    code: str = "other",
    now: datetime | None = None,
) -> str:
    """Hide every space and crossing that lies in an area, now or later (writer).

    Parameters
    ----------
    session : AsyncSession
        Of the writer.
    area : dict
        A GeoJSON Polygon or MultiPolygon, lon, lat in degrees (EPSG:4326).
    actor, reason, code, now
        As for `hide_space`; an area is for those who may hide anywhere, and by one person alone
        always for a day.

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
    why = _Why("hide", _reason(reason), _code(code), await removal_log.moment(session, now))
    person = await _person(session, actor)
    session.add(
        Hide(
            id=hide_id,
            entity="area",
            geom=from_shape(polygon, srid=4326),
            reason=why.words,
            code=why.code,
            hidden_by=person,
            hidden_at=why.now,
        )
    )
    await session.flush()
    await removal_log.note(
        session, "area", hide_id, "hide", person=person, now=why.now, hide_id=hide_id
    )
    await _noted(session, "hide", "area", hide_id, actor, hide_id, why.words, code=why.code)
    return hide_id


async def lift(
    session: AsyncSession,
    hide_id: str,
    *,
    actor: Actor | str,
    reason: str,
    now: datetime | None = None,
) -> bool:
    """End a hide, or ask for it (writer); what other hides cover stays hidden.

    Who hid it ends it alone within `OWN_LIFT`, unless a second person agreed to the hide; else it
    takes two people, of whom the first only asks (P52). The command line ends it at once.

    Parameters
    ----------
    actor, reason, now
        As for `hide_space`.

    Returns
    -------
    bool
        True where it has ended; False where it waits for a second person.

    Raises
    ------
    NotFoundError
        There is no such hide, or it is lifted already, or this person is not told of it.
    SessionNeededError
        A program asks, in whoever's name: lifting opens (P50).
    ForbiddenError
        The person may not hide there, so may not lift either.
    """
    if isinstance(actor, Actor):
        require_present(actor)
    words = _reason(reason)
    found = await session.scalar(
        select(Hide).where(Hide.id == hide_id, Hide.lifted_at.is_(None)).with_for_update()
    )
    if found is None or (
        found.entity == "space" and await is_unknown(session, found.record_id, actor)
    ):
        raise _not_found("hide", hide_id)
    _require(actor, await _countries(session, found.entity, found.record_id))
    record_id = hide_id if found.record_id is None else found.record_id
    at = await removal_log.moment(session, now)
    if not await _may_end_alone(session, found, actor, at):
        assert isinstance(actor, Actor)  # noqa: S101 -- the command line ends it alone
        await _ask(session, found, record_id, actor, words, at)
        return False
    await _show(session, hide_id, found.entity, record_id, actor, words, at)
    return True


async def _may_end_alone(
    session: AsyncSession, hide: Hide, actor: Actor | str, now: datetime
) -> bool:
    """Return whether this person ends a hide: as who made it just now, or as the second one."""
    if isinstance(actor, str):
        return True
    if hide.lift_asked_by is not None and hide.lift_asked_by != actor.id:
        return True
    is_own = hide.hidden_by == actor.id and now - hide.hidden_at <= OWN_LIFT
    return is_own and not await removal_log.is_agreed(session, hide.id)


async def _ask(
    session: AsyncSession, hide: Hide, record_id: str, actor: Actor, words: str, now: datetime
) -> None:
    if hide.lift_asked_by is not None:
        return
    hide.lift_asked_by, hide.lift_asked_at, hide.lift_reason = actor.id, now, words
    await session.flush()
    await _noted(session, "lift_asked", hide.entity, record_id, actor, hide.id, words)


async def _show(
    session: AsyncSession,
    hide_id: str,
    entity: str,
    record_id: str,
    actor: Actor | str,
    words: str,
    now: datetime,
) -> None:
    """End a hide, and its removals with it."""
    await session.execute(
        update(Hide)
        .where(Hide.id == hide_id)
        .values(lifted_at=now, lift_reason=func.coalesce(Hide.lift_reason, words))
        .execution_options(synchronize_session=False)
    )
    await removal_log.end_hide(session, hide_id, now)
    await _noted(session, "lift", entity, record_id, actor, hide_id, words)


async def lift_space(
    session: AsyncSession,
    space_id: str,
    *,
    actor: Actor | str,
    reason: str,
    now: datetime | None = None,
) -> bool:
    """End the hide of one space (writer); one in a hidden area stays hidden; see `lift`."""
    hide_id = await _active_id(session, "space", space_id)
    return await lift(session, hide_id, actor=actor, reason=reason, now=now)


async def lift_crossing(
    session: AsyncSession,
    crossing_id: str,
    *,
    actor: Actor | str,
    reason: str,
    now: datetime | None = None,
) -> bool:
    """End the hide of one crossing (writer); one in a hidden area stays hidden; see `lift`."""
    hide_id = await _active_id(session, "crossing", crossing_id)
    return await lift(session, hide_id, actor=actor, reason=reason, now=now)


@dataclass(frozen=True, slots=True)
class _Why:
    """By which act, and why, in words and as a code; when."""

    act: str
    words: str
    code: str
    now: datetime


async def _hide_record(
    session: AsyncSession, entity: str, record_id: str, actor: Actor | str, why: _Why
) -> str:
    person = await _person(session, actor)
    made = await session.scalar(
        insert(Hide)
        .values(
            id=str(uuid.uuid4()),
            entity=entity,
            record_id=record_id,
            reason=why.words,
            code=why.code,
            hidden_by=person,
            hidden_at=why.now,
        )
        .on_conflict_do_nothing(
            index_elements=["entity", "record_id"], index_where=Hide.lifted_at.is_(None)
        )
        .returning(Hide.id)
    )
    if made is None:
        there = await _active_id(session, entity, record_id)
        # A program is nobody's second person (P50).
        if not isinstance(actor, Actor) or is_present(actor):
            await removal_log.agree(session, there, person=person, now=why.now)
        return there
    await removal_log.note(
        session, entity, record_id, why.act, person=person, now=why.now, hide_id=made
    )
    await _noted(session, "hide", entity, record_id, actor, made, why.words, code=why.code)
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
    verb: str,
    entity: str,
    record_id: str,
    actor: Actor | str,
    hide_id: str,
    words: str,
    *,
    code: str | None = None,
) -> None:
    """Write to the audit; a person's words stay with the hide, for fewer people to read (P56)."""
    details = {"hide": hide_id}
    if isinstance(actor, str):
        details["reason"] = words
    elif code is not None:
        details["code"] = code
    await trail.record(
        session,
        actor=actor if isinstance(actor, str) else actor.id,
        action=f"{verb}.{entity}",
        entity=entity,
        record_id=record_id,
        details=details,
    )


def _code(code: str) -> str:
    if code not in HIDE_CODES:
        raise InvalidRecordError([("code", CodedReason("not_one_of", choices=HIDE_CODES))])
    return code


def _reason(reason: str) -> str:
    stated = reason.strip()
    if not 1 <= len(stated) <= MAX_REASON or "\x00" in stated:
        raise InvalidRecordError([("reason", CodedReason("length", most=MAX_REASON))])
    return stated


def _polygon(area: dict[str, Any]) -> Polygon | MultiPolygon:
    try:
        # GEOS says of NaN what it says of any other coordinate that is none: not valid.
        with np.errstate(invalid="ignore"):
            made = shape(area)
    except (GEOSException, ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
        raise InvalidRecordError([("geometry", CodedReason("not_geometry"))]) from error
    if not isinstance(made, Polygon | MultiPolygon) or made.is_empty:
        found = "empty" if made.is_empty else f"a {made.geom_type}"
        reason = CodedReason("geometry_kind", found=found, kinds="Polygon or MultiPolygon")
        raise InvalidRecordError([("geometry", reason)])
    west, south, east, north = made.bounds
    if west < -180 or east > 180 or south < -90 or north > 90:  # noqa: PLR2004
        raise InvalidRecordError([("geometry", CodedReason("not_degrees"))])
    if not made.is_valid:
        # Without GEOS' coordinates: what went wrong is enough.
        detail = is_valid_reason(made).partition("[")[0].strip()
        raise InvalidRecordError([("geometry", CodedReason("geometry_invalid", detail=detail))])
    return made


def _not_found(entity: str, record_id: str) -> NotFoundError:
    return NotFoundError(f"there is no {entity} {record_id}")
