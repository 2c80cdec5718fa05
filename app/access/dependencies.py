"""What endpoints may ask for: a session of their tier, the roads, the clock, a strict request."""

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
from app.runtime.work_limit import AROUND
from app.settings import Settings
from app.snapshots.layer_editions import Editions
from app.snapshots.read_source import ReadSource
from app.snapshots.response_cache import Shelf
from app.snapshots.road_networks import RoadNetworks
from geo.accounts import staff_reads
from geo.accounts.permissions import Actor, require_staff
from geo.db.disk_reserve import Room
from geo.db.sessions import Database, Tier
from routing.travel.avoid_areas import Obstacles


class AppState(TypedDict):
    """What the lifespan opens and every request can reach as ``request.state``."""

    settings: Settings
    database: Database
    network: RoadNetworks
    clock: Clock
    limits: RateLimits
    editions: Editions
    shelf: Shelf
    provider: Provider | None
    connections: Connections
    seals: Seals
    room: Room | None


async def get_asker(request: Request) -> Asker:
    """Return who asks: by token, by the console's cookie, or anybody."""
    return await find_asker(request)


AskerDep = Annotated[Asker, Depends(get_asker)]


async def get_session(request: Request, asker: AskerDep) -> AsyncIterator[AsyncSession]:
    """Open a session of the asker's tier, READ ONLY in the database itself."""
    database: Database = request.state.database
    async with database.session(asker.tier) as session:
        yield session


@asynccontextmanager
async def open_source(request: Request) -> AsyncIterator[ReadSource]:
    """Open the source of a request: its answer is no older than the lease of `layer_editions`.

    Raises
    ------
    UnauthorizedError, InvalidTokenError
        As `app.access.identity.find_asker`.
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
    """Open the source of a request for a way; one that keeps out of areas waits for its turn.

    Raises
    ------
    TooManyRequestsError, BusyError
        As `app.runtime.work_limit.AreaQueue.turn`.
    UnauthorizedError, InvalidTokenError, DatabaseUnavailableError
        As `open_source`.
    """
    async with AsyncExitStack() as stack:
        if len(obstacles):
            await stack.enter_async_context(AROUND.turn(client_of(request.scope)))
        yield await stack.enter_async_context(open_source(request))


async def get_actor(request: Request) -> Actor:
    """Return the person who asks, or refuse; a page of the console leads to the sign-in."""
    return await require_actor(request)


ActorDep = Annotated[Actor, Depends(get_actor)]


async def get_worker(actor: ActorDep) -> Actor:
    """Return who works on records: an editor or above.

    Refused before anything is read: whether a record that only staff know of exists is no
    business of people who read (P39).
    """
    require_staff(actor)
    return actor


WorkerDep = Annotated[Actor, Depends(get_worker)]


async def get_staff(request: Request, actor: ActorDep) -> AsyncIterator[AsyncSession]:
    """Open a session of the staff tier that knows its person; for editors and above."""
    require_staff(actor)
    database: Database = request.state.database
    async with database.session(Tier.STAFF, person=actor.id) as session:
        yield session
        what = staff_reads.shown(session)
    if getattr(request.state, _WRITES, False):
        setattr(request.state, _READ, what)  # the writer's session of this request notes it
    elif what:
        async with database.session(Tier.WRITER) as session:
            await staff_reads.note(session, actor.id, what, where=_pattern(request))


#: Of the state of a request: whether a writer's session is open; what was read beside it.
_WRITES, _READ = "writes", "read"


def _pattern(request: Request) -> str:
    """Return the pattern of the address: what stands in it is a record's, and noted by its id."""
    return str(getattr(request.scope.get("route"), "path", ""))


async def get_writer(request: Request, asker: AskerDep) -> AsyncIterator[AsyncSession]:
    """Open a session that may write and knows its person, where one is known.

    Each endpoint checks for itself who may do what.
    """
    require_room(request)
    database: Database = request.state.database
    person = None if asker.actor is None else asker.actor.id
    async with database.session(Tier.WRITER, person=person) as session:
        setattr(request.state, _WRITES, True)
        yield session
        setattr(request.state, _WRITES, False)
        if person is not None:
            # One entry a request, in the transaction that the answer waits for (P56).
            beside: staff_reads.Shown = getattr(request.state, _READ, {})
            what = staff_reads.together(staff_reads.shown(session), beside)
            await staff_reads.note(session, person, what, where=_pattern(request))
    # Committed: the next request to this process sees it, however late the database tells of it.
    editions: Editions = request.state.editions
    editions.doubt()


