"""Revenue and logo retention against hand counts."""

import functools

import numpy as np
import pandas as pd
import pytest

import funnelkit as fk
from funnelkit.data.ledgers import read_subscriptions
from funnelkit.metrics import account_revenue, logo_retention, revenue_retention

# Four accounts over 14 months: a pays 100 throughout and 150 in the last two, b pays 50 and 20
# from the thirteenth on, c pays 30 and leaves after six, d comes in the thirteenth with 500.
MONTHS = [str(month) for month in pd.period_range("2025-01", periods=14, freq="M")]
PAID = {
    "a": [100] * 12 + [150] * 2,
    "b": [50] * 12 + [20] * 2,
    "c": [30] * 6 + [0] * 8,
    "d": [0] * 12 + [500] * 2,
}
ROWS = pd.DataFrame(
    [
        {"account": account, "month": month, "mrr": amount}
        for account, amounts in PAID.items()
        for month, amount in zip(MONTHS, amounts, strict=True)
    ]
)


@functools.cache
def paid():
    return read_subscriptions(ROWS)


def test_trailing_year_by_hand():
    found = revenue_retention(paid())
    net, gross = found["net revenue retention"], found["gross revenue retention"]
    assert net.periods == ("2026-01", "2026-02")
    # Of 100 + 50 + 30 = 180 there are 150 + 20 = 170 left; each at most what it was: 100 + 20.
    assert net.values[0] == pytest.approx([170 / 180] * 2)
    assert gross.values[0] == pytest.approx([120 / 180] * 2)
    assert "12 months before" in net.definition
    assert found.to_frame()["denominator"].tolist() == [180.0] * 4


def test_month_by_month_by_hand():
    net = revenue_retention(paid(), months=1)["net revenue retention"]
    # 180 until June, 150 from July; in January 2026 a gives 50 more and b 30 less.
    expected = [1, 1, 1, 1, 1, 150 / 180, 1, 1, 1, 1, 1, 170 / 150, 1]
    assert net.values[0] == pytest.approx(expected)
    assert np.isnan(net.low[0, 0])  # all moved alike: no interval
    assert net.low[0, 11] < 170 / 150 < net.high[0, 11]


def test_gross_interval_is_that_of_accounts_of_one_size():
    # (100 + 50 + 30)² / (100² + 50² + 30²) = 32,400 / 13,400 = 2.418 accounts.
    gross = revenue_retention(paid())["gross revenue retention"]
    assert gross.effective[0, 0] == pytest.approx(32_400 / 13_400)
    low, high = gross.confidence_interval()
    assert 0 < low[0, 0] < 0.3
    assert 0.85 < high[0, 0] < 1


def test_nobody_before_is_no_figure():
    rows = pd.DataFrame({"account": ["a", "a"], "month": MONTHS[:2], "mrr": [0, 5]})
    net = revenue_retention(rows, months=1)["net revenue retention"]
    assert np.isnan(net.value)
    assert "no revenue a month before yet" in net.summary()


@pytest.mark.parametrize("months", [0, 14, 1.5, True])
def test_months_that_cannot_be(months):
    with pytest.raises(fk.FunnelError, match="`months` must be"):
        revenue_retention(paid(), months=months)


def test_average_revenue_per_account_by_hand():
    found = account_revenue(paid())
    assert found.values[0, [0, 6, 13]].tolist() == [60, 75, 670 / 3]
    assert found.denominator[0, [0, 6, 13]].tolist() == [3, 2, 3]


def test_net_interval_covers_about_as_often_as_it_says():
    rng = np.random.default_rng(5)
    runs, accounts = 200, 60
    before = rng.gamma(4, 25, (runs, accounts))
    now = before * rng.choice([0, 0.8, 1, 1.5], before.shape, p=[0.1, 0.2, 0.5, 0.2])
    names = [f"{run}-{account}" for run in range(runs) for account in range(accounts)]
    rows = pd.DataFrame(
        {
            "account": names * 2,
            "month": [MONTHS[0]] * len(names) + [MONTHS[1]] * len(names),
            "mrr": np.round([*before.ravel(), *now.ravel()], 2),
            "run": [name.split("-")[0] for name in names] * 2,
        }
    )
    net = revenue_retention(rows, months=1, by="run")["net revenue retention"]
    covered = ((net.low <= 0.96) & (net.high >= 0.96)).sum()  # .2 x .8 + .5 + .2 x 1.5
    assert 180 <= covered < 200  # 95 % of 200 is 190, give or take 3 standard errors


def test_logo_retention_by_hand():
    rows = pd.DataFrame(
        {
            "account": ["a", "b", "c", "d", "d"],
            "start": ["2026-01-05", "2026-01-20", "2026-02-01", "2026-02-01", "2026-04-02"],
            "end": [None, "2026-02-28", "2026-03-15", "2026-02-28", None],
            "mrr": [10, 10, 10, 10, 10],
        }
    )
    found = logo_retention(rows, as_of="2026-04-30")
    nan = np.nan
    assert found.entered.tolist() == [[2, 2, 0, 0]]
    # January: a stays; b is there to the end of February. February: c has left by the end of
    # March, d is away then and back in April.
    expected = [[2, 2, 1, 1], [2, 0, 1, nan], [nan] * 4, [nan] * 4]
    np.testing.assert_array_equal(found.retained[0], expected)
    frame = found.to_frame()
    assert frame["retained"].tolist() == [2, 2, 1, 1, 2, 0, 1]
    assert (frame["rate_low"] <= frame["rate"]).all()
    assert frame.loc[5, "rate_high"] > 0.5  # 0 of 2 says little
    assert "Of 2 that were followed for 3 months" in found.summary()
    np.testing.assert_array_equal(found.pooled[0][0], [4, 2, 2, 1])
    np.testing.assert_array_equal(found.pooled[1][0], [4, 4, 4, 2])


def test_a_quarter_is_blank_until_its_last_account_was_followed():
    rows = pd.DataFrame(
        {
            "account": ["a", "b"],
            "start": ["2026-01-05", "2026-03-20"],
            "end": [None, None],
            "mrr": 10,
        }
    )
    found = logo_retention(rows, cohort="quarter", as_of="2026-05-31")
    assert [str(period) for period in found.cohorts] == ["2026Q1", "2026Q2"]
    np.testing.assert_array_equal(found.retained[0, 0], [2, 2, 2, np.nan, np.nan])


def test_accounts_of_the_first_month_are_of_no_cohort():
    found = logo_retention(paid())
    assert found.entered.sum() == 1
    assert "3 accounts that paid in 2025-01" in found.summary()


def test_one_month_has_no_logo_retention():
    rows = pd.DataFrame({"account": ["a"], "month": ["2026-01"], "mrr": [5]})
    found = logo_retention(rows)
    assert found.to_frame().empty
    assert "none has been followed for a month yet" in found.summary()


def test_wrong_arguments_are_refused():
    with pytest.raises(fk.FunnelError, match="`cohort` must be one of"):
        logo_retention(paid(), cohort="week")
    with pytest.raises(fk.FunnelError, match="`confidence_level`"):
        logo_retention(paid(), confidence_level=95)
