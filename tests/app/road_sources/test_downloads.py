"""Files by address: whole or not at all, from where they stopped, as their checksum says."""

from hashlib import md5, sha256

import pytest

from app.road_sources.downloads import fetched
from app.road_sources.errors import FetchError
from app.road_sources.heights import height_files
from app.road_sources.servers import Patience, Server, client_named
from tests.fixtures.osm_servers import osm_servers

CONTENT = bytes(range(256)) * 4_000
PATH = "/south-america/co.osm.pbf"


@pytest.fixture
def servers():
    with osm_servers() as made:
        made.files[PATH] = CONTENT
        yield made


@pytest.fixture
def get(servers, tmp_path):
    def ask(**options):
        with client_named(None, "1") as client:
            server = Server(client, Patience(lambda _: None))
            return fetched(
                server, servers.origin + PATH, tmp_path / "files", lambda *_: None, **options
            )

    return ask


def test_a_download_goes_on_where_it_stopped(servers, get):
    servers.cut_after = 300_000
    with pytest.raises(FetchError) as stopped:
        get()
    assert stopped.value.code in {"cut_off", "unreachable"}
    file = get()
    assert file.read_bytes() == CONTENT
    assert file.name == "co.osm.pbf"
    (begun,) = [head["Range"] for head in servers.heads if "Range" in head]
    assert 200_000 < int(begun.removeprefix("bytes=").removesuffix("-")) <= 300_000
    # What has not changed is not sent again.
    assert get() == file
    assert "If-None-Match" in servers.heads[-1]


def test_a_file_that_changed_meanwhile_begins_anew(servers, get):
    servers.cut_after = 300_000
    with pytest.raises(FetchError):
        get()
    servers.files[PATH] = CONTENT[::-1]
    assert get().read_bytes() == CONTENT[::-1]


@pytest.mark.parametrize(("kind", "digest"), [("md5", md5), ("sha256", sha256)])
def test_a_file_is_compared_with_its_checksum(servers, get, tmp_path, kind, digest):
    servers.files[f"{PATH}.{kind}"] = f"{digest(b'another').hexdigest()}  co.osm.pbf".encode()
    with pytest.raises(FetchError) as other:
        get()
    assert other.value.code == "checksum"
    assert not list(tmp_path.rglob("*.pbf*"))
    servers.files[f"{PATH}.{kind}"] = f"{digest(CONTENT).hexdigest()}  co.osm.pbf".encode()
    assert get().read_bytes() == CONTENT


def test_a_file_beyond_the_limit_is_refused_before_it_comes(get, tmp_path):
    with pytest.raises(FetchError) as large:
        get(most_bytes=1_000)
    assert large.value.code == "too_large"
    assert not list(tmp_path.rglob("*.part"))


@pytest.mark.parametrize("address", ["http://example.org/a.pbf", "ftp://127.0.0.1/a", "file:///a"])
def test_only_addresses_that_nobody_can_change_on_the_way(tmp_path, address):
    with client_named(None, "1") as client, pytest.raises(FetchError) as unsafe:
        fetched(Server(client, Patience(lambda _: None)), address, tmp_path, lambda *_: None)
    assert unsafe.value.code == "not_https"


def test_heights_are_files_folders_and_addresses(tmp_path):
    folder = tmp_path / "srtm"
    folder.mkdir()
    tiles = [folder / name for name in ("N07W073.hgt", "N08W073.HGT")]
    for tile in (*tiles, folder / "readme.txt"):
        tile.write_bytes(b"")
    assert height_files(
        [str(folder), "https://a.example/b.tif", str(tiles[0])], tmp_path.joinpath
    ) == [
        *tiles,
        tmp_path / "https://a.example/b.tif",
        tiles[0],
    ]
    for wrong in (tmp_path, tmp_path / "absent.tif"):
        with pytest.raises(FetchError):
            height_files([str(wrong)], tmp_path.joinpath)
