"""Emergency hides (P24), which take a space, a crossing or an area out of every response at once.

A hide is one row of a table that the views of every tier look up at each read. Nothing is copied
and no process is notified, so a hide takes effect with its commit, on every worker, even if the
hidden record is just being written.

Hiding takes one person. Hides of one person beyond the daily limit end again unless a second person
agrees (`geo.removals.removal_log`), and lifting another person's hide takes two people (P52). The
coded reason is for everybody who may propose changes to the record, the free text for the person
who hid it and for coordinators (P56).
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
    "lift_record",
    "visible_hides",
]

#: Maximum length of a reason, equal to that of texts in audit entries.
MAX_REASON = trail.MAX_TEXT

#: Time within which a person may lift a hide of their own alone (P52).
OWN_LIFT = timedelta(hours=1)

#: Code of the hide that covers a space while a proposal to restrict it waits for a second person.
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
    """Hide one space at once; a space that is hidden already stays hidden.

    Parameters
    ----------
    session : AsyncSession
        Session of the writer tier; the hide takes effect with its commit.
    space_id : str
        Id of the space.
    actor : Actor or str
        A person, whose permission is checked, or ``cli`` or ``system``.
    reason : str
        Reason as free text, for coordinators and for the person who hides.
    code : str
        Reason as one of `geo.models.HIDE_CODES`, for people who may propose changes to the record.
    now : datetime or None
        Current time, timezone-aware; None for the database's clock.

    Returns
    -------
    str
        Id of the hide, by which it can be lifted.

    Raises
    ------
    NotFoundError
        There is no such space, or the person may not know of it.
    ForbiddenError
        The person may not hide spaces in that country.
    InvalidRecordError
        The reason is missing or too long, or the code is unknown.
    """
    country = await session.scalar(select(Location.country).where(Location.id == space_id))
    if country is None or await is_unknown(session, space_id, actor):
        raise not_found("space", space_id)
    require_any(actor, (country,))
    why = _Why("hide", _reason(reason), _code(code), await removal_log.moment(session, now))
    return await _hide_record(session, "space", space_id, actor, why)


async def hide_restricting(
    session: AsyncSession, space_id: str, *, actor: Actor | str, reason: str, now: datetime
) -> str:
    """Hide a space while a proposal to restrict it waits for a second person (writer session; P52).

    Whoever may propose the restriction may hide the space; the caller checks the permission.
    Returns the id of the hide.
    """
    why = _Why("restrict", _reason(reason[:MAX_REASON]), RESTRICTION, now)
    return await _hide_record(session, "space", space_id, actor, why)


async def end_restricting(
    session: AsyncSession, space_id: str, *, actor: Actor | str, now: datetime
) -> None:
    """Lift the temporary hide made by `hide_restricting` once the space itself is restricted.

    Needs a writer session; does nothing if the space has no such hide.
    """
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
    """Hide one crossing at once, so that no route uses it; parameters are those of `hide_space`."""
    countries = (
        await session.execute(
            select(Crossing.country_a, Crossing.country_b).where(Crossing.id == crossing_id)
        )
    ).one_or_none()
    if countries is None:
        raise not_found("crossing", crossing_id)
    require_any(actor, tuple(countries))
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
    """Hide every space and crossing that lies in an area, now or later.

    Parameters
    ----------
    session : AsyncSession
        Session of the writer tier.
    area : dict
        A GeoJSON Polygon or MultiPolygon, lon, lat in degrees (EPSG:4326).
    actor, reason, code, now
        As in `hide_space`. Only people who may hide in every country may hide an area, and such a
        hide always ends after a day unless a second person confirms it.

    Raises
    ------
    ForbiddenError
        The person may not hide in every country.
    InvalidRecordError
        The geometry is not a valid area in degrees, the reason is missing, or the code is unknown.
    """
    require_any(actor, (None,))
    polygon = read_polygon(area)
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
    """Lift a hide, or ask a second person to lift it (writer session).

    The person who hid the record may lift the hide alone within `OWN_LIFT`, unless a second person
    agreed to it. Otherwise lifting takes two people, of whom the first only asks (P52). The command
    line lifts a hide at once. A record that another hide covers too stays hidden.

    Parameters
    ----------
    actor, reason, now
        As in `hide_space`.

    Returns
    -------
    bool
        True if the hide is lifted; False if the lifting waits for a second person.

    Raises
    ------
    NotFoundError
        There is no such hide, it is lifted already, or the person may not know of it.
    SessionNeededError
        The request comes from a program with a token, which may not lift hides (P50).
    ForbiddenError
        The person may not hide records in that country, and so may not lift hides either.
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
        raise not_found("hide", hide_id)
    require_any(actor, await _countries(session, found.entity, found.record_id))
    record_id = hide_id if found.record_id is None else found.record_id
    at = await removal_log.moment(session, now)
    if not await _may_end_alone(session, found, actor, at):
        assert isinstance(actor, Actor)  # noqa: S101 -- the command line may always lift alone
        await _ask(session, found, record_id, actor, words, at)
        return False
    await _show(session, hide_id, found.entity, record_id, actor, words, at)
    return True


