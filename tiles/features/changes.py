"""Changes of a collection since a copy was made, and the whole collection for a new copy (P49).

The ledger of `geo.history.change_feed` lists the ids of published features with a digest of each.
New copies and updates of old copies are read in the same way, by pages of ids from the ledger. A
feature is returned only if its bytes match the digest in the ledger: so the ledger knows of every
feature that a client has got, and will report its removal. A feature that changes between two pages
is returned again after the last page.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from itertools import takewhile
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    LargeBinary,
    Select,
    Text,
    bindparam,
    cast,
    func,
    literal_column,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from geo.errors import CopyTooOldError
from geo.history import change_feed
from geo.history.change_feed import FeedSource, LedgerEntry, States
from tiles.catalogue.layer import Layer
from tiles.catalogue.layers import BOUNDARIES, PLACES, ROADS, find_layer
from tiles.features.items import as_feature, feature_rows

#: Layers that are imported as a whole and have too many rows for a ledger with an entry for each
#: feature: after an import, clients have to make a new copy.
AS_A_WHOLE = frozenset({ROADS.name, BOUNDARIES.name, PLACES.name})


@dataclass(frozen=True, slots=True)
class Cursor:
    """Position from which a client continues to read changes of a collection.

    A mark identifies a state of the collection.

    Parameters
    ----------
    since
        Mark of the last state that the client has read completely; None for a new copy.
    until
        Mark of the state at the time when the client read the first page of this round of pages;
        None before the first page.
    after
        Id after which the next page starts.
    """

    since: bytes | None = None
    until: bytes | None = None
    after: str = ""

    @property
    def marks(self) -> tuple[bytes, ...]:
        """The marks of states in the cursor, at most two."""
        return tuple(mark for mark in (self.since, self.until) if mark is not None)


@dataclass(frozen=True, slots=True)
class Changes:
    """One page of changes.

    Parameters
    ----------
    features
        GeoJSON texts of new or changed features, by id.
    gone
        Ids of features that are no longer published to this tier.
    cursor
        Position after this page, for the next request.
    is_complete
        Whether this is the last page.
    is_behind
        Whether the page ends early at a feature that changed after the last update of the ledger;
        the ledger has to be updated before the next page.
    """

    features: Sequence[str]
    gone: Sequence[str]
    cursor: Cursor
    is_complete: bool
    is_behind: bool = False


@cache
def source(layer_name: str) -> FeedSource:
    """Return the query by which a layer's ledger is updated: published ids, each with a digest."""
    layer = find_layer(layer_name)
    clock, subjects = layer.clock, layer.subjects
    if layer_name in AS_A_WHOLE:
        return FeedSource(layer_name, subjects, clock, _fingerprint(layer), is_whole=True)
    rows = feature_rows(layer).cte("published")
    digest = func.sha256(func.convert_to(as_feature(rows), "UTF8"), type_=LargeBinary)
    return FeedSource(layer_name, subjects, clock, select(rows.c.id, digest.label("digest")))


async def read_changes(session: AsyncSession, layer: Layer, cursor: Cursor, limit: int) -> Changes:
    """Return one page of changes, from the session's tier and in its single snapshot.

    Parameters
    ----------
    session : AsyncSession
        Session in a single snapshot, by `geo.history.change_feed.hold_still`.
    limit : int
        Maximum number of features and tombstones (ids of removed features), at least 1.

    Raises
    ------
    CopyTooOldError
        The cursor names a state that is no longer kept, or the layer was replaced as a whole.
    DatabaseUnavailableError
        The ledger of the layer has not been made yet.
    """
    states = await change_feed.find_states(session, layer.name, cursor.marks)
    read = _read_whole if layer.name in AS_A_WHOLE else _read_ledger
    return await read(session, layer, cursor, limit, states)


async def _read_ledger(
    session: AsyncSession, layer: Layer, cursor: Cursor, limit: int, states: States
) -> Changes:
    for mark in cursor.marks:
        states.number(mark)
    since = None if cursor.since is None else states.number(cursor.since)
    until = cursor.until or states.mark
    if since == states.seq:
        return _page((), (), Cursor(since=until))
    entries = await change_feed.read_entries(
        session, layer.name, since=since, after=cursor.after, limit=limit + 1
    )
    asked = entries[:limit]
    texts = await _read_features(session, layer, [entry.id for entry in asked])

    def is_as_told(entry: LedgerEntry) -> bool:
        feature = texts.get(entry.id)
        return entry.digest == (None if feature is None else sha256(feature.encode()).digest())

    told = list(takewhile(is_as_told, asked))
    is_behind = len(told) < len(asked)
    onward = Cursor(since=until)
    if is_behind or len(entries) > limit:
        onward = Cursor(cursor.since, until, told[-1].id if told else cursor.after)
    return _page(
        [texts[entry.id] for entry in told if entry.digest is not None],
        [entry.id for entry in told if entry.digest is None],
        onward,
        is_behind=is_behind,
    )


async def _read_whole(
    session: AsyncSession, layer: Layer, cursor: Cursor, limit: int, states: States
) -> Changes:
    if any(mark != states.mark for mark in cursor.marks):
        raise CopyTooOldError
    if cursor.since is not None:
        return _page((), (), cursor)
    values = {"after": cursor.after, "limit": limit + 1}
    rows = (await session.execute(_whole_statement(layer.name), values)).all()
    onward = Cursor(since=states.mark)
    if len(rows) > limit:
        onward = Cursor(None, states.mark, rows[limit - 1].id)
    return _page([row.feature for row in rows[:limit]], (), onward)


def _page(
    features: Sequence[str], gone: Sequence[str], onward: Cursor, *, is_behind: bool = False
) -> Changes:
    return Changes(features, gone, onward, onward.until is None, is_behind)


async def _read_features(session: AsyncSession, layer: Layer, ids: Sequence[str]) -> dict[str, str]:
    """Return the GeoJSON texts of those of the features that are published now, by id."""
    rows = await session.execute(_features_statement(layer.name), {"ids": ids})
    return {row.id: row.feature for row in rows}


@cache
def _features_statement(layer_name: str) -> Select[Any]:
    layer = find_layer(layer_name)
    is_asked = layer.view.c.id == func.any(bindparam("ids", type_=ARRAY(Text)))
    found = feature_rows(layer).where(is_asked).cte("found")
    return select(found.c.id, as_feature(found).label("feature"))


@cache
def _whole_statement(layer_name: str) -> Select[Any]:
    layer = find_layer(layer_name)
    key = layer.view.c.id
    page = feature_rows(layer).where(key > bindparam("after", type_=Text)).order_by(key)
    found = page.limit(bindparam("limit", type_=Integer)).cte("found")
    return select(found.c.id, as_feature(found).label("feature")).order_by(found.c.id)


def _fingerprint(layer: Layer) -> Select[Any]:
    # Hash geometries as bytes, because PostgreSQL has no 64-bit hash of geometries.
    rows = layer.rows(func.ST_AsEWKB(layer.view.c.geom)).cte("published")
    whole: ColumnElement[Any] = literal_column(rows.name)
    # A sum does not depend on the order of rows. The hash is fast but not collision-resistant,
    # which is enough: whoever imports the rows gains nothing from a collision.
    hashed = func.sum(func.hash_record_extended(whole, cast(0, BigInteger)))
    return select(func.concat(func.count(), "/", hashed, type_=Text)).select_from(rows)
