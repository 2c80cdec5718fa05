"""Planning from a graph of osmnx and a frame of spaces, against networkx and plain counting."""

import math
import re
from datetime import date, datetime, time
from itertools import pairwise

import geopandas as gpd
import networkx as nx
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

import routing
from routing.errors import InvalidInput, NoRoute
from routing.travel.crossings import Crossing
from tests.conftest import ROOT
from tests.fixtures.examples import examples

README = (ROOT / "README.md").read_text(encoding="utf-8")
AT = datetime.fromisoformat("2026-11-25T06:00:00-05:00")
STEP_DEG, STEP_M = 0.05, 5_000.0
WEST, NORTH = -73.0, 7.0


def place(column, row=0):
    return WEST + STEP_DEG * column, NORTH - STEP_DEG * row


def streets(columns, rows=1, *, length_m=STEP_M, country=None, keep=None):
    """Give a grid of roads as osmnx would, each as long as is said."""
    graph = nx.MultiDiGraph(crs="epsg:4326", created_date="2026-11-24 00:00:00")
    for row in range(rows):
        for column in range(columns):
            x, y = place(column, row)
            node = row * columns + column
            graph.add_node(node, x=x, y=y, **({"country": country(column)} if country else {}))
    for node in list(graph):
        row, column = divmod(node, columns)
        for other in [node + 1] * (column + 1 < columns) + [node + columns] * (row + 1 < rows):
            osmid = len(graph.edges) + 1
            length = length_m(osmid) if callable(length_m) else length_m
            if keep is None or keep(osmid):
                road = {"highway": "residential", "length": length, "osmid": osmid}
                graph.add_edge(node, other, **road, oneway=False, reversed=False)
                graph.add_edge(other, node, **road, oneway=False, reversed=True)
    return graph


def spaces_at(*columns, **values):
    """Give a frame of places to sleep beside a road of one row."""
    count = len(columns)
    frame = {"name": [f"Casa {one}" for one in columns], "services": ["overnight, food"] * count}
    return gpd.GeoDataFrame(
        frame | values,
        index=[f"s{one}" for one in columns],
        geometry=[shapely.Point(place(one)) for one in columns],
        crs="EPSG:4326",
    )


@pytest.fixture(scope="module")
def road():
    """A road of 100 km, which ends where it begins to be told."""
    return routing.walking_network(streets(21), country="CO")


