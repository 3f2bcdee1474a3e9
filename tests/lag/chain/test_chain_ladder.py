"""The chain ladder against Mack's published figures, a slow version, and counts by hand."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import funnelkit as fk
from funnelkit import lag
from funnelkit._core.errors import ArgumentError, DataError, EvidenceError
from funnelkit.counts.triangle import Triangle
from tests.reference import chain as slow
from tests.reference.leads import Lead, triangle

NAN = np.nan


@pytest.fixture(scope="module")
def raa(shared_data):
    frame = pd.read_csv(shared_data / "chainladder" / "raa.csv")
    frame["period"] = frame["development"] - frame["origin"]
    return frame.pivot_table(index="origin", columns="period", values="values")


@st.composite
def tables(draw):
    periods = draw(st.integers(2, 6))
    rows = [list(np.cumsum(draw(st.lists(st.integers(0, 6), min_size=periods, max_size=periods))))]
    for _ in range(draw(st.integers(0, 6))):
        steps = draw(st.lists(st.integers(0, 6), min_size=0, max_size=periods))
        rows.append(list(np.cumsum(steps)))
    return [[float(value) for value in row] for row in rows], periods


def padded(rows, periods):
    return [[*row, *[NAN] * (periods - len(row))] for row in rows]


class TestPublished:
    def test_the_total_of_mack(self, raa):
        found = lag.chain_ladder(raa)
        assert found.total_reserve == pytest.approx(52_135.23, abs=0.005)
        assert found.total_standard_error == pytest.approx(26_909.01, abs=0.005)

    def test_each_origin_of_mack(self, raa):
        """Mack (1994), Measuring the variability of chain ladder reserve estimates, CAS Forum,
        Spring 1994, p. 101 ff.: reserves and standard errors of the RAA data, 1982 to 1990."""
        reserves = [154, 617, 1636, 2747, 3649, 5435, 10907, 10650, 16339]
        errors = [206, 623, 747, 1469, 2002, 2209, 5358, 6333, 24566]
        found = lag.chain_ladder(raa)
        assert found.reserve.round().tolist() == [0, *reserves]
        assert found.standard_error.round().tolist() == [0, *errors]

    def test_it_says_so(self, raa):
        assert lag.chain_ladder(raa).summary() == (
            "10 cohorts stand at 160,987 and come to 213,122: 52,135 still to come, with a "
            "standard error of 26,909."
        )


class TestReference:
    @given(tables())
    @example(([[0.0, 0.0, 0.0], [1.0, 1.0], [1.0, 2.0]], 3))  # noise, where no ratio is defined
    @settings(max_examples=150, deadline=None)
    def test_ratios_ultimates_and_errors(self, drawn):
        rows, periods = drawn
        found = lag.chain_ladder(padded(rows, periods))
        ratios = [slow.ratio(rows, k) for k in range(periods - 1)]
        np.testing.assert_allclose(found.link_ratios, ratios)
        np.testing.assert_allclose(found.sigma2, [slow.sigma2(rows, k) for k in range(periods - 1)])
        ultimate = [(slow.carried(row, rows, periods) or [0.0])[-1] for row in rows]
        np.testing.assert_allclose(found.ultimate, ultimate)
        each, total = slow.standard_errors(rows, periods)
        np.testing.assert_allclose(found.standard_error, each, atol=1e-12)
        np.testing.assert_allclose(found.total_standard_error, total, atol=1e-12)

    def test_a_tail_is_one_more_ratio(self, raa):
        plain, longer = lag.chain_ladder(raa), lag.chain_ladder(raa, tail=1.05)
        np.testing.assert_allclose(longer.ultimate, 1.05 * plain.ultimate)
        assert (longer.standard_error > 1.05 * plain.standard_error).all()
        # 1.05 lies between the ratios 1.0419 and 1.1134, and so does its σ².
        tail = longer.process_variance[-1] * 1.05**2
        assert 6.389**2 < tail < 10.929**2


class TestTables:
    def test_zeros(self):
        found = lag.chain_ladder([[0, 0, 4, 6], [0, 0, 2, NAN], [0, 0, NAN, NAN], [0] + [NAN] * 3])
        assert found.undefined.tolist() == [True, True, False]
        assert found.link_ratios.tolist() == [1, 1, 1.5]
        assert found.ultimate.tolist() == [6, 3, 0, 0]
        for values in (found.standard_error, found.sigma2, found.relative_variance):
            assert np.isfinite(values).all()

    @pytest.mark.parametrize(
        ("table", "error", "words"),
        [
            ([[1, -2]], DataError, "holds 1 value below 0"),
            ([[1, np.inf]], DataError, "finite number"),
            ([[1, 2], [NAN, 2]], DataError, "row 1 has a value after one that is missing"),
            ([[1, NAN]], EvidenceError, "no cohort has come to the last development period"),
            ([1, 2], ArgumentError, "must be a table"),
            ("ab", ArgumentError, "must be a table"),
        ],
    )
    def test_unsound_ones(self, table, error, words):
        with pytest.raises(error, match=words):
            lag.chain_ladder(table)

    def test_a_tail_below_one(self):
        with pytest.raises(ArgumentError, match=r"`tail` must be a factor of at least 1; got 0\.9"):
            lag.chain_ladder([[1, 2]], tail=0.9)


def weekly(rows, entered, last):
    """Cohorts of leads that all entered on one day; conversions by whole weeks of age."""
    leads = []
    for j, (row, n) in enumerate(zip(rows, entered, strict=True)):
        steps = np.diff(row, prepend=0)
        for k, number in enumerate(steps):
            leads += [Lead(last[j], "won", 7 * k + 3, cohort=j)] * int(number)
        leads += [Lead(last[j], cohort=j)] * int(n - (row[-1] if len(row) else 0))
    return triangle(leads, exits=(), cohorts=len(rows))


ROWS = [[10, 15, 18, 20], [20, 32, 36], [16, 22], [12]]
ENTERED = [100, 150, 120, 100]


class TestFit:
    def test_it_is_the_chain_ladder_of_complete_bins(self):
        fit = lag.fit_chain_ladder(weekly(ROWS, ENTERED, [27, 20, 13, 6]), every="week")
        plain = lag.chain_ladder(padded(ROWS, 4))
        np.testing.assert_allclose(fit.ultimate[0], plain.ultimate / ENTERED)
        np.testing.assert_allclose(fit.expected_more[0], plain.reserve)
        assert fit.total_expected_more == pytest.approx(plain.total_reserve)
        assert fit.horizon == 27
        np.testing.assert_allclose(fit.rate_at([6, 13, 20, 27])[0, 3], 12 / fit.mature[0, 3] / 100
                                   * np.array([fit.mature[0, 3], fit.mature[0, 2],
                                               fit.mature[0, 1], 1.0]))  # fmt: skip

    def test_its_errors_are_macks_with_the_noise_of_leads_at_least(self):
        noisy = [[10, 40, 42, 50], [20, 32, 70], [16, 22], [12]]
        counts = weekly(noisy, ENTERED, [27, 20, 13, 6])
        fit = lag.fit_chain_ladder(counts, every="week")
        ladder = fit.patterns[0][0].ladder
        mack = lag.chain_ladder(padded(noisy, 4))
        expected = np.maximum(mack.sigma2, mack.link_ratios - 1)
        np.testing.assert_allclose(ladder.sigma2, expected)
        assert (mack.sigma2[:2] > mack.link_ratios[:2] - 1).all()
        assert fit.standard_error[0, 3] >= mack.standard_error[3]
        np.testing.assert_allclose(fit.total_standard_error, ladder.total_standard_error)

    def test_a_bin_counts_once_the_youngest_lead_is_past_it(self):
        """Leads of one cohort aged 6 and 7: a week is complete; one aged 5: it is not."""
        old = [Lead(20, "won", 2)] * 4 + [Lead(20, "won", 9)] * 4 + [Lead(20)] * 12
        young = [Lead(6, "won", 1, cohort=1), Lead(7, cohort=1), Lead(7, "won", 7, cohort=1)]
        fit = lag.fit_chain_ladder(triangle(old + young), every="week")
        assert fit.bins.position.tolist() == [[2, 0]]
        assert fit.own.tolist() == [[True, True]]
        assert fit.ultimate[0, 1] == pytest.approx(2 / 3)  # 1 · 8/4, and 2 have come
        assert fit.after_bins == 1
        assert "1 conversion in bins that are not complete yet is counted, but sets no link" in (
            fit.summary()
        )
        fit = lag.fit_chain_ladder(triangle([*old, *young, Lead(5, cohort=1)]), every="week")
        assert fit.bins.position.tolist() == [[2, -1]]
        assert fit.verdicts.tolist() == [["measured", "bound only"]]
        assert "1 cohort is too young for 7 days of all leads, and takes the pooled rate" in (
            fit.summary()
        )

    def test_a_day_within_a_bin(self):
        """All conversions of the first week come on day 3, those of the second on day 10."""
        fit = lag.fit_chain_ladder(weekly(ROWS, ENTERED, [27, 20, 13, 6]), every="week")
        maturity = fit.maturity([-1, 0, 2, 3, 9, 10, 27])[0, 0]
        assert maturity[:3].tolist() == [0, 0, 0]
        assert maturity[3] == maturity[4] == pytest.approx(fit.mature[0, 3])
        assert maturity[5] == pytest.approx(fit.mature[0, 2])
        assert maturity[6] == 1

    def test_each_segment_with_ratios_of_its_own(self):
        def leads(segment, late):
            return [
                *[Lead(13, "won", 2, segment=segment)] * 5,
                *[Lead(13, "won", 9, segment=segment)] * late,
                *[Lead(13, segment=segment)] * 30,
                *[Lead(6, "won", 2, cohort=1, segment=segment)] * 4,
                *[Lead(6, cohort=1, segment=segment)] * 30,
            ]

        counts = triangle(leads("ads", 5) + leads("web", 10), exits=(), by=True)
        shared = lag.fit_chain_ladder(counts, every="week")
        apart = lag.fit_chain_ladder(counts, every="week", latency="segments")
        assert shared.development()["link_ratio"].iloc[0] == pytest.approx(2.5)
        assert apart.development()["link_ratio"].iloc[[0, 2]].tolist() == [2.0, 3.0]
        np.testing.assert_allclose(apart.expected_more[:, 1], [4, 8])
        np.testing.assert_allclose(shared.expected_more[:, 1], [6, 6])
        draws = apart.sample(50, rng=1)
        assert draws.shape == (50, 2, 2, 14)

    def test_the_default_bins(self):
        def days(last):
            leads = [Lead(last, "won", 0)] * 5 + [Lead(last)] * 5
            return lag.fit_chain_ladder(triangle(leads)).bins.days

        assert [days(last) for last in (0, 26, 27, 118, 119)] == [1, 1, 7, 7, 30]

    def test_a_horizon_ends_the_last_bin(self):
        fit = lag.fit_chain_ladder(weekly(ROWS, ENTERED, [27, 20, 13, 6]), every=7, horizon=16)
        assert fit.bins.ends.tolist() == [6, 13, 16]
        assert fit.horizon == 16
        # the third week's conversions come on its fourth day, day 17
        assert fit.reached[0, 0].tolist() == [15, 32, 22, 12]


class TestZeros:
    def test_a_first_week_without_conversions(self):
        rows = [[0, 5, 9], [0, 6], [0]]
        fit = lag.fit_chain_ladder(weekly(rows, [50, 50, 50], [20, 13, 6]), every="week")
        assert fit.mature[0].round(4).tolist() == [1, round(5 / 9, 4), 0]
        assert fit.own.tolist() == [[True, True, False]]
        # 9 / 50 and 6 / 50 · 9/5: pooled 15 / (50 + 50 · 5/9)
        assert fit.ultimate[0, 2] == pytest.approx(15 / (50 + 50 * 5 / 9))
        assert fit.development()["undefined"].tolist() == [True, False, False]

    def test_a_volume_of_zero_between_cohorts(self):
        """Only the young cohort has conversions in the first week: the ratio 5/0 is undefined;
        by leads, 3/100 come in the first week and 5/50 in the second."""
        fit = lag.fit_chain_ladder(weekly([[0, 5], [3]], [50, 50], [13, 6]), every="week")
        assert fit.mature[0, 1] == pytest.approx(0.03 / 0.13)
        assert fit.ultimate[0, 1] == pytest.approx(3 / 50 * 0.13 / 0.03)

    def test_a_cohort_at_zero_takes_the_pooled_rate_less_what_it_has_not_shown(self):
        rows = [[10, 20], [10, 20], [10], [0]]
        fit = lag.fit_chain_ladder(weekly(rows, [100] * 4, [13, 13, 6, 6]), every="week")
        # the other three all come to 20 %, so the pooled rate 50 / 300 is worth the leads it has
        assert fit.ultimate[0, 3] == pytest.approx(50 / 300 * 300 / (300 + 50))
        low, high = fit.confidence_interval()
        assert 0 <= low[0, 3] < fit.ultimate[0, 3] < high[0, 3] < 0.25
        assert fit.verdicts[0].tolist() == ["measured", "measured", "extrapolated", "bound only"]

    def test_nobody_converted(self):
        with pytest.raises(EvidenceError, match="no lead has reached won within days that all"):
            lag.fit_chain_ladder(triangle([Lead(9)] * 30))

    def test_a_segment_without_conversions(self):
        leads = [Lead(9, "won", 1, segment="ads"), Lead(9, segment="web")]
        fit = lag.fit_chain_ladder(triangle(leads, by=True))
        assert fit.ultimate[:, 0].tolist() == [1, 0]
        with pytest.raises(EvidenceError, match="no lead of web has reached won"):
            lag.fit_chain_ladder(triangle(leads, by=True), latency="segments")

    def test_a_cohort_without_leads(self):
        counts = triangle([Lead(9, "won", 1), Lead(9), Lead(9, cohort=2)], cohorts=3)
        fit = lag.fit_chain_ladder(counts)
        assert np.isfinite(fit.ultimate).all()
        assert fit.expected_more[0, 1] == 0


class TestTail:
    def test_a_factor_is_reached_at_infinity(self):
        counts = weekly(ROWS, ENTERED, [27, 20, 13, 6])
        plain = lag.fit_chain_ladder(counts, every="week")
        fit = lag.fit_chain_ladder(counts, every="week", tail=1.25)
        assert (plain.horizon, fit.horizon) == (27, None)
        np.testing.assert_allclose(fit.ultimate, 1.25 * plain.ultimate)
        np.testing.assert_allclose(fit.rate_at([27, 300]), plain.rate_at([27, 27]))
        np.testing.assert_allclose(fit.rate_at([np.inf])[..., 0], fit.ultimate)
        assert (plain.verdict, fit.verdict) == ("measured", "extrapolated")
        assert fit.expected_more[0, 0] == pytest.approx(5)
        assert fit.standard_error[0, 0] > 0

    def test_ratios_that_fall_by_a_half(self):
        """1 + 1/2, 1 + 1/4, 1 + 1/8, so 1 + 1/16, 1 + 1/32 and so on are to come."""
        rows = [[512, 768, 960, 1080], [512, 768, 960], [512, 768], [512]]
        counts = weekly(rows, [10_000] * 4, [27, 20, 13, 6])
        fit = lag.fit_chain_ladder(counts, every="week", tail="exponential")
        factor = np.prod(1 + 0.5 ** np.arange(4, 60))
        assert fit.ultimate[0, 0] == pytest.approx(0.108 * factor, rel=1e-7)
        missing = 1 - fit.maturity([27, 34, 41])[0, 0]
        assert missing[1] / missing[0] == pytest.approx(0.5)
        assert missing[2] / missing[1] == pytest.approx(0.5)

    def test_ratios_that_do_not_fall(self):
        rows = [[10, 15, 22, 40], [10, 15, 22], [10, 15], [10]]
        counts = weekly(rows, ENTERED, [27, 20, 13, 6])
        with pytest.raises(EvidenceError, match="do not fall with age"):
            lag.fit_chain_ladder(counts, every="week", tail="exponential")
        with pytest.raises(EvidenceError, match="needs 3 link ratios above 1; there are 1"):
            lag.fit_chain_ladder(counts, every=14, tail="exponential")

    @pytest.mark.parametrize("tail", ["exponentail", 0.5, True, np.inf])
    def test_any_other_word(self, tail):
        with pytest.raises(ArgumentError, match=r"`tail` must be None"):
            lag.fit_chain_ladder(weekly(ROWS, ENTERED, [27, 20, 13, 6]), tail=tail)


@st.composite
def some_leads(draw):
    leads = []
    for _ in range(draw(st.integers(1, 30))):
        followed = draw(st.integers(0, 12))
        outcome = draw(st.sampled_from([None, "won", "lost"]))
        age = None if outcome is None else draw(st.integers(0, followed))
        cohort, segment = draw(st.integers(0, 2)), draw(st.sampled_from(["ads", "web"]))
        leads.append(Lead(followed, outcome, age, cohort=cohort, segment=segment))
    return leads


class TestLaws:
    @given(some_leads(), st.sampled_from([1, 2, 5]), st.sampled_from([None, 1.3, "exponential"]))
    @settings(max_examples=80, deadline=None)
    def test_bounds(self, leads, every, tail):
        counts = triangle(leads, by=True)
        try:
            fit = lag.fit_chain_ladder(counts, every=every, tail=tail)
        except EvidenceError:
            return
        days = np.arange(fit.bins.horizon + 1)
        if tail is not None:
            days = np.append(days, [50, 1000, np.inf])
        won, lost = (fit.rate_at(days, outcome=name) for name in ("won", "lost"))
        low, high = fit.confidence_interval(days)
        maturity = fit.maturity(days)
        for surface in (won, lost, low, high, maturity):
            assert surface.shape == (*counts.entered.shape, len(days))
            assert ((surface >= 0) & (surface <= 1 + 1e-12)).all()
        for surface in (won, lost, maturity):
            assert (np.diff(surface, axis=-1) >= -1e-12).all()
        assert (won + lost <= 1 + 1e-9).all()
        assert ((low <= won + 1e-12) & (won <= high + 1e-12)).all()
        np.testing.assert_allclose(won[..., -1], fit.ultimate, atol=1e-12)
        ends = fit.confidence_interval()
        np.testing.assert_allclose(np.stack(ends), np.stack([low[..., -1], high[..., -1]]))
        more = fit.expected_more
        assert ((more >= 0) & (more <= fit.undecided)).all()
        assert np.isfinite(fit.standard_error).all()
        share = fit.conditional(days)
        assert ((share >= 0) & (share <= 1)).all()
        one, two = (fit.sample(20, rng=3, outcome=name, ages=days) for name in ("won", "lost"))
        assert np.isfinite(one).all()
        assert ((one >= 0) & (one + two <= 1 + 1e-9)).all()
        assert (np.diff(one, axis=-1) >= -1e-12).all()

    def test_it_is_a_lag_fit(self):
        fit = lag.fit_chain_ladder(weekly(ROWS, ENTERED, [27, 20, 13, 6]))
        assert isinstance(fit, lag.LagFit)
        rates = lag.adjust(weekly(ROWS, ENTERED, [27, 20, 13, 6]), fit)
        assert np.isfinite(rates.adjusted).all()
        np.testing.assert_array_equal(fit.sample(5, rng=2), fit.sample(5, rng=2))

    def test_one_seed_gives_draws_around_the_fit(self):
        rows = [[200, 300, 360], [210, 320], [190]]
        fit = lag.fit_chain_ladder(weekly(rows, [2000] * 3, [20, 13, 6]), every="week")
        draws = fit.sample(4000, rng=1)[:, 0, :, -1]
        np.testing.assert_allclose(draws.mean(axis=0), fit.ultimate[0], rtol=0.01)
        low, high = fit.confidence_interval()
        np.testing.assert_allclose(np.quantile(draws, 0.025, axis=0), low[0], rtol=0.04)
        np.testing.assert_allclose(np.quantile(draws, 0.975, axis=0), high[0], rtol=0.04)

    def test_intervals_hold_the_rate(self):
        """300 sets of 12 cohorts at 20 %, exponential lag of 40 days: the youngest whole cohort's
        interval of the rate within the horizon covers it in 95 % of them, give or take 3 sd."""
        rng, held, runs = np.random.default_rng(12), 0, 300
        followed = np.arange(330, -1, -30) + 15
        for _ in range(runs):
            events = np.zeros((1, 12, 346), int)
            entered = np.full((1, 12), 400)
            for j, last in enumerate(followed):
                ages = np.floor(rng.exponential(40, rng.binomial(400, 0.2))).astype(int)
                events[0, j] = np.bincount(ages[ages <= last], minlength=346)
            at = np.zeros((1, 12, 346), int)
            at[0, np.arange(12), followed] = 1
            counts = Triangle(
                start="lead",
                target="won",
                cohorts=pd.period_range("2025-01", periods=12, freq="M"),
                as_of=dt.date(2025, 12, 31),
                entered=entered,
                events={"won": events},
                censored=at * (entered - events.sum(axis=-1))[..., None],
                followed=at * 400,
            )
            low, high = lag.fit_chain_ladder(counts).confidence_interval()
            held += low[0, -2] <= 0.2 * -np.expm1(-330 / 40) <= high[0, -2]
        assert abs(held / runs - 0.95) < 3 * np.sqrt(0.95 * 0.05 / runs)


class TestErrors:
    @pytest.mark.parametrize("every", [0, 1.5, True])
    def test_bins(self, every):
        with pytest.raises(ArgumentError, match=r"`every` must be \"day\", \"week\", \"month\""):
            lag.fit_chain_ladder(weekly(ROWS, ENTERED, [27, 20, 13, 6]), every=every)

    def test_an_unknown_bin(self):
        with pytest.raises(ArgumentError, match="Did you mean `week`"):
            lag.fit_chain_ladder(weekly(ROWS, ENTERED, [27, 20, 13, 6]), every="weak")

    def test_bins_longer_than_any_cohort(self):
        with pytest.raises(EvidenceError, match="no cohort has 30 days behind all of its leads"):
            lag.fit_chain_ladder(weekly(ROWS, ENTERED, [27, 20, 13, 6]), every="month")

    def test_beyond_the_horizon(self):
        counts = weekly(ROWS, ENTERED, [27, 20, 13, 6])
        fit = lag.fit_chain_ladder(counts)
        for ask in (fit.rate_at, fit.maturity, fit.conditional, fit.confidence_interval):
            with pytest.raises(EvidenceError, match="at most 27 days"):
                ask([28])
        with pytest.raises(EvidenceError, match="`horizon` must be at most 27"):
            lag.fit_chain_ladder(counts, horizon=28)

    def test_names(self):
        fit = lag.fit_chain_ladder(weekly(ROWS, ENTERED, [27, 20, 13, 6]))
        with pytest.raises(ArgumentError, match=r"unknown outcome `wun`.*Did you mean `won`"):
            fit.rate_at([1], outcome="wun")
        with pytest.raises(ArgumentError, match=r"Did you mean 0\.9"):
            fit.confidence_interval(confidence_level=90)

    def test_no_leads_and_late_ones(self):
        with pytest.raises(EvidenceError, match="no leads that entered lead"):
            lag.fit_chain_ladder(triangle([], cohorts=1))
        with pytest.raises(EvidenceError, match="1 lead came under observation late"):
            lag.fit_chain_ladder(triangle([Lead(9, late=3), Lead(9, "won", 2)]))


def test_olist_by_hand(shared_data):
    """The same table, made lead by lead with pandas."""
    folder = shared_data / "olist"
    mql = pd.read_csv(folder / "olist_marketing_qualified_leads_dataset.csv")
    deals = pd.read_csv(folder / "olist_closed_deals_dataset.csv")
    rows = mql.merge(deals[["mql_id", "won_date"]], how="left", on="mql_id")
    entered = pd.to_datetime(rows["first_contact_date"])
    rows["age"] = (pd.to_datetime(rows["won_date"]).dt.normalize() - entered).dt.days
    as_of = pd.Timestamp("2018-05-31")
    rows["followed"] = (as_of - entered).dt.days
    rows["cohort"] = entered.dt.to_period("M")
    rows = rows[(rows["cohort"] >= "2018-01") & (rows["cohort"] <= "2018-05") & ~(rows["age"] < 0)]
    table = []
    for _, cohort in rows.groupby("cohort"):
        whole = (cohort["followed"].min() + 1) // 30
        table.append([(cohort["age"] < 30 * (k + 1)).sum() for k in range(whole)])
    plain = lag.chain_ladder(padded(table, 4))
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
        as_of=as_of.date(),
    )
    counts = fk.triangle(leads, "mql", "won").select(first="2018-01")
    fit = lag.fit_chain_ladder(counts, every="month")
    frame = fit.to_frame().set_index("cohort")
    assert frame["complete_days"].tolist() == [120, 90, 60, 30, 0]
    assert frame["basis"].tolist() == ["own"] * 4 + ["pooled"]
    np.testing.assert_allclose(frame["ultimate"][:4], (plain.ultimate / counts.entered[0])[:4])
    assert fit.rate_at([119])[0, 0, 0] == pytest.approx(table[0][-1] / 1141)
