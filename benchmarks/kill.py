"""Kills the server and PostgreSQL in the middle of approvals, and looks for half-done work.

Usage: ./run bench kill [--approvals N] [--kills N] [--postmaster] [--json FILE]

A server process over a private, durable PostgreSQL accepts proposals over HTTP, eight at a time,
while one of the two is killed with SIGKILL (the server's process, or the postmaster and all its
backends) and started again. After each start, in one snapshot: a proposal is accepted, its record
has changed in all its parts, the audit has an entry and the outbox a message, or none of it; and
every acceptance that a client was told of is there. At the end the audit chain is verified.

With ``--postmaster`` the postmaster alone is killed and nobody starts it but the server itself: how
long it takes until a list is answered again is told, and is to be within five seconds.
"""

import argparse
import asyncio
import json
import os
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table
from sqlalchemy import text

from app.access.csrf import form_token
from app.access.identity import COOKIE
from app.runtime.databases import open_database, private_cluster
from app.settings import Settings
from benchmarks._server_process import ServerProcess, Starter, start_server
from geo.accounts import sign_in
from geo.audit import trail
from geo.db import migrations
from geo.db.sessions import Database, Tier
from geo.errors import DatabaseUnavailableError
from geo.proposals.submission import ChangeRequest, propose
from geo.records import space_documents
from tests.fixtures.network import APPROVER, EDITOR, NOW, SPACE, TODAY, fill_network

#: Clients that accept at the same time.
CLIENTS = 8

#: Seconds after which a start, or a stuck client, is a failure.
PATIENCE_S = 120.0

#: Seconds within which the server brings back its postmaster (issue 14).
BACK_S = 5.0

#: What is asked of the database by anybody.
LIST = "/collections/spaces/items?limit=1"

#: What an accepted proposal does to its space: three tables and the record's own row.
CHANGES: dict[str, Any] = {
    "services": ["food", "information", "showers"],
    "schedules": [{"byday": ["MO", "SU"], "opens_at": "06:00", "closes_at": "20:00"}],
    "public_phones": ["+57 300 0000000", "+57 300 1111111"],
}

_SNAPSHOT = {
    "accepted": "select record_id from amparo.proposals where state = 'accepted'",
    "renamed": "select id from amparo.locations where name like 'Aceptada %'",
    "offering": "select a.location_id from amparo.service_at_location a"
    " join amparo.services s on s.id = a.service_id where s.code = 'showers'",
    "open longer": "select location_id from amparo.schedules where closes_at = '20:00'",
    "with its number": "select location_id from amparo.phones where number = '+57 300 1111111'",
    "audited": "select record_id from amparo.audit_entries where action = 'proposal.accepted'",
    "told": "select payload ->> 'record_id' from amparo.outbox where event = 'proposal.accepted'",
}
_ONE_SNAPSHOT = text("set transaction isolation level repeatable read")
_QUERIES = {name: text(query) for name, query in _SNAPSHOT.items()}


@dataclass
class Result:
    """What a run found.

    Attributes
    ----------
    killed : list of str
        What was killed, in order.
    unacknowledged : int
        Acceptances that were committed although the client heard nothing, because of a kill.
    lost : list of str
        Acknowledged acceptances that were not there afterwards.
    half_applied : list of str
        What was not the same in one snapshot.
    chain : str or None
        Where the audit chain breaks.
    back_s : list of float
        Seconds from the kill of a postmaster until a list was answered.
    """

    approvals: int
    killed: list[str] = field(default_factory=list)
    acknowledged: int = 0
    unacknowledged: int = 0
    lost: list[str] = field(default_factory=list)
    half_applied: list[str] = field(default_factory=list)
    audit_entries: int = 0
    chain: str | None = None
    seconds: float = 0.0
    back_s: list[float] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Whether nothing was lost or half done, and what was killed came back in time."""
        is_whole = not self.lost and not self.half_applied and self.chain is None
        return is_whole and max(self.back_s, default=0.0) <= BACK_S


class Amparo:
    """A server process and its private PostgreSQL, which can be killed and started again."""

    def __init__(self, home: Path, start: Starter) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.settings = Settings(
            home=home,
            port=port,
            rate_per_minute=0,
            token_rate_per_minute=0,
            statement_timeout_ms=30_000,
        )
        cluster = private_cluster(self.settings)
        assert cluster is not None, "AMPARO_DATABASE_URL must not be set"  # noqa: S101
        self.cluster = cluster
        self.address = f"http://127.0.0.1:{port}"
        self._start = start
        self._server: ServerProcess | None = None

    async def start_database(self) -> None:
        """Start PostgreSQL, which recovers where it was killed."""
        await asyncio.to_thread(self.cluster.start)

    async def start_server(self) -> None:
        """Start the server and wait until it answers."""
        variables = {
            "AMPARO_HOME": str(self.settings.home),
            "AMPARO_PORT": str(self.settings.port),
            "AMPARO_RATE_PER_MINUTE": "0",
            "AMPARO_TOKEN_RATE_PER_MINUTE": "0",
        }
        self._server = self._start(variables)
        deadline = time.monotonic() + PATIENCE_S
        async with httpx.AsyncClient(base_url=self.address) as client:
            while time.monotonic() < deadline:
                with suppress(httpx.TransportError):
                    if (await client.get("/conformance")).is_success:
                        return
                await asyncio.sleep(0.05)
        msg = "the server does not start"
        raise TimeoutError(msg)

    def kill_server(self) -> None:
        """Kill the server's process."""
        assert self._server is not None  # noqa: S101 -- started before
        self._server.kill()
        self._server.wait()

    async def kill_postmaster(self) -> float:
        """Kill the postmaster alone; return after how many seconds a list is answered again."""
        pid = self._postmaster()
        os.kill(pid, signal.SIGKILL)
        killed_s = time.monotonic()
        async with httpx.AsyncClient(base_url=self.address, timeout=30) as client:
            while time.monotonic() - killed_s < PATIENCE_S:
                await asyncio.sleep(0.02)
                with suppress(httpx.TransportError):
                    # Backends of the one that was killed may answer still.
                    is_new = self.cluster.is_running and self._postmaster() != pid
                    if is_new and (await client.get(LIST)).is_success:
                        return time.monotonic() - killed_s
        msg = "the server does not bring its database back"
        raise TimeoutError(msg)

    def kill_database(self) -> None:
        """Kill the postmaster and every process it has started."""
        postmaster = self._postmaster()
        children = [pid for pid in _pids() if _parent(pid) == postmaster]
        for pid in (postmaster, *children):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        while any(_is_alive(pid) for pid in (postmaster, *children)):
            time.sleep(0.01)

    def _postmaster(self) -> int:
        return int((self.cluster.data_dir / "postmaster.pid").read_text().splitlines()[0])

    def stop(self) -> None:
        """End both."""
        if self._server is not None:
            self._server.kill()
            self._server.wait()
        self.cluster.stop(immediate=True)


