"""The audit chain: whole, in order, and any change of it found (P31, issue item 5)."""

import asyncio

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from geo.audit import trail
from geo.db.sessions import Tier


async def append(database, count, **changes):
    async with database.session(Tier.WRITER) as session:
        for n in range(count):
            entry = {
                "actor": "ana",
                "action": "space.closed",
                "entity": "space",
                "record_id": f"s{n}",
                "details": {"n": n, "reason": "cerró"},
            } | changes
            await trail.record(session, **entry)


async def verdict(database, expect=None):
    async with database.session(Tier.WRITER) as session:
        return await trail.verify(session, expect=expect)


async def as_superuser(cluster, name, *statements):
    """Do what only somebody with the machine can: the triggers are switched off."""
    engine = create_async_engine(cluster.superuser_url(name))
    async with engine.begin() as connection:
        await connection.execute(text("set local session_replication_role = replica"))
        for statement in statements:
            await connection.execute(text(statement))
    await engine.dispose()


async def test_p31_a_chain_of_entries_verifies(empty_database):
    assert await verdict(empty_database) == trail.ChainVerdict(0, trail.NO_HASH, None)
    await append(empty_database, 5)
    async with empty_database.session(Tier.WRITER) as session:
        seq, hash_ = await trail.head(session)
    found = await verdict(empty_database, expect=hash_)
    assert found == trail.ChainVerdict(5, hash_, None)
    assert seq == 5


async def test_p31_null_and_empty_and_odd_texts_are_told_apart(empty_database):
    for record_id in (None, "", "-", "3:abc,", "Ñandú 🏠"):
        await append(empty_database, 1, record_id=record_id, details={})
    assert (await verdict(empty_database)).broken is None
    assert len({trail._netstring(v) for v in (None, "", "-", "0:,", "-,")}) == 5


TAMPERING = {
    "a byte of the details": (
        3, ("update amparo.audit_entries set details = '{\"n\": 3, \"reason\": \"cerró\"}'"
           " where seq = 3")),
    "the actor": (2, "update amparo.audit_entries set actor = 'eva' where seq = 2"),
    "the time": (4, ("update amparo.audit_entries set at = at + interval '1 microsecond'"
                    " where seq = 4")),
    "a null for an empty text": (1, ("update amparo.audit_entries set record_id = null"
                                    " where seq = 1")),
    "an entry deleted": (3, "delete from amparo.audit_entries where seq = 3"),
    "the first deleted": (1, "delete from amparo.audit_entries where seq = 1"),
    "two changed places": (
        2, ("update amparo.audit_entries set seq = case seq when 2 then -2 else -3 end"
           " where seq in (2, 3)"),
        ("update amparo.audit_entries set seq = case seq when -2 then 3 else 2 end"
        " where seq in (-2, -3)")),
    "one put in": (
        6, ("insert into amparo.audit_entries select 6, at, actor, 'space.opened', entity,"
           " record_id, details, hash, hash from amparo.audit_entries where seq = 5")),
}  # fmt: skip


@pytest.mark.parametrize("how", TAMPERING)
async def test_p31_tampering_names_the_first_bad_entry(cluster, empty_clone, empty_database, how):
    await append(empty_database, 5)
    first_bad, *statements = TAMPERING[how]
    await as_superuser(cluster, empty_clone, *statements)
    found = await verdict(empty_database)
    assert found.broken is not None
    assert found.broken.seq == first_bad
    assert found.entries == first_bad - 1


async def test_p31_a_cut_off_end_is_noticed_by_a_head_kept_elsewhere(
    cluster, empty_clone, empty_database
):
    await append(empty_database, 3)
    kept = (await verdict(empty_database)).head
    await append(empty_database, 2)
    assert (await verdict(empty_database, expect=kept)).broken is None
    await as_superuser(cluster, empty_clone, "delete from amparo.audit_entries where seq > 2")
    assert (await verdict(empty_database)).broken is None, "a shorter chain is whole by itself"
    found = await verdict(empty_database, expect=kept)
    assert found.broken.seq == 3
    assert "cut off" in found.broken.reason


CHANGING = (
    "update amparo.audit_entries set actor = 'eva'",
    "delete from amparo.audit_entries",
    "truncate amparo.audit_entries",
)


