"""The day on which a test can decide: against days counted one by one, and against simulation."""

import datetime as dt
import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import funnelkit as fk
from funnelkit._core.errors import ArgumentError, EvidenceError, FunnelError
from funnelkit.experiment.sizing import followed
from funnelkit.experiment.sizing.deciding import when_decidable
from funnelkit.experiment.sizing.rates_needed import detectable, size

START = dt.date(2026, 1, 5)
PLAN = {"absolute": 0.05, "inflow": 100, "start": START, "horizon": 60}


def slow_date(total, daily, horizon, start=START):
    """Walk from day to day until so many leads are old enough."""
    entries, day = [], 0
    while True:
        entries.append(daily(start + dt.timedelta(days=day)))
        mature = sum(entries[: max(day - horizon + 1, 0)])
        if mature >= total - 1e-6:
            return start + dt.timedelta(days=day)
        day += 1


class TestMaturedOnly:
    def test_against_days_one_by_one(self):
        found = when_decidable(0.2, **PLAN)
        total = sum(size(0.2, absolute=0.05).unrounded)
        assert found.date == slow_date(total, lambda day: 100 / 7, 60)

    @pytest.mark.parametrize("more", [{"design_effect": 1.4}, {"inflation": 1.028}])
    def test_clusters_and_looks_take_longer(self, more):
        found = when_decidable(0.2, **PLAN, **more)
        total = sum(size(0.2, absolute=0.05, **more).unrounded)
        assert found.date == slow_date(total, lambda day: 100 / 7, 60)

    def test_split_and_treatments(self):
        found = when_decidable(0.2, **PLAN, split=0.3, treatments=2)
        control, treatment = size(0.2, absolute=0.05, split=0.3, treatments=2).unrounded
        assert found.date == slow_date(control + 2 * treatment, lambda day: 100 / 7, 60)

    def test_months(self):
        counts = {1: 310, 2: 280, 3: 620, 4: 900, 5: 31}
        months = pd.period_range("2026-01", periods=5, freq="M")
        inflow = pd.Series(list(counts.values()), index=months)
        found = when_decidable(
            0.2, relative=0.4, inflow=inflow, start=START, horizon=30, alternative="greater"
        )
        total = sum(size(0.2, relative=0.4, alternative="greater").unrounded)
        days = {1: 31, 2: 28, 3: 31, 4: 30, 5: 31}
        expected = slow_date(total, lambda day: counts[day.month] / days[day.month], 30)
        assert found.date == expected
        assert found.end == dt.date(2026, 5, 31)

    def test_weeks_of_the_frame(self):
        found = when_decidable(0.2, **PLAN)
        frame = found.to_frame()
        assert frame["week"].tolist() == list(range(1, len(frame) + 1))
        assert frame["entered"].tolist() == pytest.approx((100 * frame["week"]).tolist())
        # on day 7 k - 1 leads that entered by day 7 k - 61 are 60 days old
        mature = np.maximum(7 * frame["week"] - 60, 0) * 100 / 7
        assert frame["matured"].tolist() == pytest.approx(mature.tolist())
        week = frame.iloc[30]
        alone = detectable(week["matured"] / 2, 0.2)
        assert week["detectable_absolute"] == pytest.approx(alone.absolute, rel=1e-9)
        assert week["detectable_relative"] == pytest.approx(alone.absolute / 0.2)
        powered = frame.loc[frame["ends"] >= found.date, "power"]
        assert (powered >= 0.8).all()
        assert (frame.loc[frame["ends"] < found.date, "power"] < 0.8).all()

    def test_month_and_day_as_units(self):
        by_day = when_decidable(0.2, **{**PLAN, "inflow": 100 / 7, "every": "day"})
        assert by_day.date == when_decidable(0.2, **PLAN).date
        by_month = when_decidable(0.2, **{**PLAN, "inflow": 100 / 7 * 30.436875, "every": "month"})
        assert by_month.date == by_day.date

    def test_a_fall(self):
        found = when_decidable(0.2, **{**PLAN, "absolute": -0.05})
        assert np.nanmax(found.detectable) < 0
        assert found.date < when_decidable(0.2, **PLAN).date  # falls take fewer leads


