"""What concerns every request: its answer's headers, who may read and keep it, its size."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import MappingProxyType

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.exceptions import BodyTooLargeError, TokenAtConsoleError
from app.http.error_table import handler_of, kind_of
from app.http.pipeline import Exchange, PipelineStep
from app.http.problems import problem_response


class DefaultHeaders(PipelineStep):
    """Sets headers that an answer has not set itself."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        # As they are sent (ASGI): names are lower case in every answer.
        self._fields = {
            name.lower().encode("latin-1"): value.encode("latin-1")
            for name, value in headers.items()
        }

    def finish(self, exchange: Exchange) -> None:
        """Set those that are missing."""
        exchange.fields = {**self._fields, **exchange.fields}


class Origins(PipelineStep):
    """Tells browsers which other sites' pages may read an answer (CORS), never with cookies.

    Any page reads what anybody may read: answers to GET, and to POSTs that store nothing. Those on
    an allow-list send tokens and changes too. Whatever shows a credential or makes one, and the
    paths of forms, reports and the console, is read by nobody else: what a browser asks before such
    a request is refused.

    Parameters
    ----------
    origins, methods, headers, exposed
        Who is on the list, how they may ask, with which headers of a request, and which of an
        answer all see.
    open_headers
        Headers that anybody's requests may have.
    reading
        Paths of the POSTs that store nothing.
    own
        Paths that no other site's page reads.
    """

    def __init__(
        self,
        origins: Sequence[str],
        methods: Sequence[str],
        headers: Sequence[str],
        exposed: Sequence[str],
        open_headers: Sequence[str],
        reading: re.Pattern[str],
        own: re.Pattern[str],
    ) -> None:
        self._rules = CORSMiddleware(
            _nobody,
            allow_origins=origins,
            allow_methods=methods,
            allow_headers=headers,
            expose_headers=exposed,
        )
        self._open_rules = {
            is_reading: CORSMiddleware(
                _nobody,
                allow_origins=["*"],
                allow_methods=["GET", "HEAD", *(["POST"] if is_reading else [])],
                allow_headers=open_headers,
            )
            for is_reading in (False, True)
        }
        self._exposed = ", ".join(exposed).encode("latin-1")
        self._reading = reading
        self._own = own

    def begin(self, exchange: Exchange) -> Response | None:
        """Answer what a browser asks before the request itself."""
        asked = exchange.asked
        if b"origin" not in asked or exchange.method != "OPTIONS":
            return None
        if b"access-control-request-method" not in asked:
            return None
        rules, path = self._rules, exchange.scope["path"]
        is_listed = rules.is_allowed_origin(asked[b"origin"].decode("latin-1"))
        if not is_listed and not self._own.fullmatch(path):
            rules = self._open_rules[self._reading.fullmatch(path) is not None]
        return rules.preflight_response(Headers(scope=exchange.scope))

    def finish(self, exchange: Exchange) -> None:
        """Say who may read an answer: the asker's origin where it is on the list, or anybody."""
        exchange.varies.append(b"Origin")
        origin = exchange.asked.get(b"origin")
        if origin is None or b"access-control-allow-methods" in exchange.fields:
            return
        exchange.fields[b"access-control-expose-headers"] = self._exposed
        if self._rules.is_allowed_origin(origin.decode("latin-1")):
            exchange.fields[b"access-control-allow-origin"] = origin
        elif self._is_open(exchange):
            exchange.fields[b"access-control-allow-origin"] = b"*"

    def _is_open(self, exchange: Exchange) -> bool:
        """Return whether anybody may read an answer."""
        if b"authorization" in exchange.asked or b"cookie" in exchange.asked:
            return False
        if b"set-cookie" in exchange.fields or any(n == b"set-cookie" for n, _ in exchange.more):
            return False
        path = exchange.scope["path"]
        if self._own.fullmatch(path):
            return False
        if exchange.method in {"GET", "HEAD"}:
            return True
        return exchange.method == "POST" and self._reading.fullmatch(path) is not None


async def _nobody(_scope: Scope, _receive: Receive, _send: Send) -> None:
    """Stand behind rules that are asked by themselves."""


