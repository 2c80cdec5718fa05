"""Serving of published data: fast routing, caching per tier, and entity tags from the content."""

from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from app.access.dependencies import base_url
from app.access.identity import ANYBODY, Asker, find_asker
from app.exceptions import DemoNotPublicError, InvalidParameterError
from app.http.compression import SMALLEST, Coding, accepted_by, tagged
from app.http.error_table import handler_of
from app.http.etags import PUBLIC, knows
from app.snapshots.layer_editions import Editions, Look
from app.snapshots.response_cache import Kept, Shelf
from geo.db.read_pool import ReadPool
from geo.db.sessions import Database, Tier
from tiles.catalogue.layer import Layer
from tiles.downloads.formats import FeatureFormat, negotiate

#: Cache-Control of tiers above public, whose responses must not be stored anywhere.
PRIVATE = "private, no-store"

type Endpoint = Callable[["PublishedRequest"], Awaitable[Response]]


class PublishedRequest:
    """One request for published data.

    Parameters
    ----------
    request
        The HTTP request.
    asker
        The requester, with tier and token.
    look
        Editions (versions of the data) of the layers, which stay the same during the request.
    """

    def __init__(self, request: Request, asker: Asker, look: Look) -> None:
        self.request = request
        self.asker = asker
        self.look = look

    @property
    def tier(self) -> Tier:
        """Tier of the requester, which decides the visible rows."""
        return self.asker.tier

    @property
    def path(self) -> Mapping[str, str]:
        """Path parameters of the request."""
        return self.request.path_params

    @property
    def base(self) -> str:
        """Base URL of the links in the response."""
        return base_url(self.request)

    @property
    def database(self) -> Database:
        """Database of the application."""
        database: Database = self.request.state.database
        return database

    @property
    def reader(self) -> ReadPool:
        """Pool of raw connections of the requester's tier."""
        return self.database.reader(self.tier)

    @property
    def editions(self) -> Editions:
        """Source of the current editions (versions of the data) of the layers."""
        editions: Editions = self.request.state.editions
        return editions

    @property
    def is_demo(self) -> bool:
        """Whether demo rows are loaded (P35)."""
        return self.look.is_demo

    @property
    def shelf(self) -> Shelf:
        """Response cache of this process."""
        shelf: Shelf = self.request.state.shelf
        return shelf

    def only_as(self, form: str, *names: str) -> dict[str, str]:
        """Return the query parameters of a resource that has a single format.

        Raises
        ------
        InvalidParameterError
            If ``f`` names another format, or a parameter is unknown or occurs twice.
        """
        found = self.only("f", *names)
        if found.pop("f", form) != form:
            raise InvalidParameterError("f", f"this comes as {form} alone")
        return found

    def format(self, offered: Sequence[FeatureFormat], f: str | None) -> FeatureFormat:
        """Negotiate the response format by ``f``, or else by the ``Accept`` header.

        Raises
        ------
        UnknownFormatError, NotAcceptableError
            If the requested format is not offered.
        """
        return negotiate(f, self.request.headers.get("accept"), offered)

    def only(self, *names: str) -> dict[str, str]:
        """Return the query parameters of the request, of which only ``names`` are allowed.

        Raises
        ------
        InvalidParameterError
            If a parameter is unknown or occurs twice.
        """
        found: dict[str, str] = {}
        text = self.request.scope["query_string"].decode("latin-1")
        for name, value in parse_qsl(text, keep_blank_values=True) if text else ():
            if name not in names:
                shown = "".join(c for c in name[:64] if c.isprintable())
                reason = f"unknown parameter; known are: {', '.join(sorted(names)) or 'none'}"
                raise InvalidParameterError(shown, reason)
            if name in found:
                raise InvalidParameterError(name, "given more than once")
            found[name] = value
        return found

    async def kept(
        self,
        layers: tuple[Layer, ...],
        key: Hashable,
        make: Callable[[], Awaitable[tuple[bytes, dict[str, str]]]],
    ) -> Kept:
        """Return a cached response, or make one and offer it to the cache.

        Parameters
        ----------
        layers
            Layers that the response depends on.
        key
            Cache key of the request, besides the tier.
        make
            Coroutine function that returns the body and the extra headers.
        """
        # The edition is read before the body, so the body is never older than its edition.
        edition = tuple([self.look.of(layer) for layer in layers])
        place = self.tier, key
        found = self.shelf.get(place, edition)
        if found is None:
            body, extra = await make()
            found = Kept.of(edition, body, extra)
            if self.shelf.offer(place, found):
                found.place = place
        return found

    def signed(self, body: bytes, media_type: str) -> Response:
        """Return a response with an entity tag, for a body that depends on no database row."""
        return self.answer(Kept.of(None, body), media_type)

    def answer(self, kept: Kept, media_type: str) -> Response:
        """Send a cached response: 304 if the client's copy is current, compressed if accepted."""
        tag = f'"{kept.digest}"'
        coding = accepted_by(self.request.scope).coding if len(kept.body) >= SMALLEST else None
        sent = tag if coding is None else tagged(tag, coding)
        headers = [
            (b"etag", sent.encode("ascii")),
            (b"cache-control", _CACHE_CONTROL[self.tier is Tier.PUBLIC]),
            (b"vary", b"Accept, Accept-Encoding, Authorization"),
        ]
        for name, value in kept.extra.items():
            headers.append((name.lower().encode("ascii"), value.encode("latin-1")))
        if knows(self.request, tag):
            return _Answer(304, b"", headers)
        if not kept.body:
            return _Answer(204, b"", headers)
        body = kept.body
        if coding is not None:
            body = self._packed(kept, coding)
            headers.append((b"content-encoding", coding.name.encode("ascii")))
        headers.append((b"content-length", b"%d" % len(body)))
        headers.append((b"content-type", media_type.encode("ascii")))
        return _Answer(200, body, headers)

    def _packed(self, kept: Kept, coding: Coding) -> bytes:
        """Return a body compressed in a content coding; a cached response keeps it as well."""
        found = kept.encoded.get(coding.name)
        if found is None:
            found = kept.encoded[coding.name] = coding.packed(kept.body)
            if kept.place is not None:
                self.shelf.put(kept.place, kept)
        return found


