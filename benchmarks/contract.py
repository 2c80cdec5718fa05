"""Whether the server keeps what its OpenAPI document says: schemathesis over every operation.

Usage: ./run bench contract [--examples N] [--include REGEX] [--lanes N] [--json FILE]

Servers of their own with the demo data are asked with what the document allows and with what it
does not, all checks on: by anybody, by sequences of requests, where an answer names what the next
one asks for, and at last what is for staff alone by a coordinator's token. Anybody asks that too, a
tenth as often: it is refused whatever is asked. Two checks are told more than the document can say:
what filters (CQL2), tokens, marks, dates and ids look like is no matter of JSON Schema, so an
answer of 400 or 422 to a value that its schema allows is no failure, and 413 and 412 refuse what a
schema does not allow as well as 400 does. What matters is that it is refused by name, and that
nothing ends with 5xx. Two failures are none (`benchmarks._contract_judge`): a collection that takes
a larger ``limit`` for its largest, and the form of a page where the document has another method.
Exit 1 at any other failure.
"""

import argparse
import asyncio
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx
from rich.console import Console
from rich.table import Table

from app import setup
from app.main import create_app
from app.settings import Settings
from benchmarks._contract_judge import pages_of
from benchmarks._processes import opened, own_home, processes
from benchmarks._server_process import ROOT
from geo.accounts import people, tokens
from geo.db.sessions import Tier

#: The requirement (issue 5): examples an operation.
EXAMPLES: Final = 2_000

#: Sequences of requests, over all operations together [A].
SEQUENCES: Final = 200

#: Of the examples of what is for staff alone, so many are one by who is nobody of theirs [A].
REFUSED_PART: Final = 10

#: Beside the folders of the runs: what the judge knows of pages.
PAGES: Final = "pages.json"

_SINGLE: Final = "examples,coverage,fuzzing"

#: Schemathesis' own 10 s are a matter of the machine's load, and what takes how long is measured
#: elsewhere: a large download on a machine that others use took longer.
_CONFIG: Final = """
request-timeout = 60
hooks = "benchmarks._contract_hooks"
[cache]
enabled = false
[checks]
positive_data_acceptance.expected-statuses = [
    "2xx", "304", "400", "401", "403", "404", "405", "406", "409", "410", "412", "413", "415",
    "422", "428", "429", "503",
]
negative_data_rejection.expected-statuses = [
    "400", "401", "403", "404", "405", "406", "409", "412", "413", "415", "422", "428", "429",
]
"""
#: Expanded by schemathesis itself, so that the token stands in no file and on no command line.
_SIGNED: Final = '[auth.openapi.token]\nbearer = "${AMPARO_CONTRACT_TOKEN}"\n'


@dataclass(frozen=True)
class Outcome:
    """What came of one operation, asked by anybody or by staff."""

    asker: str
    operation: str
    cases: int
    server_errors: int
    failures: tuple[str, ...]
    statuses: dict[str, int]


@dataclass(frozen=True)
class Run:
    """One process of schemathesis."""

    folder: Path
    address: str
    operations: Sequence[str]
    asker: str = "anybody"
    phases: str = _SINGLE
    token: str | None = None

    def start(self, examples: int) -> subprocess.Popen[bytes]:
        """Start it; what it says goes to a file in its folder."""
        self.folder.mkdir()
        config = self.folder / "schemathesis.toml"
        config.write_text(_CONFIG + ("" if self.token is None else _SIGNED), encoding="utf-8")
        command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(config), "run"]
        command += [f"{self.address}/api", "--checks", "all", "--max-examples", str(examples)]
        command += ["--phases", self.phases, "--suppress-health-check", "all"]
        command += ["--report", "json", "--report-json-path", str(self.folder / "report.json")]
        for operation in self.operations:
            command += ["--include-name", operation]
        environment = os.environ | {
            "PYTHONPATH": str(ROOT),
            "AMPARO_CONTRACT_PAGES": str(self.folder.parent / PAGES),
            "AMPARO_CONTRACT_TALLY": str(self.folder / "tally.json"),
            "AMPARO_CONTRACT_TOKEN": self.token or "",
        }
        with (self.folder / "said.txt").open("wb") as said:
            return subprocess.Popen(  # noqa: S603 -- of our own making
                command, cwd=self.folder, env=environment, stdout=said, stderr=subprocess.STDOUT
            )

    def outcomes(self) -> Iterator[Outcome]:
        """Give what came of each operation, of those that were asked."""
        report = json.loads((self.folder / "report.json").read_text(encoding="utf-8"))
        tally = json.loads((self.folder / "tally.json").read_text(encoding="utf-8"))
        failures = [(one["title"], one["operations"]) for one in report["failures"]]
        failed = {name for _, names in failures for name in names}
        # An error of schemathesis' own, a server that is gone for one, belongs to no operation.
        for error in report["errors"]:
            yield Outcome(self.asker, "?", 0, 0, (error["title"],), {})
        for operation in sorted({*tally, *failed}):
            statuses = Counter(tally.get(operation, {}))
            yield Outcome(
                self.asker,
                operation,
                statuses.total(),
                sum(count for status, count in statuses.items() if status >= "500"),
                tuple(title for title, names in failures if operation in names),
                dict(sorted(statuses.items())),
            )


