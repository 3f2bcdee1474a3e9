"""What is read off a forecast of recurring revenue, and tables that are odd."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from funnelkit._core.errors import FunnelError
from funnelkit.data.ledgers import read_subscriptions
from funnelkit.forecast import Forecast
from funnelkit.forecast.recurring_revenue.forecasting import recurring
from funnelkit.metrics import mrr_movements, revenue_retention
from tests.forecast.recurring_revenue.worlds import by_month, spans, world

HOSTILE = '=cmd|"/c calc"!A1 <script>alert(1)</script>'


@pytest.fixture(scope="module")
def rows():
    found, _ = spans(world(5, months=26, first=30), 26)
    return found.assign(region=np.where(found["account"].str[-1] < "5", "east", "west"))


@pytest.fixture(scope="module")
def forecast(rows):
    return recurring(rows, 12, by="region", as_of="2025-02-28", new={"east": 400}, n_draws=300)


def test_it_begins_where_the_past_ends(rows, forecast):
    moved = mrr_movements(rows, by="region", as_of="2025-02-28")
    assert forecast.opening.tolist() == moved.closing[:, -1].astype(float).tolist()
    assert forecast.observed[:, -1].tolist() == forecast.opening.tolist()
    assert [str(month) for month in forecast.periods[[0, -1]]] == ["2025-03", "2026-02"]
    assert isinstance(forecast, Forecast)
    assert forecast.draws.shape == (300, 2, 12)


def test_the_total_is_the_sum_of_segments(forecast):
    frame = forecast.to_frame()
    total = frame[frame["region"].isna()].reset_index(drop=True)
    parts = frame[frame["region"].notna()].groupby("period").sum(numeric_only=True)
    assert len(total) == 12
    for name in ("opening_value", "new_value", "churn_value", "expected_value", "accounts"):
        assert total[name].to_numpy() == pytest.approx(parts[name].to_numpy())
    gained = total["new_value"] + total["reactivation_value"] + total["expansion_value"]
    lost = total["contraction_value"] + total["churn_value"]
    closing = total["opening_value"] + gained - lost
    assert closing.to_numpy() == pytest.approx(total["expected_value"].to_numpy())
    assert (total["low_value"] < total["high_value"]).all()


def test_the_chance_of_a_target_is_of_the_month_itself(forecast):
    paid = forecast.draws.sum(axis=1)
    target = float(np.median(paid[:, 5]))
    assert forecast.probability(target, until="2025-08") == (paid[:, 5] >= target).mean()
    ever = (paid[:, :6] >= target).any(axis=1).mean()
    assert forecast.probability(target, until="2025-08", ever=True) == ever
    assert ever >= 0.5
    assert forecast.probability(0) == 1
    for wrong in ("much", float("nan"), True):
        with pytest.raises(FunnelError, match="`target`"):
            forecast.probability(wrong)
    with pytest.raises(FunnelError, match="`until`"):
        forecast.probability(1, until="2030-01")


def test_retention_to_come(forecast):
    found = forecast.retention()
    net, gross = found["net revenue retention"], found["gross revenue retention"]
    wanted = forecast.kept.mean(axis=0) / forecast.opening[:, None]
    assert net.values == pytest.approx(wanted)
    assert (gross.values <= net.values + 1e-12).all()
    assert (np.diff(gross.values, axis=1) <= 0.02).all()
    assert (gross.low <= gross.values).all()
    assert (net.values <= net.high).all()
    # What new accounts pay is no part of it.
    assert (forecast.kept <= forecast.draws).all()
    assert gross.periods[-1] == "2026-02"


def test_what_came_is_measured_as_what_was_forecast():
    """Net and gross retention after 12 months, as read from the whole table later."""
    table = world(9, months=42, first=60)
    early, as_of = spans(table, 30)
    found = recurring(early, 12, as_of=as_of, new=0, n_draws=300).retention()
    whole, last = spans(table, 42)
    came = revenue_retention(whole, months=12, as_of=last)
    for name in ("net revenue retention", "gross revenue retention"):
        low, high = found[name].low[0, -1], found[name].high[0, -1]
        assert low < came[name].values[0, -1] < high


def test_an_account_of_more_than_a_tenth_is_told_apart():
    months = pd.period_range("2025-01", periods=12, freq="M").astype(str)
    paid = {HOSTILE: 900} | {f"a{i}": 40 for i in range(15)}
    rows = pd.DataFrame(
        [{"account": a, "month": m, "mrr": p} for a, p in paid.items() for m in months]
    )
    found = recurring(rows, 6, new=100, n_draws=400)
    (large,) = found.large
    assert (large.name, large.amount, large.share) == (HOSTILE, 900, 0.6)
    assert any("60.0" in note and "without()" in note for note in found.notes)
    assert "<script>" not in found._repr_html_()
    rest = found.without()
    assert rest.opening.tolist() == [600]
    assert rest.observed.tolist() == [[600] * 12]
    assert rest.draws == pytest.approx(found.draws - large.revenue[:, None])
    assert (rest.draws >= 0).all()
    assert rest.large == ()
    assert "60.0" not in rest.summary()
    # One account makes the whole wider: with it, MRR has two humps 900 apart.
    assert np.ptp(found.draws[:, 0, -1]) > 900 > 300 > rest.draws[:, 0, -1].std()
    with pytest.raises(FunnelError, match="unknown large account `nobody`"):
        found.without("nobody")
    with pytest.raises(FunnelError, match="more than a tenth"):
        rest.without()


def test_words(forecast):
    text = forecast.summary()
    assert text.startswith("MRR goes from ")
    assert "February 2026" in text
    assert " churn; from " in text
    assert "movements of accounts" in forecast.method
    assert forecast.movement_interval("churn").low.shape == (12,)
    with pytest.raises(FunnelError, match="`move`"):
        forecast.movement_interval("chrun")
    with pytest.raises(FunnelError, match="`confidence_level`"):
        forecast.to_frame(confidence_level=95)


def test_the_same_seed_gives_the_same(rows):
    one, two = (recurring(rows, 3, as_of="2025-02-28", new=0, n_draws=50) for _ in range(2))
    assert (one.draws == two.draws).all()
    other = recurring(rows, 3, as_of="2025-02-28", new=0, n_draws=50, rng=1)
    assert (one.draws != other.draws).any()


def test_ages_at_which_accounts_leave(forecast):
    found = forecast.churn_by_age
    frame = found.to_frame()
    assert frame["staying"].is_monotonic_decreasing
    assert (frame["rate_low"] <= frame["rate"]).all()
    assert "still pay after 12 months" in found.summary()
    assert found.expected[11] > 3 * found.expected[10]


def test_a_result_whose_movements_do_not_add_up_is_refused(forecast):
    with pytest.raises(FunnelError, match="do not add up"):
        dataclasses.replace(forecast, opening=forecast.opening + 1)
    with pytest.raises(FunnelError, match="shape"):
        dataclasses.replace(forecast, opening=np.ones(3))


def test_nobody_left_yet_is_bounded_and_said():
    rows = by_month(np.full((30, 10), 100.0), 10)
    found = recurring(rows, 12, new=0, n_draws=400)
    lost = 1 - found.draws[:, 0, -1] / 3000
    assert 0 < lost.mean() < 0.15  # nobody in 270 months: at most about 1.1 % a month (95 %)
    assert np.quantile(lost, 0.99) < 0.4
    assert any("No account has left in 270 months" in note for note in found.notes)
    assert any("30 accounts paid before the table begins" in note for note in found.notes)


def test_all_have_left():
    gone = pd.DataFrame({"account": ["a0"], "month": ["2023-04"], "mrr": [0]})
    rows = by_month(np.array([[5.0, 5, 0, 0], [7, 7, 7, 0]]), 4)
    found = recurring(pd.concat([rows, gone]), 3, new=10, n_draws=50)
    assert found.opening.tolist() == [0]
    assert np.isnan(found.retention()["net revenue retention"].values).all()
    assert (found.draws >= 0).all()
    assert found.large == ()


def test_two_months_are_enough():
    found = recurring(by_month(np.full((3, 2), 9.0), 2), 1, new=0, n_draws=50)
    assert found.draws.shape == (50, 1, 1)


def test_rows_that_reach_beyond_are_said():
    rows = pd.DataFrame(
        {
            "account": ["a", "b", "c"],
            "start": ["2026-01-01", "2026-01-01", "2026-09-01"],
            "end": ["2026-12-31", None, None],
            "mrr": [10, 10, 10],
        }
    )
    found = recurring(rows, 2, as_of="2026-06-30", new=0, n_draws=50)
    assert any("1 row has an end to come" in note for note in found.notes)
    assert any("1 row begins later, and is left out" in note for note in found.notes)
    assert found.opening.tolist() == [20]


@pytest.mark.parametrize(
    ("frame", "options", "said"),
    [
        ({"month": ["2026-01", "2026-03"]}, {}, "has no row for 2026-02"),
        ({"month": ["2026-01", "2026-02"], "mrr": [-1, 1]}, {}, "below 0"),
        ({"month": ["2026-01", "2026-02"], "mrr": [0, 0]}, {}, "no account has paid"),
        ({"month": ["2026-01", "2026-02"], "currency": ["EUR", "USD"]}, {}, "currenc"),
        ({"start": ["2026-01-01", "2026-02-01"], "end": [None, None]}, {}, "`as_of`"),
        ({"month": ["2026-01", "2026-02"]}, {"horizon": 0}, "`horizon`"),
        ({"month": ["2026-01", "2026-02"]}, {"n_draws": 2.5}, "`n_draws`"),
        ({"month": ["2026-01", "2026-02"]}, {"by": "regoin"}, "`by`"),
        ({"month": ["2026-01", "2026-02"]}, {"as_of": "2025-06-30"}, "no month"),
    ],
)
def test_tables_and_arguments_that_cannot_be_used(frame, options, said):
    rows = pd.DataFrame({"account": ["a", "b"], "mrr": [1, 1], "region": ["x", "y"]} | frame)
    with pytest.raises(FunnelError, match=said):
        recurring(rows, **options)


def test_very_large_amounts():
    rows = by_month(np.full((2, 4), 3e12), 4)
    found = recurring(read_subscriptions(rows), 2, new=0, n_draws=50)
    assert found.opening.tolist() == [6e12]
    with pytest.raises(FunnelError, match="in thousands"):
        recurring(by_month(np.full((2, 4), 3e15), 4), 2, new=0)


def test_amounts_that_swing_with_usage_are_said_and_do_not_grow_by_that():
    rng = np.random.default_rng(3)
    usual = np.exp(rng.normal(6, 1, 60))
    table = np.rint(usual[:, None] * np.exp(rng.normal(0, 0.2, (60, 18))))
    found = recurring(by_month(table, 18), 6, new=0, n_draws=200)
    assert any("swing with usage" in note for note in found.notes)
    assert found.expected[0, -1] == pytest.approx(table.sum(axis=0).mean(), rel=0.1)
