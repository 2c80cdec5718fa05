"""Problem responses with the ``error`` member that clients of openrouteservice read."""

from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import ClassVar, Final

import orjson
from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError

from app.exceptions import InvalidParameterError
from app.http import error_table
from app.http.problems import ProblemResponse
from app.journeys.errors import RouteRefusedError
from app.schemas.json_body import LargeBodyRoute
from routing.errors import InvalidRequest, NoRoute, OffNetwork

#: The last two digits of openrouteservice's error codes, the same for all of its services.
_UNREADABLE, _BAD_VALUE, _NOT_FOUND, _NO_POINT, _UNKNOWN = 0, 3, 9, 10, 99
_CODES: Final[Mapping[type[Exception], int]] = {
    RequestValidationError: _BAD_VALUE,
    InvalidParameterError: _BAD_VALUE,
    InvalidRequest: _BAD_VALUE,
    RouteRefusedError: _NOT_FOUND,
    NoRoute: _NOT_FOUND,
    OffNetwork: _NO_POINT,
}


class CompatibleRoute(LargeBodyRoute):
    """Route class that adds openrouteservice's ``error`` member to problem responses."""

    #: First error code of the service, to which the last two digits are added.
    first_code: ClassVar[int]

    def get_route_handler(self) -> Callable[[Request], Awaitable[Response]]:  # type: ignore[override]
        """Return a handler that adds the ``error`` member to the endpoint's problem responses."""
        handle = super().get_route_handler()

        async def handled(request: Request) -> Response:
            try:
                return await handle(request)
            except Exception as error:
                if error_table.kind_of(error) is error_table.INTERNAL:
                    raise
                return self._with_code(await error_table.answer(request, error), error)

        return handled

    def _with_code(self, answer: Response, error: Exception) -> Response:
        body = orjson.loads(bytes(answer.body))
        unknown = _UNREADABLE if answer.status_code < HTTPStatus.INTERNAL_SERVER_ERROR else _UNKNOWN
        code = next((_CODES[base] for base in type(error).__mro__ if base in _CODES), unknown)
        body["error"] = {"code": self.first_code + code, "message": body["detail"]}
        left_out = {"content-length", "content-type"}
        kept = {k: v for k, v in answer.headers.items() if k not in left_out}
        return ProblemResponse(body, status_code=answer.status_code, headers=kept)


class DirectionsRoute(CompatibleRoute):
    """Route class of directions."""

    first_code = 2_000


class IsochronesRoute(CompatibleRoute):
    """Route class of isochrones."""

    first_code = 3_000


class MatrixRoute(CompatibleRoute):
    """Route class of matrices."""

    first_code = 6_000
