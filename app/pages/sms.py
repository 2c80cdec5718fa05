"""``/txt``: open places of a municipality as SMS, for gateways that handle only text.

People behind a gateway cannot read JSON: an unknown code or service is answered with one short text
and an error status. Mistakes of the gateway's programmer, such as an unknown parameter, get a
problem document as everywhere.
"""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated, Any

import anyio
from fastapi import APIRouter, Path, Query, Request, Response
from starlette.responses import PlainTextResponse

from app.access.dependencies import AskerDep, ClockDep, SettingsDep
from app.http.etags import NOT_MODIFIED, kept_response
from app.http.problems import problem_responses
from app.i18n.translation import words
from app.journeys import sms
from app.journeys.sms import MOST_PARTS, PARTS, PLACES, SmsQuestion
from app.schemas.fields import LanguageCode
from geo import vocabulary
from geo.db.sessions import Database, Tier
from geo.errors import NotFoundError, ProtectedServiceError, UnknownServiceError
from geo.geography import municipalities
from geo.guidance import contacts
from geo.records import demo_rows
from geo.spaces import queries
from geo.spaces.filters import SpaceFilter

router = APIRouter(tags=["low-tech"])

#: Limit of lists of codes read concurrently per process; the longest query takes a second.
_listings = anyio.CapacityLimiter(1)

_TEXT = "text/plain; charset=utf-8"
_SAID = {"content": {"text/plain": {"schema": {"type": "string"}}}}


def _said(told: str, unknown: str) -> dict[int | str, dict[str, Any]]:
    """Return entries for ``responses=`` of an endpoint that answers 200 and 404 in plain text."""
    return {
        **NOT_MODIFIED,
        200: {**_SAID, "description": told},
        404: {**_SAID, "description": unknown},
        **problem_responses(400, 401, 503),
    }


#: Pattern of texts without NUL, a character that PostgreSQL's type text cannot hold.
_PLAIN = r"^[^\x00]*$"

MunicipalityPath = Annotated[
    str,
    Path(
        pattern=_PLAIN,
        max_length=40,
        description="Code of a municipality: the GeoNames number of its town, as /txt lists it.",
        examples=["3685533"],
    ),
]
ToldIn = Annotated[
    LanguageCode,
    Query(description="Language; words about danger are labelled until reviewed."),
]
WantedService = Annotated[
    str | None,
    Query(
        pattern=_PLAIN,
        max_length=100,
        description="Only places that offer it: a code of the vocabulary `service`.",
        examples=["overnight"],
    ),
]


@router.get(
    "/txt",
    response_class=PlainTextResponse,
    responses=_said(
        "A line a country, or a line a municipality.", "No such country: a short text."
    ),
)
async def codes(
    request: Request,
    _asker: AskerDep,
    country: Annotated[
        str | None, Query(pattern="^[A-Za-z]{2}$", description="ISO 3166-1 alpha-2.")
    ] = None,
    lang: ToldIn = "es",
) -> Response:
    """List the codes that `/txt/{code}` and `/lists/{code}` take.

    With `country` a line for each municipality: code, name, department; by tabs. Without it a
    line for each country.
    """
    database: Database = request.state.database
    w = words(lang)
    async with _listings, database.session(Tier.PUBLIC) as session:
        if country is None:
            known = await municipalities.countries(session)
            lines = [f"{code}\t{w.country(code)}\t/txt?country={code}" for code in known]
        else:
            found = await municipalities.municipalities(session, country.upper())
            lines = [f"{one.code}\t{one.name}\t{one.admin1 or ''}" for one in found]
    if country is not None and not lines:
        return _told([sms.unknown_country(w)], lang, HTTPStatus.NOT_FOUND)
    return kept_response(request, ("\n".join(lines) + "\n").encode(), _TEXT)


@router.get(
    "/txt/{code}",
    response_class=PlainTextResponse,
    responses=_said("A message a line.", "No such municipality or service: a short text."),
)
async def texts(
    request: Request,
    _asker: AskerDep,
    clock: ClockDep,
    settings: SettingsDep,
    code: MunicipalityPath,
    service: WantedService = None,
    lang: ToldIn = "es",
    parts: Annotated[
        int, Query(ge=2, description=f"At most so many messages; above {MOST_PARTS} is capped.")
    ] = PARTS,
) -> Response:
    """Return the open places nearest to a municipality as SMS, a message a line.

    Each has at most 160 signs of the GSM alphabet, a number, the day of its data, and DEMO while
    demo rows are loaded; the last one the lines of help of the area. For a protected service
    there are no places, but whom to call. Of public records alone, whoever asks. A code or a
    service that is not known is answered in one message.
    """
    now, w = clock(), words(lang)
    database: Database = request.state.database
    async with database.session(Tier.PUBLIC) as session:
        try:
            there = await municipalities.municipality(session, code)
        except NotFoundError:
            return _told([sms.unknown_code(w)], lang, HTTPStatus.NOT_FOUND)
        asked = SmsQuestion(
            there=there,
            service=service,
            now=now,
            has_demo=await demo_rows.has_demo(session),
            hotline=settings.hotline,
            parts=min(parts, MOST_PARTS),
        )
        try:
            await vocabulary.check_services(session, [service] if service else [])
        except ProtectedServiceError:
            lines = await contacts.contacts_of(
                session, there.country, there.admin1, kinds=contacts.HOTLINES
            )
            return _told(sms.protected_messages(w, asked, lines), lang)
        except UnknownServiceError:
            return _told([sms.unknown_service(w)], lang, HTTPStatus.NOT_FOUND)
        near = await queries.nearest_spaces(
            session,
            there.lon,
            there.lat,
            country=there.country,
            wanted=SpaceFilter(services=(service,) if service else ()),
            limit=PLACES,
        )
        lines = await contacts.contacts_of(session, there.country, there.admin1)
        names = {
            (term.vocabulary, term.code): term.names
            for term in await vocabulary.named_terms(session, vocabulary="service")
        }
    # An SMS has no room to name the crossing, so places across a border are left out (P33).
    own = [space for space in near if space.country == there.country]
    return _told(sms.messages(w, names, asked, own, lines), lang)


def _told(said: Sequence[str], lang: str, status: HTTPStatus = HTTPStatus.OK) -> Response:
    # The text says whether a place is open now, so caches must not store it.
    headers = {"Cache-Control": "no-store", "Content-Language": lang}
    return Response("\n".join(said) + "\n", status, headers, media_type=_TEXT)
