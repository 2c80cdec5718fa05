"""Creation, replacement, update and closing of items (OGC API Features, Part 4), with a token.

Every change is a proposal (`geo.proposals.submission`). A change that closes something is applied
at once and answered 204, or 200 with the item; a change that opens something waits for a second
person and is answered 202 with the proposal's URL (P40). Hence no response is 201.

``If-Match`` holds the entity tag of the item's own URL, as read with the same token, in any content
coding. The record is locked before the item is read for the comparison, so that of two concurrent
changes the second gets 412. An item that the asker's tier does not show cannot be changed either
(P39).

``DELETE`` closes: people on their way must read "closed" rather than find nothing. The item leaves
the public map when its confirmation expires, hence the status 202.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, Final

import orjson
from fastapi import Request, Response
from sqlalchemy import Integer, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.routing import Match, Route
from starlette.types import Scope

from app.access.dependencies import read_json, require_demo_allowed
from app.access.disk_reserve import require_room
from app.access.identity import find_asker, require_actor
from app.api.collections import items
from app.api.collections.geojson_record import (
    ShownItem,
    StatedItem,
    created,
    read_feature,
    replaced,
    statement,
    updated,
)
from app.api.collections.links import GEOJSON, JSON, MERGE_PATCH
from app.api.collections.parameters import read_crs
from app.api.collections.serving import PublishedRequest
from app.api.records.proposals import outcome_body
from app.exceptions import (
    InvalidParameterError,
    MethodNotAllowedError,
    OutdatedError,
    UnconditionalError,
    UnsupportedMediaTypeError,
)
from app.http.compression import CODINGS, tagged
from app.http.responses import JSONResponse
from app.snapshots.layer_editions import Editions
from geo.accounts.permissions import Actor, require_staff
from geo.db.sessions import Tier
from geo.errors import InvalidRecordError, NothingChangesError
from geo.proposals import submission
from geo.proposals.submission import ChangeRequest, Outcome
from geo.reasons import CodedReason
from geo.subjects.subject import Document, lock_subjects, read_subject
from tiles.catalogue.layers import layers_for
from tiles.crs import STORED_SRID, Crs
from tiles.errors import UnknownItemError

type Change = Callable[["Changing"], Awaitable[Response]]

#: Accepted media types by method: GeoJSON under its own name or as plain JSON, and merge patches.
ACCEPTED: Final[Mapping[str, tuple[str, ...]]] = {
    "POST": (GEOJSON, JSON),
    "PUT": (GEOJSON, JSON),
    "PATCH": (MERGE_PATCH,),
}

#: Methods that `ChangeRoute` leaves to the read routes (`app.api.collections.serving`).
_READING: Final = ("GET", "HEAD")

#: Decimal digits of degrees kept after a transformation: 1 cm.
_DECIMALS: Final = 7

_CLOSED: Final = (
    "It is closed. The map shows it as closed until its confirmation expires, for those who are "
    "on the way."
)


@dataclass(frozen=True)
class Changing:
    """HTTP request of a staff member to change items, before any record is read."""

    asked: PublishedRequest
    actor: Actor
    entity: str

    @property
    def request(self) -> Request:
        """The HTTP request."""
        return self.asked.request

    @asynccontextmanager
    async def writer(self) -> AsyncIterator[AsyncSession]:
        """Open a writer session bound to the person, and commit at the end."""
        require_room(self.request)
        async with self.asked.database.session(Tier.WRITER, person=self.actor.id) as session:
            yield session

    async def read(self, *, is_whole: bool = True) -> tuple[StatedItem, Crs]:
        """Parse the body, with the reference system from `Content-Crs`.

        Raises
        ------
        InvalidParameterError, UnsupportedMediaTypeError, InvalidRecordError
            If the body is not a feature, or not a merge patch of one.
        """
        _require_media_type(self.request)
        stated = self.request.headers.get("content-crs")
        uri = None if stated is None else stated.strip().removeprefix("<").removesuffix(">")
        crs = read_crs("Content-Crs", uri)
        return read_feature(await read_json(self.request), crs, is_whole=is_whole), crs

    async def propose(
        self, session: AsyncSession, wanted: ChangeRequest, reason: str | None
    ) -> Outcome:
        """Propose one change; succeed without a proposal if the record has all values already.

        Raises
        ------
        InvalidRecordError
            Names each invalid property.
        """
        said = f"{self.request.method} by a program that states no reason"
        try:
            (outcome,) = await submission.propose(
                session,
                self.actor,
                self.entity,
                [wanted],
                reason=said if reason is None else reason,
                via="api",
                now=self.request.state.clock(),
                allow_mixed=self.request.state.settings.allow_demo_mixed,
            )
        except NothingChangesError:
            return Outcome(
                wanted.record_id, None, applied=False, applied_fields=(), waiting_fields=()
            )
        except InvalidRecordError as error:
            problems = [(_member(field), reason) for field, reason in error.problems]
            raise InvalidRecordError(problems) from error
        return outcome


def _member(field: str) -> str:
    return "geometry" if field in {"lon", "lat"} else field


def routes() -> list[Route]:
    """Return the routes for the methods that change items, for every collection."""
    found: list[Route] = []
    for layer in layers_for(Tier.PUBLIC):
        entity, whole, one = _CHANGES.get(layer.name, ("", {}, {}))
        address = f"/collections/{layer.name}/items"
        found += [
            ChangeRoute(address, layer.name, entity, whole),
            ChangeRoute(f"{address}/{{item:path}}", layer.name, entity, one),
        ]
    return found


class ChangeRoute(Route):
    """Route of a collection's items, for every method except GET and HEAD.

    Parameters
    ----------
    path, layer, entity
        The path, its collection, and the kind of record behind its items.
    changes
        Handlers by method; other methods get 405, and ``OPTIONS`` lists the methods.
    """

    def __init__(self, path: str, layer: str, entity: str, changes: Mapping[str, Change]) -> None:
        told = {"Allow": ", ".join((*_READING, "OPTIONS", *changes))}
        told |= _accepting(changes)

        async def answer(request: Request) -> Response:
            if request.method == "OPTIONS":
                return Response(headers=told)
            if request.method not in changes:
                raise MethodNotAllowedError(told)
            await require_demo_allowed(request)
            request.path_params["layer"] = layer
            actor = await require_actor(request)
            require_staff(actor)
            editions: Editions = request.state.editions
            asked = PublishedRequest(request, await find_asker(request), await editions.believed())
            asked.only()
            return await changes[request.method](Changing(asked, actor, entity))

        super().__init__(path, answer, methods=[*changes, "OPTIONS"])

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Match every method but GET and HEAD, and record the route in the scope for the log."""
        match, child = super().matches(scope)
        if match is Match.PARTIAL and scope["method"] not in _READING:
            match = Match.FULL
        return match, {**child, "route": self} if match is not Match.NONE else child

    async def handle(self, scope: Scope, receive: Any, send: Any) -> None:  # noqa: ANN401
        """Answer every method; the endpoint itself refuses unsupported ones, with `Allow`."""
        await self.app(scope, receive, send)


