"""Who can be helped where: hard filters against a judge of its own, ranks, steps by referral."""

from datetime import UTC, date, datetime, timedelta

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest

from geo.spaces.eligibility import ADULT_AGE, Candidate, Doubt, Need, Refusal, doubts, refusals
from geo.spaces.next_steps import (
    Option,
    SpaceDistance,
    counted,
    options,
    ranked,
    served_chance,
    utility,
)
from tests.fixtures.examples import examples
from tests.fixtures.triples import random_space, triples, violations

NOON = datetime(2026, 11, 24, 17, tzinfo=UTC)  # 12:00 in Bogotá, a Tuesday
EVERY_DAY = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]


def rule(opens_at, closes_at, **changes):
    return {
        "byday": EVERY_DAY,
        "opens_at": opens_at,
        "closes_at": closes_at,
        "timezone": "America/Bogota",
        **changes,
    }


def row(space_id="A", **changes):
    return {
        "id": space_id,
        "country": "CO",
        "timezone": "America/Bogota",
        "admin1": None,
        "status": "active",
        "access": "open",
        "services": ["food", "overnight"],
        "schedules": [rule("00:00", "00:00")],
        "exceptions": [],
        "holidays": "open",
        "minimum_age": None,
        "maximum_age": None,
        "genders": None,
        "families_only": False,
        "children_alone": "not_known",
        "documents_required": [],
        "languages": ["es"],
        "capacity": "not_known",
        "capacity_updated": None,
        "assured_on": date(2026, 11, 20),
        "expires_on": date(2026, 12, 20),
        "referral_points": [],
        **changes,
    }


def space(space_id="A", **changes):
    return Candidate.of(row(space_id, **changes))


def way(distance_m=1_000.0, **changes):
    known = {"duration_s": distance_m / 1.4, "exposure_s": 0.0, "kind": "walking"}
    return SpaceDistance(**{"distance_m": distance_m, **known, **changes})


FOOD = Need(("food",))
NIGHT = Need(("overnight",))


@pytest.mark.every(4)
@pytest.mark.parametrize("seed", range(4))
def test_hard_filters_equal_those_of_an_independent_judge(seed):
    fitting = 0
    for need, raw, arrival in triples(seed, examples(2_500, 1_250)):
        found = refusals(need, Candidate.of(raw), arrival)
        assert {reason.value for reason in found} == violations(need, raw, arrival), (need, raw)
        assert list(found) == sorted(found, key=list(Refusal).index)
        fitting += not found
    assert fitting > 25, "the generator must offer something to get wrong"


def test_every_hard_filter_was_tried_alone():
    missing = {refusal.value for refusal in Refusal}
    for need, raw, arrival in triples(99, 6_000):
        broken = violations(need, raw, arrival)
        if len(broken) == 1:
            missing -= broken
        if not missing:
            break
    assert missing == set()


@pytest.mark.parametrize(
    ("need", "changes", "reason"),
    [
        (FOOD, {"expires_on": date(2026, 11, 23)}, Refusal.EXPIRED),
        (FOOD, {"assured_on": date(2026, 11, 25)}, Refusal.EXPIRED),
        (FOOD, {"status": "closed"}, Refusal.NOT_ACTIVE),
        (Need(("health",)), {}, Refusal.NO_SERVICE),
        (NIGHT, {"services": ["food"]}, Refusal.NO_SERVICE),
        (FOOD, {"schedules": [rule("13:00", "18:00")]}, Refusal.CLOSED),
        (FOOD, {"schedules": []}, Refusal.HOURS_NOT_KNOWN),
        (FOOD, {"schedules": [rule("08:00", "18:00", last_entry="11:30")]}, Refusal.LAST_ENTRY),
        (NIGHT, {"schedules": [rule("08:00", "18:00")]}, Refusal.CLOSED),
        (Need(("food",), age=17), {"minimum_age": 18}, Refusal.AGE),
        (Need(("food",), age=30, children=1), {"minimum_age": 18}, Refusal.AGE),
        (Need(("food",), age=18), {"maximum_age": 17}, Refusal.AGE),
        (Need(("food",), gender="man"), {"genders": ["woman"]}, Refusal.GENDER),
        (Need(("food",), people=1), {"families_only": True}, Refusal.FAMILIES_ONLY),
        (Need(("food",), is_alone=True), {"children_alone": "no"}, Refusal.CHILDREN_ALONE),
        (
            Need(("food",), documents=frozenset()),
            {"documents_required": ["id_card"]},
            Refusal.DOCUMENTS,
        ),
        (FOOD, {"status": "full", "capacity": "full"}, Refusal.FULL),
        (FOOD, {"capacity": "full"}, Refusal.FULL),
        (FOOD, {"access": "referral_only"}, Refusal.REFERRAL_ONLY),
    ],
)  # fmt: skip
def test_p15_each_hard_filter_has_its_reason(need, changes, reason):
    assert refusals(FOOD, space(), NOON) == ()
    assert refusals(need, space(**changes), NOON) == (reason,)


