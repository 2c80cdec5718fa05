"""Strict parsing of JSON request bodies: without conversion between types.

Large bodies are parsed in a thread.
"""

import json
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Self

from fastapi import Request
from fastapi.routing import APIRoute
from pydantic import BaseModel, GetCoreSchemaHandler, ValidationError
from pydantic_core import CoreSchema, core_schema
from starlette.responses import Response

from app.http.json_bounds import DEEPEST, Choices, bounds_of, check_counts
from app.http.large_bodies import LARGE_BYTES, read_aside

#: Limit up to which a double represents every whole number exactly (RFC 8259, 6).
_MOST_EXACT: Final = 2**53


class JSONBody(BaseModel):
    """A body in JSON, none of whose values is made of one of another kind.

    Read as Python's, 0 would be a day in 1970, "5" a number, and true the number 1. Parts of a
    body need not be of this class.
    """

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: type[BaseModel], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        # FastAPI parses bodies itself and lets pydantic validate Python objects, so pydantic's
        # strict mode for JSON has to be called from the schema for Python objects.
        return core_schema.json_or_python_schema(
            json_schema=handler(source),
            python_schema=core_schema.no_info_plain_validator_function(cls._read_strictly),
        )

    @classmethod
    def _read_strictly(cls, given: object) -> Self:
        if isinstance(given, _Rejected):
            raise given.error
        if isinstance(given, cls):
            return given  # a large body, validated in a thread already
        check_counts(given, _bounds(cls), cls.__name__)
        # pydantic's strict mode for JSON still converts strings to dates and arrays to tuples, but
        # its strict mode for Python objects does not. So write the value as JSON again.
        return cls.model_validate_json(json.dumps(_whole(given)), strict=True)


# Cached per body model; there are fewer models than cache entries.
@lru_cache(maxsize=256)
def _bounds(body: type[JSONBody]) -> Choices:
    return bounds_of(body.model_json_schema())


def _whole(value: Any, levels: int = DEEPEST) -> Any:  # noqa: ANN401 -- any JSON
    """Convert floats without a fraction in a JSON value to integers.

    In JSON Schema 5.0 is an integer, like 5.

    Raises
    ------
    ValueError
        The value is nested more than ``levels`` deep.
    """
    # Compare types directly instead of `match`, for speed: a long line has many numbers.
    kind = type(value)
    if kind is float:
        return int(value) if value.is_integer() and abs(value) <= _MOST_EXACT else value
    if kind is not list and kind is not dict:
        return value
    if levels < 0:
        msg = "nested too deeply"
        raise ValueError(msg)
    if kind is dict:
        return {name: _whole(member, levels - 1) for name, member in value.items()}
    return [_whole(member, levels - 1) for member in value]


type Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class LargeBodyRoute(APIRoute):
    """Route that parses large bodies in a thread, if its endpoint's ``body`` is a `JSONBody`."""

    def get_route_handler(self) -> Handler:
        """Return the function that answers requests."""
        declared = super().get_route_handler()
        model = self.endpoint.__annotations__.get("body")
        if not (isinstance(model, type) and issubclass(model, JSONBody)):
            return declared

        async def answer(request: Request) -> Response:
            return await declared(_Asked(request, model))

        return answer


class _Asked(Request):
    """Request whose `json` returns a validated model, not a plain JSON value, for large bodies."""

    def __init__(self, request: Request, model: type[JSONBody]) -> None:
        super().__init__(request.scope, request.receive)
        self._request = request
        self._model = model

    async def body(self) -> bytes:
        """Return the body as bytes, as sent."""
        return await self._request.body()

    async def json(self) -> Any:  # noqa: ANN401 -- any JSON value, or what is made of it
        """Parse the body: to a JSON value if small, to the model or a `_Rejected` if large."""
        body = await self.body()
        if len(body) <= LARGE_BYTES:
            return json.loads(body)
        return await read_aside(lambda: _read(self._model, body))


@dataclass(frozen=True)
class _Rejected:
    """Validation error of a large body, which `JSONBody` raises later."""

    error: ValidationError


def _read(model: type[JSONBody], body: bytes) -> JSONBody | _Rejected:
    try:
        return model.model_validate(json.loads(body))
    except ValidationError as error:
        return _Rejected(error)
