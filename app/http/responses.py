"""Response classes: orjson bodies with the right media types."""

from typing import Any, ClassVar

import orjson
from starlette.responses import HTMLResponse, Response

from app.http.security_headers import SECURITY_HEADERS


class JSONResponse(Response):
    """JSON by orjson: fast, and it refuses NaN by writing null."""

    media_type = "application/json"
    options: ClassVar[int] = orjson.OPT_NAIVE_UTC | orjson.OPT_SERIALIZE_NUMPY

    def render(self, content: Any) -> bytes:  # noqa: ANN401 -- starlette's signature
        """Return the body."""
        return orjson.dumps(content, option=self.options)


class GeoJSONResponse(JSONResponse):
    """GeoJSON (RFC 7946)."""

    media_type = "application/geo+json"


def page_response(body: str, status_code: int = 200) -> HTMLResponse:
    """Return a page that no cache keeps: it depends on the clock and the language."""
    return HTMLResponse(
        body,
        status_code=status_code,
        headers={**SECURITY_HEADERS, "Cache-Control": "no-store", "Vary": "Accept-Language"},
    )
