"""The private cluster, against real servers: nothing here is simulated but the disasters."""

import asyncio
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from geo.db.installation import ClusterError, find_installations
from geo.db.private_cluster import PrivateCluster
from tests.fixtures.cluster import throwaway_folder
from tests.fixtures.waiting import wait_until

ROOT = Path(__file__).resolve().parents[3]

pytestmark = pytest.mark.skipif(
    not Path("/usr/lib/postgresql").is_dir() and not os.environ.get("CI"),
    reason="no PostgreSQL here (never skipped by CI)",
)


@pytest.fixture
def folder():
    """A folder that PostgreSQL's user may enter, unlike pytest's own."""
    path = Path(tempfile.mkdtemp(prefix="amparo-cluster-", dir=throwaway_folder()))
    path.chmod(0o755)
    yield path
    PrivateCluster(path / "pg", path / "s").stop(immediate=True)
    shutil.rmtree(path)


@pytest.fixture(scope="module")
def made():
    """A cluster made once: tests start, kill and stop it, which it must survive."""
    path = Path(tempfile.mkdtemp(prefix="amparo-cluster-", dir=throwaway_folder()))
    path.chmod(0o755)
    cluster = PrivateCluster(path / "pg", path / "s")
    cluster.start()
    cluster.stop()
    yield cluster
    shutil.rmtree(path)


@pytest.fixture
def cluster(made):
    """A durable cluster that does not run."""
    yield made
    made.stop(immediate=True)
    if made.socket_dir.is_symlink():
        made.socket_dir.unlink()
    shutil.rmtree(made.socket_dir, ignore_errors=True)


async def ask(cluster, *statements, database="amparo"):
    engine = create_async_engine(cluster.superuser_url(database))
    try:
        async with engine.begin() as connection:
            for statement in statements:
                result = await connection.execute(text(statement))
            return result.scalar() if result.returns_rows else None
    finally:
        await engine.dispose()


#: Runs a program, its first argument, as an ordinary user who may be unable to read this checkout
#: (it may lie in /root): what the program imports is imported before.
AS_NOBODY = """
import os, pwd, sys
import geo.db.private_cluster, asyncpg, asyncio
nobody = pwd.getpwnam("nobody")
os.chdir("/")
os.setgroups([])
os.setgid(nobody.pw_gid)
os.setuid(nobody.pw_uid)
program = sys.argv.pop(1)
exec(program)
"""


