"""Error responses: the table from exception class to HTTP status, and problem+json bodies.

Bodies follow RFC 9457. Every entry of the table states the error and advice to the client. An
exception that is not in the table gets a fixed text and an incident id; its type and line of code
go only to the log, without any value of the request (P48, no personal data in logs).
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from http import HTTPStatus
from math import isfinite
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from app.exceptions import (
    BodyTooLargeError,
    DemoNotPublicError,
    ForgedRequestError,
    HeadTooLargeError,
    InvalidParameterError,
    MethodNotAllowedError,
    NoPackError,
    NoStreetsError,
    NoSuchPartError,
    OutdatedError,
    SignInNeededError,
    SlowRequestError,
    TokenAtConsoleError,
    TooManyConnectionsError,
    TooManyRequestsError,
    UnauthorizedError,
    UnconditionalError,
    UnsupportedMediaTypeError,
)
from app.http.allow_header import methods_of
from app.http.problems import MOST_REASONS, ProblemKind, problem_response, reasons
from app.i18n.translation import Words, negotiate, words
from app.journeys.errors import LongDetourError, NoReasonableWayError, RouteRefusedError
from app.planning import itinerary_text
from app.planning.itineraries import NoItineraryError
from app.runtime.work_limit import BusyError
from app.snapshots.country_of_point import SilentCrossingError, UncertainCountryError
from app.snapshots.essential_contacts import LINES, PROTECTED_LINES, Line, essential_lines
from app.snapshots.road_networks import NoNetworkError
from app.texts import refusal_text
from geo.db.disk_reserve import Room
from geo.db.sessions import Database, Tier
from geo.errors import (
    ConflictError,
    CopyTooOldError,
    DatabaseUnavailableError,
    DiskFullError,
    ForbiddenError,
    ForeignCountError,
    GeoError,
    InvalidCountError,
    InvalidFileError,
    InvalidRecordError,
    InvalidTokenError,
    KeyReusedError,
    LinkError,
    MixedDataError,
    NotFoundError,
    PersonalDataError,
    ProtectedServiceError,
    SessionNeededError,
    UnknownServiceError,
)
from geo.reasons import CodedReason
from routing.errors import (
    GraphError,
    InvalidRequest,
    NoRoute,
    OffNetwork,
    RoutingError,
    TooManyLabels,
    TradeOffsNotKnown,
)
from tiles.errors import (
    InvalidFilterError,
    NoBasemapError,
    NoPastError,
    NotAcceptableError,
    NotThereError,
    TilesError,
    UnknownFormatError,
)

_INVALID = ProblemKind(
    400,
    "invalid-request",
    "The request is malformed",
    "Correct the fields named in `errors`; /api describes every parameter.",
)
_UNAUTHORIZED = ProblemKind(
    401,
    "unauthorized",
    "A valid access token is needed",
    "Send `Authorization: Bearer <token>`; tokens are given out by who runs this Amparo.",
    "No token, or one that does not open this.",
)
_UNKNOWN = ProblemKind(
    404, "not-found", "Not found", "Look it up in /collections; ids and addresses are exact."
)
_METHOD = ProblemKind(
    405,
    "method-not-allowed",
    "Method Not Allowed",
    "The methods that exist are in the Allow header.",
    HTTPStatus.METHOD_NOT_ALLOWED.description,
)
_NO_ROUTE = ProblemKind(
    422,
    "no-route",
    "No admissible route",
    "See `blocked_by`, `next_opening` and `nearest_space`; other ends or another time may do.",
)
_NOT_READY = "Ask again after the seconds in Retry-After."
_COPY_AGAIN = "Delete the copy and download the collection again: ask without `since`."
INTERNAL = ProblemKind(
    500,
    "internal",
    "Something broke",
    "Tell who runs this Amparo the incident id in `instance`.",
    "The request could not be answered.",
)

type Handler = Callable[[Request, Exception], Awaitable[Response]]

#: Problem kind by exception class. An exception of a class that is not listed has the kind of its
#: nearest listed base class.
TABLE: Mapping[type[Exception], ProblemKind] = {
    InvalidParameterError: _INVALID,
    InvalidRequest: _INVALID,
    RequestValidationError: _INVALID,
    UnknownServiceError: _INVALID,
    NoPastError: _INVALID,
    InvalidFilterError: _INVALID,
    UnknownFormatError: _INVALID,
    NotAcceptableError: ProblemKind(
        406,
        "not-acceptable",
        "Nothing of what you accept is offered",
        "Ask by name with the parameter f, or accept one of the media types that are listed.",
    ),
    InvalidCountError: _INVALID,
    PersonalDataError: ProblemKind(
        400,
        "personal-data",
        "The payload carries something about a person",
        "Send aggregated counts with the listed fields alone; nothing of this was kept.",
    ),
    UnauthorizedError: _UNAUTHORIZED,
    InvalidTokenError: _UNAUTHORIZED,
    ForbiddenError: ProblemKind(
        403,
        "forbidden",
        "This account may not do that",
        "Ask an approver of the country, or a coordinator.",
    ),
    SessionNeededError: ProblemKind(
        403,
        "session-needed",
        "A person has to do that",
        "Do it signed in at /network; a token proposes, closes and hides.",
        "No token stands for a person who accepts, reviews, publishes, verifies, grants or lifts.",
    ),
    TokenAtConsoleError: ProblemKind(
        403,
        "token-at-console",
        "The console takes no token",
        "Sign in at /network/sign-in and ask without the header Authorization; programs find "
        "their addresses in /api.",
        "A header Authorization opens nothing here, and nothing was looked at beside it.",
    ),
    ForgedRequestError: ProblemKind(
        403,
        "forged-request",
        "The form did not come from its own page",
        "Open the page again and send the form from there.",
        "The form's own token is missing or old.",
    ),
    NotFoundError: _UNKNOWN,
    NotThereError: _UNKNOWN,
    NoSuchPartError: _UNKNOWN,
    NoBasemapError: ProblemKind(
        404,
        "no-basemap",
        "There is no basemap",
        "Who runs this Amparo makes it with `amparo basemap build`; /styles/amparo needs none.",
    ),
    NoStreetsError: ProblemKind(
        404,
        "no-streets",
        "There are no streets under this code",
        "GET /packs/streets lists those that can be taken along.",
        "No town under this code has streets here.",
    ),
    NoPackError: ProblemKind(
        404,
        "no-pack",
        "Nothing of this country can be taken along",
        "GET /packs lists the countries that have spaces.",
        "No space of this country is known.",
    ),
    ConflictError: ProblemKind(
        409,
        "conflict",
        "The record has changed meanwhile",
        "Read it again and repeat the change.",
    ),
    ForeignCountError: ProblemKind(
        409,
        "foreign-count",
        "Another organisation has sent one of these counts",
        "Leave out what others count, or state another method; nothing of this was kept.",
    ),
    KeyReusedError: ProblemKind(
        409,
        "id-used",
        "The id was used before, with something else",
        "Draw a new UUID (version 4) for each report; send the same report with the same one.",
    ),
    LinkError: ProblemKind(
        410,
        "link-not-valid",
        "The link is not valid",
        "Ask for a new link; each works once and for some days.",
        "It was used, is too old, or never existed.",
    ),
    CopyTooOldError: ProblemKind(410, "token-expired", "The copy cannot be followed", _COPY_AGAIN),
    InvalidRecordError: _INVALID,
    InvalidFileError: _INVALID,
    TooManyRequestsError: ProblemKind(
        429,
        "too-many-requests",
        "Too many requests",
        "Ask again after the seconds in Retry-After.",
    ),
    MixedDataError: ProblemKind(
        409,
        "mixed-data",
        "Demo and real rows do not mix",
        "Who runs this Amparo removes the demo rows with `amparo demo remove`.",
    ),
    OutdatedError: ProblemKind(
        412,
        "precondition-failed",
        "The item is no longer what the change was made from",
        "Read it again, by its address and with the same token, and send its new ETag in If-Match.",
    ),
    UnconditionalError: ProblemKind(
        428,
        "precondition-required",
        "The change does not say what it was made from",
        "Read the item by its address and with the same token, and send its ETag in If-Match.",
    ),
    MethodNotAllowedError: _METHOD,
    BodyTooLargeError: ProblemKind(
        413, "body-too-large", "The body is too large", "Send less at a time."
    ),
    SlowRequestError: ProblemKind(
        408,
        "request-timeout",
        "The request did not come in time",
        "Send it again, over a better connection or smaller.",
        "It stopped on the way, or came too slowly.",
    ),
    HeadTooLargeError: ProblemKind(
        431,
        "head-too-large",
        "The request line and headers are too large",
        "Send a shorter address and fewer or shorter headers; questions that are long go by POST.",
        "They are longer, or there are more of them, than any request here needs.",
    ),
    TooManyConnectionsError: ProblemKind(
        503,
        "too-many-connections",
        "Too many connections are open",
        _NOT_READY,
        "Many people are asking now, or many from one address.",
    ),
    UnsupportedMediaTypeError: ProblemKind(
        415,
        "unsupported-media-type",
        "The body is of another kind",
        "Send it as /api describes it: mostly JSON with `Content-Type: application/json`.",
        "The Content-Type is not one that this takes.",
    ),
    NoRoute: _NO_ROUTE,
    RouteRefusedError: _NO_ROUTE,
    LongDetourError: ProblemKind(
        422,
        "long-detour",
        "Only a long detour or a long wait is open",
        "See `because`, `next_opening` and `nearest_space`; `accept_detour` answers the long way.",
    ),
    NoReasonableWayError: ProblemKind(
        422,
        "no-reasonable-way",
        "No reasonable way is known",
        "See `nearest_space` and `lines`; `accept_detour` answers the long way that there is.",
    ),
    TooManyLabels: ProblemKind(
        422,
        "too-many-trade-offs",
        "Too many trade-offs to search",
        "Ask for a nearer end, or for fewer nights.",
        "There are more trade-offs than are searched.",
    ),
    TradeOffsNotKnown: ProblemKind(
        422,
        "trade-offs-not-known",
        "The trade-offs are not known",
        "See `why`. POST /routes answers the same question with the ways that are known.",
        "There is a way, but nothing is known of all the others.",
    ),
    NoItineraryError: ProblemKind(
        422,
        "no-itinerary",
        "No way day by day",
        "See `stretches`: what binds each and what mends it; `max_day_m`, `at`, a vehicle may do.",
        "There is a route, but no way on foot with a place to sleep for each night.",
    ),
    OffNetwork: ProblemKind(
        422,
        "off-network",
        "A point is too far from every road",
        "Choose a point near a road of the network, or import roads for this area.",
    ),
    ProtectedServiceError: ProblemKind(
        422,
        "protected-service",
        "Protected services are not counted",
        "They are never on this map. See `hotline` and `lines` for whom to call.",
        "protected services not counted",
    ),
    DatabaseUnavailableError: ProblemKind(
        503,
        "database-unavailable",
        "The database does not answer",
        _NOT_READY,
        "What is known cannot be read now.",
    ),
    DiskFullError: ProblemKind(
        503,
        "disk-full",
        "There is no room to store anything",
        "Who runs this Amparo makes room on the disk of its database. Emergency hides are taken.",
        "The disk of the database is full.",
    ),
    UncertainCountryError: ProblemKind(
        422,
        "uncertain-country",
        "A point is too near to a border to tell its country",
        "Choose a town, or a point on a road of the country you mean.",
    ),
    SilentCrossingError: ProblemKind(
        422,
        "silent-crossing",
        "The line leaves its country away from any road",
        "Borders are crossed at official crossings alone; draw the line along the road.",
        "It follows no road and enters another country.",
    ),
    BusyError: ProblemKind(
        503, "busy", "Too many searches are waiting", _NOT_READY, "Many people are asking now."
    ),
    DemoNotPublicError: ProblemKind(
        503,
        "demo-not-public",
        "Demo rows are not served to other machines",
        "Who runs this Amparo removes them with `amparo demo remove`, or sets "
        "AMPARO_ALLOW_DEMO_PUBLIC=true.",
        "Fictitious rows are loaded.",
    ),
    NoNetworkError: ProblemKind(503, "no-network", "No road network can answer", _NOT_READY),
    GraphError: ProblemKind(
        503,
        "network-unusable",
        "A road network cannot be opened",
        _NOT_READY,
        "The road network cannot be read now.",
    ),
}


def kind_of(error: Exception) -> ProblemKind:
    """Return the problem kind of an exception; `INTERNAL` if the table does not hold it."""
    for base in type(error).__mro__:
        if base in TABLE:
            return TABLE[base]
    return INTERNAL


def install(app: FastAPI) -> None:
    """Register handlers that answer the table's exceptions and `HTTPException` as problems."""
    for exception in (*TABLE, SignInNeededError, HTTPException):
        app.add_exception_handler(exception, _HANDLERS.get(exception, answer))


