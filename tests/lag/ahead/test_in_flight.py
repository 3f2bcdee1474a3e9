"""Open leads: chances, sums and intervals, against slow versions and what came at Olist."""

import datetime as dt
import functools
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import funnelkit as fk
from funnelkit.counts.triangle import AccountSums, Triangle
from funnelkit.lag import fit_competing, fit_cure, fit_kaplan_meier, in_flight
from funnelkit.lag.ahead.past import past


class Paces:
    """Factors that are the same in each draw, by month; others 1."""

    def __init__(self, **by_month):
        self.by_month = {name.strip("m").replace("_", "-"): f for name, f in by_month.items()}

    def sample_factors(self, n, months, *, rng):
        return np.tile([self.by_month.get(str(month), 1.0) for month in months], (n, 1))


class Varying:
    """A factor for each month to come, log-normal with a known standard deviation."""

    def __init__(self, sd):
        self.sd = sd

    def sample_factors(self, n, months, *, rng):
        return np.exp(self.sd * np.random.default_rng(rng).standard_normal((n, len(months))))


@functools.cache
def counts(*, segments=1, exits=(), n=400, seed=0):
    """Three monthly cohorts as of 2026-03-21; 30 % convert after 25 days on average."""
    rng = np.random.default_rng(seed)
    as_of = dt.date(2026, 3, 21)
    cohorts = pd.period_range("2026-01", periods=3, freq="M")
    shape = (segments, 3, 80)
    cubes = {name: np.zeros(shape, int) for name in ("won", "open", "followed", *exits)}
    for i in range(segments):
        for _ in range(n):
            followed = int(rng.integers(80))
            entered = as_of - dt.timedelta(days=followed)
            cell = (i, entered.month - 1)
            drawn = rng.random()
            fate = "won" if drawn < 0.3 else exits[0] if exits and drawn < 0.5 else "never"
            age = int(rng.exponential(25))
            happened = fate != "never" and age <= followed
            cubes[fate if happened else "open"][(*cell, age if happened else followed)] += 1
            cubes["followed"][(*cell, followed)] += 1
    return Triangle(
        start="lead",
        target="won",
        exits=exits,
        by=("source",) if segments > 1 else (),
        segments=tuple((f"s{i}",) for i in range(segments)) if segments > 1 else ((),),
        cohorts=cohorts,
        as_of=as_of,
        entered=cubes["followed"].sum(axis=2),
        events={name: cubes[name] for name in ("won", *exits)},
        censored=cubes["open"],
        followed=cubes["followed"],
    )


def slow_sum(triangle, fit, horizon, end):
    """Each open lead's conditional chance, added up lead by lead."""
    total = np.zeros(triangle.entered.shape)
    for i, j, age in zip(*np.nonzero(triangle.censored), strict=True):
        if age < end:
            more = None if horizon is None else min(horizon, end - age)
            chance = fit.conditional([age], None if more in (None, np.inf) else int(more))[i, j, 0]
            total[i, j] += triangle.censored[i, j, age] * chance
    return total


