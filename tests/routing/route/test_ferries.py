"""Ferries are told on a route, whether or not its stretches are."""

from datetime import UTC, datetime

import pytest

from routing.osm.importer import read_osm
from routing.osm_tags.edge_flags import Mode
from routing.route.concatenation import joined
from routing.route.segments import Ferry, ferries
from routing.router.regional import Router, RouteRequest
from tests.fixtures.osm_file import OsmFile

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def crossing(tmp_path_factory):
    """Give a way over a road, two ferries with names that land at one place, and a last road."""
    file = OsmFile()
    for ref in range(1, 6):
        file.node(ref, -60 + ref / 100, -3)
    file.way(10, [1, 2], highway="track")
    file.way(11, [2, 3], route="ferry", name="Balsa del Norte")
    file.way(12, [3, 4], route="ferry", surface="wood")
    file.way(13, [4, 5], highway="track")
    source = file.write(tmp_path_factory.mktemp("ferries") / "river.osm")
    graph = read_osm(source, "river", imported_at="2026-11-24T00:00:00Z")
    request = RouteRequest((-59.99, -3), (-59.95, -3), Mode.FOOT, AT)
    return Router(graph).routes(request)[0]


def test_each_ferry_is_told_with_its_name_and_length(crossing):
    step_m = 1_110.4
    named, unnamed = ferries(crossing.segments)
    assert named == Ferry("Balsa del Norte", pytest.approx(step_m, rel=0.001), named.length_m)
    assert named.length_m == pytest.approx(step_m, rel=0.001)
    assert (unnamed.name, unnamed.from_m) == (None, pytest.approx(2 * step_m, rel=0.001))


def test_ferries_of_parts_lie_where_the_whole_way_has_them(crossing):
    whole = joined([crossing, crossing])
    assert [ferry.from_m for ferry in ferries(whole.segments)][2:] == pytest.approx(
        [crossing.distance_m + ferry.from_m for ferry in ferries(crossing.segments)]
    )


def test_a_ferry_in_several_stretches_is_one(crossing):
    first = crossing.segments[1]
    half = (first.from_m + first.to_m) / 2
    parts = [first._replace(to_m=half, hazards=("H1",)), first._replace(from_m=half)]
    cut = type(crossing.segments).of(parts)
    assert ferries(cut) == (Ferry(first.road, first.from_m, first.length_m),)


def test_on_land_there_is_none(crossing):
    assert ferries(crossing.segments[:1]) == ()
