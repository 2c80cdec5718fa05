"""Pages of the list of spaces, so that only the spaces of one page are read from the database."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from geo.db import clock
from geo.db.views import spaces
from geo.spaces.filters import SpaceFilter
from geo.spaces.queries import ListedSpace, is_listed, listed_spaces


async def listed_page(
    session: AsyncSession,
    wanted: SpaceFilter,
    first: int,
    size: int,
    country_first: str | None = None,
) -> tuple[int, Sequence[ListedSpace]]:
    """Return the number of spaces that pass a filter, and the spaces of one page.

    Parameters
    ----------
    session : AsyncSession
        Session of the asker's tier.
    first, size : int
        Number of spaces before the page, and of spaces on the page.
    country_first : str, optional
        Country (ISO 3166-1 alpha-2) whose spaces come before those of all others.
    """
    page = slice(first, first + size)
    if wanted.open_at is not None:
        # SQL does not evaluate schedules, so for a filter by opening hours all spaces are read.
        listed = await listed_spaces(session, wanted, country_first=country_first)
        return len(listed), listed[page]
    counting = select(func.count()).select_from(spaces).where(*is_listed(wanted))
    total = await session.scalar(counting)
    return total or 0, await listed_spaces(session, wanted, page, country_first=country_first)


async def spoken_languages(session: AsyncSession) -> tuple[str, ...]:
    """Return the languages spoken at visible, unexpired spaces, the most frequent first."""
    each = (
        select(func.unnest(spaces.c.languages).label("code"))
        .where(spaces.c.expires_on >= clock.today())
        .subquery("each")
    )
    rows = await session.scalars(
        select(each.c.code).group_by(each.c.code).order_by(func.count().desc(), each.c.code)
    )
    return tuple(rows)
