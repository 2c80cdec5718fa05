"""The road engine beside its peers: the same graph and pairs, one run, CPU time.

Usage: ./run bench routing [--graph poa|poa3|poa10|ny] [--pairs N] [--cache FOLDER] [--json FILE]

poa is Porto Alegre, poa3 and poa10 are composed of copies of it, ny is New York without any file
that OSRM or Valhalla could read. The graphs' files lie in a folder `shared` beside the checkout.
Peers that are not installed are left out and named. Networkx and scipy answer the first few pairs
only; on poa3 and poa10 Valhalla answers the first hundred, and no table. A ratio compares medians
over the pairs that both answered. Every cost is compared with Amparo's. A mismatch or a missed bar
makes the run fail.
"""

import argparse
import sys
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
from rich.console import Console
from rich.table import Table

from app.settings import Settings
from benchmarks._asking import INCIDENTS, Bench, questions
from benchmarks._bars import judged, number, verdicts
from benchmarks._engines import PEERS, Amparo
from benchmarks._figures import Ledger, timed
from benchmarks._graphs import COMPOSED, Roads, of_new_york, of_region, source_of
from benchmarks._region import import_region, open_region
from benchmarks._services import SERVICES, Service
from routing.graph.regions import open_graph
from tests.fixtures.shared_data import shared

GRAPHS: Final = ("poa", "poa3", "poa10", "ny")
#: A table of seven engines, in a file or a pipe as well.
WIDTH: Final = 120


def measure(name: str, cache: Path, data: Path, pairs: int, ledger: Ledger) -> list[str]:
    """Take all figures of a graph; give the names of the peers that are not installed.

    Files are built first, while this process is small.
    """
    warm_up()
    absent: list[str] = []
    services: list[Service] = []
    if name == "ny":
        roads = of_new_york(data)
        build_ms, amparo = timed(partial(Amparo, roads))
        ledger.note("amparo", "build and first customisation", build_ms / 1e3, "s")
    else:
        cache.mkdir(parents=True, exist_ok=True)
        source = source_of(name, cache)
        say("import")
        region = import_region(source, cache / "regions", name, ledger)
        services = built_services(source, cache / name, ledger, absent)
        graph = open_graph(region)
        open_region(region, graph, ledger)
        roads = of_region(graph)
        amparo = Amparo(roads)
    ledger.note("all", "nodes", roads.node_count, "nodes")
    ledger.note("all", "edges", len(roads.tail), "edges")
    bench = Bench(roads, ledger, amparo, questions(roads, amparo, pairs))
    say("amparo")
    bench.ask_amparo()
    for service in services:
        say(service.name)
        bench.ask_service(service)
    ask_peers(roads, bench, ledger, absent)
    bench.close()
    return absent


def built_services(source: Path, folder: Path, ledger: Ledger, absent: list[str]) -> list[Service]:
    """Build the same file with OSRM's and Valhalla's own tools, and open the results."""
    services: list[Service] = []
    for make in SERVICES:
        say(f"{make.name}'s build")
        try:
            services.append(make(source, folder, ledger))
        except ModuleNotFoundError as missing:
            absent.append(str(missing.name))
            continue
        for metric in ("build CPU", "build wall"):
            ours, theirs = (ledger.value(engine, metric) for engine in ("amparo", make.name))
            if ours and theirs:
                ledger.note(make.name, f"{metric} over Amparo's", theirs / ours, "times")
    return services


def ask_peers(roads: Roads, bench: Bench, ledger: Ledger, absent: list[str]) -> None:
    """Ask every engine that takes a cost for each edge; one at a time is in memory."""
    for name, make in PEERS.items():
        say(name)
        try:
            build_ms, peer = timed(partial(make, roads))
        except ModuleNotFoundError as missing:
            absent.append(str(missing.name))
            continue
        ledger.note(peer.name, "build and first customisation", build_ms / 1e3, "s")
        bench.ask_peer(peer)
        del peer


def warm_up() -> None:
    """Compile the kernels on a graph of two edges: compiling is no part of any figure."""
    one, two = np.array([0, 1], np.int32), np.array([1, 0], np.int32)
    engine = Amparo(Roads("two", one, two, np.array([1, 1], np.int32), np.zeros((2, 2))))
    engine.path(0, 1)
    engine.distance(0, 1)
    engine.one_to_all(0)
    engine.table(one)
    engine.update(one, two)


def say(step: str) -> None:
    """Tell whoever waits what is measured now."""
    print(f"measuring: {step}", file=sys.stderr, flush=True)


def side_by_side(ledger: Ledger) -> Table:
    """Give a row for each figure and a column for each engine."""
    figures = [figure for figure in ledger.figures if figure.engine != "all"]
    engines = list(dict.fromkeys(figure.engine for figure in figures))
    metrics = dict.fromkeys((figure.metric, figure.unit) for figure in figures)
    size = ", ".join(f"{ledger.value('all', what):,.0f} {what}" for what in ("nodes", "edges"))
    title = f"{ledger.graph}, {size}: CPU time, unless it says wall"
    table = Table("figure", "unit", title=title)
    for engine in engines:
        table.add_column(engine, justify="right")
    for metric, unit in metrics:
        values = [ledger.value(engine, metric) for engine in engines]
        table.add_row(metric, unit, *("" if value is None else number(value) for value in values))
    return table


def main() -> None:
    """Print tables, and write JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--graph", choices=GRAPHS, default="ny")
    parser.add_argument("--pairs", type=int, default=1_000)
    parser.add_argument("--data", type=Path, help="of ny")
    parser.add_argument("--cache", type=Path, help="for what is built (AMPARO_HOME/bench)")
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    if chosen.pairs < INCIDENTS:
        parser.error(f"--pairs: {INCIDENTS} or more")
    ledger = Ledger(chosen.graph)
    console = Console()
    console.width = max(console.width, WIDTH)
    if chosen.graph in COMPOSED:
        console.print(COMPOSED[chosen.graph])
    cache = (chosen.cache or Settings().home / "bench").resolve()
    absent = measure(chosen.graph, cache, chosen.data or shared("benchmark"), chosen.pairs, ledger)
    console.print(side_by_side(ledger))
    for name in absent:
        console.print(f"left out, not installed: {name}")
    found = verdicts(ledger)
    console.print(judged(found))
    if chosen.json is not None:
        ledger.write(chosen.json)
    missed = [f"{each.bar}, measured {each.value:,.4g}" for each in found if each.is_missed]
    if missed:
        sys.exit("missed: " + "; ".join(missed))


if __name__ == "__main__":
    main()
