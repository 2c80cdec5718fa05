"""What engines are asked, and how what they answer is timed and compared."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np

from benchmarks._engines import Amparo, Engine
from benchmarks._figures import Ledger, timed
from benchmarks._graphs import Ints, Roads
from benchmarks._services import Service
from routing.cch import UNREACHABLE
from routing.errors import OffNetwork
from routing.graph.snapping import snap_to_edge
from routing.osm_tags.edge_flags import Mode

#: Any fixed number: the same pairs in every run.
SEED: Final = 20_261_125
SWEEPS: Final = 5
TABLE: Final = 200
TABLES: Final = 3
INCIDENTS: Final = 60
INCIDENT_EDGES: Final = 100
#: What an incident does to the cost of its edges.
INCIDENT_FACTOR: Final = 5
INCIDENT: Final = f"incident of {INCIDENT_EDGES} nearest edges"
#: How many nodes are tried as the middle of a network before it is called a heap of pieces.
MIDDLES: Final = 100


@dataclass(frozen=True)
class Questions:
    """What every engine is asked; every node can be reached from every other."""

    pairs: list[list[int]]
    sources: list[int]
    nodes: Ints
    incidents: list[Ints]


def questions(roads: Roads, amparo: Amparo, pairs: int) -> Questions:
    """Draw pairs, sources, nodes of a table and places of incidents."""
    rng = np.random.default_rng(SEED)
    nodes = connected(roads, amparo, rng)
    lon = roads.lonlat[0] * np.cos(np.radians(roads.lonlat[1].mean()))
    middle_x = (lon[roads.tail] + lon[roads.head]) / 2
    middle_y = (roads.lonlat[1][roads.tail] + roads.lonlat[1][roads.head]) / 2
    incidents = []
    for centre in rng.integers(0, len(roads.tail), INCIDENTS):
        away = np.hypot(middle_x - middle_x[centre], middle_y - middle_y[centre])
        nearest = np.argpartition(away, INCIDENT_EDGES)[:INCIDENT_EDGES]
        incidents.append(np.sort(nearest).astype(np.int32))
    return Questions(
        rng.choice(nodes, (pairs, 2)).tolist(),
        rng.choice(nodes, SWEEPS).tolist(),
        rng.choice(nodes, TABLE).astype(np.int32),
        incidents,
    )


def connected(roads: Roads, amparo: Amparo, rng: np.random.Generator) -> Ints:
    """Return the largest set of nodes that all reach each other: more than half of all.

    Raises
    ------
    SystemExit
        There is no such set.
    """
    walked = np.unique(np.concatenate([roads.tail, roads.head]))
    for middle in rng.choice(walked, MIDDLES).tolist():
        there, back = amparo.one_to_all(middle), amparo.one_to_all(middle, backward=True)
        mutual = np.flatnonzero((there < UNREACHABLE) & (back < UNREACHABLE))
        if 2 * len(mutual) > len(walked):
            return mutual.astype(np.int32)
    raise SystemExit(f"{roads.name}: no part is larger than half of it")


class Bench:
    """Asks the engines, keeps the figures, and compares the answers with Amparo's."""

    def __init__(self, roads: Roads, ledger: Ledger, amparo: Amparo, asked: Questions) -> None:
        self.ledger = ledger
        self._roads = roads
        self._amparo = amparo
        self._asked = asked
        self._expected: dict[str, object] = {}
        self._amparo_ms: list[float] = []
        self._mismatches: dict[str, int] = {}

    def ask_amparo(self) -> None:
        """Ask the road engine, whose answers are compared with all others."""
        self._ask(self._amparo)
        answers = [timed(partial(self._amparo.distance, *pair)) for pair in self._asked.pairs]
        self._compare(self._amparo, "paths", [cost for _, cost in answers])
        self.ledger.percentiles("amparo", "distance", [ms for ms, _ in answers])
        self._unpacked()
        if self._roads.region is not None:
            self._snaps()

    def ask_peer(self, peer: Engine) -> None:
        """Ask another engine that takes a cost for each edge."""
        self._ask(peer)

    def close(self) -> None:
        """Note the mismatches."""
        for name, count in self._mismatches.items():
            self.ledger.note(name, "mismatches", count, "answers")
        self.ledger.note("all", "mismatches", sum(self._mismatches.values()), "answers")

    def _ask(self, engine: Engine) -> None:
        self._mismatches[engine.name] = 0
        self._paths(engine)
        self._sweeps(engine)
        self._table(engine)
        self._incidents(engine)

    def _compare(self, engine: Engine, what: str, found: object) -> None:
        """Count the answers that differ from Amparo's, which is asked first."""
        ours, theirs = np.asarray(self._expected.setdefault(what, found)), np.asarray(found)
        self._mismatches[engine.name] += int((ours[: len(theirs)] != theirs).sum())

    def _paths(self, engine: Engine) -> None:
        pairs = self._asked.pairs[: engine.most_pairs]
        for pair in self._asked.pairs[-max(1, len(pairs) // 10) :]:
            engine.path(*pair)  # what is asked first waits for memory
        answers = [timed(partial(engine.path, *pair)) for pair in pairs]
        taken_ms = [ms for ms, _ in answers]
        self._compare(engine, "paths", [cost for _, cost in answers])
        self.ledger.note(engine.name, "path pairs", len(pairs), "pairs")
        self.ledger.percentiles(engine.name, "path", taken_ms)
        if isinstance(engine, Amparo):
            self._amparo_ms = taken_ms
        else:
            self._ratio(engine.name, taken_ms, self._amparo_ms[: len(pairs)])

    def _ratio(self, name: str, taken_ms: Sequence[float], ours_ms: Sequence[float]) -> None:
        ratio = float(np.median(taken_ms) / np.median(ours_ms))
        self.ledger.note(name, "path p50 over Amparo's", ratio, "times")

    def _unpacked(self) -> None:
        """Check that the edges of every path join its ends and make up its cost."""
        roads = self._roads
        for source, target in self._asked.pairs:
            cost, edges = self._amparo.route(source, target)
            stops = [source, *roads.head[edges].tolist()]
            leads = stops == [*roads.tail[edges].tolist(), target]
            self._mismatches["amparo"] += not leads or int(roads.cost[edges].sum()) != cost

    def _snaps(self) -> None:
        """Measure how long a place takes to the nearest road: part of what services answer."""
        region, lonlat = self._roads.region, self._roads.lonlat
        if region is None:
            return
        taken_ms = []
        for source, _ in self._asked.pairs:
            lon, lat = (float(degrees) for degrees in lonlat[:, source])
            place = partial(snap_to_edge, region.graph, lon, lat, Mode.FOOT)
            try:
                taken_ms.append(timed(place)[0])
            except OffNetwork:  # where no walker's road has a length
                continue
        self.ledger.percentiles("amparo", "snap, no part of path,", taken_ms)

    def _sweeps(self, engine: Engine) -> None:
        answers = [timed(partial(engine.one_to_all, node)) for node in self._asked.sources]
        if answers[0][1] is not None:
            self._compare(engine, "sweeps", [costs for _, costs in answers])
            taken_ms = float(np.median([ms for ms, _ in answers]))
            self.ledger.note(engine.name, "one to all p50", taken_ms, "ms")

    def _table(self, engine: Engine) -> None:
        answers = [timed(partial(engine.table, self._asked.nodes)) for _ in range(TABLES)]
        if answers[0][1] is not None:
            self._compare(engine, "table", answers[0][1])
            taken_ms = float(np.median([ms for ms, _ in answers]))
            self.ledger.note(engine.name, f"{TABLE} x {TABLE} p50", taken_ms / 1e3, "s")

    def _incidents(self, engine: Engine) -> None:
        """Customise, then let each incident happen and pass, comparing paths while it lasts."""
        cost = self._roads.cost
        if not engine.update(self._asked.incidents[0], cost[self._asked.incidents[0]]):
            return
        full = [timed(partial(engine.customize, cost))[0] for _ in range(TABLES)]
        self.ledger.note(engine.name, "full customisation p50", float(np.median(full)) / 1e3, "s")
        taken_ms: list[float] = []
        while_it_lasts: list[list[int]] = []
        for edges, pair in zip(self._asked.incidents, self._asked.pairs, strict=False):
            worse = np.minimum(cost[edges].astype(np.int64) * INCIDENT_FACTOR, UNREACHABLE)
            change = partial(engine.update, edges, worse.astype(np.int32))
            taken_ms.append(timed(change)[0])
            near = int(self._roads.tail[edges[0]]), int(self._roads.head[edges[-1]])
            while_it_lasts.append([engine.path(*near), engine.path(*pair)])
            taken_ms.append(timed(partial(engine.update, edges, cost[edges]))[0])
        self.ledger.percentiles(engine.name, INCIDENT, taken_ms)
        self._compare(engine, "incidents", while_it_lasts)
        self._compare(engine, "paths", [engine.path(*pair) for pair in self._asked.pairs])
        if isinstance(engine, Amparo):
            fresh = engine.hierarchy.customize(engine.spread(cost))
            self._mismatches["amparo"] += not np.array_equal(fresh.up, engine.metric.up)
            self._mismatches["amparo"] += not np.array_equal(fresh.down, engine.metric.down)

    def ask_service(self, service: Service) -> None:
        """Ask OSRM or Valhalla: how long it takes, and whether its ways are as long as ours."""
        asked = self._asked.pairs[: service.most_pairs]
        ends = [[self._place(node) for node in pair] for pair in asked]
        service.path(*ends[-1])
        taken_ms, ours_ms, ratios = [], [], []
        for pair, places, ours in zip(asked, ends, self._amparo_ms, strict=False):
            ms, answer = timed(partial(service.path, *places))
            if answer is not None:
                taken_ms.append(ms)
                ours_ms.append(ours)
                ratios.append(service.length_m(answer) / max(self._length_m(pair), 1.0))
        self.ledger.note(service.name, "path pairs", len(taken_ms), "pairs")
        self.ledger.note(service.name, "path pairs refused", len(asked) - len(taken_ms), "pairs")
        if not taken_ms:
            return
        self.ledger.percentiles(service.name, "path", taken_ms)
        self._ratio(service.name, taken_ms, ours_ms)
        length = float(np.median(ratios))
        self.ledger.note(service.name, "length p50 over Amparo's", length, "times")
        nodes = [self._place(int(node)) for node in self._asked.nodes]
        ms, has_table = timed(partial(service.table, nodes))
        if has_table:
            self.ledger.note(service.name, f"{TABLE} x {TABLE} p50", ms / 1e3, "s")

    def _place(self, node: int) -> tuple[float, float]:
        return float(self._roads.lonlat[0, node]), float(self._roads.lonlat[1, node])

    def _length_m(self, pair: Sequence[int]) -> float:
        length_m = self._roads.length_m
        if length_m is None:
            raise ValueError(f"{self._roads.name} has no lengths")
        return float(length_m[self._amparo.route(*pair)[1]].sum())