class BodyLimit:
    """Reads a body up to a limit before anything else sees the request; beyond it, 413.

    Who sends more than anybody may is looked up before more is read, once a request: a cookie or
    token that opens nothing lifts no limit (P55).

    Parameters
    ----------
    anybody_bytes
        Of bodies of anybody,
    anybodys
        but for these paths.
    writers_bytes
        Of bodies of those who may write,
    writers
        but for these paths.
    may_write
        Tells whether a request's credential is one of those.
    """

    def __init__(
        self,
        app: ASGIApp,
        anybody_bytes: int,
        writers_bytes: int,
        may_write: Callable[[Scope], Awaitable[bool]],
        anybodys: Mapping[str, int] = MappingProxyType({}),
        writers: Mapping[str, int] = MappingProxyType({}),
    ) -> None:
        self.app = app
        self.anybody_bytes, self.anybodys = anybody_bytes, anybodys
        self.writers_bytes, self.writers = writers_bytes, writers
        self._may_write = may_write

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        headers = Headers(scope=scope) if scope["type"] == "http" else Headers()
        if not ("content-length" in headers or "transfer-encoding" in headers):
            await self.app(scope, receive, send)
            return
        try:
            body = await self._read(scope, headers.get("content-length", ""), receive)
        except ConnectionResetError:
            return  # nobody is there to be answered
        except Exception as error:
            handler = handler_of(error)
            if handler is None:
                raise
            await (await handler(Request(scope), error))(scope, receive, send)
            return
        pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def replayed() -> Message:
            return pending.pop() if pending else await receive()

        await self.app(scope, replayed, send)

    async def _read(self, scope: Scope, stated: str, receive: Receive) -> bytes:
        """Return the body.

        Raises
        ------
        BodyTooLargeError
            It is larger than its limit.
        ConnectionResetError
            Its sender is gone.
        """
        limit_bytes = self.anybodys.get(scope["path"], self.anybody_bytes)
        is_looked_up = False
        size_bytes = int(stated) if _is_number(stated) else 0
        body = bytearray()
        more = True
        while True:
            if size_bytes > limit_bytes and not is_looked_up:
                is_looked_up = True
                if await self._may_write(scope):
                    theirs = self.writers.get(scope["path"], self.writers_bytes)
                    limit_bytes = max(limit_bytes, theirs)
            if size_bytes > limit_bytes:
                raise BodyTooLargeError(limit_bytes)
            if not more:
                return bytes(body)
            message = await receive()
            if message["type"] != "http.request":
                raise ConnectionResetError
            body += message.get("body", b"")
            size_bytes = len(body)
            more = message.get("more_body", False)


def _is_number(text: str) -> bool:
    # Python refuses to read numbers of thousands of digits; the server counts longer ones.
    return text.isascii() and text.isdigit() and len(text) < 20  # noqa: PLR2004


class PrivateAnswers(PipelineStep):
    """Lets no cache keep what was answered to somebody who showed who they are (P7).

    It goes by what the request carries, not by what an endpoint finds in it, so that no endpoint
    can forget it: a credential in the header, or the console's own part of the addresses.

    Parameters
    ----------
    private_path, shared_path
        The console's part, and what everybody's pages share.
    changed_path
        What lies below is changed by who says what it was (`If-Match`): it keeps its entity tag,
        with which nobody is answered 304.
    """

    def __init__(self, private_path: str, shared_path: str, changed_path: str) -> None:
        self._private_path = private_path
        self._shared_path = shared_path
        self._changed_path = changed_path

    def begin(self, exchange: Exchange) -> None:
        """Take the conditions from a private request."""
        if self._is_private(exchange):
            # Without the condition no answer is 304 by a tag that a lower tier was given.
            for name in _CONDITIONS & exchange.asked.keys():
                exchange.ask(name, None)

    def finish(self, exchange: Exchange) -> None:
        """Mark an answer."""
        path, fields = routed_path(exchange.scope), exchange.fields
        if path.startswith(self._shared_path):
            return
        exchange.varies.append(b"Authorization")
        if is_below(path, self._private_path):
            # Without any referrer browsers hide the origin of our own forms too, which
            # is what tells them from forged ones (Fetch, 3.2: Origin is "null" then).
            fields.setdefault(b"referrer-policy", b"same-origin")
        if self._is_private(exchange):
            fields[b"cache-control"] = b"private, no-store"
            fields.pop(b"last-modified", None)
            fields.pop(b"expires", None)
            if not is_below(path, self._changed_path):
                fields.pop(b"etag", None)

    def _is_private(self, exchange: Exchange) -> bool:
        path = routed_path(exchange.scope)
        is_shared = path.startswith(self._shared_path)
        has_credential = b"authorization" in exchange.asked or is_below(path, self._private_path)
        return has_credential and not is_shared


class ConsoleAlone(PipelineStep):
    """Refuses what comes to the console with an Authorization header (P50).

    Whatever the header holds and the address has: before the body is read, and before anybody
    looks at a cookie that came with it.

    Parameters
    ----------
    path
        The console's part.
    """

    def __init__(self, path: str) -> None:
        self._path = path

    def begin(self, exchange: Exchange) -> Response | None:
        """Answer such a request."""
        if b"authorization" not in exchange.asked:
            return None
        if not is_below(routed_path(exchange.scope), self._path):
            return None
        kind = kind_of(TokenAtConsoleError())
        return problem_response(kind, kind.detail or "")


_CONDITIONS = frozenset({b"if-none-match", b"if-modified-since"})


def routed_path(scope: Scope) -> str:
    """Return the path that decides which endpoint answers: without the one we are mounted at.

    Not the address as a whole, which is made with the header Host: the asker writes that.
    """
    path, root = str(scope["path"]), str(scope.get("root_path", ""))
    return path.removeprefix(root) if root and is_below(path, root) else path


def is_below(path: str, top: str) -> bool:
    """Return whether a path is ``top`` or lies below it."""
    return path == top or path.startswith(f"{top}/")
