"""Problems as RFC 9457 writes them: their kinds, bodies and headers."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field

from app.http.responses import JSONResponse

#: Seconds after which a client may ask again while something is not ready (our choice).
RETRY_AFTER_S = 5


#: Most things that one answer calls wrong (P55): who corrects twenty asks again.
MOST_REASONS = 20


class ProblemResponse(JSONResponse):
    """A problem as RFC 9457 writes it."""

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
    """One kind of problem.

    Parameters
    ----------
    status, name, title
        HTTP status, last part of the type, title.
    what_to_do
        What helps.
    detail
        Fixed text; None takes the exception's own message, which is written to be read.
    """

    status: int
    name: str
    title: str
    what_to_do: str
    detail: str | None = None

    @property
    def type(self) -> str:
        """URI of the kind."""
        return f"urn:amparo:problem:{self.name}"


def problem_response(
    kind: ProblemKind,
    detail: str,
    *,
    extras: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> ProblemResponse:
    """Return the answer for one problem."""
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
    """Return what an endpoint states in ``responses=`` about its problems."""
    return {
        status: {"model": Problem, "description": HTTPStatus(status).phrase} for status in statuses
    }


def reasons(error: RequestValidationError, *, most: int = MOST_REASONS) -> list[ProblemReason]:
    """Return what is wrong with a request, without repeating what was sent."""
    return [ProblemReason(field=_field(e["loc"]), reason=_reason(e)) for e in error.errors()[:most]]


def _field(place: tuple[int | str, ...]) -> str:
    # The first part says where: path, query, header or body; of a body itself it is all there is.
    where, *rest = place
    if where == "body" and len(rest) == 1 and isinstance(rest[0], int):
        return "body"  # the position of a JSON error
    return ".".join(map(_shown, rest)) or str(where)


def _shown(part: int | str) -> str:
    # Names of members come from outside: short and printable is enough to recognise one's own.
    return str(part) if isinstance(part, int) else "".join(filter(str.isprintable, part[:64]))


def _reason(found: Mapping[str, Any]) -> str:
    if found["type"] == "json_invalid":
        return f"not JSON: {found['ctx']['error']} at character {found['loc'][-1]}"
    if found["type"] == "value_error":
        return str(found["ctx"]["error"])
    return str(found["msg"])