@pytest.mark.parametrize(
    ("need", "changes", "doubt"),
    [
        (FOOD, {"minimum_age": 18}, Doubt.AGE),
        (Need(("food",), age=30, children=2), {"minimum_age": 6}, Doubt.CHILDREN_AGE),
        (Need(("food",), age=30, children=2), {"maximum_age": 12}, Doubt.CHILDREN_AGE),
        (FOOD, {"genders": ["woman"]}, Doubt.GENDER),
        (FOOD, {"families_only": True}, Doubt.FAMILIES_ONLY),
        (
            Need(("food",), is_alone=True),
            {"children_alone": "not_known"},
            Doubt.CHILDREN_ALONE,
        ),
        (Need(("food",), documents=frozenset()), {"documents_required": None}, Doubt.DOCUMENTS),
        (FOOD, {"documents_required": ["id_card"]}, Doubt.DOCUMENTS),
        (Need(("food",), languages=frozenset({"ht"})), {"languages": []}, Doubt.LANGUAGE),
        (Need(("food",), languages=frozenset({"ht"})), {"languages": ["es"]}, Doubt.LANGUAGE),
    ],
)  # fmt: skip
def test_what_is_not_known_excludes_nobody_and_is_said(need, changes, doubt):
    judged = space(**changes)
    assert refusals(need, judged, NOON) == ()
    assert doubts(need, judged) == (doubt,)
    assert served_chance(need, Option(judged, way(), NOON, (doubt,)), NOON) < served_chance(
        need, Option(judged, way(), NOON), NOON
    )


def test_p26_a_need_cannot_hold_nationality_religion_or_colour():
    for field in ("nationality", "religion", "colour", "ethnicity", "race", "country_of_origin"):
        with pytest.raises(TypeError):
            Need(("food",), **{field: "x"})
    names = set(Candidate.__dataclass_fields__)
    assert not names & {"nationality", "nationalities", "religion", "colour"}


def test_a_shelter_that_opens_in_the_evening_serves_who_arrives_at_noon():
    shelter = space(schedules=[rule("18:00", "08:00", last_entry="21:00")])
    assert refusals(NIGHT, shelter, NOON) == ()
    assert refusals(FOOD, shelter, NOON) == (Refusal.CLOSED,)
    ten = NOON + timedelta(hours=10)
    assert refusals(NIGHT, shelter, ten) == (Refusal.LAST_ENTRY,)
    # At two in the morning it is still last night.
    assert refusals(NIGHT, shelter, NOON + timedelta(hours=14)) == (Refusal.LAST_ENTRY,)


def test_a_child_space_serves_the_children_of_who_asks():
    family = Need(("food",), age=34, children=2)
    assert refusals(family, space(maximum_age=12), NOON) == ()
    assert refusals(Need(("food",), age=34), space(maximum_age=12), NOON) == (Refusal.AGE,)
    assert ADULT_AGE == 18


def test_a_referral_only_space_is_answered_as_who_refers_to_it():
    home = space("home", access="referral_only", referral_points=("desk", "hidden", "shut"))
    desk = space("desk", services=["information"], documents_required=["id_card"])
    shut = space("shut", services=["information"], schedules=[rule("13:00", "14:00")])
    points = {s.id: (s, way(500.0), NOON) for s in (desk, shut)}
    steps, against = options(NIGHT, [(home, way(), NOON)], points, country="CO")
    assert [(step.candidate.id, step.refers_to.id) for step in steps] == [("desk", "home")]
    assert against == {"home": (Refusal.REFERRAL_ONLY,)}
    # What else excludes the person at the home excludes the step too.
    full = space("home", access="referral_only", referral_points=("desk",), capacity="full")
    steps, against = options(NIGHT, [(full, way(), NOON)], points, country="CO")
    assert steps == []
    assert against["home"] == (Refusal.FULL, Refusal.REFERRAL_ONLY)
    child = Need(("overnight",), is_alone=True)
    closed_to_them = space("desk", services=["information"], children_alone="no")
    points = {"desk": (closed_to_them, way(), NOON)}
    assert options(child, [(home, way(), NOON)], points, country="CO")[0] == []


