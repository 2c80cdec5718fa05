"""``/crossings``, ``/hazards``, ``/advice``: official crossings, hazards, advice to travellers."""

from fastapi import APIRouter, Response

from app.access.dependencies import SessionDep
from app.http.problems import problem_responses
from app.http.responses import page_response
from app.i18n.labels import CHANNEL_MEDIA
from app.page_models import home_filling, renderer
from app.pages.page_frame import FramedDep
from geo.guidance import channels, messages, pathways, practices

router = APIRouter(include_in_schema=False)


@router.get("/crossings", responses=problem_responses(400, 401, 503))
async def crossings_page(framed: FramedDep, session: SessionDep) -> Response:
    """Show all official crossings with their state, and for each that is shut who is near (P32).

    Those of the reader's country come first, as on the page of spaces.
    """
    crossings = await home_filling.official_crossings(session, framed.frame.now)
    shown = sorted(crossings, key=lambda crossing: framed.country not in crossing.countries)
    return page_response(renderer.render_crossings(framed.frame, shown, framed.language))


@router.get("/hazards", responses=problem_responses(400, 401, 503))
async def hazards_page(framed: FramedDep, session: SessionDep) -> Response:
    """Show the hazards that are published now."""
    shown = await home_filling.known_hazards(session, framed.frame.now)
    return page_response(renderer.render_hazards(framed.frame, shown, framed.language))


@router.get("/advice", responses=problem_responses(400, 401, 503))
async def advice_page(framed: FramedDep, session: SessionDep) -> Response:
    """Show what people are told: self-care, campaigns, guidance, pathways, practice and channels.

    What is of the reader's country comes first, as on the page of spaces.
    """

    def own_first(rows: list[dict[str, object]]) -> list[dict[str, object]]:
        return sorted(rows, key=lambda row: row["country"] != framed.country)

    values = {
        "texts": await messages.list_messages(session, framed.language),
        "pathways": own_first(await pathways.listed_pathways(session)),
        "practices": own_first(await practices.listed_practices(session)),
        "channels": own_first(await channels.channels_of(session)),
        "media": CHANNEL_MEDIA,
    }
    return page_response(renderer.render_open("advice", framed.frame, framed.language, **values))
