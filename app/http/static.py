"""Static files of the pages: cached for long by digest, compressed once at the highest level."""

from functools import lru_cache
from pathlib import Path
from typing import Final

import anyio.to_thread
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from app.http.assets import STATIC_FOLDER, asset_content
from app.http.compression import BROTLI, CODINGS, Coding, accepted_by

#: Suffixes of files sent compressed; images and the licence text are small or compressed already.
_COMPRESSED: Final = frozenset({".js", ".css", ".svg"})

#: Codings in order of the size of compressed files. A file is compressed once per process, so of
#: the codings that the client accepts the one with the smallest files is used, however slow its
#: compression: the map bundle (310 kB) has 77 kB in br, 80 in zstd, 90 in gzip.
_SMALLEST_FIRST: Final = (BROTLI, *(coding for coding in CODINGS if coding is not BROTLI))


class Assets(StaticFiles):
    """Starlette application for static files whose URLs hold a digest of the content."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return a static file, compressed if possible.

        Clients may cache the response for a year if the URL has a digest, else for a minute.
        """
        response = await super().get_response(path, scope)
        is_named = scope["query_string"].startswith(b"v=") or path.startswith(
            ("vendor/ol-", "vendor/pmtiles-")
        )
        response.headers["Cache-Control"] = (
            "public, max-age=31536000, immutable" if is_named else "public, max-age=60"
        )
        coding = _coding_for(scope)
        if (
            coding is not None
            and isinstance(response, FileResponse)
            and Path(response.path).suffix in _COMPRESSED
        ):
            return await _compressed(response, path, coding)
        if isinstance(response, FileResponse) and path.endswith(".js"):
            headers = {"Cache-Control": response.headers["Cache-Control"]}
            return Response(asset_content(path), media_type=response.media_type, headers=headers)
        return response


def _coding_for(scope: Scope) -> Coding | None:
    taken = accepted_by(scope).codings
    return next((coding for coding in _SMALLEST_FIRST if coding in taken), None)


async def _compressed(response: FileResponse, path: str, coding: Coding) -> Response:
    # `StaticFiles` has read the file's status (`os.stat`) already.
    found = response.stat_result
    modified_ns = 0 if found is None else found.st_mtime_ns
    body = await anyio.to_thread.run_sync(_packed, path, modified_ns, coding)
    headers = {
        "Cache-Control": response.headers["Cache-Control"],
        "Content-Encoding": coding.name,
        "Vary": "Accept-Encoding",
    }
    return Response(body, media_type=response.media_type, headers=headers)


def compress_assets() -> None:
    """Compress all static files, which takes two seconds, before somebody waits for one of them."""
    for file in STATIC_FOLDER.rglob("*"):
        if file.suffix in _COMPRESSED:
            path = file.relative_to(STATIC_FOLDER).as_posix()
            _packed(path, file.stat().st_mtime_ns, _SMALLEST_FIRST[0])


# The cache has room for three codings of some thirty files, and for files that change during
# development.
@lru_cache(maxsize=256)
def _packed(path: str, _modified_ns: int, coding: Coding) -> bytes:
    return coding.packed_best(asset_content(path))