def operations_of(document: dict[str, Any], include: str) -> dict[str, bool]:
    """Return the operations of a document, each with whether it is for staff alone."""
    return {
        f"{method.upper()} {path}": "403" in operation["responses"]
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in {"get", "post", "put", "patch", "delete"} and re.search(include, path)
    }


async def coordinator_token(settings: Settings) -> str:
    """Return a token that may change what a coordinator may."""
    async with opened(settings) as database, database.session(Tier.WRITER) as session:
        organization = await people.add_organization(session, "Contract")
        person = await people.add_person(
            session, email="contract@example.org", name="Contract", role="coordinator"
        )
        _id, secret = await tokens.issue_token(
            session,
            scope="edit",
            holder=organization,
            expires_at=datetime.now(UTC) + timedelta(days=1),
            person_id=person,
        )
        return secret


def run(runs: Sequence[Run], examples: int, console: Console) -> list[Outcome]:
    """Run some at once, say what failed, and return what came of each operation."""
    for one, process in [(one, one.start(examples)) for one in runs]:
        if process.wait() != 0:
            console.print((one.folder / "said.txt").read_text(encoding="utf-8"), markup=False)
    return [outcome for one in runs for outcome in one.outcomes()]


def measure(
    addresses: Sequence[str], token: str, examples: int, include: str, folder: Path
) -> list[Outcome]:
    """Ask every operation, over running servers: a process of schemathesis for each of them."""
    document = httpx.get(f"{addresses[0]}/api", timeout=60).json()
    operations = operations_of(document, include)
    staff = [name for name, is_for_staff in operations.items() if is_for_staff]
    open_to_all = [name for name in operations if name not in staff]
    console = Console()

    def lanes(name: str, names: Sequence[str], token: str | None = None) -> list[Run]:
        asker = "anybody" if token is None else "staff"
        shares = [(n, at, names[n :: len(addresses)]) for n, at in enumerate(addresses)]
        return [
            Run(folder / f"{name}-{n}", at, share, asker, token=token)
            for n, at, share in shares
            if share
        ]

    found = run(lanes("anybody", open_to_all), examples, console)
    # What is looked at before who asks, the questions of staff reach too.
    found += run(lanes("refused", staff), max(1, examples // REFUSED_PART), console)
    sequences = Run(folder / "sequences", addresses[0], [*operations], "sequences", "stateful")
    found += run([sequences], min(examples, SEQUENCES), console)
    # Last: staff hide and close what the others ask for.
    return found + run(lanes("staff", staff, token), examples, console)


def main() -> None:
    """Start servers, let schemathesis say what it finds, and print what came of each operation."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=EXAMPLES)
    parser.add_argument("--include", default="", help="paths alone that match")
    parser.add_argument("--lanes", type=int, default=2, help="processes at once")
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    began = time.monotonic()
    with own_home() as settings, tempfile.TemporaryDirectory() as folder:
        setup.start_database(settings)
        asyncio.run(setup.prepare_data(settings, lambda _: None))
        token = asyncio.run(coordinator_token(settings))
        with processes(settings, chosen.lanes) as servers:
            addresses = [server.address for server in servers]
            pages = json.dumps(pages_of(create_app(settings)))
            Path(folder, PAGES).write_text(pages, encoding="utf-8")
            found = measure(addresses, token, chosen.examples, chosen.include, Path(folder))
    _tell(found, time.monotonic() - began)
    if chosen.json is not None:
        rows = [asdict(one) for one in found]
        chosen.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    if any(one.failures or one.server_errors for one in found):
        sys.exit("the server does not keep what the document says")


def _tell(found: Sequence[Outcome], taken_s: float) -> None:
    table = Table("asker", "operations", "cases", "5xx", "failures")
    for asker in dict.fromkeys(one.asker for one in found):
        own = [one for one in found if one.asker == asker]
        counts = (
            len(own),
            sum(one.cases for one in own),
            sum(one.server_errors for one in own),
            sum(len(one.failures) for one in own),
        )
        table.add_row(asker, *map(str, counts))
    console = Console()
    console.print(table)
    for one in found:
        for failure in one.failures:
            console.print(f"{one.asker}: {one.operation}: {failure}", markup=False)
    console.print(f"{taken_s:.0f} s")


if __name__ == "__main__":
    main()
