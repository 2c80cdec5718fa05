"""From nothing to a way by real streets with spaces of one's own: the commands, and their seconds.

Usage: ./run bench first_hour [--keep FOLDER]

An organisation's first hour, scripted: an empty data folder, the demonstration removed, three
spaces of its own loaded, the streets of Porto Alegre fetched by name (from a server on this machine
that answers as Overpass and Nominatim do, from shared/data/osm), the server started, a way asked.
Exits 1 where the way does not run by streets with a space on it, or where that took more than ten
commands or five minutes.
"""

import argparse
import json
import os
import resource
import shlex
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from tests.fixtures.osm_servers import osm_servers
from tests.fixtures.shared_data import shared

ROOT: Final = Path(__file__).resolve().parents[1]
MOST_COMMANDS: Final = 10
MOST_S: Final = 300.0
PLACE: Final = "Porto Alegre, Brasil"
#: Where the own spaces stand: on streets of the extract, in its middle.
SPACES: Final = ((-51.2177, -30.0346), (-51.2095, -30.0402), (-51.1953, -30.0428))
START, END = (-51.2262, -30.0306), (-51.1895, -30.0451)


@dataclass
class Hour:
    """Commands that were run, with their seconds.

    Parameters
    ----------
    environment
        Environment of the commands.
    """

    environment: Mapping[str, str]
    rows: list[tuple[str, float]] = field(default_factory=list)

    def run(self, *command: str) -> str:
        """Run ``amparo COMMAND`` to its end; SystemExit with its last words where it fails."""
        begun = time.perf_counter()
        done = subprocess.run(  # noqa: S603 -- our own commands
            [sys.executable, "-m", "app.cli", *command],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        self.rows.append((shlex.join(["amparo", *command]), time.perf_counter() - begun))
        if done.returncode:
            sys.exit(f"{shlex.join(command)}: {done.stderr[-500:]}")
        return done.stdout

    def told(self, command: str, seconds: float) -> None:
        """Note a command that was run elsewhere."""
        self.rows.append((command, seconds))


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def own_spaces(folder: Path) -> Path:
    """Write three spaces as an organisation has them."""
    today = datetime.now(UTC).date().isoformat()
    features = [
        {
            "type": "Feature",
            "id": f"propio-{number}",
            "geometry": {"type": "Point", "coordinates": list(place)},
            "properties": {
                "name": f"Espacio propio {number}",
                "kind": "support_space",
                "organization": "Organización propia",
                "country": "BR",
                "locality": "Porto Alegre",
                "timezone": "America/Sao_Paulo",
                "coord_precision": "point",
                "services": ["information", "food"],
                "schedules": [
                    {
                        "byday": ["MO", "TU", "WE", "TH", "FR", "SA", "SU"],
                        "opens_at": "00:00",
                        "closes_at": "24:00",
                    }
                ],
                "visibility": "public",
                "confirmed_on": today,
                "consent_on": today,
                "source": "propia",
            },
        }
        for number, place in enumerate(SPACES, 1)
    ]
    path = folder / "propios_spaces.geojson"
    collection = {"type": "FeatureCollection", "features": features}
    path.write_text(json.dumps(collection), encoding="utf-8")
    return path


def asked(port: int) -> tuple[dict[str, Any], float]:
    """Return the first route of an answer, and the seconds since the server was started."""
    begun = time.perf_counter()
    body = {"start": START, "end": END, "mode": "foot"}
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/routes",
        json.dumps(body).encode(),
        {"Content-Type": "application/json"},
    )
    while True:
        try:
            with urllib.request.urlopen(request) as answer:  # noqa: S310 -- our own server
                return json.load(answer)["features"][0]["properties"], time.perf_counter() - begun
        except OSError:
            if time.perf_counter() - begun > MOST_S:
                raise
            time.sleep(0.2)


def lived(folder: Path) -> tuple[Hour, dict[str, Any]]:
    """Run the hour in a folder; return its commands and the way that came of it."""
    port = free_port()
    with osm_servers(shared("osm/poa_osm.pbf")) as servers:
        servers.country = "BR"
        servers.places[PLACE] = servers.objects.box()
        hour = Hour(
            os.environ
            | servers.environment
            | {"AMPARO_HOME": str(folder / "home"), "AMPARO_PORT": str(port)}
            | {"AMPARO_BASEMAP_AT_START": "false"}
        )
        hour.run("prepare")
        hour.run("demo", "remove")
        hour.run("load", str(own_spaces(folder)))
        heights = shared("elevation/poa_elevation.tif")
        hour.run("roads", "fetch", PLACE, "--heights", str(heights))
    server = subprocess.Popen(
        [sys.executable, "-m", "app.cli", "serve"],
        cwd=ROOT,
        env=hour.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        route, seconds = asked(port)
        hour.told("amparo serve", seconds)
        _, seconds = asked(port)
        hour.told("curl /routes", seconds)
    finally:
        server.terminate()
        server.wait()
    return hour, route


def shown(hour: Hour, route: Mapping[str, Any]) -> Sequence[str]:
    """Print the commands and the way; return what misses its bar."""
    table = Table("command", "seconds", title="first hour")
    for command, seconds in hour.rows:
        table.add_row(command, f"{seconds:.1f}")
    total_s = sum(seconds for _, seconds in hour.rows)
    table.add_row(f"{len(hour.rows)} commands", f"{total_s:.1f}")
    console = Console(width=150)
    console.print(table)
    own = [one for one in route["spaces"] if str(one).startswith("propio-")]
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    facts = {
        "network": route["network"],
        "distance_m": route["distance_m"],
        "ascent": route.get("ascent"),
        "own_spaces": own,
        "commands": len(hour.rows),
        "seconds": round(total_s, 1),
        "cpu_seconds": round(used.ru_utime + used.ru_stime, 1),
    }
    print(json.dumps(facts))
    missed = []
    if route["network_kind"] != "osm" or not own:
        missed.append("no way by streets with a space of one's own")
    if len(hour.rows) > MOST_COMMANDS or total_s > MOST_S:
        missed.append("too many commands, or too long")
    return missed


def main() -> None:
    """Run the hour once."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", type=Path, help="data folder to keep; default: a temporary one")
    keep = parser.parse_args().keep
    with tempfile.TemporaryDirectory(prefix="amparo-hour-", ignore_cleanup_errors=True) as made:
        Path(made).chmod(0o755)  # run by root, PostgreSQL is another user
        hour, route = lived(keep or Path(made))
        subprocess.run(
            [sys.executable, "-m", "app.cli", "database", "stop"],
            cwd=ROOT,
            env=hour.environment,
            check=False,
            stdout=subprocess.DEVNULL,
        )
    if missed := shown(hour, route):
        sys.exit("; ".join(missed))


if __name__ == "__main__":
    main()
