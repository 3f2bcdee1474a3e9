"""A plan on one page: each figure is counted from the plan's own parts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import funnelkit as fk
from funnelkit._core.errors import ArgumentError
from funnelkit.plan.one_page.outlook import outlook_of
from tests.plan import plans_by_hand as by_hand


def said(words: str) -> str:
    return words.replace("\u202f", " ")


def test_the_parts_add_up_to_what_is_expected() -> None:
    shown = outlook_of(by_hand.plan())
    np.testing.assert_allclose(sum(shown.parts.values()), shown.expected)
    assert shown.target.sum() == 750_000
    # 5 % of 20,000 and 6 % of 30,000 a lead, were all of them won in time; 100,000 in flight.
    most = shown.leads.sum(axis=1) @ [1_000, 1_800] + 100_000
    assert 0.7 * most < shown.expected.sum() < most


def test_deals_and_entries_count_what_is_planned_and_what_is_open() -> None:
    shown = outlook_of(by_hand.plan())
    made = by_hand.plan().outcomes
    whole = made.deals.sum(axis=1) + made.in_flight.deals + made.direct.deals
    np.testing.assert_allclose(shown.deals, whole.mean(axis=0))
    assert shown.entries("sql").sum() <= shown.leads.sum(axis=1) @ [0.2, 0.3] + 1e-9


def test_the_board_counts_cost_cac_and_payback() -> None:
    page = fk.plan.board(by_hand.plan(), capacity=by_hand.capacity(), margin=0.5)
    leads = by_hand.plan().leads.sum(axis=1)
    people = by_hand.capacity().with_hires or by_hand.capacity()
    assert page.lead_cost == leads @ [100, 200]
    assert page.people_cost == people.total_cost
    assert page.cost == page.lead_cost + page.people_cost
    assert page.cac == page.cost / page.deals
    worth = page.expected / page.deals
    assert page.payback == pytest.approx(page.cac / (worth / 12 * 0.5))
    assert page.covers == "leads and people"
    assert page.hit == people.hit
    assert page.hit_by_leads == by_hand.plan().hit
    figures = page.to_frame().set_index("figure")["value"]
    assert figures["total cost"] == page.cost
    assert figures["chance of the goal"] == page.hit


def test_people_who_limit_the_goal_are_told_in_the_summary() -> None:
    page = fk.plan.board(by_hand.plan(), capacity=by_hand.capacity())
    assert page.people_limit == (page.hit_by_leads - page.hit > 0.015)
    assert ("With the people" in page.summary()) == page.people_limit
    assert "EUR" in page.summary()


def test_a_plan_of_deals_without_cost_has_what_is_known() -> None:
    page = fk.plan.board(by_hand.counted())
    assert np.isnan(page.cost)
    assert np.isnan(page.cac)
    assert np.isnan(page.payback)
    assert page.covers == ""
    assert "deals" in page.summary()
    assert said(page.summary()).endswith("chance.")


def test_monthly_recurring_revenue_is_a_month_s() -> None:
    plan = by_hand.plan()
    recurring = replace(plan, targets=replace(plan.targets, what="new MRR"))
    assert fk.plan.board(recurring).contract_months == 1
    assert fk.plan.board(plan).contract_months == 12
    assert fk.plan.board(plan, contract_months=24).contract_months == 24


def test_what_would_have_to_be_true_names_what_is_known() -> None:
    limit = fk.plan.break_even(by_hand.plan(), "leads")
    page = fk.plan.board(
        by_hand.plan(), capacity=by_hand.capacity(), recent={"web": 80}, limits=[limit]
    )
    told = {(one.channel, one.topic): one for one in page.truths if one.topic}
    assert told["", "leads"].limit == limit.words
    assert told["web", "leads"].known == "80 of late"
    assert said(told["web", "rate"].figure) == "5.0 %"
    assert told["web", "size"].figure == "EUR 20,000"
    assert any(one.says.startswith("What is open today brings EUR 100,000") for one in page.truths)
    assert any(one.says.startswith("The people are there in time") for one in page.truths)
    assert page.recent == 80


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"margin": 40}, r"`margin` must be above 0 .* Did you mean 0\.4\?"),
        ({"margin": 0}, "`margin` must be above 0"),
        ({"contract_months": 0}, "`contract_months` must be above 0"),
        ({"capacity": "team"}, r"`capacity` must be what fk\.plan\.capacity returns; got str"),
        ({"level": 80}, "must be between 0 and 1"),
    ],
)
def test_wrong_arguments_are_named(changed: dict[str, Any], words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        fk.plan.board(by_hand.plan(), **changed)


def test_other_things_are_refused() -> None:
    with pytest.raises(ArgumentError, match=r"`plan` must be what fk\.plan\.reverse or"):
        fk.plan.board(3)  # type: ignore[arg-type]
    other = fk.plan.capacity(
        fk.plan.Team(roles=[fk.plan.Role(name="seller", people=1, quota=1, attainment=0.8)]),
        periods=["2030-01"],
    )
    with pytest.raises(ArgumentError, match="must be of the plan's months, 2027-01 to 2027-04"):
        fk.plan.board(by_hand.plan(), capacity=other)
