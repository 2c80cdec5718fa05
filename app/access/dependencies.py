"""FastAPI dependencies: database sessions per tier, road networks, clock, checks of requests."""

import json
import math
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Annotated, Any, TypedDict, get_origin

import orjson
from fastapi import Depends, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from app.access.disk_reserve import require_room
from app.access.identity import Asker, Seals, find_asker, require_actor
from app.access.oidc import Provider
from app.clock import Clock
from app.exceptions import DemoNotPublicError, InvalidParameterError, UnsupportedMediaTypeError
from app.http.connections import Connections
from app.http.large_bodies import LARGE_BYTES, read_aside
from app.http.rate_limits import RateLimits, client_of
from app.planning.population_raster import LinePeople
from app.planning.siting.runs import SitingRuns
from app.runtime.work_limit import AROUND
from app.settings import Settings
from app.snapshots.corridor_lines import CorridorLines
from app.snapshots.layer_editions import Editions
from app.snapshots.read_source import ReadSource
from app.snapshots.recently_used import RecentlyUsed
from app.snapshots.response_cache import Shelf
from app.snapshots.road_networks import RoadNetworks
from geo.accounts import staff_reads
from geo.accounts.permissions import Actor, require_staff
from geo.db.disk_reserve import Room
from geo.db.sessions import Database, Tier
from routing.travel.avoid_areas import Obstacles


class AppState(TypedDict):
    """Objects opened by the application's lifespan, available as ``request.state``."""

    settings: Settings
    database: Database
    network: RoadNetworks
    corridor_lines: CorridorLines
    line_people: LinePeople
    clock: Clock
    limits: RateLimits
    editions: Editions
    shelf: Shelf
    street_cuts: RecentlyUsed[Any]
    provider: Provider | None
    connections: Connections
    seals: Seals
    room: Room | None
    siting_runs: SitingRuns


async def get_asker(request: Request) -> Asker:
    """Identify the client by token or, at the console, by session cookie; else `ANYBODY`."""
    return await find_asker(request)


AskerDep = Annotated[Asker, Depends(get_asker)]


async def get_session(request: Request, asker: AskerDep) -> AsyncIterator[AsyncSession]:
    """Open a database session of the client's tier; the database itself enforces READ ONLY."""
    database: Database = request.state.database
    async with database.session(asker.tier) as session:
        yield session


@asynccontextmanager
async def open_source(request: Request) -> AsyncIterator[ReadSource]:
    """Open the data source of a request: counters of changes, and a session of the client's tier.

    The counters, called change stamps, tell whether data in memory are still current. They were
    read less than `app.snapshots.layer_editions.LEASE_S` seconds ago.

    Raises
    ------
    UnauthorizedError, InvalidTokenError
        As for `app.access.identity.find_asker`.
    DatabaseUnavailableError
        The database does not answer.
    """
    database: Database = request.state.database
    editions: Editions = request.state.editions
    tier = (await find_asker(request)).tier
    stamps = await editions.stamps()
    async with database.idle_session(tier) as session:
        yield ReadSource(session, stamps)


@asynccontextmanager
async def open_source_for(request: Request, obstacles: Obstacles) -> AsyncIterator[ReadSource]:
    """Open a data source for a routing request; requests with areas to avoid wait in a queue.

    Raises
    ------
    TooManyRequestsError, BusyError
        As for `app.runtime.work_limit.AreaQueue.turn`.
    UnauthorizedError, InvalidTokenError, DatabaseUnavailableError
        As for `open_source`.
    """
    async with AsyncExitStack() as stack:
        if len(obstacles):
            await stack.enter_async_context(AROUND.turn(client_of(request.scope)))
        yield await stack.enter_async_context(open_source(request))


async def get_actor(request: Request) -> Actor:
    """Return the signed-in person; refuse all other clients (console pages redirect to sign in)."""
    return await require_actor(request)


ActorDep = Annotated[Actor, Depends(get_actor)]


async def get_worker(actor: ActorDep) -> Actor:
    """Return the signed-in person if the person is an editor or above, who may work on records.

    Other people are refused before any record is read, so that the response does not reveal whether
    a record exists that only staff may see (P39).
    """
    require_staff(actor)
    return actor


WorkerDep = Annotated[Actor, Depends(get_worker)]


async def get_staff(request: Request, actor: ActorDep) -> AsyncIterator[AsyncSession]:
    """Open a staff session bound to an editor or above, and log the records that it read."""
    require_staff(actor)
    database: Database = request.state.database
    async with database.session(Tier.STAFF, person=actor.id) as session:
        yield session
        what = staff_reads.shown(session)
    if getattr(request.state, _WRITES, False):
        setattr(request.state, _READ, what)  # `get_writer` ends later and logs these reads too
    elif what:
        async with database.session(Tier.WRITER) as session:
            await staff_reads.note(session, actor.id, what, where=_pattern(request))


