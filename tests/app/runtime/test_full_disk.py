"""A full disk, for real (P24): hides are written, what else writes is told why, nothing is lost."""

import os
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from app.runtime.database_watch import Keeper
from app.runtime.databases import open_database, private_cluster
from app.settings import Settings
from geo.accounts import tokens
from geo.db.disk_reserve import Room
from geo.db.sessions import Tier
from tests.conftest import client_of
from tests.fixtures.clock import run_now
from tests.fixtures.network import COORDINATOR, fill_network
from tests.fixtures.replicas import copy_tables, own_folder
from tests.fixtures.waiting import until

#: Tables, a log of some segments, what is kept for hides, and what PostgreSQL needs besides.
DISK_MB = 400


@pytest.fixture
def disk():
    """Give the folder of a disk of its own, which takes the rights to mount one."""
    folder = own_folder("disk")
    size = f"size={DISK_MB}m,mode=755"
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", size, "tmpfs", folder], check=False, capture_output=True
    )
    if mounted.returncode != 0:
        folder.rmdir()
        pytest.skip("no disk can be mounted here")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)
    folder.rmdir()


@pytest.fixture
async def settings(disk, cluster, empty_template):
    settings = Settings(home=disk / "home", coverage_every_s=0, rate_per_minute=0)
    own = private_cluster(settings)
    own.start()
    copy_tables(cluster, own)
    database = open_database(settings)
    async with database.session(Tier.WRITER) as session:
        await fill_network(session)
    await database.dispose()
    yield settings
    own.stop(immediate=True)


async def coordinator(settings):
    database = open_database(settings)
    async with database.session(Tier.WRITER) as session:
        _id, secret = await tokens.issue_token(
            session,
            scope="edit",
            holder="x",
            expires_at=run_now() + timedelta(days=1),
            person_id=COORDINATOR.id,
        )
    await database.dispose()
    return {"Authorization": f"Bearer {secret}"}


def take_all(disk, reserve: Path) -> Path:
    """Take what is left of a disk, as another program's file would.

    Once the server has seen that and freed its reserve, no more: that room is for hides.
    """
    taken, size = disk / "taken", 0
    with taken.open("wb") as file:
        # A checkpoint may give back segments of the log while they are being taken.
        for _ in range(10):
            left = os.statvfs(disk)
            # Looked at after what is left, which then has none of the reserve in it.
            if left.f_bavail == 0 or not reserve.exists():
                return taken
            os.posix_fallocate(file.fileno(), size, left.f_bavail * left.f_frsize)
            size += left.f_bavail * left.f_frsize
    raise AssertionError(left)


async def test_p24_a_full_disk_takes_hides_and_says_why_it_takes_nothing_else(settings, disk):
    headers = await coordinator(settings)
    own = private_cluster(settings)
    room = Room(own.data_dir)
    async with client_of(settings) as client:
        # By the application's own keeper: another one in its process would make the same file.
        await until(lambda: not room.is_short())
        edit = {"record_id": "casa", "changes": {"locality": "Otra"}, "reason": "x"}
        before = await client.post("/proposals", json=edit, headers=headers)
        taken = take_all(disk, room.file)

        refused = await client.post("/proposals", json=edit, headers=headers)
        assert refused.status_code == 503
        assert refused.json()["type"] == "urn:amparo:problem:disk-full"
        hide = {"entity": "space", "id": "casa", "code": "danger", "reason": "amenaza"}
        hidden = await client.post("/hides", json=hide, headers=headers)
        assert hidden.status_code == 201, hidden.text
        where = hidden.headers["Location"]
        lifted = await client.request("DELETE", where, json={"reason": "x"}, headers=headers)
        assert lifted.json()["type"] == "urn:amparo:problem:disk-full"
        assert "Casa de prueba" not in (await client.get("/collections/spaces/items")).text
        own_words = await client.get("/hides", headers=headers)
        assert own_words.status_code == 200
        crossing = {"entity": "crossing", "id": "puente", "code": "danger", "reason": "amenaza"}
        assert (await client.post("/hides", json=crossing, headers=headers)).status_code == 201

        own.stop(immediate=True)  # as it ends itself where its log finds no room
        nothing = await client.get("/collections/spaces/items")
        assert nothing.json()["type"] == "urn:amparo:problem:disk-full"
        assert Keeper(own, room).look()
        for _ in range(10):  # each connection of before is found broken once
            found = await client.get("/collections/spaces/items")
            if found.status_code == 200:
                break
        assert found.status_code == 200
        assert "Casa de prueba" not in found.text

        taken.unlink()
        await until(lambda: not room.is_short())
        listed = (await client.get("/hides", headers=headers)).json()["hides"]
        assert {hide["record_id"] for hide in listed} == {"casa", "puente"}
        after = await client.post("/proposals", json=edit, headers=headers)
        assert after.status_code == before.status_code
