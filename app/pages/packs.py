"""Data for phones: ``/nearby.json``, ``/towns.json``, ``/packs`` by country, and streets.

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
from app.packs.street_maker import StreetMaker
from app.packs.timespan import Span
from app.snapshots.place_names import town_labels

router = APIRouter(tags=["spaces"])

_JSON = "application/json"

#: Media type of streets as typed columns.
STREETS: Final = "application/vnd.amparo.streets"
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
    return kept_response(request, orjson.dumps(town_labels(network)), _JSON)


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


async def get_street_maker(
    request: Request, network: NetworkDep, settings: SettingsDep, clock: ClockDep
) -> StreetMaker:
    """Return a builder of streets as of the current hour."""
    state = request.state
    return StreetMaker(
        state.database,
        state.editions,
        state.shelf,
        state.street_cuts,
        network,
        settings,
        Span.beginning(clock()),
    )


StreetMakerDep = Annotated[StreetMaker, Depends(get_street_maker)]
CodePath = Annotated[
    str, Path(pattern="^[0-9a-f]{10}$", description="Code of the streets; it names no place.")
]


@router.get(
    "/packs/streets",
    responses={**NOT_MODIFIED, **problem_responses(400, 503)},
    openapi_extra=SAME_FOR_ALL,
)
async def street_packs(request: Request, maker: StreetMakerDep, base: BaseUrlDep) -> Response:
    """Return the towns and corridors whose streets can be taken along, with bytes at most."""
    offered = [
        {
            "code": one.code,
            "kind": one.place.kind,
            "name": one.place.name,
            "admin1": one.place.admin1,
            "country": one.place.country,
            "size_bytes": one.size_bytes,
            "href": f"{base}/packs/streets/{one.code}",
        }
        for one in await maker.offered()
    ]
    is_demo = await maker.editions.is_demo()
    body = {**head_of(maker.span, is_demo=is_demo), "streets": offered}
    return kept_response(request, orjson.dumps(body), _JSON)


@router.get(
    "/packs/streets/{code}",
    responses={
        200: {"content": {STREETS: {}}, "description": "Streets as typed columns."},
        **NOT_MODIFIED,
        **problem_responses(400, 404, 503),
    },
    response_class=Response,
    openapi_extra=SAME_FOR_ALL,
)
async def street_pack(request: Request, maker: StreetMakerDep, code: CodePath) -> Response:
    """Return the streets around a town or along a corridor, and what walking them takes.

    They may be used until `expires_on`, 90 days. Streets that nobody may be led along are absent,
    whatever the reason (P34, P36). docs/formats.md describes the file.
    """
    return kept_response(request, await maker.file(code), STREETS)


@router.get(
    "/packs/streets/{code}/known",
    responses={**NOT_MODIFIED, **problem_responses(400, 404, 503)},
    openapi_extra=SAME_FOR_ALL,
)
async def street_knowledge(request: Request, maker: StreetMakerDep, code: CodePath) -> Response:
    """Return what is known along the streets for a week: official crossings, and hazards.

    It is of the edition of the streets that `digest` names. Beyond `expires_on` no crossing is
    known to be open (P10, P12).
    """
    return kept_response(request, await maker.known(code), _JSON)


# This route has to be the last one below /packs, because its parameter matches all other paths.
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
