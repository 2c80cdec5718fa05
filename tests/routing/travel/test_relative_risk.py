"""Relative risks: what applies where, what is unknown, and that unknown never looks better."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.models import HUMAN_THREATS, PHYSICAL_HAZARDS
from routing.osm_tags.edge_flags import EdgeFlag
from routing.travel.relative_risk import (
    FACTORS,
    LIT_KINDS,
    LIT_RR,
    SIDEWALK_RR,
    TRAFFIC_KINDS,
    FactorState,
    applied,
    multiplier,
    speed_rr,
)

TRAFFIC = "pedestrian_traffic"


@pytest.fixture(scope="module")
def street(tiny_graph):
    """Give a builder of one street: (graph, its edges, night)."""

    def build(night=False, **options):
        graph = tiny_graph([(0, 0), (0, 0.1)], [(0, 1, options)])
        edges = np.arange(2)
        return graph, edges, np.full(2, night)

    return build


def one(street, kind, night=False, bound=False, **options):
    """Give (multiplier, state by factor) of a street."""
    graph, edges, nights = street(night, **options)
    product = multiplier(graph, kind, edges, nights, bound=bound)
    factors = applied(graph, kind, edges, nights, bound=bound)
    assert product[0] == product[1] == pytest.approx(math.prod(f.value[0] for f in factors))
    return product[0], {f.factor.name: FactorState(f.state[0]) for f in factors}


@pytest.mark.parametrize(("kmh", "rr"), [(30, 0.18), (50, 1.0), (70, 4.3), (80, 6.9)])
def test_the_risk_by_speed_is_the_cited_one(kmh, rr):
    assert float(speed_rr(kmh)) == pytest.approx(rr, rel=0.02)


def test_the_risk_by_speed_has_the_ratios_of_the_abstract():
    assert float(speed_rr(50) / speed_rr(40)) > 2
    assert float(speed_rr(50) / speed_rr(30)) > 5


@pytest.mark.parametrize(
    ("flags", "night", "value", "state"),
    [
        (EdgeFlag.LIT_YES, True, LIT_RR, FactorState.APPLIED),
        (EdgeFlag.LIT_YES, False, 1.0, FactorState.DOES_NOT_APPLY),
        (EdgeFlag.LIT_NO, True, 1.0, FactorState.APPLIED),
        (EdgeFlag(0), True, 1.0, FactorState.UNKNOWN),
        (EdgeFlag(0), False, 1.0, FactorState.DOES_NOT_APPLY),
    ],
)
def test_light_counts_by_night_only(street, flags, night, value, state):
    found = one(street, "robbery", night, flags=int(flags))
    assert found == (pytest.approx(value), {"lighting": state})


@pytest.mark.parametrize(
    ("options", "value", "state"),
    [
        ({"flags": int(EdgeFlag.SIDEWALK_YES)}, SIDEWALK_RR, FactorState.APPLIED),
        ({"flags": int(EdgeFlag.SIDEWALK_NO)}, 1.0, FactorState.APPLIED),
        ({}, 1.0, FactorState.UNKNOWN),
        ({"road_class": "footway"}, SIDEWALK_RR, FactorState.APPLIED),
        ({"road_class": "path"}, 1.0, FactorState.UNKNOWN),
        ({"road_class": "ferry", "flags": int(EdgeFlag.FERRY)}, 1.0, FactorState.DOES_NOT_APPLY),
    ],
)
def test_sidewalks_and_walkways(street, options, value, state):
    product, states = one(street, TRAFFIC, maxspeed=50, **options)
    assert product == pytest.approx(value)
    assert states["sidewalk"] is state


@pytest.mark.parametrize(
    ("road_class", "maxspeed", "value", "bound", "state"),
    [
        ("trunk", 80, 6.9, 6.9, FactorState.APPLIED),
        ("residential", 30, 0.178, 0.178, FactorState.APPLIED),
        ("trunk", 0, 1.0, float(speed_rr(85)), FactorState.UNKNOWN),
        ("residential", 0, 1.0, 1.0, FactorState.UNKNOWN),
        ("footway", 0, SIDEWALK_RR, SIDEWALK_RR, FactorState.DOES_NOT_APPLY),
    ],
)
def test_an_unknown_limit_is_one_and_in_the_bound_its_class(
    street, road_class, maxspeed, value, bound, state
):
    for is_bound, expected in ((False, value), (True, bound)):
        product, states = one(
            street, TRAFFIC, bound=is_bound, road_class=road_class, maxspeed=maxspeed
        )
        assert product == pytest.approx(expected, rel=0.01)
        assert states["traffic_speed"] is state


def test_what_no_study_measured_has_no_factor(street):
    graph, edges, night = street(True, flags=int(EdgeFlag.LIT_YES | EdgeFlag.SIDEWALK_YES))
    for kind in {*PHYSICAL_HAZARDS, *HUMAN_THREATS} - LIT_KINDS:
        assert applied(graph, kind, edges, night) == ()
        assert (multiplier(graph, kind, edges, night) == 1).all()


def test_the_kinds_are_those_of_the_records():
    assert set(HUMAN_THREATS) >= LIT_KINDS
    assert not TRAFFIC_KINDS & {
        *HUMAN_THREATS,
        *PHYSICAL_HAZARDS,
    }  # see routing.travel.relative_risk


def test_every_factor_names_its_source_and_that_it_is_transferred():
    assert [factor.name for factor in FACTORS] == ["lighting", "sidewalk", "traffic_speed"]
    assert all(factor.source and factor.formula and factor.transferred for factor in FACTORS)


@given(
    kind=st.sampled_from(["robbery", TRAFFIC]),
    night=st.booleans(),
    road_class=st.sampled_from(["trunk", "residential", "footway", "track", "path"]),
    flags=st.sampled_from([4, 8, 16, 32, 4 | 16, 8 | 32]),
    maxspeed=st.sampled_from([0, 20, 50, 90]),
)
def test_taking_tags_away_never_lowers_the_bound_below_the_reference(
    street, kind, night, road_class, flags, maxspeed
):
    tagged, _ = one(street, kind, night, bound=True, road_class=road_class, flags=flags)
    bare, states = one(street, kind, night, bound=True, road_class=road_class)
    assert bare >= tagged * (1 - 1e-12)
    told, _ = one(street, kind, night, road_class=road_class, maxspeed=maxspeed, flags=flags)
    bound, _ = one(
        street, kind, night, bound=True, road_class=road_class, maxspeed=maxspeed, flags=flags
    )
    assert bound >= told
    if FactorState.APPLIED not in states.values():
        assert bare >= 1.0


def test_edges_answer_one_by_one_in_the_order_asked(tiny_graph):
    lit = {"flags": int(EdgeFlag.LIT_YES)}
    graph = tiny_graph([(0, n / 10) for n in range(3)], [(0, 1, lit), (1, 2)])
    edges = np.array([3, 0, 1, 0, 2])
    night = np.array([True, True, True, False, True])
    (light,) = applied(graph, "robbery", edges, night)
    is_lit = (graph.edge_flags[edges] & int(EdgeFlag.LIT_YES)) != 0
    assert light.value.tolist() == np.where(is_lit & night, LIT_RR, 1.0).tolist()
    assert light.unknown.tolist() == (~is_lit & night).tolist()
    assert len(multiplier(graph, "robbery", edges[:0], night[:0])) == 0