class TestExpected:
    @pytest.mark.parametrize("horizon", [None, 10, 70])
    def test_of_a_curve_with_a_tail(self, horizon):
        triangle = counts(segments=2)
        fit = fit_cure(triangle, rates=("segments", "cohorts"), family="exponential")
        flight = in_flight(triangle, fit, horizon=horizon, pace=False, n_draws=10)
        np.testing.assert_allclose(flight.by_cohort, slow_sum(triangle, fit, horizon, np.inf))
        np.testing.assert_allclose(flight.expected, flight.by_cohort.sum(axis=1))
        assert not flight.beyond.any()
        assert not flight.cut_short.any()

    @pytest.mark.parametrize("horizon", [None, 10, 70])
    def test_where_exits_compete_and_nothing_is_known_beyond_a_day(self, horizon):
        triangle = counts(segments=2, exits=("lost",))
        fit = fit_competing(triangle, horizon=60)
        flight = in_flight(triangle, fit, horizon=horizon, pace=False, n_draws=10)
        np.testing.assert_allclose(flight.by_cohort, slow_sum(triangle, fit, horizon, 60))
        assert flight.beyond.sum() == triangle.censored[..., 60:].sum()
        short = {
            None: 0,
            10: triangle.censored[..., 51:60].sum(),
            70: triangle.censored[..., :60].sum(),
        }
        assert flight.cut_short.sum() == short[horizon]
        assert flight.n == triangle.open.sum()

    def test_part_of_what_was_fitted(self):
        triangle = counts(segments=2)
        fit = fit_cure(triangle, rates=("segments", "cohorts"), family="exponential")
        whole = in_flight(triangle, fit, horizon=10, pace=False, n_draws=10)
        part = triangle.select(first="2026-02", segment="s1")
        some = in_flight(part, fit, horizon=10, pace=False, n_draws=10)
        np.testing.assert_allclose(some.by_cohort, whole.by_cohort[1:, 1:])
        frame = some.probabilities()
        assert set(frame["source"]) == {"s1"}
        assert (frame["open"] * frame["p_within_10_days"]).sum() == pytest.approx(some.expected[0])

    def test_pace_by_month_with_depletion(self):
        """As of 21 March: ten days of March at half the pace, then April at twice."""
        triangle = counts()
        fit = fit_cure(triangle, family="exponential")
        pace = Paces(m2026_03=0.5, m2026_04=2.0)
        flight = in_flight(triangle, fit, horizon=[10, 40], pace=pace, n_draws=10)
        p = fit.ultimate[0, 0]

        def slow(horizon):
            total = 0.0
            for age in range(80):
                by = fit.rate_at([age + d for d in range(horizon + 1)])[0, 0]
                left = 1.0
                for day in range(1, horizon + 1):
                    month = (triangle.as_of + dt.timedelta(days=day)).month
                    factor = {3: 0.5, 4: 2.0}[month]
                    left *= ((p - by[day]) / (p - by[day - 1])) ** factor
                converts = (p - by[0]) / (1 - by[0])
                total += triangle.censored[0, :, age].sum() * converts * (1 - left)
            return total

        assert flight.expected[0] == pytest.approx(slow(10))
        assert flight.within(40).expected[0] == pytest.approx(slow(40))
        plain = in_flight(triangle, fit, horizon=[10, 40], pace=False, n_draws=10)
        assert flight.expected[0] < plain.expected[0]
        assert flight.ever.expected[0] == pytest.approx(plain.ever.expected[0])

    def test_probability_table(self):
        triangle = counts()
        fit = fit_kaplan_meier(triangle, horizon=60)
        flight = in_flight(triangle, fit, horizon=20, pace=False, n_draws=10)
        table = flight.probability_table([0, 40, 60])
        assert list(table.columns) == ["cohort", "age", "p_within_20_days", "p_by_day_60"]
        assert len(table) == 9
        first = table.iloc[:3]
        np.testing.assert_allclose(
            first["p_within_20_days"][:2], fit.conditional([0, 40], 20)[0, 0]
        )
        assert first["p_within_20_days"].isna().tolist() == [False, False, True]


class Known:
    """A fit without any doubt, be it of pace: a share converts, each after an exponential time."""

    pace = Varying(0.0)
    segments, outcomes, horizon, verdict = ((),), ("won",), None, "measured"
    cohorts = pd.period_range("2026-01", periods=3, freq="M")
    ultimate = np.full((1, 3), 0.3)

    def rate_at(self, ages, *, outcome=None):
        by = 0.3 * -np.expm1(-np.asarray(ages, float) / 25)
        return np.broadcast_to(by, (1, 3, len(by)))

    def sample(self, n, *, rng, outcome=None, ages=None):
        return np.broadcast_to(self.rate_at(ages), (n, 1, 3, len(ages)))


