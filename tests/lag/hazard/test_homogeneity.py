"""Tests of homogeneity against lifelines, statsmodels, permutations and simulated drifts."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.duration.survfunc import survdiff

import funnelkit as fk
from funnelkit import lag
from funnelkit._core.errors import ArgumentError, EvidenceError
from funnelkit.counts.triangle import Triangle
from funnelkit.lag.hazard.log_rank import log_rank
from tests.reference.leads import Lead, triangle


def random_leads(rng, n, *, cohorts=3, segments=("all",), outcomes=2):
    return [
        Lead(
            12 if code else int(time),
            ("won", "lost")[code - 1] if code else None,
            int(time) if code else None,
            cohort=int(cohort),
            segment=str(segment),
        )
        for time, code, cohort, segment in zip(
            rng.integers(0, 12, n),
            rng.integers(0, outcomes, n),
            rng.integers(0, cohorts, n),
            rng.choice(segments, n),
            strict=True,
        )
    ]


def simulated(rng, rates, scales, *, leads=300):
    """Monthly cohorts entering evenly; Weibull lags of shape .8."""
    size = len(rates)
    ages = 30 * size + 1
    events, still, followed = (np.zeros((1, size, ages), int) for _ in range(3))
    for j in range(size):
        seen = 30 * (size - j) - rng.integers(0, 30, leads)
        times = np.floor(scales[j] * rng.weibull(0.8, leads)).astype(int)
        won = (rng.random(leads) < rates[j]) & (times <= seen)
        events[0, j] = np.bincount(times[won], minlength=ages)
        still[0, j] = np.bincount(seen[~won], minlength=ages)
        followed[0, j] = np.bincount(seen, minlength=ages)
    return Triangle(
        start="lead",
        target="won",
        cohorts=pd.period_range("2025-01", periods=size, freq="M"),
        as_of=dt.date(2026, 1, 1),
        entered=np.full((1, size), leads),
        events={"won": events},
        censored=still,
        followed=followed,
    )


class TestOracles:
    def test_the_log_rank_of_lifelines(self):
        """lifelines 0.30.3, with rng = numpy.random.default_rng(20), t = rng.integers(0, 12, 300),
        e = rng.integers(0, 2, 300), g = rng.integers(0, 3, 300):
        multivariate_logrank_test(t, g, e), test_statistic and p_value."""
        rng = np.random.default_rng(20)
        times, codes, groups = (rng.integers(0, top, 300) for top in (12, 2, 3))
        leads = [
            Lead(12, "won", int(t), cohort=int(g)) if e else Lead(int(t), cohort=int(g))
            for t, e, g in zip(times, codes, groups, strict=True)
        ]
        found = lag.homogeneity(triangle(leads))
        assert found.statistic == pytest.approx(0.8613316556256588, rel=1e-9)
        assert found.pvalue == pytest.approx(0.6500761118375713, rel=1e-9)
        assert found.df == 2

    @pytest.mark.parametrize("seed", range(5))
    def test_the_log_rank_of_statsmodels_with_strata(self, seed):
        leads = random_leads(np.random.default_rng(seed), 300, segments=("ads", "web"))
        time, status, cohort, segment = (
            np.array(each)
            for each in zip(
                *((x.time + 1, int(x.outcome == "won"), x.cohort, x.segment) for x in leads),
                strict=True,
            )
        )
        found = lag.homogeneity(triangle(leads, by=True))
        expected = survdiff(time, status, cohort, strata=segment)
        np.testing.assert_allclose((found.statistic, found.pvalue), expected, rtol=1e-9)
        found = lag.homogeneity(triangle(leads, by=True), across="segments")
        expected = survdiff(time, status, segment, strata=cohort)
        np.testing.assert_allclose((found.statistic, found.pvalue), expected, rtol=1e-9)

    def test_without_censoring_it_is_pearsons_on_one_day(self):
        """All events on day 0: (n - 1) / n times Pearson's χ² of the table."""
        leads = []
        for cohort, (won, open_) in enumerate([(30, 70), (10, 90), (15, 45)]):
            leads += [Lead(9, "won", 0, cohort=cohort)] * won + [Lead(9, cohort=cohort)] * open_
        found = lag.homogeneity(triangle(leads))
        table = [[30, 70], [10, 90], [15, 45]]
        pearson = stats.chi2_contingency(table, correction=False).statistic
        assert found.statistic == pytest.approx(pearson * 259 / 260)

    def test_a_trend_on_one_day_is_cochran_and_armitages(self):
        """Agresti (2002), Categorical Data Analysis, 2nd ed., section 3.4.5: z² = b² / var(b)
        of the regression of the share on the score; here with n - 1 for n."""
        leads = []
        for cohort, (won, open_) in enumerate([(30, 70), (10, 90), (15, 45)]):
            leads += [Lead(9, "won", 0, cohort=cohort)] * won + [Lead(9, cohort=cohort)] * open_
        x = np.repeat([0, 1, 2], [100, 100, 60])
        y = np.concatenate([np.repeat([1, 0], pair) for pair in [(30, 70), (10, 90), (15, 45)]])
        found = lag.homogeneity(triangle(leads)).trend
        assert found.statistic == pytest.approx(259 * np.corrcoef(x, y)[0, 1] ** 2)
        assert found.df == 1

    def test_the_covariance_is_that_of_permuted_groups(self):
        """Without censoring before the day, groups at random give U the covariance, on one day."""
        rng = np.random.default_rng(3)
        groups, came = np.repeat([0, 1, 2], [6, 10, 14]), np.repeat([1, 0], [9, 21])
        drawn = []
        for _ in range(4000):
            mixed = rng.permutation(came)
            drawn.append([mixed[groups == g].sum() for g in range(3)])
        sizes = np.array([6.0, 10.0, 14.0])
        found = log_rank(np.array(drawn[0], float).reshape(1, 3, 1), sizes.reshape(1, 3, 1))
        np.testing.assert_allclose(found.expected, sizes * 9 / 30)
        np.testing.assert_allclose(np.cov(np.transpose(drawn)), found.covariance, atol=0.12)