class TestKaplanMeier:
    def test_leads_that_are_all_followed_are_worth_themselves(self):
        entered = np.cumsum(np.full(10, 30.0))
        maturity = np.linspace(0.1, 1, 21)
        assert followed.worth(entered, 40, maturity, 0.3) == pytest.approx(300)
        assert followed.worth(entered, 12, maturity, 0.3) == 0.0

    def test_conversions_on_the_first_day_need_no_waiting(self):
        entered = np.cumsum(np.full(10, 30.0))
        assert followed.worth(entered, 3, np.ones(21), 0.3) == pytest.approx(120)

    def test_between_mature_and_entered(self):
        curve = stats.expon(scale=20)
        found = when_decidable(0.2, **PLAN, lag=curve)
        some = found.matured > 0
        assert (found.worth[some] >= found.matured[some] - 1e-9).all()
        assert (found.worth <= found.entered + 1e-9).all()
        assert found.date < when_decidable(0.2, **PLAN).date
        left = when_decidable(0.2, **PLAN, lag=curve, immature="left out")
        assert left.date == when_decidable(0.2, **PLAN).date

    def test_variance_by_simulation(self):
        """Leads are worth what the spread of Kaplan-Meier over many tests says."""
        rng, horizon, rate, day = np.random.default_rng(3), 30, 0.4, 44
        maturity = followed.maturity_by_day(stats.expon(scale=10), horizon)
        entry = np.repeat(np.arange(40), 10)  # ten a day for forty days, seen on day 44
        age = day - entry
        cells = np.diff(maturity, prepend=0.0)
        rates = []
        for _ in range(1500):
            converts = rng.random(len(entry)) < rate
            at = np.where(converts, rng.choice(horizon + 1, len(entry), p=cells), 10**6)
            last = np.minimum(np.minimum(age, horizon), at)
            survival = 1.0
            for k in range(horizon + 1):
                at_risk = (last >= k).sum()
                events = ((at == k) & (age >= k)).sum()
                survival *= 1 - events / at_risk
            rates.append(1 - survival)
        entered = np.cumsum(np.full(40, 10.0))
        worth = followed.worth(entered, day, maturity, rate)
        found = rate * (1 - rate) / np.var(rates)
        # standard error of a variance over 1,500 runs: 3.7 %
        assert worth == pytest.approx(found, rel=0.13)
        assert 150 < worth < 400

    @pytest.mark.parametrize("segments", [((),), (("web",), ("fair",))])
    def test_a_fit_gives_curve_and_rate(self, segments):
        lost, won = [0, 100, 100, 0, 0, 0], [10, 20, 40, 30, 20, 0]
        number = len(segments)
        triangle = fk.Triangle(
            start="lead",
            target="won",
            exits=("lost",),
            by=("source",) if number > 1 else (),
            segments=segments,
            cohorts=pd.period_range("2026-01", periods=1, freq="M"),
            as_of=dt.date(2026, 1, 31),
            entered=np.full((number, 1), 600),
            events={
                "won": [[[k * n for n in won]] for k in range(1, number + 1)],
                "lost": [[lost]] * number,
            },
            censored=[[[0, 0, 0, 0, 0, 400 - 120 * k]] for k in range(1, number + 1)],
            followed=[[[0, 0, 0, 0, 0, 600]]] * number,
        )
        fit = fk.lag.fit_competing(triangle)
        plan = {**PLAN, "horizon": 4, "absolute": None, "relative": 0.2}
        found = when_decidable(None, **plan, lag=fit)
        # 120 of 600 by day 4; of both segments 360 of 1,200
        assert found.needed.control == pytest.approx(0.2 if number == 1 else 0.3)
        by_day = np.cumsum(won)[:5] / 120
        assert followed.maturity_by_day(fit, 4) == pytest.approx(by_day)
        assert when_decidable(found.needed.control, **plan, lag=by_day).date == found.date
        with pytest.raises(EvidenceError, match="`horizon` must be at most 5 days"):
            when_decidable(None, **{**plan, "horizon": 90}, lag=fit)


class TestCurves:
    def test_a_law_is_averaged_over_the_day(self):
        # the mean of F from a to a + 1: of the uniform law on 0 to 10, (a + 1/2) / 10 up to age 9
        found = followed.maturity_by_day(stats.uniform(0, 10), 9)
        assert found == pytest.approx((np.arange(10) + 0.5) / 9.5)

    def test_a_curve_is_taken_up_to_the_horizon(self):
        assert followed.maturity_by_day([0.2, 0.5, 0.8, 1.0], 2) == pytest.approx([0.25, 0.625, 1])
        assert followed.maturity_by_day([0.5, 1.0], 4) == pytest.approx([0.5, 1, 1, 1, 1])

    @pytest.mark.parametrize(
        ("lag", "words"),
        [
            ([0.5, 0.4, 1.0], "never fall"),
            ([0.0, 50, 100], "at most 1"),
            ([-0.5, 0.4, 1.0], "rise from 0"),
            ([math.nan, 0.4, 1.0], "never fall"),
            ([0, 0, 0], "got none"),
            ([0.1, 0.2], "up to the horizon"),
            ("weibull", "scipy"),
            ([[0.1, 1.0]], "maturity at age"),
            ([], "maturity at age"),
        ],
    )
    def test_wrong_curves(self, lag, words):
        with pytest.raises(ArgumentError, match=f"`lag`.*{words}"):
            when_decidable(0.2, **{**PLAN, "horizon": 2}, lag=lag)