def _pids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _parent(pid: int) -> int | None:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return None


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in {"Z", "X"}
    except OSError:
        return False


@asynccontextmanager
async def running(start: Starter) -> AsyncIterator[Amparo]:
    """Run an Amparo in a folder of its own."""
    # Not mkdtemp's 0700: PostgreSQL runs as another user, who has to enter it.
    home = Path(tempfile.gettempdir()) / f"amparo-kill-{os.getpid()}"
    home.mkdir(mode=0o755)
    amparo = Amparo(home, start)
    try:
        await amparo.start_database()
        await migrations.migrate(amparo.cluster.superuser_url())
        yield amparo
    finally:
        amparo.stop()
        shutil.rmtree(home, ignore_errors=True)


async def prepare(database: Database, count: int) -> tuple[dict[str, str], str]:
    """Store spaces with a proposal each; return these by space, and a sign-in's secret."""
    async with database.session(Tier.WRITER) as session:
        await fill_network(session)
        spaces = [SPACE | {"id": f"s{n:04}", "name": f"Espera {n:04}"} for n in range(count)]
        await space_documents.store_documents(
            session, spaces, now=NOW, today=TODAY, source="benchmark"
        )
    async with database.session(Tier.WRITER) as session:
        outcomes = await propose(
            session,
            EDITOR,
            "space",
            [
                ChangeRequest(
                    space["id"], CHANGES | {"name": space["name"].replace("Espera", "Aceptada")}
                )
                for space in spaces
            ],
            reason="benchmark",
            via="import",
            now=NOW,
            batch_id="kill",
        )
        secret = await sign_in.start_session(
            session, APPROVER.id, lifetime=timedelta(days=1), has_shown_factor=True
        )
    return {str(o.record_id): str(o.proposal_id) for o in outcomes}, secret


class Clients:
    """Clients that accept proposals until all are accepted, whatever happens in between."""

    def __init__(self, amparo: Amparo, proposals: dict[str, str], secret: str) -> None:
        self.acknowledged: set[str] = set()
        self.unacknowledged: set[str] = set()
        self.stale: set[str] = set()
        self._left = list(proposals.items())
        self._amparo = amparo
        self._headers = {"Cookie": f"{COOKIE}={secret}"}
        self._form = {"do": "accept", "reason": "ok", "csrf": form_token(secret)}

    async def run(self) -> None:
        """Accept everything."""
        await asyncio.gather(*(self._accept() for _ in range(CLIENTS)))

    async def _accept(self) -> None:
        async with httpx.AsyncClient(
            base_url=self._amparo.address, headers=self._headers, timeout=30
        ) as client:
            while self._left:
                space_id, proposal_id = self._left.pop()
                await self._until_accepted(client, space_id, proposal_id)

    async def _until_accepted(
        self, client: httpx.AsyncClient, space_id: str, proposal_id: str
    ) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            try:
                address = f"/network/proposals/{proposal_id}"
                answer = await client.post(address, data=self._form)
            except httpx.TransportError:
                await asyncio.sleep(0.05)
                continue
            if answer.headers.get("location") == address:
                self.acknowledged.add(space_id)
                await self._read(client, space_id)
                return
            if answer.status_code == httpx.codes.CONFLICT:
                # Accepted before a kill, and the answer was lost on the way.
                self.unacknowledged.add(space_id)
                return
            if answer.status_code < httpx.codes.INTERNAL_SERVER_ERROR:
                msg = f"{answer.status_code}: {answer.text}"
                raise RuntimeError(msg)
            await asyncio.sleep(0.05)
        msg = f"{space_id} was not accepted within {PATIENCE_S:.0f} s"
        raise TimeoutError(msg)

    async def _read(self, client: httpx.AsyncClient, space_id: str) -> None:
        """Read what was accepted, as anybody does; what is answered may not be older."""
        with suppress(httpx.TransportError):
            answer = await client.get(f"/collections/spaces/items/{space_id}")
            if answer.is_success and "Espera" in answer.text:
                self.stale.add(space_id)


