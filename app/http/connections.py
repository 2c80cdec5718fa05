"""Limits on the number of connections, on their time, and on bytes read (P55, refusing is cheap).

uvicorn has no such limits. The subclass of its protocol class in this module refuses a request head
that does not end, a body that does not arrive, a response that the client does not read, and too
many connections of one client. Requests refused here have no line in the access log.

A connection is idle if it has no request, or only a part of one. When the maximum number is
reached, the connection that is idle for longest is closed; connections being served stay.
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

#: Seconds between two checks for connections that are too slow.
LOOK_EVERY_S: Final = 1.0

#: Length of the kernel's queue of connections to accept. As many connections may be accepted before
#: the first of them is checked, so the same number of file descriptors is kept free.
BACKLOG: Final = 256

#: Maximum number of refused connections that are kept open (lingering) so that the client can read
#: the refusal [A]. Closing a connection with unread bytes resets it, and the refusal is lost (RFC
#: 9112, 9.6).
_LINGERING: Final = 64
#: Maximum duration of lingering, seconds [A].
_LINGER_S: Final = 2.0
#: Maximum number of bytes that are read and discarded while a connection lingers [A].
_LINGER_BYTES: Final = 1_048_576

#: File descriptors reserved for other uses [A]: database pools, downloads, and road networks, which
#: are memory-mapped at their first request.
_OTHER_FILES: Final = 200

#: Maximum number of pipelined requests waiting on a connection [A]; browsers do not pipeline.
_PIPELINED: Final = 32

#: Bytes given to the HTTP parser at a time; limits are checked after each portion.
_PIECE_BYTES: Final = 4_096

#: Key under which the application's state holds the `Connections` of the process.
STATE_KEY: Final = "connections"

type Steady = Callable[[], float]


def raise_descriptor_limit() -> None:
    """Raise this process's limit of open files to the hard limit."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    # Some containers refuse to raise the limit, and the kernel refuses more than its own maximum;
    # the limit then stays as it is.
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _most_by_descriptors() -> int:
    """Return the number of connections for which the limit of open files leaves room."""
    soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return 1 << 30
    opened = Path("/proc/self/fd")
    in_use = sum(1 for _ in opened.iterdir()) if opened.is_dir() else 64
    return max(16, soft - in_use - BACKLOG - _LINGERING - _OTHER_FILES)


class _Client:
    """Connections of one client address: their count, and the idle ones, longest idle first."""

    __slots__ = ("count", "waiting")

    def __init__(self) -> None:
        self.count = 0
        self.waiting: OrderedDict[Connection, None] = OrderedDict()


class Connections:
    """Registry of a process's open connections.

    Parameters
    ----------
    settings
        Limits of connections.
    steady_s
        Monotonic clock, in seconds.
    most
        Maximum number of connections; by default as many as settings and file descriptors allow.
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
        """Register a new connection, closing an idle one if the limit is reached.

        Return False if the limit is reached and no connection is idle.
        """
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
        """Remove a closed connection from the registry."""
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
        """Mark a connection as idle if it ``waits`` for its client, else as being served."""
        client = self._open.get(one)
        if client is None:
            return
        client.waiting.pop(one, None)
        if waits:
            client.waiting[one] = None

    def may_linger(self, one: "Connection") -> bool:
        """Register a refused connection as lingering; return False if too many linger already."""
        if len(self._lingering) >= _LINGERING:
            return False
        self._lingering[one] = None
        return True

    def is_unsent(self, one: "Connection", *, waits: bool) -> None:
        """Register whether a connection's send buffer is full (``waits``), and limit unsent bytes.

        When all full send buffers together exceed the setting `unsent_mb`, the connections that
        have been full for longest are aborted.
        """
        self._unsent.pop(one, None)
        if not waits:
            return
        self._unsent[one] = None
        limit = self.settings.unsent_mb * 1_000_000
        while sum(held.unsent_bytes for held in self._unsent) > limit:
            slowest, _ = self._unsent.popitem(last=False)
            slowest.abort()

    def look(self) -> None:
        """Close connections whose client sends or reads too slowly."""
        now_s = self.steady_s()
        for one in [*self._open, *self._lingering]:
            one.look(now_s)

    def _limits_of(self, one: "Connection") -> tuple[str, int]:
        # Connections of a proxy carry requests of many clients, so they share only the limit of the
        # process. A connection through a unix socket, which has no address, comes from a proxy too.
        if one.client is None or is_within(one.client[0], self._networks):
            return "", self.most
        name = client_of({"client": one.client})
        return name, self.settings.connections_per_address or self.most

    def _most_waiting(self) -> _Client:
        return max(self._clients.values(), key=lambda client: len(client.waiting))

    def _give_way(self, client: _Client) -> bool:
        """Close a client's connection that is idle for longest; return False if none is idle."""
        if not client.waiting:
            return False
        one = next(iter(client.waiting))
        # Remove the connection from the registry now; asyncio reports its loss only later.
        self.leave(one)
        one.abort()
        return True


@asynccontextmanager
async def watching(connections: Connections) -> AsyncIterator[None]:
    """Close connections that are too slow, checked periodically while the ``with`` block runs."""

    async def look() -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            connections.look()

    async with running(look()):
        yield


