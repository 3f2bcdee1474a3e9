"""Inputs by their names: what they are called, what a number and an estimate change."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funnelkit._core.errors import ArgumentError
from funnelkit.plan import Assumptions, Channel, Estimate, MonthLag, Stream, stated

N, H = 400, 3
MONTHS = pd.period_range("2027-01", periods=H, freq="M")


def stream(name: str, mean: float, sd: float) -> Stream:
    rng = np.random.default_rng(3)
    deals = rng.poisson(np.full((N, H), 4.0)).astype(float)
    value = deals * rng.gamma(9, 1, (N, 1)) if mean else deals * 0
    scale = mean / value.sum(axis=1).mean() if mean else 0
    return Stream(name=name, deals=deals * bool(mean), value=value * scale,
                  reach={"sql": np.ones(H)}, source="open records", n=12)  # fmt: skip


def with_joint() -> Assumptions:
    """One channel with a model's joint draws, one without."""
    rng = np.random.default_rng(1)
    joint = rng.gamma(100, 0.01, (N, 1)) * np.ones((1, H))
    lag, size = MonthLag([0.2, 0.5, 0.3]), Estimate(value=20_000, sd=900)
    rates = (Estimate(value=0.4, sd=0.02, n=900), Estimate(value=0.05, sd=0.01))
    first = Channel(
        name="inbound", rates=rates, lag=lag, lag_sd=0.1, size=size, size_cv=0.8, joint=joint,
        size_joint=rng.gamma(400, 1 / 400, N), cost=Estimate(value=120), correlation=0.001,
        reach={"sql": MonthLag([0.5, 0.5])},
    )  # fmt: skip
    second = replace(first, name="a: lead to sql", joint=None, size_joint=None, cost=None)
    return Assumptions(
        stages=("lead", "sql", "won"), periods=MONTHS, as_of=dt.date(2026, 12, 31),
        channels=(first, second), in_flight=stream("in flight", 5e5, 1.0),
        direct=stream("without a lead", 0, 0), n_draws=N,
    )  # fmt: skip


@pytest.fixture(scope="module")
def plan_on() -> Assumptions:
    return with_joint()


def test_names_are_the_channels_and_these_words(plan_on):
    assert list(plan_on.inputs()) == [
        "inbound: lead to sql", "inbound: sql to won", "inbound: lag in months",
        "inbound: deal size", "inbound: spread of deals", "inbound: cost per lead",
        "inbound: correlation of leads",
        "a: lead to sql: lead to sql", "a: lead to sql: sql to won",
        "a: lead to sql: lag in months", "a: lead to sql: deal size",
        "a: lead to sql: spread of deals", "a: lead to sql: correlation of leads",
        "in flight", "without a lead",
    ]  # fmt: skip


def test_names_that_meet_are_told_apart():
    """Channel "x" with a step "a: b to c" beside channel "x: a" with "b to c"."""
    found = stated({"x": [0.5], "x: a": [0.5]}, stages=["a: b", "c"])
    assert len(found.inputs()) == 2 * 3 + 2
    twice = replace(found, stages=("lead", "c"))
    assert "x: lead to c" in twice.inputs()
    odd = stated({"x": [0.5, 0.2], "x: b to c": [0.5, 0.2]}, stages=["b to c: b", "c", "d"])
    assert len(odd.inputs()) == len(set(odd.inputs())) == 2 * 4 + 2


def test_its_own_inputs_change_nothing(plan_on):
    assert plan_on.with_inputs(plan_on.inputs()) is plan_on
    assert plan_on.with_inputs({k: one.value for k, one in plan_on.inputs().items()}) is plan_on


def test_a_number_scales_and_keeps_joint_draws(plan_on):
    changed = plan_on.with_inputs({"inbound: sql to won": 0.1, "inbound: deal size": 30_000})
    assert changed.rate_draws[:, 0] == pytest.approx(2 * plan_on.rate_draws[:, 0])
    assert changed.size_draws[:, 0] == pytest.approx(1.5 * plan_on.size_draws[:, 0])
    assert changed.rate_draws[:, 1] == pytest.approx(plan_on.rate_draws[:, 1])
    found = changed.inputs()["inbound: sql to won"]
    assert (found.value, found.sd) == (0.1, pytest.approx(0.02))
    assert found.source == "set: was 0.05 (stated)"
    again = changed.with_inputs({"inbound: sql to won": 0.07}).inputs()["inbound: sql to won"]
    assert again.source == "set: was 0.05 (stated)"


def test_an_estimate_replaces_joint_draws_by_own_doubts(plan_on):
    new = Estimate(value=0.05, sd=0.001)
    changed = plan_on.with_inputs({"inbound: sql to won": new})
    assert changed.channels[0].joint is None
    drawn = changed.rate_draws[:, 0, 0]
    # independent factors: 1 + cv^2 = prod(1 + cv_k^2)
    cv = np.sqrt((1 + (0.02 / 0.4) ** 2) * (1 + (0.001 / 0.05) ** 2) - 1)
    assert drawn.mean() == pytest.approx(0.4 * 0.05, rel=0.002)
    assert drawn.std() / drawn.mean() == pytest.approx(cv, rel=0.08)
    alike = plan_on.with_inputs({"inbound: sql to won": Estimate(value=0.1, sd=0.02)})
    assert alike.channels[0].joint is not None  # in doubt in proportion: a number


