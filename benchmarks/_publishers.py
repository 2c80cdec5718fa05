"""The servers that `./run bench publish` measures, and what one of their answers takes."""

import contextlib
import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from benchmarks import _bare, _tipg
from benchmarks._server_process import ROOT
from benchmarks.answers import cpu_clock

#: As the servers are named in figures; the second keeps no answer in memory.
AMPARO: Final = "amparo"
KEEPS_NOTHING: Final = "amparo, nothing kept"
BARE: Final = "bare"
TIPG: Final = "tipg"

#: After an answer has been read, servers still write their log lines and rest their connections.
SETTLE_S: Final = 0.03

#: Whoever takes longer to start has failed.
PATIENCE_S: Final = 60.0


type Asked = tuple[str, Mapping[str, str]]


@dataclass(frozen=True)
class Publisher:
    """A running server."""

    name: str
    address: str
    pid: int


@dataclass(frozen=True)
class Round:
    """What a round of requests took, a request: milliseconds of CPU, of wall each, and kilobytes.

    Attributes
    ----------
    cpu_ms : float
        Of the server process and all of PostgreSQL.
    database_ms : float
        The latter part of it.
    """

    cpu_ms: float
    database_ms: float
    wall_ms: Sequence[float]
    body_kb: float


class Answer(NamedTuple):
    """What came back, and after how long."""

    headers: Message
    body: bytes
    wall_ms: float


class Postgres:
    """The processes of a cluster.

    Parameters
    ----------
    data_dir
        Of the running cluster.
    """

    def __init__(self, data_dir: Path) -> None:
        first = (data_dir / "postmaster.pid").read_text(encoding="ascii").partition("\n")[0]
        self._postmaster = Path("/proc") / first

    def cpu_ms(self) -> float:
        """Return the CPU time of all backends and workers so far, those that ended included."""
        stat = (self._postmaster / "stat").read_text(encoding="ascii")
        # proc(5): cutime and cstime are the 16th and 17th, counted from before the name's end.
        ended = sum(map(int, stat.rpartition(")")[2].split()[13:15])) * 1e3 / _TICKS
        children = self._postmaster / "task" / self._postmaster.name / "children"
        total_ns = 0
        for pid in children.read_text(encoding="ascii").split():
            with contextlib.suppress(OSError):  # it has ended just now
                total_ns += time.clock_gettime_ns(cpu_clock(int(pid)))
        return ended + total_ns / 1e6


_TICKS: Final = os.sysconf("SC_CLK_TCK")


class Connection:
    """One connection to a server, as plain as Python can."""

    def __init__(self, address: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(address).netloc)

    def connect(self) -> None:
        """Connect anew: servers close a connection on which nothing is asked for some seconds."""
        self._connection.close()
        self._connection.connect()

    def ask(self, path: str, headers: Mapping[str, str]) -> Answer:
        """Ask once.

        Raises
        ------
        SystemExit
            The answer is an error.
        """
        began = time.perf_counter()
        self._connection.request("GET", path, headers=dict(headers))
        response = self._connection.getresponse()
        body = response.read()
        if response.status not in {200, 204, 304}:
            sys.exit(f"{path} was answered by {response.status}: {body[:500]!r}")
        return Answer(response.headers, body, 1e3 * (time.perf_counter() - began))


