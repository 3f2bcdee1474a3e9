"""Calendar-month pace: against loops, an integral on a grid, simulated truth and Olist."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, stats

import funnelkit as fk
from funnelkit import lag
from funnelkit._core.errors import ArgumentError
from funnelkit.lag.adjusting import exposure, pace
from funnelkit.lag.adjusting.cells import curves_of, positions
from funnelkit.lag.adjusting.penalised import peak
from tests.olist_figures import read_olist
from tests.reference.paced import expected_by_month, paced, weibull_by_day

SHARE = weibull_by_day(400, 30.0, 0.8)


def world(seed=1, **changes):
    given = {"rates": [[0.3, 0.2, 0.25]], "per_cohort": 400, "share": SHARE}
    return paced(np.random.default_rng(seed), **(given | changes))


def split_of(counts, fit):
    maturity = curves_of(counts, fit, positions(counts, fit))
    entries = exposure.entries(counts, maturity)
    came = exposure.came(counts, entries.months, fit.horizon)
    shares = exposure.Shares(entries, entries.hazards(maturity))
    return pace._Split(shares, came, counts.entered.ravel().astype(float))


class TestExposure:
    def test_against_loops(self):
        counts = world(rates=[[0.3, 0.2, 0.25], [0.1, 0.1, 0.4]], as_of="2026-04-10")
        fit = lag.fit_cure(counts)
        log_factors = np.array([0.3, -0.4, 0.1, 0.7])
        found = split_of(counts, fit).shares.expected(log_factors)
        curve = fit.maturity(np.arange(counts.n_ages))[0, 0]
        slow = expected_by_month(counts, curve, log_factors)
        np.testing.assert_allclose(found.leads, slow.reshape(6, 4), rtol=1e-9, atol=1e-9)

    def test_without_factors_they_sum_to_the_maturity(self):
        counts = world()
        fit = lag.fit_kaplan_meier(counts)
        leads = split_of(counts, fit).shares.expected(np.zeros(3)).leads
        mature = lag.adjust(counts, fit).mature_leads.ravel()
        np.testing.assert_allclose(leads.sum(axis=1), mature, rtol=1e-8)

    def test_derivatives_by_difference(self):
        counts = world(rates=[[0.3, 0.2, 0.25], [0.1, 0.1, 0.4]])
        split = split_of(counts, lag.fit_cure(counts))
        at, step = np.array([0.2, -0.1, 0.3]), 1e-5
        here = split(at)
        for k, unit in enumerate(np.eye(3) * step):
            up, down = split(at + unit), split(at - unit)
            assert here.gradient[k] == pytest.approx(
                (up.value - down.value) / (2 * step), rel=1e-5, abs=1e-4
            )
            np.testing.assert_allclose(
                here.information()[k], (down.gradient - up.gradient) / (2 * step), rtol=1e-4
            )

    def test_conversions_after_the_horizon_are_left_out(self):
        counts = world()
        came = exposure.came(counts, counts.calendar.months, 20)
        within = counts.events["won"][..., :21].sum(axis=-1)
        np.testing.assert_allclose(came.sum(axis=1), within.ravel(), atol=2)
        assert (came <= counts.calendar.converted[0]).all()


class TestPace:
    @pytest.mark.parametrize("sd", [0.1, 0.3, 0.8])
    def test_the_marginal_likelihood_by_integration(self, sd):
        counts = world(rates=[[0.3, 0.2]], per_cohort=200, factors=[1.3, 0.8])
        split = split_of(counts, lag.fit_cure(counts))
        found = peak(split, np.full(2, sd**-2), np.zeros(2))
        nodes = np.linspace(-5, 5, 41) * sd
        log = np.array([[split(np.array([x, y])).value for y in nodes] for x in nodes])
        prior = stats.norm.pdf(nodes, scale=sd)
        exact = (np.exp(log - log.max()) * np.outer(prior, prior)).sum() * np.diff(nodes)[0] ** 2
        assert found.converged
        assert found.log_integral == pytest.approx(np.log(exact) + log.max(), abs=0.02)

    def test_simulated_factors_are_found(self):
        truth = np.array([1.0, 1.5, 0.7, 1.2, 0.7, 1.3])
        counts = world(2, rates=[[0.3] * 6], per_cohort=4000, factors=truth)
        known = world(3, rates=[[0.3] * 6], per_cohort=10_000)
        found = lag.fit_pace(counts, lag.fit_cure(known))
        low, high = found.confidence_interval(0.999)
        assert ((low < truth) & (truth < high)).all()
        assert np.corrcoef(np.log(found.factor), np.log(truth))[0, 1] > 0.95
        low, high = found.sd_interval()
        assert low < np.std(np.log(truth)) < high
        assert found.sd <= found.predictive_sd * 1.1

    def test_a_drift_of_cohorts_is_no_pace(self):
        counts = world(4, rates=[[0.5, 0.4, 0.3, 0.2, 0.1]], per_cohort=2000)
        found = lag.fit_pace(counts, lag.fit_cure(counts, rates=("segments", "cohorts")))
        assert (abs(np.log(found.factor)) < 0.15).all()
        assert found.sd < 0.15

    def test_without_months_it_is_unknown(self):
        counts = world(known=False)
        assert lag.fit_pace(counts, lag.fit_kaplan_meier(counts)) is None

    def test_one_month_says_nothing_and_leaves_the_prior(self):
        counts = world(rates=[[0.3]])
        found = lag.fit_pace(counts, lag.fit_kaplan_meier(counts))
        assert found.predictive_sd == pytest.approx(pace.PRIOR_SCALE, abs=0.02)
        np.testing.assert_allclose(found.factor, 1.0, atol=1e-3)
        assert "Quickest" not in found.summary()

    def test_draws(self):
        counts = world(factors=[1.4, 0.7, 1.2], per_cohort=3000)
        found = lag.fit_pace(counts, lag.fit_cure(counts))
        ahead = np.log(found.sample_factors(4000, 2, rng=1))
        assert ahead.shape == (4000, 2)
        assert np.std(ahead) == pytest.approx(found.predictive_sd, rel=0.08)
        seen = np.log(found.sample_factors(4000, ["2026-02", "2026-05"], rng=1))
        assert np.mean(seen[:, 0]) == pytest.approx(np.log(found.factor[1]), abs=0.02)
        high = found.confidence_interval().high
        assert np.quantile(seen[:, 0], 0.975) == pytest.approx(np.log(high[1]), abs=0.05)
        np.testing.assert_array_equal(ahead, np.log(found.sample_factors(4000, 2, rng=1)))
        with pytest.raises(ArgumentError, match="`months` must be a number of months"):
            found.sample_factors(10, ["then"], rng=1)

    def test_what_it_shows(self):
        found = lag.fit_pace(counts := world(), lag.fit_cure(counts))
        frame = found.to_frame()
        assert frame.columns.tolist() == [
            "month", "observed", "expected", "factor", "factor_low", "factor_high",
        ]  # fmt: skip
        assert frame["observed"].sum() == counts.converted.sum()
        assert "1,200 leads that entered lead" in found.summary()
        assert (found.sample_factors(5, counts.cohorts, rng=1) > 0).all()

    def test_another_target(self):
        counts = world()
        other = dataclasses.replace(counts, target="sql", events={"sql": counts.events["won"]})
        with pytest.raises(ArgumentError, match="`fit` must be of the target `sql`"):
            lag.fit_pace(other, lag.fit_cure(counts))


@pytest.fixture(scope="module")
def counts(shared_data):
    leads = read_olist(shared_data).at("2018-05-31")
    return fk.triangle(leads, "mql", "won").select(first="2018-01", last="2018-05")


class TestOlist:
    """April 2018 was quick and May slow: by the issue 1.30 and 0.71 times the usual."""

    @staticmethod
    def rows(shared_data):
        folder = shared_data / "olist"
        rows = pd.read_csv(folder / "olist_marketing_qualified_leads_dataset.csv").merge(
            pd.read_csv(folder / "olist_closed_deals_dataset.csv")[["mql_id", "won_date"]],
            how="left",
        )
        entry = pd.to_datetime(rows["first_contact_date"])
        won = pd.to_datetime(rows["won_date"]).dt.normalize()
        kept = (entry >= "2018-01-01") & (entry <= "2018-05-31") & ~(won < entry)
        return entry[kept], won[kept]

    @pytest.mark.parametrize("method", [lag.fit_kaplan_meier, lag.fit_cure])
    def test_the_pattern(self, counts, method):
        found = lag.fit_pace(counts, method(counts))
        factor = found.to_frame().set_index("month")["factor"]
        assert factor["2018-04"] == pytest.approx(1.30, abs=0.06)
        assert factor["2018-05"] == pytest.approx(0.71, abs=0.05)
        low, high = found.sd_interval()
        assert low < 0.2 < high
        assert found.sd == pytest.approx(0.2, abs=0.1)

    def test_wins_of_earlier_leads_in_may_by_plain_pandas(self, shared_data, counts):
        """Of leads from before May, those still open: wins in May over what ages lead to expect."""
        fit = lag.fit_kaplan_meier(counts)
        curve = fit.rate_at(np.arange(151))[0, 0]
        entry, won = self.rows(shared_data)
        begin, end = pd.Timestamp("2018-05-01"), pd.Timestamp("2018-05-31")
        still = (entry < begin) & ~(won < begin)
        now = curve[(begin - entry[still]).dt.days - 1]
        expected = ((curve[(end - entry[still]).dt.days] - now) / (1 - now)).sum()
        assert (won[still] <= end).sum() / expected < 0.75
        assert lag.fit_pace(counts, fit).confidence_interval(0.8).high[-1] < 1

    def test_the_slow_version(self, shared_data, counts):
        """The same likelihood from rows of leads, by loops and a general optimiser."""
        fit = lag.fit_kaplan_meier(counts)
        found = lag.fit_pace(counts, fit)
        k = int(np.searchsorted(found.grid, 0.2))
        curve = fit.maturity(np.arange(151))[0, 0]
        total = -np.log(np.maximum(1 - curve, 1e-10))
        entry, won = self.rows(shared_data)
        last = pd.Timestamp("2018-05-31")
        months = pd.period_range("2018-01", "2018-05", freq="M")
        came = pd.crosstab(
            entry.dt.to_period("M"), won.where(won <= last).dt.to_period("M")
        ).to_numpy()
        days = entry.value_counts().sort_index()
        ends = [month.end_time.normalize() for month in months]
        ages = np.array([[(end - day).days for end in ends] for day in days.index])
        risk = np.diff(np.where(ages >= 0, total[np.maximum(ages, 0)], 0.0), axis=1, prepend=0.0)
        cohort = months.get_indexer(days.index.to_period("M"))

        def minus(b):
            by = 1 - np.exp(-np.cumsum(risk * np.exp(b), axis=1))
            share = np.diff(by, axis=1, prepend=0.0) * days.to_numpy()[:, None]
            summed = np.array([share[cohort == c].sum(axis=0) for c in range(5)])
            p = np.where(summed > 0, summed, 1.0) / summed.sum(axis=1, keepdims=True)
            return -(came * np.log(p)).sum() + (b**2).sum() / (2 * found.grid[k] ** 2)

        slow = optimize.minimize(minus, np.zeros(5), tol=1e-9).x
        np.testing.assert_allclose(found.log_factors[k], slow, atol=1e-3)
