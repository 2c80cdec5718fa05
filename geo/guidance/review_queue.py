"""Lists for the staff console: texts by state of review, contacts and pathways."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from geo.accounts.permissions import Actor, require_staff
from geo.models import Contact, Location, Message, Pathway, Practice, Product, RestrictedReader

#: States of listed texts, in the order of the lists: those to review first.
STATES = ("submitted", "draft", "reviewed")


@dataclass(frozen=True, slots=True)
class TextInReview:
    """Text with its state of review: a message, an information product or a practice note.

    Attributes
    ----------
    what : str
        ``message``, ``product`` or ``practice``.
    about : str
        Key of a message, or id of the space of a note; empty for a product.
    details : mapping
        Other fields by name, such as ``audience``, ``valid_from``, ``valid_to``, ``safety`` and
        ``url``.
    """

    what: str
    id: str
    title: str
    about: str
    body: str
    language: str
    state: str
    written_by: str | None
    demo: bool
    details: Mapping[str, Any]


async def messages(session: AsyncSession, actor: Actor) -> list[TextInReview]:
    """Return the message bank's texts that are not retired, submitted ones first (writer session).

    Raises
    ------
    ForbiddenError
        The actor is not of the staff.
    """
    require_staff(actor)
    found = await session.scalars(
        select(Message)
        .where(Message.state != "retired")
        .order_by(Message.key, Message.language, Message.valid_from.desc())
    )
    return _in_order(
        _in_review(
            "message",
            row,
            row.key,
            row.key,
            row.body,
            ("valid_from", "valid_to", "audience", "kind", "safety"),
        )
        for row in found
    )


async def products(session: AsyncSession, actor: Actor) -> list[TextInReview]:
    """Return the information products that are neither retired nor restricted (writer session).

    Raises
    ------
    ForbiddenError
        The actor is not of the staff.
    """
    require_staff(actor)
    found = await session.scalars(
        select(Product)
        .where(Product.state != "retired", Product.visibility != "restricted")
        .order_by(Product.title, Product.id)
    )
    return _in_order(
        _in_review(
            "product",
            row,
            row.title,
            "",
            row.summary or "",
            ("valid_from", "valid_to", "audience", "url", "visibility"),
        )
        for row in found
    )


async def practices(session: AsyncSession, actor: Actor) -> list[TextInReview]:
    """Return the notes of good practice that are not retired (writer session).

    Notes that are restricted, or on a restricted space, are returned only to the space's named
    readers.

    Raises
    ------
    ForbiddenError
        The actor is not of the staff.
    """
    require_staff(actor)
    named = (
        select(RestrictedReader.location_id)
        .where(
            RestrictedReader.location_id == Practice.location_id,
            RestrictedReader.person == actor.id,
        )
        .exists()
    )
    is_open = (Practice.visibility != "restricted") & (Location.visibility != "restricted")
    found = await session.scalars(
        select(Practice)
        .join(Location, Location.id == Practice.location_id)
        .where(Practice.state != "retired", or_(is_open, named))
        .order_by(Practice.noted_on.desc(), Practice.id)
    )
    return _in_order(
        _in_review(
            "practice",
            row,
            row.title,
            row.location_id,
            row.body,
            ("noted_on", "visibility"),
        )
        for row in found
    )


async def contact(session: AsyncSession, actor: Actor, contact_id: str) -> Contact | None:
    """Return the stored contact with an id, or None (writer session).

    Raises
    ------
    ForbiddenError
        The actor is not of the staff.
    """
    require_staff(actor)
    return await session.get(Contact, contact_id)


async def pathways(session: AsyncSession, actor: Actor) -> list[Pathway]:
    """Return the referral pathways that are not restricted, with expired ones (writer session).

    Raises
    ------
    ForbiddenError
        The actor is not of the staff.
    """
    require_staff(actor)
    found = await session.scalars(
        select(Pathway)
        .where(Pathway.visibility != "restricted")
        .order_by(Pathway.country, Pathway.need, Pathway.title, Pathway.id)
    )
    return list(found)


def _in_review(
    what: str,
    row: Message | Product | Practice,
    title: str,
    about: str,
    body: str,
    details: tuple[str, ...],
) -> TextInReview:
    return TextInReview(
        what=what,
        id=row.id,
        title=title,
        about=about,
        body=body,
        language=row.language,
        state=row.state,
        written_by=row.written_by,
        demo=row.demo,
        details={name: getattr(row, name) for name in details},
    )


def _in_order(texts: Any) -> list[TextInReview]:  # noqa: ANN401 -- a generator of them
    return sorted(texts, key=lambda text: STATES.index(text.state))