async def check(database: Database, told: set[str], result: Result) -> None:
    """Compare in one snapshot everything that an acceptance writes."""
    async with database.session(Tier.WRITER) as session:
        # What the session began with was a question too; a transaction is held still before any.
        await session.commit()
        await session.execute(_ONE_SNAPSHOT)
        found = {name: list(await session.scalars(query)) for name, query in _QUERIES.items()}
    accepted = set(found["accepted"])
    result.lost += sorted(told - accepted)
    for name, ids in found.items():
        if set(ids) != accepted or len(ids) != len(set(ids)):
            difference = sorted(set(ids) ^ accepted) or "twice"
            result.half_applied.append(f"{name}: {difference}")


async def trial(
    approvals: int, kills: Sequence[tuple[int, str]], start: Starter = start_server
) -> Result:
    """Accept proposals and kill something each time so many are acknowledged.

    Parameters
    ----------
    approvals : int
        How many proposals there are.
    kills : sequence of (int, str)
        Acknowledged acceptances at which ``server``, ``PostgreSQL`` or ``postmaster`` is killed,
        ascending.
    start : Starter
        How the server is started, each time.
    """
    result = Result(approvals)
    async with running(start) as amparo:
        database = open_database(amparo.settings)
        proposals, secret = await prepare(database, approvals)
        await amparo.start_server()
        clients = Clients(amparo, proposals, secret)
        started = time.monotonic()
        work = asyncio.create_task(clients.run())
        for threshold, what in kills:
            while len(clients.acknowledged) < threshold and not work.done():  # noqa: ASYNC110 -- as soon as can be
                await asyncio.sleep(0.002)
            if work.done():
                break
            if what == "server":
                amparo.kill_server()
                await amparo.start_server()
            elif what == "postmaster":
                result.back_s.append(round(await amparo.kill_postmaster(), 2))
            else:
                amparo.kill_database()
                await amparo.start_database()
            result.killed.append(what)
            await _checked(database, clients, result)
        await work
        result.seconds = round(time.monotonic() - started, 1)
        await _checked(database, clients, result)
        result.acknowledged = len(clients.acknowledged)
        result.unacknowledged = len(clients.unacknowledged)
        result.lost += [f"{space_id}: read as it was before" for space_id in clients.stale]
        async with database.session(Tier.WRITER) as session:
            verdict = await trail.verify(session)
        result.audit_entries = verdict.entries
        result.chain = None if verdict.broken is None else f"{verdict.broken}"
        await database.dispose()
    return result


async def _checked(database: Database, clients: Clients, result: Result) -> None:
    told = set(clients.acknowledged)
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            await check(database, told, result)
        except DatabaseUnavailableError:
            # Connections from before the kill; the pool notices each once.
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(0.05)
        else:
            return


def evenly(
    approvals: int, count: int, kinds: Sequence[str] = ("server", "PostgreSQL")
) -> list[tuple[int, str]]:
    """Return kills of all kinds in turn, spread over the approvals."""
    return [(approvals * (n + 1) // (count + 1), kinds[n % len(kinds)]) for n in range(count)]


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--approvals", type=int, default=1_000)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--postmaster", action="store_true")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    kinds = ("postmaster",) if arguments.postmaster else ("server", "PostgreSQL")
    kills = evenly(arguments.approvals, arguments.kills, kinds)
    result = asyncio.run(trial(arguments.approvals, kills))
    table = Table("approvals", "kills", "acknowledged", "heard of later", "lost", "half", "chain")
    table.add_row(
        f"{result.approvals}",
        f"{len(result.killed)}",
        f"{result.acknowledged}",
        f"{result.unacknowledged}",
        f"{len(result.lost)}",
        f"{len(result.half_applied)}",
        result.chain or f"{result.audit_entries} entries hold",
    )
    console = Console()
    console.print(table)
    console.print(f"{result.seconds} s with the restarts", markup=False)
    if result.back_s:
        console.print(f"back after {min(result.back_s)} to {max(result.back_s)} s", markup=False)
    if arguments.json:
        arguments.json.write_text(json.dumps(asdict(result), indent=1))
    if not result.holds:
        console.print(result.lost, result.half_applied)
        raise SystemExit(1)


if __name__ == "__main__":
    main()
