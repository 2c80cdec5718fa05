"""The OpenAPI document: FastAPI's, with the problems as they are really sent."""

from importlib.metadata import PackageNotFoundError, version
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

try:
    VERSION = version("amparo")
except PackageNotFoundError:  # a source tree that was never installed
    VERSION = "0"

DESCRIPTION = (
    "Positions are lon, lat in degrees (WGS 84). Every answer that is not a success is "
    "`application/problem+json` (RFC 9457). Routes carry what is known and as of when; no answer "
    "says that a way is safe. While demo rows are loaded, answers say `demo: true`."
)

_PROBLEM = "application/problem+json"


def document(app: FastAPI) -> dict[str, Any]:
    """Return the application's OpenAPI document, made once."""
    if app.openapi_schema is None:
        made = get_openapi(
            title=app.title,
            version=app.version,
            summary=app.summary,
            description=app.description,
            license_info=app.license_info,
            routes=app.routes,
        )
        for operations in made["paths"].values():
            for operation in operations.values():
                _correct(operation["responses"])
        schemas = made["components"]["schemas"]
        for unsent in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unsent, None)
        # Reading needs no token; one shows more, and some endpoints take nothing without.
        made["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        made["security"] = [{}, {"token": []}]
        app.openapi_schema = made
    return app.openapi_schema


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
