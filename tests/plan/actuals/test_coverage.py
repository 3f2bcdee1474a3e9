"""Coverage of a target: the issue's figure, a steady stream counted month by month, and a model."""

import datetime as dt
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import funnelkit as fk
from funnelkit._core.errors import ArgumentError
from funnelkit.plan import Targets, coverage
from tests.plan.actuals.made import AS_OF, FUNNEL, export, read


def test_figure_of_the_issue() -> None:
    # A create-and-close share of .3 at win rate .2: (1 - .3) / .2 = 3.5.
    found = coverage(1_000_000, win_rate=0.2, create_and_close=0.3)
    assert found.ratio == pytest.approx(3.5)
    assert found.needed == pytest.approx(3_500_000)
    assert found.by_rule == 3_000_000
    assert "needs 3.5 times as much open pipeline" in found.summary()
    assert "The rule of thumb says 3 times" in found.summary()


def test_without_any_created_and_closed_it_is_one_over_the_win_rate() -> None:
    assert coverage(1e6, win_rate=0.25).ratio == pytest.approx(4)
    # Half of what is won of the open pipeline comes after the period.
    assert coverage(1e6, win_rate=0.25, in_time=0.5).ratio == pytest.approx(8)
    assert coverage(1e6, win_rate=0.25, create_and_close=1.0).needed == 0


def test_the_share_created_and_closed_is_that_of_a_steady_stream() -> None:
    """The slow way: 100 created every month for years; of one quarter's wins, whose are its own."""
    lag, rate = [0.2, 0.3, 0.1, 0.25, 0.15], 0.2
    quarter, own, wins = range(60, 63), 0.0, 0.0
    for created in range(100):
        for after, share in enumerate(lag):
            if created + after in quarter:
                wins += 100 * rate * share
                own += 100 * rate * share * (created in quarter)
    found = coverage(1e6, win_rate=rate, lag=lag)
    assert found.create_and_close == pytest.approx(own / wins)
    assert found.ratio == pytest.approx((1 - own / wins) / rate)


@settings(max_examples=40, deadline=None)
@given(
    target=st.floats(1e3, 1e9),
    rate=st.floats(0.01, 1.0),
    lag=st.lists(st.floats(0.01, 1.0), min_size=1, max_size=6),
    open_=st.floats(0, 1e9),
    weights=st.lists(st.floats(0.1, 5.0), min_size=3, max_size=3),
)
def test_what_is_open_and_what_is_created_bring_the_target(
    target: float, rate: float, lag: list[float], open_: float, weights: list[float]
) -> None:
    shares = (np.array(lag) / sum(lag)).tolist()
    found = coverage(target, win_rate=rate, lag=shares, open_pipeline=open_, shape=weights)
    frame = found.to_frame()
    brought = found.open_wins + frame["brings"].sum()
    assert brought == pytest.approx(max(target, found.open_wins), rel=1e-9)
    assert found.needed * found.open_yield + found.create_and_close * target == pytest.approx(
        target
    )
    # Month by month: created x rate x share of the lag that falls into the period.
    slow = 0.0
    for m, created in enumerate(frame["to_create"]):
        slow += created * rate * sum(shares[: 3 - m])
    assert slow == pytest.approx(frame["brings"].sum(), rel=1e-9, abs=1e-9)


def test_what_comes_too_late_cannot_be_created() -> None:
    found = coverage(1e6, win_rate=0.2, lag=[0, 0, 0, 1.0], open_pipeline=1e6)
    assert np.isinf(found.to_create).all()
    assert "cannot come of pipeline created from now on" in found.summary()


def test_targets_by_quarter() -> None:
    year = pd.period_range("2027-01", periods=12, freq="M")
    targets = Targets(periods=year, amount=np.arange(1.0, 13.0), unit="count")
    found = coverage(targets, period="2027-Q2", win_rate=0.5, open_pipeline=10)
    assert found.target == 15
    assert found.to_frame()["target"].tolist() == [4, 5, 6]
    assert "April 2027 to June 2027: 15 deals to win" in found.summary()
    with pytest.raises(ArgumentError, match="not within the targets"):
        coverage(targets, period="2028-Q1", win_rate=0.5)
    with pytest.raises(ArgumentError, match="such as 2027-Q1"):
        coverage(targets, period="soon", win_rate=0.5)


