"""What surrounds every request: its log line, its id, its headers, its size, its last net."""

import time
import uuid
from collections.abc import Mapping
from types import MappingProxyType

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import INTERNAL, BodyTooLargeError, kind_of
from app.logs import ACCESS, INCIDENTS, describe
from app.problems import problem_response


class RequestLog:
    """Gives each request an id and one log line; answers what nobody else has caught.

    The line holds the path's template, never the path: tile numbers and ids are places (P48).
    An exception that reached the server would be printed there with its message, so it ends
    here: the client gets an incident id, the log gets classes and lines of code.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id, started, status = uuid.uuid4().hex, time.perf_counter(), 0

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-ID"] = request_id
            await send(message)

        try:
            await self.app(scope, receive, noted)
        except Exception as error:  # the last net; see the class
            INCIDENTS.error("incident %s: %s", request_id, describe(error))
            if status:
                # Half an answer is out: the connection has to break, but without the message.
                msg = f"incident {request_id} while an answer was being sent"
                raise RuntimeError(msg) from None
            await _incident(request_id)(scope, receive, noted)
        finally:
            ACCESS.info(
                "%s %s %d %.1f ms %s",
                scope["method"] if scope["method"] in _METHODS else "-",
                _template(scope),
                status,
                (time.perf_counter() - started) * 1000,
                request_id,
            )


_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


def _template(scope: Scope) -> str:
    # An address that matches nothing may hold anything, so it is not repeated.
    return str(getattr(scope.get("route"), "path", None) or "-")


def _incident(request_id: str) -> Response:
    detail = INTERNAL.detail or ""
    return problem_response(INTERNAL, detail, extras={"instance": f"urn:uuid:{request_id}"})


class DefaultHeaders:
    """Sets response headers that an endpoint has not set itself."""

    def __init__(self, app: ASGIApp, headers: Mapping[str, str]) -> None:
        self.app = app
        self.headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""

        async def completed(message: Message) -> None:
            if message["type"] == "http.response.start":
                present = MutableHeaders(scope=message)
                for name, value in self.headers.items():
                    present.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, completed if scope["type"] == "http" else send)


class HeadAsGet:
    """Answers HEAD wherever GET is answered: the same headers, no body (RFC 9110, 9.3.2)."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self.app(scope, receive, send)
            return

        async def bodiless(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        # A copy: the server looks at its own scope to know that this is a HEAD.
        as_get = {**scope, "method": "GET"}
        try:
            await self.app(as_get, receive, bodiless)
        finally:
            if "route" in as_get:
                scope["route"] = as_get["route"]


class BodyLimit:
    """Reads a body up to a limit before anything else sees the request; beyond it, 413.

    Parameters
    ----------
    limit_bytes
        Of every body, but for
    larger
        by path: those that take a file from somebody who shows the cookie of this name.
    cookie
        Of a sign-in.
    """

    def __init__(
        self,
        app: ASGIApp,
        limit_bytes: int,
        larger: Mapping[str, int] = MappingProxyType({}),
        cookie: str = "",
    ) -> None:
        self.app = app
        self.limit_bytes = limit_bytes
        self.larger = larger
        self.cookie = cookie

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        headers = Headers(scope=scope) if scope["type"] == "http" else Headers()
        if not ("content-length" in headers or "transfer-encoding" in headers):
            await self.app(scope, receive, send)
            return
        stated = headers.get("content-length", "")
        limit_bytes = self._limit(scope, headers)
        body = None
        if not _is_number(stated) or int(stated) <= limit_bytes:
            try:
                body = await self._read(receive, limit_bytes)
            except ConnectionResetError:
                return  # nobody is there to be answered
        if body is None:
            error = BodyTooLargeError(limit_bytes)
            await problem_response(kind_of(error), str(error))(scope, receive, send)
            return
        pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def replayed() -> Message:
            return pending.pop() if pending else await receive()

        await self.app(scope, replayed, send)

    def _limit(self, scope: Scope, headers: Headers) -> int:
        # Whether the cookie opens anything is looked up later; most others do not even have one.
        has_cookie = f"{self.cookie}=" in headers.get("cookie", "")
        larger = self.larger.get(scope["path"], 0) if has_cookie else 0
        return max(self.limit_bytes, larger)

    async def _read(self, receive: Receive, limit_bytes: int) -> bytes | None:
        """Return the body, None where it is larger than the limit."""
        body = bytearray()
        more = True
        while more:
            message = await receive()
            if message["type"] != "http.request":
                raise ConnectionResetError
            body += message.get("body", b"")
            if len(body) > limit_bytes:
                return None
            more = message.get("more_body", False)
        return bytes(body)


def _is_number(text: str) -> bool:
    # Python refuses to read numbers of thousands of digits; the server counts longer ones.
    return text.isascii() and text.isdigit() and len(text) < 20  # noqa: PLR2004


class PrivateAnswers:
    """Lets no cache keep what was answered to somebody who showed who they are (P7).

    It goes by what the request carries, not by what an endpoint finds in it, so that no endpoint
    can forget it: a credential in the header, or the console's own part of the addresses.
    """

    def __init__(self, app: ASGIApp, private_path: str, shared_path: str) -> None:
        self.app = app
        self.private_path = private_path
        self.shared_path = shared_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http" or scope["path"].startswith(self.shared_path):
            await self.app(scope, receive, send)
            return
        is_console = is_below(scope["path"], self.private_path)
        is_private = is_console or "authorization" in Headers(scope=scope)
        if is_private:
            # Without the condition no answer is 304 by a tag that a lower tier was given.
            conditions = {b"if-none-match", b"if-modified-since"}
            kept = [pair for pair in scope["headers"] if pair[0].lower() not in conditions]
            scope = {**scope, "headers": kept}

        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.add_vary_header("Authorization")
                if is_console:
                    # Without any referrer browsers hide the origin of our own forms too, which
                    # is what tells them from forged ones (Fetch, 3.2: Origin is "null" then).
                    headers.setdefault("Referrer-Policy", "same-origin")
                if is_private:
                    headers["Cache-Control"] = "private, no-store"
                    for name in ("ETag", "Last-Modified", "Expires"):
                        if name in headers:
                            del headers[name]
            await send(message)

        await self.app(scope, receive, marked)


def is_below(path: str, top: str) -> bool:
    """Tell whether a path is ``top`` or lies below it."""
    return path == top or path.startswith(f"{top}/")
