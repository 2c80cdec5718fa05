"""Review of texts by a second person before publication: draft, submitted, reviewed, retired.

Messages, information products and notes of good practice share these steps (P23, P47); the module
of each kind of text binds the functions to its own model.
"""

from datetime import date

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from geo.accounts.permissions import Actor, can_coordinate, require_coordinate, require_review
from geo.audit import trail
from geo.errors import ConflictError, ForbiddenError, InvalidRecordError, NotFoundError
from geo.models import Message, Practice, Product
from geo.reasons import CodedReason
from geo.text.languages import STAFF_LANGUAGES

Text = Message | Product | Practice


async def submit(model: type[Text], session: AsyncSession, actor: Actor, record_id: str) -> None:
    """Submit a draft of a text for review (writer session).

    Raises
    ------
    NotFoundError
        There is no text with this id.
    ConflictError
        The text is not a draft.
    ForbiddenError
        Another person wrote the draft, and the actor is no coordinator.
    """
    record = await _locked(session, model, record_id)
    if record.written_by != actor.id and not can_coordinate(actor):
        msg = "a draft is submitted by who wrote it, or by a coordinator"
        raise ForbiddenError(msg)
    _require_state(record, "draft")
    record.state = "submitted"
    await session.flush()
    await _note(session, actor, "submit", model, record_id)


async def review(
    model: type[Text],
    session: AsyncSession,
    actor: Actor,
    record_id: str,
    *,
    accept: bool,
    today: date,
    reason: str | None = None,
    reader: str | None = None,
) -> None:
    """Accept a submitted text, or return it as a draft (writer session).

    Parameters
    ----------
    model, session, actor, record_id
        Kind of the text, writer session, the reviewer, and the id of the text.
    accept : bool
        True accepts the text, False returns it as a draft.
    today : date
        Day of the review.
    reason : str or None
        Reason for returning the text, then required; kept in the audit log.
    reader : str or None
        Name of the person who read a safety text whose language no account can have (P47).

    Raises
    ------
    ForbiddenError
        The actor is a program, is no coordinator, wrote the text, or does not read the language of
        a safety text.
    NotFoundError
        There is no text with this id.
    ConflictError
        The text is not submitted.
    InvalidRecordError
        The reason or the reader is missing.
    """
    require_review(actor)
    record = await _locked(session, model, record_id)
    _require_state(record, "submitted")
    if record.written_by == actor.id:
        msg = "nobody reviews an own text: a second person has to"
        raise ForbiddenError(msg)
    if accept:
        is_safety = isinstance(record, Message) and await _is_safety(session, record)
        named = _reader(record, actor, reader, is_safety=is_safety)
        record.state, record.reviewed_by = "reviewed", named
        if isinstance(record, Message):
            record.reviewed_on = today
    elif reason is None or not reason.strip():
        raise InvalidRecordError([("reason", CodedReason("needed_to_send_back"))])
    else:
        record.state = "draft"
    await session.flush()
    await _note(session, actor, "review" if accept else "return", model, record_id, reason=reason)


async def retire(model: type[Text], session: AsyncSession, actor: Actor, record_id: str) -> None:
    """Take a text out of use for good (writer session).

    Raises
    ------
    NotFoundError
        There is no text with this id.
    ForbiddenError
        The actor is no coordinator.
    """
    require_coordinate(actor)
    record = await _locked(session, model, record_id)
    record.state = "retired"
    await session.flush()
    await _note(session, actor, "retire", model, record_id)


async def _is_safety(session: AsyncSession, message: Message) -> bool:
    """Return whether a message or another one with its key is flagged as a safety text (P47)."""
    return message.safety or bool(
        await session.scalar(
            select(
                exists().where(
                    Message.key == message.key, Message.safety, Message.state != "retired"
                )
            )
        )
    )


def _reader(record: Text, actor: Actor, reader: str | None, *, is_safety: bool) -> str:
    """Return the reviewer to record for a text: the actor's id.

    For a safety text whose language no account can have, the name of the person who read it
    follows. Any other safety text is refused if its language is not the actor's.
    """
    if not is_safety or actor.language == record.language:
        return actor.id
    if record.language in STAFF_LANGUAGES:
        msg = f"a safety text in '{record.language}' is reviewed by somebody who reads it (P47)"
        raise ForbiddenError(msg)
    # No account can have this language, so the person who read the text must be named.
    if reader is None or not reader.strip():
        raise InvalidRecordError(
            [("reader", CodedReason("reader_of_language", language=record.language))]
        )
    return f"{actor.id}; {reader.strip()[:100]}"


async def _locked(session: AsyncSession, model: type[Text], record_id: str) -> Text:
    record: Text | None = await session.scalar(
        select(model).where(model.id == record_id).with_for_update(),
        execution_options={"populate_existing": True},
    )
    if record is None:
        msg = f"there is no such {model.__tablename__.removesuffix('s')}"
        raise NotFoundError(msg)
    return record


def _require_state(record: Text, state: str) -> None:
    if record.state != state:
        msg = f"it is {record.state}, not {state}"
        raise ConflictError(msg)


async def _note(
    session: AsyncSession,
    actor: Actor,
    verb: str,
    model: type[Text],
    record_id: str,
    *,
    reason: str | None = None,
) -> None:
    name = model.__tablename__.removesuffix("s")
    details = {} if reason is None else {"reason": reason}
    await trail.record(
        session,
        actor=actor.id,
        action=f"{name}.{verb}",
        entity=name,
        record_id=record_id,
        details=details,
    )