@pytest.mark.parametrize(
    ("stated", "message"),
    [
        ({}, "`win_rate` is needed"),
        ({"win_rate": 20}, r"Did you mean 0\.2\?"),
        ({"win_rate": 0}, "above 0 and at most 1"),
        ({"win_rate": 0.2, "create_and_close": 1.2}, "`create_and_close` must be from 0 to 1"),
        ({"win_rate": 0.2, "in_time": 0}, "`in_time`"),
        ({"win_rate": 0.2, "open_pipeline": -1}, "`open_pipeline` must be at least 0"),
        ({"win_rate": 0.2, "lag": [0.9, 0.9]}, "A lag must be shares"),
        ({"win_rate": 0.2, "shape": [1, 2]}, "`shape` must be 3 weights"),
        ({"win_rate": 0.2, "shape": [0, 0, 0]}, "weight above 0"),
        ({"win_rate": 0.2, "rule": 0}, "`rule` must be a number above 0"),
        ({"leads": object()}, "`model` and `leads` go together"),
    ],
)
def test_what_cannot_be_is_refused(stated: dict[str, object], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        coverage(1e6, **stated)


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(ArgumentError, match="3 problems"):
        coverage(1e6, win_rate=2, create_and_close=-1, open_pipeline=-1)


def test_a_target_of_0_is_refused() -> None:
    with pytest.raises(ArgumentError, match="0 in all of 3 months"):
        coverage(0, win_rate=0.2)


class Known:
    """A model that knows: a record's chance grows by 1 % a day up to .4, less with age."""

    by = ("source",)
    segments = (("web",), ("fair",), ("radio",))
    stages = FUNNEL.stages
    as_of = AS_OF
    first_month = pd.Period("2027-05", freq="M")
    open = np.ones((3, 2))

    @staticmethod
    def chance(segment: str, stage: str, age: int, days: float) -> float:
        weight = {"web": 1.0, "fair": 0.5, "radio": 0.2}[segment]
        return weight * (1.0 if stage == "opportunity" else 0.1) * min(days, 40) / (100 + age)

    def chances(self, stage: str, ages: np.ndarray, days: np.ndarray) -> np.ndarray:
        return np.array(
            [[[self.chance(s, stage, a, d) for d in days] for a in ages] for (s,) in self.segments]
        )

    def days_of(self, periods: pd.PeriodIndex) -> tuple[np.ndarray, np.ndarray]:
        ends = [(one.end_time.date() - self.as_of).days for one in periods]
        return np.ones(len(ends), int), np.array(ends)

    def timing_of_entrants(self, point: str, periods: pd.PeriodIndex) -> np.ndarray:
        return np.triu(np.ones((len(periods), len(periods)))) * 0.5

    def sample(self, n: int, *, rng: int, months: int = 0) -> SimpleNamespace:
        return SimpleNamespace(won_from=lambda stage: np.full((n, 3), 0.3))


@pytest.fixture(scope="module")
def leads() -> fk.Leads:
    return read(export(3))


def test_with_a_model_it_is_what_each_open_record_brings(leads: fk.Leads) -> None:
    """The slow way: one open deal after another, with its own chance and amount."""
    frame = export(3)
    period = pd.period_range("2027-06", periods=2, freq="M")
    worth = wins = count = 0.0
    until = (dt.date(2027, 7, 31) - AS_OF).days
    before = (dt.date(2027, 5, 31) - AS_OF).days
    for row in frame.itertuples():
        days = [row.opportunity, row.won, row.lost]
        deal, won, lost = (
            day if isinstance(day, dt.date) and day <= AS_OF else None for day in days
        )
        if deal is None or won is not None or lost is not None:
            continue
        age = (AS_OF - deal).days
        count += 1
        worth += row.amount
        share = Known.chance(row.source, "opportunity", age, until) - Known.chance(
            row.source, "opportunity", age, before
        )
        wins += share * row.amount
    found = coverage([300_000.0, 300_000.0], Known(), leads=leads, periods=period)
    assert found.open_pipeline == pytest.approx(worth)
    assert found.open_wins == pytest.approx(wins)
    assert [str(one) for one in found.months] == ["2027-05", "2027-06", "2027-07"]
    # Of May's entrants half of 30 % had come by the end of May, the rest is not told: 0 in June
    # and July; of June's and July's, half of 30 %.
    assert found.yields == pytest.approx([0.0, 0.15, 0.15])
    months = [str(row.opportunity)[:7] for row in frame.itertuples() if row.opportunity]
    usual = sum(months.count(f"2026-{m}") for m in ("11", "12")) + sum(
        months.count(f"2027-0{m}") for m in (1, 2, 3, 4)
    )
    assert found.usual == pytest.approx(usual / 6 * worth / count)
    assert found.create_and_close == pytest.approx(found.usual * 0.3 / 600_000)
    brought = found.open_wins + found.to_frame()["brings"].sum()
    assert brought == pytest.approx(600_000)


def test_what_is_won_already_is_taken_off(leads: fk.Leads) -> None:
    frame = export(3)
    won = [
        row.amount
        for row in frame.itertuples()
        if isinstance(row.won, dt.date) and dt.date(2027, 4, 1) <= row.won <= AS_OF
    ]
    targets = Targets(periods=pd.period_range("2027-04", periods=3, freq="M"), amount=[5e5] * 3)
    found = coverage(targets, Known(), leads=leads)
    assert found.won == pytest.approx(sum(won))
    assert found.target == pytest.approx(1.5e6 - sum(won))
    assert any("taken off its target" in note for note in found.notes)


def test_in_deals_each_open_record_is_one(leads: fk.Leads) -> None:
    found = coverage(20, Known(), leads=leads, unit="count")
    assert found.open_pipeline == round(found.open_pipeline)
    assert found.targets.labels == ("2027-05", "2027-06", "2027-07")


def test_models_that_do_not_fit_are_refused(leads: fk.Leads) -> None:
    late = Known()
    late.as_of = dt.date(2027, 1, 1)
    with pytest.raises(ArgumentError, match="must be fitted to these leads"):
        coverage(1e6, late, leads=leads)
    with pytest.raises(ArgumentError, match="`win_rate` cannot be stated beside a model"):
        coverage(1e6, Known(), leads=leads, win_rate=0.2)
    with pytest.raises(ArgumentError, match="Did you mean `opportunity`"):
        coverage(1e6, Known(), leads=leads, stage="oportunity")
    with pytest.raises(ArgumentError, match="is over on 2027-05-12"):
        coverage({"2027-03": 5.0}, Known(), leads=leads)
