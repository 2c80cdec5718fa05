"""Work in processes of their own that nobody waits for."""

from app.runtime import aside
from tests.fixtures.waiting import until


async def test_a_process_is_begun_that_gives_way_and_is_not_waited_for(tmp_path):
    told = tmp_path / "told"
    aside.begin(f"import pathlib; pathlib.Path({str(told)!r}).write_text(str(os.nice(0)))")

    async def is_told():
        return told.exists() and told.read_text() != ""

    await until(is_told)
    assert int(told.read_text()) >= 10
