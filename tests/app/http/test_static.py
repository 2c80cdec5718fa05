"""Static files: what is sent, and when it is compressed."""

from app.http import static
from app.http.assets import asset_url
from app.http.compression import Coding


async def test_nobody_waits_for_the_compression_of_a_script(client, monkeypatch):
    # The highest level takes seconds for all, and it is not what is looked at.
    monkeypatch.setattr(Coding, "packed_best", Coding.packed)
    static._packed.cache_clear()
    try:
        static.compress_assets()
        before = static._packed.cache_info().misses
        for path in ("page.js", "page.css", "icon.svg", "vendor/" + _map_script()):
            answer = await client.get(asset_url(path), headers={"Accept-Encoding": "gzip, br"})
            assert answer.status_code == 200
            assert answer.headers["content-encoding"] == "br"
        assert static._packed.cache_info().misses == before
    finally:
        static._packed.cache_clear()


def _map_script():
    (file,) = (static.STATIC_FOLDER / "vendor").glob("ol-*.js")
    return file.name