def _accepting(methods: Mapping[str, Change]) -> dict[str, str]:
    names = {"POST": "Accept-Post", "PATCH": "Accept-Patch"}
    return {
        header: ", ".join(ACCEPTED[method]) for method, header in names.items() if method in methods
    }


def _require_media_type(request: Request) -> None:
    stated = request.headers.get("content-type")
    accepted = ACCEPTED[request.method]
    if stated is None:
        # OGC API Features, Part 4, requires 400 for a missing media type; RFC 9110 allows refusal.
        raise InvalidParameterError("Content-Type", f"is missing: {' or '.join(accepted)}")
    if stated.partition(";")[0].strip().lower() not in accepted:
        name = "Accept-Patch" if request.method == "PATCH" else "Accept"
        raise UnsupportedMediaTypeError({name: ", ".join(accepted)})


# -- what changes ----------------------------------------------------------------------------------


async def create(changing: Changing) -> Response:
    """Propose a new space, which appears after a second person accepts it."""
    stated, crs = await changing.read()
    async with changing.writer() as session:
        stated = await _in_degrees(session, stated, crs)
        wanted = ChangeRequest(None, created(stated))
        outcome = await changing.propose(session, wanted, stated.reason)
    return _answer(changing.asked, outcome)


async def replace_space(changing: Changing) -> Response:
    """Replace a space by a feature; fields that no item shows stay unless they are stated."""
    stated, crs = await changing.read()
    return await _change(changing, stated, crs, replaced)


async def update_space(changing: Changing) -> Response:
    """Change some fields of a space."""
    stated, crs = await changing.read(is_whole=False)
    return await _change(changing, stated, crs, updated)


async def state_crossing(changing: Changing) -> Response:
    """Replace the statement on a crossing's state, from one day on (P32)."""
    stated, crs = await changing.read(is_whole=False)
    return await _change(changing, stated, crs, lambda said, _shown, _document: statement(said))


async def close_space(changing: Changing) -> Response:
    """Close a space at once: a closing needs no second person (P40)."""
    async with _locked(changing) as item:
        outcome = await changing.propose(item.session, item.wanted({"status": "closed"}), None)
    changing.asked.editions.doubt()
    body = {**outcome_body(outcome), "expires_on": item.document["expires_on"], "notice": _CLOSED}
    return JSONResponse(body, status_code=202)


async def _change(
    changing: Changing,
    stated: StatedItem,
    crs: Crs,
    made: Callable[[StatedItem, ShownItem, Document], Document],
) -> Response:
    if stated.id is not None and stated.id != changing.asked.path["item"]:
        raise InvalidRecordError([("id", CodedReason("never_changes"))])
    async with _locked(changing) as item:
        stated = await _in_degrees(item.session, stated, crs)
        wanted = item.wanted(made(stated, item.shown, item.document))
        outcome = await changing.propose(item.session, wanted, stated.reason)
    # Pages cached before the change must not be served to the person who made it.
    changing.asked.editions.doubt()
    if outcome.proposal_id is not None:
        return _answer(changing.asked, outcome)
    return await _done(changing)


