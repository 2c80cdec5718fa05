"""Ways over streets that a phone finds by itself: cost and time, against the server's.

Usage: ./run bench streets [--file FILE] [--pairs N] [--json FILE]

Streets of at most 60,000 junctions are cut from an extract, by default nine times Porto Alegre, of
which the eastern half is given to another country. Crossings there have hours and closures, areas
are excluded or weigh. Of pairs of places is asked what the phone's modules find in node, and what
the server finds on the same streets. Times are of node's own CPU, times four for a cheap phone
(webmap.md: 4x). Exit 1 where a bar of issue 17 is missed: a way that does not cost the same, 80 ms
at the 95th percentile, 8 MB.
"""

import argparse
import base64
import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np
from rich.console import Console

from app.http.assets import STATIC_FOLDER
from app.http.compression import BROTLI
from app.packs.streets import MOST_JUNCTIONS
from benchmarks._bars import Bar, judged, verdicts
from benchmarks._figures import Ledger, timed
from routing.graph.road_graph import RoadGraph
from routing.osm.importer import read_osm
from routing.osm_tags.edge_flags import EdgeFlag
from tests.fixtures.shared_data import shared
from tests.fixtures.street_world import (
    BEGIN,
    ZONE,
    StreetWorld,
    border_posts,
    divided,
    places,
    some_hazards,
)

GRAPH: Final = "streets"

#: Of issue 17, item 5.
BARS: Final = (
    Bar((GRAPH,), "phone", "ways that cost other than the server's", 0, ""),
    Bar((GRAPH,), "phone", "way at 4x CPU p95", 80, "ms"),
    Bar((GRAPH,), "file", "to load", 8, "MB"),
)

#: CPU of a cheap phone against this machine's (webmap.md).
SLOWER: Final = 4

#: As the server's search over crossings rounds (routing/engine/portal_search.py), seconds.
ROUNDING_S: Final = 1.0

#: Any fixed number: the same world in every run.
SEED: Final = 20_261_130

_ASK: Final = """
import { readFileSync } from 'node:fs';
const folder = process.argv.at(-1);
const { readStreets } = await import(new URL('streets.js', folder));
const { meet } = await import(new URL('street-ends.js', folder));
const engine = await import(new URL('street-ways.js', folder));
const { askWays } = await import(new URL('because.js', folder));
const { file, known, asked } = JSON.parse(readFileSync(0, 'utf8'));
const cpuMs = () => { const { user, system } = process.cpuUsage(); return (user + system) / 1000; };
const timed = (work) => {
  const began = cpuMs();
  const found = work();
  return [cpuMs() - began, found];
};
const bytes = Uint8Array.from(Buffer.from(file, 'base64'));
const [readMs, network] = timed(() => engine.makeStreetNetwork(readStreets(bytes.buffer), known));
const find = ({ from, to, startMs }) => {
  const ends = meet(network.streets, from, to);
  return ends && engine.findIn(engine.makeWorld(network, ends[0], startMs), ...ends);
};
const [firstMs] = timed(() => find(asked[0]));
asked.slice(-60).forEach(find); // what a phone has asked before
const found = asked.map((one) => timed(() => find(one)));
const compared = asked.map((one) => timed(() => {
  const ends = meet(network.streets, one.from, one.to);
  return ends && askWays(network, ...ends, one.startMs, engine).refusal;
})[0]);
console.log(JSON.stringify({
  readMs, firstMs, compared, heapMB: process.memoryUsage().rss / 1e6,
  ways: found.map(([ms, way]) => (
    way ? [ms, way.priceS, way.crossings.length, way.hazards.length] : [ms, null, 0, 0])),
}));
"""


def world_of(file: Path) -> tuple[StreetWorld, StreetWorld]:
    """Give the whole world of an extract, and that of the streets cut from its middle alone."""
    read = read_osm(file, "streets", imported_at="2026-11-30T00:00:00Z", country="BR")
    graph = divided(read, every=10)
    whole = StreetWorld(graph, border_posts(graph, 8, SEED), some_hazards(graph, 40, SEED, 0.006))
    kept = np.zeros(len(graph.edge_tail), dtype=np.bool_)
    kept[whole.streets.excerpt.edge] = True
    alone = _only(graph, kept)
    return whole, StreetWorld(alone, whole.crossings, whole.hazards)


def _only(graph: RoadGraph, kept: np.ndarray[Any, np.dtype[np.bool_]]) -> RoadGraph:
    """Close all other edges to walkers: the server has to search what the phone has."""
    flags = np.where(kept, graph.edge_flags, graph.edge_flags & ~np.uint16(EdgeFlag.FOOT))
    return replace(graph, edge_flags=flags.astype(np.uint16))


