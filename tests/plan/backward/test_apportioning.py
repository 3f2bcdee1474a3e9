"""Whole leads, and the fewest that are sure enough."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from scipy import stats

from funnelkit._core.errors import ArgumentError
from funnelkit.plan.backward.apportioning import apportioned, fewest


@settings(max_examples=60, deadline=None)
@given(
    some.integers(0, 10_000),
    some.lists(some.floats(0, 1e4), min_size=1, max_size=30).filter(lambda x: sum(x) > 0),
)
def test_the_sum_is_exact_and_no_number_is_off_by_one(total, shape):
    shape = np.array(shape)
    found = apportioned(total, shape)
    assert found.sum() == total
    assert (np.abs(found - total * shape / shape.sum()) < 1 + 1e-6).all()
    assert (found[shape == 0] == 0).all()


def test_largest_remainder_by_hand():
    # Hamilton's method on 47,000 / 16,000 / 15,900 / 12,000 / 6,000 / 3,100 votes and 10 seats:
    # quotas 4.7 1.6 1.59 1.2 0.6 0.31 -> 5 2 1 1 1 0
    votes = np.array([47_000, 16_000, 15_900, 12_000, 6_000, 3_100.0])
    assert apportioned(10, votes).tolist() == [5, 2, 1, 1, 1, 0]


@pytest.mark.parametrize("wanted", [0.5, 0.8, 0.9, 0.95, 0.999])
@pytest.mark.parametrize("about", [1, 4000, 100_000])
def test_fewest_is_the_first(wanted, about):
    def chance(n):
        return float(stats.binom.sf(39, n, 0.01))

    slow = next(n for n in range(3000, 10_000) if chance(n) >= wanted)
    seen = []

    def counted(n):
        seen.append(n)
        return chance(n)

    assert fewest(counted, wanted, about=about) == slow
    assert len(seen) < 40


def test_no_number_is_enough():
    with pytest.raises(ArgumentError, match=r"No number of leads makes the chance 0.8"):
        fewest(lambda n: 0.5, 0.8, about=10)
    assert fewest(lambda n: 1.0, 0.8, about=10) == 0
