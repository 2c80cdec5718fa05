"""What publishing takes: CPU of a request to Amparo, to a bare application, and to tipg.

Usage: ./run bench publish [--cases NAMES] [--requests N] [--home FOLDER] [--json FILE]

Three servers run over one PostgreSQL with 145,000 points and 350,000 lines: Amparo as users run
it, and once more with nothing kept in memory; FastAPI and asyncpg that run the same statements and
do nothing else; and tipg with its own settings, which is installed for it. They are asked in
turns, another first each time, over eight connections and without compression. CPU is that of the
server process and of PostgreSQL, the median of the rounds; ratios are those of one run. No question
is asked twice, so that PostGIS answers each; the cases at the end, of answers kept in memory
and of one connection, say so. Exit 1 above a bar.
"""

import argparse
import asyncio
import contextlib
import random
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Final

import asyncpg
import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table
from sqlalchemy import make_url

from app import setup
from app.runtime.databases import tier_urls
from app.settings import Settings
from benchmarks import _tipg
from benchmarks._bars import judged, number, verdicts
from benchmarks._figures import Ledger
from benchmarks._publish_bars import BARS, GRAPH
from benchmarks._publish_cases import CASES, Case, Question, World
from benchmarks._publish_world import CITY_TILE, fill
from benchmarks._publishers import (
    AMPARO,
    BARE,
    KEEPS_NOTHING,
    TIPG,
    Asked,
    Client,
    Postgres,
    Round,
    commands,
    running,
)
from benchmarks.answers import ACCEPT_ENCODING
from geo.db.private_cluster import PrivateCluster
from geo.db.sessions import Tier

#: Rounds of each server in each case, and questions before them that nobody counts. Each of the
#: four servers begins two of them: who asks first has PostgreSQL read what the others then find in
#: memory (0.1 ms of a box of lines, measured).
ROUNDS: Final = 8
UNMEASURED: Final = 40

#: Any fixed number: the same questions in every run.
SEED: Final = 20_261_126

#: Bodies as they are: the other servers would compress with other libraries and levels.
PLAIN: Final = {"Accept-Encoding": "identity"}

#: As the measured baselines had (publishing.md).
CONNECTIONS: Final = 8

#: What is asked over one connection in a round.
_AGAIN: Final = 40


ALONE: Final = ("1,000 alone", "kept tile", "304 tile", "kept page", "304 page")