def _asked_of_phone(world: StreetWorld, pairs: list[Any]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for path in STATIC_FOLDER.glob("*.js"):
            shutil.copy(path, folder)
        (folder / "package.json").write_text('{"type": "module"}', encoding="utf-8")
        asked = {
            "file": base64.b64encode(world.file()).decode(),
            "known": world.known(),
            "asked": [
                {
                    "from": {"at": start[0], "country": start[1]},
                    "to": {"at": end[0], "country": end[1]},
                    "startMs": at.timestamp() * 1000,
                }
                for start, end, at in pairs
            ],
        }
        node = shutil.which("node") or "node"
        script = ["--input-type=module", "--eval", _ASK, "--", (folder / "roads.js").as_uri()]
        done = subprocess.run(  # noqa: S603 -- our own script
            [node, *script], input=json.dumps(asked), capture_output=True, text=True, check=True
        )
        told: dict[str, Any] = json.loads(done.stdout)
        return told


def measured(file: Path, count: int, console: Console) -> Ledger:
    """Ask phone and server the same, and note how they did."""
    ledger = Ledger(GRAPH)
    whole, world = world_of(file)
    cut_ms, streets = timed(lambda: whole.cut_around(whole.graph.meta.bbox))
    body = whole.file(streets)
    ledger.note("file", "junctions", streets.junctions, "")
    ledger.note("file", "as it is", len(body) / 1e6, "MB")
    ledger.note("file", "to load", len(BROTLI.packed(body)) / 1e6, "MB")
    known = json.dumps(whole.known(streets)).encode()
    ledger.note("file", "known for a week, to load", len(BROTLI.packed(known)) / 1e6, "MB")
    ledger.note("server", "cut", cut_ms, "ms")
    near = set(streets.excerpt.node.tolist())
    drawn = places(whole.graph, 2 * count, SEED, near)
    times = [(BEGIN + timedelta(hours=7 * n % 24)).astimezone(ZoneInfo(ZONE)) for n in range(count)]
    pairs = list(zip(drawn[:count], drawn[count:], times, strict=True))
    told = _asked_of_phone(world, pairs)
    different, dearer = 0, 0
    for pair, (_, phone_s, *_rest) in zip(pairs, told["ways"], strict=True):
        server_s = world.price_s(*pair)
        if server_s is None or phone_s is None:
            is_same = server_s is None and phone_s is None
        else:
            is_same = abs(server_s - phone_s) <= ROUNDING_S
            dearer += phone_s > server_s + ROUNDING_S
        if not is_same:
            different += 1
            console.print(f"{pair}: server {server_s}, phone {phone_s}")
    ledger.note("phone", "ways that cost other than the server's", different, "")
    ledger.note("phone", "of these dearer", dearer, "")
    ledger.note("phone", "pairs", count, "")
    ledger.note("phone", "pairs without a way", sum(row[1] is None for row in told["ways"]), "")
    ledger.note("phone", "ways over a border", sum(row[2] > 0 for row in told["ways"]), "")
    ledger.note("phone", "ways through a hazard", sum(row[3] > 0 for row in told["ways"]), "")
    ledger.note("phone", "read and landmarks at 4x", SLOWER * told["readMs"], "ms")
    ledger.note("phone", "first way at 4x", SLOWER * told["firstMs"], "ms")
    ledger.percentiles("phone", "way at 4x CPU", [SLOWER * row[0] for row in told["ways"]])
    inland = [SLOWER * row[0] for row in told["ways"] if row[1] is not None and not row[2]]
    ledger.percentiles("phone", "of these within a country", inland)
    ledger.percentiles("phone", "with reasons at 4x", [SLOWER * ms for ms in told["compared"]])
    ledger.note("phone", "memory of node", told["heapMB"], "MB")
    return ledger


def main() -> int:
    """Measure, print, and tell whether a bar is missed."""
    parser = argparse.ArgumentParser(prog="./run bench streets", description=__doc__)
    parser.add_argument("--file", type=Path)
    parser.add_argument("--pairs", type=int, default=200)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    console = Console()
    ledger = measured(asked.file or shared("osm/poa_3x3.osm.pbf"), asked.pairs, console)
    for figure in ledger.figures:
        console.print(f"{figure.engine:8} {figure.metric:42} {figure.value:12,.4g} {figure.unit}")
    found = verdicts(ledger, BARS)
    console.print(judged(found))
    console.print(f"at most {MOST_JUNCTIONS:,} junctions")
    if asked.json:
        ledger.write(asked.json)
    return 1 if any(verdict.is_missed for verdict in found) else 0


if __name__ == "__main__":
    sys.exit(main())