_CACHE_CONTROL: Final = {True: PUBLIC.encode("ascii"), False: PRIVATE.encode("ascii")}


class _Answer(Response):
    """Response whose raw headers are given, so that Starlette does not encode them again."""

    def __init__(self, status: int, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
        self.status_code = status
        self.body = body
        self.raw_headers = headers
        self.background = None


class PublishedRoute(Route):
    """A route of published data, without FastAPI's parameter handling.

    FastAPI's parsing of declared parameters takes as long as PostGIS takes for a page. The
    parameters of these routes are declared in `app.api.collections.openapi_published`.
    """

    def __init__(self, path: str, endpoint: Endpoint, **fixed: Any) -> None:  # noqa: ANN401
        super().__init__(path, self.respond, methods=["GET"])
        self._answer = endpoint
        self._fixed = fixed
        #: Literal prefix of the route's paths.
        self.start = path.partition("{")[0]

    async def respond(self, request: Request) -> Response:
        """Answer a request to this route."""
        asker = ANYBODY
        if "authorization" in request.headers:
            asker = await find_asker(request)
        look = await request.state.editions.believed()
        if look.is_demo and not request.state.settings.may_show_demo:
            raise DemoNotPublicError
        request.path_params.update(self._fixed)
        return await self._answer(PublishedRequest(request, asker, look))

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Match like a Starlette route, and record the route in the scope for the log."""
        # Before most requests find their route, tens of routes are tried, each by a regular
        # expression; the prefix test is cheaper.
        if not scope.get("root_path") and not scope["path"].startswith(self.start):
            return Match.NONE, {}
        match, child = super().matches(scope)
        return match, {**child, "route": self} if match is not Match.NONE else child


class PublishedDispatcher:
    """Middleware that dispatches the busiest routes by literal prefix, before all other routes.

    Requests that match none of its routes, and those with another method than GET, go on to the
    app.

    Parameters
    ----------
    app
        Application for all other requests.
    routes
        Routes to dispatch; earlier ones have precedence.
    """

    def __init__(self, app: ASGIApp, routes: Sequence[PublishedRoute]) -> None:
        self.app = app
        self._starting: dict[str, list[PublishedRoute]] = {}
        for route in routes:
            self._starting.setdefault(route.start, []).append(route)
        self._longest = max(map(len, self._starting), default=0)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        route = self._find(scope) if scope["type"] == "http" else None
        if route is None:
            await self.app(scope, receive, send)
            return
        request = Request(scope, receive, send)
        try:
            answer = await route.respond(request)
        except Exception as error:
            handler = handler_of(error)
            if handler is None:
                raise
            answer = await handler(request, error)
        await answer(scope, receive, send)

    def _find(self, scope: Scope) -> PublishedRoute | None:
        """Return the route of a request, with its path parameters put into the scope."""
        if scope["method"] != "GET" or scope.get("root_path"):
            return None
        path: str = scope["path"]
        # The search starts at the longest known prefix: a path of 60,000 slashes would otherwise
        # block the event loop for half a second.
        end = len(path)
        if end > self._longest:
            end = path.rfind("/", 0, self._longest) + 1
        while end > 0:
            for route in self._starting.get(path[:end], ()):
                match = route.path_regex.match(path)
                if match is not None:
                    scope["route"], scope["path_params"] = route, match.groupdict()
                    return route
            # Then each shorter prefix that ends with a slash is tried.
            end = path.rfind("/", 0, end - 1) + 1
        return None
