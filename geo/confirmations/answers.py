"""Reconfirmation of spaces by their operators, without an account, by a single-use link (P41).

An operator gets a link by WhatsApp, SMS or e-mail and answers *as listed, changed, full* or
*closed*. The link is the only proof of the operator's authority: it is for one space, signed with a
key that only the database holds, expires, works once, and is stored as a hash. Opening the link has
no effect, since messengers fetch links before people do.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal, get_args

from sqlalchemy import Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from geo.accounts import outbox
from geo.accounts.permissions import Actor, require_close
from geo.confirmations import link_tokens
from geo.confirmations.link_tokens import digest
from geo.confirmations.record_digest import listed_sha256
from geo.errors import ConflictError, InvalidRecordError, LinkError
from geo.models import CHANNELS, Confirmation, ConfirmationLink
from geo.proposals.closing_counts import note_change
from geo.proposals.notifications import note
from geo.proposals.record_visibility import require_known
from geo.proposals.submission import SOURCE, Outcome, ProposalLink, propose_space
from geo.reasons import CodedReason
from geo.records import space_documents
from geo.removals.hides import is_hidden
from geo.subjects.subject import ChangeSubject, read_subject

#: Days for which a link is valid. P41 states no figure; two weeks are the project's own proposal
#: (setting ``AMPARO_CONFIRM_LINK_DAYS``).
LINK_DAYS = 14

Answer = Literal["as_listed", "changed", "full", "closed"]

#: Fields that an operator may change by a link: hours, telephones and a notice. Fields that would
#: move the space or make it visible to more people are left out.
CHANGEABLE = ("schedules", "public_phones", "notice")


@dataclass(frozen=True, slots=True)
class Issued:
    """New reconfirmation link.

    Attributes
    ----------
    token : str
        Last part of the link's URL; the database stores only its hash.
    space_name : str or None
        Name of the space for the text of the message; None for a restricted space, whose name must
        not appear in a message.
    """

    token: str
    expires_at: datetime
    space_name: str | None


@dataclass(frozen=True, slots=True)
class ConfirmationQuestion:
    """Content of the page of a reconfirmation link.

    Attributes
    ----------
    document : dict or None
        Current record of the space; None for a restricted space, and for a space hidden in an
        emergency (P24), of which the page shows only the name.
    listed : str or None
        Digest of the record, which an answer "as listed" has to repeat to confirm the content that
        the page showed; None if ``document`` is None.
    has_changed : bool
        Whether the record has changed since the link was sent.
    """

    name: str
    document: Mapping[str, Any] | None
    expires_at: datetime
    listed: str | None
    has_changed: bool


async def issue_link(
    session: AsyncSession,
    space_id: str,
    channel: str,
    actor: Actor | None,
    *,
    now: datetime,
    days: int = LINK_DAYS,
) -> Issued:
    """Make a reconfirmation link for the operator of a space (writer session).

    Parameters
    ----------
    channel : str
        Channel by which the link is sent, one of `CHANNELS`.
    actor : Actor or None
        Sender of the link; None is the command line.
    now : datetime
        Current moment, aware.

    Raises
    ------
    NotFoundError
        There is no such space, or the space is hidden from the actor.
    ForbiddenError
        The actor works neither for the space's organisation nor in its country.
    InvalidRecordError
        ``channel`` is not one of `CHANNELS`.
    """
    subject = await _own_space(session, space_id, channel, actor)
    # Rounded to the second, the precision of the token.
    expires_at = (now + timedelta(days=days)).replace(microsecond=0)
    link_id, token = await link_tokens.make_token(session, expires_at)
    await session.execute(
        insert(ConfirmationLink).values(
            id=link_id,
            location_id=space_id,
            token_sha256=digest(token),
            channel=channel,
            listed_sha256=listed_sha256(subject),
            created_by=None if actor is None else actor.id,
            created_at=now,
            expires_at=expires_at,
        )
    )
    await note(
        session,
        "cli" if actor is None else actor.id,
        "link.issued",
        "space",
        {space_id: ()},
        channel=channel,
    )
    document = subject.document or {}
    return Issued(token, expires_at, None if subject.is_restricted else document["name"])


async def read_link(session: AsyncSession, token: str, *, now: datetime) -> ConfirmationQuestion:
    """Return the content of a link's page without using up the link (writer session).

    Raises
    ------
    LinkError
        The link was used or revoked, has expired, is forged or never existed; the error is the same
        in all cases.
    """
    link = await _valid(session, token, now)
    return await _asked(session, link, await read_subject(session, "space", link.location_id))


async def _asked(
    session: AsyncSession, link: Row[str, str, datetime, bytes], subject: ChangeSubject
) -> ConfirmationQuestion:
    document, listed = subject.document or {}, listed_sha256(subject)
    is_shown = not subject.is_restricted and not await is_hidden(session, link.location_id)
    return ConfirmationQuestion(
        document["name"],
        document if is_shown else None,
        link.expires_at,
        listed.hex() if is_shown else None,
        has_changed=listed != link.listed_sha256,
    )


async def answer_link(
    session: AsyncSession,
    token: str,
    answer: Answer,
    *,
    now: datetime,
    changes: Mapping[str, Any] | None = None,
    listed: str | None = None,
) -> Outcome:
    """Store the operator's answer and use up the link (writer session).

    Parameters
    ----------
    answer : str
        ``as_listed`` confirms the record from today on; ``full`` and ``closed`` take effect at
        once; ``changed`` proposes ``changes`` to an approver (shorter hours take effect at once).
    changes : mapping or None
        New values of `CHANGEABLE` fields.
    listed : str or None
        Digest ``listed`` of the `ConfirmationQuestion` that the operator saw; None confirms the
        record as it was when the link was sent.

    Raises
    ------
    LinkError
        As in `read_link`.
    ConflictError
        The answer is ``as_listed``, but the record has changed since; the link stays valid.
    InvalidRecordError
        The answer is unknown or a change is invalid; the link stays valid.
    """
    valid = await _valid(session, token, now)
    if answer == "as_listed":
        await _require_as_shown(session, valid, listed)
    used = (
        await session.execute(
            update(ConfirmationLink)
            .where(ConfirmationLink.token_sha256 == digest(token), _is_unused(now))
            .values(used_at=now)
            .returning(
                ConfirmationLink.id,
                ConfirmationLink.location_id,
                ConfirmationLink.channel,
                ConfirmationLink.created_by,
            )
        )
    ).one_or_none()
    if used is None:
        raise _invalid()
    link = ProposalLink(used.id, used.created_by)
    return await _take(
        session,
        used.location_id,
        answer,
        who=f"link:{used.id}",
        channel=used.channel,
        now=now,
        changes=changes,
        link=link,
    )


async def _require_as_shown(
    session: AsyncSession, link: Row[str, str, datetime, bytes], listed: str | None
) -> None:
    """Refuse to confirm a record that has changed since it was shown to the operator (P41)."""
    subject = await read_subject(session, "space", link.location_id, lock=True)
    asked = await _asked(session, link, subject)
    if listed is None or asked.listed is None:
        is_as_shown = not asked.has_changed
    else:
        is_as_shown = listed == asked.listed
    if not is_as_shown:
        msg = "what is listed has changed since the link was sent: look at it again"
        raise ConflictError(msg)


async def answer_for(
    session: AsyncSession,
    actor: Actor,
    space_id: str,
    answer: Answer,
    channel: str,
    *,
    now: datetime,
    heard_on: date | None = None,
) -> Outcome:
    """Record an answer that an operator gave by telephone or at a visit (writer session).

    Parameters
    ----------
    heard_on : date or None
        Day of the answer, on which the record then counts as confirmed; None is today.

    Raises
    ------
    NotFoundError, ForbiddenError
        As in `issue_link`.
    InvalidRecordError
        ``channel`` is not one of `CHANNELS`, or the answer is ``changed``, for which
        `geo.proposals.submission.propose_space` must be used.
    """
    if answer == "changed":
        raise InvalidRecordError([("answer", CodedReason("proposed_instead"))])
    await _own_space(session, space_id, channel, actor)
    return await _take(
        session,
        space_id,
        answer,
        who=actor.id,
        channel=channel,
        now=now,
        actor=actor,
        heard_on=heard_on,
    )


async def _take(
    session: AsyncSession,
    space_id: str,
    answer: str,
    *,
    who: str,
    channel: str,
    now: datetime,
    changes: Mapping[str, Any] | None = None,
    link: ProposalLink | None = None,
    actor: Actor | None = None,
    heard_on: date | None = None,
) -> Outcome:
    subject = await read_subject(session, "space", space_id, lock=True)
    match answer:
        case "as_listed":
            outcome = await _confirm(session, subject, channel, now, heard_on or now.date())
        case "full" | "closed":
            outcome = await _close(session, subject, answer, now, counted=_counted(actor, link))
        case "changed":
            outcome = await propose_space(
                session,
                actor,
                space_id=space_id,
                changes=_changeable(changes or {}),
                reason=f"operator, {channel}",
                via="link",
                now=now,
                link=link,
            )
        case _:
            raise InvalidRecordError(
                [("answer", CodedReason("not_one_of", choices=get_args(Answer)))]
            )
    await session.execute(
        insert(Confirmation).values(
            id=str(uuid.uuid4()),
            location_id=space_id,
            answer=answer,
            channel=channel,
            confirmed_by=who,
            confirmed_at=now,
        )
    )
    await outbox.announce(
        session,
        "space.confirmed",
        {"entity": "space", "record_id": space_id, "answer": answer},
        organization_id=subject.organization_id,
        to_webhooks=not subject.is_restricted,
    )
    await note(
        session,
        who,
        f"confirmed.{answer}",
        "space",
        {space_id: outcome.applied_fields},
        channel=channel,
    )
    return outcome


async def _confirm(
    session: AsyncSession, subject: ChangeSubject, channel: str, now: datetime, heard_on: date
) -> Outcome:
    """Confirm a record as listed, from a day on, for as long as its kind of space allows (P41)."""
    changes = {
        "confirmed_on": heard_on.isoformat(),
        "expires_on": None,  # computed on storing, by the validity of the kind of space
        "confirmed_by": f"operator, {channel}",
    }
    return await _write(session, subject, changes, now)


def _counted(actor: Actor | None, link: ProposalLink | None) -> str | None:
    """Return the person against whose limit a closing of a space counts (P52).

    For an answer by link this is the sender of the link: nobody can tell whether the operator or
    the sender used it.
    """
    if actor is not None:
        return actor.id
    return None if link is None else link.sent_by


async def _close(
    session: AsyncSession,
    subject: ChangeSubject,
    answer: str,
    now: datetime,
    *,
    counted: str | None,
) -> Outcome:
    order = ("active", "full", "temporarily_closed", "closed")
    status = "full" if answer == "full" else "temporarily_closed"
    document = subject.document or {}
    # An answer can only close a space further (P40): a space that is closed for good does not
    # become full or closed for a time.
    if order.index(document["status"]) >= order.index(status):
        return Outcome(subject.record_id, None, False, (), ())
    changes = {"status": status}
    outcome = await _write(session, subject, changes, now)
    await note_change(session, subject, changes, person=counted, now=now)
    return outcome


async def _write(
    session: AsyncSession, subject: ChangeSubject, changes: Mapping[str, Any], now: datetime
) -> Outcome:
    after = space_documents.patched(subject.document or {}, changes)
    await space_documents.store_documents(
        session, [after], now=now, today=now.date(), source=SOURCE
    )
    return Outcome(subject.record_id, None, True, tuple(sorted(changes)), ())


def _changeable(changes: Mapping[str, Any]) -> Mapping[str, Any]:
    fixed = sorted(set(changes) - set(CHANGEABLE))
    if fixed:
        raise InvalidRecordError([(name, CodedReason("not_by_link")) for name in fixed])
    return changes


async def _own_space(
    session: AsyncSession, space_id: str, channel: str, actor: Actor | None
) -> ChangeSubject:
    if channel not in CHANNELS:
        raise InvalidRecordError([("channel", CodedReason("not_one_of", choices=CHANNELS))])
    subject = await read_subject(session, "space", space_id)
    await require_known(session, actor, [subject])
    if actor is not None:
        require_close(actor, organization_id=subject.organization_id, country=subject.countries[0])
    return subject


async def _valid(
    session: AsyncSession, token: str, now: datetime
) -> Row[str, str, datetime, bytes]:
    """Return the stored link of a token; raise `LinkError` for an invalid token.

    Valid and invalid tokens take the same steps, so that the response time reveals nothing.
    """
    link_id = await link_tokens.signed_id(session, token)
    found = (
        await session.execute(
            select(
                ConfirmationLink.id,
                ConfirmationLink.location_id,
                ConfirmationLink.expires_at,
                ConfirmationLink.listed_sha256,
            ).where(ConfirmationLink.token_sha256 == digest(token), _is_unused(now))
        )
    ).one_or_none()
    if found is None or found.id != link_id:
        raise _invalid()
    return found


def _is_unused(now: datetime) -> Any:  # noqa: ANN401 -- a condition
    return (
        ConfirmationLink.used_at.is_(None)
        & ConfirmationLink.revoked_at.is_(None)
        & (ConfirmationLink.expires_at > now)
    )


def _invalid() -> LinkError:
    return LinkError("the link is not valid")
