"""Borrowed strength: against integration, simulated drift, and cells with little or nothing."""

import dataclasses
import importlib.util
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, special, stats

from funnelkit import lag
from funnelkit._core.errors import ArgumentError, EvidenceError
from funnelkit._core.interval import share_interval
from funnelkit.lag.adjusting import amounts
from funnelkit.lag.adjusting.cells import curves_of, positions
from funnelkit.lag.adjusting.mixture import moments, quantile
from funnelkit.lag.adjusting.penalised import peak
from funnelkit.lag.adjusting.shrinkage import _joint
from tests.reference.leads import Lead, triangle
from tests.reference.paced import paced, weibull_by_day

SHARE = weibull_by_day(400, 30.0, 0.8)
SCRIPT = Path(__file__).resolve().parents[3] / "benchmarks" / "drift.py"


def world(seed=1, **changes):
    given = {"rates": [[0.3, 0.2, 0.25], [0.1, 0.1, 0.4]], "per_cohort": 150, "share": SHARE}
    return paced(np.random.default_rng(seed), **(given | changes))


def mature(*cells, days=30):
    """Cohorts of (converted, entered), all followed to the end of a lag of one day."""
    leads = []
    for j, (won, entered) in enumerate(cells):
        leads += [Lead(130 - days * j, "won", 1, cohort=j)] * won
        leads += [Lead(130 - days * j, cohort=j)] * (entered - won)
    return triangle(leads, exits=())


def joint_of(counts, fit, *, segments="exchangeable", cohorts="random walk", pace=True):
    maturity = curves_of(counts, fit, positions(counts, fit))
    return _joint(counts, fit, maturity, segments=segments, cohorts=cohorts, pace=pace)