class TestTruth:
    def test_at_rest_nothing_is_found_more_often_than_it_should(self):
        rng = np.random.default_rng(11)
        runs = [lag.homogeneity(simulated(rng, [0.2] * 6, [40] * 6)) for _ in range(150)]
        for test in ("equal", "trend", "pace"):
            found = np.mean([getattr(run, test).pvalue < 0.05 for run in runs])
            assert found < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 150), test
        assert np.mean([run.differ for run in runs]) < 0.11

    def test_a_drift_is_found_and_said(self):
        found = lag.homogeneity(
            simulated(np.random.default_rng(12), np.linspace(0.25, 0.15, 12), [40] * 12)
        )
        assert found.trend.pvalue < 1e-4
        assert found.differ
        assert found.summary().startswith("Cohorts differ (log-rank χ² ")
        assert "3,600 leads): a pooled curve is biased by the drift." in found.summary()
        ratio = found.to_frame()["ratio"]
        assert ratio[:4].mean() > 1 > ratio[8:].mean()

    def test_a_change_of_pace_is_told_from_one_of_rate(self):
        rng = np.random.default_rng(13)
        rate = lag.homogeneity(simulated(rng, [0.12] * 5 + [0.06] * 5, [40] * 10, leads=1500))
        pace = lag.homogeneity(simulated(rng, [0.1] * 10, [90] * 5 + [20] * 5, leads=1500))
        assert rate.pvalue < 1e-6
        assert rate.pace.pvalue > 0.01
        assert pace.pace.pvalue < 1e-6
        assert "Their pace differs too (χ² " in pace.summary()

    def test_accounts_divide_it(self):
        """Accounts of 10 leads that act as one: a design effect of about 10."""
        rng, leads = np.random.default_rng(14), []
        for account in range(60):
            wins = rng.random() < 0.3
            leads += [
                Lead(30, *(("won", 5) if wins else (None, None)), cohort=account % 2,
                     account=f"a{account}")
            ] * 10  # fmt: skip
        plain = lag.homogeneity(triangle([lead._replace(account=None) for lead in leads]))
        found = lag.homogeneity(triangle(leads))
        assert found.design == pytest.approx(10, rel=0.1)
        assert found.statistic == pytest.approx(plain.statistic / found.design)

    def test_olist_before_and_after_recording_began(self, shared_data):
        """Cohorts of 2017 are falsely low: nothing was recorded as won before 2017-12-05."""
        folder = shared_data / "olist"
        funnel = fk.Funnel(
            ["mql", "won"],
            id="mql_id",
            columns={"mql": "first_contact_date", "won": "won_date"},
            out_of_order="drop",
        )
        leads = fk.read_csv(
            folder / "olist_marketing_qualified_leads_dataset.csv",
            funnel,
            join=[folder / "olist_closed_deals_dataset.csv"],
            as_of="2018-05-31",
        )
        counts = fk.triangle(leads, "mql", "won")
        assert lag.homogeneity(counts).pvalue < 1e-20
        recent = lag.homogeneity(counts.select(first="2018-01"))
        assert recent.observed.tolist() == [137, 131, 139, 154, 70]
        assert recent.pvalue > 0.05
        # Leads of all ages were won quickly in April 2018 and slowly in May.
        assert recent.pace.pvalue < 0.001
        assert "but their pace does" in recent.summary()