class Measuring:
    """Asks the servers, and notes what it takes.

    Parameters
    ----------
    clients
        By the names of their servers.
    requests
        In a round of a quick case.
    """

    def __init__(
        self, clients: Mapping[str, Client], world: World, requests: int, ledger: Ledger
    ) -> None:
        self._clients = clients
        self._world = world
        self._requests = requests
        self._ledger = ledger

    def measure(self, name: str, case: Case) -> None:
        """Ask every server the questions of a case."""
        questions = case.ask(self._world, random.Random(f"{SEED} {name}"))  # noqa: S311
        asked = {
            server: client
            for server, client in self._clients.items()
            if server != AMPARO or not case.is_kept
        }
        rounds: dict[str, list[Round]] = {server: [] for server in asked}
        count = max(1, int(case.share * self._requests))
        first = list(islice(questions, min(UNMEASURED, count)))
        for server, client in asked.items():
            client.ask([(_path(question, server), PLAIN) for question in first])
        order = deque(asked)
        for _ in range(ROUNDS):
            part = list(islice(questions, count))
            for server in order:
                paths = [(_path(question, server), PLAIN) for question in part]
                rounds[server].append(asked[server].round(paths))
            order.rotate()
        for server, found in rounds.items():
            self._note(server, name, found)
        self._compare(name, KEEPS_NOTHING if case.is_kept else AMPARO)

    def measure_alone(self) -> None:
        """Ask ours over one connection: pages of a thousand, and what it keeps in memory."""
        paths = self._drawn("items1000", ROUNDS * _AGAIN)
        parts = [paths[start::ROUNDS] for start in range(ROUNDS)]
        self._note(AMPARO, "1,000 alone", [self._alone(part) for part in parts])
        for what, case in (("tile", "z10 lines"), ("page", "bbox points")):
            paths = self._drawn(case, _AGAIN)
            # What is asked twice is kept, also above 4 kB (decision 109).
            self._clients[AMPARO].ask(paths, most=1)
            # In the order of the paths, for there is one connection.
            tags = [one.headers["ETag"] for one in self._clients[AMPARO].ask(paths, most=1)]
            self._note(AMPARO, f"kept {what}", [self._alone(paths) for _ in range(ROUNDS)])
            known = [
                (path, {**headers, "If-None-Match": tag})
                for (path, headers), tag in zip(paths, tags, strict=True)
            ]
            self._note(AMPARO, f"304 {what}", [self._alone(known) for _ in range(ROUNDS)])

    def _drawn(self, case: str, count: int) -> list[Asked]:
        questions = CASES[case].ask(self._world, random.Random(SEED))  # noqa: S311
        return [(question.amparo, PLAIN) for question in islice(questions, count)]

    def _alone(self, asked: Sequence[Asked]) -> Round:
        return self._clients[AMPARO].round(asked, most=1)

    def measure_size(self) -> None:
        """Ask ours for the fullest road tile as browsers do, and as the least of clients."""
        z, x, y = CITY_TILE
        for coding, name in ((ACCEPT_ENCODING, "as browsers ask"), ("gzip", "by gzip")):
            asked = [(f"/tiles/roads/{z}/{x}/{y}", {"Accept-Encoding": coding})]
            (answer,) = self._clients[AMPARO].ask(asked)
            self._ledger.note(AMPARO, f"z6 city compressed {name}", len(answer.body) / 1e3, "kB")

    def _note(self, server: str, name: str, rounds: Sequence[Round]) -> None:
        wall_ms = [ms for one in rounds for ms in one.wall_ms]
        note = self._ledger.note
        note(server, f"{name} CPU", float(np.median([one.cpu_ms for one in rounds])), "ms")
        database_ms = float(np.median([one.database_ms for one in rounds]))
        note(server, f"{name} CPU of PostgreSQL", database_ms, "ms")
        self._ledger.percentiles(server, f"{name} wall", wall_ms)
        note(server, f"{name} body", float(np.mean([one.body_kb for one in rounds])), "kB")

    def _compare(self, name: str, ours: str) -> None:
        value = self._ledger.value
        own = value(ours, f"{name} CPU")
        for server in (AMPARO, KEEPS_NOTHING):
            cpu_ms, bare_ms = value(server, f"{name} CPU"), value(BARE, f"{name} CPU")
            if cpu_ms and bare_ms:
                self._ledger.note(server, f"{name} over the bare app's", cpu_ms / bare_ms, "times")
        theirs = value(TIPG, f"{name} CPU")
        if theirs and own:
            self._ledger.note(TIPG, f"{name} over Amparo's", theirs / own, "times")


def _path(question: Question, server: str) -> str:
    return {BARE: question.bare, TIPG: question.tipg}.get(server, question.amparo)


def measure(settings: Settings, data_dir: Path, cases: Sequence[str], requests: int) -> Ledger:
    """Start the servers over a filled database and ask them."""
    ledger = Ledger(GRAPH)
    assert settings.database_url is not None  # noqa: S101 -- the caller's own settings
    superuser = settings.database_url.get_secret_value()
    public = tier_urls(settings)[Tier.PUBLIC].render_as_string()
    world = asyncio.run(_world(superuser))
    tipg = _installed_tipg(settings.home.parent)
    reader = public if tipg is None else asyncio.run(_tipg.make_role(superuser))
    started = commands(settings.home, superuser, public, reader, tipg)
    with contextlib.ExitStack() as stack:
        clients = {}
        for server, (command, told) in started.items():
            log = settings.home.parent / f"{server}.log"
            publisher = stack.enter_context(running(server, command, told, log))
            clients[server] = Client(publisher, Postgres(data_dir), CONNECTIONS)
        measuring = Measuring(clients, world, requests, ledger)
        for name in track(cases, description="measuring", transient=True):
            measuring.measure(name, CASES[name])
        if set(cases) == set(CASES):
            measuring.measure_alone()
            measuring.measure_size()
    return ledger


