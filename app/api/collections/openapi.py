"""The OpenAPI 3.0 document: FastAPI's own, with problem responses corrected.

FastAPI writes version 3.1; the OGC API's conformance class, GDAL and QGIS read 3.0 (publishing.md).
"""

from collections.abc import Sequence
from http import HTTPStatus
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from fastapi.openapi.utils import get_openapi
from starlette.routing import BaseRoute

from app.api.collections import openapi_published
from app.http.openapi_schemas import downgraded

try:
    VERSION = version("amparo")
except PackageNotFoundError:  # the code runs from a source tree, not installed as a package
    VERSION = "0"

TITLE = "Amparo"
SUMMARY = "Support spaces, official crossings and lower-exposure routes."
DESCRIPTION = (
    "Positions are lon, lat in degrees (WGS 84). Every answer that is not a success is "
    "`application/problem+json` (RFC 9457). Routes carry what is known and as of when; no answer "
    "says that a way is safe. While demo rows are loaded, answers say `demo: true`."
)

#: Newest 3.0 version; `downgraded` rewrites constructs that exist only in OpenAPI 3.1.
_OPENAPI = "3.0.3"

_PROBLEM = "application/problem+json"
_PROBLEM_CONTENT = {_PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}

_OPERATIONS = frozenset({"get", "post", "put", "patch", "delete"})

_LICENCE = {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"}


def document(routes: Sequence[BaseRoute]) -> dict[str, Any]:
    """Return the OpenAPI document of declared operations and of the published data."""
    made = get_openapi(
        title=TITLE, version=VERSION, description=f"{SUMMARY} {DESCRIPTION}", routes=routes
    )
    for operations in made["paths"].values():
        for operation in operations.values():
            _correct(operation["responses"])
    schemas = made["components"]["schemas"]
    for unsent in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unsent, None)
    whole = downgraded(made)
    whole |= {"openapi": _OPENAPI, "info": {**made["info"], "license": _LICENCE}}
    whole["paths"] = dict(sorted({**whole["paths"], **openapi_published.paths()}.items()))
    # Reading needs no token; a token shows more rows, and some endpoints require one.
    whole["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    whole["security"] = [{}, {"token": []}]
    for item in whole["paths"].values():
        for method in _OPERATIONS & item.keys():
            _add_common(item[method])
    return whole


def _add_common(operation: dict[str, Any]) -> None:
    """Add the responses that are sent before a request reaches its endpoint."""
    # 400 is for unknown parameters (`app.access.dependencies`), 429 for too many requests
    # (`app.http.rate_limits`).
    statuses = {400, 429}
    if operation.get("security") != []:
        statuses.add(401)  # an invalid token (`app.access.identity`)
    if "requestBody" in operation:
        statuses |= {
            413,
            415,
        }  # too large (`app.http.middleware`), or of another media type (`app.access.dependencies`)
    for parameter in operation.get("parameters", ()):
        _forbid_null(parameter["schema"])
    responses = operation["responses"]
    for status in statuses:
        told = {"description": HTTPStatus(status).phrase, "content": _PROBLEM_CONTENT}
        responses.setdefault(str(status), told)
    operation["responses"] = dict(sorted(responses.items()))


def _forbid_null(schema: dict[str, Any]) -> None:
    # An absent parameter is None in the endpoint, but a client cannot send null.
    if schema.pop("nullable", False) and "enum" in schema:
        schema["enum"] = [value for value in schema["enum"] if value is not None]


def _correct(responses: dict[str, Any]) -> None:
    # FastAPI adds a 422 to every endpoint with input; this server sends 400 as problem+json
    # instead.
    generated = responses.get("422", {}).get("content", {}).get("application/json", {})
    if generated.get("schema", {}).get("$ref", "").endswith("/HTTPValidationError"):
        del responses["422"]
    for status, response in responses.items():
        for media_type, said in list(response.get("content", {}).items()):
            if said.get("schema", {}).get("$ref", "").endswith("/Problem"):
                # FastAPI lists the problem under the media type of the endpoint's success response.
                del response["content"][media_type]
                response["content"][_PROBLEM] = said
            elif status < "300" and media_type.endswith("json"):
                # FastAPI declares bodies of response classes that it does not know as text.
                said["schema"] = {"type": "object"}
