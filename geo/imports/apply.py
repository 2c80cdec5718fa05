"""Writing of a checked import file: in one transaction, or as proposals for a second person."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from geo.accounts.permissions import Actor
from geo.audit import trail
from geo.errors import ConflictError, InvalidFileError
from geo.imports.check import digest, visible_ids
from geo.imports.duplicates import remember_alike
from geo.imports.reports import Checked, RowReport
from geo.proposals import submission
from geo.reasons import CodedReason
from geo.records import space_documents
from geo.records.loader import LOAD_LOCK, MAX_PROBLEMS


@dataclass(frozen=True)
class ImportResult:
    """Outcome of writing an import file.

    Attributes
    ----------
    added, changed, unchanged : int
        Number of records that were added, that were changed, and that equalled their row already.
    left_out : int
        Number of bad rows that were left out.
    proposed : int
        Number of changes that wait for a second person.
    at_once : int
        Number of changes that took effect at once, such as closing a space (P40).
    """

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    left_out: int = 0
    proposed: int = 0
    at_once: int = 0


async def apply(
    session: AsyncSession,
    checked: Checked,
    *,
    now: datetime,
    today: date,
    only_good: bool = False,
    allow_mixed: bool = False,
    actor: str = "cli",
    record_id: str | None = None,
) -> ImportResult:
    """Write a checked file, all or nothing (writer session; nothing is committed here).

    Parameters
    ----------
    only_good : bool
        Leave bad rows out instead of refusing the file.
    allow_mixed : bool
        Allow demo and real records in the database at the same time (P35).
    actor : str
        Author in the audit log: ``cli``, or the id of a person.
    record_id : str or None
        Id of the import batch, for the audit log.

    Raises
    ------
    InvalidFileError
        The file has bad rows; the error has one message for each problem.
    ConflictError
        Records have changed since the file was checked.
    InvalidRecordError, MixedDataError
        As `geo.records.space_documents.store_documents`.
    """
    bad = _require_good(checked, only_good=only_good)
    async with session.begin_nested():
        await session.execute(text("select pg_advisory_xact_lock(:key)"), {"key": LOAD_LOCK})
        rows = checked.writable()
        stored = await space_documents.read_documents(session, [row.id for row in rows])
        _require_unchanged(rows, stored)
        report = await space_documents.store_documents(
            session,
            [
                {**space_documents.patched(stored.get(row.id) or {}, row.changes), "id": row.id}
                for row in rows
            ],
            now=now,
            today=today,
            source=checked.source,
            allow_mixed=allow_mixed,
        )
        await remember_alike(session, [*report.added, *report.changed])
        applied = ImportResult(
            added=len(report.added),
            changed=len(report.changed),
            unchanged=len(checked.rows) - bad - len(report.added) - len(report.changed),
            left_out=bad,
        )
        if report.added or report.changed:
            await _noted(session, checked, applied, actor=actor, record_id=record_id)
    return applied


async def to_proposals(
    session: AsyncSession,
    checked: Checked,
    actor: Actor,
    *,
    now: datetime,
    reason: str,
    batch_id: str,
    only_good: bool = False,
    allow_mixed: bool = False,
) -> ImportResult:
    """Propose the changes of a checked file as one batch (writer session; not committed here).

    Changes that the importer may make alone, such as closing a space, take effect at once; the
    others wait for a second person (P23, P40). If an id of the file already belongs to a record
    hidden from the importer, the row silently gets a new id: the importer gets the same answer as
    for a new record, and a coordinator sees the two records as a possible duplicate (P39).
    ``allow_mixed`` is that of `geo.proposals.submission.propose`.

    Raises
    ------
    InvalidFileError
        The file has bad rows; the error has one message for each problem.
    ConflictError
        Records have changed since the file was checked.
    ForbiddenError, InvalidRecordError
        As `geo.proposals.submission.propose`.
    """
    bad = _require_good(checked, only_good=only_good)
    rows = checked.writable()
    visible = await visible_ids(session, [row.id for row in rows], actor)
    stored = await space_documents.read_documents(session, visible)
    _require_unchanged(rows, stored)
    there = await visible_ids(session, [row.id for row in rows], None)
    # A row whose id is not visible to the importer is a new record, or its id belongs to a hidden
    # record. In the second case the row gets a new id, so that no message mentions the hidden one.
    other_ids = {id_: submission.new_id("space") for id_ in there - visible}
    wanted = [
        submission.ChangeRequest(
            row.id if row.id in visible else None, _proposed(row, visible, other_ids)
        )
        for row in rows
    ]
    async with session.begin_nested():
        outcomes = await submission.propose(
            session,
            actor,
            "space",
            wanted,
            reason=reason,
            via="import",
            now=now,
            batch_id=batch_id,
            allow_mixed=allow_mixed,
        )
        applied = ImportResult(
            unchanged=len(checked.rows) - bad - len(rows),
            left_out=bad,
            proposed=sum(outcome.proposal_id is not None for outcome in outcomes),
            at_once=sum(outcome.applied for outcome in outcomes),
        )
        await _noted(session, checked, applied, actor=actor.id, record_id=batch_id)
    return applied


def _proposed(row: RowReport, visible: set[str], other_ids: Mapping[str, str]) -> Mapping[str, Any]:
    changes = dict(row.changes)
    if isinstance(points := changes.get("referral_points"), list):
        changes["referral_points"] = [other_ids.get(point, point) for point in points]
    return changes if row.id in visible else {**changes, "id": other_ids.get(row.id, row.id)}


def _require_good(checked: Checked, *, only_good: bool) -> int:
    bad = sum(row.state == "bad" for row in checked.rows)
    if bad and not only_good:
        raise InvalidFileError(checked.problems(MAX_PROBLEMS))
    return bad


def _require_unchanged(rows: list[RowReport], stored: Mapping[str, dict[str, Any]]) -> None:
    if any(row.base != digest(stored.get(row.id)) for row in rows):
        raise ConflictError(CodedReason("records_changed"))


async def _noted(
    session: AsyncSession,
    checked: Checked,
    applied: ImportResult,
    *,
    actor: str,
    record_id: str | None,
) -> None:
    await trail.record(
        session,
        actor=actor,
        action="import.applied",
        entity="import",
        record_id=record_id,
        details={
            "format": checked.format,
            "sha256": checked.sha256[:16],
            **{name: n for name, n in applied.__dict__.items() if n},
        },
    )
