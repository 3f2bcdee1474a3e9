"""Months by their place in the quarter: planted factors are found, and nothing where nothing is."""

import numpy as np
import pandas as pd
import pytest

from funnelkit.lag import Pace
from funnelkit.model.rhythm import rhythm_of


def pace(observed, expected, start="2025-01", sd=0.1):
    observed, expected = np.asarray(observed, float), np.asarray(expected, float)
    months = pd.period_range(start, periods=len(observed), freq="M")
    return Pace(
        start="opportunity",
        target="won",
        months=months,
        n=int(observed.sum()),
        observed=observed,
        expected=expected,
        grid=np.array([sd]),
        weights=np.array([1.0]),
        log_factors=np.zeros((1, len(months))),
        roots=np.zeros((1, len(months), len(months))),
    )


def test_a_quarter_end_push_is_found():
    expected = np.full(24, 400.0)
    found = rhythm_of(pace(expected * np.tile([0.8, 0.7, 1.5], 8), expected))
    assert found.factor == pytest.approx([0.8, 0.7, 1.5], rel=0.05)
    assert found.sd < 0.1
    drawn = found.sample_factors(4000, pd.period_range("2027-01", periods=6, freq="M"), rng=1)
    assert drawn.shape == (4000, 6)
    assert np.median(drawn, axis=0) == pytest.approx([0.8, 0.7, 1.5, 0.8, 0.7, 1.5], rel=0.07)


def test_quarters_start_where_the_fiscal_year_does():
    expected = np.full(24, 400.0)
    found = rhythm_of(pace(expected * np.tile([0.8, 0.7, 1.5], 8), expected), first=2)
    assert found.factor == pytest.approx([0.7, 1.5, 0.8], rel=0.05)


def test_chance_alone_is_no_rhythm():
    rng = np.random.default_rng(3)
    expected = np.full(24, 20.0)
    found = rhythm_of(pace(rng.poisson(expected), expected))
    assert found.factor == pytest.approx([1, 1, 1], abs=0.12)
    assert found.sd < 0.2


def test_months_that_differ_without_a_pattern_are_spread_not_places():
    rng = np.random.default_rng(5)
    expected = np.full(36, 2000.0)
    found = rhythm_of(pace(rng.poisson(expected * np.exp(rng.normal(0, 0.3, 36))), expected))
    assert found.sd == pytest.approx(0.3, abs=0.08)


def test_months_before_the_first_win_tell_nothing():
    observed, expected = [0, 0, 0, 50, 60, 40], [30, 40, 50, 50, 50, 50]
    found = rhythm_of(pace(observed, expected))
    assert list(map(str, found.months)) == ["2025-04", "2025-05", "2025-06"]
    assert rhythm_of(pace([0, 0], [9, 9])) is None
    assert rhythm_of(pace([0, 0], [0, 0])) is None


def test_it_is_the_posterior_of_a_normal_model():
    """One point of the grid against the textbook formula of a normal mean with known variances."""
    found = rhythm_of(pace([30, 20, 25], [20, 20, 20]))
    logs = np.log((np.array([30, 20, 25]) + 0.5) / 20.5)
    k = int(found.weights.argmax())
    of_places, of_months = found.points[k]
    variance = 1 / 20.5 + of_months**2
    shrunk = logs * of_places**2 / (of_places**2 + variance)
    assert found.means[k] == pytest.approx(shrunk)
    assert "times as quick as usual, from 3 months" in found.summary()
    assert found.to_frame()["month_of_quarter"].tolist() == [1, 2, 3]


def test_what_the_fit_took_for_its_own_is_given_back():
    """The pace fit says 0.3 where observed over expected numbers show next to nothing."""
    expected = np.full(24, 900.0)
    found = rhythm_of(pace(np.random.default_rng(3).poisson(expected), expected, sd=0.3))
    assert found.sd == pytest.approx(0.3, abs=0.02)
    months = pd.period_range("2027-01", periods=2, freq="M")
    drawn = np.log(found.sample_factors(4000, months, rng=1))
    assert drawn.std(axis=0) == pytest.approx(0.3, rel=0.1)
