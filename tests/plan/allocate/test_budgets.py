"""The best of a budget, and cost against chance."""

import numpy as np
import pytest

import funnelkit as fk
from funnelkit._core.errors import ArgumentError
from tests.plan.allocate.cases import stated

COSTS = {"search": 80, "events": 60}


@pytest.fixture(scope="module")
def known():
    return stated({"search": 0.05, "events": 0.03}, horizon=6, lag=[0.5, 0.3, 0.2], n_draws=60)


@pytest.mark.parametrize("probability", [0.5, 0.9])
def test_the_best_of_a_budget_is_the_other_side_of_the_cheapest_plan(known, probability):
    limits = {"costs": COSTS, "ceilings": {"search": 300}, "steady": 0.5}
    cheap = fk.plan.optimise(90, known, probability=probability, after_horizon=0.0, **limits)
    best = fk.plan.best_for(cheap.cost, 90, known, **limits)
    assert best.cost <= cheap.cost
    assert best.hit == pytest.approx(probability, abs=0.005)
    assert best.expected == pytest.approx(cheap.expected, rel=0.01)


def test_budgets_by_month_are_kept(known):
    found = fk.plan.best_for([30_000] * 6, 90, known, costs=COSTS, ceilings={"search": 200})
    assert (found.spend.sum(axis=0) <= 30_000).all()
    assert found.cost > 0.97 * 180_000
    more = fk.plan.best_for([33_000] * 6, 90, known, costs=COSTS, ceilings={"search": 200})
    assert more.hit > found.hit
    # what more money changes, from the price of the smaller budget
    change = found.prices[0].change * 18_000
    assert more.hit - found.hit == pytest.approx(change, rel=0.3)


def test_more_money_than_can_be_used(known):
    found = fk.plan.best_for(10_000_000, 90, known, costs=COSTS)
    assert found.hit > 0.99
    assert found.cost < 1_000_000
    assert found.status == "the budget is not needed in full"


def test_very_little_money_still_buys_the_best_there_is(known):
    found = fk.plan.best_for(5_000, 90, known, costs=COSTS)
    assert found.cost <= 5_000
    assert found.cost > 4_900
    assert found.hit < 0.01


def test_floors_dearer_than_the_budget(known):
    with pytest.raises(ArgumentError, match=r"lower the floor|raise the budget of all months"):
        fk.plan.best_for(10_000, 90, known, costs=COSTS, floors={"search": 100})


def test_certainty_costs_more_and_more(known):
    curve = fk.plan.cost_curve(
        90, known, probabilities=(0.5, 0.7, 0.9, 0.999), costs=COSTS, ceilings=300
    )
    frame = curve.to_frame()
    assert frame["probability"].tolist() == [0.5, 0.7, 0.9]
    assert curve.out_of_reach == (0.999,)
    assert (frame["hit"] >= frame["probability"]).all()
    assert (np.diff(frame["cost"]) > 0).all()
    points = frame["cost_per_point"].to_numpy()
    assert np.isnan(points[0])
    assert points[2] > points[1] > 0
    assert "is out of reach within the limits" in curve.summary()


def test_a_curve_of_nothing_that_can_be_had(known):
    with pytest.raises(ArgumentError, match="The limits allow at most"):
        fk.plan.cost_curve(90, known, probabilities=(0.8,), costs=COSTS, ceilings=50)
    with pytest.raises(ArgumentError, match="`probability` goes with optimise"):
        fk.plan.cost_curve(90, known, probability=0.8, costs=COSTS)
