"""Fixtures: real PostGIS in a throw-away cluster, the real application, real data.

Nothing here runs unless a test asks for it: `tests/routing` passes without a database.
"""

import asyncio
import contextlib
import fcntl
import functools
import gc
import os
import random
import re
import sys
import tempfile
import urllib.error
import urllib.request
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import IO, Any

import httpx
import hypothesis
import pytest

from tests.fixtures import clock, examples, file_order, preloaded, shared_data, waiting
from tests.fixtures.browsing import chromium_program
from tests.fixtures.cluster import (
    IN_MEMORY,
    copy_database,
    drop_database,
    shared_cluster,
    template_database,
    throwaway_folder,
)
from tests.fixtures.left_out import LeftOut
from tests.fixtures.ports import free_port

ROOT = Path(__file__).resolve().parents[1]
BROWSER_TESTS = ROOT / "tests" / "browser"

# A deadline would measure the machine. CI repeats its examples, so that a landing does not hang
# on chance; everybody else explores new ones, and `--long` more of them.
hypothesis.settings.register_profile(
    "amparo",
    max_examples=examples.BUDGET,
    deadline=None,
    derandomize=os.environ.get("CI") == "true",
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.register_profile(
    "long", hypothesis.settings.get_profile("amparo"), max_examples=100
)
hypothesis.settings.load_profile("amparo")

# Collection makes hardly any garbage and is a tenth faster where nobody looks for it: see `freeze`.
gc.disable()

# A basemap that appears in a home which tests share would change what others are answered: those of
# the basemap build their own, and no start does.
os.environ["AMPARO_BASEMAP_AT_START"] = "false"

# Where pytest makes the folders of tests; imports wait for the disk thousands of times.
os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(throwaway_folder()))

EMPTY = "amparo_empty"
LOADED = "amparo_loaded"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let `./run test --long` run what is marked as long, too."""
    parser.addoption("--long", action="store_true", help="run the tests that are marked long, too")
    parser.addoption(
        "--shuffle", metavar="SEED", help="run files, and the tests of each, in another order"
    )
    parser.addoption(
        "--at", metavar="MOMENT", type=clock.moment, default=clock.AT,
        help="begin at another moment than every run: ISO 8601 with an offset",
    )  # fmt: skip
    # Now, and not when pytest is configured: conftest.py of folders is imported before.
    if "PYTEST_XDIST_WORKER" in os.environ:
        clock.go_by_run()  # of the process that started the worker
    else:
        clock.begin(parser.parse_known_args(sys.argv[1:]).at)


def pytest_configure(config: pytest.Config) -> None:
    """Let `--long` try more examples of each property, before the tests are imported."""
    shared_data.folder()  # a wrong name is said before the tests begin
    config.pluginmanager.register(LeftOut())
    config.pluginmanager.register(CloneRemoval())
    if config.getoption("numprocesses", None):
        gc.enable()  # this process collects nothing: it hears from those that do
    if config.getoption("--long"):
        examples.lift()
        hypothesis.settings.load_profile("long")


def pytest_xdist_auto_num_workers() -> int:
    """Return how many workers a run has: one more than processors (decision 108).

    Tests that wait for a browser, a timer or the database leave a tenth of the processors idle.
    """
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Order the tests that `LeftOut` leaves."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        give_second_tries(items)
    seed = config.getoption("--shuffle")
    if seed is not None:
        shuffle(items, seed)
    elif config.getoption("numprocesses", None) or os.environ.get("PYTEST_XDIST_WORKER"):
        longest_first(items)


def give_second_tries(items: list[pytest.Item]) -> None:
    """Let a run on several cores try a test in a browser again, once, where it fails.

    What it failed on is told at the end, of no more tests than `--max-suite-reruns` says: it is to
    be mended (decision 105). What a protection rule forbids may not happen once.
    """
    for item in items:
        if item.path.is_relative_to(BROWSER_TESTS) and not re.match(r"test_p\d", item.name):
            item.add_marker(pytest.mark.flaky(reruns=1))


def pytest_collection_finish() -> None:
    """Keep the tests' modules out of garbage collection."""
    freeze()


