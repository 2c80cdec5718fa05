"""Room for hides on a full disk (P24): a file that is given up, and made again."""

import pytest

from geo.db.disk_reserve import Room

_MB = 1024**2
#: More than any disk of ours has.
_ALL = 2**60


@pytest.fixture
def room_of(tmp_path):
    return lambda **limits: Room(tmp_path / "postgres", reserve_bytes=_MB, **limits)


def test_p24_room_is_taken_while_there_is_enough(room_of):
    room = room_of(least_bytes=1)
    assert room.is_short()  # nothing is kept yet
    room.restore()
    assert not room.is_short()
    assert room.file.stat().st_size == _MB
    assert room.file.stat().st_blocks * 512 >= _MB  # blocks, and no hole


def test_p24_it_is_given_up_where_there_is_not_and_all_processes_see_that(room_of):
    room_of(least_bytes=1).restore()
    full = room_of(least_bytes=_ALL)
    assert full.is_short()
    assert not full.file.exists()
    assert room_of(least_bytes=1).is_short()
    full.restore()
    assert not full.file.exists()
    room_of(least_bytes=1).restore()
    assert full.file.exists()


def test_what_was_made_by_half_is_made_anew(room_of):
    room = room_of(least_bytes=1)
    room.file.write_bytes(b"x")
    assert room.is_short()
    room.restore()
    assert not room.is_short()
    assert [path.name for path in room.file.parent.iterdir()] == ["postgres.reserve"]


def test_a_folder_that_is_gone_has_no_room(tmp_path):
    room = Room(tmp_path / "nowhere" / "postgres")
    room.restore()
    assert room.is_short()