def handler_of(error: Exception) -> Handler | None:
    """Return the handler of an exception; None for an unexpected exception."""
    for base in type(error).__mro__:
        if base in _HANDLERS:
            return _HANDLERS[base]
        if base in TABLE:
            return answer
    return None


async def _lead_to_sign_in(_request: Request, error: Exception) -> Response:
    assert isinstance(error, SignInNeededError)  # noqa: S101 -- registered for nothing else
    return RedirectResponse(error.location, status_code=HTTPStatus.SEE_OTHER)


async def answer(request: Request, error: Exception) -> Response:
    """Return the problem response for an exception of the table."""
    room: Room | None = getattr(request.state, "room", None)
    if type(error) is DatabaseUnavailableError and room is not None and room.is_short():
        # Report that the disk of the database is nearly full instead of the error: the full disk is
        # the likely cause, and the operator has to act on it in any case.
        error = DiskFullError()
    kind = kind_of(error)
    w = words(_language(request))
    extras = {**_code(error, kind), **await _calls(request, error), **_extras(error, w)}
    headers = getattr(error, "headers", None)
    if isinstance(error, RouteRefusedError):
        headers = {**(headers or {}), "Content-Language": w.lang, "Vary": "Accept-Language"}
    return problem_response(kind, _detail(error, kind, w), extras=extras, headers=headers)


