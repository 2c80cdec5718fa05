"""``/match``: the form about a person's needs; no need is ever part of a URL (P9)."""

from collections.abc import Sequence
from dataclasses import replace
from http import HTTPStatus

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.access.dependencies import ClockDep, NetworkDep, SessionDep, SettingsDep
from app.access.public_forms import OpenForm, read_open_form
from app.api.records.match import NeedRequest
from app.api.records.spaces import DECIMALS
from app.exceptions import InvalidParameterError
from app.http.problems import problem_responses
from app.http.responses import page_response
from app.journeys.matching import MatchQuestion, match
from app.page_models import home_filling
from app.page_models.match_view import (
    MatchForm,
    MatchLists,
    MatchProblem,
    MatchView,
    answer_of,
    render_match,
)
from app.pages.page_frame import FramedDep, form_language
from app.runtime.work_limit import BusyError
from app.snapshots.country_of_point import UncertainCountryError
from app.snapshots.place_names import AmbiguousPlaceError, Choice, UnknownPlaceError, resolve
from app.snapshots.road_networks import NoNetworkError
from geo import vocabulary
from geo.db import views
from geo.errors import ProtectedServiceError

router = APIRouter(include_in_schema=False)

_FIELDS = frozenset(
    {
        "place",
        "place_choice",
        "service",
        "age",
        "gender",
        "children",
        "alone",
        "documents",
        "languages",
        "lang",
    }
)
_REPEATED = frozenset({"documents", "languages"})

#: Number of steps that fit on a phone's screen.
_STEPS = 5


class _QuestionError(Exception):
    """The form cannot be answered as filled in; ``problem`` says why."""

    def __init__(
        self,
        problem: MatchProblem,
        status: HTTPStatus = HTTPStatus.BAD_REQUEST,
        choices: Sequence[Choice] = (),
    ) -> None:
        super().__init__(problem)
        self.problem: MatchProblem = problem
        self.status = status
        self.choices = choices


@router.get("/match", responses=problem_responses(400, 503))
async def match_form(session: SessionDep, framed: FramedDep) -> Response:
    """Show the form."""
    view = MatchView(framed.frame, await _lists(session))
    return page_response(render_match(view, framed.language))


@router.post("/match", responses=problem_responses(400, 403, 413, 415, 503))
async def answer_match(
    request: Request,
    session: SessionDep,
    network: NetworkDep,
    settings: SettingsDep,
    clock: ClockDep,
) -> Response:
    """Answer the form with next steps, or say what to correct; nothing is kept."""
    fields = await read_open_form(request, _FIELDS, repeated=_REPEATED)
    form, now = _form(fields), clock()
    language = form_language(request, fields)
    frame = await home_filling.frame(session, network, settings, now)
    lists = await _lists(session)
    try:
        town = await resolve(session, network, fields.chosen_place or form.place)
        asked = _asked(form, town.lon, town.lat, town.country)
        lon, lat = round(town.lon, DECIMALS), round(town.lat, DECIMALS)
        question = MatchQuestion(asked.need, lon, lat, now, asked.country, asked.limit)
        found = await match(session, network, question, now=now, profile=settings.walker)
    except UnknownPlaceError as error:
        problem = _QuestionError("place", choices=error.choices)
    except AmbiguousPlaceError as error:
        problem = _QuestionError("places", choices=error.choices)
    except (UncertainCountryError, InvalidParameterError):
        # Where the country is uncertain, as between the banks of a border river, none is assumed
        # (P33).
        problem = _QuestionError("place")
    except ProtectedServiceError:
        problem = _QuestionError("protected", HTTPStatus.UNPROCESSABLE_ENTITY)
    except (NoNetworkError, BusyError):
        problem = _QuestionError("unavailable", HTTPStatus.SERVICE_UNAVAILABLE)
    except _QuestionError as error:
        problem = error
    else:
        form = replace(form, place=town.label)
        view = MatchView(frame, lists, form, answer=answer_of(found))
        return page_response(render_match(view, language))
    view = MatchView(frame, lists, form, problem=problem.problem, choices=problem.choices)
    return page_response(render_match(view, language), problem.status)


def _form(fields: OpenForm) -> MatchForm:
    return MatchForm(
        place=fields.one("place"),
        service=fields.one("service"),
        age=fields.one("age"),
        gender=fields.one("gender"),
        children=fields.one("children"),
        alone=fields.one("alone") == "yes",
        documents=tuple(fields.get("documents", ())),
        languages=tuple(fields.get("languages", ())),
    )


def _asked(form: MatchForm, lon: float, lat: float, country: str | None) -> NeedRequest:
    """Return the form as a request body of the API.

    Raises
    ------
    _QuestionError
        If the API would refuse a value; values from the page's lists cannot be wrong.
    """
    try:
        return NeedRequest.model_validate(
            {
                "lon": lon,
                "lat": lat,
                "country": country,
                "service": [form.service],
                "age": form.age or None,
                "gender": form.gender or None,
                "children": form.children or None,
                "alone": form.alone,
                "documents": list(form.documents),
                "languages": list(form.languages),
                "limit": _STEPS,
            }
        )
    except ValidationError as error:
        fields = {str(part) for found in error.errors() for part in found["loc"]}
        if fields & {"age", "children"}:
            raise _QuestionError("age") from error
        raise _QuestionError("alone" if form.alone else "documents") from error


async def _lists(session: AsyncSession) -> MatchLists:
    """Read the options of the form's lists, without protected terms (P38)."""
    columns = views.terms.c
    rows = await session.execute(
        select(columns.vocabulary, columns.code)
        .where(columns.vocabulary.in_(("gender", "document")), columns.active)
        .order_by(columns.position, columns.code)
    )
    found: dict[str, list[str]] = {"gender": [], "document": []}
    for name, code in rows:
        found[name].append(code)
    services = await vocabulary.services(session)
    return MatchLists(services, tuple(found["gender"]), tuple(found["document"]))
