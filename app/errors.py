"""What goes wrong, as HTTP says it: the one table from exception to status, and its bodies.

Bodies are problem+json (RFC 9457). Every entry says what happened and what to do. An error that
is not in the table gets a fixed text and an incident id; what it was goes to the log alone,
without any value of the request (P48).
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from math import isfinite
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from app import wording
from app.journeys import RouteRefusedError
from app.network import NoNetworkError
from app.problems import Kind, Reason, problem_response
from app.searches import BusyError
from app.whereabouts import SilentCrossingError, UncertainCountryError
from geo.errors import (
    ConflictError,
    DatabaseUnavailableError,
    ForbiddenError,
    InvalidCountError,
    InvalidFileError,
    InvalidRecordError,
    InvalidTokenError,
    LinkError,
    MixedDataError,
    NotFoundError,
    PersonalDataError,
    ProtectedServiceError,
    UnknownServiceError,
)
from geo.spaces import NearSpace
from routing.errors import GraphError, InvalidRequest, NoRoute, OffNetwork
from tiles.errors import NoPastError, TileOutOfRangeError, UnknownItemError, UnknownLayerError


class InvalidParameterError(ValueError):
    """A query parameter or member cannot be meant."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class UnsupportedMediaTypeError(Exception):
    """A body that is not JSON."""


class BodyTooLargeError(Exception):
    """A body beyond the setting ``AMPARO_BODY_LIMIT_BYTES``."""

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(f"the body is larger than {limit_bytes} bytes")


class DemoNotPublicError(Exception):
    """Demo rows are loaded, and this Amparo is bound where other machines reach it (P35)."""


class UnauthorizedError(Exception):
    """No valid access token."""


class SignInNeededError(UnauthorizedError):
    """A page of the console, asked by nobody who is signed in: leads to the sign-in.

    Parameters
    ----------
    location
        Address of the sign-in, which leads back.
    """

    def __init__(self, location: str) -> None:
        super().__init__("nobody is signed in")
        self.location = location


class ForgedRequestError(Exception):
    """A form without the token that its own page carries: it may come from another site."""


class TooManyRequestsError(Exception):
    """An address or token asks faster than it may (P48).

    Parameters
    ----------
    retry_after_s
        Seconds until it may ask again.
    """

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(f"too many requests; ask again in {retry_after_s} s")
        self.headers = {"Retry-After": str(retry_after_s)}


_INVALID = Kind(
    400,
    "invalid-request",
    "The request is malformed",
    "Correct the fields named in `errors`; /api describes every parameter.",
)
_UNAUTHORIZED = Kind(
    401,
    "unauthorized",
    "A valid access token is needed",
    "Send `Authorization: Bearer <token>`; tokens are given out by who runs this Amparo.",
    "No token, or one that does not open this.",
)
_UNKNOWN = Kind(
    404, "not-found", "Not found", "Look it up in /collections; ids and addresses are exact."
)
_NO_ROUTE = Kind(
    422,
    "no-route",
    "No admissible route",
    "See `blocked_by`, `next_opening` and `nearest_space`; other ends or another time may do.",
)
_NOT_READY = "Ask again after the seconds in Retry-After."
INTERNAL = Kind(
    500,
    "internal",
    "Something broke",
    "Tell who runs this Amparo the incident id in `instance`.",
    "The request could not be answered.",
)

