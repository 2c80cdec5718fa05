"""The route form ``/plan``: returns a page or a file, works without JavaScript.

Only POST is used, so that no destination is in a URL, browser history or log (P48). Data are always
of the public tier, because the page offers links to share the route.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from http import HTTPStatus
from math import isfinite
from typing import Final, Literal, cast
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.access.dependencies import ClockDep, NetworkDep, SettingsDep, base_url
from app.access.public_forms import read_open_form
from app.api.routing.routes import PRIVATE, ProfileName, profile_of
from app.http.problems import problem_responses
from app.http.responses import page_response
from app.i18n.translation import Words, negotiate, words
from app.journeys.detours import DetourLimits
from app.journeys.errors import RouteRefusedError
from app.journeys.planner import JourneyAnswer, JourneyQuestion
from app.journeys.planner import plan as plan_journeys
from app.journeys.route_ends import End, EndError, Given, find_end, rounded
from app.page_models import home_filling, plan_filling, plan_page, plan_views, view_models
from app.pages.page_frame import FramedDep
from app.runtime.work_limit import BusyError
from app.schemas.fields import require_year
from app.settings import Settings
from app.snapshots.country_of_point import UncertainCountryError
from app.snapshots.read_source import ReadSource
from app.snapshots.road_networks import NoNetworkError, RoadNetworks
from app.texts.route_export import carried
from app.texts.route_files import FILE_KINDS
from geo.db.sessions import Database, Tier, connected
from geo.geography import places
from geo.guidance import contacts
from routing.errors import InvalidRequest, OffNetwork
from routing.travel.profiles import PROFILES
from routing.travel.request import MAX_ROUTES

router = APIRouter(include_in_schema=False)

Side = Literal["start", "end"]
SIDES: Final[tuple[Side, Side]] = ("start", "end")

_BY_SIDE = tuple(f"{side}{part}" for side in SIDES for part in ("", "_ref", "_choice"))
#: Fields that the form may have. ``mode`` is ignored, but cached pages on phones still send it
#: (static/sw.js).
FORM_FIELDS = frozenset(
    {*_BY_SIDE, "at", "profile", "mode", "lang", "consent", "swap", "file", "detour"}
)

#: Length limit of a field in characters; names of spaces are the longest values [A].
LONGEST_FIELD: Final = 300


@dataclass(frozen=True)
class _Sent:
    """The route form as received.

    ``choices`` holds places just chosen from a list, by side. ``file`` is the format and index of a
    route to download.
    """

    form: view_models.RouteForm
    lang: str
    choices: dict[str, str]
    is_swap: bool
    file: tuple[str, int] | None

    def given(self, side: Side) -> Given:
        return Given(self.form.text_of(side), self.form.ref_of(side), self.choices[side])


@router.get("/plan", responses=problem_responses(400, 401, 503))
async def empty_form(framed: FramedDep) -> Response:
    """Show the route form; its address never holds a place (P48)."""
    form = _at_first(view_models.RouteForm(), framed.frame.now)
    return page_response(plan_page.render_form(framed.frame, form, framed.language))


@router.post("/plan", responses=problem_responses(400, 413, 415, 503))
async def answer_form(
    request: Request, network: NetworkDep, settings: SettingsDep, clock: ClockDep
) -> Response:
    """Answer the route form with a page or a file; nothing asked is stored."""
    sent, now = await _read_form(request), clock()
    database: Database = request.state.database
    async with database.session(Tier.PUBLIC) as session:
        around = await home_filling.frame(session, network, settings, now)
        asking = _Asking(session, network, settings, around, words(sent.lang), base_url(request))
        try:
            return await asking.response(sent)
        except _FormError as error:
            page = plan_page.render_problem(error.view, sent.lang)
            return page_response(page, status_code=error.status)


class _FormError(Exception):
    """The form cannot be answered with a route; ``view`` is the page that says why."""

    def __init__(
        self, view: plan_views.ProblemView, status: int = HTTPStatus.UNPROCESSABLE_ENTITY
    ) -> None:
        super().__init__(view.reason)
        self.view = view
        self.status = status


@dataclass(frozen=True)
class _Asking:
    """Resources for answering a route form."""

    session: AsyncSession
    network: RoadNetworks
    settings: Settings
    around: view_models.PageFrame
    w: Words
    base: str

    async def response(self, sent: _Sent) -> Response:
        if sent.is_swap:
            return self._ask(sent.form, None)
        ends, form = await self._ends(sent)
        if isinstance(ends, str):
            return self._ask(form, ends)
        start, end = ends
        timezone = (await places.nearest_place(self.session, start.lon, start.lat)).timezone
        answer = await self._answer(form, start, end, timezone)
        if sent.file is not None:
            return self._file(answer, form, sent.file)
        lines = (await contacts.contacts_of(await connected(self.session), None)).lines
        asked = plan_filling.PlanQuery(form, start, end, timezone, self.base, lines)
        view_of_all = plan_filling.plan(answer, self.around, asked)
        return page_response(plan_page.render_plan(view_of_all, self.w.lang))

    def _ask(self, form: view_models.RouteForm, missing: Side | None) -> Response:
        view = plan_views.AskView(self.around, _at_first(form, self.around.now), missing)
        return page_response(plan_page.render_ask(view, self.w.lang))

    async def _ends(self, sent: _Sent) -> tuple[tuple[End, End] | Side, view_models.RouteForm]:
        """Resolve both ends of the route, or return the first side without a place.

        The form is returned too, with the labels of the chosen places.
        """
        form, found, missing = sent.form, [], None
        for side in SIDES:
            try:
                end = await self._end(sent, side)
            except EndError as error:
                if error.reason != "missing":
                    raise self._end_problem(form, side, error) from error
                missing = missing or side
                continue
            found.append(end)
            # Text that the person typed stays unchanged; only a chosen place is shown by its label.
            is_chosen = bool(end.ref or sent.choices[side])
            form = form.with_end(side, end.label if is_chosen else form.text_of(side), end.ref)
        return (missing or (found[0], found[1])), form

    async def _end(self, sent: _Sent, side: Side) -> End:
        return await find_end(
            self.session,
            self.network,
            sent.given(side),
            self.w,
            self.around.now,
            has_consent=sent.form.has_consent,
        )

    def _end_problem(self, form: view_models.RouteForm, side: Side, error: EndError) -> _FormError:
        reason = cast("plan_views.Reason", error.reason)
        if error.reason == "no_consent":
            # A position sent without consent is dropped, and not even shown in the page again.
            form = form.with_end(side, "", "")
        view = plan_views.ProblemView(self.around, form, reason, field=side, choices=error.choices)
        return _FormError(view, HTTPStatus.BAD_REQUEST)

    async def _answer(
        self, form: view_models.RouteForm, start: End, end: End, timezone: str
    ) -> JourneyAnswer:
        profile = profile_of(ProfileName(form.profile), self.settings)
        question = JourneyQuestion(
            (start.lon, start.lat),
            (end.lon, end.lat),
            profile.mode,
            self._start_time(form, timezone),
            (start.country, end.country),
            profile=profile,
            most=MAX_ROUTES,
            detours=DetourLimits.of(self.settings, are_accepted=form.accepts_detour),
        )
        problem = plan_views.ProblemView(self.around, form, "unavailable")
        try:
            return await plan_journeys(
                ReadSource(self.session),
                self.network,
                question,
                now=self.around.now,
                access_m=self.settings.access_m,
            )
        except RouteRefusedError as refusal:
            raise _FormError(
                plan_filling.refused(refusal, self.around, form, timezone)
            ) from refusal
        except OffNetwork as error:
            side: Side = "start" if error.which == "start" else "end"
            # The distance is infinite where no road may be used at all.
            distance_m = error.distance_m if isfinite(error.distance_m) else None
            view = replace(problem, reason="off_network", field=side, distance_m=distance_m)
            raise _FormError(replace(view, limit_m=error.limit_m)) from error
        except UncertainCountryError as error:
            side = "start" if error.field == "start" else "end"
            raise _FormError(replace(problem, reason="country_unknown", field=side)) from error
        except InvalidRequest as error:
            view = replace(problem, reason="same_place", field="end")
            raise _FormError(view, HTTPStatus.BAD_REQUEST) from error
        except (NoNetworkError, BusyError) as error:
            raise _FormError(problem, HTTPStatus.SERVICE_UNAVAILABLE) from error

    def _start_time(self, form: view_models.RouteForm, timezone: str) -> datetime:
        if not form.at:
            return self.around.now
        try:
            local = datetime.strptime(form.at, "%Y-%m-%dT%H:%M").replace(tzinfo=ZoneInfo(timezone))
            return require_year(local)
        except ValueError as error:
            view = plan_views.ProblemView(self.around, form, "time_invalid", field="at")
            raise _FormError(view, HTTPStatus.BAD_REQUEST) from error

    def _file(
        self, answer: JourneyAnswer, form: view_models.RouteForm, file: tuple[str, int]
    ) -> Response:
        kind, index = file
        if index >= len(answer.journeys):
            # The data have changed since the page was rendered, so the index may mean another
            # route.
            view = plan_views.ProblemView(self.around, form, "routes_changed")
            raise _FormError(view, HTTPStatus.CONFLICT)
        content = FILE_KINDS[kind].write(
            carried(answer, self.around.now, self.w, index), self.around.now
        )
        # The file name does not reveal the destination (P48).
        headers = {"Content-Disposition": f'attachment; filename="amparo.{kind}"'}
        media_type = FILE_KINDS[kind].media_type
        return Response(content, media_type=media_type, headers=PRIVATE | headers)


def _at_first(form: view_models.RouteForm, now: datetime) -> view_models.RouteForm:
    """Return the form with a start: 8:00 tomorrow, unless one is given."""
    tomorrow = (now + timedelta(days=1)).date()
    return replace(form, at=form.at or home_filling.start_of_day(tomorrow))


async def _read_form(request: Request) -> _Sent:
    fields = await read_open_form(request, FORM_FIELDS, longest=LONGEST_FIELD)
    sent = {name: fields.get(name, [""])[0] for name in FORM_FIELDS}
    ends = SIDES[::-1] if sent["swap"] else SIDES
    by_side = {
        f"{side}{part}": rounded(sent[f"{given}{part}"]) if part else sent[given]
        for side, given in zip(SIDES, ends, strict=True)
        for part in ("", "_ref")
    }
    form = view_models.RouteForm(
        **by_side,
        at=sent["at"],
        profile=sent["profile"] if sent["profile"] in PROFILES else view_models.RouteForm.profile,
        has_consent=sent["consent"] == "yes",
        accepts_detour=sent["detour"] == "yes",
    )
    kind, _, number = sent["file"].partition(":")
    is_file = kind in FILE_KINDS and number in {str(n) for n in range(MAX_ROUTES)}
    return _Sent(
        form,
        negotiate(sent["lang"] or None, request.headers.get("accept-language")),
        {side: rounded(sent[f"{side}_choice"]) for side in SIDES},
        is_swap=bool(sent["swap"]),
        file=(kind, int(number)) if is_file else None,
    )
