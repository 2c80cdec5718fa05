"""Problem responses (RFC 9457): kinds, bodies and headers."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field

from app.http.responses import JSONResponse

#: Value of the header Retry-After in 503 responses, seconds (our choice).
RETRY_AFTER_S = 5


#: Maximum number of errors listed in one response (P55); a client learns further errors from the
#: response to its corrected request.
MOST_REASONS = 20


class ProblemResponse(JSONResponse):
    """Response with a problem body (RFC 9457)."""

    media_type = "application/problem+json"


class ProblemReason(BaseModel):
    """One thing wrong with a request."""

    field: str = Field(description="Path of the parameter or member, such as start.0.")
    reason: str
    code: str | None = Field(
        None, description="What is wrong, for programs; reasons may be worded anew, codes stay."
    )


class Problem(BaseModel):
    """Body of every answer that is not a success."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(examples=["urn:amparo:problem:invalid-request"])
    title: str
    status: int
    detail: str
    what_to_do: str
    code: str | None = Field(
        None,
        description="What went wrong, more closely than `type`, where more is known.",
        examples=["same_place"],
    )
    instance: str | None = Field(None, description="Incident id, to be told to who runs Amparo.")
    errors: list[ProblemReason] = Field(default=[], description="What is wrong, field by field.")


@dataclass(frozen=True)
class ProblemKind:
    """Kind of problem: status, type and texts that all errors of the kind have in common.

    Parameters
    ----------
    status, name, title
        HTTP status, last part of the type URI, title.
    what_to_do
        Advice to the client.
    detail
        Fixed detail text; None uses the exception's message, which is written for clients.
    """

    status: int
    name: str
    title: str
    what_to_do: str
    detail: str | None = None

    @property
    def type(self) -> str:
        """Type URI of the kind."""
        return f"urn:amparo:problem:{self.name}"


def problem_response(
    kind: ProblemKind,
    detail: str,
    *,
    extras: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> ProblemResponse:
    """Return the response for a problem, with the headers that its status requires."""
    always = {"Cache-Control": "no-store"}
    if kind.status == HTTPStatus.SERVICE_UNAVAILABLE:
        always["Retry-After"] = str(RETRY_AFTER_S)
    if kind.status == HTTPStatus.UNAUTHORIZED:
        always["WWW-Authenticate"] = "Bearer"
    body = {
        "type": kind.type,
        "title": kind.title,
        "status": kind.status,
        "detail": detail,
        "what_to_do": kind.what_to_do,
        **(extras or {}),
    }
    return ProblemResponse(body, status_code=kind.status, headers={**always, **(headers or {})})


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return entries for ``responses=`` of an endpoint, one for each problem status."""
    return {
        status: {"model": Problem, "description": HTTPStatus(status).phrase} for status in statuses
    }


def reasons(error: RequestValidationError, *, most: int = MOST_REASONS) -> list[ProblemReason]:
    """Return field and reason of each error of an invalid request, without the values sent."""
    return [ProblemReason(field=_field(e["loc"]), reason=_reason(e)) for e in error.errors()[:most]]


def _field(place: tuple[int | str, ...]) -> str:
    # The first part of an error's location is path, query, header or body; an error about the whole
    # body has no other part.
    where, *rest = place
    if where == "body" and len(rest) == 1 and isinstance(rest[0], int):
        return "body"  # the number is the position of a JSON syntax error
    return ".".join(map(_shown, rest)) or str(where)


def _shown(part: int | str) -> str:
    # Member names are client input; 64 printable characters suffice to recognise one.
    return str(part) if isinstance(part, int) else "".join(filter(str.isprintable, part[:64]))


def _reason(found: Mapping[str, Any]) -> str:
    if found["type"] == "json_invalid":
        return f"not JSON: {found['ctx']['error']} at character {found['loc'][-1]}"
    if found["type"] == "value_error":
        return str(found["ctx"]["error"])
    return str(found["msg"])
