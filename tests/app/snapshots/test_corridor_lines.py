"""Corridors on the roads: matched again whenever something that decides the match has changed."""

from dataclasses import replace

import shapely

from app.snapshots.corridor_lines import CorridorLines
from app.snapshots.road_networks import RoadNetworks
from geo.geography.coverage_gaps import CorridorLine
from routing.travel.crossings import Crossing

CORRIDOR = CorridorLine(
    "a-b", 2e5, shapely.LineString([(-72.5, 7.8), (-72.4, 7.9)]), False, None, "A - B"
)
POST = Crossing("X-1", "Puente", -72.45, 7.85, ("CO", "VE"), passable=True, state="open")


def test_a_corridor_is_laid_again_where_a_crossing_stands_elsewhere_and_not_where_it_shuts(
    tmp_path,
):
    lines = CorridorLines(RoadNetworks(tmp_path))
    laid = lines.lay(CORRIDOR, (POST,))
    shut = replace(POST, passable=False, state="closed")
    assert lines.lay(CORRIDOR, (shut,)) is laid
    assert lines.lay(CORRIDOR, (replace(POST, lat=7.86),)) is not laid
    assert lines.lay(CORRIDOR, ()) is not lines.lay(CORRIDOR, (POST,))
