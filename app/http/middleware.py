"""Pipeline steps for every request: texts, headers, CORS, private caching, body size limits."""

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
from app.i18n.reviewed_texts import ReviewedTexts, use_texts


class OwnTexts(PipelineStep):
    """Pipeline step that selects this application's published translations of safety texts (P47).

    Several applications may run in one process, each with its own translations.

    Parameters
    ----------
    texts
        Published translations; the application's `Editions` keeps them current.
    """

    def __init__(self, texts: ReviewedTexts) -> None:
        self._texts = texts

    def begin(self, exchange: Exchange) -> Response | None:  # noqa: ARG002 -- as every step
        """Use the translations until the response is sent."""
        use_texts(self._texts)
        return None


class DefaultHeaders(PipelineStep):
    """Pipeline step that adds default headers to responses that do not set them."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        # ASGI header names are lower-case bytes.
        self._fields = {
            name.lower().encode("latin-1"): value.encode("latin-1")
            for name, value in headers.items()
        }

    def finish(self, exchange: Exchange) -> None:
        """Add the missing default headers to a response."""
        exchange.fields = {**self._fields, **exchange.fields}


class Origins(PipelineStep):
    """Pipeline step for CORS: tells browsers which other origins may read a response.

    No origin may send cookies. Any origin may read public responses to GET, and to POSTs that store
    nothing. Origins on the allow-list may also send tokens and changes. Other origins may not read
    responses to requests with a credential, responses that set a cookie, and responses at the paths
    of forms, reports and the console; their preflight requests are refused.

    Parameters
    ----------
    origins, methods, headers, exposed
        Allow-list of origins, their methods and request headers, and the response headers exposed
        to every origin.
    open_headers
        Request headers allowed to any origin.
    reading
        Paths of the POSTs that store nothing.
    own
        Paths whose responses only origins on the allow-list may read.
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
        """Answer a CORS preflight request."""
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
        """Set the CORS headers of a response.

        The allowed origin is that of the request, if it is on the allow-list, or any origin for
        public responses.
        """
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
        """Return whether any origin may read the response."""
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
    """Do nothing: inner application of a `CORSMiddleware` of which only the rules are used."""


class BodyLimit:
    """Middleware that reads the whole body before the application, and answers 413 above a limit.

    When a body exceeds the limit for anonymous clients, the credential is checked, once per
    request, before more of the body is read. Only a credential that may write raises the limit
    (P55, refusing is cheap).

    Parameters
    ----------
    anybody_bytes
        Limit for anonymous clients.
    anybodys
        Other limits for anonymous clients, by path.
    writers_bytes
        Limit for clients that may write.
    writers
        Other limits for clients that may write, by path.
    may_write
        Function that tells whether a request's credential may write.
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
            return  # the client has disconnected
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
        """Read the request's body up to its limit.

        Raises
        ------
        BodyTooLargeError
            The body exceeds its limit.
        ConnectionResetError
            The client disconnected.
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
    # A `Content-Length` of 20 digits or more is ignored, because Python refuses to parse numbers of
    # thousands of digits; the bytes are counted as they arrive in any case.
    return text.isascii() and text.isdigit() and len(text) < 20  # noqa: PLR2004


class PrivateAnswers(PipelineStep):
    """Pipeline step that forbids caching of responses to authenticated requests (P7).

    A request counts as private if it has an `Authorization` header or a path of the console. The
    rule depends on the request alone, so that no endpoint can forget to forbid caching.

    Parameters
    ----------
    private_path, shared_path
        Path prefix of the console, and of the files that all pages share.
    changed_path
        Path prefix of resources that clients change with `If-Match`. Their responses keep the
        entity tag, which clients need for `If-Match`; it never leads to a 304.
    """

    def __init__(self, private_path: str, shared_path: str, changed_path: str) -> None:
        self._private_path = private_path
        self._shared_path = shared_path
        self._changed_path = changed_path

    def begin(self, exchange: Exchange) -> None:
        """Remove the conditional headers from a private request."""
        if self._is_private(exchange):
            # If the conditional headers stayed, an entity tag from a response with fewer rights
            # could lead to a 304, and the client would go on using that response.
            for name in _CONDITIONS & exchange.asked.keys():
                exchange.ask(name, None)

    def finish(self, exchange: Exchange) -> None:
        """Set the caching headers of a response."""
        path, fields = routed_path(exchange.scope), exchange.fields
        if path.startswith(self._shared_path):
            return
        exchange.varies.append(b"Authorization")
        if is_below(path, self._private_path):
            # With "no-referrer" browsers send "Origin: null" with the console's own forms too
            # (Fetch, 3.2), but the origin is needed to tell them from forged forms.
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
    """Pipeline step that refuses console requests with an Authorization header (P50).

    The console takes sessions only, no tokens. A request with the header is refused, whatever the
    header holds, before the body is read and before a cookie is checked.

    Parameters
    ----------
    path
        Path prefix of the console.
    """

    def __init__(self, path: str) -> None:
        self._path = path

    def begin(self, exchange: Exchange) -> Response | None:
        """Answer 403 to a console request with an Authorization header."""
        if b"authorization" not in exchange.asked:
            return None
        if not is_below(routed_path(exchange.scope), self._path):
            return None
        kind = kind_of(TokenAtConsoleError())
        return problem_response(kind, kind.detail or "")


_CONDITIONS = frozenset({b"if-none-match", b"if-modified-since"})


def routed_path(scope: Scope) -> str:
    """Return the path that the router matches: without the root path of the application's mount.

    The path is not taken from the full URL, because the URL is built from the Host header, which
    the client controls.
    """
    path, root = str(scope["path"]), str(scope.get("root_path", ""))
    return path.removeprefix(root) if root and is_below(path, root) else path


def is_below(path: str, top: str) -> bool:
    """Return whether a path is ``top`` or lies below it."""
    return path == top or path.startswith(f"{top}/")