#: THE table. An exception's own class decides, else its nearest base.
TABLE: Mapping[type[Exception], Kind] = {
    InvalidParameterError: _INVALID,
    InvalidRequest: _INVALID,
    RequestValidationError: _INVALID,
    UnknownServiceError: _INVALID,
    NoPastError: _INVALID,
    InvalidCountError: _INVALID,
    PersonalDataError: Kind(
        400,
        "personal-data",
        "The payload carries something about a person",
        "Send aggregated counts with the listed fields alone; nothing of this was kept.",
    ),
    UnauthorizedError: _UNAUTHORIZED,
    InvalidTokenError: _UNAUTHORIZED,
    ForbiddenError: Kind(
        403,
        "forbidden",
        "This account may not do that",
        "Ask an approver of the country, or a coordinator.",
    ),
    ForgedRequestError: Kind(
        403,
        "forged-request",
        "The form did not come from its own page",
        "Open the page again and send the form from there.",
        "The form's own token is missing or old.",
    ),
    NotFoundError: _UNKNOWN,
    UnknownLayerError: _UNKNOWN,
    UnknownItemError: _UNKNOWN,
    TileOutOfRangeError: _UNKNOWN,
    ConflictError: Kind(
        409,
        "conflict",
        "The record has changed meanwhile",
        "Read it again and repeat the change.",
    ),
    LinkError: Kind(
        410,
        "link-not-valid",
        "The link is not valid",
        "Ask for a new link; each works once and for some days.",
        "It was used, is too old, or never existed.",
    ),
    InvalidRecordError: _INVALID,
    InvalidFileError: _INVALID,
    TooManyRequestsError: Kind(
        429,
        "too-many-requests",
        "Too many requests",
        "Ask again after the seconds in Retry-After.",
    ),
    MixedDataError: Kind(
        409,
        "mixed-data",
        "Demo and real rows do not mix",
        "Who runs this Amparo removes the demo rows with `amparo demo remove`.",
    ),
    BodyTooLargeError: Kind(413, "body-too-large", "The body is too large", "Send less at a time."),
    UnsupportedMediaTypeError: Kind(
        415,
        "unsupported-media-type",
        "The body is of another kind",
        "Send it as /api describes it: JSON with `Content-Type: application/json`.",
        "The Content-Type is not one that this takes.",
    ),
    NoRoute: _NO_ROUTE,
    RouteRefusedError: _NO_ROUTE,
    OffNetwork: Kind(
        422,
        "off-network",
        "A point is too far from every road",
        "Choose a point near a road of the network, or import roads for this area.",
    ),
    ProtectedServiceError: Kind(
        422,
        "protected-service",
        "Protected services are not counted",
        "For protected services call the hotline; they are never on this map.",
        "protected services not counted",
    ),
    DatabaseUnavailableError: Kind(
        503,
        "database-unavailable",
        "The database does not answer",
        _NOT_READY,
        "What is known cannot be read now.",
    ),
    UncertainCountryError: Kind(
        422,
        "uncertain-country",
        "A point is too near to a border to tell its country",
        "Choose a town, or a point on a road of the country you mean.",
    ),
    SilentCrossingError: Kind(
        422,
        "silent-crossing",
        "The line leaves its country away from any road",
        "Borders are crossed at official crossings alone; draw the line along the road.",
        "It follows no road and enters another country.",
    ),
    BusyError: Kind(
        503, "busy", "Too many searches are waiting", _NOT_READY, "Many people are asking now."
    ),
    DemoNotPublicError: Kind(
        503,
        "demo-not-public",
        "Demo rows are not served to other machines",
        "Who runs this Amparo removes them with `amparo demo remove`, or sets "
        "AMPARO_ALLOW_DEMO_PUBLIC=true.",
        "Fictitious rows are loaded.",
    ),
    NoNetworkError: Kind(503, "no-network", "No road network can answer", _NOT_READY),
    GraphError: Kind(
        503,
        "network-unusable",
        "A road network cannot be opened",
        _NOT_READY,
        "The road network cannot be read now.",
    ),
}


def kind_of(error: Exception) -> Kind:
    """Return the kind of problem an exception is; `INTERNAL` for what is not in the table."""
    for base in type(error).__mro__:
        if base in TABLE:
            return TABLE[base]
    return INTERNAL


def install(app: FastAPI) -> None:
    """Let the application answer every exception of the table, and HTTP's own, as problems."""
    for exception in TABLE:
        app.add_exception_handler(exception, _answer)
    app.add_exception_handler(SignInNeededError, _lead_to_sign_in)
    app.add_exception_handler(HTTPException, _answer_http)


async def _lead_to_sign_in(_request: Request, error: Exception) -> Response:
    assert isinstance(error, SignInNeededError)  # noqa: S101 -- registered for nothing else
    return RedirectResponse(error.location, status_code=HTTPStatus.SEE_OTHER)


async def _answer(request: Request, error: Exception) -> Response:
    kind = kind_of(error)
    return problem_response(
        kind,
        _detail(error, kind),
        extras={**_extras(error), **_hotline(request, error)},
        headers=getattr(error, "headers", None),
    )


