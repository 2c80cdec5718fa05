"""Review of safety texts: a wording is proposed, and published once two people agree (P47).

Which wordings are published follows from the stored agreements alone (view ``reviewed_texts``). An
agreement is with one wording of one original; if either changes, the new wording starts without
agreements. Withdrawing takes effect at once and needs one person; publishing needs two (P40).
"""

import hashlib
import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from geo.accounts.permissions import Actor, can_coordinate, require_present
from geo.audit import trail
from geo.errors import ConflictError, InvalidRecordError, NotFoundError
from geo.models import TextApproval, TextTranslation
from geo.reasons import CodedReason
from geo.translations.reviewers import REVIEWERS, require_reviewer
from geo.translations.wording_checks import normal_wording, wording_problems

_ENTITY: Final = "text"
_HEX_DIGITS: Final = 32


@dataclass(frozen=True, slots=True)
class Wording:
    """A wording that is not withdrawn.

    Attributes
    ----------
    digest
        Digest of the original (`digest_of`).
    proposed_by
        Id of the person who wrote or imported the wording.
    approved_by
        Ids of the people who agree with these very words.
    """

    id: str
    language: str
    original: str
    digest: str
    translation: str
    proposed_by: str
    proposed_at: datetime
    approved_by: frozenset[str]

    @property
    def is_published(self) -> bool:
        """Whether enough people agree with the wording."""
        return len(self.approved_by) >= REVIEWERS


def digest_of(original: str) -> str:
    """Return the digest of an original: the first 32 hexadecimal digits of its SHA-256."""
    return hashlib.sha256(original.encode()).hexdigest()[:_HEX_DIGITS]


async def wordings(
    session: AsyncSession, language: str, digest: str | None = None
) -> Sequence[Wording]:
    """Return the wordings in a language that are not withdrawn, newest first (writer session).

    With ``digest`` only the wordings of one original (`digest_of`).
    """
    question = select(TextTranslation).where(
        TextTranslation.language == language, TextTranslation.withdrawn_at.is_(None)
    )
    if digest is not None:
        question = question.where(TextTranslation.digest == digest)
    newest = question.order_by(TextTranslation.proposed_at.desc(), TextTranslation.id)
    rows = (await session.scalars(newest)).all()
    agreed = await _approvals(session, [row.id for row in rows])
    return [_wording(row, agreed.get(row.id, frozenset())) for row in rows]


async def propose(
    session: AsyncSession, actor: Actor, language: str, original: str, translation: str
) -> str:
    """Propose a wording, with which the actor thereby agrees; return its id.

    A wording of the same original that waits for agreement is withdrawn; a published one stays
    until two people agree with the new one. If the proposed wording itself waits already, the actor
    only agrees with it.

    Raises
    ------
    SessionNeededError, ForbiddenError
        As for `require_reviewer`.
    InvalidRecordError
        The wording has `wording_problems`, or is published already.
    """
    await require_reviewer(session, actor, language)
    await _lock(session, language)
    wording_id, is_new = await _put(session, actor, language, original, normal_wording(translation))
    if is_new:
        await _note(session, actor, "proposed", language, original, wording_id)
    await _agree(session, actor, wording_id)
    return wording_id


async def import_proposals(
    session: AsyncSession, actor: Actor, language: str, texts: Mapping[str, str]
) -> int:
    """Propose the wordings of a file, without agreeing with them; return how many are new.

    Parameters
    ----------
    texts
        Translations by original. Skipped are translations that wait for agreement or are published
        already, and originals with another wording that waits.

    Raises
    ------
    SessionNeededError, ForbiddenError
        As for `require_reviewer`.
    InvalidRecordError
        A wording has `wording_problems`; nothing of the file is proposed.
    """
    await require_reviewer(session, actor, language)
    wrong = [
        ("file", CodedReason("in_text", text=original[:60], why=why))
        for original, translation in texts.items()
        for _, why in wording_problems(original, normal_wording(translation))
    ]
    if wrong:
        raise InvalidRecordError(wrong)
    await _lock(session, language)
    there = defaultdict(list)
    for one in await wordings(session, language):
        there[one.original].append(one)
    count = 0
    for original, translation in texts.items():
        known = there[original]
        is_waiting = any(not one.is_published for one in known)
        if is_waiting or any(one.translation == normal_wording(translation) for one in known):
            continue
        await _put(session, actor, language, original, normal_wording(translation))
        count += 1
    await trail.record(
        session,
        actor=actor.id,
        action="text.imported",
        entity=_ENTITY,
        record_id=language,
        details={"count": count},
    )
    return count


