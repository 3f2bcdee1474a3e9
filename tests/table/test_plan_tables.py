"""Tables of plans: cells are counted from the results."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

import funnelkit as fk
from funnelkit._core.errors import ArgumentError
from tests.plan import plans_by_hand as by_hand


def plain(cell: str) -> str:
    return cell.replace("\u202f", " ").replace("\u2212", "-")


def column(table: fk.table.Table, head: str) -> list[str]:
    """The cells under a heading."""
    (place,) = [k for k, one in enumerate(table.columns) if one.head == head]
    return [plain(row[place]) for row in table.rows]


def test_the_plan_by_month_adds_up() -> None:
    plan = by_hand.plan()
    table = fk.table.plan(plan, capacity=by_hand.capacity())
    assert column(table, "month") == [*by_hand.MONTHS, "all"]
    assert column(table, "web") == [f"{n:,.0f}" for n in (*plan.leads[0], plan.leads[0].sum())]
    assert column(table, "leads")[-1] == f"{plan.leads.sum():,.0f}"
    assert column(table, "target") == ["150,000", "200,000", "200,000", "200,000", "750,000"]
    assert column(table, "in flight")[-1] == "100,000"
    gaps = [f"{gap:+,.0f}" for gap in (*plan.gap, plan.gap.sum())]
    assert column(table, "gap") == gaps
    assert column(table, "chance by then")[-1] == f"{100 * plan.hit:.0f} %"
    assert column(table, "spend")[-1] == f"{plan.spend.sum():,.0f}"
    assert any(column(table, "hires to open"))
    assert table.summary.endswith(".")
    assert "<b>fair" not in table.to_html()


def test_channels_beyond_the_most_share_a_column() -> None:
    table = fk.table.plan(by_hand.plan(), most_channels=1)
    assert [one.head for one in table.columns][1:3] == ["other channels", "leads"]
    assert column(table, "other channels") == column(table, "leads")


def test_a_plan_of_deals_has_no_money() -> None:
    heads = [one.head for one in fk.table.plan(by_hand.counted()).columns]
    assert heads == ["month", "leads", "sql", "deals", "target", "gap", "chance by then"]


def test_options_stand_side_by_side_with_their_true_chance() -> None:
    plan = by_hand.plan()
    table = fk.table.plan_options(plan)
    assert [row[0] for row in table.rows] == ["mean", "P50", "P80", "P90"]
    known = plan.option_table().set_index("plan")
    assert column(table, "leads") == [f"{known.loc[row[0], 'leads']:,.0f}" for row in table.rows]
    chances = column(table, "chance of the goal")
    assert chances[1:] == ["50 %", "80 %", "90 %"]


def test_scenarios_and_people() -> None:
    table = fk.table.scenarios(by_hand.scenarios())
    assert [row[0] for row in table.rows] == ["as planned", "slow <i>year</i>"]
    assert "slow <i>year</i>: Web converts a fifth less" in table.notes
    assert "<i>" not in table.to_html()
    found = by_hand.capacity()
    people = fk.table.headcount(found)
    assert [row[0] for row in people.rows] == by_hand.MONTHS
    assert column(people, "seller needed")[-1] == f"{found.ramped_heads_needed[0, -1]:.1f}"
    assert [row[-1] for row in people.rows] == list(found.binding)
    assert len(people.notes) == 1 + len(found.requisitions)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: fk.table.plan("x"), "`plan` must be"),
        (lambda: fk.table.plan(by_hand.plan(), most_channels=0), "`most_channels`"),
        (lambda: fk.table.plan(by_hand.plan(), capacity=3), "`capacity` must be"),
        (lambda: fk.table.plan_options(3), "`plan` must be"),
        (lambda: fk.table.scenarios(3), "`scenarios` must be"),
        (lambda: fk.table.headcount(3), "`capacity` must be"),
    ],
)
def test_wrong_arguments_are_named(make: Any, words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        make()


def test_chances_are_of_what_can_still_come() -> None:
    months = pd.period_range("2027-01", periods=4, freq="M")
    late = fk.plan.stated([0.01], lag=[0, 0, 0.5, 0.5], periods=months)
    plan = fk.plan.reverse([10.0] * 4, late)
    assert plan.missing == pytest.approx(10)  # March and April bring at most 30
    rest = "the 30 deals that can still come"
    table = fk.table.plan_options(plan)
    assert column(table, "chance of what can come")[1:] == ["50 %", "80 %", "90 %"]
    assert f"Chances are of {rest}." in table.notes
    assert plan.hit < 0.25
    assert table.summary.startswith("Of 40 deals in January 2027 to April 2027, 30 deals can still")
    assert f" chance of {rest}." in plan.summary()