class TestNumerics:
    @pytest.mark.parametrize("pace", [True, False])
    def test_derivatives_by_difference(self, pace):
        counts = world()
        joint = joint_of(counts, lag.fit_cure(counts), pace=pace)
        at = np.random.default_rng(2).normal(size=joint.size) * 0.2 - 0.2
        here, step = joint(at), 1e-5
        for k, unit in enumerate(np.eye(joint.size) * step):
            up, down = joint(at + unit), joint(at - unit)
            slope = (up.value - down.value) / (2 * step)
            assert here.gradient[k] == pytest.approx(slope, rel=1e-5, abs=1e-4)
            bend = (down.gradient - up.gradient) / (2 * step)
            np.testing.assert_allclose(here.information()[k], bend, rtol=1e-4, atol=1e-3)

    def test_the_expected_information_is_the_mean_of_the_observed(self):
        """Over binomial counts of one mature cell; both are 0 for months without calendar."""
        rng, rate = np.random.default_rng(3), 0.3
        observed = []
        for won in rng.binomial(50, rate, 100):
            counts = mature((int(np.clip(won, 1, 49)), 50))
            joint = joint_of(counts, lag.fit_kaplan_meier(counts))
            observed.append(joint(special.logit([rate])).information()[0, 0])
        expected = joint(special.logit([rate])).expected()[0, 0]
        assert expected == pytest.approx(50 * rate * (1 - rate))
        assert np.mean(observed) == pytest.approx(expected, rel=0.03)

    @pytest.mark.parametrize("sd", [0.1, 0.4, 1.0])
    def test_the_marginal_likelihood_of_two_cells_by_integration(self, sd):
        """Two segments, binomial counts, logit = mu + u: three normal variables."""
        leads = [Lead(9, "won", 1, segment="a")] * 12 + [Lead(9, segment="a")] * 28
        leads += [Lead(9, "won", 1, segment="b")] * 6 + [Lead(9, segment="b")] * 54
        counts = triangle(leads, exits=(), by=True)
        joint = joint_of(counts, lag.fit_kaplan_meier(counts, pool=("segments", "cohorts")))
        assert joint.design.names == ("segments",)
        found = peak(joint, joint.design.precision(np.array([sd])), np.zeros(3))
        nodes = np.linspace(-7, 7, 141)

        def cell(mu, won, n):
            p = special.expit(mu + sd * nodes)
            return np.trapezoid(p**won * (1 - p) ** (n - won) * stats.norm.pdf(nodes), nodes)

        exact = integrate.quad(
            lambda mu: cell(mu, 12, 40) * cell(mu, 6, 60) * stats.norm.pdf(mu, scale=5) * 1e18,
            -6, 4, epsabs=0, epsrel=1e-8,
        )[0]  # fmt: skip
        assert found.converged
        assert found.log_integral == pytest.approx(np.log(exact) - 18 * np.log(10), abs=0.03)

    def test_the_posterior_of_three_cohorts_by_brute_force(self):
        """A walk over three cohorts: sums over a grid of level, slope, steps and their size."""
        cells = ((30, 100), (22, 100), (10, 100))
        counts = mature(*cells)
        fit = lag.fit_shrunken(counts, lag.fit_kaplan_meier(counts))
        sds = np.geomspace(0.01, 0.8, 17)
        log_weight, means, squares = [], [], []
        level = np.linspace(-2.6, -0.2, 37)
        grid = np.linspace(-3.5, 3.5, 15)
        for sd in sds:
            mu, slope, one, two = np.meshgrid(level, 0.05 * grid, sd * grid, sd * grid)
            logits = np.stack([mu - slope, mu + one, mu + slope + one + two])
            log = sum(
                won * special.log_expit(logit) + (n - won) * special.log_expit(-logit)
                for (won, n), logit in zip(cells, logits, strict=True)
            )
            log = log + sum(
                stats.norm.logpdf(value, scale=scale)
                for value, scale in ((mu, 5), (slope, 0.05), (one, sd), (two, sd))
            )
            weight = np.exp(log - log.max())
            prior = -0.5 * (sd / 0.2) ** 2 + np.log(sd)
            log_weight.append(np.log(weight.sum() * sd**2) + log.max() + prior)
            means.append([(weight * logit).sum() / weight.sum() for logit in logits])
            squares.append([(weight * logit**2).sum() / weight.sum() for logit in logits])
        weights = np.exp(np.array(log_weight) - max(log_weight))
        weights /= weights.sum()
        mean = weights @ np.array(means)
        sd = np.sqrt(weights @ np.array(squares) - mean**2)
        np.testing.assert_allclose(special.logit(fit.ultimate[0]), mean, atol=0.03)
        low, high = fit.confidence_interval()
        width = special.logit(high[0]) - special.logit(low[0])
        np.testing.assert_allclose(width / (2 * 1.96), sd, rtol=0.06)

    def test_mixtures(self):
        means = np.array([[-1.0], [2.0]])
        sds, weights = np.array([[0.5], [1.0]]), np.array([0.3, 0.7])
        at = quantile(0.2, means, sds, weights)
        below = 0.3 * stats.norm.cdf(at, -1, 0.5) + 0.7 * stats.norm.cdf(at, 2, 1)
        assert below == pytest.approx(0.2, abs=1e-9)
        mean, sd = moments(means, sds, weights)
        assert mean == pytest.approx(1.1)
        assert sd == pytest.approx(np.sqrt(0.3 * (1 + 0.25) + 0.7 * (4 + 1) - 1.1**2))

    def test_amounts_are_found_where_there_are_many_cells(self):
        """Thirty segments with logits of standard deviation 0.5."""
        rng = np.random.default_rng(4)
        rates = special.expit(-1 + 0.5 * rng.standard_normal(30))
        leads = []
        for k, rate in enumerate(rates):
            won = int(rng.binomial(400, rate))
            leads += [Lead(9, "won", 1, segment=f"{k:02}")] * won
            leads += [Lead(9, segment=f"{k:02}")] * (400 - won)
        counts = triangle(leads, exits=(), by=True)
        known = lag.fit_kaplan_meier(counts, pool=("segments", "cohorts"))
        row = lag.fit_shrunken(counts, known).amounts_frame().loc[0]
        assert row["amount"] == "segments"
        assert row["sd"] == pytest.approx(np.std(special.logit(rates)), rel=0.15)
        assert row["sd_low"] < 0.5 < row["sd_high"]

    def test_a_design_about_the_top_agrees_with_a_grid(self, monkeypatch):
        """Two amounts, by the grid and by the points about the top."""
        counts = world(5, rates=[np.linspace(0.3, 0.15, 6)], per_cohort=300)
        joint = joint_of(counts, lag.fit_cure(counts, rates=("cohorts",)))
        fine = amounts.averaged(joint)
        coarse = amounts._about_the_top(joint)
        found = []
        for each in (fine, coarse):
            logits = np.stack([joint.design.logits(one.mode) for one in each.peaks])
            spread = np.stack([one.variance(joint.design.matrix) ** 0.5 for one in each.peaks])
            found.append(moments(logits, spread, each.weights))
        np.testing.assert_allclose(found[1][0], found[0][0], atol=0.04)
        np.testing.assert_allclose(found[1][1], found[0][1], rtol=0.12)


