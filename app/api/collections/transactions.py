"""Items created, replaced, updated and closed: OGC API Features, Part 4, behind a token.

Every change is a proposal (`geo.proposals.submission`): what closes something holds at once and is
answered 204, or 200 with the item; what opens something waits for a second person and is answered
202 with the proposal's address (P40). So nothing new is ever answered 201.

A change names what it was made from: ``If-Match`` holds the entity tag of the item's own address,
as the same token reads it, in whichever coding. The record is locked before the item is read to
compare, so of two who change the same item the second learns that it has changed: 412. What the
asker's tier does not show is not there to be changed either (P39).

``DELETE`` closes: who is on the way must read "closed", not find nothing. The item leaves the
public map when its confirmation expires, so the answer is 202.
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

#: What bodies may be, by method: GeoJSON by its own name or as plain JSON; patches by theirs.
ACCEPTED: Final[Mapping[str, tuple[str, ...]]] = {
    "POST": (GEOJSON, JSON),
    "PUT": (GEOJSON, JSON),
    "PATCH": (MERGE_PATCH,),
}

#: Answered by the addresses themselves (`app.api.collections.serving`).
_READING: Final = ("GET", "HEAD")

#: Decimals of degrees that a projected position is kept with: 1 cm.
_DECIMALS: Final = 7

_CLOSED: Final = (
    "It is closed. The map shows it as closed until its confirmation expires, for those who are "
    "on the way."
)


@dataclass(frozen=True)
class Changing:
    """A request of somebody who works on records, before anything is looked up."""

    asked: PublishedRequest
    actor: Actor
    entity: str

    @property
    def request(self) -> Request:
        """As it came."""
        return self.asked.request

    @asynccontextmanager
    async def writer(self) -> AsyncIterator[AsyncSession]:
        """Open a session that may write and knows its person; commits at the end."""
        require_room(self.request)
        async with self.asked.database.session(Tier.WRITER, person=self.actor.id) as session:
            yield session

    async def read(self, *, is_whole: bool = True) -> tuple[StatedItem, Crs]:
        """Return what the body states, and its reference system (`Content-Crs`).

        Raises
        ------
        InvalidParameterError, UnsupportedMediaTypeError, InvalidRecordError
            It is no feature, or no merge patch of one.
        """
        _require_media_type(self.request)
        stated = self.request.headers.get("content-crs")
        uri = None if stated is None else stated.strip().removeprefix("<").removesuffix(">")
        crs = read_crs("Content-Crs", uri)
        return read_feature(await read_json(self.request), crs, is_whole=is_whole), crs

    async def propose(
        self, session: AsyncSession, wanted: ChangeRequest, reason: str | None
    ) -> Outcome:
        """Propose one change; one that says what is already so changes nothing.

        Raises
        ------
        InvalidRecordError
            Names each property that is wrong.
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
    """Return the addresses: of every collection, with the methods that change it."""
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
    """An address of a collection's items, for every method but those that read.

    Parameters
    ----------
    path, layer, entity
        The address, its collection, and the kind of record that its items are.
    changes
        By method; others get 405. ``OPTIONS`` tells which there are.
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
        """Match every method but those that read, and say which address it is, for the log."""
        match, child = super().matches(scope)
        if match is Match.PARTIAL and scope["method"] not in _READING:
            match = Match.FULL
        return match, {**child, "route": self} if match is not Match.NONE else child

    async def handle(self, scope: Scope, receive: Any, send: Any) -> None:  # noqa: ANN401
        """Answer; a method that is none of its own is refused by the endpoint, with `Allow`."""
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
        # Part 4 asks for 400 here, and RFC 9110 lets a server refuse.
        raise InvalidParameterError("Content-Type", f"is missing: {' or '.join(accepted)}")
    if stated.partition(";")[0].strip().lower() not in accepted:
        name = "Accept-Patch" if request.method == "PATCH" else "Accept"
        raise UnsupportedMediaTypeError({name: ", ".join(accepted)})


# -- what changes ----------------------------------------------------------------------------------


async def create(changing: Changing) -> Response:
    """Propose a new space; a second person lets it in."""
    stated, crs = await changing.read()
    async with changing.writer() as session:
        stated = await _in_degrees(session, stated, crs)
        wanted = ChangeRequest(None, created(stated))
        outcome = await changing.propose(session, wanted, stated.reason)
    return _answer(changing.asked, outcome)


async def replace_space(changing: Changing) -> Response:
    """Make a space what a feature states; what no item shows stays unless it is stated."""
    stated, crs = await changing.read()
    return await _change(changing, stated, crs, replaced)


async def update_space(changing: Changing) -> Response:
    """Change some fields of a space."""
    stated, crs = await changing.read(is_whole=False)
    return await _change(changing, stated, crs, updated)


async def state_crossing(changing: Changing) -> Response:
    """State anew whether a crossing is open: a whole statement, from one day on (P32)."""
    stated, crs = await changing.read(is_whole=False)
    return await _change(changing, stated, crs, lambda said, _shown, _document: statement(said))


async def close_space(changing: Changing) -> Response:
    """Close a space at once (P40)."""
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
    # Kept pages of the time before are not for who has just changed it.
    changing.asked.editions.doubt()
    if outcome.proposal_id is not None:
        return _answer(changing.asked, outcome)
    return await _done(changing)


@dataclass(frozen=True)
class _Item:
    """An item that nobody else changes, and its record."""

    session: AsyncSession
    id: str
    shown: ShownItem
    document: Document
    revision: int | None

    def wanted(self, changes: Document) -> ChangeRequest:
        return ChangeRequest(self.id, changes, base_revision=self.revision)


@asynccontextmanager
async def _locked(changing: Changing) -> AsyncIterator[_Item]:
    """Return the item as it is and will be until the change is made, if ``If-Match`` names it.

    Raises
    ------
    UnknownItemError
        There is none, or the asker's tier does not show it (P39).
    UnconditionalError, OutdatedError
        ``If-Match`` is missing, or names another state.
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
    """Read the item as its own address answers the asker now, plain."""
    asked = changing.asked
    # What was kept half a second ago is too old to compare with.
    asked.editions.doubt()
    about = {b"host", b"authorization"}
    headers = [pair for pair in asked.request.scope["headers"] if pair[0].lower() in about]
    plain = Request({**asked.request.scope, "method": "GET", "headers": headers})
    return await items.item(PublishedRequest(plain, asked.asker, await asked.editions.believed()))


