"""Kaplan-Meier and Aalen-Johansen against published tables, other packages and slow versions."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.duration.survfunc import CumIncidenceRight, SurvfuncRight

from funnelkit import lag
from funnelkit._core.errors import ArgumentError, EvidenceError
from tests.reference import product_limit as slow
from tests.reference.leads import Lead, triangle

# Remission times in weeks under 6-MP, + censored: Freireich et al. (1963), Blood 21, 699-716.
REMISSION = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
RELAPSED = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]


def leads_of(times, outcomes, *, names=("won", "lost"), **more):
    """Return leads from times and codes: 0 open, 1 the first outcome, 2 the second."""
    last = max(times)
    return [
        Lead(followed=time if not code else last, outcome=names[code - 1] if code else None,
             age=time if code else None, **more)
        for time, code in zip(times, outcomes, strict=True)
    ]  # fmt: skip


@st.composite
def some_leads(draw, outcomes=("won", "lost"), *, late=False, cohorts=1, longest=12):
    leads = []
    for _ in range(draw(st.integers(1, 25))):
        followed = draw(st.integers(0, longest))
        outcome = draw(st.sampled_from([None, *outcomes]))
        began = draw(st.integers(0, followed)) if late else 0
        leads.append(
            Lead(
                followed=followed,
                outcome=outcome,
                age=None if outcome is None else draw(st.integers(began, followed)),
                cohort=draw(st.integers(0, cohorts - 1)),
                segment=draw(st.sampled_from(["ads", "web"])),
                late=began,
                undated=draw(st.booleans()),
            )
        )
    return leads


class TestPublished:
    def test_the_remission_times(self):
        """Klein and Moeschberger (2003), Survival Analysis, 2nd ed., table 4.1A; the same from R:
        survfit(Surv(times, relapsed) ~ 1), columns surv and std.err of its summary."""
        fit = lag.fit_kaplan_meier(triangle(leads_of(REMISSION, RELAPSED)))
        published = {6: 0.857, 7: 0.807, 10: 0.753, 13: 0.690, 16: 0.627, 22: 0.538, 23: 0.448}
        stay = 1 - fit.rate_at(list(published))[0, 0]
        assert stay.round(3).tolist() == list(published.values())
        errors = {6: 0.0764, 7: 0.0869, 10: 0.0963, 13: 0.1068, 16: 0.1141, 22: 0.1282, 23: 0.1346}
        variances = fit._curves.variances[0, 0, 0][list(errors)]
        assert np.sqrt(variances).round(4).tolist() == list(errors.values())

    def test_the_log_log_interval_of_lifelines(self):
        """lifelines 0.30.3: KaplanMeierFitter().fit(REMISSION, RELAPSED).confidence_interval_."""
        fit = lag.fit_kaplan_meier(triangle(leads_of(REMISSION, RELAPSED)))
        low, high = fit.confidence_interval([6, 10, 23])
        np.testing.assert_allclose(1 - high[0, 0], [0.619718, 0.503200, 0.188052], atol=1e-6)
        np.testing.assert_allclose(1 - low[0, 0], [0.951552, 0.889362, 0.680143], atol=1e-6)

    def test_delayed_entry_of_lifelines(self):
        """lifelines 0.30.3: KaplanMeierFitter().fit([5, 6, 7, 8, 9, 4, 3], [1, 0, 1, 1, 0, 1, 1],
        entry=[0, 1, 2, 2, 3, 0, 0]).survival_function_ at 3 to 8. There a lead is at risk after
        its entry; here from the day of entry on, so theirs is one day earlier."""
        times, codes, entry = [5, 6, 7, 8, 9, 4, 3], [1, 0, 1, 1, 0, 1, 1], [0, 2, 3, 3, 4, 0, 0]
        leads = [
            lead._replace(late=began)
            for lead, began in zip(leads_of(times, codes), entry, strict=True)
        ]
        fit = lag.fit_kaplan_meier(triangle(leads))
        expected = [0.833333, 0.694444, 0.555556, 0.555556, 0.370370, 0.185185]
        found = 1 - fit.rate_at([3, 4, 5, 6, 7, 8])[0, 0]
        np.testing.assert_allclose(found, expected, atol=1e-6)

    def test_the_competing_risks_of_lifelines(self):
        """lifelines 0.30.3: AalenJohansenFitter().fit(range(1, 13), codes, event_of_interest=1),
        cumulative_density_ and variance_ at 1, 5 and 11."""
        codes = [1, 2, 0, 1, 1, 2, 0, 2, 1, 0, 1, 2]
        fit = lag.fit_competing(triangle(leads_of(range(1, 13), codes)))
        expected = [0.083333, 0.268519, 0.546296]
        np.testing.assert_allclose(fit.rate_at([1, 5, 11])[0, 0], expected, atol=1e-6)
        variances = fit._curves.variances[0, 0, 0][[1, 5, 11]]
        np.testing.assert_allclose(variances, [0.006366, 0.017702, 0.029762], atol=1e-6)


class TestOracles:
    @given(some_leads(("won",), cohorts=3))
    @settings(max_examples=150, deadline=None)
    def test_kaplan_meier_is_scipys(self, leads):
        fit = lag.fit_kaplan_meier(triangle(leads), pool=("segments", "cohorts"))
        seen = stats.CensoredData(
            uncensored=[lead.time for lead in leads if lead.outcome],
            right=[lead.time for lead in leads if not lead.outcome],
        )
        ages = np.arange(fit.horizon + 1)
        expected = stats.ecdf(seen).cdf.evaluate(ages)
        np.testing.assert_allclose(fit.rate_at(ages)[0, 0], expected, rtol=0, atol=1e-12)

    def test_its_interval_is_scipys(self):
        rng = np.random.default_rng(3)
        times, codes = rng.integers(0, 40, 300), rng.integers(0, 2, 300)
        codes[times < 2], codes[times == 2] = 0, 1  # theirs is undefined where the rate is 0
        fit = lag.fit_kaplan_meier(triangle(leads_of(times, codes)))
        seen = stats.CensoredData(uncensored=times[codes == 1], right=times[codes == 0])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            found = stats.ecdf(seen).cdf.confidence_interval(0.9, method="log-log")
        ages = np.arange(2, fit.horizon)
        ours = fit.confidence_interval(ages, confidence_level=0.9)
        for end, expected in zip(ours, found, strict=True):
            np.testing.assert_allclose(end[0, 0], expected.evaluate(ages), rtol=1e-9)

    def test_greenwoods_error_is_that_of_statsmodels(self):
        rng = np.random.default_rng(4)
        times, codes = rng.integers(0, 30, 200), rng.integers(0, 2, 200)
        codes[times == times.max()] = 0
        fit = lag.fit_kaplan_meier(triangle(leads_of(times, codes)))
        oracle = SurvfuncRight(times, codes)
        errors = np.sqrt(fit._curves.variances[0, 0, 0])[oracle.surv_times.astype(int)]
        np.testing.assert_allclose(errors, oracle.surv_prob_se, rtol=1e-10)

    def test_competing_risks_are_those_of_statsmodels_with_ties(self):
        rng = np.random.default_rng(5)
        times, codes = rng.integers(0, 15, 250), rng.integers(0, 3, 250)
        fit = lag.fit_competing(triangle(leads_of(times, codes)))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # theirs, where all leave at the end
            oracle = CumIncidenceRight(times, codes)
        ages = oracle.times.astype(int)
        for k, name in enumerate(("won", "lost")):
            rates = fit.rate_at(ages, outcome=name)[0, 0]
            np.testing.assert_allclose(rates, oracle.cinc[k], atol=1e-12)
            errors = np.sqrt(fit._curves.variances[k, 0, 0][ages])[:-1]
            np.testing.assert_allclose(errors, np.asarray(oracle.cinc_se[k])[:-1], rtol=1e-9)


class TestReference:
    @given(some_leads(late=True))
    @settings(max_examples=100, deadline=None)
    def test_curves_and_variances(self, leads):
        fit = lag.fit_competing(triangle(leads))
        days = range(fit.horizon + 1)
        for k, name in enumerate(("won", "lost")):
            expected = [slow.rate(leads, day, name) for day in days]
            np.testing.assert_allclose(fit.rate_at(days, outcome=name)[0, 0], expected, atol=1e-12)
            expected = [slow.marubini_valsecchi(leads, day, name) for day in days]
            np.testing.assert_allclose(fit._curves.variances[k, 0, 0], expected, atol=1e-12)

    @given(some_leads(("won",)))
    @settings(max_examples=60, deadline=None)
    def test_without_exits_the_variance_is_greenwoods(self, leads):
        fit = lag.fit_competing(triangle(leads))
        expected = [slow.greenwood(leads, day) for day in range(fit.horizon + 1)]
        np.testing.assert_allclose(fit._curves.variances[0, 0, 0], expected, atol=1e-12)

    @given(some_leads())
    @settings(max_examples=60, deadline=None)
    def test_intervals(self, leads):
        fit = lag.fit_competing(triangle(leads))
        for day in range(fit.horizon + 1):
            rate, variance = slow.rate(leads, day), slow.marubini_valsecchi(leads, day)
            if 1e-9 < rate < 1 - 1e-9:
                found = [end[0, 0, 0] for end in fit.confidence_interval([day])]
                expected = slow.log_log(rate, variance, stats.norm.isf(0.025))
                np.testing.assert_allclose(found, expected, rtol=1e-7)

    @given(some_leads(), st.integers(0, 5), st.integers(1, 5))
    @settings(max_examples=60, deadline=None)
    def test_conditional(self, leads, age, more):
        fit = lag.fit_competing(triangle(leads))
        if age + more > fit.horizon:
            return
        still = slow.undecided(leads, age)
        gain = slow.rate(leads, age + more) - slow.rate(leads, age)
        expected = gain / still if still > 1e-12 else 0.0
        np.testing.assert_allclose(fit.conditional(age, more)[0, 0, 0], expected, atol=1e-9)


class TestLaws:
    @given(some_leads(late=True, cohorts=3), st.sampled_from([(), ("cohorts",), ("segments",)]))
    @settings(max_examples=100, deadline=None)
    def test_bounds_and_monotonicity(self, leads, pool):
        fit = lag.fit_competing(triangle(leads, by=True), pool=pool)
        days = np.arange(fit.horizon + 1)
        won, lost = (fit.rate_at(days, outcome=name) for name in ("won", "lost"))
        low, high = fit.confidence_interval(days)
        maturity = fit.maturity(days)
        for surface in (won, lost, low, high, maturity):
            assert surface.shape == (*np.shape(fit.ultimate), len(days))
            assert ((surface >= 0) & (surface <= 1)).all()
        for surface in (won, lost, maturity):
            assert (np.diff(surface, axis=-1) >= -1e-12).all()
        assert (won + lost <= 1 + 1e-12).all()
        assert ((low <= won + 1e-12) & (won <= high + 1e-12)).all()
        np.testing.assert_allclose(maturity[..., -1], 1.0)
        np.testing.assert_array_equal(fit.ultimate, won[..., -1])
        conditional = fit.conditional(days)
        assert ((conditional >= 0) & (conditional <= 1)).all()

    @given(some_leads(("won",), cohorts=2))
    @settings(max_examples=60, deadline=None)
    def test_without_exits_competing_is_kaplan_meier_to_the_last_bit(self, leads):
        counts = triangle(leads, by=True)
        one, two = lag.fit_kaplan_meier(counts), lag.fit_competing(counts)
        days = range(one.horizon + 1)
        np.testing.assert_array_equal(one.rate_at(days), two.rate_at(days))
        for first, second in zip(
            one.confidence_interval(days), two.confidence_interval(days), strict=True
        ):
            np.testing.assert_array_equal(first, second)

    @given(some_leads())
    @settings(max_examples=40, deadline=None)
    def test_without_censoring_the_rate_is_the_share(self, leads):
        leads = [lead._replace(followed=12) for lead in leads]
        fit = lag.fit_competing(triangle(leads), horizon=None)
        for day in range(fit.horizon + 1):
            share = sum(lead.outcome == "won" and lead.time <= day for lead in leads) / len(leads)
            np.testing.assert_allclose(fit.rate_at(day)[0, 0, 0], share, atol=1e-12)

    @given(some_leads(cohorts=3))
    @settings(max_examples=40, deadline=None)
    def test_pooling_is_fitting_the_sum(self, leads):
        counts = triangle(leads, by=True)
        fit = lag.fit_competing(counts)
        days = range(fit.horizon + 1)
        for i, segment in enumerate(counts.segments):
            own = [lead for lead in leads if (lead.segment,) == segment]
            expected = [slow.rate(own, day) for day in days]
            for j in range(counts.n_cohorts):
                np.testing.assert_allclose(fit.rate_at(days)[i, j], expected, atol=1e-12)
        whole = lag.fit_competing(counts, pool=("segments", "cohorts"))
        np.testing.assert_array_equal(fit.pooled.rate_at(days), whole.rate_at(days))

    def test_it_is_a_lag_fit(self):
        fit = lag.fit_kaplan_meier(triangle(leads_of(REMISSION, RELAPSED)))
        assert isinstance(fit, lag.LagFit)
        assert fit.outcomes == ("won", "lost")


class TestDraws:
    def test_one_seed_one_surface(self):
        fit = lag.fit_competing(triangle(leads_of([1, 2, 3, 4], [1, 2, 0, 1], cohort=1)))
        draws = fit.sample(50, rng=7)
        assert draws.shape == (50, 1, 2, fit.horizon + 1)
        np.testing.assert_array_equal(draws, fit.sample(50, rng=np.random.default_rng(7)))
        np.testing.assert_array_equal(draws[:, :, 0], draws[:, :, 1])
        assert (np.diff(draws, axis=-1) >= -1e-12).all()
        both = draws + fit.sample(50, rng=7, outcome="lost")
        assert ((both >= 0) & (both <= 1 + 1e-12)).all()

    def test_on_one_day_without_exits_they_are_jeffreys(self):
        """All 3 of 20 convert on day 0: Beta(3.5, 17.5)."""
        leads = [Lead(5, "won", 0)] * 3 + [Lead(5)] * 17
        draws = lag.fit_competing(triangle(leads, exits=())).sample(20_000, rng=1)[:, 0, 0, 0]
        assert stats.kstest(draws, stats.beta(3.5, 17.5).cdf).pvalue > 1e-3

    def test_their_spread_is_greenwoods(self):
        rng = np.random.default_rng(8)
        times, codes = rng.integers(0, 40, 2000), rng.integers(0, 3, 2000)
        fit = lag.fit_competing(triangle(leads_of(times, codes)))
        draws = fit.sample(2000, rng=2)[:, 0, 0]
        ages = [5, 15, 25]
        np.testing.assert_allclose(draws.mean(0)[ages], fit.rate_at(ages)[0, 0], atol=2e-3)
        expected = np.sqrt(fit._curves.variances[0, 0, 0][ages])
        np.testing.assert_allclose(draws.std(0)[ages], expected, rtol=0.08)

    def test_accounts_widen_them(self):
        rng = np.random.default_rng(9)
        leads = []
        for account in range(40):
            wins = rng.random() < 0.3
            leads += [
                Lead(30, *(("won", 5) if wins else (None, None)), account=f"a{account}")
                for _ in range(10)
            ]
        counts = triangle(leads)
        wide, narrow = (
            lag.fit_kaplan_meier(each).sample(2000, rng=3)[:, 0, 0, -1].std()
            for each in (counts, triangle([lead._replace(account=None) for lead in leads]))
        )
        assert wide / narrow == pytest.approx(np.sqrt(10), rel=0.1)


class TestEdges:
    def test_lost_leads_are_not_open_ones(self):
        with pytest.raises(EvidenceError) as caught:
            lag.fit_kaplan_meier(triangle([Lead(5, "lost", 2), Lead(5)]))
        assert str(caught.value) == (
            "`triangle`: Kaplan-Meier takes leads that left for leads that may yet convert, and "
            "overstates the rate; 1 lost here. Use `fit_competing` instead."
        )

    def test_an_exit_that_nobody_took_is_none(self):
        fit = lag.fit_kaplan_meier(triangle([Lead(5, "won", 2), Lead(5)]))
        assert fit.rate_at([5], outcome="lost").tolist() == [[[0.0]]]

    def test_no_leads(self):
        empty = triangle([], cohorts=1)
        for fit in (lag.fit_kaplan_meier, lag.fit_competing):
            with pytest.raises(EvidenceError, match="no leads that entered lead"):
                fit(empty)

    def test_no_events(self):
        fit = lag.fit_kaplan_meier(triangle([Lead(9)] * 30, exits=()))
        assert fit.verdict == "bound only"
        assert fit.ultimate.tolist() == [[0.0]]
        low, high = fit.confidence_interval()
        assert (low[0, 0], high[0, 0]) == (0.0, pytest.approx(1 - 0.025 ** (1 / 30)))
        assert np.isnan(fit.median_days()).all()
        assert fit.maturity([0, 8, 9]).tolist() == [[[0.0, 0.0, 1.0]]]
        assert fit.conditional([0]).tolist() == [[[0.0]]]
        draws = fit.sample(4000, rng=1)[:, 0, 0, -1]
        assert stats.beta(0.5, 30.5).ppf(0.975) == pytest.approx(
            np.quantile(draws, 0.975), rel=0.15
        )
        assert fit.summary() == (
            "None of 30 leads that entered lead has reached won: at most 11.6\u202f% reach it "
            "within 9 days, and nothing is known of the pace."
        )

    def test_all_lost(self):
        fit = lag.fit_competing(triangle([Lead(9, "lost", 3)] * 10))
        assert fit.ultimate.tolist() == [[0.0]]
        assert fit.verdict == "bound only"
        assert fit.rate_at([3], outcome="lost").tolist() == [[[1.0]]]
        low, high = fit.confidence_interval()
        assert (low[0, 0], high[0, 0]) == (0.0, pytest.approx(1 - 0.025**0.1))
        low, high = fit.confidence_interval(outcome="lost")
        assert (low[0, 0], high[0, 0]) == (pytest.approx(0.025**0.1), 1.0)

    @pytest.mark.parametrize("outcome", [None, "won", "lost"])
    def test_a_single_lead(self, outcome):
        fit = lag.fit_competing(triangle([Lead(4, outcome, 2 if outcome else None)]))
        low, high = fit.confidence_interval(range(fit.horizon + 1))
        assert np.isfinite([low, high]).all()
        assert fit.ultimate[0, 0] == (outcome == "won")
        assert high[0, 0, -1] - low[0, 0, -1] > 0.9
        assert np.isfinite(fit.sample(20, rng=1)).all()
        assert "1 lead that entered lead" in fit.summary()

    def test_all_convert_one_after_the_other(self):
        """The daily shares add up to 1 but for rounding; the interval must not notice."""
        leads = [Lead(9, "won", age) for age in (0, 0, 0, 0, 0, 1, 2, 3)] + [Lead(0), Lead(1)]
        fit = lag.fit_kaplan_meier(triangle(leads))
        assert fit.ultimate.tolist() == [[1.0]]
        low, high = fit.confidence_interval()
        assert 0 < low[0, 0] < high[0, 0] == 1.0

    def test_one_event(self):
        fit = lag.fit_kaplan_meier(triangle([Lead(10, "won", 4), *[Lead(10)] * 49]))
        low, high = (end[0, 0] for end in fit.confidence_interval())
        assert 0 < low < 0.02 < high < 0.2
        assert fit.median_days().tolist() == [[4.0]]

    def test_an_undated_win_stands_at_its_latest_day(self):
        fit = lag.fit_kaplan_meier(triangle([Lead(9, "won", 6, undated=True), Lead(9)]))
        assert fit.rate_at([5, 6]).tolist() == [[[0.0, 0.5]]]

    def test_an_event_comes_before_censoring_on_the_same_day(self):
        fit = lag.fit_kaplan_meier(triangle([Lead(3, "won", 3), Lead(3), Lead(3), Lead(3)]))
        assert fit.rate_at([3]).tolist() == [[[0.25]]]

    def test_a_cell_without_leads_is_all_bound(self):
        leads = [Lead(9, "won", 2, cohort=0), Lead(9, cohort=2)]
        fit = lag.fit_kaplan_meier(triangle(leads), pool=())
        assert fit.verdicts.tolist() == [["measured", "bound only", "bound only"]]
        low, high = fit.confidence_interval()
        assert (low[0, 1], high[0, 1]) == (0.0, 1.0)
        assert fit.followed_to.tolist() == [[9, -1, 9]]


class TestHorizon:
    def test_it_is_the_last_day_on_which_a_lead_is_followed(self):
        assert lag.fit_kaplan_meier(triangle([Lead(9, "won", 2), Lead(7)])).horizon == 7
        assert lag.fit_kaplan_meier(triangle([Lead(9, "won", 2), Lead(9, "won", 5)])).horizon == 5

    def test_all_decided_leads_carry_it_to_the_end(self):
        counts = triangle([Lead(9, "won", 2), Lead(9, "won", 5)])
        assert lag.fit_kaplan_meier(counts, horizon=9).ultimate.tolist() == [[1.0]]

    def test_beyond_it_nothing_is_known(self):
        counts = triangle([Lead(9, "won", 2), Lead(7)])
        with pytest.raises(EvidenceError) as caught:
            lag.fit_kaplan_meier(counts, horizon=8)
        assert str(caught.value) == (
            "`horizon` must be at most 7, the last day on which a lead is still followed; got 8."
        )
        fit = lag.fit_kaplan_meier(counts)
        with pytest.raises(EvidenceError) as caught:
            fit.rate_at([3, 8])
        assert str(caught.value) == (
            "`ages` must be at most 7 days, the horizon of the fit: nothing is known beyond it; "
            "got 8."
        )
        for ask in (fit.maturity, fit.conditional, fit.confidence_interval, fit.to_frame):
            with pytest.raises(EvidenceError):
                ask([8])
        with pytest.raises(EvidenceError, match=r"`age \+ horizon`"):
            fit.conditional([3], 5)

    def test_a_shorter_one_cuts(self):
        leads = leads_of(REMISSION, RELAPSED)
        cut, full = (lag.fit_kaplan_meier(triangle(leads), horizon=h) for h in (12, None))
        np.testing.assert_array_equal(cut.rate_at(range(13)), full.rate_at(range(13)))
        assert cut.ultimate[0, 0] == full.rate_at(12)[0, 0, 0]

    def test_ages_below_0_and_parts_of_days(self):
        fit = lag.fit_kaplan_meier(triangle([Lead(9, "won", 2), Lead(7)]))
        assert fit.rate_at([-1, 2, 2.9]).tolist() == [[[0.0, 0.5, 0.5]]]
        low, high = fit.confidence_interval([-1])
        assert (low[0, 0, 0], high[0, 0, 0]) == (0.0, 0.0)


class TestShortCurves:
    def leads(self):
        """Old leads convert on days 1, 5 and 8; the young segment is followed to day 3 only."""
        old = [Lead(10, "won", age, segment="old") for age in (1, 5, 5, 8)]
        young = [Lead(3, "won", 1, segment="young"), *[Lead(3, segment="young")] * 9]
        return [*old, *[Lead(10, segment="old")] * 6, *young]

    def test_its_rate_is_a_lower_bound_and_says_so(self):
        fit = lag.fit_kaplan_meier(triangle(self.leads(), by=True))
        assert fit.verdicts[:, 0].tolist() == ["measured", "bound only"]
        assert fit.verdict == "measured"
        assert fit.ultimate[1, 0] == pytest.approx(0.1)
        high = fit.confidence_interval().high
        assert high[1, 0] == 1.0
        assert high[0, 0] < 1.0
        assert fit.confidence_interval([3]).high[1, 0, 0] < 1.0
        assert "1 of 2 curves gives a bound only" in fit.summary()

    def test_its_maturity_takes_from_the_pooled_curve_what_is_missing(self):
        fit = lag.fit_kaplan_meier(triangle(self.leads(), by=True))
        pooled = fit.pooled.maturity(range(11))[0, 0]
        np.testing.assert_allclose(fit.maturity([3, 5, 8])[1, 0], pooled[[3, 5, 8]])
        np.testing.assert_allclose(fit.maturity([0, 1, 2])[1, 0], [0, pooled[3], pooled[3]])

    def test_leads_that_come_under_observation_after_a_gap(self):
        leads = [Lead(3, "won", 1), Lead(2), Lead(9, "won", 7, late=6), Lead(9, late=6)]
        fit = lag.fit_kaplan_meier(triangle(leads))
        assert fit.verdict == "bound only"
        emptied = [Lead(9, "won", 1), Lead(9, "won", 7, late=2), Lead(9, late=2)]
        assert lag.fit_kaplan_meier(triangle(emptied)).verdict == "bound only"


class TestArguments:
    @pytest.fixture
    def counts(self):
        return triangle([Lead(9, "won", 2, segment="ads"), Lead(7, segment="web")], by=True)

    def test_pool(self, counts):
        with pytest.raises(ArgumentError) as caught:
            lag.fit_kaplan_meier(counts, pool="cohort")
        assert str(caught.value) == (
            '`pool` must be one of "segments", "cohorts"; got \'cohort\'. Did you mean `cohorts`?'
        )
        one = lag.fit_kaplan_meier(counts, pool="segments")
        assert one.ultimate.tolist() == [[0.5], [0.5]]

    def test_horizon(self, counts):
        for wrong in (0, -1, 2.5, "7"):
            with pytest.raises(ArgumentError, match="`horizon` must be a whole number"):
                lag.fit_kaplan_meier(counts, horizon=wrong)

    def test_questions(self, counts):
        fit = lag.fit_kaplan_meier(counts)
        with pytest.raises(ArgumentError, match="Did you mean `lost`"):
            fit.rate_at([1], outcome="losst")
        for wrong in ([float("nan")], "soon", [[1, 2]]):
            with pytest.raises(ArgumentError, match="`ages` must be numbers of days in a row"):
                fit.rate_at(wrong)
        with pytest.raises(ArgumentError, match=r"Did you mean 0\.95\?"):
            fit.confidence_interval(confidence_level=95)
        with pytest.raises(ArgumentError, match="`n` must be a whole number"):
            fit.sample(0, rng=1)


class TestDisplay:
    def test_the_frame_has_one_row_per_curve_and_age(self):
        leads = [
            Lead(9, "won", 2, segment="ads"),
            Lead(7, segment="web", cohort=1),
            Lead(9, "lost", 3, segment="web"),
        ]
        counts = triangle(leads, by=True)
        frame = lag.fit_competing(counts).to_frame()
        assert frame.columns.tolist() == [
            "source", "age", "at_risk", "rate", "rate_low", "rate_high", "maturity", "lost_rate",
        ]  # fmt: skip
        assert len(frame) == 2 * 8
        assert frame["source"].tolist() == ["ads"] * 8 + ["web"] * 8
        assert frame["at_risk"].tolist() == [1, 1, 1, 0, 0, 0, 0, 0, 2, 2, 2, 2, 1, 1, 1, 1]
        own = lag.fit_competing(counts, pool=()).to_frame([3])
        assert own.columns[:3].tolist() == ["cohort", "source", "age"]
        assert own["cohort"].tolist() == ["2026-01", "2026-02"] * 2
        one = lag.fit_competing(counts, pool=("segments", "cohorts")).to_frame([0, 3])
        assert one.columns[0] == "age"
        assert one["at_risk"].tolist() == [3, 2]

    def test_the_sentence_has_the_rate_its_range_its_leads_and_the_pace(self):
        fit = lag.fit_kaplan_meier(triangle(leads_of(REMISSION, RELAPSED)))
        assert fit.summary() == (
            "Of 21 leads that entered lead, 55.2\u202f% (32.0 to 81.2\u202f%) reach won within 35 "
            "days, half of these by day 13; 1 lead still followed on day 35."
        )
        assert repr(fit).startswith(f"<NonparametricFit>\n{fit.summary()}\n")
        assert "<table" in fit._repr_html_()

    def test_arrays_are_read_only(self):
        fit = lag.fit_kaplan_meier(triangle([Lead(3)]))
        with pytest.raises(ValueError, match="read-only"):
            fit.at_risk[0, 0, 0] = 5