def _language(request: Request) -> str:
    """Return the language that a successful response would have had.

    Order of precedence: the language asked for in the body, which the endpoint stores in
    ``request.state.language``; the query parameter ``lang``; the header ``Accept-Language``.
    """
    asked = getattr(request.state, "language", None) or request.query_params.get("lang")
    return negotiate(asked, request.headers.get("accept-language"))


def _detail(error: Exception, kind: ProblemKind, w: Words) -> str:
    if isinstance(error, RequestValidationError):
        first = reasons(error, most=1)[0]
        others = len(error.errors()) - 1
        more = f" (and {others} more)" if others else ""
        return f"{first.field}: {first.reason}{more}"
    if isinstance(error, RouteRefusedError):
        return refusal_text.detail(error, w)
    return kind.detail if kind.detail is not None else str(error)


def _code(error: Exception, kind: ProblemKind) -> dict[str, str]:
    """Return the machine-readable error code as the problem member ``code``, or no member.

    A problem kind with a fixed detail text does not distinguish its errors, so it has no code.
    """
    if kind.detail is None and isinstance(error, GeoError | RoutingError | TilesError):
        return {"code": error.code}
    return {}


def _item(error: Exception, field: str, reason: str) -> dict[str, str]:
    item = {"field": field, "reason": reason}
    if isinstance(reason, CodedReason):
        item["code"] = reason.cause.code
    elif isinstance(error, InvalidRequest):
        item["code"] = error.code
    return item


