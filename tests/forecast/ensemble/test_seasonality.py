import numpy as np
import pytest
from statsmodels.tsa.seasonal import seasonal_decompose

from funnelkit.forecast.ensemble.seasonality import seasonal_terms

YEAR = np.array([9.0, 3, -2, -4, -6, -1, 0, 2, 5, -3, -5, 2])


@pytest.mark.parametrize("cycle", [2, 3, 4, 7, 12])
def test_a_repeating_pattern_on_a_line_is_found_again(cycle):
    pattern = YEAR[:cycle] - YEAR[:cycle].mean()
    values = np.tile(pattern, 6) + 0.3 * np.arange(6 * cycle)
    # Nothing but a line and a pattern, so the pattern is the answer.
    assert seasonal_terms(values, cycle) == pytest.approx(pattern, abs=0.35)


def test_close_to_the_classical_decomposition_where_there_is_little_noise():
    rng = np.random.default_rng(1)
    values = np.tile(YEAR, 8) + 0.2 * np.arange(96) + rng.normal(0, 0.3, 96)
    classical = seasonal_decompose(values, model="additive", period=12).seasonal[:12]
    assert seasonal_terms(values, 12) == pytest.approx(classical, abs=0.3)


def test_noise_has_no_seasons():
    rng = np.random.default_rng(2)
    noise = [seasonal_terms(rng.normal(size=60), 12) for _ in range(40)]
    # The plain means of five values have standard deviation 1 / sqrt(5) = 0.447.
    assert np.mean([np.sqrt((one**2).mean()) for one in noise]) < 0.447 / 2


def test_recent_years_count_more():
    values = np.r_[np.zeros(60), np.tile(np.where(np.arange(12) == 0, 11.0, -1.0), 5)]
    assert seasonal_terms(values, 12)[0] > 11 / 2


def test_one_wild_value_does_not_make_a_season():
    rng = np.random.default_rng(3)
    values = np.tile(YEAR, 6) + rng.normal(0, 0.5, 72)
    wild = values.copy()
    wild[30] += 100
    # A mean of six would move by a sixth of it.
    moved = np.abs(seasonal_terms(wild, 12) - seasonal_terms(values, 12)).max()
    assert moved < 100 / 6 / 3


def test_shares_of_the_trend_leave_zeros_alone():
    rng = np.random.default_rng(4)
    shares = np.where(np.arange(12) == 11, 2.1, 0.9)
    counts = rng.poisson(20 * np.tile(shares, 6)).astype(float)
    counts[5] = 0
    # The mean of six such counts has a standard error of 1 / sqrt(6 * 18) = 0.1.
    assert seasonal_terms(counts, 12, relative=True) == pytest.approx(shares - 1, abs=0.3)
