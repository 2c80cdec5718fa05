"""How soon a hazard is in every answer of two server processes, by word and by the clock.

Usage: ./run bench live [--trials N] [--extract FILE --country CC] [--json FILE]

Each trial approves a physical hazard across the way, of at most 1,000 edges, while both processes
are asked for that way all the time; then it is taken back. The time counts from the commit (in
the trials of the clock: from the instant at which the hazard begins) to the end of the first
answer of the slower process that avoids it or shows its exposure. An answer is late if its
question was sent after that instant and it does not show it: there must be none. A hazard that
begins soon may be avoided before, for who sets out now comes by later: its figure is then that of
the first answer after the instant. Without --extract the ways are those of the corridor sketch.
"""

import argparse
import asyncio
import contextlib
import json
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import shapely
from rich.console import Console
from rich.progress import track
from rich.table import Table
from sqlalchemy import text

from app import setup
from app.journeys.planner import JourneyQuestion
from app.journeys.records import read_records
from app.settings import Settings
from app.snapshots.tier_snapshot import reading
from benchmarks._processes import opened, own_home, servers
from geo.db.sessions import Database, Tier
from geo.guidance.products import along
from routing.graph.regions import open_graph
from routing.graph.road_graph import RoadGraph
from routing.graph.snapping import edges_in
from routing.osm.importer import import_osm
from routing.osm_tags.edge_flags import Mode

#: The requirement (architecture.md, "How live knowledge reaches the router").
LIMIT_S = 1.0

#: Most that a question may read the database, median milliseconds (issue 4, item 6).
READING_MS = 5.0

#: A trial that takes longer has failed, and is not waited for.
PATIENCE_S = 20.0

#: Between two questions of one asker: without it the askers would measure their own crowd.
PAUSE_S = 0.02

#: How far ahead the hazards of the trials of the clock begin.
AHEAD = timedelta(seconds=2)

#: Most edges of a hazard, and the radii that are tried for it, degrees.
MOST_EDGES = 1_000
RADII = (0.02, 0.015, 0.01, 0.007, 0.005, 0.003, 0.002, 0.001)

#: Cúcuta and Bucaramanga, on the sketch.
SKETCH_ENDS = ((-72.508, 7.894), (-73.126, 7.125))

#: Name of the region that --extract becomes.
REGION = "bench"

KIND = "rockfall"

_APPROVE = text(
    """
    insert into amparo.hazards (id, family, kind, title, geom, geom_public, public_extent, effect,
        valid_from, reported_at, approved_at, visibility, demo)
    select 'TRIAL', 'physical', :kind, 'trial', g, g, 'area', :effect, :valid_from, now(), now(),
        'public', true
    from st_geomfromtext(:area, 4326) g
    """
)
_TAKE_BACK = text("delete from amparo.hazards where id = 'TRIAL'")


@dataclass
class Seen:
    """What one process has answered: when each question was sent and answered, and whether new."""

    answers: list[tuple[float, float, bool]] = field(default_factory=list)

    @property
    def is_new(self) -> bool:
        """Whether the last answer showed the hazard."""
        return bool(self.answers) and self.answers[-1][2]

    def shown_since(self, holds: float) -> float | None:
        """Return when the first answer from an instant on showed it; None where none has."""
        shown = (answered for _, answered, new in self.answers if new and answered >= holds)
        return min(shown, default=None)


@dataclass(frozen=True)
class Figure:
    """Milliseconds until both processes showed it, over trials; and of one answer, unchanged."""

    change: str
    network: str
    hazard_edges: int
    trials: int
    late: int
    p50_ms: float
    p95_ms: float
    max_ms: float
    answer_p50_ms: float


@dataclass(frozen=True)
class Way:
    """The way that is asked for, and a hazard's area across the middle of it."""

    network: str
    body: dict[str, Any]
    area: shapely.Polygon
    edges: int

    def shows(self, effect: str, answer: dict[str, Any]) -> bool:
        """Tell whether an answer avoids the hazard or, where it may be met, shows it."""
        if effect == "weight" and any(KIND in f["properties"]["exposure"] for f in _of(answer)):
            return True
        return not any(
            shapely.LineString([p[:2] for p in f["geometry"]["coordinates"]]).intersects(self.area)
            for f in _of(answer)
        )


