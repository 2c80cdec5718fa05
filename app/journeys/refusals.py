"""Refusals of routes, and the help that each of them names (P11, P32, P45, P54)."""

from collections.abc import Callable, Mapping
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from app.journeys.detours import Because, Known, published
from app.journeys.errors import LongDetourError, NoReasonableWayError, Obstacle, RouteRefusedError
from app.snapshots.essential_contacts import Line, essential_lines
from geo.db.sessions import connected
from geo.geography.crossings import CrossingState
from geo.spaces import queries
from geo.spaces.queries import NearSpace
from routing.errors import Blocker, NoRoute
from routing.route.open_world_report import Compared, WayFigures
from routing.travel.request import RouteRequest

#: What stands in the way, as refusals name it.
_BLOCKS: Final[Mapping[str, str]] = {
    "crossing": "crossing",
    "hazard": "exclusion",
    "avoided": "avoided",
}


async def help_at(
    session: AsyncSession, request: RouteRequest, leg: int
) -> tuple[NearSpace | None, tuple[Line, ...]]:
    """Find the space nearest to where a leg begins, on its side, and whom to call.

    Parameters
    ----------
    session
        Of the asker's tier.
    request, leg
        What was asked; the number of a leg over waypoints, 0 without.
    """
    places = (request.start, *request.via)
    countries = (request.start_country, *request.via_countries, request.end_country)
    # One after the other: a session is one connection.
    asked = await connected(session)
    near = await queries.nearest_spaces(asked, *places[leg], country=countries[leg], limit=1)
    same_side = next((space for space in near if space.country == countries[leg]), None)
    return same_side, await essential_lines(asked, countries[leg : leg + 2])


async def refusal(
    session: AsyncSession,
    request: RouteRequest,
    reason: NoRoute,
    known: Known,
    avoids: Callable[[str, str], bool],
) -> RouteRefusedError:
    """Say what stands in the way, and where help is on the side that the refused leg begins.

    Parameters
    ----------
    session, request
        As of `help_at`.
    reason
        The router's.
    known
        What is on record.
    avoids
        Tells whether the asker keeps away from crossings between two countries, be they open.
    """
    near, lines = await help_at(session, request, reason.leg or 0)
    crossings = {crossing.id: crossing for crossing in known.crossings}
    obstacles = [
        _blocking(blocker, crossings.get(blocker.id or ""), avoids) for blocker in reason.blocked_by
    ]
    return RouteRefusedError(obstacles, near, reason.leg, lines)


def _blocking(
    blocker: Blocker, crossing: CrossingState | None, avoids: Callable[[str, str], bool]
) -> Obstacle:
    """Return what blocks as it is told; what the asker avoids is not called closed (P32)."""
    if crossing is None or blocker.kind != "crossing":
        return Obstacle(blocker.kind, blocker.id, blocker.name, blocker.state)
    if avoids(crossing.country_a, crossing.country_b):
        return Obstacle("avoided", blocker.id, blocker.name, None)
    opening = crossing.next_opening
    return Obstacle(blocker.kind, blocker.id, blocker.name, blocker.state, opening)


async def long_refusal(
    session: AsyncSession,
    request: RouteRequest,
    compared: Compared,
    known: Known,
    detour: WayFigures,
) -> LongDetourError | NoReasonableWayError:
    """Say what makes all ways of a leg so long, if that is published, and where help is.

    ``detour`` are the figures of the long way, as its card has them.
    """
    near, lines = await help_at(session, request, compared.leg or 0)
    if compared.refused == "ceiling":
        # The same whatever the reason: nothing is looked up.
        return NoReasonableWayError(detour, (), (), near, compared.leg, lines)
    row = compared.beyond.index("closure")
    because = published(compared.because[row], known)
    blocked = list(map(_obstacle, because))
    return LongDetourError(detour, because, blocked, near, compared.leg, lines)


def _obstacle(because: Because) -> Obstacle:
    reason = because.reason
    opening = because.until if reason.kind == "crossing" else None
    return Obstacle(_BLOCKS[reason.kind], reason.id, reason.name, reason.state, opening)