def _extras(error: Exception, w: Words) -> dict[str, Any]:
    """Return the extension members that an exception adds to its problem body."""
    wrong = [_item(error, field, reason) for field, reason in _wrong(error)[:MOST_REASONS]]
    if wrong:
        return {"field": wrong[0]["field"], "errors": wrong}
    match error:
        case OffNetwork():
            return {
                "field": error.which,
                # The distance is infinite if no road may be used at all; JSON has no infinity.
                "distance_m": round(error.distance_m) if isfinite(error.distance_m) else None,
                "limit_m": error.limit_m,
            }
        case RouteRefusedError():
            return refusal_text.members(error, w)
        case NoItineraryError():
            return itinerary_text.failure(error, w)
        case TradeOffsNotKnown():
            return {"why": error.why}
        case NoRoute():
            return {"blocked_by": error.blocked_by}
        case _:
            return dict(getattr(error, "extras", {}))


def _wrong(error: Exception) -> Sequence[tuple[str, str]]:
    """Return the invalid fields of the request that an exception names, as (field, reason)."""
    match error:
        case RequestValidationError():
            return [(reason.field, reason.reason) for reason in reasons(error)]
        case InvalidParameterError() | InvalidRequest() | InvalidFilterError():
            return [(error.field, error.reason)]
        case UncertainCountryError():
            return [(error.field, "too near to a border to tell its country")]
        case InvalidRecordError():
            return error.problems
        case InvalidFileError():
            return [("file", problem) for problem in error.problems]
        case _:
            field = _ABOUT.get(type(error))
            return () if field is None else [(field, str(error))]


