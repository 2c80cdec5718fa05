"""``/reports`` and ``/report``: anonymous reports of hazards (P36, P37).

A report has no account, photo, text or time: only a kind, a point rounded to about 100 m, and a
day. Reports are not published; an approver reviews them in the console.
"""

import uuid
from datetime import date
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import UUID4, BaseModel, ConfigDict, Field

from app.access.dependencies import ClockDep, SessionDep, WriterDep
from app.access.public_forms import read_open_form
from app.exceptions import InvalidParameterError
from app.http.problems import problem_responses
from app.http.rate_limits import ReportLimit
from app.http.responses import JSONResponse, page_response
from app.page_models.report_view import ReportForm, render_report, render_reported
from app.pages.page_frame import FramedDep, PostedDep
from app.schemas.fields import Day, Latitude, Longitude
from app.snapshots.essential_contacts import essential_lines, in_danger
from app.snapshots.place_names import AmbiguousPlaceError, UnknownPlaceError, full_label, resolve
from geo.proposals import hazard_reports, idempotency
from geo.records.hazard_documents import family_of

router = APIRouter(tags=["voices"])

#: Notice in the response; a report has no effect until a person has reviewed it (P36).
NOTICE = (
    "Gracias. No guardamos quién lo dijo ni a qué hora. Una persona de la red lo revisa; hasta "
    "entonces no cambia ningún camino."
)

#: The report page is the only one that may ask for the phone's position, after a tap.
_LOCATING = {"Permissions-Policy": "geolocation=(self), camera=(), microphone=()"}

_FIELDS = frozenset({"id", "kind", "place", "place_choice", "lang"})


class HazardSeen(BaseModel):
    """A hazard that somebody saw; there is no room for a text, a photo or an hour."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "id": "6f1f6d7c-9a0c-4a62-9d0b-0f6a2c1c7e55",
                    "kind": "landslide",
                    "lon": -72.65,
                    "lat": 7.376,
                    "seen_on": "2026-11-26",
                }
            ]
        },
    )

    id: Annotated[
        UUID4,
        Field(
            description="Drawn anew by the sender. The same report may be sent again with it and "
            "is kept once."
        ),
    ]
    kind: Annotated[str, Field(min_length=1, max_length=40, pattern="^[a-z_]+$")]
    lon: Annotated[Longitude, Field(description="Degrees; kept with three decimals.")]
    lat: Annotated[Latitude, Field(description="Degrees; kept with three decimals.")]
    seen_on: Annotated[
        Day, Field(description=f"The day, at most {idempotency.TAKEN_DAYS} days ago.")
    ]


@router.post(
    "/reports",
    status_code=201,
    response_class=JSONResponse,
    responses={
        200: {"description": "It was received before; the same body."},
        **problem_responses(400, 409, 413, 415, 429, 503),
    },
)
async def report_hazard(
    session: WriterDep,
    reading: SessionDep,
    clock: ClockDep,
    body: HazardSeen,
    _limit: ReportLimit,
) -> Response:
    """Keep a report for an approver to look at; it changes no route, layer or count (P36).

    Police and migration controls are no hazards and are refused.
    """
    is_new = await hazard_reports.take(
        session,
        body.id,
        kind=body.kind,
        lon=body.lon,
        lat=body.lat,
        seen_on=body.seen_on,
        today=clock().date(),
    )
    status = HTTPStatus.CREATED if is_new else HTTPStatus.OK
    # The emergency lines of every country are sent: the country of the point is not looked up.
    lines = await essential_lines(reading, (), ("emergency",))
    return JSONResponse(
        {"received": True, "notice": f"{NOTICE} {in_danger(lines)}", "lines": lines},
        status,
        headers={"Cache-Control": "private, no-store"},
    )


@router.get("/report", include_in_schema=False, responses=problem_responses(400, 503))
async def report_form(framed: FramedDep) -> Response:
    """Show the form."""
    form = ReportForm(str(uuid.uuid4()))
    answer = page_response(render_report(framed.frame, form, framed.language))
    answer.headers.update(_LOCATING)
    return answer


@router.post(
    "/report",
    include_in_schema=False,
    responses=problem_responses(400, 403, 413, 415, 429, 503),
)
async def send_form(
    posted: PostedDep,
    _limit: ReportLimit,
) -> Response:
    """Keep what the form says, by the name of a place; sent twice, it is kept once."""
    fields = await read_open_form(posted.request, _FIELDS)
    form = ReportForm(*(fields.one(name) for name in ("id", "kind", "place")))
    now = posted.clock()
    frame = await posted.frame(now)
    language = posted.language(fields)
    if form.kind not in hazard_reports.KINDS:
        raise InvalidParameterError("kind", f"is one of {', '.join(hazard_reports.KINDS)}")
    try:
        # A place that matches by sound only must be chosen, so that no report goes to a wrong town.
        place = fields.chosen_place or form.place
        town = await resolve(posted.reading, posted.network, place, takes_sounds=False)
    except (UnknownPlaceError, AmbiguousPlaceError) as error:
        body = render_report(
            frame,
            form,
            language,
            choices=error.choices,
            is_wrong=True,
            is_several=isinstance(error, AmbiguousPlaceError),
        )
        answer = page_response(body, HTTPStatus.BAD_REQUEST)
        answer.headers.update(_LOCATING)
        return answer
    lon, lat = round(town.lon, hazard_reports.DECIMALS), round(town.lat, hazard_reports.DECIMALS)
    await hazard_reports.take(
        posted.session,
        _key_of(form, lon, lat, now.date()),
        kind=form.kind,
        lon=lon,
        lat=lat,
        seen_on=now.date(),
        today=now.date(),
    )
    label = await full_label(posted.reading, town)
    return page_response(
        render_reported(frame, family_of(form.kind), label, town.country, language)
    )


def _key_of(form: ReportForm, lon: float, lat: float, day: date) -> uuid.UUID:
    """Return the idempotency key of a form, derived from the form's id and its content.

    Without scripts the form keeps its id when a person goes back in the browser, so other content
    sent with the same id is another report.
    """
    try:
        number = uuid.UUID(form.key)
    except ValueError as error:
        raise InvalidParameterError("id", "is not the number of a form") from error
    if number.version != 4:  # noqa: PLR2004 -- only random UUIDs reveal nothing
        raise InvalidParameterError("id", "is not the number of a form")
    return uuid.uuid5(number, f"{form.kind} {lon} {lat} {day.isoformat()}")