class TestNever:
    def test_an_end_too_early(self):
        found = when_decidable(0.2, **PLAN, end="2026-03-31")
        assert found.date is None
        assert found.days_to_decide == 0
        assert "Never at this inflow" in found.summary()
        assert "+6.8 points" in found.summary()
        at_end = detectable(100 / 7 * 86 / 2, 0.2)
        assert found.detectable[-1] == pytest.approx(at_end.absolute, rel=1e-9)

    def test_what_is_said_to_make_it_possible_does(self):
        found = when_decidable(0.2, **PLAN, end="2026-03-31")
        assert "7 June 2026" in found.summary()
        assert when_decidable(0.2, **PLAN, end="2026-06-07").date is not None
        assert when_decidable(0.2, **PLAN, end="2026-06-03").date is None
        assert "1.8 times the inflow" in found.summary()
        more = when_decidable(0.2, **{**PLAN, "inflow": 181}, end="2026-03-31")
        assert more.date is not None

    def test_hardly_any_leads(self):
        found = when_decidable(0.02, **{**PLAN, "absolute": 0.005, "inflow": 5})
        assert found.date is None
        assert "within about a year" in found.summary()
        none = when_decidable(0.02, **{**PLAN, "inflow": 1}, end="2026-01-12")
        assert "no effect is large enough" in none.summary()
        assert np.isnan(none.detectable).all()

    def test_a_lead_at_once_is_no_test(self):
        found = when_decidable(0.5, **{**PLAN, "inflow": 10**9, "horizon": 1, "absolute": 0.4})
        assert found.date == START + dt.timedelta(days=1)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"inflow": 0}, "`inflow`"),
        ({"inflow": "many"}, "`inflow`"),
        ({"inflow": pd.Series([3, 4])}, "`inflow`.*to_period"),
        (
            {"inflow": pd.Series([3, -4], index=pd.period_range("2026-02", periods=2, freq="M"))},
            "`inflow`.*1 period does not comply, such as 2026-03",
        ),
        (
            {"inflow": pd.Series([3.0], index=pd.period_range("2025-02", periods=1, freq="M"))},
            "`inflow`.*on or after `start`",
        ),
        ({"start": "5.1.2026"}, "`start`"),
        ({"end": "2026-01-01"}, "`end`"),
        ({"horizon": 0}, "`horizon`"),
        ({"horizon": 30.5}, "`horizon`"),
        ({"every": "fortnight"}, "`every`"),
        ({"immature": "kaplan-meier"}, "`lag`"),
        ({"immature": "counted", "lag": [1.0]}, "`immature`"),
        ({"method": "exact"}, "`method`"),
        ({"control_rate": None}, "`control_rate`"),
        ({"absolute": 5}, "`absolute`"),
    ],
)
def test_wrong_arguments(more, words):
    arguments = {"control_rate": 0.2, **PLAN, **more}
    with pytest.raises(FunnelError, match=words):
        when_decidable(arguments.pop("control_rate"), **arguments)


def test_a_fit_of_several_curves_is_refused():
    class Fit:
        """A fit by segment, without a pooled curve."""

        segments, cohorts, outcomes, horizon = (("a",), ("b",)), (), ("won",), None
        ultimate = verdict = verdicts = None

        def rate_at(self, ages, *, outcome=None):
            return np.stack([np.asarray(ages) / 100, np.asarray(ages) / 200])[:, None]

        def maturity(self, ages): ...

        def conditional(self, age, horizon=None, *, outcome=None): ...

        def sample(self, n, *, rng, outcome=None, ages=None): ...

        def confidence_interval(self, ages=None, *, confidence_level=0.95, outcome=None): ...

    with pytest.raises(ArgumentError, match="one curve"):
        when_decidable(0.2, **PLAN, lag=Fit())