#: Name of the request field, by exception class whose errors are always about the same field. An
#: endpoint whose field has another name raises an error that states the name.
_ABOUT: Mapping[type[Exception], str] = {
    NoPastError: "as_of",
    UnknownFormatError: "f",
    UnknownServiceError: "service",
    InvalidCountError: "body",
    PersonalDataError: "body",
}


async def _calls(request: Request, error: Exception) -> dict[str, Any]:
    """Return phone lines as problem members, for refusals after which a person may need to call.

    These are refusals of protected services (P38) and of routes (P45). The list is empty if the
    database cannot be read.
    """
    if isinstance(error, ProtectedServiceError):
        lines = await _lines(request, (), PROTECTED_LINES)
        return {"hotline": request.state.settings.hotline, "lines": lines}
    if isinstance(error, _NO_WAY):
        return {"lines": await _lines(request, (), LINES)}
    return {}


#: Routing refusals whose country is not known; their responses hold the phone lines of every
#: country.
_NO_WAY = (OffNetwork, NoRoute, UncertainCountryError, SilentCrossingError)


async def _lines(
    request: Request, countries: Sequence[str | None], kinds: Sequence[str]
) -> Sequence[Line]:
    database: Database = request.state.database
    try:
        async with database.session(Tier.PUBLIC) as session:
            return await essential_lines(session, countries, kinds)
    except DatabaseUnavailableError:
        return ()


async def _answer_http(request: Request, error: Exception) -> Response:
    """Answer errors of the framework: unknown paths, wrong methods, unreadable bodies."""
    assert isinstance(error, HTTPException)  # noqa: S101 -- registered for nothing else
    status = HTTPStatus(error.status_code)
    if status is HTTPStatus.BAD_REQUEST:
        # FastAPI raises 400 for a body that it cannot decode.
        unread = InvalidParameterError("body", "not JSON in UTF-8, or nested too deeply")
        return await answer(request, unread)
    if status is HTTPStatus.METHOD_NOT_ALLOWED:
        return await answer(request, MethodNotAllowedError({"Allow": methods_of(request)}))
    is_unknown = status is HTTPStatus.NOT_FOUND
    advice = (
        "See / for the addresses that exist." if is_unknown else "See /api for what is accepted."
    )
    kind = ProblemKind(
        error.status_code, status.phrase.lower().replace(" ", "-"), status.phrase, advice
    )
    # Use the status's own description: the framework's message would repeat the client's input.
    return problem_response(kind, status.description or status.phrase, headers=error.headers)


#: Handlers of exceptions that are not answered from the table.
_HANDLERS: Mapping[type[Exception], Handler] = {
    SignInNeededError: _lead_to_sign_in,
    HTTPException: _answer_http,
}
