"""The OpenAPI document (3.0): FastAPI's, with the problems as they are really sent.

FastAPI writes version 3.1; the OGC API's class, GDAL and QGIS read 3.0 (publishing.md).
"""

from http import HTTPStatus
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from app.api.collections import openapi_published
from app.http.openapi_schemas import downgraded

try:
    VERSION = version("amparo")
except PackageNotFoundError:  # a source tree that was never installed
    VERSION = "0"

DESCRIPTION = (
    "Positions are lon, lat in degrees (WGS 84). Every answer that is not a success is "
    "`application/problem+json` (RFC 9457). Routes carry what is known and as of when; no answer "
    "says that a way is safe. While demo rows are loaded, answers say `demo: true`."
)

#: Newest 3.0; what it lacks of 3.1 is written as it writes it.
_OPENAPI = "3.0.3"

_PROBLEM = "application/problem+json"
_PROBLEM_CONTENT = {_PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}

_OPERATIONS = frozenset({"get", "post", "put", "patch", "delete"})

_LICENCE = {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"}


def document(app: FastAPI) -> dict[str, Any]:
    """Return the application's OpenAPI document, made once."""
    if app.openapi_schema is None:
        made = get_openapi(
            title=app.title,
            version=app.version,
            description=f"{app.summary} {app.description}",
            routes=app.routes,
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
        # Reading needs no token; one shows more, and some endpoints take nothing without.
        whole["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        whole["security"] = [{}, {"token": []}]
        for item in whole["paths"].values():
            for method in _OPERATIONS & item.keys():
                _add_common(item[method])
        app.openapi_schema = whole
    return app.openapi_schema


def _add_common(operation: dict[str, Any]) -> None:
    """State what is answered before an endpoint is reached: it cannot know of that."""
    # Unknown parameters (`app.access.dependencies`) and too many requests (`app.http.rate_limits`).
    statuses = {400, 429}
    if operation.get("security") != []:
        statuses.add(401)  # a token that does not hold (`app.access.identity`)
    if "requestBody" in operation:
        statuses |= {
            413,
            415,
        }  # too large (`app.http.middleware`), or of another kind (`app.access.dependencies`)
    for parameter in operation.get("parameters", ()):
        _forbid_null(parameter["schema"])
    responses = operation["responses"]
    for status in statuses:
        told = {"description": HTTPStatus(status).phrase, "content": _PROBLEM_CONTENT}
        responses.setdefault(str(status), told)
    operation["responses"] = dict(sorted(responses.items()))


def _forbid_null(schema: dict[str, Any]) -> None:
    # A parameter that is not there is None to an endpoint; none can be sent as null.
    if schema.pop("nullable", False) and "enum" in schema:
        schema["enum"] = [value for value in schema["enum"] if value is not None]


def _correct(responses: dict[str, Any]) -> None:
    # FastAPI adds its own 422 to whatever takes input; here that is 400, and problem+json.
    generated = responses.get("422", {}).get("content", {}).get("application/json", {})
    if generated.get("schema", {}).get("$ref", "").endswith("/HTTPValidationError"):
        del responses["422"]
    for status, response in responses.items():
        for media_type, said in list(response.get("content", {}).items()):
            if said.get("schema", {}).get("$ref", "").endswith("/Problem"):
                # FastAPI files it under the media type of the endpoint's success.
                del response["content"][media_type]
                response["content"][_PROBLEM] = said
            elif status < "300" and media_type.endswith("json"):
                # FastAPI takes bodies that are not its own class' for text.
                said["schema"] = {"type": "object"}
