"""Outbox of notifications, written in the transaction of the event and sent afterwards.

A message holds an event and ids and nothing else: no position, no text of a record, no address. The
recipient is the id of a person or webhook, whose address is looked up at sending. A message can
arrive twice (a sender may be killed after sending), so each message carries its id.
"""

import secrets
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from geo.accounts.permissions import Actor, Role, require_administer
from geo.db import clock
from geo.errors import InvalidRecordError, NotFoundError
from geo.models import Organization, OutboxMessage, Person, Webhook
from geo.reasons import CodedReason

#: Events about records. A webhook subscribes to some of them.
EVENTS = (
    "proposal.created",
    "proposal.accepted",
    "proposal.rejected",
    "record.changed",
    "space.confirmed",
)

#: Events about a person's own account, sent to the person by e-mail only.
ACCOUNT_EVENTS = (
    "account.invited",
    "account.token_issued",
    "account.factor_added",
    "account.factor_reset",
    "account.codes_refused",
)

#: Events for the supervision by coordinators, sent by e-mail only: many removals by one person
#: (P52), unusual reading by staff (P56), and writes to the database from outside Amparo.
WATCH_EVENTS = ("removals.many", "reading.unusual", "audit.outside")

#: Event for an organisation that submits records by a form in another system: submissions that
#: Amparo has read are gone from the form (`geo.sources.taking`). Sent by e-mail only.
SOURCE_EVENTS = ("source.gone",)

#: Events that remind people of their own work, sent by e-mail only.
REMINDER_EVENTS = ("records.incomplete",)

#: Event that sends number and hash of the last audit entry to an address in the settings, not to a
#: person (`geo.oversight.audit_anchors`).
ANCHOR_EVENT = "audit.head"

CHANNELS = ("email", "webhook")

#: Time for which a claimed message is reserved for its sender. Afterwards another sender may claim
#: the message, in case the first sender was killed.
LEASE = timedelta(minutes=2)

#: Wait before the first retry; it doubles with each further retry up to `LONGEST_WAIT`.
FIRST_WAIT = timedelta(seconds=30)
#: Maximum wait before a retry.
LONGEST_WAIT = timedelta(hours=6)
#: Maximum number of attempts. All together take about a day and a half (our choice: enough for an
#: evening's outage of a mail server, not for a weekend's).
ATTEMPTS = 16

#: Time for which a message is kept after it was sent or given up; for a message that no sender ever
#: claims, after it was written.
KEPT = timedelta(days=30)

_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class ClaimedMessage:
    """A message of the outbox that a sender has claimed, with the data needed to send it.

    Attributes
    ----------
    id : str
        Id of the message, the same at each attempt.
    attempt : int
        Number of the attempt, from 1.
    address : str or None
        E-mail address or URL; None if the person or webhook is gone.
    language : str
        Language of the person.
    key : bytes or None
        Key that signs the body for a webhook.
    """

    id: str
    channel: str
    event: str
    payload: dict[str, Any]
    created_at: datetime
    attempt: int
    address: str | None
    language: str
    key: bytes | None


async def announce(
    session: AsyncSession,
    event: str,
    payload: dict[str, Any],
    *,
    people: Iterable[str] = (),
    organization_id: str | None = None,
    to_webhooks: bool = True,
) -> int:
    """Queue a notification to people and to subscribed webhooks; return the number of messages.

    Parameters
    ----------
    session : AsyncSession
        Session of the writer tier, in the transaction of the event.
    event : str
        One of `EVENTS`, `ACCOUNT_EVENTS`, `WATCH_EVENTS`, `SOURCE_EVENTS` or
        `REMINDER_EVENTS`.
    payload : dict
        Ids and states only.
    people : iterable of str
        Ids of the people to notify by e-mail.
    organization_id : str or None
        Organisation that owns the record. The webhooks of this organisation and those without an
        organisation are notified.
    to_webhooks : bool
        False for restricted records, so that no other system learns even their ids.
    """
    rows = [("email", person) for person in sorted(set(people))]
    if to_webhooks:
        wanting = select(Webhook.id).where(
            Webhook.events.contains([event]),
            Webhook.revoked_at.is_(None),
            or_(Webhook.organization_id.is_(None), Webhook.organization_id == organization_id),
        )
        rows += [("webhook", hook) for hook in await session.scalars(wanting.order_by(Webhook.id))]
    if rows:
        await session.execute(
            insert(OutboxMessage),
            [
                {
                    "id": str(uuid.uuid4()),
                    "channel": channel,
                    "recipient": recipient,
                    "event": event,
                    "payload": payload,
                }
                for channel, recipient in rows
            ],
        )
    return len(rows)


