"""Connections: how much of a request is read, how long each may take, and how many there are (P55).

uvicorn bounds none of it. Its protocol is told here what to refuse before anything is made of it:
a head that does not end, a body that does not come, an answer that nobody takes, and one client's
thousandth connection. What is refused this early has no line in the log.

A client that waits, with half a request or none, holds nothing that is dear; so where there is no
place left the one that has waited longest goes, and whoever is being served stays.
"""

import asyncio
import math
import resource
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.exceptions import HeadTooLargeError, SlowRequestError, TooManyConnectionsError
from app.http.error_table import kind_of
from app.http.pipeline import ABORT
from app.http.problems import ProblemKind, problem_response
from app.http.rate_limits import client_of, is_within
from app.http.security_headers import SECURITY_HEADERS
from app.runtime.background import running
from app.settings import Settings

#: Seconds between two looks at who is too slow.
LOOK_EVERY_S: Final = 1.0

#: Connections that the system holds ready for the process; a burst is taken from there at once,
#: before one of it is looked at, so so many descriptors are kept free.
BACKLOG: Final = 256

#: Refused connections whose refusal may still be on its way [A], and for how long: closed at once,
#: a connection with unread bytes is reset, and its client would not read why (RFC 9112, 9.6).
_LINGERING: Final = 64
_LINGER_S: Final = 2.0
_LINGER_BYTES: Final = 1_048_576

#: Files that are neither connections nor open at the start [A]: of the database's pools, of roads
#: that are mapped when they are first asked, of downloads.
_OTHER_FILES: Final = 200

#: Requests that a client may send before the first is answered [A]; browsers send none.
_PIPELINED: Final = 32

#: Bytes that the parser gets at a time: what a request costs is looked at after each.
_PIECE_BYTES: Final = 4_096

#: What stands in the application's state for the connections of a process.
STATE_KEY: Final = "connections"

type Steady = Callable[[], float]


def raise_descriptor_limit() -> None:
    """Let this process open as many files as the system lets it."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    # Refused in some containers, and above what the kernel takes: then it stays as it is.
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _most_by_descriptors() -> int:
    """Return for how many connections there are descriptors."""
    soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return 1 << 30
    opened = Path("/proc/self/fd")
    in_use = sum(1 for _ in opened.iterdir()) if opened.is_dir() else 64
    return max(16, soft - in_use - BACKLOG - _LINGERING - _OTHER_FILES)


class _Client:
    """The connections of one address, and of them those that wait, the longest first."""

    __slots__ = ("count", "waiting")

    def __init__(self) -> None:
        self.count = 0
        self.waiting: OrderedDict[Connection, None] = OrderedDict()


class Connections:
    """The open connections of a process.

    Parameters
    ----------
    settings
        What each may do.
    steady_s
        A clock that never jumps, in seconds.
    most
        Connections in all; default: as the settings and the descriptors allow.
    """

    def __init__(
        self, settings: Settings, *, steady_s: Steady = time.monotonic, most: int | None = None
    ) -> None:
        self.settings = settings
        self.steady_s = steady_s
        self.most = most or min(settings.connections, _most_by_descriptors())
        self._networks = settings.trusted_networks
        self._open: dict[Connection, _Client] = {}
        self._clients: dict[str, _Client] = {}
        self._lingering: dict[Connection, None] = {}
        self._unsent: OrderedDict[Connection, None] = OrderedDict()

    def __len__(self) -> int:
        return len(self._open)

    def admit(self, one: "Connection") -> bool:
        """Take a new connection in, or tell that there is no place for it."""
        name, most = self._limits_of(one)
        client = self._clients.get(name)
        if client is not None and client.count >= most and not self._give_way(client):
            return False
        if len(self._open) >= self.most and not self._give_way(self._most_waiting()):
            return False
        client = self._clients.setdefault(name, _Client())
        client.count += 1
        client.waiting[one] = None
        self._open[one] = client
        return True

    def leave(self, one: "Connection") -> None:
        """Forget a connection that is gone."""
        self._lingering.pop(one, None)
        self._unsent.pop(one, None)
        client = self._open.pop(one, None)
        if client is None:
            return
        client.waiting.pop(one, None)
        client.count -= 1
        if not client.count:
            self._clients.pop(self._limits_of(one)[0], None)

    def is_waiting(self, one: "Connection", *, waits: bool) -> None:
        """Note that a connection waits for its client, or that it is served."""
        client = self._open.get(one)
        if client is None:
            return
        client.waiting.pop(one, None)
        if waits:
            client.waiting[one] = None

    def may_linger(self, one: "Connection") -> bool:
        """Return whether a connection may stay until its client has read why it ends."""
        if len(self._lingering) >= _LINGERING:
            return False
        self._lingering[one] = None
        return True

    def is_unsent(self, one: "Connection", *, waits: bool) -> None:
        """Note that much of an answer waits to be taken, or no longer."""
        self._unsent.pop(one, None)
        if not waits:
            return
        self._unsent[one] = None
        limit = self.settings.unsent_mb * 1_000_000
        while sum(held.unsent_bytes for held in self._unsent) > limit:
            slowest, _ = self._unsent.popitem(last=False)
            slowest.abort()

    def look(self) -> None:
        """End what has been too slow."""
        now_s = self.steady_s()
        for one in [*self._open, *self._lingering]:
            one.look(now_s)

    def _limits_of(self, one: "Connection") -> tuple[str, int]:
        # A unix socket's other end is a proxy too.
        if one.client is None or is_within(one.client[0], self._networks):
            return "", self.most
        name = client_of({"client": one.client})
        return name, self.settings.connections_per_address or self.most

    def _most_waiting(self) -> _Client:
        return max(self._clients.values(), key=lambda client: len(client.waiting))

    def _give_way(self, client: _Client) -> bool:
        """End that connection of a client that has waited longest; False where none waits."""
        if not client.waiting:
            return False
        one = next(iter(client.waiting))
        # Its place is free at once, and the system's own end of it follows.
        self.leave(one)
        one.abort()
        return True


@asynccontextmanager
async def watching(connections: Connections) -> AsyncIterator[None]:
    """Look at the connections again and again while the block runs."""

    async def look() -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            connections.look()

    async with running(look()):
        yield


class _Transport(asyncio.Transport):
    """A connection's transport that counts what leaves, and ends so that its end can be read."""

    __slots__ = ("_connection", "_inner", "given_bytes", "is_ending")

    def __init__(self, inner: asyncio.Transport, connection: "Connection") -> None:
        super().__init__()
        self._inner = inner
        self._connection = connection
        self.given_bytes = 0
        self.is_ending = False

    def get_extra_info(self, name: str, default: Any = None) -> Any:  # noqa: ANN401 -- asyncio's
        return self._inner.get_extra_info(name, default)

    def is_closing(self) -> bool:
        return self.is_ending or self._inner.is_closing()

    def close(self) -> None:
        """Close, after the client has had the time to read where it still sends."""
        if self.is_closing():
            return
        if self._connection.is_sending and self._connection.linger():
            self.is_ending = True
            with suppress(OSError, RuntimeError):
                self._inner.write_eof()
            return
        self._inner.close()

    def end(self) -> None:
        """Close without any more ado."""
        self._inner.close()

    def abort(self) -> None:
        self._inner.abort()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if not self.is_ending:
            self.given_bytes += len(data)
            self._inner.write(data)

    def pause_reading(self) -> None:
        self._inner.pause_reading()

    def resume_reading(self) -> None:
        if not self._inner.is_closing():
            self._inner.resume_reading()

    def get_write_buffer_size(self) -> int:
        return self._inner.get_write_buffer_size()


