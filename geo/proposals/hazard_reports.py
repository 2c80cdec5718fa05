"""Hazards that people report: kept for an approver's eyes alone, then gone (P36, P37).

What is kept is a kind, a point rounded to about 100 m and a day; no word, no hour, nothing of who
said it. Of a report that was decided nothing remains: its hazard is a proposal of the approver.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from geo.accounts import staff_reads
from geo.accounts.permissions import Actor, Role, can_approve, require_staff
from geo.errors import InvalidRecordError
from geo.models import HUMAN_THREATS, PHYSICAL_HAZARDS, Boundary, HazardReport
from geo.proposals import idempotency, submission
from geo.proposals.notifications import note
from geo.proposals.record_visibility import unknown
from geo.proposals.submission import ChangeRequest, Outcome, checked_reason
from geo.reasons import CodedReason
from geo.records.hazard_documents import family_of
from geo.text.countries import BOXES

#: What can be reported. Police and migration controls are no hazards and not collected (P36).
KINDS = (*PHYSICAL_HAZARDS, *HUMAN_THREATS)

#: Decimals of a position that is kept: about 100 m (P9).
DECIMALS = 3

#: Degrees around a report within which a country's approvers see it, about 28 km: the error of
#: the boundaries, and the far bank (our choice). Nobody else learns anything of it.
NEAR_DEG = 0.25

#: Days after which a report is deleted that nobody looked at (our choice: two working weeks).
DELETE_DAYS = 14

#: Most reports of one page of the queue.
MAX_LIMIT = 200


@dataclass(frozen=True, slots=True)
class Report:
    """What somebody saw, as an approver sees it.

    Attributes
    ----------
    lon, lat : float
        Degrees, rounded to `DECIMALS`.
    countries : tuple of str
        In or near which it lies.
    """

    id: str
    kind: str
    family: str
    lon: float
    lat: float
    countries: tuple[str, ...]
    seen_on: date
    delete_on: date


async def take(
    session: AsyncSession,
    key: UUID,
    *,
    kind: str,
    lon: float,
    lat: float,
    seen_on: date,
    today: date,
) -> bool:
    """Keep a report, and tell whether it was not there yet (writer).

    Parameters
    ----------
    key : UUID
        Drawn by the phone: the same report is kept once, however often it comes.
    lon, lat : float
        Degrees; rounded here again.
    seen_on : date
        Not finer than a day.

    Raises
    ------
    InvalidRecordError
        The kind is none, or not collected; the day is too long ago; the point is elsewhere.
    KeyReusedError
        The key came with another report before.
    """
    if kind not in KINDS:
        raise InvalidRecordError([("kind", CodedReason("not_collected", choices=KINDS))])
    if not idempotency.is_taken(seen_on, today):
        raise InvalidRecordError(
            [("seen_on", CodedReason("too_long_ago", days=idempotency.TAKEN_DAYS))]
        )
    lon, lat = round(lon, DECIMALS), round(lat, DECIMALS)
    countries = await _countries(session, lon, lat)
    if not countries:
        raise InvalidRecordError([("lon", CodedReason("outside_region"))])
    content = f"report {kind} {lon:.{DECIMALS}f} {lat:.{DECIMALS}f} {seen_on.isoformat()}"
    if not await idempotency.is_first(session, key, content, about=seen_on):
        return False
    await session.execute(
        insert(HazardReport).values(
            # Not the phone's number: nothing here can be joined to its receipt.
            id=f"hr-{uuid.uuid4().hex}",
            kind=kind,
            countries=countries,
            geom=f"SRID=4326;POINT({lon} {lat})",
            seen_on=seen_on,
            delete_on=today + timedelta(days=DELETE_DAYS),
        )
    )
    return True


async def _countries(session: AsyncSession, lon: float, lat: float) -> list[str]:
    """Return whose approvers see a report; where no boundary is near, by the boxes."""
    point = func.ST_SetSRID(func.ST_MakePoint(lon, lat), 4326)
    found = await session.scalars(
        select(Boundary.country)
        .where(Boundary.level == 0, func.ST_DWithin(Boundary.geom, point, NEAR_DEG))
        .distinct()
        .order_by(Boundary.country)
    )
    return list(found) or [
        code
        for code, (west, south, east, north) in BOXES.items()
        if west <= lon <= east and south <= lat <= north
    ]


async def waiting(session: AsyncSession, actor: Actor) -> list[Report]:
    """Return the reports that somebody decides on, by day (writer).

    An approver sees those in or near the own countries, a coordinator all; others none.

    Raises
    ------
    ForbiddenError
        The actor is no editor or above.
    """
    require_staff(actor)
    question = _question().order_by(HazardReport.seen_on, HazardReport.kind, HazardReport.id)
    if actor.role is not Role.COORDINATOR:
        question = question.where(HazardReport.countries.overlap(sorted(actor.countries)))
    rows = await session.execute(question.limit(MAX_LIMIT))
    found = [_report(row) for row in rows if _decides(actor, row.countries)]
    staff_reads.show(session, "report", [report.id for report in found])
    return found


async def one(session: AsyncSession, actor: Actor, report_id: str) -> Report:
    """Return one report, held until the transaction ends (writer).

    Raises
    ------
    NotFoundError
        There is none, or it is decided by now, or the actor does not decide on it.
    """
    found = await session.execute(_question().where(HazardReport.id == report_id).with_for_update())
    row = found.one_or_none()
    if row is None or not _decides(actor, row.countries):
        raise unknown("report", report_id)
    staff_reads.show(session, "report", [report_id])
    return _report(row)


async def propose(
    session: AsyncSession,
    actor: Actor,
    report_id: str,
    changes: Mapping[str, Any],
    *,
    reason: str,
    now: datetime,
) -> Outcome:
    """Make a hazard of a report, for a second person to accept; the report is gone (writer).

    Raises
    ------
    NotFoundError
        As in `one`.
    ForbiddenError, InvalidRecordError
        As in `geo.proposals.submission.propose`.
    """
    report = await one(session, actor, report_id)
    await _delete(session, report)
    wanted = ChangeRequest(None, {"hazard": report.kind, **changes})
    (outcome,) = await submission.propose(
        session, actor, "hazard", [wanted], reason=reason, via="web", now=now
    )
    return outcome


async def discard(session: AsyncSession, actor: Actor, report_id: str, reason: str) -> None:
    """Throw a report away (writer).

    The audit says that it was done and why; neither the kind nor the place.

    Raises
    ------
    NotFoundError
        As in `one`.
    InvalidRecordError
        There is no reason.
    """
    checked_reason(reason)
    report = await one(session, actor, report_id)
    await _delete(session, report)
    await note(session, actor.id, "report.discarded", "report", {report_id: ()})


async def forget_old(session: AsyncSession, today: date) -> int:
    """Delete the reports whose time has come, and say how many (writer, P29)."""
    forgotten = await session.scalars(
        delete(HazardReport)
        .where(HazardReport.delete_on <= today)
        .returning(HazardReport.id)
        .execution_options(synchronize_session=False)
    )
    return len(forgotten.all())


async def _delete(session: AsyncSession, report: Report) -> None:
    await session.execute(
        delete(HazardReport).where(HazardReport.id == report.id),
        execution_options={"synchronize_session": False},
    )


def _question() -> Any:  # noqa: ANN401 -- a select whose type has one entry a column
    return select(
        HazardReport.id,
        HazardReport.kind,
        HazardReport.countries,
        func.ST_X(HazardReport.geom).label("lon"),
        func.ST_Y(HazardReport.geom).label("lat"),
        HazardReport.seen_on,
        HazardReport.delete_on,
    )


def _decides(actor: Actor, countries: Sequence[str]) -> bool:
    return any(can_approve(actor, country=country, proposed_by=None) for country in countries)


def _report(row: Any) -> Report:  # noqa: ANN401 -- a row of `_question`
    return Report(
        row.id,
        row.kind,
        family_of(row.kind),
        row.lon,
        row.lat,
        tuple(row.countries),
        row.seen_on,
        row.delete_on,
    )
