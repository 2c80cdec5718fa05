"""Kept leg tables: the same question is answered once, and no other by its answer."""

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import numpy as np
import pytest
import shapely

from app.snapshots.leg_tables import LegTables
from routing.planning.leg_table import leg_table
from routing.router.reachability import Reacher, ReachPlace, ReachRequest
from routing.router.regional import Crossing, Hazard, Router
from routing.travel.profiles import REDUCED_MOBILITY
from tests.routing.conftest import build_tiny_graph

AT = datetime(2026, 11, 29, 12, tzinfo=timezone(timedelta(hours=-5)))
BRIDGE = Crossing("bridge", "Puente", 0.015, 0.0, ("CO", "VE"), passable=True, state="open")
ROCKS = Hazard("rocks", "landslide", "physical", shapely.box(0.023, -1, 0.026, 1), exclusion=True)


@pytest.fixture
def reacher():
    """Give four places in a row, the border between the second and the third."""
    nodes = [(0.01 * k, 0.0, float("nan"), "CO" if k < 2 else "VE") for k in range(4)]
    return Reacher(
        Router(build_tiny_graph(nodes, [(k, k + 1, {"length_m": 1e3}) for k in range(3)]))
    )


def same(one, two):
    return all(
        np.array_equal(getattr(one, name), getattr(two, name))
        for name in ("origin", "destination", "distance_m", "duration_s", "exposure")
    )


def test_a_table_is_kept_and_stands_for_its_own_question_alone(reacher):
    places = [ReachPlace(0.01 * k, 0.0, "CO" if k < 2 else "VE") for k in range(4)]
    asked = ReachRequest(places[0], places, AT, (BRIDGE,))
    kept = LegTables(reacher)
    first = kept.laid(asked, 50_000)
    assert kept.laid(replace(asked, targets=[*places], at=AT + timedelta(days=3)), 50_000) is first
    for other, cut_m in (
        (replace(asked, hazards=(ROCKS,)), 50_000),
        (replace(asked, crossings=(replace(BRIDGE, passable=False),)), 50_000),
        (replace(asked, targets=places[:3]), 50_000),
        (replace(asked, profile=REDUCED_MOBILITY), 50_000),
        (asked, 1_500),
    ):
        found = kept.laid(other, cut_m)
        assert same(found, leg_table(reacher, other, cut_m))
        assert not same(found, first)
    assert kept.laid(asked, 50_000) is first
