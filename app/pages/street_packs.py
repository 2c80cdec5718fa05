"""Streets for phones: ``/packs/streets`` by town, and what is known along them.

As `app.pages.packs`, the data are those of the public tier, whoever asks.
"""

from typing import Annotated, Final

import orjson
from fastapi import APIRouter, Depends, Path, Request, Response

from app.access.dependencies import BaseUrlDep, ClockDep, NetworkDep, SettingsDep
from app.http.etags import NOT_MODIFIED, SAME_FOR_ALL, kept_response
from app.http.problems import problem_responses
from app.packs.pack import head_of
from app.packs.street_maker import StreetMaker
from app.packs.timespan import Span

router = APIRouter(tags=["spaces"], prefix="/packs/streets")

_JSON: Final = "application/json"
STREETS: Final = "application/vnd.amparo.streets"


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


MakerDep = Annotated[StreetMaker, Depends(get_street_maker)]
CodePath = Annotated[
    str, Path(pattern="^[0-9a-f]{10}$", description="Code of the streets; it names no place.")
]


@router.get(
    "", responses={**NOT_MODIFIED, **problem_responses(400, 503)}, openapi_extra=SAME_FOR_ALL
)
async def street_packs(request: Request, maker: MakerDep, base: BaseUrlDep) -> Response:
    """Return the towns of which streets can be taken along, with the bytes each takes at most."""
    offered = [
        {
            "code": one.code,
            "name": one.town.name,
            "admin1": one.town.admin1,
            "country": one.town.country,
            "size_bytes": one.size_bytes,
            "href": f"{base}/packs/streets/{one.code}",
        }
        for one in await maker.offered()
    ]
    is_demo = await maker.editions.is_demo()
    body = {**head_of(maker.span, is_demo=is_demo), "streets": offered}
    return kept_response(request, orjson.dumps(body), _JSON)


@router.get(
    "/{code}",
    responses={
        200: {"content": {STREETS: {}}, "description": "Streets as typed columns."},
        **NOT_MODIFIED,
        **problem_responses(400, 404, 503),
    },
    response_class=Response,
    openapi_extra=SAME_FOR_ALL,
)
async def street_pack(request: Request, maker: MakerDep, code: CodePath) -> Response:
    """Return the streets around a town: junctions, lines, and what walking them takes.

    They may be used until `expires_on`, 90 days. Streets that nobody may be led along are absent,
    whatever the reason (P34, P36). docs/formats.md describes the file.
    """
    return kept_response(request, await maker.file(code), STREETS)


@router.get(
    "/{code}/known",
    responses={**NOT_MODIFIED, **problem_responses(400, 404, 503)},
    openapi_extra=SAME_FOR_ALL,
)
async def street_knowledge(request: Request, maker: MakerDep, code: CodePath) -> Response:
    """Return what is known along the streets for a week: official crossings, and hazards.

    It is of the edition of the streets that `digest` names. Beyond `expires_on` no crossing is
    known to be open (P10, P12).
    """
    return kept_response(request, await maker.known(code), _JSON)
