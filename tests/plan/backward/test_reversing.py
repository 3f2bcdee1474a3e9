"""Plans of a calculator, of stated channels and of a fitted model, and input that cannot be."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import funnelkit as fk
from funnelkit._core.errors import ArgumentError
from funnelkit.plan import Plan, reverse, stated

CHAIN = [0.25, 0.40, 0.50, 0.20]


def leads_of(plan: Plan) -> dict[str, int]:
    return {name: int(one.sum()) for name, one in plan.options.items()}


def smallest(chance, wanted: float, near: int) -> int:
    """The first number of leads that is sure enough, counted up one by one."""
    n = near - 200
    assert chance(n) < wanted
    while chance(n) < wanted:
        n += 1
    return n


# Each plan beside SciPy's distribution of the wins, at least 40 = 1,000,000 / 25,000 of them.
PLANS = {
    "known": (CHAIN, {}, lambda n: stats.binom.sf(39, n, 0.01), [3967, 4518, 4825, 5088]),
    "cohorts differ": (
        CHAIN,
        {"correlation": 0.001},
        lambda n: stats.betabinom.sf(39, n, 9.99, 989.01),
        [4100, 5588, 6626],
    ),
    "learned": (
        [(30, 3000)],
        {},
        lambda n: stats.betabinom.sf(39, n, 30.5, 2970.5),
        [3945, 4834, 5383],
    ),
}


@pytest.mark.parametrize("name", PLANS)
def test_the_calculators_plans(name):
    rates, more, chance, wanted = PLANS[name]
    levels = [0.5, 0.8, 0.9, 0.95][: len(wanted)]
    assert [smallest(chance, p, n) for p, n in zip(levels, wanted, strict=True)] == wanted
    plan = reverse(1_000_000, rates, value=25_000, probability=levels[-1], **more)
    found = leads_of(plan)
    assert [found[f"P{100 * level:g}"] for level in levels] == wanted
    assert plan.leads.sum() == wanted[-1]
    assert plan.hit == pytest.approx(chance(wanted[-1]), abs=2e-6)


def test_the_plan_on_mean_rates_is_a_coin_toss():
    plan = reverse(1_000_000, CHAIN, value=25_000)
    table = plan.option_table().set_index("plan")
    assert table.loc["mean", "leads"] == 4000
    assert table.loc["mean", "probability"] == pytest.approx(0.52135, abs=5e-6)
    assert "On mean rates it would be 4,000 leads, with a 52" in plan.summary()
    doubted = reverse(1_000_000, CHAIN, value=25_000, correlation=0.001).option_table()
    assert doubted["probability"][0] == pytest.approx(0.4724, abs=5e-5)


def test_stages_activities_and_spend():
    plan = reverse(1_000_000, CHAIN, value=25_000, cost=50.0)
    needed = {stage: one.sum() for stage, one in plan.stages_needed().items()}
    assert needed == pytest.approx(
        {"lead": 4518, "mql": 1129.5, "sql": 451.8, "opportunity": 225.9, "won": 45.18}
    )
    per = {"meetings": {"sql": 1, "opportunity": 3}, "calls": {"lead": 2}}
    found = plan.activities(per)
    assert found["meetings"][0] == pytest.approx(451.8 + 3 * 225.9)
    assert found["calls"][0] == 2 * 4518
    assert plan.spend.sum() == 50 * 4518
    with pytest.raises(ArgumentError, match=r"unknown stage `sqls`.*Did you mean `sql`"):
        plan.activities({"meetings": {"sqls": 1}})
    with pytest.raises(ArgumentError, match="`per` must map each activity"):
        plan.activities({"meetings": 3})
    with pytest.raises(ArgumentError, match="at least 0; got -1"):
        plan.activities({"meetings": {"sql": -1}})


def test_stages_come_with_their_own_lag():
    assumptions = stated(
        {"a": {"rates": [0.5, 0.1], "lag": [0, 0, 1.0], "reach": {"opportunity": [0, 1.0]}}},
        horizon=6,
    )
    plan = reverse([5.0] * 6, assumptions)
    entered = plan.stages_needed()["opportunity"][0]
    np.testing.assert_allclose(entered[1:], 0.5 * plan.leads[0, :-1])
    assert entered[0] == 0


def test_the_frame_adds_up():
    assumptions = stated(
        {"in": {"rates": [0.2, 0.1], "cost": 100.0}, "out": {"rates": [0.1, 0.1], "cost": 50.0}},
        value=10_000,
        lag=[0.3, 0.7],
        horizon=6,
        in_flight=[30_000, 20_000, 0, 0, 0, 0],
        direct=60_000,
    )
    plan = reverse(600_000, assumptions, mix={"in": 0.75, "out": 0.25})
    frame = plan.to_frame()
    np.testing.assert_allclose(
        frame["expected"], frame["in_flight"] + frame["new"] + frame["direct"]
    )
    np.testing.assert_allclose(frame["gap"], frame["expected"] - frame["target"])
    np.testing.assert_allclose(frame["leads"], frame["leads_in"] + frame["leads_out"])
    np.testing.assert_allclose(frame["spend"], 100 * frame["leads_in"] + 50 * frame["leads_out"])
    np.testing.assert_allclose(frame["direct"], 10_000)
    assert frame["leads_in"].sum() / frame["leads"].sum() == pytest.approx(0.75, abs=0.001)
    assert frame["probability"].iloc[-1] == plan.hit >= 0.8
    assert plan.option_table()["expected"][0] == pytest.approx(600_000, rel=2e-3)
    # one lead less is not sure enough
    assert plan._chance.probability(plan.leads - np.eye(2, 6), 600_000) < 0.8


def test_chances_by_month_quarter_and_fiscal_year():
    months = pd.period_range("2027-01", periods=6, freq="M")
    assumptions = stated([0.1], value={"mean": 1000.0, "cv": 0.5}, periods=months, doubt=0.1)
    plan = reverse([10_000.0] * 6, assumptions, fiscal_year_start=2, after="nothing")
    quarters = plan.probability_by("quarter")
    assert list(quarters["period"]) == [
        "FY2027 Q4 (2027-01)",
        "FY2028 Q1",
        "FY2028 Q2 (2027-05 to 2027-06)",
    ]
    assert list(quarters["target"]) == [10_000, 30_000, 20_000]
    years = plan.probability_by("year")
    assert list(years["period"]) == ["FY2027 (2027-01)", "FY2028 (2027-02 to 2027-06)"]
    month = plan.probability_by("month")
    # joint outcomes of the same plan, simulated
    for k, row in month.iterrows():
        alone = plan.outcomes.probability(10_000, since=k, until=k + 1)
        assert row["probability"] == pytest.approx(alone, abs=0.04)
        so_far = plan.outcomes.probability(10_000 * (k + 1), until=k + 1)
        assert row["cumulative_probability"] == pytest.approx(so_far, abs=0.04)
    assert years["cumulative_probability"].iloc[-1] == plan.hit
    with pytest.raises(ArgumentError, match="`every` must be one of"):
        plan.probability_by("week")


def test_enough_in_flight_needs_no_lead():
    assumptions = stated([0.1], value=1000.0, horizon=3, in_flight=[50_000, 10_000, 0])
    plan = reverse(40_000, assumptions)
    assert not plan.leads.any()
    assert plan.hit == 1.0
    assert "What is there already is enough: no further lead is needed." in plan.summary()
    assert plan.option_table()["leads"].tolist() == [0, 0, 0, 0]


def test_enough_in_the_mean_is_not_sure():
    assumptions = stated([0.1], value=1000.0, horizon=3, in_flight=(41_000, 15_000))
    plan = reverse(40_000, assumptions, probability=0.8)
    table = plan.option_table().set_index("plan")
    assert table.loc["mean", "leads"] == 0
    assert table.loc["P80", "leads"] > 0
    assert plan.hit == pytest.approx(0.8, abs=0.02)
    assert "leads are for the chance asked for" in plan.summary()


def test_a_target_in_deals_and_a_channel_that_brings_nothing():
    assumptions = stated({"fair": [0.0], "web": [0.02]})
    plan = reverse(10, assumptions)
    assert plan.unit == "count"
    assert plan.leads[0, 0] == 0
    assert "No leads are planned for fair" in plan.summary()


WRONG = {
    r"`probability` must be between 0 and 1; got 80. Did you mean 0.8\?": {"probability": 80},
    r"got 1. No plan is sure": {"probability": 1},
    r"unknown channel `ibound`; known: `inbound`, `fair`. Did you mean `inbound`\?": {
        "mix": {"ibound": 1.0}
    },
    r"add up to 1; its shares are 1.2 together, 0.2 too much. In the same proportions: .*0.5833": {
        "mix": {"inbound": 0.7, "web": 0.5}
    },
    r"`mix` must hold shares from 0 to 1; got 1.5 for 'inbound'": {"mix": {"inbound": 1.5}},
    r"50.0.% of the leads to 'fair', which brings nothing: 'fair' has rate 0 at step 2 of 2": {
        "mix": {"inbound": 0.5, "fair": 0.5}
    },
    r"`peak` must be above 0; got 0": {"peak": 0},
    r"`after` must be one of": {"after": "same again"},
    r"`horizon` is 6, and the assumptions are for 1 month": {"horizon": 6},
    r"`value` goes with stated rates only": {"value": 3},
    r"`costs`: assumptions are taken as they are": {"costs": {}},
    r"`in_flight` goes with a fitted model only": {"in_flight": 3},
}


@pytest.mark.parametrize("message", WRONG)
def test_what_cannot_be(message):
    rates = {"inbound": [0.2, 0.1], "fair": [0.2, 0.0]}
    if "web" in str(WRONG[message]):
        rates["web"] = [0.1, 0.1]
    with pytest.raises(ArgumentError, match=message):
        reverse(10, stated(rates), **WRONG[message])


def test_targets_and_rates_that_cannot_be():
    with pytest.raises(ArgumentError, match="target of new business is 0"):
        reverse(0, CHAIN, value=25_000)
    with pytest.raises(ArgumentError, match=r"'all' has rate 0 at step 2 of 2.*State a rate"):
        reverse(10, [0.2, 0.0])
    with pytest.raises(ArgumentError, match=r"a deal of 'all' is worth 0"):
        reverse(1000, [0.2], value=0)
    with pytest.raises(ArgumentError, match=r"must be from 0 to 1; got 25. Did you mean 0.25"):
        reverse(1_000_000, [25, 0.4], value=25_000)
    money = fk.plan.targets_of(1_000_000, periods=["2027-01"])
    with pytest.raises(ArgumentError, match="`targets` are money, and no deal size is known for a"):
        reverse(money, CHAIN)
    with pytest.raises(ArgumentError, match=r"after the plan's end"):
        reverse({"2027-Q1": 30}, stated([0.1], periods=["2027-01", "2027-02"]))


def test_targets_say_the_months_of_stated_rates():
    plan = reverse({"2027-Q1": 30.0}, CHAIN)
    assert [str(one) for one in plan.periods] == ["2027-01", "2027-02", "2027-03"]


@pytest.fixture(scope="module")
def fitted():
    leads = fk.make_leads(3000, rng=1)
    return leads, fk.fit_funnel(leads)


def test_a_fitted_model(fitted):
    leads, model = fitted
    plan = reverse({"2026-Q4": 400_000}, model, in_flight=leads, n_draws=400)
    assert str(plan.periods[0]) == "2026-07"
    assert str(plan.periods[-1]) == "2026-12"
    assert plan.in_flight.sum() > 0
    assert set(plan.stages_in_flight()) <= set(model.stages)
    assert plan.hit_reachable >= 0.8 or not plan.leads.any()
    assert plan.targets.amount[:3].tolist() == [0, 0, 0]
    with pytest.raises(ArgumentError, match="a fitted model has deal sizes of its own"):
        reverse({"2026-Q4": 400_000}, model, in_flight=leads, value=3)