#: Keys in the request's state, by which a writer session and a staff session of one request share a
#: log entry: `_WRITES` tells whether the writer session is open, and `_READ` holds the records that
#: the staff session read.
_WRITES, _READ = "writes", "read"


def _pattern(request: Request) -> str:
    """Return the route's path template for the log of reads, because a path would hold ids."""
    return str(getattr(request.scope.get("route"), "path", ""))


async def get_writer(request: Request, asker: AskerDep) -> AsyncIterator[AsyncSession]:
    """Open a writer session, bound to the signed-in person, if any.

    The session permits any change; each endpoint checks permissions itself.
    """
    require_room(request)
    database: Database = request.state.database
    person = None if asker.actor is None else asker.actor.id
    async with database.session(Tier.WRITER, person=person) as session:
        setattr(request.state, _WRITES, True)
        yield session
        setattr(request.state, _WRITES, False)
        if person is not None:
            # Log the staff reads of the request in one entry, committed before the response (P56).
            beside: staff_reads.Shown = getattr(request.state, _READ, {})
            what = staff_reads.together(staff_reads.shown(session), beside)
            await staff_reads.note(session, person, what, where=_pattern(request))
    # Distrust the data in memory now that the change is committed: the next request to this process
    # has to see the change, even if it precedes the database's notification.
    editions: Editions = request.state.editions
    editions.doubt()


async def get_counting_writer(request: Request) -> AsyncIterator[AsyncSession]:
    """Open a writer session for the endpoint that receives counts of people.

    The session is bound to nobody, because that endpoint checks the request's token itself.
    """
    require_room(request)
    database: Database = request.state.database
    async with database.session(Tier.WRITER) as session:
        yield session


# These dependencies are async although they await nothing, because FastAPI runs sync dependencies
# in threads.
async def get_network(request: Request) -> RoadNetworks:
    """Return the road networks opened at startup (FastAPI dependency)."""
    network: RoadNetworks = request.state.network
    return network


async def get_settings(request: Request) -> Settings:
    """Return the settings of the server (FastAPI dependency)."""
    settings: Settings = request.state.settings
    return settings


async def get_clock(request: Request) -> Clock:
    """Return the clock that tells endpoints the current time (FastAPI dependency)."""
    clock: Clock = request.state.clock
    return clock


# Pattern of a valid Host header: a reg-name or IPv6 literal of RFC 3986 as used in practice, and an
# optional port.
_HOST = re.compile(r"([A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(:\d{1,5})?", re.ASCII)


async def get_base_url(request: Request) -> str:
    """Return the base URL of links in responses (`base_url` as a FastAPI dependency)."""
    return base_url(request)


def base_url(request: Request) -> str:
    """Return the base URL of links in responses, without a trailing slash.

    Raises
    ------
    InvalidParameterError
        The settings have no public URL, and the request's Host header is invalid.
    """
    settings: Settings = request.state.settings
    public = settings.public_url
    if public is not None:
        return str(public).rstrip("/")
    host = request.headers.get("host", "")
    if not _HOST.fullmatch(host):
        raise InvalidParameterError("Host", "not a host")
    return f"{request.scope['scheme']}://{host}"


# With the scope "function" sessions commit before the response is sent, so that no 200 precedes a
# failed commit. By default FastAPI runs a dependency's code after its yield once the response is
# sent.
SessionDep = Annotated[AsyncSession, Depends(get_session, scope="function")]
StaffDep = Annotated[AsyncSession, Depends(get_staff, scope="function")]
WriterDep = Annotated[AsyncSession, Depends(get_writer, scope="function")]
CountingWriterDep = Annotated[AsyncSession, Depends(get_counting_writer, scope="function")]
NetworkDep = Annotated[RoadNetworks, Depends(get_network)]
SettingsDep = Annotated[Settings, Depends(get_settings)]
ClockDep = Annotated[Clock, Depends(get_clock)]
BaseUrlDep = Annotated[str, Depends(get_base_url)]


async def require_demo_allowed(request: Request) -> None:
    """Refuse all requests while demo rows are loaded, if clients on other machines could see them.

    Demo rows are fictitious and could be taken for real data (P35). The check is made at every
    request, because demo rows may be loaded while the server runs. A server bound to a loopback
    address skips the check.

    Raises
    ------
    DemoNotPublicError
        Demo rows are loaded, and the settings do not allow them to be served.
    """
    settings: Settings = request.state.settings
    if settings.may_show_demo:
        return
    editions: Editions = request.state.editions
    if await editions.is_demo():
        raise DemoNotPublicError


async def refresh_texts(request: Request) -> None:
    """Reload the published translations if they changed, so that no withdrawn one is used (P47)."""
    editions: Editions = request.state.editions
    await editions.refresh_texts()


