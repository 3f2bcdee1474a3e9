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


def test_arrivals_vary_as_much_more_as_they_should():
    rng = np.random.default_rng(1)
    expected = np.full((40_000, 1, 1), 12.0)
    assert chance.arriving(expected, spread=1.0, rng=rng).var() == pytest.approx(12, rel=0.05)
    assert chance.arriving(expected, spread=2.5, rng=rng).var() == pytest.approx(30, rel=0.06)
