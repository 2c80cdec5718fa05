"""What a change of a space would do, before it is sent: what holds at once, what waits (P40)."""

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

#: Of a new space that is only looked at; the real one gets its own when it is proposed.
_UNUSED_ID = "preview"


@dataclass(frozen=True, slots=True)
class Preview:
    """A change cut in two, each field with what it was and what it would be."""

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
    """Return what `submission.propose_space` would do at once and what it would file (writer).

    Nothing is written.

    Parameters
    ----------
    space_id : str or None
        None for a new space.
    now : datetime
        Aware.

    Raises
    ------
    NotFoundError
        No such space, or one that the actor may not know of.
    InvalidRecordError
        Names each field that is wrong.
    """
    subject: ChangeSubject = NEW_SPACE
    if space_id is not None:
        subject = await read_subject(session, "space", space_id)
        await require_known(session, actor, [subject])
    if subject.document is not None:
        # What the actor may not know of stays as it is, and shows in no difference (P39).
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
