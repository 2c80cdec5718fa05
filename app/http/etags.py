"""Cacheable responses: entity tags and 304 (Not Modified) responses."""

from hashlib import sha256
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

#: `Cache-Control` of public responses: caches may keep them, but revalidate them at each request.
#: So no cache goes on serving a record hidden in an emergency (P24, P49), and an unchanged response
#: takes only a 304.
PUBLIC = "public, no-cache"

#: Documentation of the 304 response, for ``responses=`` of an endpoint that uses `kept_response`.
NOT_MODIFIED: Final[dict[int | str, dict[str, Any]]] = {
    304: {"description": "What the asker has is still the same."}
}

#: Value of ``openapi_extra=`` for an endpoint that gives all clients the same response. It does not
#: check tokens, so it does not refuse requests with an invalid token either.
SAME_FOR_ALL: Final[dict[str, Any]] = {"security": []}


def kept_response(
    request: Request, body: bytes, media_type: str, *, same_as: bytes | None = None
) -> Response:
    """Return a public response with an entity tag, or 304 if the client has the body already.

    Parameters
    ----------
    same_as
        Content from which the tag is computed if the body differs at every request (by a time
        stamp). The tag is then weak: it states equal meaning, not equal bytes.
    """
    tag = _tag(body) if same_as is None else f"W/{_tag(same_as)}"
    headers = {"ETag": tag, "Cache-Control": PUBLIC, "Vary": "Accept"}
    if knows(request, tag):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=media_type, headers=headers)


def _tag(content: bytes) -> str:
    return f'"{sha256(content).hexdigest()[:32]}"'


def knows(request: Request, tag: str) -> bool:
    """Return whether the request's ``If-None-Match`` holds an entity tag."""
    stated = request.headers.get("if-none-match")
    if stated is None:
        return False
    # Tags in `If-None-Match` are compared without their `W/` (weak comparison, RFC 9110, 13.1.2).
    known = [part.strip() for part in stated.split(",")]
    return "*" in known or tag.removeprefix("W/") in {k.removeprefix("W/") for k in known}