def freeze() -> None:
    """Never look again for garbage in what there is by now: half a second each time.

    And look less often in what comes, as the server does (`app.server`): three per cent.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000)
    gc.enable()


def shuffle(items: list[pytest.Item], seed: str) -> None:
    """Bring files, and the tests within each, into another order."""
    chance, files = random.Random(seed), by_file(items)
    order = sorted(files, key=Path)
    chance.shuffle(order)
    for name in order:
        chance.shuffle(files[name])
    items[:] = [item for name in order for item in files[name]]


def by_file(items: list[pytest.Item]) -> dict[str, list[pytest.Item]]:
    """Return the tests of each file, by its name from the root of the checkout."""
    files: dict[str, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.nodeid.partition("::")[0], []).append(item)
    return files


def longest_first(items: list[pytest.Item]) -> None:
    """Bring files into the order in which workers take them."""
    files = by_file(items)
    order = file_order.in_order(list(files), file_order.read_seconds())
    items[:] = [item for name in order for item in files[name]]


def in_thread[T](work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end in a thread of its own, away from pytest-asyncio's loop."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


@pytest.fixture(scope="session", autouse=True)
def quick_hashes() -> None:
    """Let passwords cost little: see `tests.fixtures.quick_hashes`."""
    from tests.fixtures.quick_hashes import hash_quickly

    hash_quickly()


@pytest.fixture(scope="session", name="shared_data")
def shared_data_folder() -> Path:
    """Give the folder of data that may not be shipped; without it nobody who uses this runs."""
    there = shared_data.folder()
    if there is None:
        pytest.fail(f"no folder of shared data: {shared_data.VARIABLE} names one")
    return there


@pytest.fixture(scope="session")
def run_id() -> str:
    """Give what the workers of one pytest run have in common."""
    return os.environ.get("PYTEST_XDIST_TESTRUNUID", uuid.uuid4().hex)[:12]


@pytest.fixture(scope="session")
def cluster(run_id: str) -> Iterator[Any]:
    """Run the throw-away PostgreSQL of this pytest run."""
    with shared_cluster(run_id) as running:
        yield running


@pytest.fixture(scope="session")
def settings_for(cluster: Any, home: Path) -> Callable[..., Any]:
    """Give settings of an Amparo that uses a database of the test cluster."""
    from app.settings import Settings

    def make(database: str, **overrides: Any) -> Any:
        # Tests ask faster than people; those of the limits set them.
        limited = ("", "token_", "sign_in_", "report_")
        unlimited = {f"{what}rate_per_minute": 0 for what in limited}
        unlimited |= {f"sign_in_{whose}_rate_per_hour": 0 for whose in ("pair", "account")}
        # What is computed in the background would come when it comes; the tests of it ask for it.
        unlimited["coverage_every_s"] = 0
        # A busy machine makes nothing fail; the tests of deadlines set theirs.
        unlimited |= {"statement_timeout_ms": 300_000, "database_wait_s": 120}
        return Settings(
            home=home,
            database_url=cluster.superuser_url(database),
            **(unlimited | overrides),
        )

    return make


@pytest.fixture(scope="session")
def own_folder(run_id: str) -> Path:
    """Give the AMPARO_HOME that the workers of this run share, in which there may be nothing yet.

    Never removed here: another worker may still use it, and it lies in the temporary folder.
    """
    base = Path(tempfile.gettempdir()) / f"amparo-test-home-{run_id}"
    base.mkdir(exist_ok=True)
    return base


@pytest.fixture(scope="session")
def home(own_folder: Path) -> Path:
    """Give the AMPARO_HOME of this run with the sketch, which is imported once, as for users.

    So are the searches compiled, a minute in a new checkout: other workers wait, and then read
    from disk what came of it.
    """
    with (own_folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (own_folder / "graphs").is_dir():
            from app import setup
            from app.settings import Settings

            _warm_once()  # before the import, which needs some of them
            setup.import_sketch(Settings(home=own_folder))
    return own_folder


@pytest.fixture(scope="session")
def empty_template(cluster: Any, own_folder: Path) -> str:
    """Name a database that has the migrations and nothing else."""
    from app.runtime.write_proof import made_key
    from geo.db import migrations

    def build(url: str) -> None:
        in_thread(migrations.migrate(url, key=made_key(own_folder)))
        in_thread(clock.set_database_clock(url))

    template_database(cluster, EMPTY, build)
    return EMPTY


@pytest.fixture(scope="session")
def loaded_template(cluster: Any, empty_template: str, settings_for: Any, home: Path) -> str:
    """Name a database with everything that `./run` loads."""
    from app import setup

    def build(url: str) -> None:
        in_thread(setup.prepare_data(settings_for(LOADED), report=lambda line: None))

    template_database(cluster, LOADED, build, of=empty_template)
    return LOADED


#: Clones to remove with what made them: the fixtures that are being set up, or the test itself.
_clones: list[list[tuple[Any, str]]] = [[]]


def _drop(clones: list[tuple[Any, str]]) -> None:
    while clones:
        drop_database(*clones.pop())


class CloneRemoval:
    """Removes clones with what made them.

    A plugin of its own: hooks of this file are not called for fixtures of the session.
    """

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Iterator[None]:
        """Remove the clones of a fixture when it ends, after all that it does itself."""
        mine: list[tuple[Any, str]] = []
        fixturedef.addfinalizer(functools.partial(_drop, mine))
        _clones.append(mine)
        try:
            return (yield)
        finally:
            _clones.pop()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_teardown(self) -> Iterator[None]:
        """Remove what a test has cloned itself."""
        try:
            return (yield)
        finally:
            _drop(_clones[0])


def clone(cluster: Any, template: str) -> str:
    """Make a committed copy of a template, for one fixture or test to write into.

    It is removed when that ends.
    """
    name = f"t_{uuid.uuid4().hex[:16]}"
    copy_database(cluster, template, name)
    _clones[-1].append((cluster, name))
    return name


@pytest.fixture
def empty_clone(cluster: Any, empty_template: str) -> str:
    """Name a database of this test's own, migrated and empty."""
    return clone(cluster, empty_template)


