"""Change feed of each layer and tier, by which clients keep copies up to date (P49).

A ledger holds the digest of every feature that a tier was shown. When the feed is requested, the
ledger is compared with the current content of the tier's own views. So every difference for the
tier is found, whether from an edit, a hide, a rule or the passing of time, and nothing else. Of a
feature that is no longer shown only the id remains (a tombstone), whatever the reason; copies
delete the feature then.

Each state of the ledger that differs from the state before has a number and a mark. A mark is a
hash of the previous mark and of the changes for the tier, so it reveals nothing that the tier may
not see (P39).
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import BigInteger, LargeBinary, Select, Text, bindparam, func, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by, insert
from sqlalchemy.ext.asyncio import AsyncSession

from geo.db.change_stamps import StampClock
from geo.db.sessions import Tier
from geo.errors import CopyTooOldError, DatabaseUnavailableError
from geo.models import Publication, PublicationHead, PublicationMark

#: Time for which the token of a superseded state is valid, and for which tombstones are kept: a
#: month and some days, so that a copy updated once a month misses no change [A].
KEPT: Final = timedelta(days=35)

#: Length of a mark in bytes: half of a SHA-256, like a UUID.
MARK_BYTES: Final = 16


@dataclass(frozen=True, eq=False)
class FeedSource:
    """A layer of the change feed, with the query for its features.

    The query names views without a schema; the search path of the session selects the tier's views.

    Parameters
    ----------
    layer
        Name of the layer.
    subjects
        Subjects whose stamps change with every change of the layer (`geo.db.change_stamps`).
    clock
        When the layer can change by the passing of time alone.
    question
        Query for the ``id`` and ``digest`` of every feature. For a layer that changes only as a
        whole, a query for one text that differs if any feature does.
    is_whole
        Whether the layer changes only as a whole.
    """

    layer: str
    subjects: tuple[str, ...]
    clock: StampClock
    question: Select[Any]
    is_whole: bool = False


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """A feature in the ledger; without a digest it is a tombstone."""

    id: str
    digest: bytes | None


@dataclass(frozen=True, slots=True)
class States:
    """Number and mark of a layer's newest state, and the numbers of requested states by mark."""

    seq: int
    mark: bytes
    numbers: dict[bytes, int]

    def number(self, mark: bytes) -> int:
        """Return the number of the state that has a given mark.

        Raises
        ------
        CopyTooOldError
            No kept state has the mark.
        """
        if mark not in self.numbers:
            raise CopyTooOldError
        return self.numbers[mark]


_AS_TIER = text("select set_config('search_path', :path, true)")
_ONE_SNAPSHOT = text("set transaction isolation level repeatable read")
# Query for whether a layer's ledger must be compared with the tier's views now (``is_due``), and
# for the moment of the next comparison without any change of rows (``due_at``). Every layer is
# compared at midnight, even a layer with `StampClock.NEVER`.
_STATE = text(
    """
    select k.changes, k.total,
        case :clock
            when 'minutely' then date_trunc('minute', instant()) + interval '1 minute'
            when 'hazards' then least(t.midnight, (select next_change_at from knowledge_clock))
            else t.midnight
        end as due_at,
        h.layer is null or h.seq = 0
            or (h.changes, h.total) is distinct from (k.changes, k.total)
            or h.due_at <= instant() as is_due
    from (select date_trunc('day', instant()) + interval '1 day' as midnight) t
    left join publication_heads h on h.layer = :layer
    cross join (
        select coalesce(sum(changes), 0)::bigint as changes, coalesce(sum(total), 0) as total
        from knowledge where subject = any (:subjects)
    ) k
    """
).bindparams(
    bindparam("clock", type_=Text),
    bindparam("layer", type_=Text),
    bindparam("subjects", type_=ARRAY(Text)),
)
_MARKS = text(
    """
    select m.seq, m.mark, m.seq = h.seq as is_newest
    from publication_heads h
    join publication_marks m on m.layer = h.layer and (m.seq = h.seq or m.mark = any (:marks))
    where h.layer = :layer
    """
)
_SHOWN = text(
    """
    select id, digest from publications
    where layer = :layer and digest is not null and id > :after order by id limit :limit
    """
)
_CHANGED = text(
    """
    select id, digest from publications
    where layer = :layer and seq > :since and id > :after order by id limit :limit
    """
)
# The tokens of a state expire `KEPT` after the next state was made. A tombstone is needed only
# while a token of a state from before the feature's removal is valid.
_FORGET_MARKS = text(
    """
    delete from amparo.publication_marks m using amparo.publication_marks n
    where n.tier = m.tier and n.layer = m.layer and n.seq = m.seq + 1 and n.made_at < :before
    """
)
_FORGET_GONE = text(
    """
    with oldest as (
        select tier, layer, min(seq) as seq from amparo.publication_marks group by tier, layer
    ), forgotten as (
        delete from amparo.publications p using oldest o
        where p.tier = o.tier and p.layer = o.layer and p.digest is null and p.seq <= o.seq
        returning 1
    )
    select count(*) from forgotten
    """
)


async def hold_still(session: AsyncSession) -> None:
    """Make all queries of a session see one snapshot; must be the first statement."""
    await session.execute(_ONE_SNAPSHOT)


async def is_due(session: AsyncSession, source: FeedSource) -> bool:
    """Return whether the layer may have changed for the tier since the ledger was last compared."""
    return bool((await session.execute(_STATE, _asked(source))).one().is_due)


def _asked(source: FeedSource) -> dict[str, Any]:
    subjects = [str(subject) for subject in source.subjects]
    return {"clock": source.clock.value, "layer": source.layer, "subjects": subjects}


