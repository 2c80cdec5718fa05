"""The change feed of a collection: a client makes a full copy once, then follows changes (P49)."""

import asyncio
import base64
import binascii
from collections import defaultdict
from typing import Any, Final
from urllib.parse import urlencode
from weakref import WeakKeyDictionary

import orjson
from starlette.responses import Response

from app.api.collections.links import GEOJSON, JSON, demo_members, link
from app.api.collections.parameters import read_limit
from app.api.collections.serving import PublishedRequest, PublishedRoute
from app.exceptions import InvalidParameterError
from geo.db.sessions import Database, Tier
from geo.history import change_feed
from geo.history.change_feed import MARK_BYTES
from geo.records import demo_rows
from tiles.catalogue.layer import Layer
from tiles.catalogue.layers import find_layer, layers_for
from tiles.features.changes import Changes, Cursor, read_changes, source

type Body = dict[str, Any]

#: Maximum number of times that one request updates the change ledger, while other transactions keep
#: committing; after the last update the page ends where the ledger ends [A].
TRIES: Final = 3

#: Longest token in characters: an id of 512 characters of 4 bytes, two marks and the flag byte, in
#: base64 (4 characters for 3 bytes).
_LONGEST_TOKEN: Final = 2_780

# Flags in the first byte of a token: whether a `since` mark, an `until` mark or both follow.
_SINCE, _UNTIL = 1, 2
_KINDS = (_SINCE, _UNTIL, _SINCE | _UNTIL)

_REFUSED = "not a `token` of this collection's changes"

# Locks by tier and collection: one request per process updates a change ledger, and the other
# requests wait without holding a database connection.
_LOCKS: WeakKeyDictionary[Database, defaultdict[tuple[Tier, str], asyncio.Lock]] = (
    WeakKeyDictionary()
)


def write_token(cursor: Cursor) -> str:
    """Encode the progress of a client's copy as an opaque token."""
    kind = (_SINCE if cursor.since else 0) | (_UNTIL if cursor.until else 0)
    packed = bytes([kind]) + b"".join(cursor.marks) + cursor.after.encode()
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def read_since(since: str | None) -> Cursor:
    """Decode a copy's progress from the ``token`` of its last response; None starts a new copy.

    Raises
    ------
    InvalidParameterError
        If the text is not a valid token.
    """
    if since is None:
        return Cursor()
    if not since or len(since) > _LONGEST_TOKEN:
        raise InvalidParameterError("since", _REFUSED)
    try:
        token = since.encode("ascii")
        packed = base64.b64decode(token + b"=" * (-len(token) % 4), b"-_", validate=True)
        cursor = _unpacked(packed)
    except (UnicodeError, binascii.Error) as error:
        raise InvalidParameterError("since", _REFUSED) from error
    if cursor is None or "\0" in cursor.after:
        raise InvalidParameterError("since", _REFUSED)
    return cursor


def _unpacked(packed: bytes) -> Cursor | None:
    """Decode a token from `write_token`; None if the bytes cannot come from `write_token`."""
    kind, rest = packed[0], packed[1:]
    since, rest = (rest[:MARK_BYTES], rest[MARK_BYTES:]) if kind & _SINCE else (None, rest)
    until, rest = (rest[:MARK_BYTES], rest[MARK_BYTES:]) if kind & _UNTIL else (None, rest)
    cursor = Cursor(since, until, rest.decode())
    is_of_marks = kind in _KINDS and all(len(mark) == MARK_BYTES for mark in cursor.marks)
    # Only a token with an `until` mark may hold the id of a record to resume after: without the
    # mark the copy is complete, and has nothing to resume.
    return cursor if is_of_marks and (until is not None or not cursor.after) else None


def routes() -> list[PublishedRoute]:
    """Return the change feed's route of each collection."""
    return [
        PublishedRoute(f"/collections/{layer.name}/changes", changes, layer=layer.name)
        for layer in layers_for(Tier.PUBLIC)
    ]


async def changes(asked: PublishedRequest) -> Response:
    """Return a page of changes after the client's token."""
    layer = find_layer(asked.path["layer"], asked.tier)
    query = asked.only_as("json", "since", "limit")
    cursor, limit = read_since(query.get("since")), read_limit(query.get("limit"))
    read, is_demo = await _read(asked.database, asked.tier, layer, cursor, limit)
    members = _members(layer, read, f"{asked.base}/collections/{layer.name}", query)
    members |= demo_members(is_demo=is_demo, notice=layer.notice)
    return asked.signed(_body(read, members), GEOJSON)


async def _read(
    database: Database, tier: Tier, layer: Layer, cursor: Cursor, limit: int
) -> tuple[Changes, bool]:
    """Return a page of changes, and whether demo rows are loaded.

    An outdated change ledger is updated first, so that the page includes every transaction
    committed before the request.
    """
    refreshed, is_forced = 0, False
    while True:
        # An outdated ledger would not list hidden, expired and deleted records as gone, so the
        # ledger is updated before the page is read (P49).
        async with database.primary_session(tier) as session:
            await change_feed.hold_still(session)
            if refreshed or not await change_feed.is_due(session, source(layer.name)):
                read = await read_changes(session, layer, cursor, limit)
                if not read.is_behind or refreshed == TRIES:
                    return read, await demo_rows.has_demo(session)
                is_forced = True
        await _bring_up_to_date(database, tier, layer, is_forced=is_forced)
        refreshed += 1


async def _bring_up_to_date(
    database: Database, tier: Tier, layer: Layer, *, is_forced: bool = False
) -> None:
    locks = _LOCKS.setdefault(database, defaultdict(asyncio.Lock))
    async with locks[tier, layer.name], database.session(Tier.WRITER) as session:
        await change_feed.refresh(session, tier, source(layer.name), is_forced=is_forced)


def _members(layer: Layer, read: Changes, address: str, asked: dict[str, str]) -> Body:
    token = write_token(read.cursor)
    query = f"?{urlencode(asked)}" if asked else ""
    links = [
        link(f"{address}/changes{query}", "self", GEOJSON),
        link(address, "collection", JSON, layer.title),
    ]
    if not read.is_complete:
        onward = urlencode({**asked, "since": token})
        links.append(link(f"{address}/changes?{onward}", "next", GEOJSON))
    return {
        "gone": read.gone,
        "complete": read.is_complete,
        "token": token,
        "links": links,
        "numberReturned": len(read.features),
        "attribution": layer.attribution,
    }


def _body(read: Changes, members: dict[str, Any]) -> bytes:
    # PostGIS returns features as text; their text is joined unparsed with the JSON of the members.
    start = b'{"type":"FeatureCollection","features":['
    return start + ",".join(read.features).encode() + b"]," + orjson.dumps(members)[1:]