@pytest.fixture
def loaded_clone(cluster: Any, loaded_template: str) -> str:
    """Name a database of this test's own, with everything loaded."""
    return clone(cluster, loaded_template)


@pytest.fixture(scope="session")
def loaded_shared(cluster: Any, loaded_template: str) -> str:
    """Name a loaded database that a worker's read-only tests share."""
    return clone(cluster, loaded_template)


@contextlib.asynccontextmanager
async def opened(settings: Any) -> AsyncIterator[Any]:
    """Open the tiers of a database and close them afterwards."""
    from app.runtime.databases import open_database

    database = open_database(settings)
    try:
        yield database
    finally:
        await database.dispose()


async def run_sql(settings: Any, statement: str, **values: Any) -> None:
    """Execute one statement as the writer and commit it."""
    from sqlalchemy import text

    from geo.db.sessions import Tier

    async with opened(settings) as database, database.session(Tier.WRITER) as session:
        await session.execute(text(statement), values)


async def partner_header(settings: Any) -> dict[str, str]:
    """Issue a partner's token, and return the header that carries it."""
    from geo.accounts import tokens
    from geo.db.sessions import Tier

    async with opened(settings) as database, database.session(Tier.WRITER) as session:
        _id, secret = await tokens.issue_token(
            session,
            scope="partner",
            holder="Organización",
            expires_at=clock.run_now() + timedelta(days=1),
        )
    return {"Authorization": f"Bearer {secret}"}


@pytest.fixture
async def empty_database(empty_clone: str, settings_for: Any) -> AsyncIterator[Any]:
    """Give the tiers of a database of this test's own, migrated and empty."""
    async with opened(settings_for(empty_clone)) as database:
        yield database


@pytest.fixture
async def loaded_database(loaded_clone: str, settings_for: Any) -> AsyncIterator[Any]:
    """Give the tiers of a database of this test's own, with everything loaded."""
    async with opened(settings_for(loaded_clone)) as database:
        yield database


