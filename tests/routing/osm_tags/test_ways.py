"""Tags to access: the rows of the wiki's tables that matter to a walker."""

import math

import pytest

from routing.osm_tags.edge_flags import EdgeFlag
from routing.osm_tags.ways import HIGHWAY_CLASSES, SURFACES, elevation_m, maxspeed_kmh, read_way

F, V = EdgeFlag.FOOT, EdgeFlag.VEHICLE


def directions(**tags):
    """Return (forward, backward) access bits of a way with these tags; '__' stands for ':'."""
    way = read_way({key.replace("__", ":"): value for key, value in tags.items()})
    if way is None:
        return (0, 0)
    return (way.forward & (F | V), way.backward & (F | V))


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"highway": "residential"}, (F | V, F | V)),
        ({"highway": "trunk"}, (F | V, F | V)),
        ({"highway": "motorway"}, (V, 0)),
        ({"highway": "motorway", "oneway": "no"}, (V, V)),
        ({"highway": "motorway", "foot": "yes"}, (F | V, F)),
        ({"highway": "motorway_link"}, (V, V)),
        ({"highway": "trunk", "motorroad": "yes"}, (V, V)),
        ({"highway": "footway"}, (F, F)),
        ({"highway": "path"}, (F, F)),
        ({"highway": "steps"}, (F, F)),
        ({"highway": "pedestrian", "motor_vehicle": "destination"}, (F | V, F | V)),
        ({"highway": "footway", "access": "yes"}, (F, F)),
        ({"highway": "track"}, (F | V, F | V)),
        ({"highway": "cycleway", "foot": "no"}, (0, 0)),
        ({"highway": "construction"}, (0, 0)),
        ({"highway": "proposed", "foot": "yes"}, (0, 0)),
        ({"building": "yes"}, (0, 0)),
    ],
)
def test_defaults_by_class(tags, expected):
    assert directions(**tags) == expected


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"access": "private"}, (0, 0)),
        ({"access": "no", "foot": "yes"}, (F, F)),
        ({"access": "private", "motorcar": "yes"}, (V, V)),
        ({"vehicle": "no"}, (F, F)),
        ({"vehicle": "no", "motor_vehicle": "yes"}, (F | V, F | V)),
        ({"motor_vehicle": "yes", "motorcar": "no"}, (F, F)),
        ({"foot": "no"}, (V, V)),
        ({"foot": "use_sidepath"}, (V, V)),
        ({"access": "destination"}, (F | V, F | V)),
        ({"access": "nonsense"}, (F | V, F | V)),
    ],
)
def test_the_more_specific_key_wins(tags, expected):
    assert directions(highway="residential", **tags) == expected


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"oneway": "yes"}, (F | V, F)),
        ({"oneway": "1"}, (F | V, F)),
        ({"oneway": "-1"}, (F, F | V)),
        ({"oneway": "reverse"}, (F, F | V)),
        ({"oneway": "reversible"}, (F, F)),
        ({"junction": "roundabout"}, (F | V, F)),
        ({"junction": "roundabout", "oneway": "no"}, (F | V, F | V)),
        ({"junction": "circular"}, (F | V, F)),
        ({"oneway": "yes", "oneway__foot": "yes"}, (F | V, 0)),
        ({"oneway__foot": "-1"}, (V, F | V)),
        ({"oneway": "yes", "oneway__motor_vehicle": "no"}, (F | V, F | V)),
    ],
)
def test_oneway_binds_vehicles_and_not_walkers(tags, expected):
    assert directions(highway="residential", **tags) == expected


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({}, (F, F)),
        ({"motor_vehicle": "yes"}, (F | V, F | V)),
        ({"access": "yes"}, (F, F)),
        ({"foot": "no", "motorcar": "yes"}, (V, V)),
        ({"access": "no"}, (0, 0)),
    ],
)
def test_ferries(tags, expected):
    assert directions(route="ferry", **tags) == expected
    way = read_way({"route": "ferry", "foot": "yes"})
    assert way is not None
    assert way.forward & EdgeFlag.FERRY
    assert HIGHWAY_CLASSES[way.road_class] == "ferry"


def test_attributes_and_unknowns_stay_apart():
    bare = read_way({"highway": "residential"})
    assert bare is not None
    assert bare.forward & ~(F | V) == 0
    assert (bare.surface, bare.smoothness, bare.maxspeed_kmh) == (0, 0, 0)
    full = read_way(
        {
            "highway": "residential",
            "surface": "concrete:plates",
            "lit": "no",
            "sidewalk:left": "yes",
            "sidewalk:right": "no",
            "bridge": "viaduct",
            "tunnel": "no",
            "maxspeed": "30 mph",
            "ford": "yes",
        }
    )
    assert full is not None
    assert SURFACES[full.surface] == "concrete"
    wanted = EdgeFlag.LIT_NO | EdgeFlag.SIDEWALK_YES | EdgeFlag.BRIDGE
    assert full.forward & ~(F | V) == wanted
    assert full.maxspeed_kmh == 48
    assert full.is_ford
    assert not full.is_minor
    none = read_way({"highway": "residential", "sidewalk": "none", "lit": "24/7"})
    assert none is not None
    assert none.forward & ~(F | V) == EdgeFlag.SIDEWALK_NO | EdgeFlag.LIT_YES


def test_p34_minor_ways_are_paths_tracks_and_ferries_but_not_sidewalks():
    def minor(**tags):
        way = read_way(tags)
        assert way is not None
        return way.is_minor

    assert minor(highway="path")
    assert minor(highway="track")
    assert minor(highway="footway")
    assert minor(route="ferry")
    assert not minor(highway="footway", footway="sidewalk")
    assert not minor(highway="unclassified")


@pytest.mark.parametrize(
    ("text", "expected"),
    [("50", 50), ("50 km/h", 50), ("30 mph", 48), ("CO:urban", 0), ("none", 0), ("999", 255)],
)
def test_maxspeed(text, expected):
    assert maxspeed_kmh(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"), [("3200", 3200), ("12,5 m", 12.5), ("-3", -3), ("", math.nan)]
)
def test_elevation(text, expected):
    assert elevation_m(text) == pytest.approx(expected, nan_ok=True)
