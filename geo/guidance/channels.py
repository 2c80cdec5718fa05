"""Inventory of the information tools and channels of an area: operator, address and status of each.

A change of the operator or address needs a second person, as for contacts; the end or pause of a
channel takes effect at once (P40, P53).
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from geo.accounts.permissions import Actor
from geo.db.guidance_views import information_channels, plain_rows
from geo.proposals.guidance_changes import Sent, circumstances_of, put_unmixed
from geo.proposals.submission import Outcome
from geo.subjects.contacts import channel_document
from geo.text.normalize import folded


async def channels_of(
    session: AsyncSession,
    country: str | None = None,
    admin1: str | None = None,
    *,
    medium: str | None = None,
) -> list[dict[str, Any]]:
    """Return the channels of a country or first-level unit, sorted by area (any reading tier).

    Parameters
    ----------
    country : str or None
        ISO 3166-1 alpha-2; None returns those of every country.
    admin1 : str or None
        Name of the first-level unit, compared without accents and case; channels of the whole
        country are returned too.
    medium : str or None
        One of `geo.models.CHANNEL_MEDIA`.
    """
    c = information_channels.c
    question = select(information_channels).order_by(
        c.country, c.admin1.nulls_first(), c.medium, c.name, c.id
    )
    if country is not None:
        question = question.where(c.country == country)
    if medium is not None:
        question = question.where(c.medium == medium)
    found = plain_rows(await session.execute(question))
    if admin1 is None:
        return found
    unit = folded(admin1)
    return [row for row in found if row["admin1"] is None or folded(row["admin1"]) == unit]


async def put_channel(
    session: AsyncSession,
    actor: Actor,
    fields: Mapping[str, Any],
    sent: Sent,
    *,
    allow_mixed: bool = False,
) -> Outcome:
    """Propose a new channel, or a change of the channel with the same id (writer session; P53).

    A new name, operator or address waits for a second person; a pause, an end and the removal of an
    address take effect at once.

    Raises
    ------
    ForbiddenError
        The actor is no coordinator.
    InvalidRecordError
        A field breaks its rule.
    MixedDataError
        Demo and real rows would mix, and ``allow_mixed`` is False.
    """
    document = channel_document(fields, await circumstances_of(session, actor, sent))
    return await put_unmixed(session, actor, "channel", document, sent, allow_mixed=allow_mixed)