def _of(answer: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = answer.get("features", [])
    return found


def find_way(address: str, graph: RoadGraph, *, is_sketch: bool) -> Way:
    """Return a way of this network with a hazard in the middle that does not touch its ends."""
    nodes = graph.meta.node_count
    ends = [SKETCH_ENDS] if is_sketch else []
    for share in (0.1, 0.15, 0.2, 0.25, 0.3):
        pair = [int(nodes * share), int(nodes * (1 - share))]
        (a, b) = ((graph.node_lon[n] / 1e7, graph.node_lat[n] / 1e7) for n in pair)
        ends.append(((float(a[0]), float(a[1])), (float(b[0]), float(b[1]))))
    for start, end in ends:
        body = {"start": start, "end": end, "mode": "foot", "accept_detour": True}
        answer = httpx.post(f"{address}/routes", json=body, timeout=60)
        if answer.status_code != 200:
            continue
        line = shapely.LineString([p[:2] for p in _of(answer.json())[0]["geometry"]["coordinates"]])
        for radius in RADII:
            area = line.interpolate(0.5, normalized=True).buffer(radius, quad_segs=4)
            edges = len(edges_in(graph, area))
            if edges <= MOST_EDGES and area.disjoint(shapely.MultiPoint([start, end])):
                return Way(graph.meta.name, body, area, edges)
    msg = "found no way to put a hazard on"
    raise RuntimeError(msg)


async def trial(
    clients: Sequence[httpx.AsyncClient],
    way: Way,
    effect: str,
    change: Callable[[], Any],
) -> tuple[float, int, list[float]]:
    """Change while everybody asks.

    Parameters
    ----------
    change
        Commits, and returns the `time.perf_counter` from which on it holds.

    Returns
    -------
    tuple
        Seconds until every process has shown it, late answers, seconds that unchanged answers took.
    """
    state = [Seen() for _ in clients]
    stop = asyncio.Event()

    async def keep_asking(client: httpx.AsyncClient, seen: Seen) -> None:
        while not stop.is_set():
            sent = time.perf_counter()
            response = await client.post("/routes", json=way.body)
            answered = time.perf_counter()
            # A refusal names what blocks: it is an answer too.
            if response.status_code not in {200, 422}:
                msg = f"answered {response.status_code}"
                raise RuntimeError(msg)
            seen.answers.append((sent, answered, way.shows(effect, response.json())))
            await asyncio.sleep(PAUSE_S)

    async with asyncio.TaskGroup() as group:
        for client, seen in zip(clients, state, strict=True):
            group.create_task(keep_asking(client, seen))
        # The askers change it, all the time.
        while not all(seen.answers for seen in state):  # noqa: ASYNC110
            await asyncio.sleep(0.005)
        holds = await change()
        deadline = holds + PATIENCE_S
        while time.perf_counter() < deadline and not all(  # noqa: ASYNC110
            seen.is_new and seen.shown_since(holds) is not None for seen in state
        ):
            await asyncio.sleep(0.005)
        await asyncio.sleep(0.1)  # it must not go again
        stop.set()
    late = sum(sent > holds and not new for seen in state for sent, _, new in seen.answers)
    took = [
        answered - sent for seen in state for sent, answered, _ in seen.answers if answered < holds
    ]
    first = [shown for seen in state if (shown := seen.shown_since(holds)) is not None]
    if len(first) < len(state) or not all(seen.is_new for seen in state):
        return PATIENCE_S, late, took
    return max(first) - holds, late, took


async def measure(
    database: Database, addresses: Sequence[str], way: Way, trials: int
) -> list[Figure]:
    """Run the trials over running servers: exclusions and weights, told and by the clock."""

    async def write(statement: Any, **values: object) -> None:  # noqa: ANN401 -- any statement
        async with database.session(Tier.WRITER) as session:
            await session.execute(statement, values)

    async def told(effect: str) -> float:
        began = datetime.now(UTC) - timedelta(hours=1)
        area = way.area.wkt
        await write(_APPROVE, kind=KIND, effect=effect, valid_from=began, area=area)
        return time.perf_counter()

    async def ahead(effect: str) -> float:
        begins, now = datetime.now(UTC) + AHEAD, time.perf_counter()
        area = way.area.wkt
        await write(_APPROVE, kind=KIND, effect=effect, valid_from=begins, area=area)
        return now + AHEAD.total_seconds()

    figures = []
    async with contextlib.AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(httpx.AsyncClient(base_url=address, timeout=60))
            for address in addresses
        ]
        for name, effect, change, count in (
            ("exclusion approved", "exclusion", told, trials),
            ("weight approved", "weight", told, trials),
            ("exclusion begins", "exclusion", ahead, max(1, trials // 5)),
        ):
            taken = []
            for _ in track(range(count), description=name, transient=True):
                taken.append(await trial(clients, way, effect, partial(change, effect)))
                await write(_TAKE_BACK)
            figures.append(_figure(name, way, taken))
    return figures


def _figure(change: str, way: Way, taken: Sequence[tuple[float, int, list[float]]]) -> Figure:
    ordered = sorted(1e3 * seconds for seconds, _, _ in taken)
    answers = [1e3 * seconds for _, _, took in taken for seconds in took]
    return Figure(
        change,
        way.network,
        way.edges,
        len(ordered),
        sum(late for _, late, _ in taken),
        round(statistics.median(ordered), 1),
        round(ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))], 1),
        round(ordered[-1], 1),
        round(statistics.median(answers), 1),
    )


