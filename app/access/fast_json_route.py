"""An address that takes one body of JSON: what is plainly right is answered without ado.

FastAPI solves an endpoint's dependencies and reads a body twice, which takes as long as a tenth of
a search. A body that is what its model says, without a query beside it, needs none of that.
Whatever else comes goes the long way, and is refused or answered as the declaration says.
"""

import orjson
from fastapi import Request
from pydantic import BaseModel, ValidationError
from starlette.responses import Response

from app.access.dependencies import require_demo_allowed
from app.http.large_bodies import LARGE_BYTES
from app.schemas.json_body import Handler, LargeBodyRoute


class PlainRoute(LargeBodyRoute):
    """Of an endpoint that takes the request and a ``body``; its other parameters have defaults."""

    def get_route_handler(self) -> Handler:
        """Return what answers a request."""
        declared = super().get_route_handler()
        endpoint, model = self.endpoint, self.endpoint.__annotations__["body"]

        async def answer(request: Request) -> Response:
            body = None if request.scope["query_string"] else await _read(request, model)
            if body is None:
                return await declared(request)
            await require_demo_allowed(request)
            response: Response = await endpoint(request, body)
            return response

        return answer


async def _read[M: BaseModel](request: Request, model: type[M]) -> M | None:
    """Return a body that is plainly what a model says, else None."""
    if request.headers.get("content-type") != "application/json":
        return None
    body = await request.body()
    if len(body) > LARGE_BYTES:
        return None
    try:
        return model.model_validate(orjson.loads(body))
    except (orjson.JSONDecodeError, ValidationError):
        return None
