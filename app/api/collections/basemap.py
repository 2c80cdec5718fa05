"""``GET /basemap.pmtiles``: the file that `amparo basemap build` wrote, whole or in ranges."""

import os
import re
from dataclasses import dataclass
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from typing import Final

import anyio
from fastapi import APIRouter, Request, Response
from starlette.exceptions import HTTPException

from app.access.dependencies import SettingsDep
from app.http.etags import PUBLIC, SAME_FOR_ALL, knows
from app.http.problems import problem_responses
from tiles.errors import NoBasemapError

router = APIRouter(tags=["tiles"])

#: Media type registered with IANA. Responses are never compressed, because byte ranges refer to the
#: stored file.
PMTILES: Final = "application/vnd.pmtiles"

#: Range header with a single byte range; for any other, such as a list of ranges, the whole file is
#: sent (RFC 9110, 14.2).
_RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})", re.ASCII)


@dataclass(frozen=True)
class _File:
    """Content of the basemap file in memory (a few megabytes), with its entity tag."""

    content: bytes
    tag: str


#: Cache of the last file read, keyed by device, inode, modification time and size: clients request
#: the low zooms all day, and each entity tag is a hash of the whole file.
_kept: dict[tuple[int, int, int, int], _File] = {}


@router.get(
    "/basemap.pmtiles",
    response_class=Response,
    responses={
        200: {"content": {PMTILES: {}}, "description": "The file."},
        206: {"content": {PMTILES: {}}, "description": "One range of it."},
        304: {"description": "The client has it."},
        **problem_responses(400, 404, 416),
    },
    openapi_extra=SAME_FOR_ALL,
)
async def basemap(request: Request, settings: SettingsDep) -> Response:
    """Return the basemap, PMTiles version 3: clients ask for the ranges that they need."""
    found = await anyio.to_thread.run_sync(_read, settings.basemap_path)
    headers = {"ETag": found.tag, "Cache-Control": PUBLIC, "Accept-Ranges": "bytes"}
    if knows(request, found.tag):
        return Response(status_code=304, headers=headers)
    asked = _asked(request, found)
    if asked is None:
        return Response(found.content, media_type=PMTILES, headers=headers)
    size = len(found.content)
    headers["Content-Range"] = f"bytes {asked.start}-{asked.stop - 1}/{size}"
    part = found.content[asked.start : asked.stop]
    return Response(part, status_code=206, media_type=PMTILES, headers=headers)


def _read(path: Path) -> _File:
    try:
        stream = path.open("rb")
    except FileNotFoundError:
        raise NoBasemapError from None
    with stream:
        state = os.fstat(stream.fileno())
        key = (state.st_dev, state.st_ino, state.st_mtime_ns, state.st_size)
        found = _kept.get(key)
        if found is None:
            content = stream.read()
            found = _File(content, f'"{sha256(content).hexdigest()[:32]}"')
            _kept.clear()
            _kept[key] = found
        return found


def _asked(request: Request, found: _File) -> range | None:
    """Return the byte range of the Range header, or None if the whole file is to be sent.

    Raises
    ------
    HTTPException
        With status 416, if the range starts beyond the end of the file.
    """
    match = _RANGE.fullmatch(request.headers.get("range", "").replace(" ", ""))
    # If the tag in If-Range is not the current file's, the whole file is sent: ranges of an older
    # file must not be joined with ranges of the current one (RFC 9110, 13.1.5).
    is_other = request.headers.get("if-range", found.tag) != found.tag
    if match is None or is_other or match[1] == match[2] == "":
        return None
    size = len(found.content)
    if match[1] == "":
        start, stop = max(size - int(match[2]), 0), size
    else:
        start = int(match[1])
        stop = min(int(match[2]) + 1, size) if match[2] else size
        if match[2] and int(match[2]) < start:
            return None
    if start >= size or start == stop:
        wrong = {"Content-Range": f"bytes */{size}"}
        raise HTTPException(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, headers=wrong)
    return range(start, stop)