async def _may_end_alone(
    session: AsyncSession, hide: Hide, actor: Actor | str, now: datetime
) -> bool:
    """Return whether a hide is lifted at once if this actor asks for it, by the rules of `lift`.

    It is if the command line asks, if another person has asked before, or if the actor hid the
    record within `OWN_LIFT` and no second person agreed to the hide.
    """
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
    """Lift a hide, mark its removals in the removal log as ended, and write an audit entry."""
    await session.execute(
        update(Hide)
        .where(Hide.id == hide_id)
        .values(lifted_at=now, lift_reason=func.coalesce(Hide.lift_reason, words))
        .execution_options(synchronize_session=False)
    )
    await removal_log.end_hide(session, hide_id, now)
    await _noted(session, "lift", entity, record_id, actor, hide_id, words)


async def lift_record(
    session: AsyncSession,
    entity: str,
    record_id: str,
    *,
    actor: Actor | str,
    reason: str,
    now: datetime | None = None,
) -> bool:
    """Lift the hide of one ``space`` or ``crossing``, by the rules of `lift`.

    A record in a hidden area stays hidden.

    Raises
    ------
    NotFoundError
        The record is not hidden by a hide of its own.
    """
    hide_id = await _active_id(session, entity, record_id)
    return await lift(session, hide_id, actor=actor, reason=reason, now=now)


@dataclass(frozen=True, slots=True)
class _Why:
    """Data of a new hide: its act in the removal log, its free text, its code and its time."""

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
        # A program with a token does not count as a second person (P50).
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
    """Return the countries of a hidden record; (None,) for an area or a deleted record."""
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


def require_any(actor: Actor | str, countries: tuple[str | None, ...]) -> None:
    """Refuse a person who may hide in none of the countries; commands always pass.

    Raises
    ------
    ForbiddenError
        The person may hide in none of them.
    """
    if isinstance(actor, str) or any(can_hide(actor, country=country) for country in countries):
        return
    require_hide(actor, country=countries[0])


async def _person(session: AsyncSession, actor: Actor | str) -> str | None:
    """Return the id of the actor if the actor is a person, else None."""
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
    """Write an audit entry about a hide, with the free text only if it is of the command line.

    There ``actor`` is a str. The free text of a signed-in person is stored only with the hide,
    which fewer people see than the audit (P56).
    """
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


def read_polygon(area: dict[str, Any]) -> Polygon | MultiPolygon:
    """Parse a GeoJSON Polygon or MultiPolygon in degrees (EPSG:4326).

    Raises
    ------
    InvalidRecordError
        The geometry is not a valid area in degrees.
    """
    try:
        # NaN coordinates need no warning of NumPy: GEOS reports them as invalid below.
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
        # Drop the coordinates from the message of GEOS; the kind of the error is enough.
        detail = is_valid_reason(made).partition("[")[0].strip()
        raise InvalidRecordError([("geometry", CodedReason("geometry_invalid", detail=detail))])
    return made


def not_found(entity: str, record_id: str) -> NotFoundError:
    """Return the error for a record that is not there, or that the person may not know of."""
    return NotFoundError(f"there is no {entity} {record_id}")