def test_lag_stretches_all_times(plan_on):
    changed = plan_on.with_inputs({"inbound: lag in months": 2.2})
    channel = changed.channels[0]
    assert channel.lag.mean_months == pytest.approx(2.2)
    assert channel.lag_sd == pytest.approx(0.1)
    assert channel.reach["sql"].mean_months == pytest.approx(0.5 * 2.2 / 1.1)
    known = plan_on.with_inputs({"inbound: lag in months": Estimate(value=1.1, sd=0.0)})
    assert known.channels[0].lag_sd == 0
    assert (known.stretches[0] == 1).all()


def test_totals_scale_all_months_and_records_on_their_way(plan_on):
    before = plan_on.in_flight
    changed = plan_on.with_inputs({"in flight": 250_000}).in_flight
    assert changed.value == pytest.approx(before.value / 2)
    assert changed.deals == pytest.approx(before.deals / 2)
    assert changed.reach["sql"] == pytest.approx(np.full(H, 0.5))
    assert changed.source == "set: was 500000 (open records)"


def test_an_estimate_of_a_total_keeps_the_order_of_draws(plan_on):
    changed = plan_on.with_inputs({"in flight": Estimate(value=4e5, sd=3e4)}).in_flight
    total = changed.totals("value")
    assert (total.mean(), total.std()) == (pytest.approx(4e5), pytest.approx(3e4))
    before = plan_on.in_flight.totals("value")
    assert (np.argsort(total) == np.argsort(before)).all()
    none = plan_on.with_inputs({"in flight": 0}).in_flight
    assert not none.value.any()
    assert not none.deals.any()


def test_a_total_from_nothing_is_spread_evenly(plan_on):
    changed = plan_on.with_inputs({"without a lead": Estimate(value=60_000, sd=6_000)}).direct
    assert changed.value.mean(axis=0) == pytest.approx(np.full(H, 20_000), rel=1e-3)
    assert changed.totals("value").std() == pytest.approx(6_000, rel=0.02)
    assert changed.deals.sum(axis=1).mean() == pytest.approx(3.0, rel=1e-3)  # of 20,000 each


def test_near_one_a_number_keeps_what_doubt_it_can():
    plan_on = stated([(1, 6)])
    changed = plan_on.with_inputs({"all: lead to won": 0.999})
    assert np.isfinite(changed.rate_draws).all()
    assert changed.inputs()["all: lead to won"].sd < 0.999 * 0.001 / 0.0316


def test_every_problem_at_once(plan_on):
    wrong = {
        "inbound: dela size": 1, "inbound: lead to sql": 40, "in flight": -1,
        "inbound: deal size": "many", "inbound: correlation of leads": 1.0,
        "inbound: spread of deals": Estimate(value=1, sd=0.5), "inbound: lag in months": 500,
        "inbound: sql to won": Estimate(value=0.5, sd=0.6),
    }  # fmt: skip
    with pytest.raises(ArgumentError) as found:
        plan_on.with_inputs(wrong)
    text = str(found.value)
    assert text.startswith("8 problems:")
    for words in (
        "Did you mean `inbound: deal size`?",
        "must be a share from 0 to 1; got 40. Did you mean 0.4?",
        "`in flight`: must be at least 0; got -1.",
        "must be a number; got 'many'.",
        "must be below 1; got 1.",
        "is taken as known, without `sd`",
        "A share of 0.5 cannot have `sd` 0.6",
        "`inbound: lag in months`: must be from 0 to 120 months; got 500.",
    ):
        assert words in text


SHARE = st.floats(0.001, 0.999)


@settings(max_examples=25, deadline=None)
@given(
    rates=st.lists(st.lists(SHARE, min_size=2, max_size=2), min_size=1, max_size=3),
    value=st.one_of(st.none(), st.floats(1, 1e6)),
    lag=st.lists(st.floats(0.01, 1), min_size=1, max_size=6),
    doubt=st.floats(0, 0.05),
    flight=st.tuples(st.floats(0, 1e6), st.floats(0, 1e5)),
    to=st.floats(0.2, 3),
)
def test_what_is_put_in_comes_out(rates, value, lag, doubt, flight, to):
    found = stated({f"c{i}": own for i, own in enumerate(rates)}, value=value, n_draws=50,
                   lag=list(np.array(lag) / sum(lag)), doubt=doubt * (1 - rates[0][0]),
                   cost=(90, 10), in_flight=flight, lag_doubt=0.1, horizon=3)  # fmt: skip
    assert found.with_inputs(found.inputs()) is found
    asked = {"c0: cost per lead": 90 * to, "c0: lead to opportunity": rates[0][0] / (1 + to)}
    if flight[0] > 1:
        asked["in flight"] = flight[0] * to
    if found.inputs()["c0: lag in months"].value > 0.01:
        asked["c0: lag in months"] = found.inputs()["c0: lag in months"].value * to
    changed = found.with_inputs(asked).inputs()
    for key, one in changed.items():
        wanted = asked.get(key, found.inputs()[key].value)
        assert one.value == pytest.approx(wanted, rel=1e-6), key
