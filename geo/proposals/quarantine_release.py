"""Quarantine of spaces with protected words (P38), and their release by two people (P40).

A space of a protected kind or service is never released. A space held by words in its texts is
released by a proposal like any other, made and accepted by named readers of the space.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from geo.accounts.permissions import Actor, require_staff
from geo.errors import ConflictError, ForbiddenError, InvalidRecordError
from geo.models import Location, RestrictedReader
from geo.proposals.record_visibility import require_known
from geo.proposals.submission import ChangeRequest, Outcome, propose
from geo.reasons import CodedReason, from_column
from geo.records.quarantine import BY_WORDS
from geo.records.readers import FileRow
from geo.records.row_validation import Row
from geo.subjects.subject import read_subject
from geo.text.protected_words import protected_phrases

#: Visibilities to which a space can be released.
RELEASED_TO = ("public", "partners")


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A space in quarantine as lists show it: without its name and the words that hold it (P31)."""

    id: str
    is_releasable: bool


async def quarantined(session: AsyncSession, actor: Actor) -> tuple[Quarantined, ...]:
    """Return the spaces in quarantine for which the actor is a named reader (writer session).

    Raises
    ------
    ForbiddenError
        The actor is below the role of an editor.
    """
    require_staff(actor)
    rows = await session.execute(
        select(Location.id, Location.quarantined)
        .join(RestrictedReader, RestrictedReader.location_id == Location.id)
        .where(RestrictedReader.person == actor.id, Location.quarantined.is_not(None))
        .order_by(Location.id)
    )
    return tuple(Quarantined(id_, _is_by_words(reason)) for id_, reason in rows)


async def held_by(
    session: AsyncSession, space_id: str, document: Mapping[str, Any]
) -> tuple[str, ...] | None:
    """Return the protected words that hold a space in quarantine (writer session).

    The words reveal the texts of the space, so the caller must write the access to the audit.

    Returns
    -------
    tuple of str or None
        Empty if the space's kind or a service holds it, so that it cannot be released; None for a
        space that is not in quarantine.
    """
    space = (
        await session.execute(
            select(Location.quarantined, Location.released).where(Location.id == space_id)
        )
    ).one_or_none()
    if space is None or space.quarantined is None:
        return None
    if not _is_by_words(space.quarantined):
        return ()
    stated = dict.fromkeys(protected_phrases(Row(FileRow(1, document)).texts()))
    return tuple(phrase for phrase in stated if phrase not in space.released)


async def propose_release(
    session: AsyncSession,
    actor: Actor,
    space_id: str,
    visibility: str,
    reason: str,
    *,
    via: str,
    now: datetime,
) -> Outcome:
    """Propose the release of a space from quarantine to a wider visibility (writer session).

    When a second person accepts, the words that held the space are stored as judged harmless: they
    no longer hold the space, but other protected words would.

    Parameters
    ----------
    visibility : str
        One of `RELEASED_TO`.
    via : str
        As in `geo.proposals.submission.propose`.
    now : datetime
        Current time, timezone-aware.

    Raises
    ------
    NotFoundError
        There is no such space, or the actor is not a named reader of it.
    ForbiddenError
        A protected kind or service holds the space, or the actor may not change it.
    ConflictError
        The space is not in quarantine.
    InvalidRecordError
        The visibility is not one of `RELEASED_TO`, or the reason is missing.
    """
    if visibility not in RELEASED_TO:
        raise InvalidRecordError([("visibility", CodedReason("not_one_of", choices=RELEASED_TO))])
    subject = await read_subject(session, "space", space_id)
    await require_known(session, actor, [subject])
    reasons = await held_by(session, space_id, subject.document or {})
    if reasons is None:
        msg = "the space is not in quarantine"
        raise ConflictError(msg)
    if not reasons:
        msg = "a space of a protected kind or service is never released (P38)"
        raise ForbiddenError(msg)
    changes = {"visibility": visibility, "confidential": False}
    wanted = [ChangeRequest(space_id, changes, subject.revision, released=reasons)]
    (outcome,) = await propose(session, actor, "space", wanted, reason=reason, via=via, now=now)
    return outcome


def _is_by_words(written: str | None) -> bool:
    return written is not None and from_column(written).code == BY_WORDS
