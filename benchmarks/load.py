"""What one client can do to the others: shapes of requests, and connections that hold places.

Usage: ./run bench load [--seconds N] [--drawn N] [--seed N]

One server process with its limits as they are, but for requests a minute, which would answer 429
to most of this. First eight connections send every shape (`benchmarks._load_shapes`) again and
again from a process of their own, while two of the others ask for `/health` and the list page.
Then, at 1,024 descriptors: 3,000 half requests of one address, 12 readers of a download who take
nothing, 1,100 connections of eleven addresses; while they are held and after they have gone others
ask, each time over a new connection. "Back" is how long after the attack's end the first answer
within the bar comes after which none is worse.
"""

import argparse
import asyncio
import contextlib
import resource
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from app import setup
from app.settings import Settings
from benchmarks._load_attack import ATTACKER, PATIENCE_S, connect, send
from benchmarks._load_shapes import Shape, drawn_shapes, known_shapes
from benchmarks._processes import Server, own_home, processes
from benchmarks._server_process import ROOT

#: The bars of issue 14.
P99_MS: Final = 500.0
MORE_MB: Final = 200.0
BACK_S: Final = 5.0

DESCRIPTORS: Final = 1_024

#: Between two questions of one of the others.
_PAUSE_S: Final = 0.02
#: Of this machine, from where the others ask.
OTHERS: Final = "127.0.0.1"

WATCHED: Final = ("/health", "/")
DOWNLOAD: Final = "/collections/places/items?f=csv"


@dataclass
class Seen:
    """What the others saw: when each question was asked, how long it took, and its status."""

    asked: list[tuple[float, float, int]] = field(default_factory=list)

    def p99_ms(self) -> float:
        """Return the 99th of a hundred; what was not answered counts as given up."""
        times = sorted(took for _, took, _ in self.asked)
        return 1e3 * times[min(len(times) - 1, int(0.99 * len(times)))] if times else float("nan")

    def failed(self) -> int:
        """Return how many were not answered 200."""
        return sum(status != 200 for *_, status in self.asked)

    def back_s(self, ended_at: float) -> float:
        """Return how long after a moment all is well from then on."""
        wrong = [at for at, took, status in self.asked if took * 1e3 > P99_MS or status != 200]
        return max([at - ended_at for at in wrong if at > ended_at] or [0.0])


