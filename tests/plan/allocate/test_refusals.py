"""Foolish and infeasible input: which limit, by how much, and what would make it feasible."""

import re

import numpy as np
import pandas as pd
import pytest

import funnelkit as fk
from funnelkit._core.errors import ArgumentError
from tests.plan.allocate.cases import stated

COSTS = {"search": 80, "events": 60}


@pytest.fixture(scope="module")
def known():
    return stated({"search": 0.05, "events": 0.03}, horizon=4, lag=[0.6, 0.4], n_draws=40)


def refused(known, target=60, **given):
    with pytest.raises(ArgumentError) as caught:
        fk.plan.optimise(target, known, **({"costs": COSTS} | given))
    return str(caught.value)


def test_all_problems_are_told_at_once(known):
    said = refused(
        known,
        probability=80,
        costs={"serach": 80, "events": -60},
        ceilings={"search": [100, 200], "event": 5},
        floors={"events": {"2028-01": 10}},
        ramp={"search": -0.1},
        budget={"2027-02": -5},
        cost_steps={"search": [(500, 120), (None, 90)]},
        capacity={"meetings": 5},
        after_horizon=2,
    )
    assert said.startswith("12 problems:")
    for part in (
        "`probability` must be between 0 and 1; got 80. Did you mean 0.8?",
        "`costs`: unknown channel `serach`; known: `search`, `events`. Did you mean `search`?",
        "`costs` of 'events' must be a number of at least 0; got -60",
        "4 of them (one for each month, 2027-01 to 2027-04)",
        "`ceilings`: unknown channel `event`; known: `search`, `events`. Did you mean `events`?",
        "'2028-01' is not among the months of the plan (2027-01 to 2027-04)",
        "`ramp` of 'search' must be the share",
        "`budget` of 2027-02 must be a number of at least 0; got -5",
        "cost must not fall with volume",
        "unknown stage `meetings`",
        "`after_horizon` must be from 0 to 1; got 2",
    ):
        assert part in said


def test_costs_that_are_not_known_are_asked_for(known):
    said = refused(known, costs=None)
    assert "not known for 2 channels: 'search' and 'events'" in said
    assert "`costs={'search': …}`" in said


def test_floors_above_ceilings_are_named(known):
    said = refused(known, floors={"search": 300}, ceilings={"search": {"2027-02": 200}})
    assert "`floors` of 'search' lie above its ceilings: 300 above 200 in 2027-02" in said


def test_rates_of_zero():
    nothing = stated({"search": 0.0, "events": 0.0}, horizon=4, n_draws=10, doubt=0.0)
    assert "No lead of any channel is won" in refused(nothing)
    assert "every rate is 0" in refused(nothing)


def test_a_target_of_zero(known):
    assert "target of new business is 0" in refused(known, target=0)


def test_a_rate_of_zero_in_one_channel_buys_none_of_it():
    known = stated({"search": 0.05, "events": 0.0}, horizon=2, n_draws=20, doubt=0.0)
    found = fk.plan.optimise(6, known, costs=COSTS)
    assert found.leads[1].sum() == 0


def test_limits_that_contradict_each_other_are_mended_by_the_smallest_change(known):
    said = refused(known, floors={"search": 300}, budget={"2027-02": 20_000})
    assert said == (
        "No leads keep all limits at once. The smallest change that lets some: lower the floor of "
        "search in 2027-02 from 300 to 250."
    )
    said = refused(known, floors={"search": 300}, budget=90_000)
    assert "raise the budget of all months by 6,000 to 96,000" in said


def test_capacity_below_what_is_in_flight():
    known = stated({"search": 0.05}, horizon=2, n_draws=20, in_flight=[30, 10])
    said = refused(known, costs={"search": 50}, capacity={"deals": 20})
    assert "raise the capacity of deals in 2027-01 by 10 to 30 (30 come without new leads)" in said


def test_ceilings_below_need_say_what_would_do(known):
    said = refused(known, ceilings=200)
    assert "The limits allow at most 58 deals in the mean by the end of April 2027" in said
    # (200 x .05 + 200 x .03) x (1 + 1 + 1 + .6) = 57.6 deals
    higher = int(re.search(r"ceiling of search from 200 to ([\d,]+)", said)[1].replace(",", ""))
    assert (
        fk.plan.optimise(60, known, costs=COSTS, ceilings={"search": higher, "events": 200}).hit
        >= 0.8
    )
    below = int(0.98 * higher)
    refused(known, ceilings={"search": below, "events": 200})
    lower = int(re.search(r"lower the target to ([\d,]+) deals", said)[1])
    assert fk.plan.optimise(lower, known, costs=COSTS, ceilings=200).hit >= 0.8
    refused(known, target=lower + 2, ceilings=200)
    less = float(re.search(r"ask for ([\d.]+)", said)[1]) / 100
    assert fk.plan.optimise(60, known, costs=COSTS, ceilings=200, probability=less).hit >= less


def test_a_budget_below_need_says_how_much_would_do(known):
    said = refused(known, budget=60_000)
    more = float(re.search(r"from 60,000 to ([\d,]+)", said)[1].replace(",", ""))
    found = fk.plan.optimise(60, known, costs=COSTS, budget=more, steady=0.0)
    assert 0.97 * more <= found.cost <= more


def test_an_early_target_that_no_lead_can_reach_in_time():
    known = stated({"search": 0.05}, horizon=4, lag=[0.0, 0.0, 1.0], n_draws=20)
    said = refused(known, target=8, costs={"search": 50}, interim={"2027-02": 0.5})
    assert "at most 0.0 deals in the mean by the end of February 2027" in said


def test_limits_may_be_frames_series_and_arrays(known):
    frame = pd.DataFrame({"search": [500, 400, 400, 400], "events": 900}, index=known.periods)
    by_frame = fk.plan.optimise(60, known, costs=COSTS, ceilings=frame)
    by_array = fk.plan.optimise(60, known, costs=COSTS, ceilings=frame.to_numpy().T)
    series = {"search": frame["search"], "events": 900}
    by_series = fk.plan.optimise(60, known, costs=COSTS, ceilings=series)
    assert np.array_equal(by_frame.leads, by_array.leads)
    assert np.array_equal(by_frame.leads, by_series.leads)
    assert (by_frame.leads[0] <= [500, 400, 400, 400]).all()


@pytest.mark.parametrize("given", [{"ceilings": [1, 2, 3]}, {"ceilings": "all"}, {"floors": "x"}])
def test_shapes_that_do_not_fit(known, given):
    assert "must be a mapping of channels to numbers, or an array of shape (2,)" in refused(
        known, **given
    )


@pytest.mark.parametrize("wrong", [-0.1, float("nan"), "fast", True])
def test_a_ramp_must_be_a_number_of_at_least_0(wrong):
    with pytest.raises(ArgumentError, match="`growth` of a ramp must be at least 0"):
        fk.plan.Ramp(growth=wrong)


def test_a_budget_of_nothing(known):
    with pytest.raises(ArgumentError, match="without money there are no leads"):
        fk.plan.best_for(0, 60, known, costs=COSTS)
