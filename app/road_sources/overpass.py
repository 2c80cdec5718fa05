"""Queries to an Overpass server, with a cache of the answers as files."""

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Final

import httpx

from app.road_sources.errors import FetchError
from app.road_sources.servers import Server, require_answered

#: Maximum size of an answer, bytes [A]: five times that for a tile of a dense city.
MOST_BYTES: Final = 512_000_000
#: Time for which a cached answer is used [A]: long enough to continue after a night offline.
KEPT: Final = timedelta(days=7)
#: Bytes that are searched at the end of an answer, where Overpass reports that it stopped early.
_TAIL: Final = 4_096
_CHUNK: Final = 1 << 16
#: Pattern of the seconds until a slot becomes free, in the text of ``/status``.
_SLOT: Final = re.compile(r"in (\d{1,6}) seconds")
#: Pattern of the number of free slots, in the text of ``/status``.
_FREE: Final = re.compile(r"^(\d+) slots? available now", re.MULTILINE)
_REMARK: Final = re.compile(r"<remark>(.*?)</remark>", re.DOTALL)

type Told = Callable[[int], None]


@dataclass(frozen=True)
class Overpass:
    """An Overpass server.

    Parameters
    ----------
    server
        HTTP client and retry rules.
    address
        Base URL of the server's API, without ``/interpreter``.
    obeys_slots
        Whether to wait for a free slot by ``/status`` before each query, as public servers ask for.
    most_bytes
        Maximum size of an answer.
    """

    server: Server
    address: str
    obeys_slots: bool = True
    most_bytes: int = MOST_BYTES

    def file(self, query: str, folder: Path, now: datetime, told: Told) -> Path:
        """Return the path of the answer to a query, from the cache or the server.

        Parameters
        ----------
        folder
            Folder of cached answers, with file names made from a digest of the query.
        told
            Function that is called with the number of bytes of each received chunk.

        Raises
        ------
        FetchError
            The server gave no complete answer. Answers to other queries stay cached.
        """
        kept = folder / f"{sha256(query.encode()).hexdigest()[:32]}.osm"
        if kept.exists() and now.timestamp() - kept.stat().st_mtime < KEPT.total_seconds():
            return kept
        part = kept.with_suffix(".part")
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            with part.open("wb") as file:
                for chunk in self._chunks(query):
                    file.write(chunk)
                    told(len(chunk))
            _require_whole(part, self._host)
            os.utime(part, (now.timestamp(), now.timestamp()))
            part.replace(kept)
        finally:
            part.unlink(missing_ok=True)
        return kept

    def text(self, query: str) -> str:
        """Return a short answer as text; errors are those of `file`."""
        return b"".join(self._chunks(query)).decode("utf-8", "replace")

    @property
    def _host(self) -> str:
        return httpx.URL(self.address).host

    def _chunks(self, query: str) -> Iterator[bytes]:
        if self.obeys_slots:
            self._await_slot()
        request = self.server.client.build_request(
            "POST", f"{self.address.rstrip('/')}/interpreter", data={"data": query}
        )
        with self.server.answer(request) as response:
            require_answered(response, "a smaller area may help")
            size = 0
            for chunk in response.iter_bytes(_CHUNK):
                size += len(chunk)
                if size > self.most_bytes:
                    limit_mb = self.most_bytes // 1_000_000
                    raise FetchError("too_large", host=self._host, limit_mb=limit_mb)
                yield chunk

    def _await_slot(self) -> None:
        request = self.server.client.build_request("GET", f"{self.address.rstrip('/')}/status")
        with self.server.answer(request) as response:
            status = response.read()[:_TAIL].decode("utf-8", "replace")
        if response.status_code != httpx.codes.OK or _FREE.search(status):
            return
        slots = [float(seconds) for seconds in _SLOT.findall(status)]
        if slots:
            self.server.wait(min(slots) + 1, self._host)


def _require_whole(file: Path, host: str) -> None:
    """Refuse an answer that is cut off, or in which the server reports that it stopped early.

    Overpass reports that in a ``<remark>`` of a response with status 200.
    """
    with file.open("rb") as content:
        head = content.read(_TAIL)
        content.seek(max(file.stat().st_size - _TAIL, 0))
        tail = content.read()
    if b"<osm" not in head:
        raise FetchError("not_osm", host=host)
    remark = _REMARK.search(tail.decode("utf-8", "replace"))
    if remark:
        # The remark may be shown: Overpass quotes the line number of the query, not its text.
        # Replace control characters, which could control the user's terminal.
        plain = "".join(sign if sign.isprintable() else " " for sign in remark[1])
        raise FetchError("remark", host=host, remark=" ".join(plain.split())[:200])
    if not tail.rstrip().endswith(b"</osm>"):
        raise FetchError("cut_off", host=host)
