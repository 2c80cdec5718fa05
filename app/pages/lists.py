"""``/lists/{code}``: dated list of a municipality, to print, or to send as text or images."""

from functools import partial
from typing import Annotated, Literal
from urllib.parse import urlencode

import anyio
from fastapi import APIRouter, Query, Request, Response

from app.access.dependencies import AskerDep, BaseUrlDep, ClockDep, SettingsDep
from app.http.etags import NOT_MODIFIED, kept_response
from app.http.problems import problem_responses
from app.http.responses import page_response
from app.i18n.translation import negotiate, words
from app.journeys.municipal_lists import MunicipalList, read_list
from app.page_models.frames import PageFrame
from app.page_models.renderer import render_list
from app.pages.sms import MunicipalityPath, WantedService
from app.runtime.work_limit import search
from app.texts import list_sheet
from app.texts.list_image import image
from geo import vocabulary
from geo.db.sessions import Database, Tier
from geo.geography import municipalities

router = APIRouter(tags=["low-tech"])

#: Limit of images drawn concurrently per process; each keeps a core busy for a tenth of a second.
_drawings = anyio.CapacityLimiter(1)


@router.get(
    "/lists/{code}",
    response_class=Response,
    responses={
        **NOT_MODIFIED,
        200: {
            "content": {
                "text/html": {"schema": {"type": "string"}},
                "text/plain": {"schema": {"type": "string"}},
                "image/png": {"schema": {"type": "string", "format": "binary"}},
            },
            "description": "The list.",
        },
        **problem_responses(400, 401, 404, 422, 503),
    },
)
async def municipal_list(
    *,
    request: Request,
    _asker: AskerDep,
    clock: ClockDep,
    settings: SettingsDep,
    base: BaseUrlDep,
    code: MunicipalityPath,
    service: WantedService = None,
    f: Annotated[
        Literal["html", "text", "png"],
        Query(description="A page to print, messages for WhatsApp, an image."),
    ] = "html",
    part: Annotated[
        int, Query(ge=1, le=1000, description="Which image, where the list takes several.")
    ] = 1,
    lang: Annotated[str | None, Query(description="es, en, pt, fr or ht.", max_length=35)] = None,
) -> Response:
    """Return the places of a municipality and the nearest beyond it, with the lines of help.

    Of public records alone, whoever asks: it is passed on to anybody. It says of which day it is,
    until when it may be used, whom to call for protected services, how to complain, and DEMO
    while demo rows are loaded. An image has at most 100 kB; the header `Link` names the next.
    """
    now = clock()
    language = negotiate(lang, request.headers.get("accept-language"))
    database: Database = request.state.database
    async with database.session(Tier.PUBLIC) as session:
        there = await municipalities.municipality(session, code)
        found = await read_list(session, there, service, now)
        names = {
            (term.vocabulary, term.code): term.names
            for term in await vocabulary.named_terms(session)
        }
    address = f"{base}/lists/{there.code}"
    sheet = list_sheet.sheet_of(
        words(language), names, found, hotline=settings.hotline, address=address
    )
    if f == "html":
        frame = PageFrame(now=now, has_demo=found.has_demo, data_as_of=now.date())
        return page_response(render_list(sheet, frame, language, partial(_here, found)))
    if f == "text":
        body = list_sheet.text_of(words(language), sheet).encode()
        answer = kept_response(request, body, "text/plain; charset=utf-8")
    else:
        work = partial(image, words(language), sheet, part)
        drawn, parts = await search(work, limiter=_drawings)
        answer = kept_response(request, drawn, "image/png")
        if part < parts:
            following = _here(found, language, "png", part + 1)
            answer.headers["Link"] = f'<{following}>; rel="next"'
    suffix = "txt" if f == "text" else f"{part}.png"
    name = f"amparo-{there.code}-{now:%Y-%m-%d}.{suffix}"
    answer.headers["Content-Disposition"] = f'inline; filename="{name}"'
    answer.headers["Content-Language"] = language
    answer.headers["Vary"] = "Accept-Language"
    return answer


def _here(found: MunicipalList, lang: str, f: str | None = None, part: int | None = None) -> str:
    stated = {"service": found.service, "f": f, "part": part, "lang": lang}
    asked = {name: value for name, value in stated.items() if value is not None}
    return f"/lists/{found.there.code}?{urlencode(asked)}"
