"""Homes and server processes of a benchmark's own, which end with it."""

import contextlib
import resource
import socket
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from app.runtime.databases import open_database
from app.settings import Settings
from benchmarks._server_process import Starter, start_server
from geo.db.private_cluster import PrivateCluster
from geo.db.sessions import Database


@dataclass(frozen=True)
class Server:
    """A running server process."""

    address: str
    pid: int


@contextlib.contextmanager
def servers(
    settings: Settings, count: int = 2, *, start: Starter = start_server
) -> Iterator[list[str]]:
    """Run server processes over one database and give their addresses."""
    with processes(settings, count, start=start) as running:
        yield [server.address for server in running]


@contextlib.contextmanager
def processes(
    settings: Settings,
    count: int,
    *,
    descriptors: int | None = None,
    start: Starter = start_server,
) -> Iterator[list[Server]]:
    """Run server processes over one database, each with so many descriptors at most."""
    assert settings.database_url is not None  # noqa: S101 -- the caller's own settings
    url = settings.database_url.get_secret_value()
    with contextlib.ExitStack() as stack:
        running = []
        for _ in range(count):
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                port = free.getsockname()[1]
            variables = {
                "AMPARO_HOME": str(settings.home),
                "AMPARO_DATABASE_URL": url,
                "AMPARO_PORT": str(port),
                "AMPARO_BASEMAP_AT_START": "false",
                # What is measured is what answers, not what refuses to.
                "AMPARO_RATE_PER_MINUTE": "0",
                "AMPARO_TOKEN_RATE_PER_MINUTE": "0",
                "AMPARO_SIGN_IN_RATE_PER_MINUTE": "0",
                "AMPARO_SIGN_IN_PAIR_RATE_PER_HOUR": "0",
                "AMPARO_SIGN_IN_ACCOUNT_RATE_PER_HOUR": "0",
                "AMPARO_REPORT_RATE_PER_MINUTE": "0",
            }
            server = start(variables)
            if descriptors is not None:
                resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (descriptors, descriptors))
            stack.callback(server.wait, 20)
            stack.callback(server.terminate)
            running.append(Server(f"http://127.0.0.1:{port}", server.pid))
        for one in running:
            _wait(one.address)
        yield running


#: Of a new home: each server compiles every kernel, some twenty seconds where nothing else runs.
_START_S = 180


def _wait(address: str, limit_s: float = _START_S) -> None:
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline:
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(f"{address}/health", timeout=5).status_code == 200:
                return
        time.sleep(0.1)
    msg = f"{address} was not healthy after {limit_s} s"
    raise RuntimeError(msg)


@contextlib.asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Database]:
    """Open the tiers of a database and close them afterwards."""
    database = open_database(settings)
    try:
        yield database
    finally:
        await database.dispose()


@contextlib.contextmanager
def own_home(**more: Any) -> Iterator[Settings]:  # noqa: ANN401 -- as `Settings` takes them
    """Give the settings of a home in a temporary folder, over a running cluster of its own."""
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        base.chmod(0o755)
        cluster = PrivateCluster(base / "pg", base / "s", durable=True)
        cluster.start()
        try:
            (base / "home").mkdir()
            url = cluster.superuser_url()
            yield Settings(home=base / "home", database_url=url, **more)
        finally:
            cluster.stop(immediate=True)
