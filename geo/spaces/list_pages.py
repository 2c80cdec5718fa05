"""One page of the list of spaces, read alone: of thousands a phone is shown a few dozen."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from geo.db import clock
from geo.db.views import spaces
from geo.spaces.filters import SpaceFilter
from geo.spaces.queries import ListedSpace, is_listed, listed_spaces


async def listed_page(
    session: AsyncSession, wanted: SpaceFilter, first: int, size: int
) -> tuple[int, Sequence[ListedSpace]]:
    """Return how many spaces are listed in all, and those of one page.

    Parameters
    ----------
    session : AsyncSession
        Of the asker's tier.
    first, size : int
        How many come before the page, and how many are on it.
    """
    page = slice(first, first + size)
    if wanted.open_at is not None:
        # What is open is worked out from schedules, which the database does not read.
        listed = await listed_spaces(session, wanted)
        return len(listed), listed[page]
    counting = select(func.count()).select_from(spaces).where(*is_listed(wanted))
    total = await session.scalar(counting)
    return total or 0, await listed_spaces(session, wanted, page)


async def spoken_languages(session: AsyncSession) -> tuple[str, ...]:
    """Return the codes of the languages spoken at visible, unexpired spaces, the most first."""
    each = (
        select(func.unnest(spaces.c.languages).label("code"))
        .where(spaces.c.expires_on >= clock.today())
        .subquery("each")
    )
    rows = await session.scalars(
        select(each.c.code).group_by(each.c.code).order_by(func.count().desc(), each.c.code)
    )
    return tuple(rows)