async def refresh(
    session: AsyncSession, tier: Tier, source: FeedSource, *, is_forced: bool = False
) -> None:
    """Bring the ledger of a tier and layer up to date.

    Locks the head row of the ledger until the commit, so that one transaction at a time gives a
    number to a state, and a reader who sees a state sees all states before it.

    Parameters
    ----------
    session : AsyncSession
        Session of the writer tier for this call only, since its search path becomes that of
        ``tier``.
    is_forced : bool
        Whether to compare the ledger with the views even if no change is due.
    """
    await session.execute(_AS_TIER, {"path": tier.search_path})
    key = {"tier": tier.value, "layer": source.layer}
    await session.execute(insert(PublicationHead).values(**key).on_conflict_do_nothing())
    locked = select(PublicationHead.seq, PublicationHead.fingerprint).filter_by(**key)
    head = (await session.execute(locked.with_for_update())).one()
    state = (await session.execute(_STATE, _asked(source))).one()
    if not (state.is_due or is_forced):
        return
    now = {"changes": state.changes, "total": state.total, "due_at": state.due_at}
    if source.is_whole:
        now["fingerprint"] = await session.scalar(source.question)
        changed = sha256(now["fingerprint"].encode()).digest()
        is_changed = now["fingerprint"] != head.fingerprint
    else:
        changed = await session.scalar(_compared(source), {**key, "seq": head.seq + 1})
        is_changed = changed is not None
    # A layer without any feature gets a first state too.
    if is_changed or head.seq == 0:
        now["seq"] = head.seq + 1
        await _mark(session, key, head.seq, changed or b"")
    await session.execute(update(PublicationHead).filter_by(**key).values(now))


def _compared(source: FeedSource) -> Select[Any]:
    """Return the statement that writes all differences to the ledger and selects their hash."""
    tier, layer = bindparam("tier", type_=Text), bindparam("layer", type_=Text)
    found = source.question.cte("found")
    known = (
        select(Publication.id, Publication.digest)
        .where(Publication.tier == tier, Publication.layer == layer)
        .cte("known")
    )
    differing = (
        select(
            tier,
            layer,
            func.coalesce(found.c.id, known.c.id),
            found.c.digest,
            bindparam("seq", type_=BigInteger),
        )
        .select_from(found.outerjoin(known, found.c.id == known.c.id, full=True))
        .where(found.c.digest.is_distinct_from(known.c.digest))
    )
    writing = insert(Publication).from_select(["tier", "layer", "id", "digest", "seq"], differing)
    written = (
        writing.on_conflict_do_update(
            index_elements=["tier", "layer", "id"],
            set_={"digest": writing.excluded.digest, "seq": writing.excluded.seq},
        )
        .returning(Publication.id, Publication.digest)
        .cte("written")
    )
    nothing = bindparam("nothing", b"\0", type_=LargeBinary, unique=True)
    line = func.convert_to(written.c.id, "UTF8").op("||")(nothing).op("||")(
        func.coalesce(written.c.digest, nothing)
    )  # fmt: skip
    empty = bindparam("empty", b"", type_=LargeBinary, unique=True)
    lines = func.string_agg(line, aggregate_order_by(empty, written.c.id), type_=LargeBinary)
    return select(func.sha256(lines, type_=LargeBinary)).select_from(written)


async def _mark(session: AsyncSession, key: dict[str, str], seq: int, changed: bytes) -> None:
    """Store the mark of the state that follows number ``seq``."""
    before = await session.scalar(select(PublicationMark.mark).filter_by(**key, seq=seq))
    first = f"{key['tier']}/{key['layer']}".encode()
    mark = sha256((before or first) + changed).digest()[:MARK_BYTES]
    await session.execute(insert(PublicationMark).values(**key, seq=seq + 1, mark=mark))


async def find_states(session: AsyncSession, layer: str, marks: Collection[bytes]) -> States:
    """Return the newest state of a layer and the states with given marks, for the session's tier.

    Raises
    ------
    DatabaseUnavailableError
        The ledger of the layer does not exist yet, or has not reached this replica.
    """
    rows = (await session.execute(_MARKS, {"layer": layer, "marks": list(marks)})).all()
    newest = next((row for row in rows if row.is_newest), None)
    if newest is None:
        msg = "the ledger is not there yet"
        raise DatabaseUnavailableError(msg)
    numbers = {bytes(row.mark): row.seq for row in rows}
    return States(newest.seq, bytes(newest.mark), numbers)


async def read_entries(
    session: AsyncSession, layer: str, *, since: int | None, after: str, limit: int
) -> list[LedgerEntry]:
    """Return entries of the ledger in the order of their ids, for the session's tier.

    Parameters
    ----------
    since
        Number of a state, to return only entries changed since, with tombstones. None for all
        features that are shown.
    after
        Id after which the entries start.
    """
    values: dict[str, Any] = {"layer": layer, "after": after, "limit": limit}
    if since is not None:
        rows = await session.execute(_CHANGED, {**values, "since": since})
    else:
        rows = await session.execute(_SHOWN, values)
    return [LedgerEntry(row.id, None if row.digest is None else bytes(row.digest)) for row in rows]


async def forget_old(session: AsyncSession, now: datetime) -> int:
    """Delete states whose tokens have expired, and tombstones that only they need (writer session).

    Returns
    -------
    int
        How many tombstones were deleted.
    """
    # Lock all ledgers, so that no tombstone is written meanwhile.
    heads = select(PublicationHead.seq).order_by(PublicationHead.tier, PublicationHead.layer)
    await session.execute(heads.with_for_update())
    await session.execute(_FORGET_MARKS, {"before": now - KEPT})
    return int(await session.scalar(_FORGET_GONE) or 0)