def run_as_nobody(program, *args):
    return subprocess.run(
        [sys.executable, "-c", AS_NOBODY, program, *args],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def postmaster_pid(cluster):
    return int((cluster.data_dir / "postmaster.pid").read_text().split()[0])


async def test_first_start_makes_a_durable_cluster_with_postgis(folder, monkeypatch):
    monkeypatch.setenv("PGPORT", "1")  # neither the server nor asyncpg may believe these
    monkeypatch.setenv("PGDATA", "/nowhere")
    monkeypatch.setenv("PGOPTIONS", "-c nonsense=1")
    cluster = PrivateCluster(folder / "not" / "yet" / "pg", folder / "s")
    assert cluster.start() is True
    try:
        assert cluster.is_running
        assert (await ask(cluster, "CREATE EXTENSION postgis", "SELECT postgis_lib_version()"))[
            0
        ] >= "3"
        for setting, value in {
            "fsync": "on",
            "synchronous_commit": "on",
            "full_page_writes": "on",
            "data_checksums": "on",
            "jit": "off",
            "listen_addresses": "",
            "TimeZone": "UTC",
            "server_encoding": "UTF8",
        }.items():
            found = await ask(cluster, f"SELECT current_setting('{setting}')")
            assert found == value, setting
        assert await ask(cluster, "SELECT upper('ñandú')") == "ÑANDÚ"
        assert cluster.start() is False
    finally:
        cluster.stop()
    assert not cluster.is_running
    cluster.stop()  # stopping what is stopped is no error


async def test_only_the_servers_user_reaches_the_socket(cluster):
    cluster.start()
    info = cluster.socket_dir.stat()
    assert info.st_mode & 0o777 == 0o700
    if os.geteuid() == 0:
        assert info.st_uid == pwd.getpwnam("postgres").pw_uid
        probe = (
            "import asyncio, asyncpg, sys\n"
            "asyncio.run(asyncpg.connect(host=sys.argv[1], user='postgres'))"
        )
        assert "PermissionError" in run_as_nobody(probe, cluster.socket_dir).stderr
    assert await ask(cluster, "SELECT 1") == 1


START = """
import sys
from pathlib import Path
from geo.db.private_cluster import PrivateCluster
print(PrivateCluster(Path(sys.argv[1]) / "pg", Path(sys.argv[1]) / "s").start())
"""


def test_four_simultaneous_first_starts_make_exactly_one(folder):
    """What one left half made before is in nobody's way, and goes."""
    half = folder / "pg.new-abc"
    (half / "base").mkdir(parents=True)
    (half / "PG_VERSION").write_text("17\n")
    starts = [
        subprocess.Popen(
            [sys.executable, "-c", START, folder], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    said = sorted(start.communicate(timeout=300)[0].strip() for start in starts)
    assert [start.returncode for start in starts] == [0] * 4
    assert said == ["False", "False", "False", "True"]
    assert not half.exists()


@pytest.mark.long
def test_threads_of_one_process_also_start_it_once(cluster):
    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(lambda _: cluster.start(), range(4))) == [False, False, False, True]


async def test_kill_loses_no_committed_row(cluster):
    cluster.start()
    await ask(cluster, "CREATE TABLE kept (id int)")
    committed = 0
    connection = await asyncpg.connect(
        host=str(cluster.socket_dir), user="postgres", database="amparo"
    )
    postmaster = postmaster_pid(cluster)
    killer: asyncio.TimerHandle | None = None
    try:
        for committed in range(100_000):
            await connection.execute("INSERT INTO kept VALUES ($1)", committed)
            await asyncio.sleep(0)
            if killer is None:  # while others are written
                loop = asyncio.get_running_loop()
                killer = loop.call_later(0.1, os.kill, postmaster, signal.SIGKILL)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError):
        pass
    else:
        pytest.fail("the kill came too late")
    finally:
        if killer is not None:
            killer.cancel()
        connection.terminate()
    assert committed > 0
    assert cluster.start() is True
    assert await ask(cluster, "SELECT count(*) FROM kept WHERE id < " + str(committed)) == committed


# Counting waits for no latch, so this backend does not see at once that its server died.
BUSY = """
import asyncio, asyncpg, sys
async def count():
    connection = await asyncpg.connect(host=sys.argv[1], user="postgres")
    print("ready", flush=True)
    await connection.execute("SELECT count(*) FROM generate_series(1, 5000000)")
asyncio.run(count())
"""


@pytest.mark.long
def test_start_waits_for_the_children_of_a_killed_server(cluster):
    cluster.start()
    busy = subprocess.Popen(
        [sys.executable, "-c", BUSY, cluster.socket_dir],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert busy.stdout.readline() == "ready\n"
    counting = (
        "select pid from pg_stat_activity where state = 'active' and query like 'SELECT count%'"
    )
    wait_until(
        lambda: asyncio.run(ask(cluster, counting, database="postgres")) or busy.poll() is not None
    )
    os.kill(postmaster_pid(cluster), signal.SIGKILL)
    assert cluster.start() is True
    busy.communicate(timeout=300)
    assert cluster.is_running


@pytest.mark.every(3, first=1)
@pytest.mark.parametrize("named", ["pid 1", "ourselves", "unrelated", "absent", "words", "empty"])
def test_stale_pid_files_are_not_believed(cluster, named):
    other = subprocess.Popen(["sleep", "60"])
    pid = {
        "pid 1": "1",
        "ourselves": str(os.getpid()),
        "unrelated": str(other.pid),
        "absent": "4194304",
        "words": "no number",
        "empty": "",
    }[named]
    try:
        (cluster.data_dir / "postmaster.pid").write_text(
            f"{pid}\n{cluster.data_dir}\n1\n5432\n{cluster.socket_dir}\n\n1 1\nready\n"
        )
        cluster.socket_dir.mkdir(mode=0o700, exist_ok=True)
        (cluster.socket_dir / ".s.PGSQL.5432.lock").write_text(f"{pid}\n")
        assert not cluster.is_running
        cluster.stop()  # ends nobody
        assert other.poll() is None
        assert cluster.start() is True
        assert cluster.is_running
    finally:
        other.kill()
        other.wait()


@pytest.mark.long
def test_a_zombie_does_not_count_as_running(cluster):
    """A killed server that nobody has reaped yet still has its pid."""
    cluster.start()
    pid = postmaster_pid(cluster)
    pid_file = (cluster.data_dir / "postmaster.pid").read_text()
    zombie = subprocess.Popen(["sleep", "60"])
    os.kill(pid, signal.SIGKILL)
    zombie.kill()
    wait_until(
        lambda: Path(f"/proc/{zombie.pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    )
    (cluster.data_dir / "postmaster.pid").write_text(pid_file.replace(str(pid), str(zombie.pid), 1))
    assert not cluster.is_running
    assert cluster.start() is True
    zombie.wait()


def test_another_major_version_is_refused_and_untouched(folder):
    (folder / "pg").mkdir()
    (folder / "pg" / "PG_VERSION").write_text("13\n")
    with pytest.raises(ClusterError, match=r"made by PostgreSQL 13, but PostGIS is here for \d+"):
        PrivateCluster(folder / "pg", folder / "s").start()
    assert [path.name for path in (folder / "pg").iterdir()] == ["PG_VERSION"]


@pytest.mark.long
def test_a_first_start_that_was_killed_leaves_nothing_in_the_way(folder):
    """Its initdb goes on by itself, and must not write into the folder of the next start."""
    start = subprocess.Popen([sys.executable, "-c", START, folder], cwd=ROOT)
    wait_until(lambda: any(folder.glob("pg.new-*/PG_VERSION")))
    start.kill()
    start.wait()
    cluster = PrivateCluster(folder / "pg", folder / "s")
    assert cluster.start() is True
    assert cluster.is_running


def test_a_foreign_folder_is_refused_and_untouched(folder):
    (folder / "pg").mkdir()
    (folder / "pg" / "letters.txt").write_text("dear all")
    with pytest.raises(ClusterError, match="not a PostgreSQL data folder"):
        PrivateCluster(folder / "pg", folder / "s").start()
    assert (folder / "pg" / "letters.txt").read_text() == "dear all"


def test_a_socket_folder_planted_by_another_is_refused(cluster, folder):
    shutil.rmtree(cluster.socket_dir, ignore_errors=True)
    (folder / "elsewhere").mkdir()
    cluster.socket_dir.symlink_to(folder / "elsewhere")
    with pytest.raises(ClusterError, match="not ours"):
        cluster.start()
    cluster.socket_dir.unlink()
    if os.geteuid() == 0:
        cluster.socket_dir.mkdir()
        os.chown(cluster.socket_dir, pwd.getpwnam("nobody").pw_uid, -1)
        with pytest.raises(ClusterError, match="not ours"):
            cluster.start()


def test_a_socket_path_too_long_says_so(cluster, folder):
    long = PrivateCluster(cluster.data_dir, folder / ("s" * 90))
    with pytest.raises(ClusterError, match="longer than 107 bytes"):
        long.start()


@pytest.mark.long
def test_another_socket_folder_of_a_running_server_is_an_error(cluster, folder):
    cluster.start()
    with pytest.raises(ClusterError, match="its socket is in"):
        PrivateCluster(cluster.data_dir, folder / "t").start()


@pytest.mark.long
def test_odd_names_work_or_are_refused(folder):
    cluster = PrivateCluster(folder / "a b's ñ" / "pg", folder / "it's s")
    try:
        assert cluster.start() is True
        assert cluster.start() is False
    finally:
        cluster.stop(immediate=True)
    for name in (",", '"', "$HOME", "`id`", "\\"):
        with pytest.raises(ClusterError, match="set AMPARO_HOME"):
            PrivateCluster(folder / name / "pg", folder / "s").start()


@pytest.mark.long
async def test_the_database_is_made_again_if_a_kill_came_before_it(cluster):
    cluster.start()
    connection = await asyncpg.connect(host=str(cluster.socket_dir), user="postgres")
    await connection.execute("DROP DATABASE amparo")
    await connection.close()
    assert cluster.start() is False
    assert await ask(cluster, "SELECT current_database()") == "amparo"


@pytest.mark.long
async def test_databases_are_copied_from_a_template(cluster):
    cluster.start()
    cluster.create_database("pattern")
    await ask(cluster, "CREATE TABLE t AS SELECT 7 AS n", database="pattern")
    cluster.create_database('odd "name"', "pattern")
    cluster.create_database('odd "name"', "pattern")
    assert await ask(cluster, "SELECT n FROM t", database='odd "name"') == 7


async def test_the_log_holds_no_statement_or_row(cluster):
    cluster.start()
    await ask(
        cluster,
        "CREATE TABLE points (lon float PRIMARY KEY)",
        "INSERT INTO points VALUES (-72.50432)",
    )
    for bad in ("INSERT INTO points VALUES (-72.50432)", "SELECT nonsense(-72.50432)"):
        with pytest.raises(Exception, match=r"72\.50432|does not exist"):
            await ask(cluster, bad)
    log = cluster.log_file.read_text()
    assert "duplicate key" in log
    assert "72.50432" not in log


@pytest.mark.long
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_an_ordinary_user_runs_it_as_itself(folder):
    """Also: root then finds the folder of another user, and says so."""
    home = folder / "home"
    home.mkdir(mode=0o700)
    os.chown(home, pwd.getpwnam("nobody").pw_uid, -1)
    program = (
        "import sys; from pathlib import Path; from geo.db.private_cluster import PrivateCluster;"
        "c = PrivateCluster(Path(sys.argv[1]) / 'pg', Path(sys.argv[1]) / 's');"
        "print(c.start(), c.is_running, (c.data_dir / 'postmaster.pid').stat().st_uid);"
        "c.stop(); print(c.is_running)"
    )
    done = run_as_nobody(program, home)
    assert done.stderr == ""
    assert done.stdout.split() == ["True", "True", str(pwd.getpwnam("nobody").pw_uid), "False"]
    with pytest.raises(ClusterError, match=r"cannot enter|wrong ownership|Permission denied"):
        PrivateCluster(home / "pg", folder / "s").start()


@pytest.mark.skipif(os.geteuid() != 0, reason="root's home is meant")
def test_a_home_that_the_servers_user_cannot_enter_says_what_to_do(folder):
    (folder / "private").mkdir(mode=0o700)
    with pytest.raises(ClusterError, match=r"cannot enter .*set AMPARO_HOME"):
        PrivateCluster(folder / "private" / "pg", folder / "s").start()


def test_an_installation_without_postgis_is_passed_over_and_named(tmp_path):
    bin_dir = tmp_path / "bin"
    bin_dir.mkdir()
    for program, answer in {
        "postgres": "postgres (PostgreSQL) 99.1",
        "pg_config": str(tmp_path),
    }.items():
        (bin_dir / program).write_text(f"#!/bin/sh\necho '{answer}'\n")
        (bin_dir / program).chmod(0o755)
    patterns = (str(bin_dir), str(tmp_path / "nothing*"))
    with pytest.raises(ClusterError, match=r"no .*postgis\.control.*postgresql-17-postgis-3"):
        find_installations(patterns)
    (tmp_path / "extension").mkdir()
    (tmp_path / "extension" / "postgis.control").touch()
    with pytest.raises(ClusterError, match=r"no [^,]*pg_trgm\.control"):
        find_installations(patterns)
    (tmp_path / "extension" / "pg_trgm.control").touch()
    assert find_installations((*patterns, "/usr/lib/postgresql/*/bin"))[0].major == 99
    (bin_dir / "postgres").write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 15.3'\n")
    with pytest.raises(ClusterError, match="version 15, but 17 or newer"):
        find_installations(patterns)


@pytest.mark.long
def test_the_last_user_of_a_throwaway_cluster_destroys_it():
    from tests.fixtures.cluster import shared_cluster, template_database

    built = []
    with shared_cluster(f"probe{os.getpid()}") as first:
        with shared_cluster(f"probe{os.getpid()}") as second:
            assert second.data_dir == first.data_dir
            template_database(first, "pattern", built.append)
            template_database(second, "pattern", built.append)
        assert first.is_running
        assert built == [first.superuser_url("pattern")]
    assert not first.is_running
    assert not first.data_dir.parent.exists()


def test_a_throwaway_cluster_is_in_memory_only_where_there_is_room(monkeypatch, tmp_path):
    from tests.fixtures import cluster

    assert cluster.throwaway_folder() in {cluster.IN_MEMORY, Path(tempfile.gettempdir())}
    monkeypatch.setattr(cluster, "ROOM_BYTES", 2**60)
    assert cluster.throwaway_folder() == Path(tempfile.gettempdir())
    monkeypatch.setattr(cluster, "IN_MEMORY", tmp_path)
    monkeypatch.setattr(cluster, "ROOM_BYTES", 0)
    assert cluster.throwaway_folder() == tmp_path


@pytest.mark.long
def test_a_copy_has_what_its_template_has_and_goes_with_whoever_is_connected():
    from tests.fixtures.cluster import copy_database, drop_database, shared_cluster

    async def ask(cluster, database, *statements):
        connection = await asyncpg.connect(
            host=str(cluster.socket_dir), port=5432, user="postgres", database=database
        )
        try:
            return [await connection.fetch(one) for one in statements][-1]
        finally:
            await connection.close()

    def names(cluster):
        rows = asyncio.run(ask(cluster, "postgres", "select datname from pg_database"))
        return {row["datname"] for row in rows}

    with shared_cluster(f"copies{os.getpid()}") as cluster:
        copy_database(cluster, "template1", "pattern")
        asyncio.run(ask(cluster, "pattern", "create table t as select 7 as n"))
        copy_database(cluster, "pattern", "copy")
        assert asyncio.run(ask(cluster, "copy", "select n from t"))[0]["n"] == 7
        drop_database(cluster, "copy")
        assert {"pattern"} <= names(cluster)
        assert "copy" not in names(cluster)
    # The last test of a worker ends after all its fixtures.
    drop_database(cluster, "pattern")