class TestInterval:
    def test_chance_alone_is_binomial(self):
        triangle = counts(n=2000)
        flight = in_flight(triangle, Known(), horizon=[20, 30], pace=False, n_draws=6000)
        table = flight.probabilities()
        for horizon, asked in ((20, flight), (30, flight.within(30)), (None, flight.ever)):
            p = table["p_ever" if horizon is None else f"p_within_{horizon}_days"]
            total = asked.draws.sum(axis=(1, 2))
            assert total.mean() == pytest.approx((table["open"] * p).sum(), rel=0.01)
            assert total.var() == pytest.approx((table["open"] * p * (1 - p)).sum(), rel=0.1)
        assert (np.diff(flight.draws_by_horizon, axis=-1) >= 0).all()

    def test_pace_is_shared_by_all_leads(self):
        """Where few of those who convert do so within the window, its log varies like the pace."""
        triangle = counts(n=2000)
        flight = in_flight(triangle, Known(), horizon=2, pace=Varying(0.4), n_draws=6000)
        mean = flight.expected.sum()
        spread = flight.draws.sum(axis=(1, 2)).var()
        # a factor exp(0.4 z) has variance exp(0.16) (exp(0.16) - 1) = 0.2036; 2 of 25 days
        slope = 0.08 * np.exp(-0.08) / -np.expm1(-0.08)
        assert spread == pytest.approx(mean + mean**2 * slope**2 * 0.2036, rel=0.1)

    def test_leads_of_one_account_go_together(self):
        """Accounts of four leads that act alike: four times the variance."""
        triangle = counts(n=2000)
        x, n = triangle.converted // 4, triangle.entered // 4
        tail = np.zeros((1, 3, 79), int)
        sums = AccountSums(
            accounts=n,
            nn=16 * n,
            xn=np.concatenate([16 * x[..., None], tail], axis=-1),
            xx=np.concatenate([16 * x[..., None], tail], axis=-1),
        )
        apart = in_flight(triangle, Known(), pace=False, n_draws=5000)
        together = in_flight(replace(triangle, accounts=sums), Known(), pace=False, n_draws=5000)
        ratio = together.draws.sum(axis=(1, 2)).var() / apart.draws.sum(axis=(1, 2)).var()
        assert ratio == pytest.approx(4, rel=0.1)
        np.testing.assert_allclose(together.expected, apart.expected)

    def test_doubt_of_the_fit_does_not_average_out(self):
        triangle = counts()
        fit = fit_cure(triangle, family="exponential")
        flight = in_flight(triangle, fit, pace=False, n_draws=4000)
        total = flight.draws.sum(axis=(1, 2))
        rates = fit.sample(4000, rng=1, ages=[np.inf])[:, 0, 0, 0]
        assert total.std() > 0.9 * rates.std() / fit.ultimate[0, 0] * total.mean()

    def test_asking_twice_gives_the_same(self):
        triangle = counts(segments=2)
        fit = fit_kaplan_meier(triangle)
        one, two = (in_flight(triangle, fit, horizon=20, pace=Varying(0.2), rng=7) for _ in "ab")
        for per in ("segment", "cohort", "all"):
            first, second = one.confidence_interval(per=per), two.confidence_interval(per=per)
            assert np.array_equal(first.low, second.low)
            assert np.array_equal(first.high, second.high)
            assert (first.low >= 0).all()
            assert (first.low == np.round(first.low)).all()
        low, high = one.confidence_interval()
        assert (low <= one.expected).all()
        assert (one.expected <= high).all()
        assert (high <= triangle.open.sum(axis=1)).all()

    def test_drawn_in_parts(self, monkeypatch):
        """Many segments are drawn a few at a time; in law that is the same."""
        triangle = counts(segments=2)
        fit = fit_cure(triangle, family="exponential")
        whole = in_flight(triangle, fit, pace=Varying(0.2), n_draws=1200)
        monkeypatch.setattr("funnelkit.lag.ahead.draws._AT_ONCE", 2_000_000)
        parts = in_flight(triangle, fit, pace=Varying(0.2), n_draws=1200)
        for share in (0.1, 0.5, 0.9):
            ends = [np.quantile(one.draws.sum(axis=(1, 2)), share) for one in (whole, parts)]
            assert ends[0] == pytest.approx(ends[1], rel=0.06)


