"""Reports of hazards by the public, shown to approvers only and deleted once decided (P36, P37).

A report is a kind, a point rounded to about 100 m and a day: no free text, no hour, and nothing
about the reporter. A decision deletes the report; a hazard made from it is the approver's proposal.
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

#: Kinds that can be reported. Police and migration controls are not hazards, and are not collected
#: (P36).
KINDS = (*PHYSICAL_HAZARDS, *HUMAN_THREATS)

#: Decimals of a stored position, about 100 m (P9).
DECIMALS = 3

#: Distance in degrees, about 28 km, within which a country's approvers see a report. It covers the
#: error of the boundaries and the other bank of a border river (our choice).
NEAR_DEG = 0.25

#: Days after which an undecided report is deleted (our choice: two working weeks).
DELETE_DAYS = 14

#: Maximum number of reports on one page of the queue.
MAX_LIMIT = 200


@dataclass(frozen=True, slots=True)
class Report:
    """A reported hazard as an approver sees it.

    Attributes
    ----------
    lon, lat : float
        Degrees, rounded to `DECIMALS`.
    countries : tuple of str
        Codes of the countries in which the point lies, or within `NEAR_DEG` of it.
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
    """Store a report, and return whether it is new (writer session).

    Parameters
    ----------
    key : UUID
        Idempotency key drawn by the phone: a report sent several times is stored once.
    lon, lat : float
        Degrees; rounded again to `DECIMALS`.
    seen_on : date
        Day on which the hazard was seen.

    Raises
    ------
    InvalidRecordError
        The kind is unknown or not collected, the day is too long ago or in the future, or the point
        is outside the region.
    KeyReusedError
        The key was used for another report before.
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
            # A new id, not the phone's key: the report cannot be joined to its receipt.
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
    """Return the countries whose approvers see a report: those with a boundary within `NEAR_DEG`.

    If there is none, the countries whose bounding box holds the point.
    """
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
    """Return the reports that the actor may decide on, ordered by day (writer session).

    An approver sees reports in or near their own countries, a coordinator all, others none.

    Raises
    ------
    ForbiddenError
        The actor is below the role of an editor.
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
    """Return one report, locked until the transaction ends (writer session).

    Raises
    ------
    NotFoundError
        There is no such report, it is decided already, or the actor may not decide on it.
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
    """Propose a hazard from a report, to be accepted by a second person; delete the report.

    Needs a writer session.

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
    """Delete a report without proposing a hazard (writer session).

    The audit records the deletion, but neither the kind nor the place.

    Raises
    ------
    NotFoundError
        As in `one`.
    InvalidRecordError
        The reason is missing.
    """
    checked_reason(reason)
    report = await one(session, actor, report_id)
    await _delete(session, report)
    await note(session, actor.id, "report.discarded", "report", {report_id: ()})


async def forget_old(session: AsyncSession, today: date) -> int:
    """Delete the reports past their deletion day, and return how many (writer session, P29)."""
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