def _require_match(request: Request, tag: str) -> None:
    """Refuse a change of another state than the one with an entity tag (RFC 9110, 13.1.1)."""
    stated = request.headers.getlist("if-match")
    if not stated:
        msg = "If-Match is missing"
        raise UnconditionalError(msg)
    named = {part.strip() for line in stated for part in line.split(",")}
    if not named & {"*", tag, *(tagged(tag, coding) for coding in CODINGS)}:
        msg = "If-Match names no entity tag that the item has now"
        raise OutdatedError(msg)


async def _in_degrees(session: AsyncSession, stated: StatedItem, crs: Crs) -> StatedItem:
    """Return what is stated with its position in degrees, longitude first."""
    if stated.position is None or crs.srid == STORED_SRID:
        return stated
    x, y = stated.position
    srid, stored = (bindparam(None, number, Integer) for number in (crs.srid, STORED_SRID))
    point = func.ST_Transform(func.ST_SetSRID(func.ST_MakePoint(x, y), srid), stored)
    lon, lat = (await session.execute(select(func.ST_X(point), func.ST_Y(point)))).one()
    return replace(stated, position=(round(lon, _DECIMALS), round(lat, _DECIMALS)))


# -- answers ---------------------------------------------------------------------------------------


def _answer(asked: PublishedRequest, outcome: Outcome) -> Response:
    """Say what waits for a second person, and where."""
    location = f"{asked.base}/proposals/{outcome.proposal_id}"
    return JSONResponse(outcome_body(outcome), status_code=202, headers={"Location": location})


async def _done(changing: Changing) -> Response:
    """Say that all of it holds: with the item where that is preferred (RFC 7240)."""
    preferred = _preferred(changing.request)
    headers = {} if preferred is None else {"Preference-Applied": f"return={preferred}"}
    try:
        now = await _current(changing)
    except UnknownItemError:
        # It is for fewer people now, and the asker's tier is not among them.
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


#: By collection: the kind of record, and what changes the collection and one item. Services are
#: fields of their space; hazards, roads and the others are nobody's to propose here.
_CHANGES: Final[Mapping[str, tuple[str, Mapping[str, Change], Mapping[str, Change]]]] = {
    "spaces": (
        "space",
        {"POST": create},
        {"PUT": replace_space, "PATCH": update_space, "DELETE": close_space},
    ),
    "crossings": ("crossing", {}, {"PATCH": state_crossing}),
}
