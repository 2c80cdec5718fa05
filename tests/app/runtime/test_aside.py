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


def test_the_basemap_is_built_where_there_is_none_and_it_may_be(tmp_path, settings_for):
    begun = []
    settings = settings_for("unused").model_copy(
        update={"home": tmp_path, "basemap_at_start": True}
    )
    aside.build_missing_basemap(
        settings.model_copy(update={"basemap_at_start": False}), begun.append
    )
    assert begun == []
    aside.build_missing_basemap(settings, begun.append)
    [code] = begun
    compile(code, "aside", "exec")
    settings.basemap_path.touch()
    aside.build_missing_basemap(settings, begun.append)
    assert len(begun) == 1