class _Transport(asyncio.Transport):
    """Transport that counts written bytes, and lingers on close so that clients read refusals."""

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
        """Close the connection; a client that is still sending gets time to read the response."""
        if self.is_closing():
            return
        if self._connection.is_sending and self._connection.linger():
            self.is_ending = True
            with suppress(OSError, RuntimeError):
                self._inner.write_eof()
            return
        self._inner.close()

    def end(self) -> None:
        """Close the connection without lingering."""
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
    """Connection handler of uvicorn with limits on size, time and number."""

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

    # -- state -----------------------------------------------------------------------------

    @property
    def is_sending(self) -> bool:
        """Whether the client may still be sending bytes that the application will not read."""
        return self._in_body or self._is_refused

    @property
    def is_unasked(self) -> bool:
        """Whether no request is in progress."""
        return self.cycle is None or self.cycle.response_complete

    @property
    def unsent_bytes(self) -> int:
        """Bytes of responses in the send buffer that the client has not taken yet."""
        return self.transport.get_write_buffer_size()

    # -- opening and closing ---------------------------------------------------------------

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Register the new connection, or refuse it before a byte is read."""
        super().connection_made(_Transport(transport, self))
        self._since_s = self.all.steady_s()
        if not self.all.admit(self):
            self.refuse(TooManyConnectionsError())

    def connection_lost(self, exc: Exception | None) -> None:
        """Remove the connection from the registry."""
        self.all.leave(self)
        super().connection_lost(exc)

    def abort(self) -> None:
        """Close the connection at once; unsent bytes are lost."""
        self.transport.abort()

    def refuse(self, error: Exception) -> None:
        """Close the connection, with an error response unless another response is in progress."""
        if self.transport.is_closing():
            return
        if self.is_unasked:
            self.transport.write(_as_sent(kind_of(error)))
        self._is_refused = True
        self.transport.close()

    def send_400_response(self, msg: str) -> None:
        """Answer 400 to a request that is not valid HTTP, and close the connection."""
        self._is_refused = True
        super().send_400_response(msg)

    def linger(self) -> bool:
        """Start to discard bytes that still arrive; return False if too many connections linger."""
        if not self.all.may_linger(self):
            return False
        self._discarded_bytes = 0
        self._since_s = self.all.steady_s()
        self.flow.resume_reading()
        return True

    # -- requests --------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        """Parse received bytes in small portions, until a limit is exceeded."""
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
        # Limit the bytes that neither complete a request head nor belong to a body: those of an
        # unfinished head, of trailers, chunk extensions, and empty lines before a request.
        self._fruitless_bytes = 0 if self._came else self._fruitless_bytes + len(piece)
        if self._fruitless_bytes > self._most_bytes:
            self.refuse(HeadTooLargeError())
        elif len(self.pipeline) > _PIPELINED:
            self.abort()

    def on_message_begin(self) -> None:
        """Reset the counters for a new request."""
        super().on_message_begin()
        self.scope["extensions"] = {ABORT: {"abort": self.abort}}
        self._head_bytes = self._fields = 0

    def on_url(self, url: bytes) -> None:
        """Accept a part of the request target from the parser, and count its bytes."""
        self._head_bytes += len(url)
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Accept a header from the parser, and count its bytes; ignore trailers after the body."""
        if self._in_body:
            return
        # Add 4 bytes for the colon, space, CR and LF of the header's line.
        self._head_bytes += len(name) + len(value) + 4
        self._fields += 1
        if self._fields <= self._most_fields:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Start the application on the request, or answer 431 if the head is too large."""
        self._came = self._in_body = True
        self._body_bytes = 0
        self._since_s = self.all.steady_s()
        is_too_large = self._head_bytes > self._most_bytes or self._fields > self._most_fields
        if is_too_large:
            self.app = _too_large
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Accept a part of the body from the parser, and count its bytes."""
        self._came = True
        self._body_bytes += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Mark the connection as being served, because its request is complete."""
        self._came, self._in_body = True, False
        if not self.cycle.response_complete:
            self.all.is_waiting(self, waits=False)
        super().on_message_complete()

    # -- responses -------------------------------------------------------------------------

    def on_response_complete(self) -> None:
        """Mark the connection as idle, unless a pipelined request is waiting."""
        super().on_response_complete()
        if not self.pipeline:
            if not self._in_body:
                self._since_s = self.all.steady_s()
            self.all.is_waiting(self, waits=True)

    def pause_writing(self) -> None:
        """Register that the connection's send buffer is full."""
        super().pause_writing()
        self.all.is_unsent(self, waits=True)

    def resume_writing(self) -> None:
        """Register that the connection's send buffer has drained."""
        super().resume_writing()
        self.all.is_unsent(self, waits=False)

    # -- time limits -----------------------------------------------------------------------

    def look(self, now_s: float) -> None:
        """Close the connection if its client is too slow at ``now_s`` of the monotonic clock."""
        if self._discarded_bytes is not None:
            if now_s - self._since_s > _LINGER_S:
                self.abort()
        elif self._is_stuck(now_s):
            self.abort()
        elif now_s > self._due_s():
            self.refuse(SlowRequestError())

    def _due_s(self) -> float:
        """Return the time by which an awaited head or body must be complete; inf if none is due.

        The time is in seconds of the monotonic clock.
        """
        settings = self.all.settings
        if self._in_body:
            took_s = self._body_bytes / settings.slowest_bytes_s
            return self._since_s + settings.body_timeout_s + took_s
        if self.is_unasked and not self.unsent_bytes:
            return self._since_s + settings.head_timeout_s
        return math.inf

    def _is_stuck(self, now_s: float) -> bool:
        """Return whether the client reads the response more slowly than the settings allow."""
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
    """Return an error response as raw bytes, for connections without a request to answer."""
    answer = _refusal(kind)
    status = HTTPStatus(answer.status_code)
    head = b"HTTP/1.1 %d %s\r\n" % (status.value, status.phrase.encode("ascii"))
    fields = b"".join(name + b": " + value + b"\r\n" for name, value in answer.raw_headers)
    return head + fields + b"\r\n" + bytes(answer.body)


@lru_cache(maxsize=1)
def _by_default() -> Connections:
    """Return the `Connections` used when the application state holds none."""
    return Connections(Settings())