async def test_p31_even_the_owner_cannot_change_an_entry(cluster, empty_clone, empty_database):
    await append(empty_database, 1)
    engine = create_async_engine(cluster.superuser_url(empty_clone))
    for role in ("postgres", "amparo_owner"):
        for statement in CHANGING:
            with pytest.raises(DBAPIError, match="append-only"):  # noqa: PT012
                async with engine.begin() as connection:
                    await connection.execute(text("set local role " + role))
                    await connection.execute(text(statement))
    await engine.dispose()


async def test_p31_the_writer_only_appends(shared_database):
    for statement in (
        *CHANGING,
        "insert into amparo.audit_entries select * from amparo.audit_entries",
        "lock table amparo.audit_entries in exclusive mode",
    ):
        with pytest.raises(DBAPIError, match="permission denied"):
            async with shared_database.session(Tier.WRITER) as session:
                await session.execute(text(statement))


@pytest.mark.parametrize("tier", [Tier.PUBLIC, Tier.PARTNER, Tier.STAFF])
async def test_p31_no_reading_tier_appends_or_reads_the_table(shared_database, tier):
    for statement in (
        "select 1 from amparo.audit_entries",
        "select amparo.audit_append('a', 'b', 'c', 'd', '{}')",
    ):
        with pytest.raises(DBAPIError, match="permission denied"):
            async with shared_database.session(tier) as session:
                await session.execute(text(statement))


async def test_p31_entries_appended_at_once_make_one_chain(empty_database):
    await asyncio.gather(*(append(empty_database, 2, actor=f"p{n}") for n in range(20)))
    found = await verdict(empty_database)
    assert (found.entries, found.broken) == (40, None)


async def test_p31_a_transaction_that_fails_leaves_no_gap(empty_database):
    await append(empty_database, 1)
    with pytest.raises(RuntimeError):  # noqa: PT012
        async with empty_database.session(Tier.WRITER) as session:
            await trail.record(session, actor="a", action="b", entity="c")
            raise RuntimeError
    await append(empty_database, 1)
    found = await verdict(empty_database)
    assert (found.entries, found.broken) == (2, None)


async def test_p48_an_entry_holds_no_position_address_or_number(empty_database):
    with pytest.raises(ValueError, match="float"):
        await append(empty_database, 1, details={"lon": -72.5})
    await append(
        empty_database,
        1,
        details={
            "reason": "llamó ana@ong.example al +57 310 555 01 02, está en 7.8943, -72.5078;"
            " abre el 2026-11-25 con 40 cupos",
            "fields": ["status", "notice"],
            "source": f"{'x ' * (trail.MAX_TEXT // 2 - 3)} 3105550102 ana@ong.example",
            "proposal": "6f1c9d2e-4f1a-4c6e-9d11-0123456789ab",
        },
    )
    async with empty_database.session(Tier.WRITER) as session:
        kept = await session.scalar(text("select details::text from amparo.audit_entries"))
    for personal in ("ana@", "310", "7.8943", "72.5078"):
        assert personal not in kept
    for harmless in ("2026-11-25", "40 cupos", "6f1c9d2e-4f1a-4c6e-9d11-0123456789ab", "notice"):
        assert harmless in kept


async def test_p31_only_coordinators_and_administrators_read_the_chain(empty_database):
    await append(empty_database, 3)
    async with empty_database.session(Tier.WRITER) as session:
        await session.execute(
            text(
                "insert into amparo.people (id, email, name, role, countries, active) values"
                " ('co', 'co@x.example', 'Co', 'coordinator', '{}', true),"
                " ('ad', 'ad@x.example', 'Ad', 'admin', '{}', true),"
                " ('ap', 'ap@x.example', 'Ap', 'approver', '{CO}', true),"
                " ('ex', 'ex@x.example', 'Ex', 'admin', '{}', false)"
            )
        )
    for person, count in (("co", 3), ("ad", 3), ("ap", 0), ("ex", 0), ("", 0), (None, 0)):
        async with empty_database.session(Tier.STAFF, person=person) as session:
            found = await trail.read(session, limit=10)
        assert len(found) == count, person
    async with empty_database.session(Tier.STAFF, person="co") as session:
        newest = await trail.read(session, limit=1)
        older = await trail.read(session, before=newest[0].seq, limit=10)
        of_one = await trail.read(session, record_id="s1", limit=10)
    assert [e.seq for e in (*newest, *older)] == [3, 2, 1]
    assert [(e.record_id, e.details["n"]) for e in of_one] == [("s1", 1)]
