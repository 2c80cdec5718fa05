"""Street grids, and an oracle of reach that shares no code with the searches."""

from datetime import UTC, datetime
from itertools import pairwise

import networkx as nx
import numpy as np
import pytest

from routing.graph.regions import open_graph
from routing.graph.road_graph import RoadGraph
from routing.osm.importer import import_osm
from routing.reach.network import ReachConditions, ReachNetworks
from routing.router.regional import Router
from routing.travel.cost_model import CostModel
from routing.travel.legs import Legs
from tests.fixtures.city import HELSINKI

#: Seconds of a metre off the road: Tobler's 6 km/h times exp(-3.5 * 0.05) on the level.
OFF_ROAD_S_PER_M = 3.6 / (6.0 * np.exp(-3.5 * 0.05))
AT = datetime(2026, 11, 24, 13, tzinfo=UTC)


def street_grid(tiny_graph, seed, *, side=7, country=None, apart=0.002, oneway=0.15):
    """Give a grid of streets, some missing, some one way; blocks are 222 m wide by default."""
    rng = np.random.default_rng(seed)
    nodes = [
        (-72.5 + apart * x, 7.9 + apart * y, float("nan"), country(x, y) if country else "CO")
        for y in range(side)
        for x in range(side)
    ]
    edges = []
    for y in range(side):
        for x in range(side):
            here = y * side + x
            for other in [here + 1] * (x + 1 < side) + [here + side] * (y + 1 < side):
                if rng.random() < 0.9:
                    way = "all" if rng.random() < oneway else ""
                    edges.append((here, other, {"oneway": way}))
    return tiny_graph(nodes, edges, snap_limit_m=3_000.0)


def node_place(graph, node):
    return float(graph.node_lon[node]) / 1e7, float(graph.node_lat[node]) / 1e7


def oracle(graph: RoadGraph, network, place, *, by="time", towards=False):
    """Give what each node uses up on the path of least cost, by networkx over whole edges.

    The place is split into its edge as a node of its own. Costs are asked of the cost model alone;
    an entry into a no through road costs a day, as in the searches of routes.
    """
    metric = network.metric
    model = CostModel(metric.travel, metric.model.contacts, 1.0, metric.model.night)
    edges = np.arange(graph.meta.edge_count)
    cost = model.edges_s(edges)
    cost[metric.rules.closed] = np.inf
    whole = metric.travel.time_s(edges) if by == "time" else metric.travel.length_m(edges)
    snap = network.snap(place, "place", leaving=not towards)
    off = snap.distance_m * (OFF_ROAD_S_PER_M if by == "time" else 1.0)
    streets = nx.DiGraph()
    streets.add_nodes_from(range(graph.meta.node_count))

    def add(tail, head, price, used):
        if np.isfinite(price) and not (
            streets.has_edge(tail, head) and streets[tail][head]["price"] <= price
        ):
            streets.add_edge(tail, head, price=price, used=used)

    for edge in edges.tolist():
        tail, head = int(graph.edge_tail[edge]), int(graph.edge_head[edge])
        add(tail, head, cost[edge], whole[edge])
        twin = int(graph.edge_twin[snap.edge])
        if edge in {snap.edge, twin}:
            at = snap.fraction if edge == snap.edge else 1.0 - snap.fraction
            # What a hazard adds to a road lies on a part of it.
            before, behind = model.legs_s(Legs.of([(edge, 0.0, at), (edge, at, 1.0)]))
            is_open = np.isfinite(cost[edge])
            add(tail, "place", before if is_open else np.inf, at * whole[edge])
            add("place", head, behind if is_open else np.inf, (1 - at) * whole[edge])
            # At the very end of a road a place is the junction itself.
            if at == 0:
                add("place", tail, 0.0, 0.0)
            if at == 1:
                add(head, "place", 0.0, 0.0)
    streets.add_node("place")
    if towards:
        streets = streets.reverse()
    _, paths = nx.single_source_dijkstra(streets, "place", weight="price")
    return {
        node: off + sum(streets[a][b]["used"] for a, b in pairwise(path))
        for node, path in paths.items()
        if node != "place"
    }


@pytest.fixture
def networks_of():
    """Give a function from a graph to its networks, and the conditions of a plain morning."""

    def make(graph, **more):
        return ReachNetworks(Router(graph)), ReachConditions(AT, **more)

    return make


@pytest.fixture(scope="session")
def city(tmp_path_factory):
    """Give the streets of Helsinki, without heights."""
    folder = tmp_path_factory.mktemp("reach")
    import_osm(HELSINKI, folder, "city", country="FI", imported_at="2026-11-24T00:00:00Z")
    return open_graph(folder / "city")
