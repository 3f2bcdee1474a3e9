"""New accounts: plans and bookings come as they are given, and what does not fit is refused."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from funnelkit._core.errors import FunnelError
from funnelkit.forecast import Forecast
from funnelkit.forecast.recurring_revenue.arriving import ByMoney, Sampled
from funnelkit.forecast.recurring_revenue.forecasting import recurring


def table(**more):
    """Twelve accounts that pay 100 in six months to 2026-06, of two regions."""
    months = pd.period_range("2026-01", periods=6, freq="M").astype(str)
    rows = [
        {"account": f"a{i}", "month": month, "mrr": 100, "region": "east" if i % 2 else "west"}
        for i in range(12)
        for month in months
    ]
    return pd.DataFrame(rows).assign(**more)


def bookings(values, *, start="2026-07", by=(), segments=((),), unit="value", **more):
    """A forecast of bookings with these draws, shape (n_draws, S, H)."""
    draws = np.asarray(values, float)
    periods = pd.period_range(start, periods=draws.shape[2], freq=more.pop("freq", "M"))
    return Forecast(
        what="bookings",
        unit=unit,
        by=by,
        segments=segments,
        periods=periods,
        draws=draws,
        expected=draws.mean(axis=0),
        gone=periods[:0],
        observed=np.zeros((len(segments), 0)),
        so_far=np.zeros(len(segments)),
        as_of=dt.date(2026, 6, 30),
        method="given",
        reason="given",
        n=10,
        **more,
    )


def few(new, horizon=3, **more):
    return recurring(table(), horizon, new=new, n_draws=20, **more)


@pytest.mark.parametrize(
    "plan",
    [
        [500, 0, 250.5],
        np.array([500, 0, 250.5]),
        pd.Series([500, 0, 250.5]),
        pd.Series([250.5, 500, 0], index=["2026-09", "2026-07", "2026-08"]),
        {"2026-07": 500, "2026-08": 0, "2026-09": 250.5},
        {pd.Period("2026-07", "M"): 500, "2026-08": 0, dt.date(2026, 9, 1): 250.5},
    ],
)
def test_a_plan_in_each_of_its_forms(plan):
    found = few(plan)
    assert (found.movements["new"][:, 0] == [500, 0, 250.5]).all()
    assert any("plan" in note for note in found.notes)


def test_a_plan_of_contract_value():
    assert (few(1200, contract_months=12).movements["new"] == 100).all()


def test_a_plan_for_each_segment():
    found = few({"east": 100, "west": [1, 2, 3]}, by="region")
    assert (found.movements["new"][:, 0] == 100).all()
    assert (found.movements["new"][:, 1] == [1, 2, 3]).all()


def test_a_segment_without_a_plan_gets_nothing():
    assert few({"east": 100}, by="region").movements["new"][:, 1].sum() == 0


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        ([1, 2], "one number for each of 3 months; got 2"),
        ([1, -2, 3], "from 0 upwards; got -2 in 2026-08"),
        ([1, float("nan"), 3], "nan in 2026-08"),
        ([1, float("inf"), 3], "infinite"),
        ([1, 1e300, 3], "1e\\+300 is too large"),
        ("1000", "must be a forecast of bookings, or numbers by month; got str"),
        (["a", "b", "c"], "numbers by month"),
        ({"2026-07": 1, "2026-09": 2}, "lacks 2026-08"),
        ({"2026-07": 1, "2026-08": 1, "2026-09": 2, "2026-12": 4}, "has 2026-12, not to come"),
        ({"soon": 1}, "months are written 2026-01; got 'soon'"),
        (object(), "got object"),
        (True, "got bool"),
    ],
)
def test_a_plan_that_is_none_is_refused(plan, said):
    with pytest.raises(FunnelError, match="`new`.*" + said.replace("[", r"\[")):
        few(plan)


@pytest.mark.parametrize("months", [0, -1, float("nan"), "12", True])
def test_months_of_a_contract_are_a_number(months):
    with pytest.raises(FunnelError, match="`contract_months` must be a number above 0"):
        few(100, contract_months=months)


def test_months_of_a_contract_without_new_accounts_are_refused():
    with pytest.raises(FunnelError, match="goes with `new`"):
        few(None, contract_months=12)


def test_plans_by_segment_need_names():
    with pytest.raises(FunnelError, match="plan of each `region`"):
        few(100, by="region")
    with pytest.raises(FunnelError, match="'north', which no account has as `region`"):
        few({"north": 100}, by="region")


def test_bookings_of_a_year_become_a_twelfth():
    draws = np.random.default_rng(1).gamma(2, 6000, (50, 2, 4))
    found = few(bookings(draws, by=("channel",), segments=(("x",), ("y",))), contract_months=12)
    new = np.sort(found.movements["new"][:, 0, 0])
    wanted = draws[:20, :, 0].sum(axis=1) / 12
    assert new == pytest.approx(np.sort(wanted), abs=1e-4)
    assert "from a forecast of bookings" in found.method


def test_months_of_a_draw_stay_together():
    draws = np.arange(1, 21)[:, None, None] * np.ones((1, 1, 3)) * 100
    new = few(bookings(draws), contract_months=1).movements["new"][:, 0]
    assert (new[:, 0] == new[:, 2]).all()
    assert sorted(new[:, 0]) == [100 * k for k in range(1, 21)]


def test_bookings_by_segment_go_to_theirs():
    draws = np.broadcast_to(np.array([120.0, 240.0, 0.0])[None, :, None], (5, 3, 3))
    segments = (("x", "west"), ("x", "east"), ("y", "west"))
    found = few(
        bookings(draws, by=("channel", "region"), segments=segments),
        contract_months=12,
        by="region",
    )
    assert found.segments == (("east",), ("west",))
    assert (found.movements["new"] == np.array([20.0, 10.0])[:, None]).all()


@pytest.mark.parametrize(
    ("given", "options", "said"),
    [
        (bookings(np.ones((5, 1, 3))), {}, "`contract_months` must say"),
        (bookings(np.ones((5, 1, 3)), unit="count"), {"contract_months": 12}, "forecast of money"),
        (bookings(np.ones((5, 1, 2))), {"contract_months": 12}, "lacks 2026-09"),
        (bookings(np.ones((5, 1, 3)), freq="Q"), {"contract_months": 12}, "must be by month"),
        (
            bookings(np.ones((5, 1, 3))),
            {"contract_months": 12, "by": "region"},
            "not split by `region`",
        ),
        (
            bookings(np.ones((5, 1, 3)), by=("region",), segments=(("<b>",),)),
            {"contract_months": 12, "by": "region"},
            "that no account has: '<b>'",
        ),
    ],
)
def test_bookings_that_do_not_fit_are_refused(given, options, said):
    with pytest.raises(FunnelError, match=said):
        few(given, **options)


def test_bookings_in_another_currency_are_refused():
    with pytest.raises(FunnelError, match="in USD, and the subscriptions in EUR"):
        recurring(
            table(currency="EUR"),
            3,
            new=bookings(np.ones((5, 1, 3)), currency="USD"),
            contract_months=12,
        )


def test_amounts_of_new_accounts_add_up_to_what_is_given():
    rng = np.random.default_rng(6)
    new = np.stack([rng.integers(1, 9_999, 30), np.zeros(30), np.ones(30)]).astype(np.int64)
    sampled = Sampled(
        new, n_segments=1, n_months=3, n_draws=200, rng=rng, instead=np.ones(1, np.int64)
    )
    revenue = rng.integers(0, 50_000, (200, 1, 2)) * rng.integers(0, 2, (200, 1, 2))
    draw, segment, amount = ByMoney(revenue, sampled)(slice(50, 200), 1, rng)
    assert (np.bincount(draw, amount, 150) == revenue[50:, 0, 1]).all()
    assert (amount > 0).all()
    assert set(segment) == {0}
    # As many accounts as the mean of past ones says.
    assert len(draw) == pytest.approx(revenue[50:, 0, 1].sum() / new[0].mean(), rel=0.2)


def test_past_numbers_go_on():
    months = pd.period_range("2025-01", periods=18, freq="M").astype(str)
    rows = [
        {"account": f"a{start}-{k}", "month": month, "mrr": 50}
        for start in range(18)
        for k in range(3)
        for month in months[start:]
    ]
    found = recurring(pd.DataFrame(rows), 2, n_draws=200)
    assert found.movements["new"].mean() == pytest.approx(150, rel=0.1)
    assert "as in the past" in found.method


def test_where_nobody_was_new_nobody_is():
    found = few(None)
    assert found.movements["new"].sum() == 0
    assert any("none is forecast to; give `new`" in note for note in found.notes)
