"""Message bank: texts by key, audience and language, shown only after a review (P47)."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from geo.accounts.permissions import Actor, require_staff
from geo.audit import trail
from geo.db.guidance_views import message_drafts, messages, plain_rows
from geo.errors import ConflictError, InvalidRecordError, NotFoundError
from geo.guidance import review as reviewing
from geo.models import AUDIENCES, MESSAGE_KINDS, Message
from geo.reasons import CodedReason
from geo.records import demo_rows as demo
from geo.records.guidance_rows import ORIGINAL, language
from geo.records.readers import FileRow
from geo.records.row_validation import Row


@dataclass(frozen=True, slots=True)
class BankText:
    """Message in the language in which it is shown.

    Attributes
    ----------
    language : str
        Language of ``body``.
    original : bool
        Whether ``body`` is the Spanish original because no valid reviewed text exists in the
        requested language. Pages have to label the text as such.
    """

    key: str
    language: str
    original: bool
    audience: str
    kind: str
    body: str
    valid_from: date
    valid_to: date | None
    demo: bool


async def lookup(session: AsyncSession, key: str, lang: str) -> BankText:
    """Return a reviewed message in a language, or else its Spanish original (P47).

    A translation that is older than its original is ignored. The views leave out drafts, and
    translations whose original was retired or has expired.

    Raises
    ------
    NotFoundError
        No reviewed text with this key is valid today and visible to the session's tier.
    """
    found = await session.execute(
        select(messages).where(messages.c.key == key, messages.c.language.in_([lang, ORIGINAL]))
    )
    texts = _chosen([BankRow(**row) for row in found.mappings()], lang)
    if not texts:
        msg = "there is no such message"
        raise NotFoundError(msg)
    return texts[0]


async def list_messages(
    session: AsyncSession, lang: str, *, audience: str | None = None, kind: str | None = None
) -> list[BankText]:
    """Return the messages that the session's tier sees, in the language that `lookup` chooses.

    Only messages for ``audience``, and of ``kind`` (one of `geo.models.MESSAGE_KINDS`), if given.
    """
    question = select(messages).where(messages.c.language.in_([lang, ORIGINAL]))
    if audience is not None:
        question = question.where(messages.c.audience == audience)
    if kind is not None:
        question = question.where(messages.c.kind == kind)
    found = await session.execute(question)
    return _chosen([BankRow(**row) for row in found.mappings()], lang)


async def texts_of_all_languages(session: AsyncSession) -> list[BankText]:
    """Return the messages that the session's tier sees, in each language with a valid text."""
    found = await session.execute(select(messages))
    rows = [BankRow(**row) for row in found.mappings()]
    languages = sorted({row.language for row in rows})
    return [text for lang in languages for text in _chosen(rows, lang) if not text.original]


@dataclass(frozen=True, slots=True)
class BankRow:
    """Row of the view of messages: a reviewed text in one language."""

    id: str
    key: str
    language: str
    audience: str
    body: str
    valid_from: date
    valid_to: date | None
    reviewed_on: date | None
    safety: bool
    demo: bool
    kind: str


def _chosen(rows: Sequence[BankRow], lang: str) -> list[BankText]:
    newest: dict[tuple[str, str], BankRow] = {}
    for row in sorted(rows, key=lambda row: (row.valid_from, row.id)):
        newest[row.key, row.language] = row
    texts = []
    for key in sorted({row.key for row in rows}):
        original, own = newest.get((key, ORIGINAL)), newest.get((key, lang))
        if own is not None and original is not None and own.valid_from < original.valid_from:
            own = None  # the translation is of an earlier original
        text = own or original
        if text is not None:
            texts.append(
                BankText(
                    key,
                    text.language,
                    text.language != lang,
                    text.audience,
                    text.kind,
                    text.body,
                    text.valid_from,
                    text.valid_to,
                    text.demo,
                )
            )
    return texts


async def drafts(session: AsyncSession) -> list[dict[str, object]]:
    """Return the messages that are not reviewed yet, for the staff console (staff session)."""
    found = await session.execute(
        select(message_drafts).order_by(message_drafts.c.key, message_drafts.c.language)
    )
    return plain_rows(found)


async def write(
    session: AsyncSession,
    actor: Actor,
    *,
    key: str,
    lang: str,
    audience: str,
    body: str,
    valid_from: date,
    valid_to: date | None = None,
    safety: bool = True,
    kind: str = "information",
    allow_mixed: bool = False,
) -> str:
    """Write a draft of a message of one of `geo.models.MESSAGE_KINDS` (writer session).

    Returns
    -------
    str
        Id of the message.

    Raises
    ------
    ForbiddenError
        The actor does not belong to the network's staff.
    InvalidRecordError
        A field is invalid; the error names each such field.
    ConflictError
        Another text with this key and language is valid from the same day.
    MixedDataError
        Demo rows are loaded, and ``allow_mixed`` is False (P35).
    """
    require_staff(actor)
    stated = {"key": key, "language": lang, "audience": audience, "kind": kind, "body": body}
    row = Row(FileRow(1, stated))
    values = {
        "id": f"message-{uuid.uuid4().hex}",
        "key": row.id("key"),
        "language": language(row, "language"),
        "audience": row.choice("audience", AUDIENCES),
        "kind": row.choice("kind", MESSAGE_KINDS),
        "body": row.text("body"),
        "valid_from": valid_from,
        "valid_to": valid_to,
        "safety": safety,
        "written_by": actor.id,
    }
    if valid_to is not None and valid_to < valid_from:
        row.reject(
            CodedReason("before", field="valid_to", other="valid_from", start=valid_from),
            "valid_to",
        )
    if row.faults:
        raise InvalidRecordError(row.faults)
    try:
        async with session.begin_nested():
            await session.execute(insert(Message).values(values))
    except IntegrityError as error:
        msg = "there is a text of this key and language from that day on"
        raise ConflictError(msg) from error
    if not allow_mixed:
        await demo.require_unmixed(session)
    await trail.record(
        session,
        actor=actor.id,
        action="message.write",
        entity="message",
        record_id=str(values["id"]),
        details={"key": key, "language": lang},
    )
    return str(values["id"])


#: Functions of `geo.guidance.review`, bound to messages: `submit` a draft for review, accept or
#: return a submitted message (`review`), and `retire` a message.
submit = partial(reviewing.submit, Message)
review = partial(reviewing.review, Message)
retire = partial(reviewing.retire, Message)
