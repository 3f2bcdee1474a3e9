"""Chance on top of doubt, against plain simulation and hand-made numbers."""

import numpy as np
import pytest

from funnelkit.forecast.money import chance


def test_usual_pace_changes_nothing():
    shares = np.array([[0.2, 0.3, 0.1]])
    assert chance.at_pace(shares, np.ones((1, 3))) == pytest.approx(shares)


def test_a_quick_month_takes_from_those_to_come():
    shares = np.full((1, 4), 0.25)
    found = chance.at_pace(shares, np.array([[2.0, 1, 1, 1]]))[0]
    # 3/4 squared are left after the first month, and split over the others as before
    assert found == pytest.approx([1 - 0.75**2, *[0.75**2 / 3] * 3])
    assert chance.at_pace(shares, np.array([[0.0, 0, 0, 0]])).sum() == 0


def test_wins_have_the_mean_and_variance_of_independent_records():
    rng = np.random.default_rng(1)
    standing = np.array([[30.0, 8.0, 2.0]])
    p = np.array([0.02, 0.3, 0.9])
    found = chance.won_of(np.tile(p, (60_000, 1, 1)), standing, spread=1.0, rng=rng)[:, 0]
    mean, variance = standing[0] @ p, standing[0] @ (p * (1 - p))
    assert found.mean() == pytest.approx(mean, abs=0.03)
    assert found.var() == pytest.approx(variance, rel=0.12)
    wide = chance.won_of(np.tile(p, (60_000, 1, 1)), standing, spread=2.0, rng=rng)[:, 0]
    assert wide.mean() == pytest.approx(mean, abs=0.05)
    assert wide.var() / found.var() == pytest.approx(2.0, rel=0.15)


def test_nobody_and_nothing_give_nothing():
    rng = np.random.default_rng(1)
    assert chance.won_of(np.zeros((5, 1, 2)), np.ones((1, 2)), spread=3.0, rng=rng).sum() == 0
    assert (
        chance.won_of(np.ones((5, 1, 2)), np.ones((1, 2)), spread=1.0, rng=rng).tolist()
        == [[2]] * 5
    )


def test_a_split_keeps_the_sum_and_the_shares():
    rng = np.random.default_rng(1)
    counts = np.full((20_000, 1), 10)
    shares = np.tile([0.2, 0.5], (20_000, 1, 1))
    found = chance.split(counts, shares, rng)
    assert found.mean(axis=(0, 1)) == pytest.approx([2.0, 5.0], abs=0.05)
    assert (found.sum(axis=-1) <= 10).all()
    whole = chance.split(counts, np.tile([0.25, 0.75], (20_000, 1, 1)), rng)
    assert (whole.sum(axis=-1) == 10).all()


def test_arrivals_vary_as_much_more_as_they_should():
    rng = np.random.default_rng(1)
    expected = np.full((40_000, 1, 1), 12.0)
    assert chance.arriving(expected, spread=1.0, rng=rng).var() == pytest.approx(12, rel=0.05)
    assert chance.arriving(expected, spread=2.5, rng=rng).var() == pytest.approx(30, rel=0.06)
