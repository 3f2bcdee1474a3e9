"""Bars of single inputs, against the plan made anew with the input known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize

import funnelkit as fk
from funnelkit._core.errors import ArgumentError, EvidenceError
from funnelkit.plan import Estimate, HitChance, tornado
from tests.plan.scenarios.made import chain, made, two_channels


def test_each_bar_is_the_plan_with_that_input_known_to_be_low_or_high():
    found = tornado(made())
    known = made().assumptions
    assert found.base == made().hit
    assert found.inputs[0] in ("inbound: opportunity to won", "in flight", "inbound: deal size")
    for k, key in enumerate(found.inputs):
        low, high = known.intervals(0.8)[key]
        assert (found.low[k], found.high[k]) == (low, high)
        for end, at in ((low, found.at_low[k]), (high, found.at_high[k])):
            anew = known.with_inputs({key: Estimate(value=end)})
            assert at == pytest.approx(HitChance(anew, "value").probability(
                made().leads, made().targets.total), abs=1e-9)  # fmt: skip


def test_bars_are_conditional_chances():
    """Their mean over an input's distribution is the chance of the plan."""
    known, plan = made().assumptions, made()
    key = "inbound: deal size"
    places = (np.arange(15) + 0.5) / 15
    nodes = known.inputs()[key].quantiles(places, kind="amount")
    chances = [
        HitChance(known.with_inputs({key: Estimate(value=float(x))}), "value").probability(
            plan.leads, plan.targets.total
        )
        for x in nodes
    ]
    assert np.mean(chances) == pytest.approx(plan.hit, abs=0.01)


def test_what_is_known_has_no_bar_and_bars_are_sorted():
    found = tornado(made())
    assert "outbound: lead to opportunity" in found.known
    assert "inbound: correlation of leads" in found.known
    assert "without a lead" not in found.known  # there is none
    assert set(found.idle) == {"inbound: cost per lead"}  # no matter for a chance
    assert set(found.inputs).isdisjoint(found.known)
    assert (np.diff(found.length) <= 0).all()
    doubted = {key for key, one in made().assumptions.inputs().items() if one.sd > 0}
    assert set(found.inputs) | set(found.idle) == doubted


def test_leads_and_their_cost():
    leads, cost = tornado(made(), output="leads"), tornado(made(), output="cost")
    assert leads.base == pytest.approx(made().leads.sum(), abs=made().leads.size)
    k = leads.inputs.index("inbound: deal size")
    assert leads.at_low[k] > leads.base > leads.at_high[k]
    j = cost.inputs.index("inbound: cost per lead")
    ends = made().assumptions.intervals(0.8)["inbound: cost per lead"]
    share = made().leads[0].sum() / made().leads.sum() * leads.base
    assert cost.at_high[j] - cost.at_low[j] == pytest.approx(share * (ends.high - ends.low))
    bare = fk.plan.reverse(500_000, two_channels(n_draws=50).with_inputs({}))
    assert tornado(bare, output="value").base == pytest.approx(bare.expected.sum(), rel=0.01)


def test_leads_at_the_ends_by_a_search_of_their_own():
    plan, found = made(), tornado(made(), output="leads")
    for k, key in enumerate(found.inputs[:2]):
        known = plan.assumptions.with_inputs({key: Estimate(value=float(found.low[k]))})
        chance = HitChance(known, "value")
        scale = optimize.brentq(
            lambda s, at=chance: (
                at.probability(s * plan.leads, plan.targets.total) - plan.probability
            ),
            0.3,
            4,
        )
        assert found.at_low[k] == pytest.approx(scale * plan.leads.sum(), rel=1e-4)


@settings(max_examples=8)
@given(
    st.lists(st.floats(0.05, 0.9), min_size=2, max_size=5),
    st.floats(0.01, 0.3),
    st.sampled_from(["value", "probability", "leads"]),
)
def test_equal_swings_make_equal_bars_in_a_chain(rates, swing, output):
    highest = max(rates) * (1 + swing)
    rates = [rate / max(highest, 1) for rate in rates]
    stages = [f"s{k}" for k in range(len(rates) + 1)]
    given_ = fk.plan.stated(rates, value={"mean": 10_000, "cv": 0.7}, stages=stages)
    plan = fk.plan.reverse(400_000, given_)
    found = tornado(plan, output=output, swing=swing)
    steps = [k for k, key in enumerate(found.inputs) if " to " in key]
    assert len(steps) == len(rates)
    assert np.ptp(found.length[steps]) < 2e-6 * abs(found.base)
    if output == "value":  # proportional to each factor, so that the bar is 2 swings long
        long = np.append(
            found.length[steps], found.length[list(found.inputs).index("all: deal size")]
        )
        assert long == pytest.approx(2 * swing * found.base, rel=1e-6)
    assert "bars of one length by arithmetic" in found.summary()


def test_a_plan_without_doubt_has_no_bars():
    found = tornado(chain())
    assert found.inputs == ()
    assert "No input is in doubt" in found.summary()
    assert found.to_frame().empty


def test_how_it_is_said():
    found = tornado(made())
    assert found.summary().startswith("The plan stands or falls with ")
    assert "taken as known, without a bar" in found.summary()
    assert "(P10)" in found.summary()
    small = tornado(made(), output="value")
    assert small.summary().startswith("What matters most is ")
    assert "EUR" in small.summary()
    assert list(found.to_frame().columns) == [
        "input", "value", "low", "high", "at_low", "at_high", "length",
    ]  # fmt: skip
    with pytest.raises(ValueError, match="read-only"):
        found.low[0] = 1


def too_late():
    """Leads that win after the plan's end: nothing but what is in flight can bring anything."""
    months = {"periods": "2027-01", "horizon": 3, "n_draws": 50}
    given_ = fk.plan.stated(
        {"a": (20, 100)}, value=10_000, lag=[0, 0, 0, 1], in_flight=(50_000, 20_000), **months
    )
    return fk.plan.reverse([60_000, 0, 0], given_)


def test_a_target_that_no_leads_can_bring():
    found = tornado(too_late())
    assert found.inputs == ("in flight",)
    assert found.idle == ("a: lead to won",)
    assert "of the target cannot come within the plan any more" in found.summary()
    with pytest.raises(EvidenceError, match="No number of leads"):
        tornado(too_late(), output="leads")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"output": "prob"}, "`output` must be one of"),
        ({"swing": 10}, "`swing` must be between 0 and 1"),
        ({"swing": "a"}, "`swing` must be between 0 and 1"),
        ({"output": "cost"}, "The cost of a lead is not known of `a`"),
    ],
)
def test_refused(arguments, words):
    given_ = fk.plan.stated({"a": (5, 50)}, value=10_000, n_draws=50)
    with pytest.raises(ArgumentError) as error:
        tornado(fk.plan.reverse(60_000, given_), **arguments)
    assert words in str(error.value)