def _detail(error: Exception, kind: Kind) -> str:
    if isinstance(error, RequestValidationError):
        first, *others = reasons(error)
        more = f" (and {len(others)} more)" if others else ""
        return f"{first.field}: {first.reason}{more}"
    if isinstance(error, RouteRefusedError):
        return wording.refusal([wording.blocker(b.kind, b.name, b.state) for b in error.blocked_by])
    return kind.detail if kind.detail is not None else str(error)


def _extras(error: Exception) -> dict[str, Any]:
    """Return the members an exception adds to its problem."""
    wrong = [{"field": field, "reason": reason} for field, reason in _wrong(error)]
    if wrong:
        return {"field": wrong[0]["field"], "errors": wrong}
    match error:
        case OffNetwork():
            return {
                "field": error.which,
                # Infinite where no road may be used at all.
                "distance_m": round(error.distance_m) if isfinite(error.distance_m) else None,
                "limit_m": error.limit_m,
            }
        case RouteRefusedError():
            return {
                "blocked_by": error.blocked_by,
                "next_opening": error.next_opening,
                "nearest_space": None if error.nearest is None else _same_side(error.nearest),
                "notice": wording.CLOSURE_IS_NOT_THE_END,
            }
        case NoRoute():
            return {"blocked_by": error.blocked_by}
        case _:
            return dict(getattr(error, "extras", {}))


def _wrong(error: Exception) -> Sequence[tuple[str, str]]:
    """Return what is wrong field by field, for the exceptions that are about fields."""
    match error:
        case RequestValidationError():
            return [(reason.field, reason.reason) for reason in reasons(error)]
        case InvalidParameterError() | InvalidRequest():
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


#: What an exception is always about; an endpoint that calls it otherwise says so itself.
_ABOUT: Mapping[type[Exception], str] = {
    NoPastError: "as_of",
    UnknownServiceError: "service",
    InvalidCountError: "body",
    PersonalDataError: "body",
}


def _hotline(request: Request, error: Exception) -> dict[str, Any]:
    if isinstance(error, ProtectedServiceError):
        return {"hotline": request.state.settings.hotline}
    return {}


def _same_side(space: NearSpace) -> dict[str, Any]:
    return {
        "id": space.id,
        "name": space.name,
        "locality": space.locality,
        "country": space.country,
        "lon": space.lon,
        "lat": space.lat,
        "distance_m": round(space.distance_m),
        "distance_kind": "straight",
    }


def reasons(error: RequestValidationError) -> list[Reason]:
    """Return what is wrong with a request, without repeating what was sent."""
    return [Reason(field=_field(e["loc"]), reason=_reason(e)) for e in error.errors()]


def _field(place: tuple[int | str, ...]) -> str:
    # The first part says where: path, query, header or body; of a body itself it is all there is.
    where, *rest = place
    if where == "body" and len(rest) == 1 and isinstance(rest[0], int):
        return "body"  # the position of a JSON error
    return ".".join(map(str, rest)) or str(where)


def _reason(found: Mapping[str, Any]) -> str:
    if found["type"] == "json_invalid":
        return f"not JSON: {found['ctx']['error']} at character {found['loc'][-1]}"
    if found["type"] == "value_error":
        return str(found["ctx"]["error"])
    return str(found["msg"])


_HTTP_ADVICE = {
    404: "See / for the addresses that exist.",
    405: "The methods that exist are in the Allow header.",
}


async def _answer_http(_request: Request, error: Exception) -> Response:
    """Answer what the framework itself refuses: unknown paths, methods, unreadable bodies."""
    assert isinstance(error, HTTPException)  # noqa: S101 -- registered for nothing else
    status = HTTPStatus(error.status_code)
    if status is HTTPStatus.BAD_REQUEST:
        # FastAPI's word for a body that it cannot even decode.
        reason = {"field": "body", "reason": "not JSON in UTF-8, or nested too deeply"}
        detail = f"body: {reason['reason']}"
        return problem_response(_INVALID, detail, extras={"field": "body", "errors": [reason]})
    kind = Kind(
        error.status_code,
        status.phrase.lower().replace(" ", "-"),
        status.phrase,
        _HTTP_ADVICE.get(error.status_code, "See /api for what is accepted."),
    )
    # The framework's own words would repeat what was sent; the status' description does not.
    return problem_response(kind, status.description or status.phrase, headers=error.headers)
