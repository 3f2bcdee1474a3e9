"""The whole way with fitted models: history, plan, half a year later, what came, a new plan."""

import pandas as pd
import pytest

import funnelkit as fk
from funnelkit.plan import compare_to_actual, reverse


@pytest.fixture(scope="module")
def world():
    return fk.make_leads(5_000, rng=4, months=24, start="2025-01-01")


@pytest.fixture(scope="module")
def review(world):
    then = world.at("2026-05-31")
    targets = dict.fromkeys([f"2026-{month:02d}" for month in range(6, 13)], 700_000.0)
    plan = reverse(targets, fk.fit_funnel(then, by="region"), in_flight=then)
    now = world.at("2026-10-31")
    return compare_to_actual(plan, now, model=fk.fit_funnel(now, by="region"))


def test_what_came_is_what_the_records_say(world, review):
    won = world.at("2026-10-31").list("won")
    day = pd.to_datetime(won["won"])
    late = won[(day >= "2026-06-01") & (day <= "2026-10-31")]
    month = pd.to_datetime(late["won"]).dt.to_period("M")
    money = late.groupby(month)[world.funnel.value].sum().astype(float)
    assert list(review.periods.astype(str)) == list(money.index.astype(str))
    assert review.actual.tolist() == pytest.approx(money.tolist(), abs=0.01)


def test_the_plan_knows_whose_values_its_channels_are(review):
    assert review.record.by == ("region",)


def test_the_gap_is_split_without_a_rest(review):
    assert review.by_model
    assert review.gap == pytest.approx(review.actual.sum() - review.expected.sum())
    assert sum(review.effects.values()) == pytest.approx(review.gap, abs=1e-3)


def test_the_months_to_come_bring_what_was_missed(review):
    missed = 5 * 700_000 - review.actual.sum()
    assert review.remaining.amount.sum() == pytest.approx(2 * 700_000 + missed, abs=0.01)
    assert list(review.ahead.periods.astype(str)) == ["2026-11", "2026-12"]
    assert review.ahead.in_flight.sum() > 0
