"""Essential contacts of an area: emergency, asylum, violence, children, complaints (P45)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from geo.accounts.permissions import Actor, require_coordinate
from geo.audit import trail
from geo.db.guidance_views import contacts, plain_rows
from geo.guidance.stored_records import stored_record
from geo.models import CONTACT_KINDS, Contact
from geo.proposals.guidance_changes import Sent, circumstances_of, put_unmixed, withdraw_all
from geo.proposals.submission import Outcome
from geo.removals import removal_log
from geo.subjects.contacts import contact_document
from geo.text.normalize import folded

#: Kinds of contacts that every area should have (P45). Responses name those of which an area has no
#: telephone line.
ESSENTIAL = tuple(kind for kind in CONTACT_KINDS if kind != "other")

#: Kinds of telephone lines shown to a person with a protected need, in place of spaces and
#: pathways, which are never published for such a need (P3, P38).
HOTLINES = ("gbv", "child_protection", "emergency")


@dataclass(frozen=True, slots=True)
class AreaContacts:
    """Telephone lines of an area.

    Attributes
    ----------
    lines : tuple of mappings
        Lines sorted by kind; within a kind, lines of the first-level unit before those of its
        country.
    not_known : tuple of str
        Kinds of `ESSENTIAL` without any known line.
    """

    lines: tuple[Mapping[str, Any], ...]
    not_known: tuple[str, ...]


async def contacts_of(
    session: AsyncSession,
    country: str | None,
    admin1: str | None = None,
    *,
    kinds: Iterable[str] = CONTACT_KINDS,
) -> AreaContacts:
    """Return the telephone lines of a country, and of one first-level unit (any reading tier).

    Parameters
    ----------
    session : AsyncSession
        Session whose tier decides which lines are visible.
    country : str or None
        ISO 3166-1 alpha-2; None returns the lines of every country.
    admin1 : str or None
        Name of the first-level unit as spaces state it, compared without accents and case.
    kinds : iterable of str
        Kinds of `geo.models.CONTACT_KINDS` to return.
    """
    asked = tuple(kinds)
    question = select(contacts).where(contacts.c.kind.in_(asked))
    if country is not None:
        question = question.where(contacts.c.country == country)
    found = plain_rows(await session.execute(question))
    if country is not None:
        unit = None if admin1 is None else folded(admin1)
        found = [
            row for row in found if row["admin1"] is None or folded(str(row["admin1"])) == unit
        ]
    found.sort(
        key=lambda row: (
            CONTACT_KINDS.index(row["kind"]),
            row["country"],
            row["admin1"] is None,
            row["name"],
            row["id"],
        )
    )
    known = {row["kind"] for row in found}
    return AreaContacts(
        tuple(found),
        tuple(kind for kind in ESSENTIAL if kind in asked and kind not in known),
    )


async def independent_lines(
    session: AsyncSession, country: str | None, admin1: str | None = None
) -> tuple[Mapping[str, Any], ...]:
    """Return the lines for complaints about staff that are independent of operators (P44).

    Country and unit are as in `contacts_of`.
    """
    found = await contacts_of(session, country, admin1, kinds=("psea",))
    return tuple(line for line in found.lines if line["independent"])


async def put_contact(
    session: AsyncSession,
    actor: Actor,
    fields: Mapping[str, Any],
    sent: Sent,
    *,
    allow_mixed: bool = False,
) -> Outcome:
    """Propose a new contact, or a change of the contact with the same id (writer session; P53).

    A new number, name or text waits for a second person; the removal of a number, name or text
    takes effect at once.

    Parameters
    ----------
    session, actor
        Writer session, and a coordinator.
    fields : mapping
        Fields as in a file of contacts, with ``id``.
    sent : Sent
        Time, channel and reason of the change.
    allow_mixed : bool
        Propose the contact even if demo and real rows would mix (P35).

    Raises
    ------
    ForbiddenError
        The actor is no coordinator.
    InvalidRecordError
        A field breaks its rule.
    MixedDataError
        Demo and real rows would mix, and ``allow_mixed`` is False.
    """
    document = contact_document(fields, await circumstances_of(session, actor, sent))
    return await put_unmixed(session, actor, "contact", document, sent, allow_mixed=allow_mixed)


_ROW = text("select cast(to_jsonb(c) as text) from amparo.contacts c where id = :id")


async def remove_contact(
    session: AsyncSession, actor: Actor, contact_id: str, *, now: datetime
) -> None:
    """Delete a contact at once, because a wrong number must not stay published (writer session).

    The removal counts towards the actor's daily limit of removals without a second person (P52).

    Parameters
    ----------
    now : datetime
        Moment of the removal, aware.

    Raises
    ------
    ForbiddenError
        The actor is no coordinator.
    NotFoundError
        There is no contact with this id.
    """
    require_coordinate(actor)
    contact = await stored_record(session, Contact, contact_id)
    row = await session.scalar(_ROW, {"id": contact_id})
    await session.delete(contact)
    await session.flush()
    await removal_log.note(
        session,
        "contact",
        contact_id,
        "withdraw",
        person=actor.id,
        now=now,
        undo={"row": row},
    )
    await withdraw_all(session, "contact", contact_id, now)
    await trail.note(session, actor.id, "contact", "remove", contact_id)