class Connection(HttpToolsProtocol):
    """One connection, as uvicorn handles it, within the bounds of its process."""

    transport: _Transport

    def __init__(self, *arguments: Any, **named: Any) -> None:  # noqa: ANN401 -- uvicorn's own
        super().__init__(*arguments, **named)
        brought: Connections | None = self.app_state.get(STATE_KEY)
        self.all = _by_default() if brought is None else brought
        settings = self.all.settings
        self._most_bytes, self._most_fields = settings.head_limit_bytes, settings.head_fields
        self._head_bytes = self._fields = 0
        self._fruitless_bytes = 0
        self._came = False
        self._in_body = self._is_refused = False
        self._body_bytes = 0
        self._since_s = 0.0
        self._discarded_bytes: int | None = None
        self._left_bytes = 0
        self._left_at_s: float | None = None

    # -- what it is in ---------------------------------------------------------------------

    @property
    def is_sending(self) -> bool:
        """Whether more of what was asked may be on its way, which nobody will read."""
        return self._in_body or self._is_refused

    @property
    def is_unasked(self) -> bool:
        """Whether no request is being answered."""
        return self.cycle is None or self.cycle.response_complete

    @property
    def unsent_bytes(self) -> int:
        """Bytes of answers that nobody has taken yet."""
        return self.transport.get_write_buffer_size()

    # -- its beginning and end -------------------------------------------------------------

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take it in, or refuse it before a byte is read."""
        super().connection_made(_Transport(transport, self))
        self._since_s = self.all.steady_s()
        if not self.all.admit(self):
            self.refuse(TooManyConnectionsError())

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self.all.leave(self)
        super().connection_lost(exc)

    def abort(self) -> None:
        """End it at once; what is on its way is lost."""
        self.transport.abort()

    def refuse(self, error: Exception) -> None:
        """Say why, where nothing else is being said, and end it."""
        if self.transport.is_closing():
            return
        if self.is_unasked:
            self.transport.write(_as_sent(kind_of(error)))
        self._is_refused = True
        self.transport.close()

    def send_400_response(self, msg: str) -> None:
        """Say that it is no HTTP, and end it."""
        self._is_refused = True
        super().send_400_response(msg)

    def linger(self) -> bool:
        """Throw away what still comes, for a moment; False where too many do."""
        if not self.all.may_linger(self):
            return False
        self._discarded_bytes = 0
        self._since_s = self.all.steady_s()
        self.flow.resume_reading()
        return True

    # -- what comes ------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        """Read a piece of requests, as far as they stay within their bounds."""
        if len(data) <= _PIECE_BYTES:
            self._read(data)
            return
        for start in range(0, len(data), _PIECE_BYTES):
            self._read(data[start : start + _PIECE_BYTES])

    def _read(self, piece: bytes) -> None:
        if self._discarded_bytes is not None:
            self._discarded_bytes += len(piece)
            if self._discarded_bytes > _LINGER_BYTES:
                self.abort()
            return
        if self.transport.is_closing():
            return
        self._came = False
        super().data_received(piece)
        # What is neither the end of a head nor part of a body makes nothing go on: heads, but also
        # trailers, extensions of chunks, and empty lines before a request.
        self._fruitless_bytes = 0 if self._came else self._fruitless_bytes + len(piece)
        if self._fruitless_bytes > self._most_bytes:
            self.refuse(HeadTooLargeError())
        elif len(self.pipeline) > _PIPELINED:
            self.abort()

    def on_message_begin(self) -> None:
        """Begin a request."""
        super().on_message_begin()
        self.scope["extensions"] = {ABORT: {"abort": self.abort}}
        self._head_bytes = self._fields = 0

    def on_url(self, url: bytes) -> None:
        """Take a part of the address."""
        self._head_bytes += len(url)
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; trailers, which come after the body, are taken by nobody."""
        if self._in_body:
            return
        # A colon, a space and the end of the line.
        self._head_bytes += len(name) + len(value) + 4
        self._fields += 1
        if self._fields <= self._most_fields:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Begin to answer, or answer that the head is too large."""
        self._came = self._in_body = True
        self._body_bytes = 0
        self._since_s = self.all.steady_s()
        is_too_large = self._head_bytes > self._most_bytes or self._fields > self._most_fields
        if is_too_large:
            self.app = _too_large
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a part of the body."""
        self._came = True
        self._body_bytes += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Have a whole request, which the application is at work on."""
        self._came, self._in_body = True, False
        if not self.cycle.response_complete:
            self.all.is_waiting(self, waits=False)
        super().on_message_complete()

    # -- what goes -------------------------------------------------------------------------

    def on_response_complete(self) -> None:
        """Wait for the next request, unless it is there."""
        super().on_response_complete()
        if not self.pipeline:
            if not self._in_body:
                self._since_s = self.all.steady_s()
            self.all.is_waiting(self, waits=True)

    def pause_writing(self) -> None:
        """Note that the client takes less than it is given."""
        super().pause_writing()
        self.all.is_unsent(self, waits=True)

    def resume_writing(self) -> None:
        """Note that it has taken it."""
        super().resume_writing()
        self.all.is_unsent(self, waits=False)

    # -- how long it takes -----------------------------------------------------------------

    def look(self, now_s: float) -> None:
        """End it where its client is too slow, at ``now_s`` of the steady clock."""
        if self._discarded_bytes is not None:
            if now_s - self._since_s > _LINGER_S:
                self.abort()
        elif self._is_stuck(now_s):
            self.abort()
        elif now_s > self._due_s():
            self.refuse(SlowRequestError())

    def _due_s(self) -> float:
        """Return when what is awaited of the client has to be there."""
        settings = self.all.settings
        if self._in_body:
            took_s = self._body_bytes / settings.slowest_bytes_s
            return self._since_s + settings.body_timeout_s + took_s
        if self.is_unasked and not self.unsent_bytes:
            return self._since_s + settings.head_timeout_s
        return math.inf

    def _is_stuck(self, now_s: float) -> bool:
        """Return whether too little of an answer has left for too long."""
        pending = self.transport.get_write_buffer_size()
        if not pending:
            self._left_at_s = None
            return False
        left_bytes = self.transport.given_bytes - pending
        window_s = self.all.settings.send_timeout_s
        if self._left_at_s is None:
            self._left_bytes, self._left_at_s = left_bytes, now_s
        elif now_s - self._left_at_s >= window_s:
            least = self.all.settings.slowest_bytes_s * (now_s - self._left_at_s)
            if left_bytes - self._left_bytes < min(least, pending):
                return True
            self._left_bytes, self._left_at_s = left_bytes, now_s
        return False


async def _too_large(scope: Scope, receive: Receive, send: Send) -> None:
    await _refusal(kind_of(HeadTooLargeError()))(scope, receive, send)


@lru_cache(maxsize=8)
def _refusal(kind: ProblemKind) -> Response:
    return problem_response(
        kind, kind.detail or "", headers={**SECURITY_HEADERS, "Connection": "close"}
    )


@lru_cache(maxsize=8)
def _as_sent(kind: ProblemKind) -> bytes:
    """Return a refusal as it goes over the wire, where no request is there to be answered."""
    answer = _refusal(kind)
    status = HTTPStatus(answer.status_code)
    head = b"HTTP/1.1 %d %s\r\n" % (status.value, status.phrase.encode("ascii"))
    fields = b"".join(name + b": " + value + b"\r\n" for name, value in answer.raw_headers)
    return head + fields + b"\r\n" + bytes(answer.body)


@lru_cache(maxsize=1)
def _by_default() -> Connections:
    """Return what bounds an application that does not bring its own."""
    return Connections(Settings())
