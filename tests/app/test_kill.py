"""P40: an approval survives any kill whole, or it never was; `benchmarks/kill.py` does 1,000."""

from benchmarks.kill import evenly, trial


async def test_p40_no_approval_is_lost_or_half_applied_by_a_kill():
    result = await trial(60, evenly(60, 2))
    assert result.killed == ["server", "PostgreSQL"]
    assert result.lost == []
    assert result.half_applied == []
    assert result.chain is None
    assert result.acknowledged + result.unacknowledged == 60
    assert result.audit_entries > 60