class Client:
    """Asks one server.

    Parameters
    ----------
    most
        Connections at a time.
    """

    def __init__(self, publisher: Publisher, postgres: Postgres, most: int) -> None:
        self._clock = cpu_clock(publisher.pid)
        self._postgres = postgres
        self._connections = [Connection(publisher.address) for _ in range(most)]

    def ask(self, asked: Sequence[Asked], *, most: int | None = None) -> list[Answer]:
        """Ask for some paths with their headers, and return the answers in no order.

        Parameters
        ----------
        most
            Connections at a time; default: all.
        """
        connections = self._connections[:most]
        for connection in connections:
            connection.connect()

        def ask_some(place: int) -> list[Answer]:
            part = asked[place :: len(connections)]
            return [connections[place].ask(path, headers) for path, headers in part]

        with ThreadPoolExecutor(len(connections)) as pool:
            return [one for some in pool.map(ask_some, range(len(connections))) for one in some]

    def round(self, asked: Sequence[Asked], *, most: int | None = None) -> Round:
        """Ask as `ask` does, and tell what it took."""
        time.sleep(SETTLE_S)
        database, server = self._postgres.cpu_ms(), time.clock_gettime_ns(self._clock)
        answers = self.ask(asked, most=most)
        time.sleep(SETTLE_S)
        count = len(asked)
        server_ms = (time.clock_gettime_ns(self._clock) - server) / 1e6 / count
        database_ms = (self._postgres.cpu_ms() - database) / count
        size_kb = sum(len(answer.body) for answer in answers) / 1e3 / count
        walls_ms = [answer.wall_ms for answer in answers]
        return Round(server_ms + database_ms, database_ms, walls_ms, size_kb)


@contextlib.contextmanager
def running(
    name: str, command: Sequence[str | Path], settings: Mapping[str, str], log: Path
) -> Iterator[Publisher]:
    """Run a server until the end of the block; ``PORT`` in its command or settings becomes one.

    Raises
    ------
    SystemExit
        It does not answer; with the end of what it said.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    told = {key: value.replace("PORT", port) for key, value in settings.items()}
    with log.open("wb") as output:
        server = subprocess.Popen(  # noqa: S603
            [str(part).replace("PORT", port) for part in command],
            cwd=ROOT,
            env=os.environ | told,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        if not _is_up(int(port)):
            said = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
            sys.exit(f"{name} does not answer:\n{said}")
        _rest(cpu_clock(server.pid))
        yield Publisher(name, f"http://127.0.0.1:{port}", server.pid)
    finally:
        server.terminate()
        server.wait(20)


def _rest(clock: int) -> None:
    """Wait until a server has done what it does once, beside the first answers."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        before_ns = time.clock_gettime_ns(clock)
        time.sleep(_LOOK_S)
        if time.clock_gettime_ns(clock) - before_ns < _IDLE * _LOOK_S * 1e9:
            return


#: How long a server is looked at, and the share of a core at which it counts as resting [A].
_LOOK_S: Final = 0.5
_IDLE: Final = 0.05


def _is_up(port: int) -> bool:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        # A server listens once it has opened all that it needs.
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return True
        time.sleep(0.1)
    return False


def commands(
    home: Path, superuser_url: str, public_url: str, tipg_url: str, tipg: Path | None
) -> dict[str, tuple[list[str | Path], dict[str, str]]]:
    """Return how each server is started, by name: command and settings.

    Parameters
    ----------
    home
        Amparo's.
    superuser_url, public_url, tipg_url
        Of the database, as its owner, as the public tier's role and as tipg's.
    tipg
        Python of its environment; None leaves it out.
    """
    ours = {
        "AMPARO_HOME": str(home),
        "AMPARO_DATABASE_URL": superuser_url,
        "AMPARO_PORT": "PORT",
        "AMPARO_BASEMAP_AT_START": "false",
        "AMPARO_RATE_PER_MINUTE": "0",
    }
    serve: list[str | Path] = [sys.executable, "-m", "app.cli", "serve"]
    uvicorn: list[str | Path] = ["-m", "uvicorn", "--port", "PORT"]
    quiet = ["--no-access-log", "--log-level", "warning"]
    found = {
        AMPARO: (serve, ours),
        KEEPS_NOTHING: (serve, ours | {"AMPARO_KEPT_MB": "0"}),
        BARE: (
            [sys.executable, *uvicorn, *quiet, "benchmarks._bare:app"],
            {_bare.DATABASE: public_url},
        ),
    }
    if tipg is not None:
        settings = _tipg.environment(tipg_url)
        found[TIPG] = ([tipg, *uvicorn, *quiet, "tipg.main:app"], settings)
    return found