class TestPaceGoneBy:
    """A fit that takes every month alike is off by what the months did; that is in the interval."""

    ENDS = (59, 28, 0)  # days from the ends of January, February and March to 31 March 2026

    def paced(self, log_factors, scale):
        """Counts as expected: 10 leads a day from 1 January on, 30 % convert, 25 days on average;
        each month's hazard is multiplied."""
        bounds = (90, *self.ENDS)
        won, opened, followed = (np.zeros(90) for _ in range(3))
        for f in range(90):
            ages = np.arange(f + 1)
            hazard = np.zeros(f + 1)
            for m in range(3):
                # half a day on average before the first midnight
                since, until = (
                    np.clip(np.minimum(ages, f - b) + 0.5, 0, None) for b in bounds[m : m + 2]
                )
                hazard += np.exp(log_factors[m]) * (until - since) / 25
            by = 0.3 * -np.expm1(-hazard)
            won[: f + 1] += 10 * np.diff(by, prepend=0)
            opened[f] += 10 * (1 - by[-1])
            followed[f] += 10
        won, followed = np.round(scale * won), scale * followed
        opened = np.round(scale * opened)
        opened[-1] += followed.sum() - won.sum() - opened.sum()
        return Triangle(
            start="lead",
            target="won",
            cohorts=pd.period_range("2026-01", periods=1, freq="M"),
            as_of=dt.date(2026, 3, 31),
            entered=[[followed.sum()]],
            events={"won": [[won]]},
            censored=[[opened]],
            followed=[[followed]],
        )

    def test_slopes_are_those_of_refitting(self):
        """Against fits to counts in which one month at a time was quicker by a tenth."""
        usual = self.paced([0, 0, 0], 1000)
        fit = fit_cure(usual)
        found = past(usual, fit, np.array([0]), np.array([0]))
        ages = np.array([10, 30, 60, 89, np.inf])
        group = np.zeros(1, int)
        for m in range(3):
            step = 0.1 * np.eye(3)[m]
            moved = fit_cure(self.paced(step, 1000))
            slow = np.log(moved.rate_at(ages) / fit.rate_at(ages))[0, 0]
            first_order = -np.log(found.moved(step[None], group, ages[None])[0, 0])
            np.testing.assert_allclose(first_order, slow, atol=0.003)

    def test_it_is_shared_by_all_leads(self):
        """With many leads, what is to come is as uncertain as the months, however many leads."""
        spreads = []
        for scale in (30, 300):
            triangle = self.paced([0, 0, 0], scale)
            fit = fit_kaplan_meier(triangle, horizon=60)
            totals = [
                in_flight(triangle, fit, pace=pace, n_draws=1000).draws.sum(axis=(1, 2))
                for pace in (False, Varying(0.2))
            ]
            spreads.append([total.std() / total.mean() for total in totals])
        (alike, paced), (alike_more, paced_more) = spreads
        assert alike_more < 0.5 * alike
        assert paced_more > 0.6 * paced
        assert paced_more > 3 * alike_more


class TestShown:
    def test_frame(self):
        triangle = counts(segments=2)
        fit = fit_kaplan_meier(triangle, horizon=60)
        flight = in_flight(triangle, fit, horizon=[30, 10], pace=False)
        frame = flight.to_frame()
        assert list(frame.columns) == [
            *("cohort", "source", "open", "beyond", "p_by_day_60", "within_days", "p_within"),
            *("expected", "expected_low", "expected_high"),
        ]
        assert len(frame) == 12
        assert frame["within_days"].tolist() == [10, 30] * 6
        near = frame[frame["within_days"] == 10]
        assert near["open"].sum() == flight.n
        assert near["expected"].sum() == pytest.approx(flight.expected.sum())
        assert not frame.isna().any().any()
        assert "p_ever" in in_flight(triangle, fit_cure(triangle), pace=False).to_frame()

    def test_summary(self):
        triangle = counts()
        text = in_flight(triangle, fit_kaplan_meier(triangle, horizon=60), horizon=30).summary()
        assert f"{triangle.open.sum()} leads that entered lead are open on 2026-03-21" in text
        assert "expected to reach won within 30 days" in text
        assert "left out: nothing is known beyond day 60" in text
        assert "only the time up to day 60 counts" in text
        assert "Every month is taken to be alike" in text
        paced = in_flight(triangle, fit_cure(triangle), horizon=30, pace=Varying(0.2)).summary()
        assert "alike" not in paced
        assert " ever." in paced

    def test_no_open_lead(self):
        triangle = Triangle(
            start="lead",
            target="won",
            cohorts=pd.period_range("2026-01", periods=1, freq="M"),
            as_of=dt.date(2026, 1, 3),
            entered=[[4]],
            events={"won": [[[2, 2, 0]]]},
            censored=[[[0, 0, 0]]],
            followed=[[[0, 0, 4]]],
        )
        flight = in_flight(triangle, fit_kaplan_meier(triangle), horizon=5)
        assert flight.expected.tolist() == [0]
        assert flight.confidence_interval().high.tolist() == [0]
        assert flight.to_frame().empty
        assert flight.probabilities().empty
        assert "0 leads that entered lead are open" in flight.summary()
        assert "<InFlight>" in repr(flight)