async def strict_request(request: Request) -> None:
    """Refuse undeclared query parameters and media types, and invalid JSON such as NaN.

    The function is a dependency of the whole application, so that no endpoint can forget the check.

    Raises
    ------
    InvalidParameterError
        A query parameter is unknown or repeated, the body has NaN or Infinity, or one of the two
        holds the character NUL.
    UnsupportedMediaTypeError
        The endpoint declares a JSON body, and the request has another media type.
    """
    route = request.scope.get("route")
    if not isinstance(route, APIRoute):
        return
    _check_query(request, _query_names(route))
    if route.body_field is not None and _takes_json(route):
        await read_json(request)


def _check_query(request: Request, known: dict[str, bool]) -> None:
    seen = set()
    for name, value in request.query_params.multi_items():
        if name not in known:
            reason = f"unknown parameter; known are: {', '.join(sorted(known)) or 'none'}"
            raise InvalidParameterError(_shown(name), reason)
        if name in seen and not known[name]:
            raise InvalidParameterError(name, "given more than once")
        if _NUL in value:
            raise InvalidParameterError(name, _HOLDS_NUL)
        seen.add(name)


def _shown(name: str) -> str:
    # The name is client input, so show only as much as suffices to recognise it: 64 characters.
    return "".join(c for c in name[:64] if c.isprintable())


# PostgreSQL's type text cannot hold NUL, so a statement with NUL in a text would fail.
_NUL = "\0"
_HOLDS_NUL = "holds the character NUL (U+0000), which no text may have"

_NAMES: dict[int, tuple[APIRoute, dict[str, bool]]] = {}


def _query_names(route: APIRoute) -> dict[str, bool]:
    """Return the names of the declared query parameters and whether each may be repeated."""
    # Cached by id of the route, because routes are not hashable. The cache holds the route as well,
    # so that no other object can get the id.
    if id(route) not in _NAMES:
        _NAMES[id(route)] = (route, dict(_declared(route.dependant)))
    return _NAMES[id(route)][1]


def _declared(dependant: Dependant) -> Iterator[tuple[str, bool]]:
    for field in dependant.query_params:
        annotation = field.field_info.annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            for name, member in annotation.model_fields.items():
                yield member.alias or name, _is_list(member.annotation)
        else:
            yield field.alias, _is_list(annotation)
    for dependency in dependant.dependencies:
        yield from _declared(dependency)


def _is_list(annotation: object) -> bool:
    return get_origin(annotation) in {list, tuple, set}


def _takes_json(route: APIRoute) -> bool:
    body = route.body_field
    return body is not None and getattr(body.field_info, "media_type", "") == "application/json"


async def read_json(request: Request) -> Any:  # noqa: ANN401 -- any JSON value
    """Parse the request's body as strict JSON (RFC 8259).

    Raises
    ------
    InvalidParameterError
        The body is not JSON, holds NaN or Infinity, or holds NUL in a string; the error names the
        path of the number or string.
    UnsupportedMediaTypeError
        The Content-Type is not JSON.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json" and not media_type.endswith("+json"):
        raise UnsupportedMediaTypeError
    body = await request.body()
    if len(body) > LARGE_BYTES:
        return await read_aside(lambda: _parsed(body))
    return _parsed(body)


def _parsed(body: bytes) -> Any:  # noqa: ANN401 -- any JSON value
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        # Report only the position of the error: the text around it may hold data that must not be
        # repeated.
        place = _unreal_number(body)
        if place is not None:
            raise InvalidParameterError(place, "not a finite number") from error
        reason = f"not JSON: {error.msg} at character {error.pos}"
        raise InvalidParameterError("body", reason) from error
    if b"\\u0000" in body:
        place = next(_places(value, lambda one: isinstance(one, str) and _NUL in one), None)
        if place is not None:
            raise InvalidParameterError(place, _HOLDS_NUL)
    return value


def _unreal_number(body: bytes) -> str | None:
    """Return the path of the first NaN or Infinity in a JSON body; None if there is none.

    The body is read by the parser of the standard library, which accepts these two, unlike the
    strict parser that refused the body.
    """
    try:
        return next(_places(json.loads(body), _is_unreal), None)
    except (ValueError, RecursionError):
        return None


def _is_unreal(value: object) -> bool:
    return isinstance(value, float) and not math.isfinite(value)


def _places(
    value: object, is_sought: Callable[[object], bool], path: tuple[str, ...] = ()
) -> Iterator[str]:
    """Yield the path of each value or member name of a JSON document that matches a predicate."""
    if is_sought(value):
        yield ".".join(path) or "body"
    if isinstance(value, dict):
        for name, member in value.items():
            place = (*path, _shown(name))
            if is_sought(name):
                yield ".".join(place)
            yield from _places(member, is_sought, place)
    elif isinstance(value, list):
        for index, member in enumerate(value):
            yield from _places(member, is_sought, (*path, str(index)))