async def approve(
    session: AsyncSession, actor: Actor, wording_id: str, originals: Collection[str]
) -> Wording:
    """Agree with a wording, which publishes it if a second person agreed before; return it.

    Parameters
    ----------
    originals
        Spanish originals of this release; a wording of any other original is out of date.

    Raises
    ------
    NotFoundError
        There is no such wording.
    SessionNeededError, ForbiddenError
        As for `require_reviewer`.
    ConflictError
        The wording was withdrawn meanwhile, or its original has changed.
    """
    found = await _held(session, wording_id)
    await require_reviewer(session, actor, found.language)
    if found.original not in originals:
        msg = "the original has changed: propose a wording of what it says now"
        raise ConflictError(msg)
    return await _agree(session, actor, wording_id)


async def take_back(session: AsyncSession, actor: Actor, wording_id: str) -> None:
    """Take the actor's own agreement back, which may unpublish the wording at once.

    Raises
    ------
    NotFoundError
        There is no such wording, or the actor does not agree with it.
    SessionNeededError
        The request comes from a program with a token (P50).
    ConflictError
        The wording was withdrawn meanwhile.
    """
    require_present(actor)
    found = await _held(session, wording_id)
    gone = await session.scalar(
        delete(TextApproval)
        .where(TextApproval.translation_id == wording_id, TextApproval.person_id == actor.id)
        .returning(TextApproval.person_id)
    )
    if gone is None:
        msg = "the actor does not agree with that wording"
        raise NotFoundError(msg)
    await _note(session, actor, "taken_back", found.language, found.original, wording_id)


async def withdraw(session: AsyncSession, actor: Actor, wording_id: str) -> None:
    """Withdraw a wording, published or not; pages then show the original, labelled as such.

    Raises
    ------
    NotFoundError
        There is no such wording.
    SessionNeededError, ForbiddenError
        The actor is neither a reviewer of the language nor a coordinator or administrator.
    ConflictError
        The wording is withdrawn already.
    """
    require_present(actor)
    found = await _held(session, wording_id)
    if not can_coordinate(actor):
        await require_reviewer(session, actor, found.language)
    await _withdraw(session, [wording_id], by=actor)
    await _note(session, actor, "withdrawn", found.language, found.original, wording_id)


async def withdraw_released(
    session: AsyncSession, actor: Actor, language: str, original: str, translation: str
) -> None:
    """Withdraw a translation that comes with Amparo's release, until two people agree with it.

    Raises
    ------
    SessionNeededError, ForbiddenError
        As for `withdraw`.
    """
    require_present(actor)
    if not can_coordinate(actor):
        await require_reviewer(session, actor, language)
    wording_id = await _insert(session, actor, language, original, translation)
    await _withdraw(session, [wording_id], by=actor)
    await _note(session, actor, "withdrawn", language, original, wording_id)


async def _put(
    session: AsyncSession, actor: Actor, language: str, original: str, translation: str
) -> tuple[str, bool]:
    """Store a wording, replacing one that waits for agreement; return its id and if it is new."""
    problems = wording_problems(original, translation)
    if problems:
        raise InvalidRecordError(problems)
    known = await wordings(session, language, digest_of(original))
    for one in known:
        if one.translation == translation and one.is_published:
            raise InvalidRecordError([("translation", CodedReason("there_already"))])
        if one.translation == translation:
            return one.id, False
    await _withdraw(session, [one.id for one in known if not one.is_published])
    return await _insert(session, actor, language, original, translation), True


