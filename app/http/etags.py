"""Answers that may be kept: entity tags and 304."""

from hashlib import sha256
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

#: Public answers may be kept but are asked for anew each time: what is hidden in an emergency is
#: gone from every cache with the next request (P24, P49); an unchanged answer costs a 304.
PUBLIC = "public, no-cache"

#: What an endpoint with `kept_response` states in ``responses=``.
NOT_MODIFIED: Final[dict[int | str, dict[str, Any]]] = {
    304: {"description": "What the asker has is still the same."}
}

#: What an endpoint states as ``openapi_extra=`` that answers everybody the same: it does not look
#: at tokens, so that one which does not hold is no reason to refuse.
SAME_FOR_ALL: Final[dict[str, Any]] = {"security": []}


def kept_response(
    request: Request, body: bytes, media_type: str, *, same_as: bytes | None = None
) -> Response:
    """Return a public answer with an entity tag, or 304 where the client has it already.

    Parameters
    ----------
    same_as
        What the tag is made of where the body differs at every request (a time stamp): the tag
        is then weak, for it says "means the same", not "same bytes".
    """
    tag = _tag(body) if same_as is None else f"W/{_tag(same_as)}"
    headers = {"ETag": tag, "Cache-Control": PUBLIC, "Vary": "Accept"}
    if knows(request, tag):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=media_type, headers=headers)


def _tag(content: bytes) -> str:
    return f'"{sha256(content).hexdigest()[:32]}"'


def knows(request: Request, tag: str) -> bool:
    """Return whether the asker has what a tag stands for, by its ``If-None-Match``."""
    stated = request.headers.get("if-none-match")
    if stated is None:
        return False
    # If-None-Match compares weakly (RFC 9110, 13.1.2).
    known = [part.strip() for part in stated.split(",")]
    return "*" in known or tag.removeprefix("W/") in {k.removeprefix("W/") for k in known}
