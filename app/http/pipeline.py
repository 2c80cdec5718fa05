"""Processing common to all requests: one pass over the request and one over the response.

Each concern, such as compression or CORS, is a `PipelineStep`; `app.main` lists the steps,
outermost first. The `begin` methods of the steps run in that order, and each may answer the request
itself. The response then passes the `finish` methods in reverse order; its headers are parsed and
written only once. As separate ASGI middlewares the steps took longer than PostGIS needs to return a
feature.

This module also makes the access log line and the request id, and handles unexpected exceptions,
because these concern all steps.
"""

import time
from collections.abc import Callable, Sequence
from functools import lru_cache
from os import urandom
from typing import Any, Protocol

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.http.error_table import INTERNAL
from app.http.problems import problem_response
from app.runtime.logs import ACCESS, INCIDENTS, describe

#: Key in the ASGI scope that marks a HEAD request, which endpoints see as GET. Endpoints with
#: expensive bodies check the key, because no body is sent.
IS_HEAD = "amparo.is_head"

#: Name of the ASGI scope extension that holds a function which aborts the connection
#: (`app.http.connections`).
ABORT = "amparo.abort"

_START = "http.response.start"
_BODY = "http.response.body"

#: Request headers whose repeated lines are joined to one list (RFC 9110, 5.3); of other repeated
#: headers only the first line is used.
_LISTS = frozenset({b"accept-encoding", b"x-forwarded-for"})

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

type Headers = dict[bytes, bytes]
type Finish = Callable[["Exchange"], None]


class Packing(Protocol):
    """Encoder of a response body, such as a compressor."""

    async def whole(self, body: bytes) -> bytes:
        """Encode a whole body."""

    def piece(self, body: bytes, *, is_last: bool) -> bytes:
        """Encode the next part of a streamed body."""


class PipelineStep:
    """Base class of the steps through which all requests pass; its own methods do nothing."""

    def begin(self, exchange: "Exchange") -> Response | None:
        """Inspect or change a request before the application, and optionally answer it."""

    def finish(self, exchange: "Exchange") -> None:
        """Inspect or change a response, given its headers and the first part of its body."""


class Exchange:
    """One request and its response in progress.

    Attributes
    ----------
    scope : Scope
        ASGI scope for the application; a step that changes the scope stores a changed copy here.
    asked : dict
        The request's headers, as changed by the steps so far.
    method : str
        The request's original method; `scope` has GET for a HEAD request.
    request_id : str
        Id for the log line and for the response header `X-Request-Id`.
    notes : dict
        Values that steps keep between `begin` and `finish`.
    status, fields, more, body, is_whole
        The response once it has started: status, headers that occur once, headers that occur more
        than once, first part of the body, and whether that part is the whole body.
    varies : list
        Header names to add to the response's own `Vary`.
    packing : Packing or None
        Encoder applied to the body before it is sent.
    """

    __slots__ = (
        *("_finishes", "_is_head", "_send", "_start", "asked", "body", "fields", "is_sent"),
        *("is_whole", "method", "more", "notes", "packing", "request_id", "scope", "status"),
        "varies",
    )

    def __init__(self, scope: Scope, send: Send, finishes: Sequence[Finish] = ()) -> None:
        self.scope = scope
        self.asked = _read(scope["headers"])
        self.method: str = scope["method"]
        self.request_id = _new_id()
        self.notes: dict[str, Any] = {}
        self.status = 0
        self.fields: Headers = {}
        self.more: list[tuple[bytes, bytes]] = []
        self.varies: list[bytes] = []
        self.body = b""
        self.packing: Packing | None = None
        self.is_whole = self.is_sent = False
        self._is_head = self.method == "HEAD"
        if self._is_head:
            # HEAD is answered as GET: the same headers, no body (RFC 9110, 9.3.2). The scope is
            # copied, because the server goes on using its own scope, with HEAD.
            self.scope = {**scope, "method": "GET", IS_HEAD: True}
        self._send = send
        self._finishes = finishes
        self._start: Message | None = None

    async def take(self, message: Message) -> None:
        """Forward an ASGI message of the response.

        `http.response.start` is held back until the first part of the body is known.
        """
        kind = message["type"]
        if kind == _START:
            self._start = message
            return
        if self._start is not None:
            start, self._start = self._start, None
            await self._begin(start, message)
            if kind == _BODY:
                message = {**message, "body": self.body}
        elif self.packing is not None and kind == _BODY:
            is_last = not message.get("more_body", False)
            piece = self.packing.piece(message.get("body", b""), is_last=is_last)
            message = {**message, "body": piece}
        if self._is_head and kind == _BODY:
            message = {**message, "body": b""}
        await self._send(message)

    def ask(self, name: bytes, value: bytes | None) -> None:
        """Replace a request header for the application; None removes the header."""
        self.asked = {other: held for other, held in self.asked.items() if other != name}
        headers = [pair for pair in self.scope["headers"] if pair[0].lower() != name]
        if value is not None:
            self.asked[name] = value
            headers.append((name, value))
        self.scope = {**self.scope, "headers": headers}

    def replace(self, answer: Response) -> None:
        """Replace the response's headers and body, keeping its status."""
        self._set_headers(answer.raw_headers)
        self.body = bytes(answer.body)

    async def _begin(self, start: Message, first: Message) -> None:
        self.status = start["status"]
        self._set_headers(start.get("headers", ()))
        self.varies, self.packing = [], None
        self.body = first.get("body", b"")
        self.is_whole = first["type"] == _BODY and not first.get("more_body", False)
        for finish in self._finishes:
            finish(self)
        if self.packing is not None:
            await self._pack(self.packing)
        fields = self.fields
        if self.varies or b"vary" in fields:
            fields[b"vary"] = varying(fields.get(b"vary", b""), tuple(self.varies))
        fields[b"x-request-id"] = self.request_id.encode("ascii")
        self.is_sent = True
        headers = [*fields.items(), *self.more]
        await self._send({"type": _START, "status": self.status, "headers": headers})

    async def _pack(self, packing: Packing) -> None:
        if self.is_whole:
            self.body = await packing.whole(self.body)
            self.fields[b"content-length"] = b"%d" % len(self.body)
        else:
            self.fields.pop(b"content-length", None)
            self.body = packing.piece(self.body, is_last=False)

    def _set_headers(self, headers: Sequence[tuple[bytes, bytes]]) -> None:
        self.fields = fields = dict(headers)
        self.more = []
        if len(fields) != len(headers):
            names = [name for name, _ in headers]
            several = {name for name in fields if names.count(name) > 1}
            self.more = [pair for pair in headers if pair[0] in several and pair[0] != b"vary"]
            vary = b", ".join(value for name, value in headers if name == b"vary")
            self.fields = {name: value for name, value in fields.items() if name not in several}
            if vary:
                self.fields[b"vary"] = vary


