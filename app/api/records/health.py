"""``GET /health``: whether this process can answer routes."""

import anyio.to_thread
from fastapi import APIRouter, Request, Response

from app.access.dependencies import NetworkDep, SessionDep
from app.http.problems import problem_responses
from app.http.responses import JSONResponse
from app.snapshots.road_networks import NoNetworkError
from geo.db.sessions import Database
from geo.records import demo_rows

router = APIRouter(tags=["health"])


@router.get("/health", responses=problem_responses(503))
async def health(request: Request, session: SessionDep, network: NetworkDep) -> Response:
    """Return 200 when the database answers and a road network is open, else 503.

    ``damaged`` names regions that cannot be opened and answer no routes; ``replicas`` tells of each
    tier that reads from one whether it is ``current``, or ``behind`` and the primary answers.
    ``status`` is ``degraded`` where a region is damaged or a replica behind.
    """
    database: Database = request.state.database
    replicas = {
        tier.value: "current" if is_used else "behind"
        for tier, is_used in (await database.replicas()).items()
    }
    has_demo = await demo_rows.has_demo(session)
    regions = await anyio.to_thread.run_sync(network.regions)
    damaged = await anyio.to_thread.run_sync(network.damaged)
    if not regions:
        msg = "no road network is loaded: import one with `amparo roads import`"
        raise NoNetworkError(msg)
    return JSONResponse(
        {
            "status": "degraded" if damaged or "behind" in replicas.values() else "ok",
            "networks": [region.meta.name for region in regions],
            "damaged": damaged,
            "replicas": replicas,
            "demo": has_demo,
        },
        headers={"Cache-Control": "no-store"},
    )
