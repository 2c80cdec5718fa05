"""Data for the page of one space: record, hours, notes, contacts, next spaces.

All data is that visible to the client's tier.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.runtime.work_limit import BusyError
from app.snapshots.neighbours import NextSpace, next_spaces
from app.snapshots.road_networks import NoNetworkError, RoadNetworks
from geo.errors import NotFoundError
from geo.guidance.contacts import AreaContacts, contacts_of
from geo.guidance.practices import practices_at
from geo.guidance.products import products_for_space
from geo.hours.openings import local_day
from geo.hours.space_hours import Hours, OpenStatus, hours_of
from geo.spaces import candidates
from geo.spaces.candidates import Described
from geo.spaces.freshness import Age, age_label


@dataclass(frozen=True)
class SpaceFacts:
    """Data of a visible, unexpired space.

    Attributes
    ----------
    described
        Published properties and position of the space.
    today
        Local date at the space.
    status
        Whether the space is open now, by its schedule.
    age
        Age of the last confirmation; None for a demo row, which has no date (P35).
    referrers
        Visible referral points of the space.
    next_spaces
        Spaces reached first along the roads out of the space; None if the search was not possible.
    products, practices
        Information products of the space, and the notes on it that the client may read.
    contacts
        Essential phone lines of the area (P45).
    """

    described: Described
    today: date
    hours: Hours
    status: OpenStatus
    age: Age | None
    referrers: tuple[Described, ...]
    next_spaces: tuple[NextSpace, ...] | None
    products: list[dict[str, Any]]
    practices: list[dict[str, Any]]
    contacts: AreaContacts


async def read_facts(
    session: AsyncSession, network: RoadNetworks, space_id: str, now: datetime
) -> SpaceFacts:
    """Return the data of a space (any reading tier).

    Raises
    ------
    NotFoundError
        The space is hidden from the client, has expired, or never existed; the error is the same
        for all three (P39).
    """
    found = await visible_space(session, space_id, now)
    row = found.properties
    described = await candidates.describe(session, row["referral_points"] or ())
    hours = hours_of(row)
    return SpaceFacts(
        described=found,
        today=local_day(now, row["timezone"]),
        hours=hours,
        status=hours.status_at(now),
        age=age_of(row, now),
        referrers=tuple(described[point] for point in sorted(described)),
        products=await products_for_space(session, space_id),
        practices=await practices_at(session, space_id),
        contacts=await contacts_of(session, row["country"], row["admin1"]),
        # Searched last: the search gives back the database connection that the others use.
        next_spaces=await _next_spaces(session, network, found, now),
    )


async def visible_space(session: AsyncSession, space_id: str, now: datetime) -> Described:
    """Return a space that the client may see today.

    Raises
    ------
    NotFoundError
        The space is hidden, expired or unknown, as for `read_facts`; the message names no id.
    """
    described = await candidates.describe(session, {space_id})
    found = described.get(space_id)
    if found is None or found.properties["expires_on"] < now.date():
        msg = "there is no such space"
        raise NotFoundError(msg)
    return found


def age_of(properties: Mapping[str, Any], now: datetime) -> Age | None:
    """Return the age of a space's last confirmation, counted in local days at the space.

    None if the space was never confirmed (P35).
    """
    if properties["confirmed_on"] is None:
        return None
    today = local_day(now, properties["timezone"])
    return age_label(properties["confirmed_on"], properties["expires_on"], today)


async def _next_spaces(
    session: AsyncSession, network: RoadNetworks, space: Described, now: datetime
) -> tuple[NextSpace, ...] | None:
    try:
        return await next_spaces(
            session, network, space.lon, space.lat, country=space.properties["country"], at=now
        )
    except (BusyError, NoNetworkError):
        return None