class Pipeline:
    """ASGI middleware that runs the pipeline steps, and gives each request an id and a log line.

    The log line holds the route's path template, never the path, because tile numbers and ids
    reveal places (P48). Every exception ends here, because the server would print its message. The
    client gets an incident id; the log gets exception classes and lines of code.

    Parameters
    ----------
    app
        The inner ASGI application.
    steps
        Pipeline steps, outermost first.
    """

    def __init__(self, app: ASGIApp, steps: Sequence[PipelineStep] = ()) -> None:
        self.app = app
        self._begins = [step.begin for step in steps if type(step).begin is not PipelineStep.begin]
        self._finishes = [
            step.finish for step in reversed(steps) if type(step).finish is not PipelineStep.finish
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started_s = time.perf_counter()
        exchange = Exchange(scope, send, self._finishes)
        try:
            answer = self._begin(exchange) or self.app
            await answer(exchange.scope, receive, exchange.take)
        except Exception as error:  # every exception ends here; see the class
            INCIDENTS.error("incident %s: %s", exchange.request_id, describe(error))
            if exchange.is_sent:
                # A part of the response is sent already, so break the connection by raising an
                # error that does not hold the exception's message.
                msg = f"incident {exchange.request_id} while an answer was being sent"
                raise RuntimeError(msg) from None
            await _incident(exchange.request_id)(exchange.scope, receive, exchange.take)
        finally:
            ACCESS.info(
                "%s %s %d %.1f ms %s",
                exchange.method if exchange.method in _METHODS else "-",
                _template(exchange.scope),
                exchange.status,
                (time.perf_counter() - started_s) * 1000,
                exchange.request_id,
            )

    def _begin(self, exchange: Exchange) -> Response | None:
        for begin in self._begins:
            answer = begin(exchange)
            if answer is not None:
                return answer
        return None


def _read(headers: Sequence[tuple[bytes, bytes]]) -> Headers:
    asked = dict(headers)
    if len(asked) != len(headers):
        asked = {}
        for name, value in headers:
            if name not in asked:
                asked[name] = value
            elif name in _LISTS:
                asked[name] += b"," + value
    return asked


# Cached, because there are few distinct combinations of arguments.
@lru_cache(maxsize=256)
def varying(stated: bytes, added: tuple[bytes, ...]) -> bytes:
    """Return the value of `Vary`: the stated names and the added ones, without duplicates."""
    names: dict[bytes, bytes] = {}
    for name in (*(part.strip() for part in stated.split(b",")), *added):
        if name:
            names.setdefault(name.lower(), name)
    return b", ".join(names.values())


def _new_id() -> str:
    # Hex form of a UUID version 4 (RFC 9562, 5.4), faster than through `uuid.UUID`.
    number = int.from_bytes(urandom(16)) & _UUID_RANDOM | _UUID_4
    return f"{number:032x}"


_UUID_4 = 0x4 << 76 | 0b10 << 62
_UUID_RANDOM = ~(0xF << 76 | 0b11 << 62)


def _template(scope: Scope) -> str:
    # A request that matches no route is logged as "-", because its path may hold anything.
    return str(getattr(scope.get("route"), "path", None) or "-")


def _incident(request_id: str) -> Response:
    detail = INTERNAL.detail or ""
    return problem_response(INTERNAL, detail, extras={"instance": f"urn:uuid:{request_id}"})
