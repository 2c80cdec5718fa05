"""``/embed``: list and map of public spaces for the pages of other sites, and the script for it.

It is the only page that other sites may show in a frame. It shows only public data, even to people
who are signed in, stores nothing and sets no cookie. Links to other pages open outside the frame.
"""

from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query, Request, Response

from app.access.dependencies import AskerDep, ClockDep, NetworkDep, SettingsDep
from app.http.assets import asset_content
from app.http.etags import kept_response
from app.http.problems import problem_responses
from app.http.responses import page_response
from app.http.security_headers import SECURITY_HEADERS
from app.i18n.translation import negotiate
from app.page_models import home_filling, renderer
from app.page_models.view_models import Narrowed
from app.pages.page_frame import PageLanguage
from geo.db.sessions import Database, Tier
from geo.spaces import list_pages, queries
from geo.spaces.filters import SpaceFilter

router = APIRouter(tags=["embedding"])

_CSP: Final = "Content-Security-Policy"
#: The content security policy of this page: that of all pages, but any site may show it in a frame.
_FRAMED: Final = {
    _CSP: SECURITY_HEADERS[_CSP].replace("frame-ancestors 'none'", "frame-ancestors *")
}


@router.get(
    "/embed",
    response_class=Response,
    responses={
        200: {"content": {"text/html": {}}, "description": "The list and the map, for a frame."},
        **problem_responses(400, 401, 422, 503),
    },
)
async def embedded(
    *,
    request: Request,
    _asker: AskerDep,
    network: NetworkDep,
    settings: SettingsDep,
    clock: ClockDep,
    country: Annotated[
        str | None, Query(pattern="^[A-Z]{2}$", description="ISO 3166-1 alpha-2.")
    ] = None,
    service: Annotated[
        list[str] | None, Query(max_length=10, description="Services that all have to be there.")
    ] = None,
    page: Annotated[int, Query(ge=1, le=1_000, description="Page of the list.")] = 1,
    show: Annotated[
        Literal["list", "map"], Query(description="The list alone, or under the map.")
    ] = "map",
    lang: PageLanguage = None,
) -> Response:
    """Return a page with the list of public spaces, and their map, to be framed by any site.

    Of public records alone, whoever asks: it is shown to anybody. It says DEMO while demo rows are
    loaded (P35) and whom to call for protected services (P38).
    """
    services = tuple(dict.fromkeys(service or ()))
    narrowed = Narrowed(services=services, country=country, page=page)
    now = clock()
    database: Database = request.state.database
    async with database.session(Tier.PUBLIC) as session:
        await queries.check_services(session, services)
        frame = await home_filling.frame(session, network, settings, now)
        wanted = SpaceFilter(services=services, country=country)
        size = home_filling.PAGE_SIZE
        total, listed = await list_pages.listed_page(session, wanted, (page - 1) * size, size)
    spaces = tuple(home_filling.space_of_list(space, now) for space in listed)
    language = negotiate(lang, request.headers.get("accept-language"))
    html = renderer.render_embedded(
        frame,
        narrowed,
        spaces,
        language,
        pages=home_filling.pages_of(total),
        has_map=show == "map",
    )
    answer = page_response(html)
    answer.headers.update(_FRAMED)
    return answer


@router.get("/embed.js", include_in_schema=False)
async def embedding_script(request: Request) -> Response:
    """Return the script that puts the page into another site's page."""
    return kept_response(request, asset_content("embed.js"), "text/javascript; charset=utf-8")
