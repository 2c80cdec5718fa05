"""The page ``/`` and the route form ``/plan``: server-rendered, they work without JavaScript."""

from datetime import datetime, timedelta
from math import isfinite
from typing import Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.api.fields import require_year
from app.deps import ClockDep, NetworkDep, SessionDep, SettingsDep
from app.gazetteer import AmbiguousPlaceError, Town, UnknownPlaceError, resolve
from app.journeys import Question, RouteRefusedError, plan
from app.network import Network, NoNetworkError
from app.open_forms import read_open_form
from app.problems import problem_responses
from app.responses import page_response
from app.searches import BusyError
from app.settings import Settings
from app.web import filling, page, views
from app.web.i18n import negotiate
from geo import places, spaces
from routing.errors import InvalidRequest, OffNetwork
from routing.graph import Mode

router = APIRouter(include_in_schema=False)

FORM_FIELDS = frozenset({"start", "end", "at", "mode", "lang"})


async def home(
    request: Request,
    session: AsyncSession,
    network: Network,
    settings: Settings,
    now: datetime,
) -> Response:
    """Return the page for the parameters ``service`` and ``lang``."""
    service = request.query_params.get("service")
    if service is not None:
        await spaces.check_services(session, [service])
    around = await filling.frame(session, network, settings, now)
    tomorrow = (now + timedelta(days=1)).date()
    form = views.Form(at=filling.start_of_day(tomorrow))
    view = await filling.home(session, around, service, form)
    return page_response(page.render_home(view, _language(request)))


@router.post("/plan", responses=problem_responses(400, 413, 415, 503))
async def answer_form(
    request: Request,
    session: SessionDep,
    network: NetworkDep,
    settings: SettingsDep,
    clock: ClockDep,
) -> Response:
    """Answer the route form with a page; nothing asked is stored."""
    form, lang = await _read_form(request)
    around = await filling.frame(session, network, settings, clock())
    try:
        view = await _plan(form, session, network, settings, around)
    except _FormError as error:
        return page_response(page.render_problem(error.view, lang), status_code=error.status)
    return page_response(page.render_plan(view, lang))


class _FormError(Exception):
    """The form has no route as an answer; ``view`` says why."""

    def __init__(self, view: views.ProblemView, status: int = 422) -> None:
        super().__init__(view.reason)
        self.view = view
        self.status = status


async def _plan(
    form: views.Form,
    session: AsyncSession,
    network: Network,
    settings: Settings,
    around: views.Frame,
) -> views.PlanView:
    start = await _town(form, "start", form.start, session, network, around)
    end = await _town(form, "end", form.end, session, network, around)
    timezone = (await places.nearest_place(session, start.lon, start.lat)).timezone
    question = Question(
        (start.lon, start.lat),
        (end.lon, end.lat),
        Mode.FOOT,
        _start(form, around, timezone),
        (start.country, end.country),
    )
    try:
        answer = await plan(session, network, question, now=around.now, access_m=settings.access_m)
    except RouteRefusedError as refusal:
        raise _FormError(filling.refused(refusal, around, form, timezone)) from refusal
    except OffNetwork as error:
        side: Literal["start", "end"] = "start" if error.which == "start" else "end"
        raise _FormError(
            views.ProblemView(
                around,
                form,
                "off_network",
                field=side,
                # Infinite where no road may be used at all.
                distance_m=error.distance_m if isfinite(error.distance_m) else None,
                limit_m=error.limit_m,
            )
        ) from error
    except InvalidRequest as error:
        raise _FormError(views.ProblemView(around, form, "same_place", field="end"), 400) from error
    except (NoNetworkError, BusyError) as error:
        raise _FormError(views.ProblemView(around, form, "unavailable"), 503) from error
    return filling.plan(answer, around, form, names=(start.label, end.label), timezone=timezone)


async def _town(
    form: views.Form,
    side: Literal["start", "end"],
    text: str,
    session: AsyncSession,
    network: Network,
    around: views.Frame,
) -> Town:
    try:
        return await resolve(session, network, text)
    except UnknownPlaceError as error:
        view = views.ProblemView(around, form, "place_unknown", field=side, choices=error.choices)
        raise _FormError(view, 400) from error
    except AmbiguousPlaceError as error:
        view = views.ProblemView(around, form, "place_ambiguous", field=side, choices=error.choices)
        raise _FormError(view, 400) from error


def _start(form: views.Form, around: views.Frame, timezone: str) -> datetime:
    if not form.at:
        return around.now
    try:
        local = datetime.strptime(form.at, "%Y-%m-%dT%H:%M").replace(tzinfo=ZoneInfo(timezone))
        return require_year(local)
    except ValueError as error:
        view = views.ProblemView(around, form, "time_invalid", field="at")
        raise _FormError(view, 400) from error


async def _read_form(request: Request) -> tuple[views.Form, str]:
    fields = await read_open_form(request, FORM_FIELDS)
    form = views.Form(
        start=fields.get("start", [""])[0],
        end=fields.get("end", [""])[0],
        at=fields.get("at", [""])[0],
        mode="foot",
    )
    return form, negotiate(fields.get("lang", [None])[0], request.headers.get("accept-language"))


def _language(request: Request) -> str:
    return negotiate(request.query_params.get("lang"), request.headers.get("accept-language"))
