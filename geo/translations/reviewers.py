"""Languages that people may review: stated by the person, granted by an administrator.

Every function needs a writer session.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from geo.accounts.permissions import Actor, require_administer, require_present, require_staff
from geo.audit import trail
from geo.errors import ForbiddenError, InvalidRecordError
from geo.models import TextApproval, TextReviewer, TextTranslation
from geo.reasons import CodedReason
from geo.text.languages import DEFAULT_LANGUAGE, LANGUAGES

#: Languages in which safety texts are reviewed: all but that of the originals.
REVIEWED_LANGUAGES: Final = tuple(code for code in LANGUAGES if code != DEFAULT_LANGUAGE)

#: Number of people who have to agree with a wording before it is published (P47).
REVIEWERS: Final = 2


async def languages_of(session: AsyncSession, person: str) -> Mapping[str, bool]:
    """Return the languages that a person states, each with whether it is granted."""
    rows = await session.execute(
        select(TextReviewer.language, TextReviewer.granted_by.is_not(None)).where(
            TextReviewer.person_id == person
        )
    )
    return {language: bool(is_granted) for language, is_granted in rows}


async def count_waiting(session: AsyncSession, person: str) -> int:
    """Return how many wordings wait for a person, in the languages granted to them.

    A wording waits for the person if it is not withdrawn, fewer than two people agree with it, and
    the person is not among them.
    """
    granted = select(TextReviewer.language).where(
        TextReviewer.person_id == person, TextReviewer.granted_by.is_not(None)
    )
    agreed = (
        select(func.count())
        .select_from(TextApproval)
        .where(TextApproval.translation_id == TextTranslation.id)
        .correlate(TextTranslation)
    )
    counting = (
        select(func.count())
        .select_from(TextTranslation)
        .where(
            TextTranslation.language.in_(granted),
            TextTranslation.withdrawn_at.is_(None),
            agreed.scalar_subquery() < REVIEWERS,
            agreed.where(TextApproval.person_id == person).scalar_subquery() == 0,
        )
    )
    return await session.scalar(counting) or 0


async def state_languages(session: AsyncSession, actor: Actor, languages: Sequence[str]) -> None:
    """Store which languages the actor reads and writes; an administrator grants them.

    Languages granted before stay granted. Languages that ``languages`` leaves out are deleted, with
    their grants.

    Raises
    ------
    ForbiddenError
        The actor is below the role of an editor.
    SessionNeededError
        The request comes from a program with a token (P50).
    InvalidRecordError
        Texts are reviewed in no such language.
    """
    require_present(actor)
    require_staff(actor)
    _require_known(languages)
    await _forget(session, actor.id, languages)
    if languages:
        rows = [{"person_id": actor.id, "language": language} for language in set(languages)]
        await session.execute(insert(TextReviewer).values(rows).on_conflict_do_nothing())
    await _record(session, actor, "text_reviewer.stated", actor.id, languages)


async def grant_languages(
    session: AsyncSession, actor: Actor, person: str, languages: Sequence[str]
) -> None:
    """Grant a person exactly these languages, and take back the grants of all others.

    Wordings that the person has agreed with stay published; a wrong one has to be withdrawn.

    Raises
    ------
    ForbiddenError
        The actor is no administrator, or the person is the actor.
    SessionNeededError
        The request comes from a program with a token (P50).
    InvalidRecordError
        Texts are reviewed in no such language.
    """
    require_administer(actor)
    if person == actor.id:
        msg = "nobody grants an own language: another administrator has to"
        raise ForbiddenError(msg)
    _require_known(languages)
    await session.execute(
        update(TextReviewer)
        .where(TextReviewer.person_id == person, TextReviewer.language.not_in(languages))
        .values(granted_by=None)
    )
    if languages:
        rows = [
            {"person_id": person, "language": language, "granted_by": actor.id}
            for language in set(languages)
        ]
        await session.execute(
            insert(TextReviewer)
            .values(rows)
            .on_conflict_do_update(
                index_elements=["person_id", "language"],
                set_={"granted_by": actor.id},
                where=TextReviewer.granted_by.is_(None),
            )
        )
    await _record(session, actor, "text_reviewer.granted", person, languages)


async def require_reviewer(session: AsyncSession, actor: Actor, language: str) -> None:
    """Refuse an actor to whom a language is not granted.

    Raises
    ------
    SessionNeededError
        The request comes from a program with a token, which is nobody's second person (P50).
    ForbiddenError
        The language is not granted to the actor.
    """
    require_present(actor)
    require_staff(actor)
    # A row lock waits for another transaction that is taking the grant back.
    granted = await session.scalar(
        select(TextReviewer.granted_by)
        .where(TextReviewer.person_id == actor.id, TextReviewer.language == language)
        .with_for_update(read=True)
    )
    if granted is None:
        msg = "a safety text is reviewed by somebody to whom its language is granted"
        raise ForbiddenError(msg)


async def _forget(session: AsyncSession, person: str, kept: Collection[str]) -> None:
    await session.execute(
        delete(TextReviewer).where(
            TextReviewer.person_id == person, TextReviewer.language.not_in(kept)
        )
    )


def _require_known(languages: Sequence[str]) -> None:
    if not set(languages) <= set(REVIEWED_LANGUAGES):
        choices = list(REVIEWED_LANGUAGES)
        raise InvalidRecordError([("languages", CodedReason("not_one_of", choices=choices))])


async def _record(
    session: AsyncSession, actor: Actor, action: str, person: str, languages: Sequence[str]
) -> None:
    await trail.record(
        session,
        actor=actor.id,
        action=action,
        entity="text_reviewer",
        record_id=person,
        details={"languages": sorted(set(languages))},
    )
