"""Mixture-cure fits: against a slow likelihood, simulated truths, and what few counts can say."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from funnelkit import lag
from funnelkit._core.errors import ArgumentError, EvidenceError
from funnelkit.counts.triangle import Triangle
from funnelkit.lag.cure.clocks import Days, Times
from funnelkit.lag.cure.families import family_called
from tests.reference import cure as slow
from tests.reference.leads import Lead, triangle

FAMILIES = [
    "exponential", "weibull", "gamma", "log-normal", "log-logistic", "generalised gamma",
]  # fmt: skip
THETA = {"exponential": [1.1], "generalised gamma": [1.1, 0.2, 0.6]}


def theta_of(family):
    return np.array(THETA.get(family, [1.1, -0.2]))


def simulated(n, days, *, rate=0.2, shape=0.8, scale=60.0, rng=0, rates=None):
    """Return the triangle of leads that enter evenly, at any time of day, over days 0 to `days`."""
    rng = np.random.default_rng(rng)
    begins = rng.uniform(0, days + 1, n)
    cohort = (begins // 31).astype(int)
    segment = rng.integers(0, len(rates or [rate]), n)
    ever = rng.random(n) < np.array(rates or [rate])[segment]
    ends = np.floor(begins + scale * rng.weibull(shape, n))
    came, entry = ever & (ends <= days), np.floor(begins)
    followed, age = (days - entry).astype(int), (ends - entry).astype(int)
    shape_ = (len(rates or [rate]), cohort.max() + 1, days + 1)
    cubes = [np.zeros(shape_, int) for _ in range(3)]
    np.add.at(cubes[0], (segment[came], cohort[came], age[came]), 1)
    np.add.at(cubes[1], (segment[~came], cohort[~came], followed[~came]), 1)
    np.add.at(cubes[2], (segment, cohort, followed), 1)
    return Triangle(
        start="lead", target="won", by=("source",) if rates else (),
        segments=tuple((f"s{k}",) for k in range(len(rates))) if rates else ((),),
        cohorts=pd.period_range("2026-01", periods=shape_[1], freq="M"), as_of=dt.date(2027, 1, 1),
        entered=cubes[2].sum(2), events={"won": cubes[0]}, censored=cubes[1], followed=cubes[2],
    )  # fmt: skip


@st.composite
def some_leads(draw, *, late=False, segments=("ads",)):
    leads = []
    for _ in range(draw(st.integers(2, 30))):
        followed = draw(st.integers(0, 40))
        outcome = draw(st.sampled_from([None, "won"]))
        began = draw(st.integers(0, followed)) if late else 0
        leads.append(
            Lead(
                followed=followed,
                outcome=outcome,
                age=None if outcome is None else draw(st.integers(began, followed)),
                cohort=draw(st.integers(0, 2)),
                segment=draw(st.sampled_from(segments)),
                late=began,
                undated=not late and draw(st.booleans()),
            )
        )
    leads.append(Lead(7, "won", draw(st.integers(0, 7)), segment=segments[0]))
    return leads


class TestOneDay:
    @pytest.mark.parametrize("family", FAMILIES)
    @pytest.mark.parametrize("scale", [0.3, 2.0, 20.0, 500.0])
    @pytest.mark.parametrize("shape", [0.2, 0.8, 3.0])
    def test_the_integral_is_that_of_quad(self, family, scale, shape):
        theta = np.array([np.log(scale), np.log(shape), 0.7][: family_called(family).size])
        found, after, _ = Days(31).shares(family_called(family), theta[None])
        for age in (0, 1, 2, 7, 15, 16, 30):
            expected = slow.by_age(slow.cdf(family, theta), age)
            assert found[0, age] == pytest.approx(expected, abs=2e-6)
            assert after[0, age] == pytest.approx(1 - expected, abs=2e-6)
        assert (np.diff(found) >= -1e-12).all()

    def test_the_generalised_gamma_passes_through_its_limits(self):
        log_t = np.log([0.01, 0.3, 1.0, 2.0, 9.0])
        general = family_called("generalised gamma")
        # w = shape x (log t - m), x = e^{qw} / q²: with q = 1 / shape, x = (t / e^m) / q²
        inverse = np.exp(-0.3)
        for q, name, theta in [
            (1.0, "weibull", [0.4, 0.3]),
            (0.0, "log-normal", [0.4, 0.3]),
            (inverse, "gamma", [0.4 - 0.6, 0.6]),
        ]:
            mine, theirs = np.array([[0.4, 0.3, q]]), np.array([theta])
            expected = family_called(name)
            for found, wanted in zip(
                general.values(log_t, mine), expected.values(log_t, theirs), strict=True
            ):
                np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-300)
            found, wanted = general.log_density(log_t, mine), expected.log_density(log_t, theirs)
            np.testing.assert_allclose(found[0], wanted[0], rtol=1e-9)

    def test_the_generalised_gamma_is_smooth_about_the_log_normal(self):
        family, log_t = family_called("generalised gamma"), np.log([0.02, 0.5, 1.5, 6.0, 30.0])
        for sign in (-1, 1):
            near, far = (
                family.values(log_t, np.array([[0.4, 0.0, sign * q]]))[0]
                for q in (0.99e-5, 1.01e-5)
            )
            np.testing.assert_allclose(near, far, rtol=1e-5)

    @pytest.mark.parametrize("family", FAMILIES)
    def test_gradients_are_those_of_differences(self, family):
        chosen, theta = family_called(family), theta_of(family)
        for clock in (Days(25), Times(np.log([0.2, 1.0, 3.0, 11.0]))):
            seen = clock.seen(chosen, theta[None])
            for j in range(len(theta)):
                step = np.zeros_like(theta)
                step[j] = 1e-5
                up, down = (clock.seen(chosen, (theta + s * step)[None]) for s in (1, -1))
                for name, slope in (("log_mass", seen.mass_gradient), ("by", seen.by_gradient)):
                    rise = (getattr(up, name) - getattr(down, name)) / 2e-5
                    np.testing.assert_allclose(slope[..., j], rise, rtol=2e-5, atol=1e-8)

    @pytest.mark.parametrize("family", FAMILIES)
    def test_quantiles_undo_the_share(self, family):
        chosen, theta = family_called(family), theta_of(family)
        for share in (0.1, 0.5, 0.9):
            days = chosen.quantile(share, theta[None])
            found = chosen.values(np.log(days), theta[None])[0]
            assert found[0, 0] == pytest.approx(share, abs=1e-9)


class TestTheSlowLikelihood:
    @pytest.mark.parametrize("family", FAMILIES)
    @pytest.mark.parametrize("late", [False, True])
    def test_value_and_gradient(self, family, late):
        rng = np.random.default_rng(5)
        leads = []
        for _ in range(40):
            followed = int(rng.integers(2, 25))
            began = int(rng.integers(0, 2)) if late else 0
            won = rng.random() < 0.4
            leads.append(
                Lead(
                    followed,
                    "won" if won else None,
                    int(rng.integers(began, followed)) if won else None,
                    late=began,
                    undated=won and not late and rng.random() < 0.3,
                )
            )
        likelihood = lag.fit_cure(triangle(leads), family=family).solution.likelihood
        theta = theta_of(family)
        rates = np.array([0.43])
        value, _ = likelihood.at(likelihood.seen(theta), rates)
        assert value == pytest.approx(
            slow.log_likelihood(leads, 0.43, slow.cdf(family, theta)), abs=1e-6
        )
        gradient = likelihood.value(theta)[1]
        for j in range(len(theta)):
            step = np.eye(len(theta))[j] * 1e-5
            rise = (likelihood.value(theta + step)[0] - likelihood.value(theta - step)[0]) / 2e-5
            assert gradient[j] == pytest.approx(rise, rel=1e-4, abs=1e-5)

    @pytest.mark.parametrize("family", ["exponential", "weibull", "log-normal"])
    def test_the_top(self, family):
        rng = np.random.default_rng(2)
        times = rng.weibull(1.3, 60) * 6
        leads = [
            Lead(25, "won", int(t)) if rng.random() < 0.5 else Lead(25) for t in times if t < 25
        ]
        fit = lag.fit_cure(triangle(leads), family=family)
        start = [0.0, 1.5, 0.2][: 1 + family_called(family).size]
        rate, parameters, value = slow.fitted(leads, family, start)
        assert fit.log_likelihood == pytest.approx(value, abs=1e-6)
        assert fit.ultimate[0, 0] == pytest.approx(rate, rel=1e-4)
        np.testing.assert_allclose(fit.solution.theta[0], parameters, atol=2e-4)
        assert fit.converged
        assert fit.gradient_norm < 1e-5


class TestRecovery:
    @pytest.mark.parametrize("days", [180, 365])
    def test_clock_times_cut_to_dates(self, days):
        """The 20 seeds of a million leads each: benchmarks/cure_recovery.py."""
        fit = lag.fit_cure(simulated(200_000, days, rng=days))
        low, high = fit.confidence_interval()
        assert low[0, 0] <= 0.2 <= high[0, 0]
        assert high[0, 0] - low[0, 0] < 0.01
        assert fit.verdict == "measured"
        assert fit.n_starts > 1

    def test_segments_share_a_pace_or_have_their_own(self):
        counts = simulated(60_000, 200, rates=[0.05, 0.2, 0.4], rng=8)
        shared = lag.fit_cure(counts)
        low, high = shared.confidence_interval()
        assert ((low[:, 0] <= [0.05, 0.2, 0.4]) & (high[:, 0] >= [0.05, 0.2, 0.4])).all()
        own = lag.fit_cure(counts, latency="segments")
        for k, segment in enumerate(counts.segments):
            alone = lag.fit_cure(counts.select(segment=segment))
            assert own.ultimate[k, 0] == pytest.approx(alone.ultimate[0, 0], rel=1e-6)
            ends = alone.confidence_interval()
            mine = own.confidence_interval()
            assert mine.low[k, 0] == pytest.approx(ends.low[0, 0], rel=1e-3)
            assert mine.high[k, 0] == pytest.approx(ends.high[0, 0], rel=1e-3)
        assert own.log_likelihood >= shared.log_likelihood
        assert own.solution.n_parameters == shared.solution.n_parameters + 4

    def test_one_rate_and_several_paces(self):
        counts = simulated(20_000, 200, rates=[0.2, 0.2], rng=3)
        fit = lag.fit_cure(counts, rates=(), latency="segments")
        assert fit.converged
        assert fit.ultimate[0, 0] == fit.ultimate[1, 0] == pytest.approx(0.2, abs=0.02)
        assert fit.to_frame()["source"].tolist() == ["s0", "s1"]

    def test_cohorts_with_rates_of_their_own(self):
        counts = simulated(30_000, 180, rng=4)
        fit = lag.fit_cure(counts, rates=("segments", "cohorts"))
        frame = fit.to_frame()
        assert frame["cohort"].tolist()[:2] == ["2026-01", "2026-02"]
        low, high = fit.confidence_interval()
        assert ((low <= 0.2) & (high >= 0.2)).sum() >= counts.n_cohorts - 1
        assert high[0, -1] - low[0, -1] > high[0, 0] - low[0, 0]

    def test_delayed_entry(self):
        """Leads come under observation 15 days after entry, and only if still open then.

        The errors of 12 sets, in standard errors, have mean 0 and standard deviation 1."""
        errors = []
        for seed in range(12):
            rng = np.random.default_rng(seed)
            times = np.where(rng.random(9_000) < 0.3, rng.exponential(20, 9_000), np.inf)
            ages, followed = np.floor(times + rng.random(9_000)), rng.integers(15, 120, 9_000)
            won = np.where(ages <= followed, ages, -1)[ages >= 15].astype(int)
            followed = followed[ages >= 15]
            events, censored, on = (
                np.bincount(values, minlength=120)[None, None]
                for values in (won[won >= 0], followed[won < 0], followed)
            )
            counts = Triangle(
                start="lead", target="won", cohorts=pd.period_range("2026", periods=1, freq="Y"),
                as_of=dt.date(2027, 1, 1), entered=on.sum(2), events={"won": events},
                censored=censored, followed=on,
                late=on.sum() * (np.arange(120) == 15)[None, None],
            )  # fmt: skip
            row = lag.fit_cure(counts, family="exponential").parameters().iloc[0]
            errors.append((row["estimate"] - np.log(0.3 / 0.7)) / row["standard_error"])
        assert abs(np.mean(errors)) < 3 / np.sqrt(12)
        assert 0.5 < np.std(errors) < 1.6


class TestIntervals:
    def test_the_end_is_where_the_deviance_says(self):
        """The profile by brute force: rate held, pace by Nelder and Mead."""
        rng = np.random.default_rng(1)
        leads = [Lead(12, "won", int(a)) for a in rng.exponential(6, 25) if a < 12]
        leads += [Lead(12)] * 60
        fit = lag.fit_cure(triangle(leads), family="exponential")
        low, high = fit.confidence_interval(method="likelihood")
        wanted = fit.log_likelihood - stats.chi2.ppf(0.95, 1) / 2
        for end in (low[0, 0], high[0, 0]):
            scales = np.linspace(1.0, 4.0, 150)
            found = max(
                slow.log_likelihood(leads, end, slow.cdf("exponential", [scale]))
                for scale in scales
            )
            assert found == pytest.approx(wanted, abs=0.02)

    def test_no_conversion_in_a_segment(self):
        """200 mature leads, none converted: the exact one-sided bound is 1 - 0.05^(1/200)."""
        ads = [Lead(100, "won", age, segment="ads") for age in (0, 1, 1, 2, 3, 5, 8) for _ in "abc"]
        leads = [*ads, *[Lead(100, segment="ads")] * 80, *[Lead(100, segment="web")] * 200]
        fit = lag.fit_cure(triangle(leads, by=True))
        low, high = fit.confidence_interval()
        assert fit.ultimate[1, 0] == low[1, 0] == 0.0
        assert high[1, 0] == pytest.approx(1 - 0.05 ** (1 / 200), rel=1e-3)
        assert fit.verdicts[:, 0].tolist() == ["measured", "bound only"]
        assert fit.verdict == "bound only"
        assert "1 group has a bound only" in fit.summary()
        with pytest.raises(EvidenceError, match=r"none in web"):
            lag.fit_cure(triangle(leads, by=True), latency="segments")

    def test_one_conversion(self):
        leads = [Lead(30, "won", 4), *[Lead(30)] * 99]
        for family in FAMILIES:
            fit = lag.fit_cure(triangle(leads), family=family)
            low, high = fit.confidence_interval()
            assert 0 < low[0, 0] < 0.011 < high[0, 0] <= 1
            assert np.isfinite(fit.rate_at([0, 5, 400, np.inf])).all()

    def test_all_converted(self):
        leads = [Lead(100, "won", age) for age in (0, 1, 1, 2, 3, 5, 8, 9, 12)]
        fit = lag.fit_cure(triangle(leads))
        low, high = fit.confidence_interval()
        assert fit.ultimate[0, 0] == pytest.approx(1.0)
        assert high[0, 0] == 1.0
        assert low[0, 0] == pytest.approx(0.05 ** (1 / 9), rel=0.01)

    def test_short_follow_up_sets_no_bound(self):
        fit = lag.fit_cure(simulated(300, 20, rate=0.2, rng=1))
        assert fit.verdict == "bound only"
        assert fit.confidence_interval().high[0, 0] > 0.5
        assert "too short" in fit.summary()

    def test_the_band_meets_the_rate(self):
        fit = lag.fit_cure(simulated(5_000, 120, rng=5))
        ages = np.array([-1, 0, 10, 60, 119, np.inf])
        low, high = fit.confidence_interval(ages)
        rate = fit.rate_at(ages)
        assert ((low <= rate) & (rate <= high)).all()
        assert (low[..., 0] == 0).all()
        assert (high[..., 0] == 0).all()
        ends = fit.confidence_interval()
        assert low[0, 0, -1] == ends.low[0, 0]
        assert high[0, 0, -1] == ends.high[0, 0]
        assert low[0, 0, 4] <= 0.2 * stats.weibull_min(0.8, scale=60).cdf(119.5) <= high[0, 0, 4]

    def test_accounts_widen_it(self):
        rng = np.random.default_rng(3)
        leads = []
        for k in range(60):
            won, age = rng.random() < 0.4, int(rng.integers(0, 6))
            leads += [
                Lead(60, "won" if won else None, age if won else None, account=str(k))
                for _ in range(4)
            ]
        together = lag.fit_cure(triangle(leads)).confidence_interval()
        apart = lag.fit_cure(triangle([lead._replace(account=None) for lead in leads]))
        ends = apart.confidence_interval()
        wider = (together.high - together.low) / (ends.high - ends.low)
        assert wider[0, 0] == pytest.approx(2.0, rel=0.15)  # 4 leads of one account count as one


class TestDraws:
    def test_they_spread_as_the_interval(self):
        fit = lag.fit_cure(simulated(4_000, 200, rng=9))
        draws = fit.sample(4_000, rng=1, ages=[30, np.inf])
        assert draws.shape == (4_000, 1, fit.ultimate.shape[1], 2)
        assert (draws[..., 0] <= draws[..., 1]).all()
        low, high = fit.confidence_interval()
        ends = np.quantile(draws[:, 0, 0, 1], [0.025, 0.975])
        np.testing.assert_allclose(ends, [low[0, 0], high[0, 0]], atol=0.35 * (high - low)[0, 0])
        again = fit.sample(4_000, rng=1, ages=[30, np.inf])
        np.testing.assert_array_equal(draws, again)

    def test_nothing_converted_still_spreads(self):
        leads = [Lead(50, "won", a, segment="ads") for a in range(9)] + [
            Lead(50, segment="web")
        ] * 40
        draws = lag.fit_cure(triangle(leads, by=True)).sample(500, rng=2)
        assert draws.shape == (500, 2, 1, 51)
        assert 0 < np.median(draws[:, 1, 0, -1]) < 0.05


class TestEverything:
    @given(some_leads(segments=("ads", "web")), st.sampled_from(FAMILIES), st.sampled_from([(),
           ("segments",), ("segments", "cohorts")]))  # fmt: skip
    @settings(max_examples=25, deadline=None)
    def test_is_finite_and_inside(self, leads, family, rates):
        counts = triangle(leads, by=True)
        fit = lag.fit_cure(counts, family=family, rates=rates, starts=2)
        ages = [-3, 0, 1, 5, 40, 1000, np.inf]
        rate = fit.rate_at(ages)
        assert np.isfinite(rate).all()
        assert (np.diff(rate) >= -1e-12).all()
        assert ((rate >= 0) & (rate <= 1)).all()
        low, high = fit.confidence_interval()
        assert ((low >= 0) & (low <= fit.ultimate + 1e-9)).all()
        assert ((high <= 1) & (high >= fit.ultimate - 1e-9)).all()
        later = fit.conditional([0, 3], 10)
        assert ((later >= 0) & (later <= fit.conditional([0, 3]) + 1e-12)).all()
        assert np.isfinite(fit.log_likelihood)
        assert isinstance(fit.summary(), str)
        assert isinstance(fit, lag.LagFit)
        frame = lag.adjust(counts, fit).to_frame()
        assert np.isfinite(frame.select_dtypes("number").to_numpy(float)).all()

    @given(some_leads(late=True))
    @settings(max_examples=10, deadline=None)
    def test_delayed_entry_is_finite(self, leads):
        fit = lag.fit_cure(triangle(leads), starts=2)
        low, high = fit.confidence_interval()
        assert ((low >= 0) & (low <= high) & (high <= 1)).all()


def test_adjusted_rates_go_by_the_tail():
    counts = simulated(40_000, 180, rng=12)
    fit = lag.fit_cure(counts)
    rates = lag.adjust(counts, fit)
    assert rates.horizon is None
    low, high = rates.confidence_interval()
    assert ((low <= 0.2) & (high >= 0.2)).mean() > 0.6
    np.testing.assert_allclose(rates.adjusted[0, :5], 0.2, atol=0.02)


class TestRefusals:
    def test_exits_compete(self):
        with pytest.raises(
            EvidenceError, match=r"1 lost here.*`fit_cure_competing`.*`fit_competing`"
        ):
            lag.fit_cure(triangle([Lead(5, "won", 1), Lead(5, "lost", 2), Lead(5)]))

    def test_nobody_entered(self):
        with pytest.raises(EvidenceError, match="no leads"):
            lag.fit_cure(triangle([]))

    def test_no_conversion(self):
        with pytest.raises(EvidenceError, match="none of 20 leads has reached won by day 9"):
            lag.fit_cure(triangle([Lead(9)] * 20))

    def test_one_age(self):
        with pytest.raises(EvidenceError, match="every lead is 0 days old"):
            lag.fit_cure(triangle([Lead(0, "won", 0), Lead(0)]))

    def test_undated_under_delayed_entry(self):
        leads = [Lead(9, "won", 5, late=2, undated=True), Lead(9, "won", 3), Lead(9)]
        with pytest.raises(EvidenceError, match="delayed entry"):
            lag.fit_cure(triangle(leads))

    @pytest.mark.parametrize(
        ("argument", "value"),
        [("family", "weibul"), ("rates", "months"), ("latency", "own"), ("starts", 0)],
    )
    def test_arguments(self, argument, value):
        with pytest.raises(ArgumentError, match=argument):
            lag.fit_cure(triangle([Lead(9, "won", 5), Lead(9)]), **{argument: value})

    def test_questions(self):
        fit = lag.fit_cure(triangle([*[Lead(9, "won", k) for k in range(5)], Lead(9)]))
        with pytest.raises(ArgumentError, match="outcome"):
            fit.rate_at([1], outcome="lost")
        with pytest.raises(ArgumentError, match="ages"):
            fit.maturity([[1, 2]])
        with pytest.raises(ArgumentError, match="confidence_level"):
            fit.confidence_interval(confidence_level=95)