def _installed_tipg(folder: Path) -> Path | None:
    try:
        return _tipg.installed(folder / "tipg")
    except subprocess.CalledProcessError as error:
        print(f"going on without tipg: {error}", file=sys.stderr)
        return None


async def _world(superuser_url: str) -> World:
    url = make_url(superuser_url)
    _, options = url.get_dialect()().create_connect_args(url)
    connection = await asyncpg.connect(**options)
    try:
        rows = await connection.fetch("select id from amparo.places where source = 'bench'")
    finally:
        await connection.close()
    return World(tuple(sorted(row["id"] for row in rows)))


@contextlib.contextmanager
def prepared(folder: Path | None) -> Iterator[tuple[Settings, Path]]:
    """Give the settings of a filled home over a cluster of its own, and the cluster's folder.

    Parameters
    ----------
    folder
        Keeps both for the next run; None: a temporary one.
    """
    with contextlib.ExitStack() as stack:
        base = (
            Path(stack.enter_context(tempfile.TemporaryDirectory())) if folder is None else folder
        )
        (base / "home").mkdir(parents=True, exist_ok=True)
        # PostgreSQL runs as another user where this one is root.
        base.chmod(0o755)
        cluster = PrivateCluster(base / "pg", base / "s", durable=True)
        cluster.start()
        stack.callback(cluster.stop, immediate=folder is None)
        settings = Settings(home=base / "home", database_url=cluster.superuser_url())
        setup.start_database(settings)
        asyncio.run(setup.prepare_data(settings, lambda _: None))
        asyncio.run(fill(cluster.superuser_url(), setup.SKETCH))
        asyncio.run(_fill_access(settings))
        yield settings, cluster.data_dir


async def _fill_access(settings: Settings) -> None:
    """Compute the access times.

    The first of the servers would do it a minute after its start, in half a minute of its CPU time,
    which the figures of whatever it was asked meanwhile would hold.
    """
    async with setup.writing_database(settings) as database:
        await setup.fill_access(database, settings)


def side_by_side(ledger: Ledger, cases: Sequence[str]) -> Table:
    """Give a row for each case and, for each server, CPU, its ratio, and times of the clock."""
    table = Table("case", "server", "CPU ms", "in PostgreSQL", "ratio", "p50 / p95 ms", "kB")
    for name in cases:
        for server in (AMPARO, KEEPS_NOTHING, BARE, TIPG):
            cpu_ms = ledger.value(server, f"{name} CPU")
            if cpu_ms is None:
                continue
            ratios = (f"{name} over the bare app's", f"{name} over Amparo's")
            ratio = next(filter(None, (ledger.value(server, each) for each in ratios)), None)
            walls = [ledger.value(server, f"{name} wall p{percent}") or 0.0 for percent in (50, 95)]
            table.add_row(
                name,
                server,
                number(cpu_ms),
                number(ledger.value(server, f"{name} CPU of PostgreSQL") or 0.0),
                "" if ratio is None else f"{number(ratio)} x",
                " / ".join(map(number, walls)),
                number(ledger.value(server, f"{name} body") or 0.0),
            )
        table.add_section()
    return table


def main() -> None:
    """Print tables, write JSON where asked, and fail above a bar."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--cases", help=f"of {', '.join(CASES)}; with commas; all by default")
    parser.add_argument("--requests", type=int, default=150, help="in a round of a quick case")
    parser.add_argument("--home", type=Path, help="keeps the filled database for the next run")
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    cases = tuple(CASES) if chosen.cases is None else tuple(chosen.cases.split(","))
    if unknown := set(cases) - set(CASES):
        parser.error(f"--cases: unknown are {', '.join(sorted(unknown))}")
    with prepared(chosen.home and chosen.home.resolve()) as (settings, data_dir):
        ledger = measure(settings, data_dir, cases, chosen.requests)
    console = Console()
    console.width = max(console.width, 100)
    console.print(side_by_side(ledger, (*cases, *ALONE)))
    found = verdicts(ledger, BARS)
    console.print(judged(found))
    if chosen.json is not None:
        ledger.write(chosen.json)
    missed = [f"{each.bar}, measured {each.value:,.4g}" for each in found if each.is_missed]
    if missed:
        sys.exit("missed: " + "; ".join(missed))


if __name__ == "__main__":
    main()
