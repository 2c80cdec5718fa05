"""The page's own files: cached by their digest, and compressed once at the best level."""

import gzip
from functools import lru_cache
from pathlib import Path

from starlette.datastructures import Headers
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

#: Files sent compressed; images and the licence text are small or compressed already.
_COMPRESSED = frozenset({".js", ".css", ".svg"})

#: Paid once a process and file; at the level of answers the map bundle would be 13 % larger.
_BEST = 9


class Assets(StaticFiles):
    """The page's own files, whose addresses carry a digest of their content."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return a file; with its digest in the address it never changes."""
        response = await super().get_response(path, scope)
        is_named = scope["query_string"].startswith(b"v=") or path.startswith("vendor/ol-")
        response.headers["Cache-Control"] = (
            "public, max-age=31536000, immutable" if is_named else "public, max-age=60"
        )
        if isinstance(response, FileResponse) and _takes_gzip(scope, Path(response.path)):
            return _compressed(response)
        return response


def _takes_gzip(scope: Scope, path: Path) -> bool:
    accepted = Headers(scope=scope).get("accept-encoding", "")
    return path.suffix in _COMPRESSED and "gzip" in accepted and scope["method"] == "GET"


def _compressed(response: FileResponse) -> Response:
    path = Path(response.path)
    body = _gzipped(path, path.stat().st_mtime_ns)
    headers = {
        "Cache-Control": response.headers["Cache-Control"],
        "Content-Encoding": "gzip",
        "Vary": "Accept-Encoding",
    }
    return Response(body, media_type=response.media_type, headers=headers)


@lru_cache(maxsize=32)
def _gzipped(path: Path, _modified_ns: int) -> bytes:
    # Without a time stamp, so that every worker sends the same bytes.
    return gzip.compress(path.read_bytes(), _BEST, mtime=0)
