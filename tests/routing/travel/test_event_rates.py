"""Rates and their intervals against the exact Poisson limits."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.errors import InvalidRequest
from routing.travel.event_rates import rate


def poisson_cdf(k, mean):
    return sum(math.exp(-mean + i * math.log(mean) - math.lgamma(i + 1)) for i in range(k + 1))


def exact_limits(n):
    """Garwood's limits by bisection on the Poisson distribution itself."""

    def solve(wanted, k):
        low, high = 1e-9, 10.0 * (n + 5)
        for _ in range(200):
            middle = (low + high) / 2
            low, high = (middle, high) if poisson_cdf(k, middle) > wanted else (low, middle)
        return low

    return (0.0 if n == 0 else solve(0.975, n - 1)), solve(0.025, n)


@pytest.mark.parametrize("n", [0, 1, 2, 3, 5, 10, 50, 200])
def test_the_upper_limit_is_the_exact_one_within_one_percent(n):
    found = rate(n, 1.0)
    low, high = exact_limits(n)
    assert found.high == pytest.approx(high, rel=0.01)
    # Byar's lower limit of a few events lies below the exact one: wider, never narrower.
    assert found.low <= low * 1.01
    if n >= 10:
        assert found.low == pytest.approx(low, rel=0.01)


@given(st.integers(0, 10_000), st.floats(1e-3, 1e9))
def test_the_rate_lies_inside_its_interval_and_scales(n, km):
    found = rate(n, km)
    assert found.low <= found.per_km <= found.high
    assert rate(n, km * 2).high == pytest.approx(found.high / 2)


@pytest.mark.parametrize(
    ("n", "km"), [(-1, 1.0), (1, 0.0), (1, -5.0), (1, math.inf), (1, math.nan)]
)
def test_no_rate_is_refused(n, km):
    with pytest.raises(InvalidRequest):
        rate(n, km)
