"""Construction of route refusals, with the nearest space and phone lines that each names.

P11 and P32 ask for obstacles and help, P45 for phone lines, P54 for the refusal of long detours.
"""

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

#: Kind of an obstacle in a refusal, by kind of the router's reason for a detour.
_BLOCKS: Final[Mapping[str, str]] = {
    "crossing": "crossing",
    "hazard": "exclusion",
    "avoided": "avoided",
}

#: Farthest that a space may be from a leg's start to be named as help in a refusal, metres: as far
#: as lists of spaces call near by default (`Settings.near_m`).
HELP_WITHIN_M: Final = 100_000.0


async def help_at(
    session: AsyncSession, request: RouteRequest, leg: int
) -> tuple[NearSpace | None, tuple[Line, ...]]:
    """Return the space nearest to a leg's start, in the start's country, and phone lines to call.

    A space beyond `HELP_WITHIN_M` is no help: none is returned.

    Parameters
    ----------
    session
        Session of the client's tier.
    request, leg
        Request to the router; the number of the leg in it, 0 without waypoints.
    """
    places = (request.start, *request.via)
    countries = (request.start_country, *request.via_countries, request.end_country)
    # Queries run one after the other, because a session has one connection.
    asked = await connected(session)
    around = await queries.spaces_around(
        asked, *places[leg], country=countries[leg], limit=1, horizon_m=HELP_WITHIN_M
    )
    same_side = next((space for space in around.near if space.country == countries[leg]), None)
    return same_side, await essential_lines(asked, countries[leg : leg + 2])


async def refusal(
    session: AsyncSession,
    request: RouteRequest,
    reason: NoRoute,
    known: Known,
    avoids: Callable[[str, str], bool],
) -> RouteRefusedError:
    """Return the refusal of a route: its obstacles, and help on the side where the leg starts.

    Parameters
    ----------
    session, request
        As for `help_at`.
    reason
        The router's reason.
    known
        Records of crossings and hazards.
    avoids
        Function that tells whether the client avoids crossings between two countries, even open
        ones.
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
    """Return the obstacle that a refusal names for the router's blocker.

    A crossing that the client avoids is called avoided, not closed (P32).
    """
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
    """Return the refusal of a detour: published reasons for its length, and help at the start.

    ``detour`` holds length and times of the detour, with nights at spaces, as pages show them.
    """
    near, lines = await help_at(session, request, compared.leg or 0)
    if compared.refused == "ceiling":
        # No reason is looked up, so that the refusal is the same whatever the cause.
        return NoReasonableWayError(detour, (), (), near, compared.leg, lines)
    row = compared.beyond.index("closure")
    because = published(compared.because[row], known)
    blocked = list(map(_obstacle, because))
    return LongDetourError(detour, because, blocked, near, compared.leg, lines)


def _obstacle(because: Because) -> Obstacle:
    reason = because.reason
    opening = None
    if reason.kind == "crossing":
        opening = because.until if because.is_open_now else because.next_opening
    return Obstacle(_BLOCKS[reason.kind], reason.id, reason.name, reason.state, opening)