def test_a_referring_point_that_serves_itself_is_named_once():
    home = space("home", access="referral_only", referral_points=("desk",))
    desk = (space("desk"), way(), NOON)
    steps, _ = options(NIGHT, [desk, (home, way(), NOON)], {"desk": desk}, country="CO")
    assert [(step.candidate.id, step.refers_to) for step in steps] == [("desk", None)]


def test_p33_no_space_of_another_country_comes_before_one_of_the_askers():
    abroad = Option(space("near", country="VE"), way(10.0), NOON, is_abroad=True)
    at_home = Option(space("far"), way(90_000.0), NOON)
    assert [o.candidate.id for o in ranked(FOOD, [abroad, at_home], NOON)] == ["far", "near"]
    # A way that leads through another country is not silently one of this.
    through = (space("through"), way(crosses_border=True), NOON)
    steps, _ = options(FOOD, [through], {}, country="CO")
    assert steps[0].is_abroad


def test_the_rank_follows_age_places_way_and_exposure():
    fresh, old = space("fresh"), space("old", assured_on=date(2026, 10, 24))
    near = way(1_000.0)

    def order(*given):
        return [option.candidate.id for option in ranked(NIGHT, given, NOON)]

    assert order(Option(old, near, NOON), Option(fresh, near, NOON)) == ["fresh", "old"]
    places = space("places", capacity="places", capacity_updated=NOON - timedelta(hours=1))
    stale = space("stale", capacity="places", capacity_updated=NOON - timedelta(days=20))
    assert order(
        Option(fresh, near, NOON), Option(stale, near, NOON), Option(places, near, NOON)
    ) == [
        "places",
        "stale",
        "fresh",
    ]
    far = way(30_000.0)
    assert order(Option(places, far, NOON), Option(fresh, near, NOON)) == ["fresh", "places"]
    exposed = way(1_000.0, exposure_s=20_000.0)
    assert order(Option(places, exposed, NOON), Option(fresh, near, NOON)) == ["fresh", "places"]
    assert order(Option(fresh, way(2_000.0), NOON), Option(space("b"), near, NOON)) == [
        "b",
        "fresh",
    ]
    assert order(Option(space("b"), near, NOON), Option(space("a"), near, NOON)) == ["a", "b"]


def test_a_language_ranks_and_is_worth_no_long_walk():
    wish = Need(("food",), languages=frozenset({"ht", "fr"}))
    kreyol, spanish = space("kreyol", languages=["ht", "es"]), space("spanish", languages=["es"])

    def order(kreyol_m):
        found = [(spanish, way(1_000.0), NOON), (kreyol, way(kreyol_m), NOON)]
        steps, against = options(wish, found, {}, country="CO")
        assert against == {}
        return [option.candidate.id for option in ranked(wish, steps, NOON)]

    assert order(3_000.0) == ["kreyol", "spanish"]
    assert order(40_000.0) == ["spanish", "kreyol"]


def test_p42_a_rank_does_not_depend_on_numbers_of_places():
    # Whatever a partner's view has beside the word, nothing of it is read.
    assert "capacity_available" not in Candidate.__dataclass_fields__
    many = Candidate.of({**row(capacity="places"), "capacity_available": 99})
    few = Candidate.of({**row(capacity="places"), "capacity_available": 1})
    assert utility(NIGHT, Option(many, way(), NOON), NOON) == utility(
        NIGHT, Option(few, way(), NOON), NOON
    )


def test_reasons_are_counted_by_the_first_of_each_space():
    against = [
        (Refusal.CLOSED, Refusal.FULL),
        (Refusal.FULL,),
        (Refusal.CLOSED,),
        (Refusal.EXPIRED, Refusal.CLOSED),
    ]
    assert counted(against) == {"expired": 1, "closed_on_arrival": 2, "full": 1}
    assert list(counted(against)) == ["expired", "closed_on_arrival", "full"]


@hypothesis.given(st.integers(0, 2**32 - 1), st.floats(0, 2e5), st.floats(0, 1e5))
def test_a_longer_or_more_exposed_way_never_ranks_higher(seed, more_m, more_s):
    candidate = Candidate.of(random_space(np.random.default_rng(seed)))
    near = Option(candidate, way(1_000.0), NOON)
    far = Option(candidate, way(1_000.0 + more_m, exposure_s=more_s), NOON)
    assert utility(FOOD, far, NOON) <= utility(FOOD, near, NOON)
    assert 0.0 <= served_chance(FOOD, near, NOON) <= 1.0
