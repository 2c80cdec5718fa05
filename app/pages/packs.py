"""Data for phones: ``/nearby.json`` of every space, ``/towns.json``, ``/packs`` by country.

The data are those of the public tier, whoever asks, because phones get lost, lent and searched
(P37).
"""

from typing import Annotated, Any, Final

import anyio
import orjson
from fastapi import APIRouter, Depends, Path, Request, Response

from app.access.dependencies import BaseUrlDep, ClockDep, NetworkDep, SettingsDep
from app.http.etags import NOT_MODIFIED, SAME_FOR_ALL, kept_response
from app.http.problems import problem_responses
from app.packs.builder import Maker
from app.packs.pack import head_of
from app.packs.timespan import Span
from app.snapshots.place_names import towns

router = APIRouter(tags=["spaces"])

_JSON = "application/json"
_ANSWERS: Final[dict[int | str, dict[str, Any]]] = {**NOT_MODIFIED, **problem_responses(400, 503)}


async def get_maker(
    request: Request, network: NetworkDep, settings: SettingsDep, clock: ClockDep
) -> Maker:
    """Return a builder of packs as of the current hour."""
    state = request.state
    return Maker(
        state.database, state.editions, state.shelf, network, settings, Span.beginning(clock())
    )


MakerDep = Annotated[Maker, Depends(get_maker)]


@router.get("/nearby.json", responses=_ANSWERS, openapi_extra=SAME_FOR_ALL)
async def nearby(request: Request, maker: MakerDep) -> Response:
    """Return every public space in columns, for a phone that sorts them itself.

    Where somebody stands is asked of nobody: the phone tells the nearest. `spaces.columns` has a
    list a column; what its numbers mean is in `spaces.lists`. `hours` are minutes after `start`.
    """
    return kept_response(request, await maker.nearby(), _JSON)


@router.get("/towns.json", responses=_ANSWERS, openapi_extra=SAME_FOR_ALL)
async def town_names(request: Request, network: NetworkDep) -> Response:
    """Return the names of the towns that routes know, which a form completes a place from."""
    labels = sorted(town.label for town in towns(network).values())
    return kept_response(request, orjson.dumps(labels), _JSON)


@router.get("/packs", responses=_ANSWERS, openapi_extra=SAME_FOR_ALL)
async def packs(request: Request, maker: MakerDep, base: BaseUrlDep) -> Response:
    """Return which countries can be taken along, with the bytes each takes to load."""
    offered = [
        {
            "country": one.country,
            "spaces": one.spaces,
            "size_bytes": one.size_bytes,
            "href": f"{base}/packs/{one.country}",
        }
        for one in await maker.offered()
    ]
    is_demo = await maker.editions.is_demo()
    basemap = maker.settings.basemap_path
    has_basemap = await anyio.Path(basemap).is_file()
    body = {
        **head_of(maker.span, is_demo=is_demo),
        "packs": offered,
        "basemap": {
            "href": f"{base}/basemap.pmtiles",
            "size_bytes": (await anyio.Path(basemap).stat()).st_size,
        }
        if has_basemap
        else None,
    }
    return kept_response(request, orjson.dumps(body), _JSON)


@router.get(
    "/packs/{country}",
    responses={**_ANSWERS, **problem_responses(404)},
    openapi_extra=SAME_FOR_ALL,
)
async def pack(
    request: Request,
    maker: MakerDep,
    country: Annotated[
        str, Path(pattern="^[A-Z]{2}$", description="ISO 3166-1 alpha-2.", examples=["CO"])
    ],
) -> Response:
    """Return a country's pack: spaces, crossings, hazards, lines to call, and main roads.

    It may be shown until `expires_on`, and is to be forgotten then (P49). `around.roads` is the
    corridor sketch, for a way without a network; it is no map to navigate by.
    """
    return kept_response(request, await maker.pack(country), _JSON)
