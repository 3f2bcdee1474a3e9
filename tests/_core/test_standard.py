"""A change at one mix: parts that add up, intervals that cover, and segments on one side only."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funnelkit._core.standard import carried, standardised

cell = st.integers(0, 80).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
side = st.lists(cell, min_size=3, max_size=3).filter(lambda cells: sum(n for _, n in cells) > 0)


@given(side, side)
@settings(max_examples=100, deadline=None)
def test_the_parts_add_up(before, after):
    x, n = (np.array([[each[k] for each in one] for one in (before, after)]) for k in range(2))
    found = standardised(x, n)
    change = x[1].sum() / n[1].sum() - x[0].sum() / n[0].sum()
    assert found.change == pytest.approx(change, abs=1e-12)
    assert found.mix + found.rate == pytest.approx(change, abs=1e-12)
    assert found.mix_low <= found.mix <= found.mix_high
    assert found.rate_low <= found.rate + 1e-12
    assert found.rate <= found.rate_high + 1e-12


def test_by_hand():
    """Shares .5/.5 to .25/.75, rates .2/.6 to .3/.6: mix .25 x (.6 - .25), rate .375 x .1."""
    found = standardised([[20, 60], [15, 90]], [[100, 100], [50, 150]])
    assert found.mix == pytest.approx(0.25 * (0.6 - 0.25))
    assert found.rate == pytest.approx(0.375 * 0.1)


def test_a_segment_on_one_side_only_is_all_mix():
    found = standardised([[20, 0], [20, 50]], [[100, 0], [100, 100]])
    assert found.rate == 0
    assert found.mix == pytest.approx(0.35 - 0.2)
    assert carried(np.array([[0, 0], [5, 0]]), np.array([[0, 0], [10, 0]])).tolist() == [
        [0.5, 0.0],
        [0.5, 0.0],
    ]


def test_intervals_cover():
    """Shares .3/.7 to .5/.5 and rates .1/.4 to .15/.45; mix -.055 and rate .05, each 95 %."""
    rng, runs = np.random.default_rng(7), 1500
    inside = np.zeros(2)
    for _ in range(runs):
        n = np.stack([rng.multinomial(400, [0.3, 0.7]), rng.multinomial(300, [0.5, 0.5])])
        x = rng.binomial(n, [[0.1, 0.4], [0.15, 0.45]])
        found = standardised(x, n)
        mix = (0.5 - 0.3) * (0.125 - 0.425)
        inside += [
            found.mix_low <= mix <= found.mix_high,
            found.rate_low <= 0.05 <= found.rate_high,
        ]
    assert (np.abs(inside / runs - 0.95) < 0.02).all()


def test_noise_is_not_certain():
    """Few leads, none converted on one side: the interval of the mix is not a point."""
    found = standardised([[0, 1], [0, 0]], [[3, 3], [4, 2]])
    assert found.mix_high - found.mix_low > 0
    assert found.rate_high - found.rate_low > 0.2
