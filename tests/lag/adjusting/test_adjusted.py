"""Adjusted rates: own conversions over own maturity, bounds, and cohorts that can say nothing."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special

import funnelkit as fk
from funnelkit import lag
from funnelkit._core.errors import ArgumentError
from funnelkit._core.interval import share_interval
from tests.olist_figures import MONTHS, read_olist
from tests.reference import product_limit as slow
from tests.reference.leads import Lead, triangle
from tests.reference.paced import expected_by_month, paced, weibull_by_day

COLUMNS = [
    "cohort", "entered", "converted", "rate", "rate_low", "rate_high", "maturity", "adjusted",
    "adjusted_low", "adjusted_high", "expected_more", "immature", "partial", "basis",
    "more_low", "more_high", "timing_sd", "pace_sd",
]  # fmt: skip


def two_cohorts():
    """40 old leads with wins on days 0, 0, 2 and 6; 10 young ones with a win on day 0."""
    old = [Lead(9, "won", age) for age in (0, 0, 2, 6)] + [Lead(9)] * 36
    young = [Lead(1, "won", 0, cohort=1)] + [Lead(1, cohort=1)] * 9
    return triangle([*old, *young], exits=())


@st.composite
def some_leads(draw):
    leads = []
    for _ in range(draw(st.integers(1, 30))):
        followed = draw(st.integers(0, 12))
        outcome = draw(st.sampled_from([None, None, "won", "lost"]))
        age = None if outcome is None else draw(st.integers(0, followed))
        leads.append(Lead(followed, outcome, age, cohort=draw(st.integers(0, 3))))
    return leads


def test_a_young_cohort_by_hand():
    """Day 0: 3 of 50. Day 2: 1 of the 38 left. Day 6: 1 of 37. The young see day 0 only."""
    counts = two_cohorts()
    rates = lag.adjust(counts, lag.fit_kaplan_meier(counts))
    final = 1 - 47 / 50 * 37 / 38 * 36 / 37
    seen = 3 / 50 / final
    np.testing.assert_allclose(rates.maturity, [[1.0, seen]])
    np.testing.assert_allclose(rates.adjusted, [[0.1, 0.1 / seen]])
    np.testing.assert_allclose(rates.expected_more, [[0.0, 10 * (0.1 / seen - 0.1)]])
    assert rates.immature.tolist() == [[False, True]]
    low, high = rates.confidence_interval(0.9)
    plain = np.array(share_interval(1, 10, confidence_level=0.9)) / seen
    doubt = 1.6448536 * rates.timing_sd[0, 1] / (1 - 0.1 / seen)
    centre = special.logit(0.1 / seen)
    apart = np.hypot(special.logit(plain) - centre, doubt) * [-1, 1]
    np.testing.assert_allclose([low[0, 1], high[0, 1]], special.expit(centre + apart))
    assert rates.timing_sd[0, 1] > 0.1
    assert rates.holds_fixed == ("pace",)
    expected = share_interval(4, 40, confidence_level=0.9)
    np.testing.assert_allclose([low[0, 0], high[0, 0]], expected)


@given(some_leads())
@settings(max_examples=25, deadline=None)
def test_the_slow_version(leads):
    counts = triangle(leads)
    fit = lag.fit_competing(counts)
    rates = lag.adjust(counts, fit)
    for cohort in {lead.cohort for lead in leads}:
        if fit.ultimate[0, 0] > 0:
            maturity, adjusted = slow.adjusted(leads, cohort, fit.horizon)
            np.testing.assert_allclose(rates.mature_leads[0, cohort], maturity, atol=1e-9)
            if maturity >= 1 + 1e-9:
                np.testing.assert_allclose(rates.adjusted[0, cohort], adjusted, atol=1e-9)


@given(some_leads(), st.booleans(), st.sampled_from([0.5, 0.95]))
@settings(max_examples=60, deadline=None)
def test_everything_is_finite_and_inside(leads, own, level):
    counts = triangle(leads)
    fit = lag.fit_competing(counts, pool=() if own else ("cohorts",))
    rates = lag.adjust(counts, fit, confidence_level=level)
    frame = rates.to_frame()
    assert frame.columns.tolist() == COLUMNS
    numbers = frame.select_dtypes("number")
    assert np.isfinite(numbers.to_numpy(float)).all()
    shares = ["rate", "rate_low", "rate_high", "maturity", "adjusted", "adjusted_low"]
    assert ((frame[shares] >= 0) & (frame[shares] <= 1)).all(axis=None)
    assert (frame["adjusted_low"] <= frame["adjusted"] + 1e-12).all()
    assert (frame["adjusted"] <= frame["adjusted_high"] + 1e-12).all()
    assert (frame["adjusted_high"] <= 1).all()
    assert (frame["rate_low"] <= frame["rate"]).all()
    assert (frame["expected_more"] >= -1e-12).all()
    assert (frame["expected_more"] <= counts.open.ravel() + 1e-12).all()
    assert (frame["more_low"] <= frame["expected_more"] + 1e-9).all()
    assert (frame["expected_more"] <= frame["more_high"] + 1e-9).all()
    assert (frame["more_low"] >= 0).all()
    assert (frame["more_high"] <= counts.open.ravel()).all()
    assert isinstance(rates.summary(), str)


def test_mature_cohorts_keep_their_rate():
    leads = [Lead(20, "won", 3)] * 3 + [Lead(20)] * 7 + [Lead(15, "won", 9, cohort=1)]
    counts = triangle([*leads, *[Lead(15, cohort=1)] * 4])
    rates = lag.adjust(counts, lag.fit_competing(counts, horizon=10))
    np.testing.assert_allclose(rates.maturity, 1.0)
    np.testing.assert_allclose(rates.adjusted, [[0.3, 0.2]])
    np.testing.assert_allclose(rates.expected_more, 0.0, atol=1e-12)


def test_conversions_after_the_horizon_are_left_out_and_said():
    counts = triangle([Lead(20, "won", 3), Lead(20, "won", 15), *[Lead(20)] * 8])
    rates = lag.adjust(counts, lag.fit_competing(counts, horizon=10))
    assert rates.to_frame().loc[0, ["converted", "rate", "adjusted"]].tolist() == [1, 0.1, 0.1]
    assert rates.summary().endswith("1 conversion after day 10 is left out.")


def test_no_more_than_what_is_open_can_convert():
    """5 of 10 convert at once, where few usually do, and 3 leave: only 2 are still open."""
    old = [Lead(9, "won", 0)] * 1 + [Lead(9, "won", 5)] * 9 + [Lead(9)] * 10
    quick = [Lead(0, "won", 0, cohort=1)] * 5 + [Lead(0, "lost", 0, cohort=1)] * 3
    counts = triangle([*old, *quick, *[Lead(0, cohort=1)] * 2])
    rates = lag.adjust(counts, lag.fit_competing(counts))
    assert rates.adjusted[0, 1] == pytest.approx(0.7)
    assert rates.expected_more[0, 1] <= 2
    low, high = rates.confidence_interval()
    assert low[0, 1] <= 0.7 <= high[0, 1] <= 1


class TestNothingOfItsOwn:
    def test_leads_of_0_days_without_a_conversion_on_day_0(self):
        old = [Lead(9, "won", 5)] * 3 + [Lead(9)] * 7
        counts = triangle([*old, *[Lead(0, cohort=1)] * 50])
        rates = lag.adjust(counts, lag.fit_kaplan_meier(counts))
        frame = rates.to_frame()
        assert frame["basis"].tolist() == ["own", "pooled"]
        assert frame["maturity"].tolist() == [1.0, 0.0]
        assert frame.loc[1, "adjusted"] == pytest.approx(0.3)
        assert frame.loc[1, ["adjusted_low", "adjusted_high"]].tolist() == [0.0, 1.0]
        assert frame.loc[1, "expected_more"] == pytest.approx(15.0)
        assert "going by the other cohorts" in rates.summary()

    def test_a_month_without_leads(self):
        counts = triangle([Lead(9, "won", 5), Lead(9), Lead(9, cohort=2)])
        frame = lag.adjust(counts, lag.fit_kaplan_meier(counts)).to_frame()
        assert frame["entered"].tolist() == [2, 0, 1]
        row = frame.loc[1]
        assert row[["rate", "rate_low", "rate_high", "maturity"]].tolist() == [0.0, 0.0, 1.0, 0.0]
        assert row["basis"] == "pooled"
        assert row["adjusted"] == pytest.approx(1 / 3)
        assert row["expected_more"] == 0.0

    def test_no_conversion_anywhere(self):
        counts = triangle([*[Lead(9)] * 20, *[Lead(3, cohort=1)] * 20])
        rates = lag.adjust(counts, lag.fit_kaplan_meier(counts))
        assert rates.adjusted.tolist() == [[0.0, 0.0]]
        low, high = rates.confidence_interval()
        assert low.tolist() == [[0.0, 0.0]]
        assert high[0, 0] == pytest.approx(share_interval(0, 20).high)
        assert high[0, 1] == 1.0

    def test_zero_conversions_of_a_cohort(self):
        counts = triangle([Lead(9, "won", 5), *[Lead(9)] * 9, *[Lead(9, cohort=1)] * 9])
        rates = lag.adjust(counts, lag.fit_kaplan_meier(counts))
        assert rates.adjusted[0, 1] == 0.0
        assert rates.confidence_interval().high[0, 1] == pytest.approx(share_interval(0, 9).high)

    def test_another_segment_helps_where_a_segment_has_none(self):
        leads = [Lead(9, "won", 5, segment="ads"), Lead(9, segment="ads"), Lead(0, segment="web")]
        counts = triangle(leads, by=True)
        frame = lag.adjust(counts, lag.fit_kaplan_meier(counts)).to_frame()
        assert frame["source"].tolist() == ["ads", "web"]
        assert frame["adjusted"].tolist() == [0.5, 0.5]
        assert frame["basis"].tolist() == ["own", "pooled"]

    def test_cohorts_that_came_under_observation_late(self):
        leads = [*[Lead(9, "won", 5)] * 2, *[Lead(9)] * 8, Lead(20, "won", 14, cohort=1, late=12)]
        leads += [Lead(20, cohort=1, late=12)] * 3
        counts = triangle(leads)
        frame = lag.adjust(counts, lag.fit_kaplan_meier(counts, horizon=9)).to_frame()
        assert frame["basis"].tolist() == ["own", "pooled"]
        assert frame.loc[1, ["adjusted", "adjusted_low", "adjusted_high"]].tolist() == [0.2, 0, 1]


def test_accounts_widen_the_interval():
    rng = np.random.default_rng(1)
    leads = []
    for account in range(30):
        won = rng.random() < 0.4
        leads += [
            Lead(9, *(("won", 2) if won else (None, None)), account=f"a{account}")
        ] * int(rng.integers(1, 9))  # fmt: skip
    with_accounts = triangle(leads)
    without = triangle([lead._replace(account=None) for lead in leads])
    wide, narrow = (
        lag.adjust(counts, lag.fit_kaplan_meier(counts)) for counts in (with_accounts, without)
    )
    np.testing.assert_array_equal(wide.adjusted, narrow.adjusted)
    widths = [np.ptp(np.array(rates.confidence_interval())) for rates in (wide, narrow)]
    assert widths[0] > 1.5 * widths[1]
    worth = with_accounts.accounts.up_to(9).effective(
        with_accounts.converted, with_accounts.entered, confidence_level=0.95
    )
    expected = share_interval(wide.adjusted * worth, worth)
    np.testing.assert_allclose(wide.confidence_interval(), expected)


def test_the_fit_may_hold_more_cohorts_than_the_triangle():
    counts = two_cohorts()
    fit = lag.fit_kaplan_meier(counts)
    one = lag.adjust(counts.select(first="2026-02"), fit)
    assert one.adjusted[0, 0] == lag.adjust(counts, fit).adjusted[0, 1]


def test_arguments():
    counts = two_cohorts()
    fit = lag.fit_kaplan_meier(counts)
    with pytest.raises(ArgumentError, match=r"Did you mean 0\.95"):
        lag.adjust(counts, fit, confidence_level=95)
    with pytest.raises(ArgumentError) as caught:
        lag.adjust(counts, lag.fit_kaplan_meier(counts.select(last="2026-01")))
    assert str(caught.value) == (
        "`fit` must hold every segment and cohort of the triangle; it lacks 2026-02."
    )
    other = triangle([Lead(3)])
    object.__setattr__(other, "target", "sql")
    with pytest.raises(ArgumentError, match="`fit` must be of the target `sql`; got one of `won`"):
        lag.adjust(other, fit)


def test_the_sentence_and_the_partial_mark():
    counts = two_cohorts()
    object.__setattr__(counts, "partial", frozenset([pd.Period("2026-02", "M")]))
    rates = lag.adjust(counts, lag.fit_kaplan_meier(counts))
    assert rates.to_frame()["partial"].tolist() == [False, True]
    low, high = (100 * end[0, 1] for end in rates.confidence_interval())
    assert rates.summary() == (
        "February 2026: 1 of 10 leads reached won so far (10.0\u202f%); 18.2\u202f% "
        f"({low:.1f} to {high:.1f}\u202f%) expected within 9 days. Of 2 cohorts with 50 leads in "
        "all, 1 is immature."
    )
    assert repr(rates).startswith("<AdjustedRates>\nFebruary 2026")
    assert "<table" in rates._repr_html_()


SHARE = weibull_by_day(400, 30.0, 0.8)


def world(seed=1, **changes):
    given = {"rates": [[0.3, 0.25, 0.3]], "per_cohort": 600, "share": SHARE}
    return paced(np.random.default_rng(seed), **(given | changes))


class TestDoubt:
    def test_timing_as_leads_drawn_anew_say(self):
        """The bootstrap: leads of each day and fate drawn again, the curve fitted to them."""
        counts = world(known=False)
        fit = lag.fit_kaplan_meier(counts, horizon=80)
        rng, logs = np.random.default_rng(2), []
        for _ in range(60):
            followed, open_to, won = (
                np.zeros_like(cube[0])
                for cube in (counts.followed, counts.censored, counts.followed)
            )
            for j in range(3):
                n = int(counts.entered[0, j])
                # by age at as_of for open leads, by age at the win for the others: the curve
                # needs no more
                both = np.concatenate([counts.censored[0, j], counts.events["won"][0, j]])
                drawn = rng.multinomial(n, both / n)
                open_to[j], won[j] = np.split(drawn, 2)
                followed[j, -1] = n
            again = dataclasses.replace(
                counts,
                events={"won": won[None]},
                censored=open_to[None],
                followed=followed[None],
            )
            curve = lag.fit_kaplan_meier(again, horizon=80).maturity(np.arange(81))[0, 0]
            age = np.minimum(np.arange(counts.n_ages), 80)
            mean = (counts.followed[0] * curve[age]).sum(axis=1) / counts.entered[0]
            logs.append(np.log(mean))
        found = lag.adjust(counts, fit).timing_sd[0]
        np.testing.assert_allclose(found[2], np.std(logs, axis=0)[2], rtol=0.35)
        assert found[0] < found[1] < found[2]

    def test_pace_by_difference(self):
        """Each month moved by itself, by the loops of the reference, times the sd of a month."""
        counts = world(factors=[1.2, 0.8, 1.1])
        fit = lag.fit_cure(counts)
        rates = lag.adjust(counts, fit)
        curve = fit.maturity(np.arange(counts.n_ages))[0, 0]
        logs = [
            np.log(expected_by_month(counts, curve, moved).sum(axis=2)[0])
            for sign in (1, -1)
            for moved in sign * 1e-4 * np.eye(3)
        ]
        slopes = (np.array(logs[:3]) - np.array(logs[3:])) / 2e-4
        sd = lag.fit_pace(counts, fit).predictive_sd
        np.testing.assert_allclose(rates.pace_sd[0], sd * np.sqrt((slopes**2).sum(0)), rtol=1e-4)
        assert rates.pace_sd[0, 0] < rates.pace_sd[0, 2]
        assert rates.holds_fixed == ()

    def test_the_interval_is_never_inside_the_one_of_chance_alone(self):
        counts = world(3, per_cohort=150)
        for level in (0.5, 0.95):
            rates = lag.adjust(counts, lag.fit_cure(counts), confidence_level=level)
            nothing = np.zeros_like(rates.timing_sd)
            alone = dataclasses.replace(rates, timing_sd=nothing, pace_sd=nothing)
            whole, part = rates.confidence_interval(level), alone.confidence_interval(level)
            plain = share_interval(rates.converted, rates.entered, confidence_level=level)
            np.testing.assert_allclose(part, np.minimum(np.array(plain) / rates.maturity, 1))
            assert (whole.low <= part.low).all()
            assert (whole.high >= part.high).all()
            assert (np.ptp(whole, axis=0) > 1.05 * np.ptp(part, axis=0))[0, 2]

    def test_no_conversion_in_a_young_cohort(self):
        counts = world(4, rates=[[0.3, 0.3, 1e-12]], per_cohort=200)
        rates = lag.adjust(counts, lag.fit_cure(counts))
        assert rates.adjusted[0, 2] == 0
        low, high = rates.confidence_interval()
        plain = share_interval(0, 200).high / rates.maturity[0, 2]
        assert low[0, 2] == 0
        assert plain < high[0, 2] < 1.5 * plain

    def test_conversions_to_come_are_held(self):
        """Cohorts followed on: how many of the open leads convert lies inside 95 % of the time."""
        held, n = 0, 30
        for seed in range(n):
            whole = world(seed, rates=[[0.3, 0.25, 0.3, 0.25]], per_cohort=300, known=False)
            rng = np.random.default_rng(1000 + seed)
            rates = lag.adjust(whole, lag.fit_cure(whole))
            low, high = rates.more_interval()
            seen = (whole.followed * SHARE[: whole.n_ages]).sum(axis=-1) / whole.entered
            p = np.array([[0.3, 0.25, 0.3, 0.25]])
            came = rng.binomial(whole.open, p * (1 - seen) / (1 - p * seen))
            held += int(((low <= came) & (came <= high))[0, 3])
        assert held / n >= 0.8


class TestEveryFit:
    @pytest.mark.parametrize(
        "method",
        [
            lag.fit_kaplan_meier,
            lag.fit_competing,
            lag.fit_cure,
            lag.fit_cure_competing,
            lag.fit_hazard,
            lag.fit_chain_ladder,
            lambda counts: lag.within(lag.fit_cure(counts), 60),
        ],
    )
    def test_without_and_with_pace(self, method):
        counts = world(5, rates=[[0.3, 0.25, 0.3], [0.1, 0.2, 0.1]], per_cohort=200)
        rates = lag.adjust(counts, method(counts))
        frame = rates.to_frame()
        numbers = frame.select_dtypes("number").to_numpy(float)
        assert np.isfinite(numbers).all()
        assert (frame["adjusted_low"] <= frame["adjusted"]).all()
        assert (frame["adjusted"] <= frame["adjusted_high"]).all()
        assert (frame["pace_sd"] > 0).any()
        assert (frame["timing_sd"] > 0).any()

    def test_a_shrunken_fit_gives_its_rates(self):
        counts = world(6, rates=[[0.3, 0.25, 0.3], [0.1, 0.2, 0.1]], per_cohort=100)
        fit = lag.fit_shrunken(counts)
        rates = lag.adjust(counts.select(first="2026-02"), fit)
        np.testing.assert_array_equal(rates.adjusted, fit.ultimate[:, 1:])
        low = rates.confidence_interval(0.8).low
        np.testing.assert_array_equal(low, fit.confidence_interval(confidence_level=0.8).low[:, 1:])
        frame = rates.to_frame()
        assert set(frame["basis"]) == {"shrunken"}
        assert (frame["more_low"] <= frame["expected_more"]).all()
        assert (frame["expected_more"] <= frame["more_high"]).all()
        assert (frame["more_high"] < counts.open[:, 1:].ravel()).all()
        assert "expected" in rates.summary() or "immature" in rates.summary()


class TestOlist:
    """April 2018 looked like 18.7 % on 30 April, 16.0 to 21.8 by chance alone; it came to 13.5."""

    @pytest.fixture
    def counts(self, shared_data):
        leads = read_olist(shared_data).at("2018-04-30")
        return fk.triangle(leads, "mql", "won").select(first="2018-01", last="2018-04")

    def test_april_as_seen_on_30_april(self, counts):
        rates = lag.adjust(counts, lag.fit_kaplan_meier(counts))
        assert rates.adjusted[0, 3] == pytest.approx(0.187, abs=0.001)
        low, high = rates.confidence_interval()
        assert low[0, 3] < 0.15
        assert high[0, 3] > 0.23

    def test_the_shrunken_rate_holds_what_came(self, counts):
        won, entered = MONTHS["2018-04"][1], MONTHS["2018-04"][0]
        low, high = lag.adjust(counts, lag.fit_shrunken(counts)).confidence_interval()
        assert low[0, 3] <= won / entered <= high[0, 3]
