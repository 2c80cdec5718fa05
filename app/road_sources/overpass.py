"""Answers of Overpass as files: each tile is asked once, kept, and asked again only when old."""

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

#: Largest answer, bytes [A]: five times that of a tile of a dense city.
MOST_BYTES: Final = 512_000_000
#: How long an answer may be used again [A]: long enough to go on after a night without a network.
KEPT: Final = timedelta(days=7)
#: Bytes at the end of an answer in which Overpass says that it gave up.
_TAIL: Final = 4_096
_CHUNK: Final = 1 << 16
#: In how many seconds a slot is free, as /status tells.
_SLOT: Final = re.compile(r"in (\d{1,6}) seconds")
_FREE: Final = re.compile(r"^(\d+) slots? available now", re.MULTILINE)
_REMARK: Final = re.compile(r"<remark>(.*?)</remark>", re.DOTALL)

type Told = Callable[[int], None]


@dataclass(frozen=True)
class Overpass:
    """An Overpass server.

    Parameters
    ----------
    server
        How it is asked.
    address
        Address of its interface, without ``/interpreter``.
    obeys_slots
        Whether to ask ``/status`` for a free slot first, as public servers wish.
    most_bytes
        Largest answer.
    """

    server: Server
    address: str
    obeys_slots: bool = True
    most_bytes: int = MOST_BYTES

    def file(self, query: str, folder: Path, now: datetime, told: Told) -> Path:
        """Return the file with the answer to a query, asked if none is kept that is new enough.

        Parameters
        ----------
        folder
            Where answers are kept, by the digest of the query.
        told
            Called with the bytes that came.

        Raises
        ------
        FetchError
            There is no whole answer. What other queries were answered stays.
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
    """Refuse an answer that ends too early, or says within a 200 that the server gave up."""
    with file.open("rb") as content:
        head = content.read(_TAIL)
        content.seek(max(file.stat().st_size - _TAIL, 0))
        tail = content.read()
    if b"<osm" not in head:
        raise FetchError("not_osm", host=host)
    remark = _REMARK.search(tail.decode("utf-8", "replace"))
    if remark:
        # Overpass quotes the query's line number, not its text. What could steer a terminal goes.
        plain = "".join(sign if sign.isprintable() else " " for sign in remark[1])
        raise FetchError("remark", host=host, remark=" ".join(plain.split())[:200])
    if not tail.rstrip().endswith(b"</osm>"):
        raise FetchError("cut_off", host=host)
