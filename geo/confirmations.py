"""Reconfirmation without an account: a signed, single-use, expiring link answers for one space.

P41: an operator gets a link by WhatsApp, SMS or e-mail and answers *as listed, changed, full* or
*closed*. The link is the whole proof: it names one space, is signed with a key that only the
database holds, works once, and is kept as a hash. Looking at it changes nothing, since messengers
fetch links before people do.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, get_args

from sqlalchemy import Row, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from geo import outbox, space_documents
from geo.authority import Actor, require_close
from geo.errors import InvalidRecordError, LinkError
from geo.hiding import is_hidden
from geo.knowing import require_known
from geo.models import CHANNELS, Confirmation, ConfirmationLink, SigningKey
from geo.notices import note
from geo.proposals import SOURCE, Link, Outcome, propose_space
from geo.subjects import Subject, read_subject

#: P41 does not say how long a link waits for its answer; two weeks are our proposal (setting
#: ``AMPARO_CONFIRM_LINK_DAYS``).
LINK_DAYS = 14

Answer = Literal["as_listed", "changed", "full", "closed"]

#: What an operator may change by a link: hours, telephone and a notice, nothing that moves a
#: place or opens it to others.
CHANGEABLE = ("schedules", "public_phones", "notice")

_PURPOSE = "confirmation-links"
_KEY_BYTES = 32
_ID_BYTES = 16
_EXPIRY_BYTES = 5
#: RFC 2104 lets an HMAC be cut to half its length; the link has to fit into a text message.
_MAC_BYTES = 16
_TOKEN_BYTES = _ID_BYTES + _EXPIRY_BYTES + _MAC_BYTES


@dataclass(frozen=True, slots=True)
class Issued:
    """A new link.

    Attributes
    ----------
    token : str
        What the address ends with; kept nowhere.
    space_name : str or None
        To write into the message; None for a restricted space, whose name is in no message.
    """

    token: str
    expires_at: datetime
    space_name: str | None


@dataclass(frozen=True, slots=True)
class Asked:
    """What the page of a link shows.

    Attributes
    ----------
    document : dict or None
        What is listed now; None for a restricted space, and for one that is hidden in an
        emergency (P24), of which the page shows the name alone.
    """

    name: str
    document: Mapping[str, Any] | None
    expires_at: datetime


async def issue_link(
    session: AsyncSession,
    space_id: str,
    channel: str,
    actor: Actor | None,
    *,
    now: datetime,
    days: int = LINK_DAYS,
) -> Issued:
    """Make a link for the operator of a space (writer).

    Parameters
    ----------
    channel : str
        How it is sent: one of `CHANNELS`.
    actor : Actor or None
        Who sends it; None is the command line.
    now : datetime
        Aware.

    Raises
    ------
    NotFoundError
        There is no such space, or the actor may not know of it.
    ForbiddenError
        The actor works neither for its organisation nor in its country.
    InvalidRecordError
        There is no such channel.
    """
    subject = await _own_space(session, space_id, channel, actor)
    key = await _key(session)
    link_id = secrets.token_bytes(_ID_BYTES)
    # To the second: that is what the token holds.
    expires_at = (now + timedelta(days=days)).replace(microsecond=0)
    body = link_id + int(expires_at.timestamp()).to_bytes(_EXPIRY_BYTES)
    token = base64.urlsafe_b64encode(body + _mac(key, body)).decode().rstrip("=")
    await session.execute(
        insert(ConfirmationLink).values(
            id=str(uuid.UUID(bytes=link_id)),
            location_id=space_id,
            token_sha256=_digest(token),
            channel=channel,
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


async def read_link(session: AsyncSession, token: str, *, now: datetime) -> Asked:
    """Return what a link asks about, without any effect (writer).

    Raises
    ------
    LinkError
        It was used, revoked, has expired, is forged or never existed: never told apart.
    """
    link = await _valid(session, token, now)
    subject = await read_subject(session, "space", link.location_id)
    document = subject.document or {}
    is_shown = not subject.is_restricted and not await is_hidden(session, link.location_id)
    shown = document if is_shown else None
    return Asked(document["name"], shown, link.expires_at)


async def answer_link(
    session: AsyncSession,
    token: str,
    answer: Answer,
    *,
    now: datetime,
    changes: Mapping[str, Any] | None = None,
) -> Outcome:
    """Take the operator's answer, and end the link (writer).

    Parameters
    ----------
    answer : str
        ``as_listed`` confirms the record from today on; ``full`` and ``closed`` take effect at
        once; ``changed`` proposes ``changes`` to an approver (shorter hours hold at once).
    changes : mapping or None
        Of `CHANGEABLE` fields.

    Raises
    ------
    LinkError
        As in `read_link`.
    InvalidRecordError
        No such answer, or changes that cannot be; the link still works then.
    """
    await _valid(session, token, now)
    used = (
        await session.execute(
            update(ConfirmationLink)
            .where(ConfirmationLink.token_sha256 == _digest(token), _is_unused(now))
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
    link = Link(used.id, used.created_by)
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


async def answer_for(
    session: AsyncSession,
    actor: Actor,
    space_id: str,
    answer: Answer,
    channel: str,
    *,
    now: datetime,
) -> Outcome:
    """Write down what an operator answered by telephone or at a visit (writer).

    Raises
    ------
    NotFoundError, ForbiddenError, InvalidRecordError
        As in `issue_link`; ``changed`` is proposed with `geo.proposals.propose_space` instead.
    """
    if answer == "changed":
        raise InvalidRecordError([("answer", "is proposed as a change instead")])
    await _own_space(session, space_id, channel, actor)
    return await _take(
        session, space_id, answer, who=actor.id, channel=channel, now=now, actor=actor
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
    link: Link | None = None,
    actor: Actor | None = None,
) -> Outcome:
    subject = await read_subject(session, "space", space_id, lock=True)
    match answer:
        case "as_listed":
            outcome = await _confirm(session, subject, channel, now)
        case "full" | "closed":
            outcome = await _close(session, subject, answer, now)
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
            raise InvalidRecordError([("answer", f"is one of {', '.join(get_args(Answer))}")])
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


async def _confirm(session: AsyncSession, subject: Subject, channel: str, now: datetime) -> Outcome:
    """Confirm a record as it is listed: from today, for as long as its kind holds (P41)."""
    changes = {
        "confirmed_on": now.date().isoformat(),
        "expires_on": None,  # computed from the kind
        "confirmed_by": f"operator, {channel}",
    }
    return await _write(session, subject, changes, now)


async def _close(session: AsyncSession, subject: Subject, answer: str, now: datetime) -> Outcome:
    order = ("active", "full", "temporarily_closed", "closed")
    status = "full" if answer == "full" else "temporarily_closed"
    document = subject.document or {}
    # P40: an answer closes further, it never opens: what is closed for good does not become full.
    if order.index(document["status"]) >= order.index(status):
        return Outcome(subject.record_id, None, False, (), ())
    return await _write(session, subject, {"status": status}, now)


async def _write(
    session: AsyncSession, subject: Subject, changes: Mapping[str, Any], now: datetime
) -> Outcome:
    after = space_documents.patched(subject.document or {}, changes)
    await space_documents.store_documents(
        session, [after], now=now, today=now.date(), source=SOURCE
    )
    return Outcome(subject.record_id, None, True, tuple(sorted(changes)), ())


def _changeable(changes: Mapping[str, Any]) -> Mapping[str, Any]:
    fixed = sorted(set(changes) - set(CHANGEABLE))
    if fixed:
        raise InvalidRecordError([(name, "is not changed by a link") for name in fixed])
    return changes


async def _own_space(
    session: AsyncSession, space_id: str, channel: str, actor: Actor | None
) -> Subject:
    if channel not in CHANNELS:
        raise InvalidRecordError([("channel", f"is one of {', '.join(CHANNELS)}")])
    subject = await read_subject(session, "space", space_id)
    await require_known(session, actor, [subject])
    if actor is not None:
        require_close(actor, organization_id=subject.organization_id, country=subject.countries[0])
    return subject


# -- tokens ------------------------------------------------------------------------------------


async def _valid(session: AsyncSession, token: str, now: datetime) -> Row[str, str, datetime]:
    """Return the link of a token that still works; every other token takes the same steps."""
    key = await _key(session)
    raw = _decoded(token)
    body, mac = raw[:-_MAC_BYTES], raw[-_MAC_BYTES:]
    is_signed = hmac.compare_digest(_mac(key, body), mac)
    found = (
        await session.execute(
            select(
                ConfirmationLink.id, ConfirmationLink.location_id, ConfirmationLink.expires_at
            ).where(ConfirmationLink.token_sha256 == _digest(token), _is_unused(now))
        )
    ).one_or_none()
    if found is None or not is_signed or found.id != str(uuid.UUID(bytes=body[:_ID_BYTES])):
        raise _invalid()
    return found


def _decoded(token: str) -> bytes:
    """Return the bytes of a token; of one that is none, as many that are signed by nobody."""
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars="-_", validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    return raw if len(raw) == _TOKEN_BYTES else bytes(_TOKEN_BYTES)


def _is_unused(now: datetime) -> Any:  # noqa: ANN401 -- a condition
    return (
        ConfirmationLink.used_at.is_(None)
        & ConfirmationLink.revoked_at.is_(None)
        & (ConfirmationLink.expires_at > now)
    )


def _invalid() -> LinkError:
    return LinkError("the link is not valid")


def _mac(key: bytes, body: bytes) -> bytes:
    return hmac.digest(key, body, "sha256")[:_MAC_BYTES]


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


async def _key(session: AsyncSession) -> bytes:
    """Return the key that signs links, made at the first use."""
    question = select(SigningKey.key).where(SigningKey.purpose == _PURPOSE)
    key = await session.scalar(question)
    if key is None:
        await session.execute(
            upsert(SigningKey)
            .values(purpose=_PURPOSE, key=secrets.token_bytes(_KEY_BYTES))
            .on_conflict_do_nothing()
        )
        key = (await session.execute(question)).scalar_one()
    return key


async def open_links(session: AsyncSession, space_id: str, now: datetime) -> int:
    """Return how many links of a space wait for an answer (writer)."""
    question = (
        select(func.count())
        .select_from(ConfirmationLink)
        .where(ConfirmationLink.location_id == space_id, _is_unused(now))
    )
    return await session.scalar(question) or 0
