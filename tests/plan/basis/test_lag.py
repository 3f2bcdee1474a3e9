"""Lags against day-by-day loops, laws of times multiplied, and numerical integrals."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from funnelkit._core.errors import ArgumentError
from funnelkit.plan import DayLag, MonthLag, PacedLag
from funnelkit.plan.basis.lag import of_mean
from funnelkit.plan.basis.stated_parts import gamma_shares
from tests.reference.entry_days import by_days, paced

MONTHS = pd.period_range("2027-01", periods=4, freq="M")
BEFORE = dt.date(2026, 12, 31)


def of_gamma(mean: float, sd: float, days: int) -> np.ndarray:
    """Share by each day of gamma times, both days taken as a whole: about F(a + 1/2)."""
    return stats.gamma((mean / sd) ** 2, scale=sd**2 / mean).cdf(np.arange(days) + 0.5)


@pytest.mark.parametrize("as_of", [BEFORE, dt.date(2027, 1, 20), dt.date(2027, 1, 30)])
def test_days_are_those_of_a_loop(as_of):
    shares = np.array([0.1, 0.1, 0.3, *np.linspace(0.3, 0.95, 60)])
    found = DayLag(shares).within(MONTHS, as_of)
    assert found == pytest.approx(by_days(shares, MONTHS, as_of), abs=1e-12)


def test_months_are_those_of_a_loop():
    shares = [0.2, 0.5, 0.0, 0.1]
    found = MonthLag(shares).within(MONTHS, BEFORE)
    for m in range(4):
        for h in range(4):
            assert found[m, h] == (shares[h - m] if h >= m else 0.0)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=9).filter(lambda one: sum(one) > 0.1),
       st.floats(0.2, 5))  # fmt: skip
def test_stretching_keeps_who_comes_and_multiplies_the_mean(shares, factor):
    lag = MonthLag(np.array(shares) / sum(shares))
    found = lag.stretched(factor)
    assert found.shares.sum() == pytest.approx(1.0)
    # exact but for times within a month, which are told no finer
    assert found.mean_months == pytest.approx(lag.mean_months * factor, abs=0.5 * max(factor, 1))
    assert lag.stretched(1.0) is lag


@pytest.mark.parametrize("factor", [0.4, 0.9, 1.3, 2.5])
def test_stretched_days_are_those_of_multiplied_times(factor):
    lag = DayLag(of_gamma(50.0, 30.0, 400)).stretched(factor)
    wanted = of_gamma(50.0 * factor, 30.0 * factor, len(lag.by_day))
    assert lag.by_day == pytest.approx(wanted, abs=0.002)
    assert lag.by_day[-1] == pytest.approx(of_gamma(50.0, 30.0, 400)[-1])


@pytest.mark.parametrize("factor", [0.5, 0.8, 1.25, 2.0])
def test_stretched_months_are_those_of_multiplied_times(factor):
    lag = MonthLag(gamma_shares(4.0, 1.8, 20)).stretched(factor)
    wanted = gamma_shares(4.0 * factor, 1.8 * factor, len(lag.shares) - 1)
    assert np.cumsum(lag.shares) == pytest.approx(np.cumsum(wanted), abs=0.02)
    assert lag.mean_months == pytest.approx(4.0 * factor, abs=0.02)


@pytest.mark.parametrize(("mean", "sd"), [(2.0, 1.2), (4.0, 1.8), (3.0, 1.5), (0.3, 0.6)])
def test_gamma_months_are_the_integral_over_days_of_entry(mean, sd):
    law = stats.gamma((mean / sd) ** 2, scale=sd**2 / mean)
    by_end = [integrate.quad(lambda u, k=k: law.cdf(k + u), 0, 1)[0] for k in range(9)]
    assert np.cumsum(gamma_shares(mean, sd, 8)) == pytest.approx(by_end, abs=1e-7)
    whole = gamma_shares(mean, sd, 80)
    assert whole @ np.arange(81) == pytest.approx(mean, abs=1e-6)


@pytest.mark.parametrize("months", [0.0, 0.2, 1.0, 2.0, 7.5])
@pytest.mark.parametrize("lag", [MonthLag([0.2, 0.5, 0.3]), MonthLag([1.0]),
                                 DayLag(of_gamma(50.0, 30.0, 300))])  # fmt: skip
def test_a_mean_that_is_asked_for(lag, months):
    assert of_mean(lag, months).mean_months == pytest.approx(months, abs=1e-6)
    assert of_mean(lag, lag.mean_months) is lag


def test_a_mean_that_no_lag_has():
    with pytest.raises(ArgumentError, match="0 to 120 months; got -1"):
        of_mean(MonthLag([1.0]), -1.0)


def test_quick_months_take_from_the_others():
    usual = DayLag(of_gamma(50.0, 30.0, 300))
    lag = PacedLag(usual, np.array([0.8, 0.9, 1.6]), first=2)
    found, base = lag.within(MONTHS, BEFORE), usual.within(MONTHS, BEFORE)
    pace = [{2: 0.8, 3: 0.9, 4: 1.6}[2 + (month.month - 2) % 3] for month in MONTHS]
    for m in range(4):
        assert found[m] == pytest.approx(paced(base[m], np.array(pace)))
    assert lag.stretched(2.0).mean_months == pytest.approx(2 * lag.mean_months, rel=0.01)


@pytest.mark.parametrize("wrong", [[], [-0.1, 0.5], [0.7, 0.7], [0.0], [np.nan]])
def test_what_is_no_lag(wrong):
    with pytest.raises(ArgumentError, match="A lag must be shares"):
        MonthLag(wrong)
    with pytest.raises(ArgumentError, match="three numbers above 0"):
        PacedLag(MonthLag([1.0]), np.array([1.0, 0.0, 1.0]))


@pytest.mark.parametrize("wrong", [[], [0.5, 0.4], [0.0, 0.0], [0.5, 1.2], [np.nan, 1.0]])
def test_what_are_no_days(wrong):
    with pytest.raises(ArgumentError, match="shares by days after entry"):
        DayLag(np.array(wrong))
