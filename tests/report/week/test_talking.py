"""The deals to talk about: each reason where it holds, none where it does not."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest

from funnelkit.report.week.facts import Activities, Deal, Movement
from funnelkit.report.week.talking import Ground, deals_to_talk_about
from tests.report.week import deals_by_hand as hand
from tests.report.week.spans import week_of

WEEK = week_of("2026-06-22", hand.FUNNEL)


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def told(*standing: Deal, moved: tuple[Deal, ...] = (), limits=None, activities=None) -> dict:
    """Return the kinds of reasons by deal, of deals that are not among the largest."""
    large = [Deal(id=f"large {k}", amount=Decimal(1000 + k)) for k in range(3)]
    movement = Movement(
        known="archive", start=WEEK.eve, end=WEEK.until, rows=(), moved=moved,
        standing=(*standing, *large), money=True, planned=True,
    )  # fmt: skip
    ground = Ground(span=WEEK, limits=limits or {}, chances={}, activities=activities)
    return {
        one.deal.id: [reason.kind for reason in one.reasons]
        for one in deals_to_talk_about(movement, ground)
        if not one.deal.id.startswith("large")
    }


def activities(last: dict[str, str], since: str = "2026-01-01") -> Activities:
    days = {name: day(text) for name, text in last.items()}
    return Activities(kinds={}, people={}, last=days, known_from=day(since))


def test_a_close_date_that_has_passed_or_is_near() -> None:
    deals = [
        Deal(id="past", amount=Decimal(9), close=day("2026-06-28")),
        Deal(id="near", amount=Decimal(8), close=day("2026-07-05")),
        Deal(id="far", amount=Decimal(7), close=day("2026-07-06")),
    ]
    assert told(*deals) == {"past": ["overdue"], "near": ["near"]}


def test_a_slip_and_a_lower_amount_of_the_week() -> None:
    standing = Deal(id="a", amount=Decimal(9), close=day("2026-09-30"))
    moved = Deal(
        id="a", amount=Decimal(9), amount_before=Decimal(12), close=day("2026-09-30"),
        close_before=day("2026-08-31"), moves=("slipped", "lowered"),
    )  # fmt: skip
    assert told(standing, moved=(moved,)) == {"a": ["slipped", "lowered"]}


def test_a_deal_older_than_the_limit_of_its_stage() -> None:
    old = Deal(id="old", stage="deal", stage_age=91, amount=Decimal(1))
    edge = Deal(id="edge", stage="deal", stage_age=90, amount=Decimal(1))
    other = Deal(id="other", stage="proposal", stage_age=900, amount=Decimal(1))
    assert told(old, edge, other, limits={"deal": 90.0}) == {"old": ["old"]}


def test_a_deal_that_nobody_touched_for_thirty_days() -> None:
    deals = [
        Deal(id="quiet", age=200, amount=Decimal(4)),
        Deal(id="busy", age=200, amount=Decimal(3)),
        Deal(id="never", age=200, amount=Decimal(2)),
        Deal(id="young", age=29, amount=Decimal(1)),
    ]
    last = activities({"quiet": "2026-05-29", "busy": "2026-05-30"})
    assert told(*deals, activities=last) == {"quiet": ["silent"], "never": ["silent"]}


def test_activities_known_for_a_short_time_call_no_deal_silent() -> None:
    deal = Deal(id="never", age=200, amount=Decimal(2))
    assert told(deal, activities=activities({}, since="2026-06-10")) == {}


def test_the_largest_come_first_and_are_always_there() -> None:
    deals = tuple(Deal(id=f"{k}", amount=Decimal(k)) for k in range(1, 6))
    movement = Movement(
        known="archive", start=WEEK.eve, end=WEEK.until, rows=(), moved=(), standing=deals,
        money=True, planned=True,
    )  # fmt: skip
    ground = Ground(span=WEEK, limits={}, chances={"5": 0.25}, activities=None)
    found = deals_to_talk_about(movement, ground)
    assert [one.deal.id for one in found] == ["5", "4", "3"]
    assert found[0].chance == 0.25
    assert "33" in found[0].reasons[0].words  # 5 of 15


def test_without_amounts_those_that_came_to_be_too_old_last_come_first() -> None:
    deals = tuple(Deal(id=f"{k}", stage="deal", stage_age=k) for k in (500, 91, 200))
    movement = Movement(
        known="dates", start=WEEK.eve, end=WEEK.until, rows=(), moved=(), standing=deals,
        money=False, planned=False,
    )  # fmt: skip
    ground = Ground(span=WEEK, limits={"deal": 90.0}, chances={}, activities=None)
    assert [one.deal.id for one in deals_to_talk_about(movement, ground)] == ["91", "200", "500"]


@pytest.mark.parametrize(
    ("amounts", "why"),
    [
        ([None, None, None], "no amounts are known"),
        ([None, None, 7], "few amounts are known"),
        ([7, 8, 9], "amounts are in several currencies"),
    ],
)
def test_amounts_that_tell_no_value_give_no_order(amounts: list[int | None], why: str) -> None:
    deals = tuple(
        Deal(id=f"{k}", stage="deal", stage_age=k, amount=None if of is None else Decimal(of))
        for k, of in zip((91, 200, 500), amounts, strict=True)
    )
    movement = Movement(
        known="dates", start=WEEK.eve, end=WEEK.until, rows=(), moved=(), standing=deals,
        money=False, planned=False,
    )  # fmt: skip
    ground = Ground(span=WEEK, limits={"deal": 90.0}, chances={}, activities=None)
    assert [one.deal.id for one in deals_to_talk_about(movement, ground)] == ["91", "200", "500"]
    assert movement.unpriced == why
    assert replace(movement, money=True).unpriced == ""
