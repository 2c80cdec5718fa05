"""Preview of a change to a space: which fields would apply at once and which would wait (P40)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from geo.accounts.permissions import Actor
from geo.proposals.record_visibility import require_known, shown_document, with_referral_points
from geo.records import space_documents
from geo.subjects.subject import (
    NEW_SPACE,
    ChangeSubject,
    changed,
    read_subject,
    split,
    with_organization,
)
from geo.text import coded_reasons

#: Id of a new space in its preview; the real id is made when the space is proposed.
_UNUSED_ID = "preview"


@dataclass(frozen=True, slots=True)
class Preview:
    """Fields that apply at once and fields that wait, each with its values before and after."""

    now: Mapping[str, tuple[Any, Any]]
    later: Mapping[str, tuple[Any, Any]]


async def preview_space(
    session: AsyncSession,
    actor: Actor,
    *,
    space_id: str | None,
    changes: Mapping[str, Any],
    now: datetime,
) -> Preview:
    """Return which fields `submission.propose_space` would apply at once and which would wait.

    Writes nothing, but needs a writer session.

    Parameters
    ----------
    space_id : str or None
        None for a new space.
    now : datetime
        Current time, timezone-aware.

    Raises
    ------
    NotFoundError
        There is no such space, or the actor may not know of it.
    InvalidRecordError
        A field is wrong; the error names each wrong field.
    """
    subject: ChangeSubject = NEW_SPACE
    if space_id is not None:
        subject = await read_subject(session, "space", space_id)
        await require_known(session, actor, [subject])
    if subject.document is not None:
        # Leave out referral points that the actor may not know of, from before and after (P39).
        seen = await shown_document(session, actor, subject.document)
        subject = replace(subject, document=seen)
    own = actor.organization_id if space_id is None else None
    worded = coded_reasons.in_words("space", changes)
    wanted = dict(await with_organization(session, worded, own))
    if space_id is None:
        wanted.setdefault("id", _UNUSED_ID)
    wanted = dict(await with_referral_points(session, actor, subject.document, wanted))
    said = await space_documents.circumstances(session, now=now, today=now.date())
    after = changed(subject, wanted, said)
    cut = split(subject, after, said.today)
    before = subject.document or {}
    between = {**before, **cut.now}
    return Preview(
        {name: (before.get(name), value) for name, value in cut.now.items()},
        {
            name: (between.get(name), value)
            for name, value in cut.later.items()
            if name != "id" and between.get(name) != value
        },
    )
