"""Records that are held back by their words (P38), and how two people let them go (P40).

A protected kind or service is never released; words are, by a proposal like any other, among the
people who are named for the record.
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

#: What a record can be released to.
RELEASED_TO = ("public", "partners")


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A space in quarantine as a list shows it: without name and without what holds it (P31)."""

    id: str
    is_releasable: bool


async def quarantined(session: AsyncSession, actor: Actor) -> tuple[Quarantined, ...]:
    """Return the spaces in quarantine that somebody is named for, by id (writer).

    Raises
    ------
    ForbiddenError
        The actor is no editor or above.
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
    """Return the words that hold a space, for a page whose reading is in the audit (writer).

    Returns
    -------
    tuple of str or None
        Empty where its kind or a service holds it, so that it is not released; None for a space
        that is not in quarantine.
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
    """Propose to give a space in quarantine the visibility it was meant to have (writer).

    Once a second person agrees, the words that held it are remembered as judged: the same words
    hold it no more, others would.

    Parameters
    ----------
    visibility : str
        One of `RELEASED_TO`.
    via : str
        As in `geo.proposals.submission.propose`.
    now : datetime
        Aware.

    Raises
    ------
    NotFoundError
        There is no such space, or the actor is not named for it.
    ForbiddenError
        A protected kind or service holds it, or the actor may not change it.
    ConflictError
        It is not in quarantine.
    InvalidRecordError
        The visibility is none to release to, or the reason is missing.
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
