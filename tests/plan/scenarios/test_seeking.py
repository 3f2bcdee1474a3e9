"""What a number would have to be: put back in, the plan comes out as asked."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

import funnelkit as fk
from funnelkit._core.errors import ArgumentError
from funnelkit.plan import HitChance, compare_scenarios, goal_seek
from tests.plan.scenarios.made import binomial_chance, chain, made
from tests.plan.scenarios.test_swings import too_late

MOVING = [
    "inbound: lead to opportunity",
    "inbound: opportunity to won",
    "outbound: lead to won",
    "inbound: deal size",
    "inbound: lag in months",
    "outbound: spread of deals",
    "in flight",
    "without a lead",
    "leads",
    "outbound: leads",
    "target",
]


@settings(max_examples=12)
@given(st.sampled_from(MOVING), st.floats(0.3, 0.97))
def test_put_back_in_it_is_as_asked(key, probability):
    found = goal_seek(made(), key, probability=probability)
    known, leads, target = made().assumptions, np.array(made().leads), made().targets.total
    at = found.value if found.found else found.best
    if key in known.inputs():
        known = known.with_inputs({key: at})
    elif key == "outbound: lead to won":
        factor = at / known.rates[1]
        known = known.with_inputs({"outbound: opportunity to won": 0.25 * factor})
    elif key == "leads":
        leads *= at / leads.sum()
    elif key == "outbound: leads":
        leads[1] *= at / leads[1].sum()
    else:
        target = at
    chance = HitChance(known, "value").probability(leads, target)
    near = 1e-6 if key != "outbound: lead to won" else 5e-3  # beta about another mean
    if found.found:
        assert chance == pytest.approx(probability, abs=near)
    assert chance == pytest.approx(found.output_best, abs=near)


def test_none_is_found_only_where_there_is_none():
    """Where none is said to do, a sweep finds none either, and nothing that comes closer."""
    found = goal_seek(made(), "inbound: lag in months", probability=0.999)
    assert not found.found
    assert np.isnan(found.value)
    chances = [
        HitChance(made().assumptions.with_inputs({found.key: months}), "value").probability(
            made().leads, made().targets.total
        )
        for months in (0, 0.5, 1, 2, 4, 10, 40, 120)
    ]
    assert max(chances) < 0.999
    assert found.output_best == pytest.approx(max(chances), abs=1e-6)
    assert found.best == 0
    assert "does not come to" in found.summary()


def test_a_rate_by_binomials():
    found = goal_seek(chain(), "all: opportunity to won", probability=0.95)
    leads = chain().leads.sum()
    wanted = optimize.brentq(lambda r: binomial_chance(leads, 0.05 * r, 40) - 0.95, 0.1, 0.4)
    assert found.value == pytest.approx(wanted, rel=1e-5)
    assert found.change == pytest.approx(wanted / 0.2 - 1, rel=1e-4)


def test_leads_and_cost_that_are_needed():
    """By the scenario that sets the number found."""
    for key, asked in (
        ("inbound: opportunity to won", {"leads": 2_000}),
        ("inbound: deal size", {"cost": 1.1 * made().spend.sum()}),
        ("inbound: cost per lead", {"cost": 0.9 * made().spend.sum()}),
        ("target", {"leads": 1.2 * made().leads.sum()}),
    ):
        found = goal_seek(made(), key, **asked)
        if key == "target":
            told = compare_scenarios(made(), {"a": {"targets": found.value}})
        else:
            told = compare_scenarios(made(), {"a": {"inputs": {key: found.value}}})
        name = "leads_needed" if "leads" in asked else "spend_needed"
        assert getattr(told, name)[1] == pytest.approx(next(iter(asked.values())), rel=2e-3)


def test_what_is_expected_is_linear_in_the_leads():
    here = made()
    found = goal_seek(here, "inbound: leads", value=1.5 * here.expected.sum())
    each = here.assumptions.yields[0].sum(axis=1) * 20_000
    per_lead = (here.leads[0] * each).sum() / here.leads[0].sum()
    more = 0.5 * here.expected.sum() / per_lead
    assert found.value == pytest.approx(here.leads[0].sum() + more, rel=0.01)


def test_steps_where_deals_are_of_one_size():
    """With 25k a deal, 40 are needed; 46 or fewer deals do from 1M / 46 on."""
    found = goal_seek(chain(), "all: deal size", probability=0.5)
    chance = [binomial_chance(4_518, 0.01, n) for n in range(60)]
    most = max(n for n in range(60) if chance[n] >= 0.5)
    assert found.value == pytest.approx(1_000_000 / most, rel=1e-6)
    assert found.output_best == pytest.approx(chance[most], abs=1e-5)


def test_what_the_plan_has_is_what_it_is():
    found = goal_seek(made(), "inbound: deal size", probability=made().hit)
    assert found.value == pytest.approx(20_000, rel=1e-6)


def test_what_does_not_move():
    found = goal_seek(made(), "inbound: cost per lead", probability=0.9)
    assert (found.found, found.moves) == (False, False)
    assert "does not move the chance of the target, which is 80" in found.summary()
    late = goal_seek(too_late(), "a: lead to won", probability=0.9)
    assert not late.moves
    assert "cannot come within the plan any more" in late.summary()


def test_jumps_from_no_leads_enough():
    """Leads needed are infinite for a rate of 0; the search gets away from there."""
    found = goal_seek(chain(), "all: lead to mql", leads=5_000_000)
    rate = found.value * 0.4 * 0.5 * 0.2
    assert stats.binom.sf(39, 5_000_000, rate) == pytest.approx(0.8, abs=1e-4)


@pytest.mark.parametrize(
    ("key", "asked", "words"),
    [
        ("inbond: deal size", {"probability": 0.9}, "Did you mean `inbound: deal size`?"),
        ("target", {}, "Ask for exactly one of"),
        ("target", {"probability": 0.9, "leads": 5}, "got `probability` and `leads`"),
        ("target", {"probability": 90}, "Did you mean 0.9?"),
        ("target", {"leads": -1}, "`leads` must be a number of at least 0"),
        ("target", {"cost": np.nan}, "`cost` must be a number"),
        ("target", {"value": True}, "`value` must be a number"),
        ("leads", {"leads": 5}, "does not depend on `leads`"),
        ("inbound: leads", {"cost": 5}, "does not depend on `inbound: leads`"),
    ],
)
def test_refused(key, asked, words):
    with pytest.raises(ArgumentError) as error:
        goal_seek(made(), key, **asked)
    assert words in str(error.value)


def test_how_it_is_said():
    found = goal_seek(made(), "inbound: deal size", probability=0.9)
    said = found.summary()
    assert "For the chance of the target to be 90" in said
    assert "the deal size of inbound must be EUR " in said
    assert "in place of EUR 20,000" in said
    frame = found.to_frame()
    assert frame.loc[0, "value"] == found.value
    assert frame.loc[0, "input"] == "inbound: deal size"
    hostile = fk.plan.reverse(1e5, fk.plan.stated({"<i>\nx": [0.1]}, value=1e4, n_draws=5))
    shown = goal_seek(hostile, "<i> x: deal size", probability=0.9)
    assert "<i>" not in shown._repr_html_()
    assert "\n" not in shown.summary()
