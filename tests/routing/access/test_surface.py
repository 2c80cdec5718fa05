"""Rasters of travel time against single places, and where a cell has no value."""

import numpy as np
import pytest

from routing.access.ends import road_ends
from routing.access.nearest import nearest_targets
from routing.access.surface import travel_times
from routing.errors import InvalidRequest
from routing.reach.network import ReachConditions, ReachNetworks
from routing.router.reachability import ReachPlace
from routing.router.regional import Router
from tests.routing.access.test_nearest import two_countries
from tests.routing.reach.conftest import AT, OFF_ROAD_S_PER_M, street_grid


def surface(graph, targets, cell_deg, **more):
    networks = ReachNetworks(Router(graph))
    network = networks.of(ReachConditions(AT))
    ends = road_ends(network, targets, leaving=False)
    return networks, ends, travel_times(network, ends, cell_deg=cell_deg, **more)


def centres(found):
    rows, columns = found.duration_s.shape
    for row in range(rows):
        for column in range(columns):
            lon = found.west + (column + 0.5) * found.cell_deg
            yield row, column, lon, found.north - (row + 0.5) * found.cell_deg


def test_cells_have_the_time_of_a_place_at_their_centre(tiny_graph):
    graph = street_grid(tiny_graph, 5, side=6, oneway=0.0)
    targets = [ReachPlace(-72.4972, 7.9031), ReachPlace(-72.4921, 7.9088)]
    networks, ends, found = surface(graph, targets, 0.0007)
    cells = list(centres(found))
    places = [ReachPlace(lon, lat) for _, _, lon, lat in cells]
    network = networks.of(ReachConditions(AT))
    starts = road_ends(network, places, leaving=True)
    wanted = nearest_targets(networks, ReachConditions(AT), starts, ends).duration_s
    told = np.array([found.duration_s[row, column] for row, column, _, _ in cells])
    assert np.isfinite(told).all()
    # Roads are read every half cell, so the foot of the way to the road is off by a quarter, and
    # of two roads as near as that either may be taken.
    near_s = 0.25 * 0.0007 * 111_195 * OFF_ROAD_S_PER_M
    assert (np.abs(told - wanted) <= 2 * near_s + 1).mean() > 0.9


def test_beyond_the_snap_limit_nothing_is_known_and_no_border_is_passed_silently(tiny_graph):
    graph = two_countries(tiny_graph)
    _, _, found = surface(graph, [ReachPlace(-72.53, 7.9, "CO")], 0.001)
    by_lon = {
        round(lon, 4): found.duration_s[row, column] for row, column, lon, _ in centres(found)
    }
    assert by_lon[min(by_lon)] < by_lon[-72.5105]
    # Beyond the border, and beside it, nothing is told of a target in the other country.
    assert np.isnan([value for lon, value in by_lon.items() if lon > -72.493]).all()
    _, _, near = surface(graph, [ReachPlace(-72.53, 7.9, "CO")], 0.001, most_s=600.0)
    assert np.nanmax(near.duration_s) <= 600.0
    assert np.isnan(near.duration_s).sum() > np.isnan(found.duration_s).sum()


@pytest.mark.parametrize("cell_deg", [0.0, -1.0, float("nan"), 2.0, 1e-9])
def test_cells_of_no_size_are_refused(tiny_graph, cell_deg):
    with pytest.raises(InvalidRequest, match="not between"):
        surface(street_grid(tiny_graph, 5), [ReachPlace(-72.4972, 7.9031)], cell_deg)
