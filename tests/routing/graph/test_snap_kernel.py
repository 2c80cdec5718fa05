"""The compiled look for the nearest road, against the plain one over every segment."""

import numpy as np
import pytest

from routing.errors import OffNetwork
from routing.geometry.geodesy import great_circle_m
from routing.graph.regions import open_graph
from routing.graph.snapping import snap_to_edge
from routing.osm.importer import import_osm
from routing.osm_tags.edge_flags import Mode
from routing.travel.cost_model import Travel
from routing.travel.profiles import PROFILES
from tests.fixtures.city import HELSINKI, write_hills
from tests.fixtures.examples import examples

POINTS = examples(400)


@pytest.fixture(scope="module")
def streets(tmp_path_factory):
    """Give the streets of Helsinki, with slopes."""
    folder = tmp_path_factory.mktemp("graphs")
    write_hills(folder / "hills.tif")
    import_osm(
        HELSINKI,
        folder,
        "helsinki",
        country="FI",
        dem=folder / "hills.tif",
        imported_at="2026-11-28T00:00:00+00:00",
    )
    return open_graph(folder / "helsinki")


@pytest.fixture(params=["sketch", "streets"])
def graph(request):
    return request.getfixturevalue(request.param)


def usable_segments(graph, usable, country):
    """Return the segments, and their edges, that a profile may use in a country, or anywhere."""
    segments = np.unique(graph.cell_segment)
    edges = np.searchsorted(graph.shape_start, segments, side="right") - 1
    twins = graph.edge_twin[edges]
    can = usable(edges) | ((twins >= 0) & usable(np.maximum(twins, 0)))
    can &= ~graph.is_border_edge[edges]
    if country is not None:
        index = graph.meta.countries.index(country)
        can &= graph.node_country[graph.edge_tail[edges]] == index
        can &= graph.node_country[graph.edge_head[edges]] == index
    return segments[can], edges[can]


def plain(graph, lon, lat, segments, edges):
    """Return the edge and metres that a look over every one of the segments finds."""
    if not len(segments):
        return None
    _, metres = graph.grid.project(lon, lat, segments)
    return int(edges[metres.argmin()]), float(metres.min())


@pytest.mark.every(3)
@pytest.mark.parametrize("profile", PROFILES.values(), ids=list(PROFILES))
def test_the_nearest_road_that_a_profile_may_use(graph, profile):
    travel = Travel(graph, profile)
    rng = np.random.default_rng(11)
    west, south, east, north = graph.meta.bbox
    points = rng.uniform((west - 0.1, south - 0.1), (east + 0.1, north + 0.1), (POINTS, 2))
    codes = [None, *graph.meta.countries]
    within = [usable_segments(graph, travel.usable, code) for code in codes]
    for (lon, lat), turn in zip(points.tolist(), rng.integers(0, len(codes), POINTS), strict=True):
        expected = plain(graph, lon, lat, *within[turn])
        if expected is None:
            with pytest.raises(OffNetwork):
                snap_to_edge(
                    graph, lon, lat, travel.mode, codes[turn], np.inf, usable=travel.usable
                )
            continue
        met = snap_to_edge(graph, lon, lat, travel.mode, codes[turn], np.inf, usable=travel.usable)
        edge, metres = expected
        assert met.distance_m == metres
        assert met.edge in {edge, int(graph.edge_twin[edge])}
        assert travel.usable(np.array([met.edge]))[0]


def test_where_on_the_road_it_is(graph):
    rng = np.random.default_rng(12)
    west, south, east, north = graph.meta.bbox
    for lon, lat in rng.uniform((west, south), (east, north), (POINTS, 2)).tolist():
        met = snap_to_edge(graph, lon, lat, Mode.FOOT, limit_m=np.inf)
        line = graph.edge_coordinates(met.edge)
        steps = great_circle_m(*line[:-1].T, *line[1:].T)
        share = np.concatenate(([0.0], np.cumsum(steps))) / steps.sum()
        assert met.lon == pytest.approx(np.interp(met.fraction, share, line[:, 0]), abs=1e-9)
        assert met.lat == pytest.approx(np.interp(met.fraction, share, line[:, 1]), abs=1e-9)