async def get_counting_writer(request: Request) -> AsyncIterator[AsyncSession]:
    """Open a session that may write for an endpoint that looks at the token itself."""
    require_room(request)
    database: Database = request.state.database
    async with database.session(Tier.WRITER) as session:
        yield session


# Async, though they wait for nothing: FastAPI sends the others to a thread each.
async def get_network(request: Request) -> RoadNetworks:
    """Return the road networks."""
    network: RoadNetworks = request.state.network
    return network


async def get_settings(request: Request) -> Settings:
    """Return the settings."""
    settings: Settings = request.state.settings
    return settings


async def get_clock(request: Request) -> Clock:
    """Return the clock."""
    clock: Clock = request.state.clock
    return clock


# RFC 3986's reg-name and IPv6 literal as hosts use them, and a port.
_HOST = re.compile(r"([A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(:\d{1,5})?", re.ASCII)


async def get_base_url(request: Request) -> str:
    """Return what `base_url` does; for endpoints that declare what they need."""
    return base_url(request)


def base_url(request: Request) -> str:
    """Return the address that links in answers start with, without a slash at its end.

    Raises
    ------
    InvalidParameterError
        No public address is set, and the request's Host is none.
    """
    settings: Settings = request.state.settings
    public = settings.public_url
    if public is not None:
        return str(public).rstrip("/")
    host = request.headers.get("host", "")
    if not _HOST.fullmatch(host):
        raise InvalidParameterError("Host", "not a host")
    return f"{request.scope['scheme']}://{host}"


# Scope "function": committed before the answer leaves, so that no 200 is sent for a commit
# that failed (FastAPI runs what follows a yield after the response otherwise).
SessionDep = Annotated[AsyncSession, Depends(get_session, scope="function")]
StaffDep = Annotated[AsyncSession, Depends(get_staff, scope="function")]
WriterDep = Annotated[AsyncSession, Depends(get_writer, scope="function")]
CountingWriterDep = Annotated[AsyncSession, Depends(get_counting_writer, scope="function")]
NetworkDep = Annotated[RoadNetworks, Depends(get_network)]
SettingsDep = Annotated[Settings, Depends(get_settings)]
ClockDep = Annotated[Clock, Depends(get_clock)]
BaseUrlDep = Annotated[str, Depends(get_base_url)]


async def require_demo_allowed(request: Request) -> None:
    """Answer nothing beyond this machine while demo rows are there that must not leave it (P35).

    Asked at every request, since they may be loaded while the server runs; bound to a loopback
    address it costs nothing.

    Raises
    ------
    DemoNotPublicError
        They are there, and the settings do not allow it.
    """
    settings: Settings = request.state.settings
    if settings.may_show_demo:
        return
    editions: Editions = request.state.editions
    if await editions.is_demo():
        raise DemoNotPublicError


async def strict_request(request: Request) -> None:
    """Refuse what an endpoint did not declare: parameters, media types, numbers JSON lacks.

    Depended on by the whole application, so that no endpoint can forget it.

    Raises
    ------
    InvalidParameterError
        An unknown or repeated query parameter; NaN or Infinity in the body; NUL in either.
    UnsupportedMediaTypeError
        A body that is not JSON where JSON is declared.
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
    # Names come from outside: short and printable is enough to recognise one's own.
    return "".join(c for c in name[:64] if c.isprintable())


# PostgreSQL's text holds none, and refuses the whole statement.
_NUL = "\0"
_HOLDS_NUL = "holds the character NUL (U+0000), which no text may have"

_NAMES: dict[int, tuple[APIRoute, dict[str, bool]]] = {}


def _query_names(route: APIRoute) -> dict[str, bool]:
    """Return the declared query parameters, each with whether it may be repeated."""
    # By identity, since routes have no hash; kept with the route, so that no id is used again.
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
    """Return the body as JSON (RFC 8259), strictly.

    Raises
    ------
    InvalidParameterError
        Not JSON, with a number that JSON does not have (NaN, Infinity), or with NUL in a text; the
        place of either is named.
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
        # The position says enough; the text around it may hold what must not be repeated.
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
    """Return the path of the first NaN or Infinity that Python's lenient reader accepts."""
    try:
        return next(_places(json.loads(body), _is_unreal), None)
    except (ValueError, RecursionError):
        return None


def _is_unreal(value: object) -> bool:
    return isinstance(value, float) and not math.isfinite(value)


def _places(
    value: object, is_sought: Callable[[object], bool], path: tuple[str, ...] = ()
) -> Iterator[str]:
    """Return the paths of values and names of a JSON document that are sought."""
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