def resident_mb(pid: int, name: str = "VmRSS") -> float:
    """Return what a process holds of memory, or has held at most (VmHWM)."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith(name):
            return int(line.split()[1]) / 1e3
    return float("nan")


def _port(server: Server) -> int:
    return int(server.address.rpartition(":")[2])


async def ask(port: int, path: str, source: str = OTHERS) -> int:
    """Ask once over a new connection; return the status, 0 where there was no answer."""
    writer = None
    try:
        async with asyncio.timeout(PATIENCE_S):
            reader, writer = await connect(port, source)
            writer.write(f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
            answer = await reader.read()
            return int(answer.split(b" ", 2)[1])
    except (OSError, TimeoutError, IndexError, ValueError):
        return 0
    finally:
        if writer is not None:
            writer.close()


@contextlib.asynccontextmanager
async def watching(port: int, source: str = OTHERS) -> AsyncIterator[dict[str, Seen]]:
    """Let others ask all the time, and give what they see by what they ask."""
    seen = {path: Seen() for path in WATCHED}

    async def watch(path: str) -> None:
        while True:
            at = time.perf_counter()
            status = await ask(port, path, source)
            seen[path].asked.append((at, time.perf_counter() - at, status))
            await asyncio.sleep(_PAUSE_S)

    tasks = [asyncio.create_task(watch(path)) for path in WATCHED]
    try:
        yield seen
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


# -- shapes ------------------------------------------------------------------------------------


async def one_by_one(server: Server, shapes: Sequence[Shape]) -> list[tuple[str, float]]:
    """Send each shape by itself; return how long `/health` then waited for it at most, in ms."""
    worst = []
    for shape in shapes:
        sending = asyncio.create_task(send(_port(server), shape))
        longest = 0.0
        while not sending.done():
            at = time.perf_counter()
            await ask(_port(server), "/health")
            longest = max(longest, time.perf_counter() - at)
        worst.append((shape.name, longest * 1e3))
    return worst


async def shapes_at_once(
    server: Server, asked: argparse.Namespace
) -> tuple[dict[str, Seen], dict[str, Seen], float]:
    """Send all shapes over eight connections.

    Returns
    -------
    What others saw for five seconds before, what they saw meanwhile, and the memory in MB that it
    took at most.
    """
    before_mb = resident_mb(server.pid)
    async with watching(_port(server)) as before:
        await asyncio.sleep(5)
    arguments = (_port(server), asked.seconds, asked.drawn, asked.seed)
    attacking = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks._load_attack", *map(str, arguments)), cwd=ROOT
    )
    async with watching(_port(server)) as seen:
        await attacking.wait()
    return before, seen, resident_mb(server.pid, "VmHWM") - before_mb


# -- connections -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Hold:
    """One way to hold connections."""

    name: str
    count: int
    source: Callable[[int], str]
    sent: bytes
    room: int | None = None


_HALF: Final = b"GET / HTTP/1.1\r\nHost: a\r\n"

HOLDS: Final = (
    Hold("3,000 half requests", 3_000, lambda _: ATTACKER, _HALF),
    Hold(
        "12 readers who take nothing",
        12,
        lambda _: ATTACKER,
        f"GET {DOWNLOAD} HTTP/1.1\r\nHost: a\r\n\r\n".encode(),
        room=4_096,
    ),
    Hold("1,100 connections", 1_100, lambda n: f"127.0.1.{1 + n // 100}", b""),
)


@dataclass
class Held:
    """What came of it."""

    hold: Hold
    during: Seen
    after: Seen
    back_s: float
    kept: int
    downloads: list[int] = field(default_factory=list)


async def hold(server: Server, held: Hold, seconds: float) -> Held:
    """Hold connections for some seconds while others ask, and look on for some more."""
    port = _port(server)
    ends: list[asyncio.StreamWriter] = []

    async def one(number: int) -> None:
        with contextlib.suppress(OSError):
            _reader, writer = await connect(port, held.source(number), room=held.room)
            writer.write(held.sent)
            ends.append(writer)

    downloads = []
    async with watching(port) as seen, watching(port, ATTACKER) as beside:
        for start in range(0, held.count, 100):
            batch = range(start, min(start + 100, held.count))
            await asyncio.gather(*(one(number) for number in batch))
        until = time.perf_counter() + seconds
        while time.perf_counter() < until:
            if held.room is not None:
                downloads.append(await ask(port, DOWNLOAD))
            await asyncio.sleep(1)
        kept = _established(port) if held.room is None else len(ends)
        ended_at = time.perf_counter()
        for writer in ends:
            writer.transport.abort()
        await asyncio.sleep(BACK_S + 1)
    everyone = [*seen.values(), *beside.values()]
    during, after = Seen(), Seen()
    for one_seen in seen.values():
        during.asked += [each for each in one_seen.asked if each[0] <= ended_at]
    for one_seen in everyone:
        after.asked += [each for each in one_seen.asked if each[0] > ended_at]
    return Held(held, during, after, after.back_s(ended_at), kept, downloads)


def _established(port: int) -> int:
    """Return how many connections the system has of a server."""
    found = 0
    for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]:
        _, local, _, state, *_ = line.split()
        found += int(local.rpartition(":")[2], 16) == port and state == "01"
    return found


# -- all ---------------------------------------------------------------------------------------


def _told(console: Console, before: dict[str, Seen], seen: dict[str, Seen], more_mb: float) -> bool:
    table = Table("asked", "times", "not 200", "p99 ms", "worst ms", "p99 ms before")
    for path, one in seen.items():
        worst = max((took for _, took, _ in one.asked), default=0.0) * 1e3
        table.add_row(
            *(path, str(len(one.asked)), str(one.failed()), f"{one.p99_ms():.0f}"),
            *(f"{worst:.0f}", f"{before[path].p99_ms():.0f}"),
        )
    console.print(table)
    console.print(f"memory at most {more_mb:+.0f} MB")
    return more_mb <= MORE_MB and all(
        one.p99_ms() <= P99_MS and not one.failed() for one in seen.values()
    )


async def run(settings: Settings, asked: argparse.Namespace) -> bool:
    """Do all of it; tell whether every bar is met."""
    console = Console()
    shapes = [*known_shapes(), *drawn_shapes(asked.drawn, asked.seed)]
    with processes(settings, 1) as (server,):
        await ask(_port(server), "/")
        worst = await one_by_one(server, shapes)
        worst.sort(key=lambda one: one[1], reverse=True)
        table = Table("shape, by itself", "/health waited at most, ms")
        for name, ms in worst[:12]:
            table.add_row(name, f"{ms:.0f}")
        console.print(table)
        is_met = _told(console, *await shapes_at_once(server, asked))
    table = Table(
        "held", "of them open", "others: times", "not 200", "p99 ms", "back s", "downloads"
    )
    for held in HOLDS:
        with processes(settings, 1, descriptors=DESCRIPTORS) as (server,):
            await ask(_port(server), "/")
            found = await hold(server, held, asked.seconds / 2)
        table.add_row(
            held.name,
            str(found.kept),
            str(len(found.during.asked)),
            str(found.during.failed()),
            f"{found.during.p99_ms():.0f}",
            f"{found.back_s:.1f}",
            " ".join(map(str, found.downloads)) or "-",
        )
        is_met &= found.back_s <= BACK_S and not found.during.failed()
        is_met &= not found.downloads or 200 in found.downloads
    console.print(table)
    return is_met


def main() -> None:
    """Print tables, and fail where a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--drawn", type=int, default=40)
    parser.add_argument("--seed", type=int, default=14)
    asked = parser.parse_args()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 20_000)), hard))
    with own_home() as settings:
        setup.start_database(settings)
        asyncio.run(setup.prepare_data(settings, lambda _: None))
        if not asyncio.run(run(settings, asked)):
            sys.exit("a bar is missed")


if __name__ == "__main__":
    main()