@pytest.fixture(scope="session")
async def shared_database(loaded_shared: str, settings_for: Any) -> AsyncIterator[Any]:
    """Give the tiers of a loaded database for tests that only read, or roll back."""
    async with opened(settings_for(loaded_shared)) as database:
        yield database


@pytest.fixture(scope="session")
async def writer_engine(empty_template: str, cluster: Any, settings_for: Any) -> AsyncIterator[Any]:
    """Give the writer's engine on a database of this worker's own."""
    from sqlalchemy.pool import NullPool

    from app.runtime.databases import tier_urls
    from geo.db.sessions import Tier, create_tier_engine

    settings = settings_for(clone(cluster, empty_template))
    engine = create_tier_engine(tier_urls(settings)[Tier.WRITER], Tier.WRITER)
    assert not isinstance(engine.pool, NullPool)
    yield engine
    await engine.dispose()


@pytest.fixture
async def session(writer_engine: Any) -> AsyncIterator[Any]:
    """Give a writer's session on an empty database; everything is rolled back."""
    from sqlalchemy.ext.asyncio import AsyncSession

    async with writer_engine.connect() as connection:
        outer = await connection.begin()
        async with AsyncSession(
            connection, join_transaction_mode="create_savepoint", expire_on_commit=False
        ) as writer:
            yield writer
        await outer.rollback()


@functools.cache
def _warm_once() -> None:
    """Compile every kernel while no application of this process makes its fields.

    Each starts with the one and then with the other, in a thread (`app.http.parameter_fields`);
    here there are several.
    """
    from app import main
    from app.jobs import daily_upkeep, notification_senders, pulled_sources
    from app.runtime import compilation

    # Two seconds, where hardly a file is asked for: each is compressed when it is.
    main.compress_assets = lambda: None
    compilation.load_searches()
    compilation.load_planning()
    # Several applications live as long as the run, and what they do by the hour would come in the
    # midst of any test; those of messages, of upkeep and of sources do it themselves.
    notification_senders.INTERVAL_S = pulled_sources.LOOK_EVERY_S = 86_400.0
    daily_upkeep.LOOK_EVERY_S = daily_upkeep.END_EVERY_S = daily_upkeep.FOLD_EVERY_S = 86_400.0
    freeze()


