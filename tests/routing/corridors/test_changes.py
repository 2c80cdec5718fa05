"""States of a corridor compared, what-ifs, and losses, against figures computed from nothing."""

import random

import numpy as np
import pytest

from routing.corridors.changes import corridor_change
from routing.corridors.figures import CorridorFlow, CorridorTargets, corridor_figures
from routing.corridors.gaps import CorridorGap, CorridorSupports
from routing.corridors.losses import corridor_losses, space_losses
from routing.errors import InvalidRequest
from tests.fixtures.corridor_cases import marks_of, random_line
from tests.fixtures.corridor_walks import walk
from tests.fixtures.examples import examples

FIGURES = ("longest_m", "mean_to_next_m", "unmet_m", "covered_share")


def altered(supports, rng):
    """Return a what-if and the same state made from lists, without the methods under test."""
    at_m, counts = supports.at_m.tolist(), supports.counts.T.tolist()
    kind = rng.choice(["added", "closed", "moved", "services"]) if at_m else "added"
    serves = [rng.random() < 0.6 for _ in range(supports.services)]
    new_m, row = float(rng.randint(0, int(supports.length_m))), rng.randrange(max(len(at_m), 1))
    if kind == "added":
        changed = supports.with_added(new_m, np.array(serves))
        at_m, counts = [*at_m, new_m], [*counts, serves]
    elif kind == "closed":
        changed = supports.with_closed([row])
        at_m, counts = at_m[:row] + at_m[row + 1 :], counts[:row] + counts[row + 1 :]
    elif kind == "moved":
        changed = supports.with_moved(row, new_m)
        at_m[row] = new_m
    else:
        changed = supports.with_services(row, np.array(serves))
        counts[row] = serves
    table = np.array(counts, dtype=bool).reshape(len(at_m), supports.services).T
    return changed, CorridorSupports(supports.length_m, np.array(at_m, dtype=float), table)


def test_a_what_if_has_the_figures_of_a_corridor_computed_anew():
    targets, flow = CorridorTargets(30.0, 100.0), CorridorFlow(np.array([0.0, 900]), np.ones(1))
    for seed in range(examples(600, 70)):
        supports, rng = random_line(seed), random.Random(seed)
        before = supports.at_m.tolist(), supports.counts.tolist()
        changed, anew = altered(supports, rng)
        change = corridor_change(supports, changed, targets, flow)
        assert (supports.at_m.tolist(), supports.counts.tolist()) == before
        was, now = (corridor_figures(one, targets, flow) for one in (supports, anew))
        for name in (*FIGURES, "unmet_flow", "unmet_unknown_m"):
            assert getattr(change.after, name).tolist() == getattr(now, name).tolist()
            assert getattr(change, name) == pytest.approx(getattr(now, name) - getattr(was, name))


def test_where_help_is_lost_or_gained_is_found_metre_by_metre():
    targets, seen = CorridorTargets(30.0, 100.0), [0, 0]
    for seed in range(examples(300, 40)):
        supports, rng = random_line(seed), random.Random(-seed)
        changed = supports
        for _ in range(rng.randint(1, 4)):
            changed, _ = altered(changed, rng)
        change, length = corridor_change(supports, changed, targets), int(supports.length_m)
        for service in range(supports.services):
            was, now = (
                walk(length, marks_of(one, service), reach=30, target=100).bare
                for one in (supports, changed)
            )
            for which, (intervals, walked) in enumerate(
                (
                    (change.lost, [b and not a for a, b in zip(was, now, strict=True)]),
                    (change.gained, [a and not b for a, b in zip(was, now, strict=True)]),
                )
            ):
                told = [False] * length
                for from_m, to_m in intervals.of(service):
                    told[int(from_m) : int(to_m)] = [True] * (int(to_m) - int(from_m))
                assert told == walked
                # Parts that touch are one.
                steps = sum(b and not a for a, b in zip([False, *told], told, strict=False))
                assert len(intervals.of(service)) == steps
                seen[which] += steps
            kept = set(change.before.gaps.of(service)) & set(change.after.gaps.of(service))
            assert set(change.gaps_gone(service)) == set(change.before.gaps.of(service)) - kept
            assert set(change.gaps_new(service)) == set(change.after.gaps.of(service)) - kept
    assert min(seen) > 20


def test_a_space_in_the_longest_gap_splits_it():
    supports = CorridorSupports(100.0, np.array([10.0, 57.0]), np.ones((1, 2), bool))
    new = supports.with_added(30.0, np.array([True]))
    change = corridor_change(supports, new, CorridorTargets(2.0, 25.0))
    assert change.gaps_gone(0) == (CorridorGap(10.0, 57.0, 0, 1),)
    assert change.gaps_new(0) == (CorridorGap(10.0, 30.0, 0, 2), CorridorGap(30.0, 57.0, 2, 1))
    assert change.gained.of(0) == [(28.0, 32.0)]
    assert change.lost.of(0) == []
    assert (change.longest_m[0], change.unmet_m[0]) == (43.0 - 47.0, 2.0 - 22.0)


def test_the_spaces_of_a_state_are_not_changed_by_a_what_if_and_other_lines_are_refused():
    supports = CorridorSupports(100.0, np.array([10.0]), np.ones((1, 1), bool))
    targets = CorridorTargets(2.0, 25.0)
    longer = CorridorSupports(101.0, np.array([10.0]), np.ones((1, 1), bool))
    more = CorridorSupports(100.0, np.array([10.0]), np.ones((2, 1), bool))
    for other in (longer, more):
        with pytest.raises(InvalidRequest):
            corridor_change(supports, other, targets)
    with pytest.raises(InvalidRequest):
        supports.with_moved(0, 100.5)


