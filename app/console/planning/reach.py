"""``/network/corridors/reach.geojson``: roads with the time to the nearest space of a corridor."""

from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from app.console.forms.layout import DeskDep
from app.console.planning.corridor_question import CORRIDORS, Asked, choices, measured
from app.http.responses import GeoJSONResponse
from app.planning.corridor_reach import reach_segments
from app.snapshots.read_source import ReadSource
from geo.accounts import staff_reads
from geo.db.sessions import Database, Tier
from geo.spaces import queries

router = APIRouter(include_in_schema=False)

REACH: Final = f"{CORRIDORS}/reach.geojson"

#: Most minutes that a request may ask for, the same as for public isochrones.
MOST_MINUTES: Final = 240


class AskedReach(Asked):
    """A corridor and a service, and the minutes within which a space is reached."""

    minutes: Annotated[int, Field(ge=1, le=MOST_MINUTES)] = 60


@router.get(REACH)
async def reach_file(
    request: Request, desk: DeskDep, asked: Annotated[AskedReach, Query()]
) -> Response:
    """Return the roads from which a space of a corridor is reached on foot, as a GeoJSON file."""
    database: Database = request.state.database
    async with database.session(Tier.PARTNER) as session:
        source = ReadSource(session)
        offered = await choices(desk, source)
        found = await measured(request, source, asked, offered, desk)
        spaces = await queries.spaces_on(
            session, found.now.on, today=found.now.on, services=[asked.service]
        )
        # The file reveals where the spaces are: times begin at them.
        staff_reads.show(desk.staff, "space", [at.support.id for at in found.spaces])
        collection = await reach_segments(
            source, request.state.network, found, spaces, asked.minutes * 60.0, desk.now
        )
    return GeoJSONResponse(
        collection, headers={"Content-Disposition": 'attachment; filename="amparo-tiempos.geojson"'}
    )