def loaded():
    spec = importlib.util.spec_from_file_location("drift", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_drift():
    """Scaled down from benchmarks/drift.py: 8 repetitions instead of 400."""
    table, intervals = loaded().compared(np.linspace(0.25, 0.15, 12), 8)
    error = table.set_index("method")["rmse_last"]
    assert error["shrunken"] < 0.025
    assert error["shrunken"] < error["per-cohort rate"] < error["pooled fit"] < error["naive"]
    assert intervals["coverage, all cohorts"] > 0.85


def check_sensible(fit):
    frame = fit.to_frame()
    numbers = frame.select_dtypes("number").to_numpy(float)
    assert np.isfinite(numbers).all()
    assert (numbers >= 0).all()
    shares = frame[["ultimate_low", "ultimate", "ultimate_high", "weight", "own"]]
    assert (shares <= 1).all(axis=None)
    assert (frame["ultimate_low"] < frame["ultimate"]).all()
    assert (frame["ultimate"] < frame["ultimate_high"]).all()
    drawn = fit.sample(200, rng=1)
    assert (np.diff(drawn, axis=-1) >= -1e-12).all()
    assert ((drawn >= 0) & (drawn <= 1)).all()
    assert fit.summary()
    assert isinstance(fit, lag.LagFit)
    return frame


class TestLittleOrNothing:
    def test_a_segment_without_any_conversion(self):
        counts = world(rates=[[0.2] * 4, [0.25] * 4, [1e-12] * 4], per_cohort=60)
        fit = lag.fit_shrunken(counts)
        frame = check_sensible(fit)
        none = frame[frame["source"] == "s02"]
        assert (none["ultimate"] < 0.06).all()
        assert (none["ultimate_high"] < 0.2).all()

    def test_young_cohorts_with_no_and_with_one_conversion(self):
        leads = [Lead(95 - 30 * j, "won", 5, cohort=j) for j in range(3) for _ in range(20)]
        leads += [Lead(95 - 30 * j, cohort=j) for j in range(3) for _ in range(80)]
        leads += [Lead(35, "won", 20)] * 20
        none = triangle([*leads, *[Lead(6, cohort=3)] * 40], exits=())
        one = triangle([*leads, Lead(6, "won", 5, cohort=3), *[Lead(6, cohort=3)] * 39], exits=())
        ends = []
        for counts in (none, one):
            frame = check_sensible(lag.fit_shrunken(counts))
            ends.append(frame.loc[3, ["ultimate", "ultimate_high"]].to_numpy(float))
        assert (ends[0] < ends[1]).all()
        assert ends[1][1] < 0.6

    def test_a_single_cell_has_nothing_to_borrow_from(self):
        for won in (1, 10, 39, 40):
            counts = mature((won, 40))
            fit = lag.fit_shrunken(counts, lag.fit_kaplan_meier(counts))
            low, high = fit.confidence_interval()
            plain = share_interval(won, 40)
            assert low[0, 0] <= plain.low
            assert high[0, 0] >= plain.high
            assert fit.ultimate[0, 0] == pytest.approx(won / 40, abs=0.02)
            assert fit.shrinkage[0, 0] > 0.8
            assert "40 leads" in fit.summary()

    def test_a_month_without_leads(self):
        leads = [Lead(95, "won", 5)] * 20 + [Lead(95)] * 60
        leads += [Lead(35, "won", 5, cohort=2)] * 20 + [Lead(35, cohort=2)] * 40
        counts = triangle(leads, exits=())
        frame = check_sensible(lag.fit_shrunken(counts))
        assert 0.25 < frame.loc[1, "ultimate"] < frame.loc[2, "ultimate"]
        assert frame["weight"].tolist()[1] == 0

    def test_no_conversion_anywhere(self):
        with pytest.raises(EvidenceError, match="none of 20 leads has reached won by day 9"):
            lag.fit_shrunken(triangle([Lead(9)] * 20, exits=()))

    def test_cohorts_under_observation_late_go_by_the_others(self):
        leads = [Lead(95, "won", 5)] * 30 + [Lead(95)] * 70
        late = [Lead(200, "won", 150, cohort=1, late=100)] * 20 + [Lead(200, cohort=1, late=100)]
        counts = triangle([*leads, *late], exits=())
        fit = lag.fit_shrunken(counts, lag.fit_kaplan_meier(counts))
        assert fit.ultimate[0, 1] == pytest.approx(fit.ultimate[0, 0], abs=0.05)
        low, high = fit.confidence_interval()
        assert (high - low)[0, 1] > (high - low)[0, 0]
        assert fit.shrinkage[0, 1] == 0


@pytest.fixture(scope="module")
def fit():
    return lag.fit_shrunken(world(6, factors=[1.2, 0.8, 1.1]))


class TestFit:
    def test_what_a_fit_answers(self, fit):
        check_sensible(fit)
        assert fit.verdict in {"measured", "extrapolated", "bound only"}
        assert fit.outcomes == ("won",)
        assert fit.n == 900
        assert set(fit.amounts) == {"segments", "cohorts", "interaction", "pace"}
        assert set(fit.amounts_frame()["amount"]) == set(fit.amounts)
        np.testing.assert_allclose(fit.rate_at([np.inf])[..., 0], fit.ultimate)
        now, then, still = fit.rate_at([10]), fit.rate_at([40]), 1 - fit.rate_at([10])
        np.testing.assert_allclose(fit.conditional([10], 30), (then - now) / still)
        assert fit.pace.months.tolist() == list(fit.triangle.calendar.months)
        assert (fit.median_days() > 0).all()

    def test_draws_agree_with_the_interval(self, fit):
        drawn = fit.sample(6000, rng=1, ages=[np.inf])[..., 0]
        low, high = fit.confidence_interval(confidence_level=0.8)
        ends = np.quantile(drawn, (0.1, 0.9), axis=0)
        np.testing.assert_allclose(special.logit(ends), special.logit([low, high]), atol=0.06)
        np.testing.assert_allclose(np.median(drawn, axis=0), fit.ultimate, rtol=0.04)
        low, high = fit.confidence_interval([30])
        assert ((low < fit.rate_at([30])) & (fit.rate_at([30]) < high)).all()

    def test_doubt_about_the_timing_widens(self):
        """The youngest cohort is 15 days old at most; the same rates with the timing known."""
        counts = world(7, rates=[[0.3, 0.3]], per_cohort=200, as_of="2026-02-15")
        fit = lag.fit_shrunken(counts)
        known = dataclasses.replace(fit, shifts=np.zeros_like(fit.shifts), _ends={})
        widths = [
            np.ptp(special.logit(each.confidence_interval()), axis=0) for each in (fit, known)
        ]
        assert (widths[0] > 1.1 * widths[1]).all()

    def test_cohorts_with_one_rate_allow_for_more_than_chance(self):
        """Cohorts that differ much: a shared rate's interval is wider by the overdispersion."""
        counts = mature((10, 100), (40, 100), (10, 100), (40, 100))
        known = lag.fit_kaplan_meier(counts)
        fit = lag.fit_shrunken(counts, known, cohorts=None)
        assert np.ptp(fit.ultimate) == 0
        factor = lag.overdispersion(counts, known).factor
        low, high = fit.confidence_interval()
        expected = 2 * 1.96 / np.sqrt(400 / factor * 0.25 * 0.75)
        width = special.logit(high[0, 0]) - special.logit(low[0, 0])
        assert width == pytest.approx(expected, rel=0.05)
        with_effects = lag.fit_shrunken(counts, known)
        assert with_effects.counted[0, 0] == 100
        assert "All share one rate." in fit.summary()

    def test_accounts_count_as_one(self):
        leads = []
        for k in range(40):
            won = ("won", 1) if k % 4 == 0 else (None, None)
            leads += [Lead(9, *won, account=f"a{k}")] * 5
        counts = triangle(leads, exits=())
        fit = lag.fit_shrunken(counts, lag.fit_kaplan_meier(counts))
        alone = triangle([lead._replace(account=None) for lead in leads], exits=())
        without = lag.fit_shrunken(alone, lag.fit_kaplan_meier(alone))
        widths = [np.ptp(np.array(each.confidence_interval())) for each in (fit, without)]
        assert widths[0] > 1.8 * widths[1]

    def test_with_exits(self):
        rng = np.random.default_rng(8)
        leads = []
        for j in range(3):
            for _ in range(200):
                fate, age = rng.choice(["won", "lost", None], p=[0.3, 0.4, 0.3]), None
                followed = 100 - 30 * j
                if fate is not None:
                    age = int(rng.exponential(15))
                    fate, age = (fate, age) if age <= followed else (None, None)
                leads.append(Lead(followed, fate, age, cohort=j))
        counts = triangle(leads)
        for timing in (None, lag.fit_competing(counts)):
            fit = lag.fit_shrunken(counts, timing)
            check_sensible(fit)
            ages = [0, 10, 35]
            total = fit.rate_at(ages) + fit.rate_at(ages, outcome="lost")
            assert (total <= 1 + 1e-9).all()
            np.testing.assert_allclose(fit.ultimate, 0.3, atol=0.08)
            drawn = fit.sample(50, rng=1, ages=ages) + fit.sample(
                50, rng=1, ages=ages, outcome="lost"
            )
            assert (drawn <= 1 + 1e-9).all()

    def test_arguments(self, fit):
        counts = mature((10, 100), (40, 100))
        known = lag.fit_kaplan_meier(counts)
        with pytest.raises(ArgumentError, match="`cohorts` must be one of"):
            lag.fit_shrunken(counts, known, cohorts="walk")
        with pytest.raises(ArgumentError, match="`segments` must be one of"):
            lag.fit_shrunken(counts, known, segments="each")
        with pytest.raises(ArgumentError, match="`timing` must be a fit of timing"):
            lag.fit_shrunken(fit.triangle, fit)
        with pytest.raises(ArgumentError, match="it lacks 2026-02"):
            lag.fit_shrunken(counts, lag.fit_kaplan_meier(counts.select(last="2026-01")))
        with pytest.raises(ArgumentError, match="Did you mean"):
            fit.rate_at([3], outcome="wno")

    def test_what_is_kept_is_how_far_a_rate_follows_its_own_conversions(self):
        """One more conversion in a cohort moves its logit by the share kept of what it would."""
        both = [mature((45, 150), (middle, 150), (30, 150)) for middle in (38, 36)]
        more, less = (lag.fit_shrunken(each, lag.fit_kaplan_meier(each)) for each in both)
        moved = special.logit(more.ultimate[0, 1]) - special.logit(less.ultimate[0, 1])
        alone = special.logit(38 / 150) - special.logit(36 / 150)
        assert moved / alone == pytest.approx(less.shrinkage[0, 1], abs=0.08)

    def test_weeks_drift_as_the_months_that_they_make(self):
        """The same leads by week and by month: the rate of the last month, and its interval."""
        months = pd.period_range("2026-01-05", periods=16, freq="W-SUN")
        leads = [(0.3 - 0.01 * week, 60) for week in range(16)]
        fits = []
        for step in (1, 4):
            cells = [
                (round(sum(rate * n for rate, n in leads[k : k + step])), 60 * step)
                for k in range(0, 16, step)
            ]
            counts = mature(*cells, days=7 * step)
            weeks = pd.PeriodIndex([months[k] for k in range(0, 16, step)], freq="W-SUN")
            counts = dataclasses.replace(counts, cohorts=weeks)
            fits.append(lag.fit_shrunken(counts, lag.fit_kaplan_meier(counts)))
        ends = [special.logit(each.confidence_interval())[:, 0] for each in fits]
        np.testing.assert_allclose(ends[0][:, -4:].mean(axis=1), ends[1][:, -1], atol=0.12)