@given(data=st.data())
@settings(max_examples=examples(50, 8), deadline=None)
def test_a_corridor_is_as_long_as_networkx_says(data):
    seed = data.draw(st.integers(0, 2**20))
    rng = np.random.default_rng(seed)
    lengths = np.round(rng.uniform(5_600, 9_000, 100), 1)
    graph = streets(5, 4, length_m=lambda osmid: float(lengths[osmid]))
    network = routing.walking_network(graph, country="CO")
    ends = data.draw(st.lists(st.integers(0, 19), min_size=2, max_size=4, unique=True))
    rows = data.draw(st.lists(st.integers(0, 19), max_size=6))
    frame = spaces_at(*range(len(rows)))
    frame = frame.set_geometry(
        gpd.GeoSeries(
            [shapely.Point(place(row % 5, row // 5)) for row in rows], frame.index, crs=4326
        )
    )
    spaces = routing.support_spaces(frame)
    points = [place(node % 5, node // 5) for node in ends]
    found = routing.measure_corridor(network, spaces, points, at=AT, gap_m=10_000)
    walked = [
        nx.shortest_path_length(graph, one, two, weight="length") for one, two in pairwise(ends)
    ]
    assert found.length_m == pytest.approx(sum(walked), abs=1)
    gaps = found.gaps
    assert gaps["length_m"].sum() == pytest.approx(found.length_m)
    assert found.figures.loc["overnight", "longest_gap_m"] == pytest.approx(gaps["length_m"].max())
    assert len(found.spaces_along) == found.figures.loc["overnight", "supports"]
    assert set(gaps["from_space"].dropna()) <= set(frame.index)


def test_projected_and_simplified_graphs_are_the_same_roads(road):
    import osmnx

    graph = streets(21)
    spaces = routing.support_spaces(spaces_at(4, 9).to_crs(3116))
    expected = routing.measure_corridor(road, spaces, [place(0), place(20)], at=AT).gaps
    assert expected["length_m"].tolist() == [20_000, 25_000, 55_000]
    for other in (osmnx.project_graph(graph), osmnx.simplify_graph(graph)):
        network = routing.walking_network(other, country="CO")
        found = routing.measure_corridor(network, spaces, [place(0), place(20)], at=AT).gaps
        assert found["length_m"].tolist() == pytest.approx(expected["length_m"].tolist(), abs=1)
        assert found["to_space"].tolist()[:2] == ["s4", "s9"]
    assert "country" not in graph.nodes[0]


def test_days_end_at_spaces_that_take_the_party_in_on_their_date(road):
    """Days of 25 km on a road of 100: nights at 20, 40, 60 and 80 km, or a stretch fails."""

    def asked(frame, most_m=25_000.0, **party):
        spaces = routing.support_spaces(
            frame, valid_until="until", weekdays="days", beds="beds", max_nights="nights"
        )
        ends = place(0), place(20)
        return routing.find_itineraries(road, spaces, *ends, at=AT, max_day_m=most_m, **party)

    every = ["MO,TU,WE,TH,FR,SA,SU"] * 4
    frame = spaces_at(4, 8, 12, 16, until=date(2026, 12, 31), days=every, beds=8, nights=0)
    found = asked(frame, party=8)
    assert found.is_feasible
    assert found.summary["nights"].tolist() == [4]
    assert found.days["to_space"].tolist()[:-1] == ["s4", "s8", "s12", "s16"]
    assert found.days["distance_m"].tolist() == [20_000.0] * 5
    assert shapely.length(found.days.geometry.array) == pytest.approx(4 * STEP_DEG)
    assert asked(frame, party=8, max_nights=3).nights_needed == 4
    # The second is open on the Thursday alone, when the party comes to it; then on no such day.
    assert asked(frame.assign(days=["WE", "TH", "FR", "SA"])).is_feasible
    for broken, binding in (
        (frame.assign(days=["WE", "WE", "FR", "SA"]), "closed"),
        (frame.assign(until=[date(2026, 12, 31), date(2026, 11, 25)] * 2), "closed"),
        (frame.assign(beds=[8, 7, 8, 8]), "beds"),
        (frame.drop("s8"), "distance"),
    ):
        failed = asked(broken, party=8)
        assert not failed.is_feasible
        assert not failed.is_cut_off
        assert binding in failed.stretches["binding"].tolist()
        assert failed.stretches.geometry.is_valid.all()
    (stretch,) = asked(frame.drop("s8")).stretches.itertuples()
    assert (stretch.from_space, stretch.to_space, stretch.length_m) == ("s4", "s12", 40_000)
    assert (stretch.more_spaces, stretch.longer_day_m) == (1, 15_000)
    assert asked(frame, needs_known_beds=True).is_feasible
    assert not asked(frame.assign(beds=np.nan), needs_known_beds=True).is_feasible


@given(
    columns=st.lists(st.integers(1, 19), max_size=6, unique=True),
    reach_km=st.sampled_from([20, 25, 35, 50, 100]),
)
@settings(max_examples=examples(50, 15), deadline=None)
def test_the_fewest_sites_are_as_many_as_the_gaps_need(road, columns, reach_km):
    spaces = routing.support_spaces(spaces_at(*sorted(columns)))
    corridor = routing.measure_corridor(
        road, spaces, [place(0), place(20)], at=AT, gap_m=reach_km * 1e3
    )
    found = routing.propose_sites(corridor)
    lengths_m = corridor.gaps["length_m"]
    needed = sum(math.ceil(length_m / reach_km / 1e3) - 1 for length_m in lengths_m)
    assert (len(found.sites), found.is_proven, found.at_least) == (needed, True, needed)
    assert found.longest_before_m == lengths_m.max()
    assert found.longest_after_m <= reach_km * 1e3
    assert found.is_enough
    added = sorted([*corridor.spaces_along["at_m"], *found.sites["at_m"], 0.0, 100_000.0])
    assert max(np.diff(added)) == pytest.approx(found.longest_after_m)


def test_a_given_number_of_sites_leaves_the_smallest_gaps_and_towns_come_first(road):
    spaces = routing.support_spaces(spaces_at(10))
    corridor = routing.measure_corridor(road, spaces, [place(0), place(20)], at=AT, gap_m=25_000)
    two = routing.propose_sites(corridor, most=2, step_m=5_000)
    assert (two.at_least, two.longest_after_m, two.longest_at_least_m) == (None, 25_000, 25_000)
    assert two.is_proven
    one = routing.propose_sites(corridor, most=1, step_m=5_000)
    assert (one.longest_after_m, one.is_enough) == (50_000, False)
    towns = gpd.GeoDataFrame(
        {"town": ["Norte", "Lejos"]},
        geometry=[shapely.Point(place(7)), shapely.Point(-73.0, 9.0)],
        crs=4326,
    )
    wide = routing.measure_corridor(road, spaces, [place(0), place(20)], at=AT, gap_m=40_000)
    found = routing.propose_sites(
        wide, "overnight", towns=towns.to_crs(3857), town_name="town", step_m=5_000
    )
    assert found.sites["town"].dropna().tolist() == ["Norte"]
    assert found.sites["at_m"].tolist()[0] == pytest.approx(35_000, abs=1)


def test_p10_no_border_is_passed_but_at_an_open_crossing():
    graph = streets(5, country=lambda column: "CO" if column < 2 else "VE")
    spaces = routing.support_spaces(spaces_at(0, 4))
    ends = [place(0), place(4)]
    at_border = np.mean([place(1), place(2)], axis=0).tolist()
    for state in (None, "closed", "not_known", "open"):
        crossing = Crossing("x", "Puente", *at_border, ("CO", "VE"), state == "open", state)
        network = routing.walking_network(graph, crossings=[crossing] if state else [])
        areas = routing.draw_isochrones(
            network, [place(0)], at=AT, ranges_m=[20_000], crosses_borders=True
        )
        reaches = areas.geometry.iloc[-1].covers(shapely.Point(place(3)))
        if state == "open":
            assert reaches
            assert routing.measure_corridor(network, spaces, ends, at=AT).length_m == 20_000
        else:
            assert not reaches
            with pytest.raises(NoRoute):
                routing.measure_corridor(network, spaces, ends, at=AT)


def test_p33_areas_end_at_borders_unless_asked_and_grow_with_the_range(road):
    graph = streets(5, country=lambda column: "CO" if column < 2 else "VE")
    at_border = np.mean([place(1), place(2)], axis=0).tolist()
    crossing = Crossing("x", "Puente", *at_border, ("CO", "VE"), True, "open")
    network = routing.walking_network(graph, crossings=[crossing])
    areas = routing.draw_isochrones(network, [place(0)], at=AT, ranges_m=[20_000])
    assert not areas.geometry.iloc[-1].intersects(shapely.Point(place(3)))
    found = routing.draw_isochrones(road, [place(10)], at=AT, ranges_s=[3_600, 7_200])
    first, second = found.geometry
    assert found["range_s"].tolist() == [3_600, 7_200]
    assert second.covers(first)
    assert found["area_m2"].is_monotonic_increasing
    assert found.crs == "EPSG:4326"


def test_p8_what_is_not_said_to_be_no_confidential_space_is_refused():
    frame = spaces_at(1, 2)
    for said in (True, "true", "sí", 1, None, "perhaps"):
        with pytest.raises(InvalidInput, match="confidential") as refused:
            routing.support_spaces(frame.assign(confidential=[False, said]))
        assert refused.value.row == "s2"
    for said in (False, "false", "No", 0, 0.0):
        assert len(routing.support_spaces(frame.assign(confidential=said))) == 2


def test_what_is_said_of_spaces_is_read_as_people_write_it():
    frame = spaces_at(
        1, 2, 3,
        services=["food;overnight", ["food"], None],
        night=[False, True, None],
        first=["2026-11-25", None, np.datetime64("2026-11-01")],
        opens=["18:00", time(17, 30), None],
    )  # fmt: skip
    read = routing.support_spaces(frame, overnight="night", valid_from="first", opens_at="opens")
    assert [sorted(one) for one in read.services] == [["food"], ["food", "overnight"], []]
    assert read.opens_s.tolist() == [64_800, 63_000, 0]
    # Of whom nothing is known, nothing counts.
    assert read.offering("food", date(2026, 11, 25)).tolist() == [True, False, False]
    assert read.offering("food", date(2026, 11, 24)).tolist() == [False, False, False]


NOT_A_POINT = [shapely.Point(place(1)), shapely.LineString([place(1), place(2)])]


@pytest.mark.parametrize(
    ("frame", "columns", "what", "row"),
    [
        (spaces_at(1, 2).set_crs(None, allow_override=True), {}, "spaces", None),
        (spaces_at(1, 2).set_geometry(NOT_A_POINT, crs=4326), {}, "spaces", "s2"),
        (spaces_at(1, 1), {}, "index", None),
        (spaces_at(1), {"place": "town"}, "town", None),
        (spaces_at(1, services=[7]), {}, "services", "s1"),
        (spaces_at(1, land="Colombia"), {"country": "land"}, "land", "s1"),
        (spaces_at(1, days="MO,Tuesday"), {"weekdays": "days"}, "days", "s1"),
        (spaces_at(1, until="soon"), {"valid_until": "until"}, "until", "s1"),
        (spaces_at(1, until=20261125), {"valid_until": "until"}, "until", "s1"),
        (spaces_at(1, opens="evening"), {"opens_at": "opens"}, "opens", "s1"),
        (spaces_at(1, night="perhaps"), {"overnight": "night"}, "night", "s1"),
        (spaces_at(1, beds=-1), {"beds": "beds"}, "beds", "s1"),
        (spaces_at(1, beds=2.5), {"beds": "beds"}, "beds", "s1"),
        (spaces_at(1).to_wkt(), {}, "spaces", None),
    ],
)
def test_what_cannot_be_read_of_spaces_is_named(frame, columns, what, row):
    with pytest.raises(InvalidInput) as refused:
        routing.support_spaces(frame, **columns)
    assert (refused.value.what, refused.value.row) == (what, row)


def without(graph, *, node=None, edge=None, crs=None):
    """Give a graph of which one node or edge lacks, or says wrongly, something."""
    graph.nodes[1].update(node or {})
    graph.edges[1, 2, 0].update(edge or {})
    graph.graph["crs"] = crs or "epsg:4326"
    return graph


@pytest.mark.every(3)
@pytest.mark.parametrize(
    ("broken", "options", "what"),
    [
        ({}, {}, "country"),
        ({}, {"country": "Colombia"}, "country"),
        ({"node": {"country": "VE"}}, {}, "country"),
        ({}, {"country": "CO", "profile": "vehicle"}, "profile"),
        ({"node": {"x": math.nan}}, {"country": "CO"}, "x and y"),
        ({"node": {"y": "7.0"}}, {"country": "CO"}, "x and y"),
        ({"edge": {"length": math.inf}}, {"country": "CO"}, "length"),
        ({"edge": {"length": None}}, {"country": "CO"}, "length"),
        ({"crs": "no such thing"}, {"country": "CO"}, "crs"),
    ],
)
def test_what_cannot_be_read_of_a_graph_is_named(broken, options, what):
    with pytest.raises(InvalidInput) as refused:
        routing.walking_network(without(streets(3), **broken), **options)
    assert refused.value.what == what


def test_without_any_space_all_of_the_way_is_one_gap(road):
    spaces = routing.support_spaces(spaces_at(1).iloc[:0])
    found = routing.measure_corridor(road, spaces, [place(0), place(20)], at=AT)
    assert found.gaps["length_m"].tolist() == [100_000]
    assert found.spaces_along.empty
    failed = routing.find_itineraries(road, spaces, place(0), place(20), at=AT)
    assert failed.stretches["length_m"].tolist() == [100_000]
    assert failed.summary.empty


def test_the_lines_of_the_readme_run():
    (lines,) = re.findall(r"^```python\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    frame = spaces_at(4, 9, expires_on="2026-12-31")
    known = {"routing": routing, "graph": streets(21), "frame": frame, "leaving": AT}
    exec(lines, known | {"start": place(0), "end": place(20)}, known)
    assert known["corridor"].gaps["length_m"].tolist() == [20_000, 25_000, 55_000]
    assert known["days"].stretches["length_m"].tolist() == [55_000]
    assert known["areas"]["range_s"].tolist() == [3_600, 7_200]
    assert known["sites"].is_proven


def test_questions_that_ask_for_nothing_are_refused(road):
    spaces = routing.support_spaces(spaces_at(1))
    corridor = routing.measure_corridor(road, spaces, [place(0), place(3)], at=AT)
    for ask in (
        lambda: routing.measure_corridor(road, spaces, [place(0)], at=AT),
        lambda: routing.measure_corridor(road, spaces, [place(0), place(3)], at=AT, services=()),
        lambda: routing.draw_isochrones(road, [place(0)], at=AT),
        lambda: routing.find_itineraries(road, spaces, place(0), place(3), at=AT, most=0),
        lambda: routing.propose_sites(corridor, "food"),
    ):
        with pytest.raises(InvalidInput):
            ask()
    with pytest.raises(routing.RoutingError):
        routing.measure_corridor(road, spaces, [place(0), place(3)], at=AT.replace(tzinfo=None))
    for nights in (-100, 251):
        with pytest.raises(routing.RoutingError):
            routing.find_itineraries(road, spaces, place(0), place(3), at=AT, max_nights=nights)
    assert {"measure_corridor", "read_osm"} <= set(dir(routing))
    with pytest.raises(AttributeError):
        routing.no_such_name  # noqa: B018 -- what is looked up is missing