class TestEdges:
    @given(st.integers(0, 10_000), st.integers(1, 40))
    @settings(max_examples=60, deadline=None)
    def test_bounds(self, seed, n):
        leads = random_leads(np.random.default_rng(seed), n, segments=("a", "b"), outcomes=3)
        counts = triangle(leads, by=True)
        for across in ("cohorts", "segments"):
            for outcome in ("won", "lost"):
                found = lag.homogeneity(counts, outcome=outcome, across=across)
                for test in (found.equal, found.trend, found.pace):
                    assert np.isfinite(test.statistic)
                    assert test.statistic >= 0
                    assert 0 <= test.pvalue <= 1
                assert found.expected.sum() == pytest.approx(found.observed.sum())
                assert np.isfinite(found.to_frame().select_dtypes("number")).all(axis=None)
                assert "nan" not in found.summary()

    def test_one_cohort(self):
        found = lag.homogeneity(triangle([Lead(9, "won", 2), Lead(9)]))
        assert (found.statistic, found.df, found.pvalue) == (0, 0, 1)
        assert found.summary() == (
            "Nothing to compare among cohorts: 2 leads, and 1 record reached won."
        )

    def test_no_conversions(self):
        found = lag.homogeneity(triangle([Lead(9), Lead(9, cohort=1)]))
        assert found.pvalue == 1
        assert not found.differ

    def test_a_pooled_curve_will_do(self):
        leads = [Lead(9, "won", 2), Lead(9)] * 10
        leads += [lead._replace(cohort=1) for lead in leads]
        assert lag.homogeneity(triangle(leads)).summary() == (
            "No sign that cohorts differ (log-rank χ² 0.0 on 1, p = 1.000; trend χ² 0.0 on 1, "
            "p = 1.000; 40 leads). A pooled curve will do."
        )

    def test_errors(self):
        with pytest.raises(EvidenceError, match="no leads that entered lead"):
            lag.homogeneity(triangle([], cohorts=1))
        with pytest.raises(ArgumentError, match="Did you mean `lost`"):
            lag.homogeneity(triangle([Lead(9)]), outcome="losst")
        with pytest.raises(ArgumentError, match="`across` must be one of"):
            lag.homogeneity(triangle([Lead(9)]), across="segment")
