"""``/planner``: the planners' workbench, with public records alone, also for signed-in people."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, cast

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from app.access.dependencies import AskerDep
from app.access.public_forms import read_open_form
from app.api.planning.corridors import file_response
from app.exceptions import InvalidParameterError, TooManyRequestsError
from app.http.problems import problem_responses
from app.http.rate_limits import client_of
from app.http.responses import page_response
from app.i18n.translation import negotiate, words
from app.page_models import home_filling
from app.planner import view
from app.planner.measured import CorridorView, measured_view
from app.planner.nights import Nights, nights_along
from app.planner.view import CorridorChoice, WorkbenchPage
from app.planner.view_form import (
    FIELDS,
    MOST_SERVICES,
    REPEATED,
    FormProblem,
    ViewForm,
    ViewFormError,
    kept_form,
    read_form,
)
from app.planning.corridor_files import FILES, CorridorContent, FileFormat
from app.runtime.work_limit import AROUND, BusyError
from app.schemas.party import Code
from app.settings import Settings
from app.snapshots.layer_editions import Editions
from app.snapshots.read_source import ReadSource
from app.snapshots.road_networks import NoNetworkError
from geo.db.sessions import Database, Tier
from geo.errors import NotFoundError, ProtectedServiceError, UnknownServiceError
from geo.geography import coverage_gaps
from geo.spaces.eligibility import NIGHT_SERVICE

router = APIRouter(include_in_schema=False)

#: Number of gaps that the page's ranking over all corridors shows.
SHOWN = 20

_STATUS: dict[FormProblem, HTTPStatus] = {
    "protected": HTTPStatus.UNPROCESSABLE_ENTITY,
    "unavailable": HTTPStatus.SERVICE_UNAVAILABLE,
}


class PlannerQuery(BaseModel):
    """What an address of the page may hold; the rest of a view stands in its fragment."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    lang: Annotated[str | None, Field(max_length=35)] = None
    corridor: Annotated[str, Field(max_length=100, pattern=r"^[^\x00]*$")] = ""
    service: list[Code] = Field([], max_length=MOST_SERVICES)


@router.get("/planner", responses=problem_responses(400, 503))
async def planner_page(
    request: Request, _asker: AskerDep, asked: Annotated[PlannerQuery, Query()]
) -> Response:
    """Show the form, the longest gaps of all corridors, and a corridor that a link names."""
    language = negotiate(asked.lang, request.headers.get("accept-language"))
    services = tuple(dict.fromkeys(asked.service)) or (NIGHT_SERVICE,)
    return await _answered(request, ViewForm(corridor=asked.corridor, services=services), language)


@router.post("/planner", responses=problem_responses(400, 403, 413, 415, 503))
async def answer_view(request: Request, _asker: AskerDep) -> Response:
    """Answer the form with a corridor's strip and figures, or with a file of them.

    Nothing is kept, and nothing asked is in an address.
    """
    fields = await read_open_form(request, FIELDS, repeated=REPEATED)
    language = negotiate(fields.one("lang") or None, request.headers.get("accept-language"))
    f = fields.one("f")
    if f and f not in FILES:
        raise InvalidParameterError("f", f"one of {', '.join(FILES)} is needed")
    try:
        form = read_form(fields)
    except ViewFormError as error:
        return await _answered(request, kept_form(fields), language, problem=error.problem)
    if f and not form.corridor:
        return await _answered(request, form, language, problem="corridor")
    return await _answered(request, form, language, f=cast("FileFormat", f) if f else None)


async def _answered(
    request: Request,
    form: ViewForm,
    language: str,
    *,
    f: FileFormat | None = None,
    problem: FormProblem | None = None,
) -> Response:
    """Return the page for a view, or with ``f`` the view as a file of that format."""
    settings: Settings = request.state.settings
    now: datetime = request.state.clock()
    async with _public_source(request) as source:
        session = source.session
        frame = await home_filling.frame(session, request.state.network, settings, now)
        counted = await coverage_gaps.counted_services(session)
        corridors = await coverage_gaps.visible_corridors(session)
        ranking = await coverage_gaps.longest_gaps(
            session, form.services[0], on=now.date(), limit=SHOWN
        )
        shown: CorridorView | None = None
        nights: Nights | None = None
        if form.corridor and problem is None:
            try:
                shown = await _measured(request, source, form, now)
                nights = await _nights(request, source, shown, now)
            except ViewFormError as error:
                problem = error.problem
    w = words(language)
    page = WorkbenchPage(
        frame=frame,
        form=form if shown is None else shown.form,
        corridors=sorted(
            (CorridorChoice(one.id, one.name) for one in corridors), key=lambda one: one.name
        ),
        services=counted,
        ranking=ranking,
        problem=problem,
    )
    if shown is not None:
        names = view.strip_names(frame, page.form, w)
        answer = view.answer_of(shown, nights, names, w)
        if f is not None:
            return await file_response(f, CorridorContent(shown.found, now, names, answer.strip, w))
        page = replace(page, answer=answer)
    status = HTTPStatus.OK if problem is None else _STATUS.get(problem, HTTPStatus.BAD_REQUEST)
    return page_response(view.render(page, language), status)


@asynccontextmanager
async def _public_source(request: Request) -> AsyncIterator[ReadSource]:
    """Open a source of public records, also for signed-in people, who may pass the files on."""
    database: Database = request.state.database
    editions: Editions = request.state.editions
    stamps = await editions.stamps()
    async with database.idle_session(Tier.PUBLIC) as session:
        yield ReadSource(session, stamps)


async def _measured(
    request: Request, source: ReadSource, form: ViewForm, now: datetime
) -> CorridorView:
    settings: Settings = request.state.settings
    try:
        return await measured_view(
            source,
            request.state.network,
            request.state.corridor_lines,
            request.state.line_people,
            form,
            now=now,
            access_m=settings.access_m,
        )
    except NotFoundError as error:
        raise ViewFormError("corridor") from error
    except UnknownServiceError as error:
        raise ViewFormError("service") from error
    except ProtectedServiceError as error:
        raise ViewFormError("protected") from error
    except (NoNetworkError, BusyError) as error:
        raise ViewFormError("unavailable") from error


async def _nights(
    request: Request, source: ReadSource, shown: CorridorView, now: datetime
) -> Nights | None:
    """Return the nights of a view if it asks for them; one request at a time computes nights."""
    if not shown.form.has_nights:
        return None
    settings: Settings = request.state.settings
    try:
        async with AROUND.turn(client_of(request.scope)):
            return await nights_along(
                source, request.state.network, shown, now=now, access_m=settings.access_m
            )
    except (BusyError, TooManyRequestsError) as error:
        raise ViewFormError("unavailable") from error