@contextlib.asynccontextmanager
async def client_of(
    settings: Any, *, is_written_elsewhere: bool = True, **overrides: Any
) -> AsyncIterator[httpx.AsyncClient]:
    """Run the application in this process and talk to it.

    Every request looks whether something changed: what is told may come after the next question,
    which is allowed for `app.snapshots.layer_editions.LEASE_S`, and would fail a test once in a
    hundred. Where nobody writes but those who ask, only the next after one that may have written
    does, which spares a question to the database each.
    """
    from app.main import create_app

    _warm_once()
    application = create_app(settings, **overrides)
    async with application.router.lifespan_context(application) as state:
        has_changed = True

        async def with_state(scope: Any, receive: Any, send: Any) -> None:
            nonlocal has_changed
            scope["state"] = dict(state)
            if has_changed or is_written_elsewhere:
                has_changed = False
                state["editions"].doubt()
            await application(scope, receive, send)
            has_changed = has_changed or scope["method"] not in {"GET", "HEAD"}

        transport = httpx.ASGITransport(app=with_state, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://amparo.test") as client:
            client.application = application  # type: ignore[attr-defined]
            yield client


@pytest.fixture(scope="session")
async def client(loaded_shared: str, settings_for: Any) -> AsyncIterator[httpx.AsyncClient]:
    """Talk to an application over a loaded database that nobody writes to."""
    async with client_of(settings_for(loaded_shared), is_written_elsewhere=False) as talking:
        yield talking


@pytest.fixture(scope="module")
async def partner(
    cluster: Any, loaded_template: str, settings_for: Any
) -> AsyncIterator[httpx.AsyncClient]:
    """Talk to an application over a module's own loaded database, with a partner's token."""
    settings = settings_for(clone(cluster, loaded_template))
    header = await partner_header(settings)
    async with client_of(settings) as talking:
        talking.headers.update(header)
        yield talking


@pytest.fixture
async def own_client(loaded_clone: str, settings_for: Any) -> AsyncIterator[httpx.AsyncClient]:
    """Talk to an application over this test's own loaded database (see `loaded_clone`)."""
    async with client_of(settings_for(loaded_clone)) as talking:
        yield talking


@pytest.fixture(scope="session")
def live_server(loaded_shared: str, settings_for: Any) -> Iterator[str]:
    """Run `amparo serve` as a process of its own and give its address."""
    with served(settings_for(loaded_shared)) as address:
        yield address


@contextlib.contextmanager
def served(settings: Any, **more: str) -> Iterator[str]:
    """Run `amparo serve` by the run's clock; give the address of the server.

    Its home and database are those of the settings.
    """
    port = free_port()
    environment = os.environ | {
        "AMPARO_HOME": str(settings.home),
        "AMPARO_DATABASE_URL": settings.database_url.get_secret_value(),
        "AMPARO_PORT": str(port),
        "AMPARO_RATE_PER_MINUTE": "0",
        "AMPARO_COVERAGE_EVERY_S": "0",
        "AMPARO_SIGN_IN_RATE_PER_MINUTE": "0",
        "AMPARO_SIGN_IN_PAIR_RATE_PER_HOUR": "0",
        "AMPARO_SIGN_IN_ACCOUNT_RATE_PER_HOUR": "0",
        # A busy machine makes nothing fail here either: see `settings_for`.
        "AMPARO_STATEMENT_TIMEOUT_MS": "300000",
        "AMPARO_DATABASE_WAIT_S": "120",
        # A code is taken once in thirty seconds: see `tests.fixtures.signing_in`.
        "AMPARO_SECOND_FACTOR": "offered",
        **more,
    }
    # A file, not a pipe: nobody reads while tests run, and a full pipe would stop the server.
    with tempfile.NamedTemporaryFile("r", encoding="utf-8") as output:
        server = preloaded.started(["serve"], environment, Path(output.name))
        address = f"http://127.0.0.1:{port}"
        try:
            _wait_until_healthy(address, server, output)
            yield address
        finally:
            server.terminate()
            server.join(timeout=60)
            assert server.exitcode is not None, "the server does not end when it is told to"


def _wait_until_healthy(
    address: str, server: ForkServerProcess, written: IO[str], limit_s: float = 300
) -> None:
    def is_healthy() -> bool:
        if not server.is_alive():
            written.seek(0)
            pytest.fail(f"the server ended with {server.exitcode}:\n{written.read()}")
        with (
            contextlib.suppress(urllib.error.URLError, OSError),
            urllib.request.urlopen(f"{address}/health", timeout=5) as answer,
        ):
            return bool(answer.status == 200)
        return False

    waiting.wait_until(is_healthy, patience_s=limit_s)


@contextlib.asynccontextmanager
async def launched(program: str) -> AsyncIterator[Any]:
    """Run a Chromium."""
    from playwright.async_api import async_playwright

    # What its processes share lies in memory, unless there is little, as in many containers.
    is_roomy = throwaway_folder() == IN_MEMORY
    shared = [] if is_roomy else ["--disable-dev-shm-usage"]
    # Pages live for a second or two here: to compile their scripts for speed costs more than it
    # gives them, a sixth of all that Chromium does.
    scripts = "--js-flags=--no-opt --no-maglev"
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", scripts, *shared]
        )
        yield running
        await running.close()


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Any]:
    """Run one Chromium for all tests of a worker; skip where absent, fail in CI."""
    async with launched(chromium_program()) as running:
        yield running


@pytest.fixture(scope="session")
async def whole_chromium() -> AsyncIterator[Any]:
    """Run the Chromium that can wake a service worker for what waits (Background Sync)."""
    async with launched(chromium_program(is_whole=True)) as running:
        yield running
