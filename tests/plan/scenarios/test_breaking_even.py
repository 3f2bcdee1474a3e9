"""How far one number may go, in closed form."""

import numpy as np
import pytest
from scipy import optimize

import funnelkit as fk
from funnelkit._core.errors import ArgumentError
from funnelkit.plan import break_even
from tests.plan.scenarios.made import binomial_chance, chain, made, two_channels


def test_rates_of_a_chain():
    """Even odds by binomials; half of .01 x 25k is 125 a lead, for which 100 are paid."""
    found = break_even(chain(), "all: lead to mql", margin=0.5)
    leads = chain().leads.sum()
    wanted = optimize.brentq(lambda r: binomial_chance(leads, 0.04 * r, 40) - 0.5, 0.1, 0.3)
    assert found.even == pytest.approx(wanted, rel=1e-5)
    assert found.covered == pytest.approx(0.25 * 100 / 125, rel=1e-9)
    assert found.at_asked == pytest.approx(0.25, rel=1e-3)
    assert found.contribution == pytest.approx(leads * 25)
    assert found.words == f"{100 * wanted:.1f}\u202f%"
    cost = break_even(chain(), "all: cost per lead", margin=0.5)
    assert cost.covered == pytest.approx(125)
    assert np.isnan(cost.even)
    assert cost.words == ""


def test_another_chance():
    found = break_even(made(), "in flight", probability=0.6)
    assert found.even < found.at_asked <= found.now * 1.001
    assert np.isnan(found.covered)  # what is in flight does not make a lead pay
    text = found.summary()
    assert text.startswith("What is in flight is EUR 150,000 in the plan, with a chance of 80")
    assert "60" in text


def test_all_deals_ever_won_count_for_the_cost():
    """Margin x leads x share won x mean deal = leads x cost, whenever they are won."""
    plan = fk.plan.reverse(1_200_000, two_channels(lag_doubt=0.0))
    known, leads = plan.assumptions, plan.leads.sum(axis=1)
    money = leads * known.rates * known.sizes
    found = break_even(plan, "inbound: deal size", margin=0.3)
    covered = (plan.spend.sum() - 0.3 * money[1]) / (0.3 * leads[0] * known.rates[0])
    if covered > 0:
        assert found.covered == pytest.approx(covered, rel=1e-9)
    assert found.contribution == pytest.approx(0.3 * money.sum() - plan.spend.sum())
    late = break_even(plan, "inbound: lag in months", margin=0.3)
    assert np.isnan(late.covered)


def test_without_costs_or_sizes():
    plan = fk.plan.reverse(20, fk.plan.stated({"a": (20, 100)}, n_draws=50))
    found = break_even(plan, "a: lead to won")
    assert np.isnan(found.covered)
    assert np.isnan(found.contribution)
    assert found.even < found.now
    frame = found.to_frame()
    assert frame["value"].isna().tolist() == [False, False, True]
    assert "covers their cost" in frame["limit"][2]


def test_no_limit_at_all():
    found = break_even(made(), "inbound: correlation of leads", probability=0.95)
    assert found.even != found.even
    said = break_even(made(), "outbound: cost per lead", margin=1e-6).summary()
    assert "of its limits" in said or "cover their cost" in said


@pytest.mark.parametrize(
    ("key", "arguments", "words"),
    [
        ("target", {"margin": 40}, "`margin` must be above 0"),
        ("target", {"margin": True}, "`margin` must be above 0"),
        ("target", {"probability": 50}, "`probability` must be between 0 and 1"),
        ("tarket", {}, "Did you mean `target`?"),
    ],
)
def test_refused(key, arguments, words):
    with pytest.raises(ArgumentError) as error:
        break_even(made(), key, **arguments)
    assert words in str(error.value)