@dataclass(frozen=True)
class _Item:
    """An item as published, with its locked record and the session that holds the lock."""

    session: AsyncSession
    id: str
    shown: ShownItem
    document: Document
    revision: int | None

    def wanted(self, changes: Document) -> ChangeRequest:
        return ChangeRequest(self.id, changes, base_revision=self.revision)


@asynccontextmanager
async def _locked(changing: Changing) -> AsyncIterator[_Item]:
    """Lock an item and yield its current state, if ``If-Match`` names that state.

    Raises
    ------
    UnknownItemError
        If the item does not exist, or the asker's tier does not show it (P39).
    UnconditionalError, OutdatedError
        If ``If-Match`` is missing, or names another state.
    """
    item_id = changing.asked.path["item"]
    if "\0" in item_id:
        raise UnknownItemError
    async with changing.writer() as session:
        await lock_subjects(session, changing.entity, [item_id])
        now = await _current(changing)
        _require_match(changing.request, now.headers["etag"])
        subject = await read_subject(session, changing.entity, item_id)
        feature = orjson.loads(bytes(now.body))
        lon, lat = feature["geometry"]["coordinates"]
        shown = ShownItem(feature["properties"], (lon, lat))
        yield _Item(session, item_id, shown, subject.document or {}, subject.revision)


async def _current(changing: Changing) -> Response:
    """Return the uncompressed response that a GET of the item's URL gives the requester now."""
    asked = changing.asked
    # Read the editions anew: the caller compares entity tags, and cached editions may be half a
    # second old.
    asked.editions.doubt()
    about = {b"host", b"authorization"}
    headers = [pair for pair in asked.request.scope["headers"] if pair[0].lower() in about]
    plain = Request({**asked.request.scope, "method": "GET", "headers": headers})
    return await items.item(PublishedRequest(plain, asked.asker, await asked.editions.believed()))


def _require_match(request: Request, tag: str) -> None:
    """Refuse a change unless ``If-Match`` names the current entity tag (RFC 9110, 13.1.1)."""
    stated = request.headers.getlist("if-match")
    if not stated:
        msg = "If-Match is missing"
        raise UnconditionalError(msg)
    named = {part.strip() for line in stated for part in line.split(",")}
    if not named & {"*", tag, *(tagged(tag, coding) for coding in CODINGS)}:
        msg = "If-Match names no entity tag that the item has now"
        raise OutdatedError(msg)


async def _in_degrees(session: AsyncSession, stated: StatedItem, crs: Crs) -> StatedItem:
    """Return the stated item with its position transformed to degrees, longitude first."""
    if stated.position is None or crs.srid == STORED_SRID:
        return stated
    x, y = stated.position
    srid, stored = (bindparam(None, number, Integer) for number in (crs.srid, STORED_SRID))
    point = func.ST_Transform(func.ST_SetSRID(func.ST_MakePoint(x, y), srid), stored)
    lon, lat = (await session.execute(select(func.ST_X(point), func.ST_Y(point)))).one()
    return replace(stated, position=(round(lon, _DECIMALS), round(lat, _DECIMALS)))


# -- answers ---------------------------------------------------------------------------------------


def _answer(asked: PublishedRequest, outcome: Outcome) -> Response:
    """Return 202 with the proposal that waits for a second person, and its URL."""
    location = f"{asked.base}/proposals/{outcome.proposal_id}"
    return JSONResponse(outcome_body(outcome), status_code=202, headers={"Location": location})


async def _done(changing: Changing) -> Response:
    """Return 204, or 200 with the item if `Prefer` asks for the item (RFC 7240)."""
    preferred = _preferred(changing.request)
    headers = {} if preferred is None else {"Preference-Applied": f"return={preferred}"}
    try:
        now = await _current(changing)
    except UnknownItemError:
        # The change restricted the item, so that it cannot be shown: the asker's tier no longer has
        # it.
        return Response(status_code=204)
    headers["ETag"] = now.headers["etag"]
    if preferred != "representation":
        return Response(status_code=204, headers=headers)
    headers["Content-Crs"] = now.headers["content-crs"]
    return Response(now.body, media_type=GEOJSON, headers=headers)


def _preferred(request: Request) -> str | None:
    for line in request.headers.getlist("prefer"):
        for part in line.split(","):
            name, _, value = part.partition(";")[0].partition("=")
            wish = value.strip().strip('"').lower()
            if name.strip().lower() == "return" and wish in {"minimal", "representation"}:
                return wish
    return None


#: By collection: the kind of record, and the methods of the collection and of one item. Services
#: are fields of their space; hazards, roads and other collections cannot be changed here.
_CHANGES: Final[Mapping[str, tuple[str, Mapping[str, Change], Mapping[str, Change]]]] = {
    "spaces": (
        "space",
        {"POST": create},
        {"PUT": replace_space, "PATCH": update_space, "DELETE": close_space},
    ),
    "crossings": ("crossing", {}, {"PATCH": state_crossing}),
}
