"""Resumable downloads of files, verified by the checksum files of the server."""

import json
import shutil
from collections.abc import Callable
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Final

import httpx

from app.road_sources.errors import FetchError
from app.road_sources.servers import Server, require_answered, require_safe

#: Largest file, bytes [A]: four times the extract of Brazil (1.4 GB).
MOST_BYTES: Final = 6_000_000_000
#: Disk space that a download leaves free, bytes [A], for the database and the import.
_SPARE: Final = 500_000_000
_CHUNK: Final = 1 << 18
#: Suffixes of checksum files, as on the server of Geofabrik; also the names of the hash algorithms.
_CHECKSUMS: Final = ("sha256", "md5")
_CHECKSUM_BYTES: Final = 1_000
_NAME_LENGTH: Final = 120

type Told = Callable[[int, int], None]


def fetched(
    server: Server, address: str, folder: Path, told: Told, *, most_bytes: int = MOST_BYTES
) -> Path:
    """Return the path of a current copy of the file at a URL, downloaded into ``folder`` if needed.

    An interrupted download is continued at the next call, unless the file has changed meanwhile.

    Parameters
    ----------
    told
        Function that is called with the bytes received and the size of the file (0 if unknown).

    Raises
    ------
    FetchError
        The URL is not safe (`require_safe`), the file is too large for the disk or for
        ``most_bytes``, the download is incomplete, or the file does not match its checksum.
    """
    require_safe(address)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    download = _Download(server, address, folder, told, most_bytes)
    return download.file()


class _Download:
    """Download of one file."""

    def __init__(
        self, server: Server, address: str, folder: Path, told: Told, most_bytes: int
    ) -> None:
        self._server, self._address, self._told = server, address, told
        self._most_bytes = most_bytes
        name = Path(httpx.URL(address).path).name[-_NAME_LENGTH:] or "file"
        # Each URL has its own folder, because extracts of two places may have the same file name.
        own = folder / sha256(address.encode()).hexdigest()[:16]
        own.mkdir(exist_ok=True, mode=0o700)
        self._whole, self._part = own / name, own / f"{name}.part"
        self._tags = own / "etag.json"

    def file(self) -> Path:
        state = self._state()
        # Ask for an uncompressed response: range, size and checksum are those of the stored file.
        headers = {"Accept-Encoding": "identity"}
        begun = self._part.stat().st_size if self._part.exists() else 0
        whole, part = state.get("whole"), state.get("part")
        if whole and self._whole.exists():
            headers["If-None-Match"] = whole
        elif part and begun:
            headers |= {"Range": f"bytes={begun}-", "If-Range": part}
        request = self._server.client.build_request("GET", self._address, headers=headers)
        with self._server.answer(request) as response:
            if response.status_code == httpx.codes.NOT_MODIFIED:
                return self._whole
            if response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
                self._part.unlink(missing_ok=True)
                raise FetchError("cut_off", host=request.url.host)
            require_answered(response, "is the address right?")
            goes_on = response.status_code == httpx.codes.PARTIAL_CONTENT
            self._store(response, begun if goes_on else 0)
            tag = response.headers.get("ETag")
        self._compare()
        self._part.replace(self._whole)
        self._note({"whole": tag})
        return self._whole

    def _store(self, response: httpx.Response, begun: int) -> None:
        coming = int(response.headers.get("Content-Length") or 0)
        total = begun + coming if coming else 0
        self._require_room(total, coming)
        tag = response.headers.get("ETag")
        # Store no weak entity tag, because equal weak tags do not guarantee equal bytes: a download
        # must not be continued then.
        self._note({"part": tag if tag and not tag.startswith("W/") else None})
        size = begun
        with self._part.open("ab" if begun else "wb") as file:
            for chunk in response.iter_raw(_CHUNK):
                size += len(chunk)
                self._require_room(size, 0)
                file.write(chunk)
                self._told(size, total)
        if total and size != total:
            raise FetchError("cut_off", host=response.url.host)

    def _require_room(self, total: int, coming: int) -> None:
        if total > self._most_bytes:
            limit_mb = self._most_bytes // 1_000_000
            raise FetchError("too_large", host=httpx.URL(self._address).host, limit_mb=limit_mb)
        if coming and shutil.disk_usage(self._part.parent).free < coming + _SPARE:
            free_mb = shutil.disk_usage(self._part.parent).free // 1_000_000
            needed_mb = (coming + _SPARE) // 1_000_000
            raise FetchError(
                "disk_full", name=self._whole.name, needed_mb=needed_mb, free_mb=free_mb
            )

    def _compare(self) -> None:
        """Verify the file by the first checksum file that the server has, if it has one."""
        url = httpx.URL(self._address)
        for kind in _CHECKSUMS:
            beside = url.copy_with(path=f"{url.path}.{kind}")
            with self._server.answer(self._server.client.build_request("GET", beside)) as response:
                if response.status_code != httpx.codes.OK:
                    continue
                text = next(response.iter_bytes(_CHECKSUM_BYTES), b"").decode("ascii", "replace")
            said = text.split()[0].lower() if text.split() else ""
            with self._part.open("rb") as file:
                made = file_digest(file, kind).hexdigest()
            if said != made:
                self._part.unlink()
                raise FetchError("checksum", name=self._whole.name, kind=kind)
            return

    def _state(self) -> dict[str, str | None]:
        try:
            state = json.loads(self._tags.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return state if isinstance(state, dict) else {}

    def _note(self, state: dict[str, str | None]) -> None:
        self._tags.write_text(json.dumps(state), encoding="utf-8")
