"""The country of a point: by the nearest evidence of each side (P33)."""

from types import SimpleNamespace

import pytest

from app.snapshots.country_of_point import weigh
from app.snapshots.road_networks import Region
from routing.router.regional import Router
from routing.travel.crossings import border_places
from tests.routing.conftest import build_tiny_graph

#: A town on the northern bank.
TOWN = SimpleNamespace(country="VE", timezone="America/Caracas", name="San Antonio")


@pytest.fixture
def banks():
    """A road on each bank of a river, 500 m apart, joined far away."""
    nodes = [(-0.05, -0.001), (0.05, -0.001), (-0.05, 0.0035), (0.05, 0.0035)]
    placed = [(lon, lat, 0.0, "CO" if lat < 0 else "VE") for lon, lat in nodes]
    return region(build_tiny_graph(placed, [(0, 1), (2, 3), (1, 3)], snap_limit_m=1_000))


@pytest.fixture
def one_bank():
    nodes = [(-0.05, -0.001, 0.0, "CO"), (0.05, -0.001, 0.0, "CO")]
    return region(build_tiny_graph(nodes, [(0, 1)], snap_limit_m=1_000))


def region(graph):
    return Region(graph, Router(graph), (), border_places(graph))


@pytest.mark.parametrize(
    ("lat", "country"),
    [
        (-0.001, "CO"),
        (-0.0005, "CO"),
        (0.0012, None),
        (0.0013, "VE"),
        (0.003, "VE"),
        (0.0035, "VE"),
    ],
)
def test_p33_between_two_banks_nobody_is_sure(banks, lat, country):
    found = weigh(TOWN, 1_500.0, banks, 0.0, lat)
    assert (found.country if found.is_certain else None) == country


def test_p33_a_road_of_one_side_says_little_where_the_other_has_none_here(one_bank):
    assert not weigh(TOWN, 1_200.0, one_bank, 0.0, 0.006).is_certain
    on_the_road = weigh(TOWN, 1_200.0, one_bank, 0.0, -0.0011)
    assert (on_the_road.country, on_the_road.is_certain) == ("CO", True)
    in_town = weigh(TOWN, 100.0, one_bank, 0.0, 0.006)
    assert (in_town.country, in_town.is_certain) == ("VE", True)