class TestRefused:
    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            ({"horizon": 0}, "`horizon` must be a whole number of at least 1"),
            ({"horizon": []}, "`horizon` must be days, or None for ever"),
            ({"horizon": [30, 1.5]}, "`horizon` must be a whole number"),
            ({"n_draws": 0}, "`n_draws` must be a whole number"),
            ({"pace": 0.2}, "`pace` must be a pace such as `fit_pace"),
        ],
    )
    def test_arguments(self, arguments, words):
        triangle = counts(n=50)
        with pytest.raises(fk.FunnelError, match=words):
            in_flight(triangle, Known(), **arguments)

    def test_a_fit_of_something_else(self):
        triangle = counts(n=50)
        other = counts(n=50, segments=2)
        with pytest.raises(fk.FunnelError, match="`fit` must hold every segment and cohort"):
            in_flight(triangle, fit_kaplan_meier(other), horizon=5)

    def test_what_was_not_asked(self):
        flight = in_flight(counts(n=50), Known(), horizon=5, pace=False, n_draws=10)
        with pytest.raises(fk.FunnelError, match="`horizon` must be one that was asked for: 5"):
            flight.within(6)
        with pytest.raises(fk.FunnelError, match="`ages` must be whole numbers of days"):
            flight.probability_table([1.5])
        with pytest.raises(fk.FunnelError, match="`per` must be one of"):
            flight.confidence_interval(per="month")


# Month -> wins of the next month from leads open on its last day, and what a curve without
# calendar variation expects (issue 3).
OLIST = {"2018-01": (43, 40), "2018-02": (64, 56), "2018-03": (68, 67), "2018-04": (47, 86)}


@pytest.fixture(scope="module")
def olist(shared_data):
    funnel = fk.Funnel(
        ["mql", "won"],
        id="mql_id",
        columns={"mql": "first_contact_date", "won": "won_date"},
        out_of_order="drop",
    )
    folder = shared_data / "olist"
    return fk.read_csv(
        folder / "olist_marketing_qualified_leads_dataset.csv",
        funnel,
        join=[folder / "olist_closed_deals_dataset.csv"],
        as_of="2018-11-14",
    )


class TestOlist:
    """Standing on the last day of a month: the next month's wins from leads open that day.

    The leads are those that came from January 2018 on; with all those since 2017-06 the figures
    would be 48, 65, 78 and 52. `python benchmarks/next_month.py` prints the table.
    """

    def test_which_leads_give_these_figures(self, shared_data):
        folder = shared_data / "olist"
        mqls = pd.read_csv(
            folder / "olist_marketing_qualified_leads_dataset.csv",
            parse_dates=["first_contact_date"],
        )
        deals = pd.read_csv(folder / "olist_closed_deals_dataset.csv", parse_dates=["won_date"])
        rows = mqls.merge(deals[["mql_id", "won_date"]], on="mql_id", how="left")
        rows = rows[rows["first_contact_date"] >= "2018-01-01"]
        entered, won = (
            rows["first_contact_date"].dt.to_period("M"),
            rows["won_date"].dt.to_period("M"),
        )
        for month, (came, _) in OLIST.items():
            period = pd.Period(month)
            assert ((entered <= period) & (won == period + 1)).sum() == came

    def test_next_month(self, olist):
        """Came 43, 64, 68, 47; expected 40 (20 to 65), 56 (33 to 82), 67 (43 to 94) and 86 (62 to
        111). The months up to April hardly differed; that May would be slow was not to be seen."""
        held = []
        for month, (came, alike) in OLIST.items():
            period = pd.Period(month)
            triangle = fk.triangle(olist.at(period.end_time.date()), "mql", "won")
            triangle = triangle.select(first="2018-01")
            fit = fit_kaplan_meier(triangle)
            days = (period + 1).days_in_month
            plain = in_flight(triangle, fit, horizon=days, pace=False, n_draws=10)
            assert round(plain.expected[0]) == alike
            paced = in_flight(triangle, fit, horizon=days, n_draws=1000)
            assert paced.expected[0] == pytest.approx(plain.expected[0], rel=0.02)
            low, high = (float(end) for end in paced.confidence_interval(per="all"))
            held.append(low <= came <= high)
        assert sum(held) >= 3
