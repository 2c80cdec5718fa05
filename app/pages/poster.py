"""``/spaces/{id}/poster.pdf``: poster of a space, for its door and along the way."""

from functools import partial

import anyio
from fastapi import APIRouter, Request, Response

from app.access.dependencies import AskerDep, BaseUrlDep, ClockDep, NetworkDep, SettingsDep
from app.http.etags import NOT_MODIFIED, kept_response
from app.http.problems import problem_responses
from app.i18n.translation import words
from app.pages.sms import ToldIn
from app.pages.space import SpacePath, locator_of
from app.runtime.work_limit import search
from app.texts.poster import poster_of, read_poster
from app.texts.poster_pdf import draw
from geo.db.sessions import Database, Tier

router = APIRouter(tags=["low-tech"])

#: Limit of posters drawn concurrently per process; each keeps a core busy for a tenth of a second.
_drawings = anyio.CapacityLimiter(1)


@router.get(
    "/spaces/{space}/poster.pdf",
    response_class=Response,
    responses={
        **NOT_MODIFIED,
        200: {
            "content": {"application/pdf": {"schema": {"type": "string", "format": "binary"}}},
            "description": "One page of A5.",
        },
        **problem_responses(400, 401, 404, 503),
    },
)
async def poster(
    request: Request,
    _asker: AskerDep,
    clock: ClockDep,
    settings: SettingsDep,
    network: NetworkDep,
    base: BaseUrlDep,
    space: SpacePath,
    lang: ToldIn = "es",
) -> Response:
    """Return the poster of a space that the public sees, whoever asks.

    Hidden, expired and never existed get the same 404 (P39).
    """
    database: Database = request.state.database
    async with database.session(Tier.PUBLIC) as session:
        found = await read_poster(session, space, clock())
    w = words(lang)
    around = locator_of(network, found.described, w)
    said = poster_of(w, found, hotline=settings.hotline, base=base, locator=around)
    drawn = await search(partial(draw, said), limiter=_drawings)
    answer = kept_response(request, drawn, "application/pdf")
    answer.headers["Content-Language"] = lang
    answer.headers["Content-Disposition"] = 'inline; filename="amparo-poster.pdf"'
    return answer