async def _insert(
    session: AsyncSession, actor: Actor, language: str, original: str, translation: str
) -> str:
    wording_id = str(uuid.uuid4())
    row = {"id": wording_id, "language": language, "original": original}
    row |= {"digest": digest_of(original), "translation": translation, "proposed_by": actor.id}
    await session.execute(insert(TextTranslation).values(row))
    return wording_id


async def _agree(session: AsyncSession, actor: Actor, wording_id: str) -> Wording:
    """Store the actor's agreement; once two people agree, the wording replaces all others."""
    row = {"translation_id": wording_id, "person_id": actor.id}
    agreed = await session.scalar(
        insert(TextApproval)
        .values(row)
        .on_conflict_do_nothing()
        .returning(TextApproval.translation_id)
    )
    held = await _held(session, wording_id)
    every = await wordings(session, held.language, held.digest)
    found = next(one for one in every if one.id == wording_id)
    if agreed is None:
        return found
    is_second = len(found.approved_by) == REVIEWERS
    if is_second:
        await _withdraw(session, [one.id for one in every if one.id != wording_id])
    verb = "published" if is_second else "approved"
    await _note(session, actor, verb, found.language, found.original, wording_id)
    return found


async def _held(session: AsyncSession, wording_id: str) -> TextTranslation:
    """Return a wording after locking the wordings of its language (`_lock`).

    Raises
    ------
    NotFoundError
        There is no such wording.
    ConflictError
        The wording is withdrawn.
    """
    row = await session.get(TextTranslation, wording_id)
    if row is None:
        msg = "there is no such wording"
        raise NotFoundError(msg)
    await _lock(session, row.language)
    await session.refresh(row)
    if row.withdrawn_at is not None:
        msg = "the wording was replaced or withdrawn meanwhile: read it as it is now"
        raise ConflictError(msg)
    return row


async def _lock(session: AsyncSession, language: str) -> None:
    """Wait until no other transaction changes wordings of a language.

    There is one lock per language, not per text, because importing a file changes many texts.
    """
    key = f"text_translations {language}"
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(key, 0))))


async def _withdraw(
    session: AsyncSession, wording_ids: Sequence[str], *, by: Actor | None = None
) -> None:
    """Withdraw wordings; ``by`` is the person who decided so, None if new wordings replace them."""
    if wording_ids:
        await session.execute(
            update(TextTranslation)
            .where(TextTranslation.id.in_(wording_ids))
            .values(withdrawn_at=func.amparo.now(), withdrawn_by=None if by is None else by.id)
        )


async def _approvals(
    session: AsyncSession, wording_ids: Sequence[str]
) -> Mapping[str, frozenset[str]]:
    rows = await session.execute(
        select(TextApproval.translation_id, func.array_agg(TextApproval.person_id))
        .where(TextApproval.translation_id.in_(wording_ids))
        .group_by(TextApproval.translation_id)
    )
    return {wording_id: frozenset(people) for wording_id, people in rows}


def _wording(row: TextTranslation, approved_by: frozenset[str]) -> Wording:
    return Wording(
        id=row.id,
        language=row.language,
        original=row.original,
        digest=row.digest,
        translation=row.translation,
        proposed_by=row.proposed_by,
        proposed_at=row.proposed_at,
        approved_by=approved_by,
    )


async def _note(
    session: AsyncSession, actor: Actor, verb: str, language: str, original: str, wording_id: str
) -> None:
    details = {"language": language, "original": digest_of(original)}
    await trail.record(
        session,
        actor=actor.id,
        action=f"text.{verb}",
        entity=_ENTITY,
        record_id=wording_id,
        details=details,
    )
