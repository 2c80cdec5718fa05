"""Which itineraries of a front are shown."""

import numpy as np
import pytest

from routing.planning.front import Criterion, shown
from routing.planning.itineraries import Itinerary, itineraries
from tests.fixtures.examples import examples
from tests.fixtures.itinerary_cases import question


def one(nights, exposure, hardest_s):
    return Itinerary((), nights, exposure, hardest_s)


def test_the_best_of_each_criterion_come_first_and_then_what_is_least_like_them():
    front = [one(2, 9.0, 9.0), one(3, 5.0, 8.9), one(3, 5.1, 5.0), one(4, 1.0, 8.0), one(5, 1.5, 1)]
    assert [line.best_in for line in shown(front, 3)] == [
        (Criterion.NIGHTS,), (Criterion.EXPOSURE,), (Criterion.HARDEST_DAY,),
    ]  # fmt: skip
    assert [line.itinerary for line in shown(front, 4)] == [front[k] for k in (0, 2, 3, 4)]
    assert [line.itinerary for line in shown(front, 1)] == front[:1]
    assert [line.itinerary for line in shown(front, 9)] == front
    assert shown([], 3) == ()
    assert shown(front[:1], 3)[0].best_in == (*Criterion,)


@pytest.mark.parametrize("most", [1, 3, 5])
def test_what_is_shown_is_of_the_front_and_holds_its_extremes(most):
    for seed in range(examples(200, 40)):
        front = itineraries(question(seed, ahead=True))
        told = shown(front, most)
        assert len(told) == min(most, len(front))
        rows = [front.index(line.itinerary) for line in told]
        assert rows == sorted(set(rows))
        if most >= 3 and front:
            best = {criterion for line in told for criterion in line.best_in}
            assert best == set(Criterion)
            figures = np.array([(i.nights, i.exposure, i.hardest_s) for i in front])
            kept = np.array([(i.nights, i.exposure, i.hardest_s) for i in front])[rows]
            assert (kept.min(axis=0) == figures.min(axis=0)).all()
