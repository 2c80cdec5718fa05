"""How published answers are served: routed early, kept per tier, and signed by their content."""

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

#: Of the tiers above public: nothing of theirs is to lie about anywhere.
PRIVATE = "private, no-store"

type Endpoint = Callable[["PublishedRequest"], Awaitable[Response]]


class PublishedRequest:
    """One request for something published.

    Parameters
    ----------
    request
        As it came.
    asker
        Who asks.
    look
        The editions of the layers as they are believed for the whole of this request.
    """

    def __init__(self, request: Request, asker: Asker, look: Look) -> None:
        self.request = request
        self.asker = asker
        self.look = look

    @property
    def tier(self) -> Tier:
        """Whose rows are seen."""
        return self.asker.tier

    @property
    def path(self) -> Mapping[str, str]:
        """Values of the address."""
        return self.request.path_params

    @property
    def base(self) -> str:
        """Address that links start with."""
        return base_url(self.request)

    @property
    def database(self) -> Database:
        """The database."""
        database: Database = self.request.state.database
        return database

    @property
    def reader(self) -> ReadPool:
        """Raw connections of the asker's tier."""
        return self.database.reader(self.tier)

    @property
    def editions(self) -> Editions:
        """The current editions of the layers."""
        editions: Editions = self.request.state.editions
        return editions

    @property
    def is_demo(self) -> bool:
        """Whether demo rows are loaded (P35)."""
        return self.look.is_demo

    @property
    def shelf(self) -> Shelf:
        """What this process keeps."""
        shelf: Shelf = self.request.state.shelf
        return shelf

    def only_as(self, form: str, *names: str) -> dict[str, str]:
        """Return the query's parameters of what comes in one format.

        Raises
        ------
        InvalidParameterError
            ``f`` is another one, or as of `only`.
        """
        found = self.only("f", *names)
        if found.pop("f", form) != form:
            raise InvalidParameterError("f", f"this comes as {form} alone")
        return found

    def format(self, offered: Sequence[FeatureFormat], f: str | None) -> FeatureFormat:
        """Return the format that is meant, by ``f`` or else by the ``Accept`` header.

        Raises
        ------
        UnknownFormatError, NotAcceptableError
            It is none of the offered ones.
        """
        return negotiate(f, self.request.headers.get("accept"), offered)

    def only(self, *names: str) -> dict[str, str]:
        """Return the query's parameters.

        Raises
        ------
        InvalidParameterError
            One is not of these names, or stands twice.
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
        """Return an answer that is kept, or make and keep it.

        Parameters
        ----------
        layers
            What it rests on.
        key
            What is asked, beside the tier.
        make
            Returns the body, and what else belongs to the answer.
        """
        # Looked at before the body is read: it is then at least as new as its edition.
        edition = tuple([self.look.of(layer) for layer in layers])
        place = self.tier, key
        found = self.shelf.get(place, edition)
        if found is None:
            body, extra = await make()
            found = Kept.of(edition, body, extra, place)
            self.shelf.put(place, found)
        return found

    def signed(self, body: bytes, media_type: str) -> Response:
        """Send what is made at once and rests on no row."""
        return self.answer(Kept.of(None, body), media_type)

    def answer(self, kept: Kept, media_type: str) -> Response:
        """Send what is kept: 304 where the asker has it, compressed where it takes that."""
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
        """Return a body in a coding, and keep it in that too."""
        found = kept.encoded.get(coding.name)
        if found is None:
            found = kept.encoded[coding.name] = coding.packed(kept.body)
            if kept.place is not None:
                self.shelf.put(kept.place, kept)
        return found


_CACHE_CONTROL: Final = {True: PUBLIC.encode("ascii"), False: PRIVATE.encode("ascii")}


class _Answer(Response):
    """An answer whose headers are written as they are sent."""

    def __init__(self, status: int, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
        self.status_code = status
        self.body = body
        self.raw_headers = headers
        self.background = None


class PublishedRoute(Route):
    """An address of published data, answered without the frames of a form.

    FastAPI's own routes read their parameters by declarations, which takes as long as PostGIS
    takes for the page. What these take is declared in `app.api.collections.openapi_published`.
    """

    def __init__(self, path: str, endpoint: Endpoint, **fixed: Any) -> None:  # noqa: ANN401
        super().__init__(path, self.respond, methods=["GET"])
        self._answer = endpoint
        self._fixed = fixed
        #: What each of its addresses begins with.
        self.start = path.partition("{")[0]

    async def respond(self, request: Request) -> Response:
        """Answer a request for this address."""
        asker = ANYBODY
        if "authorization" in request.headers:
            asker = await find_asker(request)
        look = await request.state.editions.believed()
        if look.is_demo and not request.state.settings.may_show_demo:
            raise DemoNotPublicError
        request.path_params.update(self._fixed)
        return await self._answer(PublishedRequest(request, asker, look))

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Match as any other, and say which address it is, for the log."""
        # Tens of addresses are tried before most requests find theirs, each by a pattern.
        if not scope.get("root_path") and not scope["path"].startswith(self.start):
            return Match.NONE, {}
        match, child = super().matches(scope)
        return match, {**child, "route": self} if match is not Match.NONE else child


class Published:
    """Finds the addresses that are asked most by what they begin with, before all others.

    What it does not find is tried in turn as everything else, and so is whatever is no GET.

    Parameters
    ----------
    app
        What answers the rest.
    routes
        What is found; those that come first are tried first.
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
        """Return the address of a request, whose values are then in its scope."""
        if scope["method"] != "GET" or scope.get("root_path"):
            return None
        path: str = scope["path"]
        # No further: a path of 60,000 slashes would hold everybody up for half a second.
        end = len(path)
        if end > self._longest:
            end = path.rfind("/", 0, self._longest) + 1
        while end > 0:
            for route in self._starting.get(path[:end], ()):
                match = route.path_regex.match(path)
                if match is not None:
                    scope["route"], scope["path_params"] = route, match.groupdict()
                    return route
            # What else it may begin with: all up to a slash, the longest first.
            end = path.rfind("/", 0, end - 1) + 1
        return None
