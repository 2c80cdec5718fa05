"""P40: an approval survives any kill whole, or it never was; `benchmarks/kill.py` does 1,000."""

from sqlalchemy import text

from benchmarks.kill import Result, check, evenly, prepare, trial
from geo.db.sessions import Tier
from tests.conftest import opened
from tests.fixtures import preloaded


async def test_p40_no_approval_is_lost_or_half_applied_by_a_kill():
    # Eight are under way at each kill; what lies between two kills tells nothing more.
    kills = evenly(32, 3, ("server", "PostgreSQL", "postmaster"))
    result = await trial(32, kills, preloaded.start_server)
    # Nobody but the server starts the last one again (issue 14): `./run bench kill` times it.
    assert result.killed == ["server", "PostgreSQL", "postmaster"]
    assert result.lost == []
    assert result.half_applied == []
    assert result.chain is None
    assert result.acknowledged + result.unacknowledged == 32
    assert result.audit_entries > 32


async def test_what_is_half_done_would_be_found(empty_clone, settings_for):
    async with opened(settings_for(empty_clone)) as database:
        proposals, _secret = await prepare(database, 3)
        result = Result(3)
        await check(database, set(), result)
        assert result.holds
        async with database.session(Tier.WRITER) as session:
            await session.execute(
                text("update amparo.locations set name = 'Aceptada x' where id = 's0001'")
            )
        await check(database, {"s0002"}, result)
        assert result.lost == ["s0002"]
        assert result.half_applied == ["renamed: ['s0001']"]
        assert len(proposals) == 3
