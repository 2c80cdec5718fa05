"""Responses: JSON and GeoJSON serialised by orjson, and HTML pages."""

from typing import Any, ClassVar

import orjson
from starlette.responses import HTMLResponse, Response

from app.http.security_headers import SECURITY_HEADERS


class JSONResponse(Response):
    """JSON response serialised by orjson, which is fast and writes NaN as null."""

    media_type = "application/json"
    options: ClassVar[int] = orjson.OPT_NAIVE_UTC | orjson.OPT_SERIALIZE_NUMPY

    def render(self, content: Any) -> bytes:  # noqa: ANN401 -- starlette's signature
        """Serialise the content of the response."""
        return orjson.dumps(content, option=self.options)


class GeoJSONResponse(JSONResponse):
    """GeoJSON response (RFC 7946)."""

    media_type = "application/geo+json"


def page_response(body: str, status_code: int = 200) -> HTMLResponse:
    """Return an HTML page that must not be cached, because it depends on time and language."""
    return HTMLResponse(
        body,
        status_code=status_code,
        headers={**SECURITY_HEADERS, "Cache-Control": "no-store", "Vary": "Accept-Language"},
    )
