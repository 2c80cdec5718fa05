"""The time zone in which the console shows times to a member of the staff, by where they work."""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from geo.accounts.permissions import Actor
from geo.models import Location, Place

#: Time zone shown to a person whose organisation, if any, has no spaces, and who approves in no
#: country.
EVERYWHERE = "UTC"


async def timezone_of(session: AsyncSession, actor: Actor) -> str:
    """Return the IANA name of a person's time zone (writer session).

    It is the time zone of most spaces of the person's organisation; without such spaces, that of
    the largest town in the countries where the person approves; without countries, `EVERYWHERE`.
    """
    if actor.organization_id is not None:
        own = await session.scalar(
            select(Location.timezone)
            .where(Location.organization_id == actor.organization_id)
            .group_by(Location.timezone)
            .order_by(func.count().desc(), Location.timezone)
            .limit(1)
        )
        if own is not None:
            return own
    if actor.countries:
        largest = await session.scalar(
            select(Place.timezone)
            .where(Place.country == func.any(sorted(actor.countries)))
            .order_by(Place.population.desc(), Place.id)
            .limit(1)
        )
        if largest is not None:
            return largest
    return EVERYWHERE
