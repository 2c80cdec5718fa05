"""``/offline``: the offline page, the service worker, the manifest, and clearing of caches."""

import orjson
from fastapi import APIRouter, Request, Response

from app.http import service_worker as offline
from app.http.etags import kept_response
from app.http.problems import problem_responses
from app.http.responses import page_response
from app.i18n.translation import negotiate
from app.page_models import renderer
from app.pages.page_frame import FramedDep, PageLanguage

router = APIRouter(include_in_schema=False)


@router.get("/offline", responses=problem_responses(400, 503))
async def offline_page(framed: FramedDep) -> Response:
    """Show the page that lists, maps and finds ways from packs alone; it names no space itself."""
    return page_response(renderer.render_offline(framed.frame, framed.language))


@router.post("/leave", status_code=204)
async def leave() -> Response:
    """Have the browser drop the pages and files that it keeps by itself (P37).

    Not what pages keep themselves: packs, and reports that wait to be sent.
    """
    headers = {"Clear-Site-Data": '"cache"', "Cache-Control": "no-store"}
    return Response(status_code=204, headers=headers)


@router.get("/sw.js")
async def service_worker(request: Request) -> Response:
    """Return the service worker; asked anew each time, so that a release reaches every phone."""
    return kept_response(request, offline.service_worker(), "text/javascript")


@router.get("/manifest.webmanifest")
async def manifest(request: Request, lang: PageLanguage = None) -> Response:
    """Return the web application manifest."""
    language = negotiate(lang, request.headers.get("accept-language"))
    body = orjson.dumps(offline.manifest(language))
    return kept_response(request, body, "application/manifest+json")