def test_each_loss_is_that_of_a_corridor_without_the_space():
    targets, losses_seen = CorridorTargets(30.0, 100.0), 0
    for seed in range(examples(300, 50)):
        supports = random_line(seed)
        losses = corridor_losses(supports, targets)
        assert set(zip(losses.service.tolist(), losses.row.tolist(), strict=True)) == set(
            zip(*(axis.tolist() for axis in np.nonzero(supports.counts)), strict=True)
        )
        losses_seen += len(losses)
        for at in range(len(losses)):
            service, row = int(losses.service[at]), int(losses.row[at])
            serves = supports.counts[:, row].copy()
            serves[service] = False
            change = corridor_change(supports, supports.with_services(row, serves), targets)
            for name in FIGURES:
                told, true = getattr(losses, name)[at], getattr(change, name)[service]
                assert told == pytest.approx(true, abs=1e-6), name
            others = np.delete(supports.at_m, row)[np.delete(supports.counts[service], row)]
            away_m = np.abs(others - supports.at_m[row])
            assert losses.nearest_m[at] == away_m.min(initial=np.inf)
            assert losses.alone(50.0)[at] == (not (away_m <= 50.0).any())
        whole = space_losses(losses, len(supports))
        for row in range(len(supports)):
            change = corridor_change(supports, supports.with_closed([row]), targets)
            assert whole.services[row] == supports.counts[:, row].sum()
            assert whole.unmet_m[row] == pytest.approx(change.unmet_m.sum(), abs=1e-6)
            assert whole.longest_m[row] == pytest.approx(change.longest_m.max(), abs=1e-6)
            assert whole.covered_share[row] == pytest.approx(change.covered_share.min(), abs=1e-6)
        assert sorted(whole.ranked().tolist()) == np.flatnonzero(whole.services).tolist()
    assert losses_seen > 300


def test_the_worst_loss_opens_a_gap_rather_than_lengthens_one_that_nobody_walks():
    # 47 km without anybody, half a kilometre more if row 0 goes; 40 km open if row 3 goes.
    marks_km = np.array([0.5, 47.5, 67.5, 87.5, 107.5])
    supports = CorridorSupports(108e3, marks_km * 1e3, np.ones((1, 5), bool))
    losses = corridor_losses(supports, CorridorTargets(1_000.0, 25_000.0))
    ranked = losses.row[losses.ranked()].tolist()
    assert ranked == [1, 2, 3, 0, 4]
    assert losses.longest_m[3] == 0.0
    assert losses.longest_m[0] == 500.0
    assert (losses.before_row[3], losses.after_row[3], losses.gap_m[3]) == (2, 4, 40_000.0)


def test_equal_losses_are_in_the_order_of_services_and_of_the_line_whatever_the_rounding():
    marks = 195_000.0 * (np.arange(1_000) + 1) / 1_001
    supports = CorridorSupports(195_000.0, marks[::-1].copy(), np.ones((2, 1_000), bool))
    losses = corridor_losses(supports, CorridorTargets(0.0, 0.0))
    assert losses.ranked().tolist() == list(range(2_000))
    assert losses.row[:2].tolist() == [999, 998]
    assert space_losses(losses, 1_000).ranked().tolist() == list(range(1_000))


def test_less_than_a_millimetre_is_no_loss_and_no_gain():
    supports = CorridorSupports(100.0, np.array([40.0]), np.ones((1, 1), bool))
    targets = CorridorTargets(5.0, 30.0)
    for moved_m, parts in ((1e-4, 0), (2e-3, 1)):
        change = corridor_change(supports, supports.with_moved(0, 40.0 + moved_m), targets)
        assert len(change.lost.of(0)) == len(change.gained.of(0)) == parts


def test_a_space_beside_another_costs_nothing_and_an_only_one_everything():
    counts = np.array([[True, True], [True, False]])
    supports = CorridorSupports(100.0, np.array([40.0, 40.0]), counts)
    losses = corridor_losses(supports, CorridorTargets(5.0, 30.0))
    assert losses.alone(0.0).tolist() == [False, False, True]
    assert losses.unmet_m.tolist() == [0.0, 0.0, 30.0]
    assert losses.covered_share.tolist() == pytest.approx([0.0, 0.0, -0.1])
    empty = corridor_losses(
        CorridorSupports(0.0, np.zeros(1), np.ones((1, 1), bool)), CorridorTargets(5.0, 30.0)
    )
    assert (empty.covered_share[0], empty.longest_m[0], empty.mean_to_next_m[0]) == (-1.0, 0, 0)


def test_the_order_of_losses_does_not_hang_on_the_order_of_spaces():
    for seed in range(examples(200, 50)):
        supports, rng = random_line(seed), np.random.default_rng(seed)
        # Whole metres are made unlike, so that no two losses are equal.
        at_m = np.minimum(supports.at_m + rng.random(len(supports)), supports.length_m)
        _, at_first = np.unique(at_m, return_index=True)
        at_m, counts = at_m[at_first], supports.counts[:, at_first]
        mixed = rng.permutation(len(at_m))
        targets = CorridorTargets(30.0, 0.0)
        straight = corridor_losses(CorridorSupports(supports.length_m, at_m, counts), targets)
        shuffled = corridor_losses(
            CorridorSupports(supports.length_m, at_m[mixed], counts[:, mixed]), targets
        )
        one, other = straight.ranked(), shuffled.ranked()
        assert straight.service[one].tolist() == shuffled.service[other].tolist()
        assert straight.row[one].tolist() == mixed[shuffled.row[other]].tolist()