async def deciders(session: AsyncSession, country: str | None, *, but: str | None) -> list[str]:
    """Return the ids of the people to notify of a proposal, except ``but``.

    These are the approvers of the country or, if there are none, the coordinators.
    """
    active = select(Person.id).where(Person.active, Person.id.is_distinct_from(but))
    approving = active.where(Person.role == Role.APPROVER, Person.countries.contains([country]))
    found = list(await session.scalars(approving)) if country is not None else []
    return found or list(await session.scalars(active.where(Person.role == Role.COORDINATOR)))


async def claim(
    session: AsyncSession,
    now: datetime,
    *,
    channels: Sequence[str] = CHANNELS,
    limit: int = 20,
) -> list[ClaimedMessage]:
    """Claim messages that are due, so that no other sender takes them during `LEASE`.

    Needs a writer session, which the caller commits before sending. Any number of senders may claim
    at the same time.

    Parameters
    ----------
    channels : sequence of str
        Channels that the sender can serve; messages of other channels wait.
    """
    due = (
        select(OutboxMessage.id)
        .where(_is_open(), OutboxMessage.not_before <= now, OutboxMessage.channel.in_(channels))
        .order_by(OutboxMessage.not_before, OutboxMessage.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    taken = await session.scalars(
        update(OutboxMessage)
        .where(OutboxMessage.id.in_(due))
        .values(attempts=OutboxMessage.attempts + 1, not_before=now + LEASE)
        .returning(OutboxMessage)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    messages = sorted(taken.all(), key=lambda row: (row.created_at, row.id))
    return await _addressed(session, messages)


async def mark_sent(session: AsyncSession, message: ClaimedMessage, now: datetime) -> None:
    """Mark a message as sent (writer session)."""
    await session.execute(
        update(OutboxMessage)
        .where(OutboxMessage.id == message.id)
        .values(sent_at=now, last_error=None)
    )


async def mark_failed(
    session: AsyncSession,
    message: ClaimedMessage,
    now: datetime,
    *,
    error: str,
    final: bool = False,
) -> None:
    """Record a failed attempt to send a message, which is retried later or given up.

    Needs a writer session.

    Parameters
    ----------
    error : str
        Name of the error's class, without the message, which may hold addresses.
    final : bool
        Whether to give the message up without a retry.
    """
    wait = min(FIRST_WAIT * 2 ** min(message.attempt - 1, 20), LONGEST_WAIT)
    gives_up = final or message.attempt >= ATTEMPTS
    await session.execute(
        update(OutboxMessage)
        .where(OutboxMessage.id == message.id)
        .values(
            last_error=error[:100],
            not_before=now + wait,
            failed_at=now if gives_up else None,
        )
    )


async def forget_old(session: AsyncSession, now: datetime) -> int:
    """Delete messages that were sent or given up longer than `KEPT` ago, and return how many.

    A message that was neither sent nor given up is deleted `KEPT` after it was written. Needs a
    writer session.
    """
    ended = func.coalesce(OutboxMessage.sent_at, OutboxMessage.failed_at, OutboxMessage.created_at)
    gone = await session.scalars(
        delete(OutboxMessage)
        .where(ended < now - KEPT)
        .returning(OutboxMessage.id)
        .execution_options(synchronize_session=False)
    )
    return len(gone.all())


async def waiting(session: AsyncSession) -> tuple[int, int]:
    """Return how many messages wait to be sent, and how many were given up (writer session)."""
    question = select(
        func.count().filter(_is_open()),
        func.count().filter(OutboxMessage.failed_at.is_not(None)),
    ).select_from(OutboxMessage)
    open_count, failed = (await session.execute(question)).one()
    return open_count, failed


async def add_webhook(
    session: AsyncSession,
    actor: Actor | None,
    *,
    url: str,
    events: Sequence[str],
    organization_id: str | None = None,
) -> tuple[str, bytes]:
    """Register a webhook, and return its id and its key (writer session).

    The key signs each body and is shown once. ``actor`` is None for the command line.

    Raises
    ------
    ForbiddenError
        The actor is no administrator.
    InvalidRecordError
        An event is unknown, there is none, or ``url`` is not a web address.
    NotFoundError
        There is no such organisation.
    """
    if actor is not None:
        require_administer(actor)
    unknown = sorted(set(events) - set(EVENTS))
    if unknown or not events:
        raise InvalidRecordError([("events", CodedReason("not_one_of", choices=EVENTS))])
    if not url.startswith(("https://", "http://")):
        raise InvalidRecordError([("url", CodedReason("not_https"))])
    if organization_id is not None and await session.get(Organization, organization_id) is None:
        msg = f"there is no organisation {organization_id}"
        raise NotFoundError(msg)
    hook = Webhook(
        id=str(uuid.uuid4()),
        organization_id=organization_id,
        url=url,
        key=secrets.token_bytes(_KEY_BYTES),
        events=sorted(set(events)),
    )
    session.add(hook)
    await session.flush()
    return hook.id, hook.key


async def webhooks(session: AsyncSession) -> list[Webhook]:
    """Return the webhooks that are not revoked, oldest first (writer session)."""
    question = select(Webhook).where(Webhook.revoked_at.is_(None))
    return list(await session.scalars(question.order_by(Webhook.created_at, Webhook.id)))


async def revoke_webhook(session: AsyncSession, webhook_id: str) -> None:
    """Revoke a webhook, which then gets no more notifications (writer session).

    Raises
    ------
    NotFoundError
        There is no such webhook.
    """
    found = await session.scalar(
        update(Webhook)
        .where(Webhook.id == webhook_id)
        .values(revoked_at=func.coalesce(Webhook.revoked_at, clock.now()))
        .returning(Webhook.id)
    )
    if found is None:
        msg = f"there is no webhook {webhook_id}"
        raise NotFoundError(msg)


def _is_open() -> ColumnElement[bool]:
    return OutboxMessage.sent_at.is_(None) & OutboxMessage.failed_at.is_(None)


async def _addressed(session: AsyncSession, rows: Sequence[OutboxMessage]) -> list[ClaimedMessage]:
    ids = {row.recipient for row in rows}
    people = {
        person.id: person
        for person in await session.scalars(select(Person).where(Person.id.in_(ids), Person.active))
    }
    hooks = {
        hook.id: hook
        for hook in await session.scalars(
            select(Webhook).where(Webhook.id.in_(ids), Webhook.revoked_at.is_(None))
        )
    }
    made = []
    for row in rows:
        person = people.get(row.recipient) if row.channel == "email" else None
        hook = hooks.get(row.recipient) if row.channel == "webhook" else None
        made.append(
            ClaimedMessage(
                id=row.id,
                channel=row.channel,
                event=row.event,
                payload=row.payload,
                created_at=row.created_at,
                attempt=row.attempts,
                address=person.email if person else hook.url if hook else None,
                language=person.language if person else "es",
                key=hook.key if hook else None,
            )
        )
    return made
