"""Tables of legs in several states of the roads: joined, and the same as one after the other."""

import numpy as np

from routing.planning.legs import LegPassages, LegTable, by_day
from tests.fixtures.examples import examples


def table(rows, passages=()):
    """Give legs (from, to, metres), with passages (leg, crossing, seconds)."""
    figures = np.array(rows, dtype=np.float64).reshape(-1, 3)
    passed = np.array(passages, dtype=np.float64).reshape(-1, 3)
    return LegTable(
        figures[:, 0].astype(np.int64), figures[:, 1].astype(np.int64), figures[:, 2],
        figures[:, 2] / 1.2, figures[:, 2] * 0.01,
        LegPassages(passed[:, 0].astype(np.int64), passed[:, 1].astype(np.int64), passed[:, 2]),
    )  # fmt: skip


def seen(legs, day):
    """Give what of a table can be seen on a day, as plain values."""
    found = set()
    for leg in np.flatnonzero(legs.is_open(day)).tolist():
        own = legs.passages.leg == leg
        passed = tuple(zip(legs.passages.crossing[own], legs.passages.after_s[own], strict=True))
        found.add((int(legs.origin[leg]), int(legs.destination[leg]), legs.distance_m[leg], passed))
    return found


def test_each_day_has_the_legs_of_its_state():
    rng = np.random.default_rng(4)
    for _ in range(examples(200, 40)):
        tables, days = [], int(rng.integers(1, 6))
        for _state in range(int(rng.integers(1, 4))):
            pairs = [(a, b) for a in range(4) for b in range(4) if a != b and rng.random() < 0.6]
            rows = [(*pair, float(rng.choice([5_000, 9_000]))) for pair in pairs]
            legs = sorted(rng.choice(len(rows), len(rows) // 2, replace=False)) if rows else []
            tables.append(table(rows, [(leg, int(rng.integers(2)), 60.0) for leg in legs]))
        state = rng.integers(0, len(tables), days)
        joined = by_day(tables, np.arange(len(tables))[:, None] == state)
        for day in range(days):
            assert seen(joined, day) == seen(tables[state[day]], 0)


def test_a_leg_of_two_states_is_there_once():
    direct, around = (0, 1, 9_000.0), (0, 1, 30_000.0)
    joined = by_day(
        [table([direct, (1, 2, 5_000.0)]), table([around, (1, 2, 5_000.0)])],
        np.array([[True, False, True], [False, True, False]]),
    )
    assert joined.distance_m.tolist() == [9_000.0, 5_000.0, 30_000.0]
    assert joined.open_days.tolist() == [
        [True, False, True], [True, True, True], [False, True, False],
    ]  # fmt: skip
