"""Forms on a space's page for feedback: no script, no cookie, no account.

The forms store the same few data as the JSON endpoints of `app.api.records.feedback` (P25, P37,
P44).
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Response

from app.access.dependencies import ClockDep, SessionDep
from app.access.public_forms import read_open_form
from app.exceptions import InvalidParameterError
from app.http.problems import problem_responses
from app.http.rate_limits import ReportLimit
from app.http.responses import page_response
from app.journeys.space_facts import visible_space
from app.page_models.space_view import CATEGORIES, render_complaint, render_not_here, render_thanks
from app.pages.page_frame import FramedDep, PageLanguage, PostedDep
from app.pages.space import SpacePath
from geo.errors import NotFoundError, UnknownServiceError
from geo.guidance import contacts, feedback

router = APIRouter(include_in_schema=False)

#: Meaning of each answer in the feedback form: whether the person was served, and whether the space
#: was open.
ANSWERS: Mapping[str, tuple[bool, bool]] = {
    "served": (True, True),
    "not_served": (False, True),
    "shut": (False, False),
}

#: Maximum length of a complaint in characters, equal to that of the JSON endpoint.
LONGEST_COMPLAINT = 2_000

_REFUSALS = problem_responses(400, 403, 413, 415, 429, 503)


@router.post("/spaces/{space}/feedback", responses=_REFUSALS)
async def give_feedback(
    posted: PostedDep,
    space: SpacePath,
    _limit: ReportLimit,
    lang: PageLanguage = None,
) -> Response:
    """Keep whether somebody was served; the answer is the same of whichever space (P39)."""
    form = await read_open_form(posted.request, {"said", "lang"})
    said = ANSWERS.get(form.one("said"))
    if said is None:
        raise InvalidParameterError("said", f"is one of {', '.join(ANSWERS)}")
    now = posted.clock()
    was_served, was_open = said
    await feedback.give_feedback(
        posted.session, space, was_served=was_served, was_open=was_open, today=now.date()
    )
    frame = await posted.frame(now)
    return page_response(
        render_thanks(frame, "feedback", posted.language(form, lang), space_id=space)
    )


@router.get("/spaces/{space}/complaint", responses=problem_responses(400, 503))
async def complaint_form(
    session: SessionDep, clock: ClockDep, framed: FramedDep, space: SpacePath
) -> Response:
    """Show the form of a complaint, and before it the lines that no operator answers (P44)."""
    frame, language = framed.frame, framed.language
    try:
        found = await visible_space(session, space, clock())
    except NotFoundError:
        return page_response(render_not_here(frame, language), HTTPStatus.NOT_FOUND)
    row = found.properties
    lines = await contacts.independent_lines(session, row["country"], row["admin1"])
    return page_response(render_complaint(frame, space, row, lines, language))


@router.post("/spaces/{space}/complaint", responses=_REFUSALS)
async def complain(
    posted: PostedDep,
    space: SpacePath,
    _limit: ReportLimit,
    lang: PageLanguage = None,
) -> Response:
    """Keep a complaint where its operator never reads it (P44).

    One about a space that was hidden meanwhile is kept; its answer names the lines of every
    country, as for a space that never was (P39).
    """
    form = await read_open_form(
        posted.request, {"category", "body", "lang"}, longest=LONGEST_COMPLAINT
    )
    category = form.one("category")
    if category not in CATEGORIES:
        raise InvalidParameterError("category", f"is one of {', '.join(CATEGORIES)}")
    now = posted.clock()
    await feedback.complain(
        posted.session, space, category=category, body=form.one("body") or None, today=now.date()
    )
    lines: Sequence[Mapping[str, Any]]
    country = None
    try:
        row = (await visible_space(posted.reading, space, now)).properties
    except NotFoundError:
        lines = await contacts.independent_lines(posted.reading, None)
    else:
        country = row["country"]
        lines = await contacts.independent_lines(posted.reading, country, row["admin1"])
    frame = await posted.frame(now)
    language = posted.language(form, lang)
    return page_response(
        render_thanks(frame, "complaint", language, space_id=space, country=country, lines=lines)
    )


@router.post("/missing", responses={**_REFUSALS, **problem_responses(422)})
async def ask_for_service(
    posted: PostedDep,
    _limit: ReportLimit,
) -> Response:
    """Keep that a service was missed in an area; protected ones are refused, not kept (P44)."""
    form = await read_open_form(posted.request, {"service", "country", "admin1", "lang"})
    now = posted.clock()
    try:
        await feedback.ask_for_service(
            posted.session,
            form.one("service"),
            country=form.one("country"),
            admin1=form.one("admin1") or None,
            today=now.date(),
        )
    except UnknownServiceError as error:
        raise InvalidParameterError("service", str(error)) from error
    frame = await posted.frame(now)
    language = posted.language(form)
    return page_response(render_thanks(frame, "missing", language, country=form.one("country")))
