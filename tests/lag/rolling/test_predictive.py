"""What methods say of one date, against simulation and by hand."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from funnelkit._core.interval import Interval
from funnelkit.counts.triangle import Triangle
from funnelkit.lag import AdjustedRates, adjust, fit_kaplan_meier
from funnelkit.lag.rolling import predictive

HORIZON = 30


def simulated(rng, *, old=3000, young=400, rate=0.2, mean=10.0):
    """An old cohort followed for 60 days, a young one for 0 to 14; and what the young one got.

    Leads convert with a chance, after an exponential time in whole days.
    """
    followed = np.concatenate([np.full(old, 60), rng.integers(0, 15, young)])
    cohort = np.repeat([0, 1], [old, young])
    lag = np.floor(rng.exponential(mean, old + young)).astype(int)
    age = np.where(rng.random(old + young) < rate, lag, 10**6)
    seen = age <= followed

    def cube(chosen, ages):
        counts = np.zeros((1, 2, 61), int)
        np.add.at(counts, (0, cohort[chosen], ages[chosen]), 1)
        return counts

    triangle = Triangle(
        start="lead",
        target="won",
        cohorts=pd.period_range("2026-01", periods=2, freq="M"),
        as_of=dt.date(2026, 3, 31),
        entered=[[old, young]],
        events={"won": cube(seen, age)},
        censored=cube(~seen, followed),
        followed=cube(np.ones(len(age), bool), followed),
    )
    return triangle, int((age[cohort == 1] <= HORIZON).sum())


class TestAdjusted:
    def test_the_point_is_the_adjusted_rate(self):
        triangle, _ = simulated(np.random.default_rng(1))
        fit = fit_kaplan_meier(triangle, horizon=HORIZON)
        found = predictive.by_timing(triangle, fit, HORIZON)
        rates = adjust(triangle, fit)
        np.testing.assert_allclose(found.point / triangle.entered, rates.adjusted)
        np.testing.assert_allclose(found.maturity, rates.maturity)
        assert found.trials[0].tolist() == [0, triangle.censored[0, 1, :HORIZON].sum()]

    def test_intervals_hold_what_comes(self):
        """Of 150 data sets; 95 % and 80 % are promised, and the mean is on the mark."""
        rng = np.random.default_rng(2)
        held = {0.95: 0, 0.8: 0}
        gap = []
        for _ in range(150):
            triangle, came = simulated(rng)
            fit = fit_kaplan_meier(triangle, horizon=HORIZON)
            forecast = predictive.by_timing(triangle, fit, HORIZON).of(0, 1)
            gap.append(forecast.mean - came)
            for level in held:
                low, high = forecast.interval(level)
                held[level] += low <= came <= high
        assert 0.91 <= held[0.95] / 150 <= 0.995
        assert 0.73 <= held[0.8] / 150 <= 0.9
        assert abs(np.mean(gap)) < 3 * np.std(gap) / np.sqrt(150)

    def test_nothing_converted_yet(self):
        triangle, _ = simulated(np.random.default_rng(3), young=20, rate=0.0)
        fit = fit_kaplan_meier(triangle, horizon=HORIZON)
        found = predictive.by_timing(triangle, fit, HORIZON)
        low, high = found.of(0, 1).interval()
        assert low == 0
        assert high < 20


class Doubtful(AdjustedRates):
    """Rates whose intervals are those of a rate with a fifth more doubt in its log."""

    def confidence_interval(self, confidence_level=0.95):
        low, high = (np.asarray(end) for end in super().confidence_interval(confidence_level))
        from scipy import special, stats

        z = stats.norm.isf((1 - confidence_level) / 2)
        at = special.logit(self.adjusted)
        ends = []
        for end, sign in ((low, -1), (high, 1)):
            wide = np.hypot(special.logit(end) - at, z * 0.2 / (1 - self.adjusted))
            ends.append(special.expit(at + sign * wide))
        return Interval(*ends)


class TestDoubtBeyondChance:
    def test_none(self):
        triangle, _ = simulated(np.random.default_rng(4))
        rates = adjust(triangle, fit_kaplan_meier(triangle, horizon=HORIZON))
        fields = {name: getattr(rates, name) for name in rates.__dataclass_fields__}
        plain = type("Plain", (AdjustedRates,), {"confidence_interval": chance_alone})(**fields)
        assert predictive.beyond_chance(plain).max() == 0

    def test_what_was_added_is_found(self):
        triangle, _ = simulated(np.random.default_rng(4))
        rates = adjust(triangle, fit_kaplan_meier(triangle, horizon=HORIZON))
        fields = {name: getattr(rates, name) for name in rates.__dataclass_fields__}
        plain = type("Plain", (AdjustedRates,), {"confidence_interval": chance_alone})
        wide = type("Wide", (Doubtful, plain), {})(**fields)
        assert predictive.beyond_chance(wide)[0, 1] == pytest.approx(0.2, rel=1e-6)


def chance_alone(self, confidence_level=0.95):
    """Wilson's interval of the share so far over the mean maturity."""
    from funnelkit._core.interval import share_interval

    low, high = share_interval(self.converted, self.entered, confidence_level=confidence_level)
    return Interval(low / self.maturity, np.minimum(high / self.maturity, 1))


def test_the_raw_rate_is_taken_as_final():
    triangle, _ = simulated(np.random.default_rng(5))
    found = predictive.by_rate_so_far(triangle, HORIZON)
    np.testing.assert_array_equal(found.point, predictive.counted(triangle, HORIZON))
    forecast = found.of(0, 1)
    assert forecast.mean == pytest.approx(400 * (found.point[0, 1] + 0.5) / 401)


def test_the_average_of_mature_cohorts():
    triangle, _ = simulated(np.random.default_rng(5))
    found = predictive.by_mature_cohorts(triangle, HORIZON)
    old = triangle.events["won"][0, 0, : HORIZON + 1].sum() / 3000
    assert found.point[0, 1] == pytest.approx(400 * old)
    assert found.told.all()


def test_link_ratios_bear_the_standard_error_of_the_chain_ladder():
    from funnelkit.lag import fit_chain_ladder

    triangle, _ = simulated(np.random.default_rng(6))
    found = predictive.by_link_ratios(triangle, HORIZON)
    fit = fit_chain_ladder(triangle, horizon=HORIZON)
    forecast = found.of(0, 1)
    spread = (forecast.counts - forecast.mean) ** 2 @ forecast.probabilities
    assert forecast.mean - found.certain[0, 1] == pytest.approx(fit.expected_more[0, 1])
    assert spread**0.5 == pytest.approx(fit.standard_error[0, 1], rel=1e-3)
