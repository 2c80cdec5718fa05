"""Sites of several corridors as one set, against a comparison of every pair."""

import random

import numpy as np
import pytest

from routing.errors import InvalidRequest
from routing.geometry.geodesy import great_circle_m
from routing.route.coverage import MeasuredLine
from routing.siting.candidates import CandidateKind, corridor_sites
from routing.siting.covering import PathReach, fewest_spaces
from routing.siting.joined import SAME_SITE_M, joined_sites
from routing.siting.sites import Sites
from routing.siting.solver import SolverEffort
from tests.fixtures.examples import examples

NONE = np.zeros(0)


def line_along(lon, lat):
    """Give the line of some corners, degrees, measured by its own length."""
    points = np.column_stack([lon, lat]).astype(float)
    return MeasuredLine.from_geometry(points)


def drawn(seed):
    """Draw corridors that share a road, some of them shifted, and keys of their sites."""
    rng = random.Random(seed)
    corridors, keys = [], []
    for number in range(rng.randint(1, 3)):
        begin = rng.choice([0.0, 0.013, 0.05])
        line = line_along([begin, 0.1, 0.1 + rng.choice([0.0, 0.07])], [0.0, 0.0, 0.05 * number])
        towns = np.array(sorted(rng.uniform(0, line.length_m) for _ in range(rng.randint(0, 2))))
        sites = corridor_sites(line, NONE, towns, NONE, step_m=rng.choice([1_000.0, 2_500.0]))
        corridors.append(sites)
        keys.append(
            [rng.choice("ab") if kind == CandidateKind.TOWN else None for kind in sites.kind]
        )
    return corridors, keys


def test_sites_are_one_by_their_key_or_their_place_and_else_apart():
    shared = 0
    for seed in range(examples(200, 40)):
        corridors, keys = drawn(seed)
        joint = joined_sites(corridors, keys)
        seen = [(c, r) for c, sites in enumerate(corridors) for r in range(len(sites))]
        of = {(c, r): int(joint.site_of[c][r]) for c, r in seen}
        assert sorted({*of.values()}) == [*range(len(joint))]
        firsts = {}
        for c, r in seen:
            place, key = of[c, r], keys[c][r]
            before = [
                (
                    float(
                        great_circle_m(
                            corridors[c].lon[r],
                            corridors[c].lat[r],
                            corridors[a].lon[b],
                            corridors[a].lat[b],
                        )
                    ),
                    n,
                )
                for n, (a, b) in firsts.items()
                if a < c and keys[a][b] is None
            ]
            if key is not None:
                same = {of[one] for one in seen if keys[one[0]][one[1]] == key}
                assert same == {place}
            elif before and min(before)[0] <= SAME_SITE_M:
                assert any(n == place and m <= min(before)[0] + 1e-9 for m, n in before)
                shared += 1
            else:
                assert place not in firsts
            firsts.setdefault(place, (c, r))
        assert list(zip(joint.corridor.tolist(), joint.row.tolist(), strict=True)) == [
            firsts[n] for n in range(len(joint))
        ]
    assert shared


def test_a_space_on_a_shared_road_serves_both_corridors():
    lines = [line_along([0.0, 0.3], [0.0, 0.0]), line_along([0.0, 0.3, 0.3], [0.0, 0.0, 0.01])]
    corridors = [corridor_sites(line, NONE, NONE, NONE) for line in lines]
    joint = joined_sites(corridors, [[None] * len(one) for one in corridors])
    needs = PathReach(joint.flows(np.ones(2)), 20_000.0)
    found = fewest_spaces(needs, Sites.of(len(joint)), SolverEffort(10.0))
    # Each corridor alone needs one, and they run along the same 33 km.
    assert found.is_proven
    assert len(found.chosen) == 1


def test_journeys_begin_at_either_end_and_share_the_people():
    line = line_along([0.0, 0.3], [0.0, 0.0])
    sites = corridor_sites(line, NONE, NONE, NONE, step_m=10_000.0)
    joint = joined_sites([sites], [[None] * len(sites)])
    flows, corridor = joint.journeys(np.array([6.0]), [np.array([15_000.0])])
    assert corridor.tolist() == [0, 0, 0]
    assert flows.flow.tolist() == [2.0, 2.0, 2.0]
    length_m = line.length_m
    assert flows.at_m.tolist() == [
        *(0.0, 10_000.0, 20_000.0, 30_000.0, length_m),
        *(0.0, 10_000.0, 15_000.0),
        *(15_000.0, 20_000.0, 30_000.0, length_m),
    ]
    assert flows.site.tolist() == [-1, 0, 1, 2, -1, -1, 0, -1, -1, 1, 2, -1]
    assert joint.flows(np.array([6.0])).flow.tolist() == [6.0]


def test_keys_fit_the_sites():
    sites = corridor_sites(line_along([0.0, 0.1], [0.0, 0.0]), NONE, NONE, NONE)
    for corridors, keys in (([], []), ([sites], [[]])):
        with pytest.raises(InvalidRequest):
            joined_sites(corridors, keys)
