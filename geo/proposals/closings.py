"""Closing of a space, with a coded reason at once and free text after a review (P40, P51)."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from geo.accounts.permissions import Actor
from geo.errors import NothingChangesError
from geo.proposals.submission import Outcome, propose_space
from geo.text import coded_reasons


@dataclass(frozen=True, slots=True)
class SpaceClosing:
    """The closing of a space: its new status, coded reason, last day and free text.

    Attributes
    ----------
    status : str
        ``full``, ``temporarily_closed`` or ``closed``.
    because : str or None
        Code of `geo.text.coded_reasons.REASONS`; public at once, like ``until``.
    until : date or None
        The last day of the closing, if known.
    notice : str or None
        Free text, which a second person reviews before it is public.
    since : date or None
        The first day of the closing, if stated.
    """

    status: str
    because: str | None = None
    until: date | None = None
    notice: str | None = None
    since: date | None = None


async def close_space(
    session: AsyncSession,
    actor: Actor,
    space_id: str,
    closing: SpaceClosing,
    *,
    reason: str,
    via: str,
    now: datetime,
) -> Outcome:
    """Close a space, or mark it as full (writer session).

    Raises
    ------
    NotFoundError, ForbiddenError, InvalidRecordError
        As in `geo.proposals.submission.propose`.
    """
    coded = coded_reasons.NoticeReason(closing.because, closing.since, closing.until).text
    said = " ".join(filter(None, [(closing.notice or "").strip(), coded]))
    at_once = coded if coded and not coded_reasons.is_ours(said, now.date()) else said
    changes = {"status": closing.status} | ({"notice": at_once} if at_once else {})
    made = [await _propose(session, actor, space_id, changes, reason, via, now)]
    if said != at_once:
        # Until a second person has reviewed the free text, only the coded reason is public.
        more = {"notice": said}
        made.append(await _propose(session, actor, space_id, more, reason, via, now))
    done = [outcome for outcome in made if outcome is not None]
    if not done:
        raise NothingChangesError
    return Outcome(
        space_id,
        done[-1].proposal_id,
        any(outcome.applied for outcome in done),
        tuple(sorted({name for outcome in done for name in outcome.applied_fields})),
        done[-1].waiting_fields,
    )


async def _propose(
    session: AsyncSession,
    actor: Actor,
    space_id: str,
    changes: dict[str, Any],
    reason: str,
    via: str,
    now: datetime,
) -> Outcome | None:
    """Propose a change and return its outcome, or None if it changes nothing."""
    try:
        return await propose_space(
            session,
            actor,
            space_id=space_id,
            changes=changes,
            reason=reason,
            via=via,
            now=now,
        )
    except NothingChangesError:
        return None
