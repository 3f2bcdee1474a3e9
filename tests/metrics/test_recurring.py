"""MRR and its movements against the trade's examples and a slow obvious second version."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import funnelkit as fk
from funnelkit.data.ledgers import read_subscriptions
from funnelkit.metrics import mrr, mrr_movements, net_new_mrr
from funnelkit.metrics.recurring.revenue import LOWERING, MOVES

MONTHS = ["2025-11", "2025-12", "2026-01", "2026-02"]


def rows_of(table):
    """Account -> amount of each month, None where there is no row."""
    return pd.DataFrame(
        [
            {"account": account, "month": month, "mrr": amount}
            for account, amounts in table.items()
            for month, amount in zip(MONTHS, amounts, strict=True)
            if amount is not None
        ]
    )


def moved_slowly(table):
    """Movements of each month but the first, one account after the other."""
    told = []
    for j in range(1, len(MONTHS)):
        month = dict.fromkeys(MOVES, Decimal(0))
        for amounts in table.values():
            exact = [Decimal(str(amount or 0)) for amount in amounts]
            before, now = exact[j - 1], exact[j]
            if before == 0 and now > 0:
                month["reactivation" if any(exact[:j]) else "new"] += now
            elif now == 0:
                month["churn"] += before
            elif now > before:
                month["expansion"] += now - before
            else:
                month["contraction"] += before - now
        told.append(month)
    return told


def test_plans_of_the_trade():
    # 100 x 50 + 50 x 100 + 10 x 500 = 15,000 and 200 x 35 = 7,000 (issue 5).
    assert mrr({"a": (100, 50), "b": (50, 100), "c": (10, 500)}).value == 15_000
    assert mrr({"a": (200, 35)}).value == 7_000
    by_plan = mrr({"a": (100, 50), "b": (50, 100)}, by="plan", currency="EUR")
    assert by_plan.only(plan="b").value == 5_000
    assert "EUR 5,000" in by_plan.summary()


def test_net_new_of_the_trade():
    # 2,250 + 140 - 230 = 2,160 (issue 5).
    assert net_new_mrr(new=2_250, expansion=140, churn=230).value == 2_160
    assert net_new_mrr(churn=10).value == -10


@pytest.mark.parametrize("wrong", [{"new": -1}, {"churn": float("nan")}, {"expansion": "3"}])
def test_net_new_refuses_what_is_no_amount(wrong):
    with pytest.raises(fk.FunnelError, match=f"`{next(iter(wrong))}` must be a number from 0"):
        net_new_mrr(**wrong)


@pytest.mark.parametrize("plans", [{}, {"a": (1, 2, 3)}, {"a": (-1, 2)}, {"a": 5}])
def test_plans_that_are_none_are_refused(plans):
    with pytest.raises(fk.FunnelError, match=r"`subscriptions`|`plan 'a'`"):
        mrr(plans)


amounts = st.one_of(st.none(), st.just(0), st.sampled_from([5, 10.1, 99.99, 0.07, 1_000]))
tables = st.dictionaries(
    st.sampled_from(["a", "b", "c", "d", "e"]),
    st.lists(amounts, min_size=4, max_size=4),
    max_size=5,
)


@settings(max_examples=12, deadline=None)
@given(tables)
def test_movements_are_those_of_the_slow_version(table):
    table = {**table, "always": [1, 1, 1, 1]}
    moved = mrr_movements(rows_of(table))
    for j, month in enumerate(moved_slowly(table)):
        for name in MOVES:
            assert moved.amounts[name][0, j] == month[name], (name, j)
    totals = [sum(Decimal(str(own[j] or 0)) for own in table.values()) for j in range(4)]
    assert moved.closing[0].tolist() == totals[1:]
    assert moved.opening[0].tolist() == totals[:-1]
    assert (moved.opening + moved.net_new == moved.closing).all()


def test_movements_add_up_where_floats_do_not():
    # 0.1 + 0.2 is not 0.3 in floating numbers.
    table = {"a": [0.1, 0.3, 0.3, 0.3], "b": [0.2, 0.0, 0.2, 0.1], "c": [None, None, 0.3, 0.4]}
    frame = mrr_movements(rows_of(table)).to_frame()
    gained = frame[[f"{name}_value" for name in MOVES if name not in LOWERING]].sum(axis=1)
    lost = frame[[f"{name}_value" for name in LOWERING]].sum(axis=1)
    assert (frame["opening_value"] + gained - lost == frame["closing_value"]).all()
    assert frame["net_new_value"].tolist() == [Decimal(0), Decimal("0.5"), Decimal(0)]


def test_spans_count_where_they_are_active_on_the_last_day():
    rows = pd.DataFrame(
        {
            "account": ["a", "b", "c", "b"],
            "start": ["2026-01-01", "2026-01-15", "2026-02-03", "2026-04-01"],
            "end": ["2026-03-31", "2026-02-27", "2026-02-20", None],
            "mrr": [100, 50, 70, 60],
        }
    )
    found = mrr(rows, as_of="2026-05-15")
    assert found.periods == ("2026-01", "2026-02", "2026-03", "2026-04")
    assert found.values.tolist() == [[150, 100, 100, 60]]
    assert "1 subscription began and ended within one month" in found.summary()
    moved = mrr_movements(rows, as_of="2026-04-30")
    assert moved.amounts["new"][0].tolist() == [150, 0, 0, 0]
    assert moved.amounts["churn"][0].tolist() == [0, 50, 0, 100]
    assert moved.amounts["reactivation"][0].tolist() == [0, 0, 0, 60]
    assert moved.accounts["reactivation"].tolist() == [[0, 0, 0, 1]]


def test_spans_need_the_day_up_to_which_they_are_complete():
    rows = pd.DataFrame({"account": ["a"], "start": ["2026-01-01"], "end": [None], "mrr": [1]})
    with pytest.raises(fk.FunnelError, match="`as_of` must say"):
        mrr(rows)
    with pytest.raises(fk.FunnelError, match="no month"):
        mrr(rows, as_of="2026-01-20")


def test_two_plans_of_one_account_are_one_account():
    rows = pd.DataFrame(
        {
            "account": ["a", "a", "a"],
            "month": ["2026-01", "2026-01", "2026-02"],
            "plan": ["basic", "extra", "whole"],
            "mrr": [10, 5, 15],
        }
    )
    moved = mrr_movements(rows)
    assert all((values == 0).all() for values in moved.amounts.values())
    assert "nothing moved" in moved.summary()
    split = mrr_movements(rows, by="plan")
    assert split.segments == (("basic",),)
    assert "1 account has several `plan`" in split.summary()


def test_a_missing_month_is_no_churn():
    rows = pd.DataFrame({"account": "a", "month": ["2026-01", "2026-03"], "mrr": 5})
    with pytest.raises(fk.FunnelError, match="no row for 2026-02: everyone would seem to leave"):
        mrr_movements(rows)


def test_one_month_has_moved_nothing():
    rows = pd.DataFrame({"account": ["a"], "month": ["2026-01"], "mrr": [5]})
    assert mrr_movements(rows).to_frame().empty
    assert "nothing has moved yet" in mrr_movements(rows).summary()
    assert mrr(rows).value == 5


def test_segments_add_up_to_all():
    rng = np.random.default_rng(7)
    rows = pd.DataFrame(
        {
            "account": [f"a{i}" for i in range(40) for _ in MONTHS],
            "month": MONTHS * 40,
            "mrr": rng.integers(0, 4, 160) * 12.34,
            "region": [["north", "south", None][i % 3] for i in range(40) for _ in MONTHS],
        }
    )
    split, whole = mrr_movements(rows, by="region"), mrr_movements(rows)
    assert split.segments == (("north",), ("south",), (None,))
    for name in MOVES:
        assert (split.amounts[name].sum(axis=0) == whole.amounts[name][0]).all()
        assert (split.accounts[name].sum(axis=0) == whole.accounts[name][0]).all()


def test_huge_amounts_stay_exact():
    rows = pd.DataFrame(
        {"account": ["a", "a"], "month": MONTHS[:2], "mrr": ["99999999999999.99", "0.01"]}
    )
    assert mrr_movements(rows).amounts["contraction"][0, 0] == Decimal("99999999999999.98")


def test_several_currencies_are_refused_unless_exchanged():
    rows = pd.DataFrame(
        {"account": ["a", "b"], "month": "2026-01", "mrr": [10, 20], "currency": ["EUR", "USD"]}
    )
    with pytest.raises(fk.FunnelError, match="EUR 1 and USD 1"):
        mrr(rows)
    ledger = read_subscriptions(rows, exchange={"USD": 0.5}, currency="EUR")
    assert mrr(ledger).value == 20
    assert mrr(ledger).currency == "EUR"


def test_amounts_below_zero_are_refused():
    rows = pd.DataFrame({"account": ["a"], "month": ["2026-01"], "mrr": [-10]})
    with pytest.raises(fk.FunnelError, match="1 value below 0, such as -10"):
        mrr(rows)


def test_an_unknown_column_gets_the_closest_match():
    rows = pd.DataFrame({"account": ["a"], "month": ["2026-01"], "mrr": [1], "region": ["n"]})
    with pytest.raises(fk.FunnelError, match="Did you mean `region`"):
        mrr(rows, by="regions")
    with pytest.raises(fk.FunnelError, match="read_subscriptions"):
        mrr([1, 2])
