"""Shadow prices against finite differences of the least cost, in parts of leads."""

import numpy as np
import pytest
from scipy import special

import funnelkit as fk
from funnelkit.plan.allocate.allowed import Asked, limits_of
from funnelkit.plan.allocate.arranging import certainty_of
from funnelkit.plan.allocate.certainty import Rule
from funnelkit.plan.allocate.cutting import cheapest
from funnelkit.plan.allocate.prices import Speech, prices_of
from funnelkit.plan.allocate.program import Program
from funnelkit.plan.allocate.surest import inside
from funnelkit.plan.goals.taking import targets_of
from tests.plan.allocate.cases import stated

SPEECH = Speech("USD", "count")
LIMITS = {
    "costs": {"a": 80, "b": 60},
    "ceilings": {"a": 300, "b": 500},
    "floors": {"b": {"2027-04": 20}},
}
TARGET, SURE = 72.0, 0.8


@pytest.fixture(scope="module")
def known():
    return stated({"a": 0.05, "b": 0.03}, horizon=4, lag=[0.6, 0.4], n_draws=100)


def solved(known, *, target=TARGET, sure=SURE, **limits):
    problems = []
    read = limits_of(known, Asked(**{**LIMITS, **limits}), problems)
    assert problems == []
    program = Program(read, known.within.mean(axis=0).sum(axis=-1), 0.0, 0.0)
    goals = targets_of(target, periods=known.periods, unit="count")
    certainty = certainty_of(known, goals, (Rule(target, 4, sure),))
    return program, certainty, cheapest(program, certainty, inside(program, certainty))


@pytest.fixture(scope="module")
def prices(known):
    program, certainty, found = solved(known)
    assert found.finished
    return {(one.kind, one.of): one for one in prices_of(program, certainty, found, SPEECH)}


def least(known, **changed):
    return solved(known, **changed)[2].net


def test_the_price_of_probability_is_the_slope_of_the_least_cost(known, prices):
    slope = (least(known, sure=0.81) - least(known, sure=0.79)) / 2
    assert prices["probability", "of the whole"].change == pytest.approx(slope, rel=0.03)


def test_the_price_of_the_target_is_the_slope_of_the_least_cost(known, prices):
    slope = (least(known, target=73) - least(known, target=71)) / 2  # deals are whole
    assert prices["target", "of the whole"].change == pytest.approx(slope, rel=0.03)


def test_the_price_of_a_ceiling_is_the_slope_of_the_least_cost(known, prices):
    price = prices["ceiling", "a"]
    assert price.months == (0, 1, 2)
    more = least(known, ceilings={"a": 305, "b": 500})
    less = least(known, ceilings={"a": 295, "b": 500})
    assert price.change == pytest.approx((more - less) / 10, rel=0.1)
    assert "ceiling of a binds in January 2027 to March 2027" in price.sentence


def test_the_price_of_a_floor_is_the_slope_of_the_least_cost(known, prices):
    more = least(known, floors={"b": {"2027-04": 25}})
    less = least(known, floors={"b": {"2027-04": 15}})
    assert prices["floor", "b"].change == pytest.approx((more - less) / 10, rel=0.05)


def test_what_does_not_bind_has_no_price(prices):
    assert set(prices) == {
        ("probability", "of the whole"),
        ("target", "of the whole"),
        ("ceiling", "a"),
        ("floor", "b"),
    }


@pytest.mark.parametrize(
    ("key", "limit", "given", "by"),
    [
        (("capacity", "deals"), "capacity", lambda more: {"deals": 22.0 + more}, 0.1),
        (("budget", "2027-02"), "budget", lambda more: {"2027-02": 36_000 + more}, 200.0),
        (("ramp", "a"), "ramp", lambda more: {"a": fk.plan.Ramp(step=20 + more, before=150)}, 1),
    ],
)
def test_other_limits_that_bind_have_their_slope(known, key, limit, given, by):
    program, certainty, found = solved(known, **{limit: given(0)})
    prices = {(one.kind, one.of): one for one in prices_of(program, certainty, found, SPEECH)}
    slope = (least(known, **{limit: given(by)}) - least(known, **{limit: given(-by)})) / (2 * by)
    assert slope < 0
    assert prices[key].change == pytest.approx(slope, rel=0.1)


def test_a_price_of_probability_grows_with_it(known):
    changes = []
    for sure in (0.6, 0.8, 0.95):
        program, certainty, found = solved(known, sure=sure)
        prices = prices_of(program, certainty, found, SPEECH)
        changes.append(next(one.change for one in prices if one.kind == "probability"))
    assert np.all(np.diff(changes) > 0)


def test_the_bound_is_below_every_plan_that_is_sure_enough(known):
    program, certainty, found = solved(known)
    rng = np.random.default_rng(1)
    ends = program.bounds()[: program.leads]
    tried = 0
    for _ in range(60):
        leads = ends[:, 0] + rng.beta(2, 0.7, size=len(ends)) * (ends[:, 1] - ends[:, 0])
        if certainty.margin(leads) >= 0 and not program.broken(leads):
            tried += 1
            assert program.net(leads) > found.bound
    assert tried > 5
    assert special.ndtr(certainty.margin(found.leads) + special.ndtri(SURE)) >= SURE - 1e-6