async def reading_ms(database: Database, way: Way) -> float:
    """Return how long a question reads the database when nothing changes, median milliseconds."""
    now = datetime.now(UTC)
    question = JourneyQuestion(way.body["start"], way.body["end"], Mode.FOOT, now)
    line = np.array([way.body["start"], way.body["end"]])
    taken = []
    for _ in range(200):
        async with database.session(Tier.PUBLIC) as session:
            began = time.perf_counter()
            known = await reading(session)
            near = (await known.places()).near([question.start, question.end])
            records = await read_records(known, question.at, now, near[0][0].timezone)
            along(records.products, [line])
            taken.append(1e3 * (time.perf_counter() - began))
    return statistics.median(taken)


async def run(settings: Settings, region: str, trials: int) -> tuple[list[Figure], float]:
    """Start two servers over a prepared database and run the trials; see `reading_ms`."""
    with servers(settings) as addresses:
        graph = open_graph(settings.graphs_dir / region)
        way = find_way(addresses[0], graph, is_sketch=region == setup.SKETCH)
        async with opened(settings) as database:
            figures = await measure(database, addresses, way, trials)
    # Once the servers are gone, so that it measures no crowd.
    async with opened(settings) as database:
        return figures, await reading_ms(database, way)


def prepare(settings: Settings, extract: Path | None, country: str | None) -> str:
    """Load the data, import the extract if there is one, and return the region's name."""
    if extract is not None:
        import_osm(
            extract,
            settings.graphs_dir,
            REGION,
            country=country,
            imported_at=datetime.now(UTC).isoformat(timespec="seconds"),
        )
    setup.start_database(settings)
    asyncio.run(setup.prepare_data(settings, lambda _: None))
    return setup.SKETCH if extract is None else REGION


def main() -> None:
    """Print a table, write JSON where asked, and fail above the limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=50)
    parser.add_argument("--extract", type=Path)
    parser.add_argument("--country")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    with own_home() as settings:
        region = prepare(settings, asked.extract, asked.country)
        found, read_ms = asyncio.run(run(settings, region, asked.trials))
    table = Table(*(name.replace("_", " ") for name in Figure.__dataclass_fields__))
    for figure in found:
        table.add_row(*(str(value) for value in asdict(figure).values()))
    Console(width=120).print(table)
    print(f"A question reads the database for {read_ms:.1f} ms (bar: {READING_MS} ms).")
    if asked.json is not None:
        text_ = json.dumps([asdict(figure) for figure in found], indent=1)
        asked.json.write_text(text_ + "\n", encoding="utf-8")
    if any(figure.late or figure.max_ms > 1e3 * LIMIT_S for figure in found):
        sys.exit(f"late answers, or slower than {LIMIT_S} s")
    if read_ms > READING_MS:
        sys.exit(f"a question reads the database for longer than {READING_MS} ms")


if __name__ == "__main__":
    main()
