"""Answers that may be kept: entity tags, 304 and compression."""

import gzip
from hashlib import sha256

from starlette.requests import Request
from starlette.responses import Response

#: Public answers may be kept but are asked for anew each time: what is hidden in an emergency is
#: gone from every cache with the next request (P24, P49); an unchanged answer costs a 304.
PUBLIC = "public, no-cache"

#: Smaller bodies gain nothing: they fit one packet as they are (1,460 bytes of TCP payload).
_SMALLEST = 1_024

#: Level 3 of gzip: most of the gain at a fraction of level 6's time (publishing.md: level 1 takes
#: 0.85 ms for 257 kB, level 6 takes 4.0).
_LEVEL = 3


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
    encoding = "gzip" if _wants_gzip(request) and len(body) >= _SMALLEST else None
    tag = _tag(body if same_as is None else same_as, encoding, is_weak=same_as is not None)
    headers = {"ETag": tag, "Cache-Control": PUBLIC, "Vary": "Accept, Accept-Encoding"}
    if _knows(request, tag):
        return Response(status_code=304, headers=headers)
    if encoding is not None:
        # Without a time in its header: equal bodies stay equal bytes.
        body = gzip.compress(body, _LEVEL, mtime=0)
        headers["Content-Encoding"] = encoding
    elif len(body) >= _SMALLEST:
        # The compressing middleware adds the other word to bodies it could have compressed.
        headers["Vary"] = "Accept"
    return Response(body, media_type=media_type, headers=headers)


def _tag(content: bytes, encoding: str | None, *, is_weak: bool) -> str:
    digest = sha256(content).hexdigest()[:32]
    # A compressed body is other bytes, so a strong tag has to differ (RFC 9110, 8.8.3.3).
    tag = f'"{digest}-{encoding}"' if encoding else f'"{digest}"'
    return f"W/{tag}" if is_weak else tag


def _wants_gzip(request: Request) -> bool:
    for part in request.headers.get("accept-encoding", "").lower().split(","):
        coding, _, weight = part.partition(";")
        if coding.strip() == "gzip":
            return weight.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False


def _knows(request: Request, tag: str) -> bool:
    # If-None-Match compares weakly (RFC 9110, 13.1.2).
    known = [part.strip() for part in request.headers.get("if-none-match", "").split(",")]
    return "*" in known or tag.removeprefix("W/") in {k.removeprefix("W/") for k in known}
