"""Whether a line can be walked day by day, against somebody who walks it."""

import random
from itertools import pairwise

import numpy as np
import pytest

from routing.corridors.figures import CorridorTargets
from routing.corridors.losses import corridor_losses
from routing.corridors.stages import cut_losses, daily_stages, stage_losses
from routing.errors import InvalidRequest
from tests.fixtures.corridor_cases import marks_of, random_line
from tests.fixtures.examples import examples


def walked(marks, length, day, cuts):
    """Walk from support to support; return where the walk ends, and how much cannot be walked."""
    stops = [0, *sorted(marks), length]
    # A support at the place of a crossing stands before it.
    shut = {sum(mark <= cut for mark in marks) for cut in cuts}
    blocked = [
        n for n, (here, there) in enumerate(pairwise(stops)) if there - here > day or n in shut
    ]
    return (stops[blocked[0]] if blocked else length), len(blocked)


def drawn(seed):
    supports, rng = random_line(seed), random.Random(-seed)
    length = int(supports.length_m)
    day = rng.randint(0, max(1, length // rng.choice([1, 3, 10])))
    places = [0, length, *supports.at_m.astype(int).tolist(), rng.randint(0, length)]
    cuts = [rng.choice(places) for _ in range(rng.choice([0, 0, 1, 2]))]
    return supports, length, day, cuts


def test_stages_are_those_of_somebody_who_walks_them():
    seen = set()
    for seed in range(examples(400, 80)):
        supports, length, day, cuts = drawn(seed)
        stages = daily_stages(supports, float(day), np.array(cuts, dtype=float))
        for service in range(supports.services):
            reached, blocked = walked(marks_of(supports, service), length, day, cuts)
            assert (stages.reached_m[service], stages.blocked[service]) == (reached, blocked)
            assert stages.is_feasible[service] == (blocked == 0)
            seen.add((blocked > 0, bool(cuts)))
    assert seen == {(True, True), (True, False), (False, False)}


def test_a_loss_leaves_what_is_left_when_it_is_taken_away():
    worse = 0
    for seed in range(examples(400, 80)):
        supports, length, day, cuts = drawn(seed)
        cuts_m = np.array(cuts, dtype=float)
        stages = daily_stages(supports, float(day), cuts_m)
        losses = corridor_losses(supports, CorridorTargets(0.0, float(day)))
        found = stage_losses(supports, losses, stages, float(day))
        for one, (service, row) in enumerate(zip(losses.service, losses.row, strict=True)):
            marks = [
                int(at)
                for n, at in enumerate(supports.at_m)
                if n != row and supports.counts[service, n]
            ]
            reached, blocked = walked(marks, length, day, cuts)
            assert (found.reached_m[one], found.blocked[one]) == (reached, blocked)
            worse += reached < stages.reached_m[service]
    assert worse


def test_a_crossing_that_is_shut_ends_the_way_at_the_last_support_before_it():
    for seed in range(examples(300, 40)):
        supports, length, day, cuts = drawn(seed)
        stages = daily_stages(supports, float(day), np.array(cuts, dtype=float))
        more = [0, length, *supports.at_m.astype(int).tolist()][:6]
        found = cut_losses(supports, stages, np.array(more, dtype=float))
        for service in range(supports.services):
            marks = marks_of(supports, service)
            for column, cut in enumerate(more):
                reached, blocked = walked(marks, length, day, [*cuts, cut])
                assert found.reached_m[service, column] == reached
                assert found.blocked[service, column] == blocked
                last = max([0, *(mark for mark in marks if mark <= cut)])
                assert found.before_m[service, column] == cut - last
                assert found.beyond[service, column] == sum(mark > cut for mark in marks)


@pytest.mark.parametrize("day", [-1.0, np.nan, np.inf])
def test_a_day_is_a_distance(day):
    with pytest.raises(InvalidRequest):
        daily_stages(random_line(3), day)


def test_a_crossing_lies_on_the_line():
    supports = random_line(3)
    with pytest.raises(InvalidRequest):
        daily_stages(supports, 10.0, np.array([supports.length_m + 1.0]))
