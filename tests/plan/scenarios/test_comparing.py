"""A plan under scenarios, against what each column is by hand."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import funnelkit as fk
from funnelkit._core.errors import ArgumentError
from funnelkit.plan import HitChance, Scenario, compare_scenarios
from tests.plan.scenarios.made import binomial_chance, chain, made, simulated_chance


def needed(rate, deals, probability=0.8):
    numbers = np.arange(1_000, 30_000)
    return int(numbers[stats.binom.sf(deals - 1, numbers, rate) >= probability][0])


def test_the_calculators_chain_by_binomials():
    found = compare_scenarios(
        chain(),
        {
            "weak": {"inputs": {"all: lead to mql": "x0.8"}},
            "more": {"targets": "+10%"},
            "sure": {"probability": "95%"},
            "less": {"leads": "x0.9"},
            "two": {"inputs": {"all: deal size": 20_000, "all: cost per lead": "+50%"}},
        },
    )
    leads = chain().leads.sum()
    rates = np.array([0.01, 0.008, 0.01, 0.01, 0.01, 0.01])
    deals = [40, 40, 44, 40, 40, 50]
    used = np.array([leads] * 4 + [0.9 * leads, leads])
    assert found.leads == pytest.approx(used)
    assert found.spend == pytest.approx(used * [100, 100, 100, 100, 100, 150])
    assert found.deals == pytest.approx(used * rates)
    assert found.cac == pytest.approx(found.spend / found.deals)
    assert found.expected == pytest.approx(used * rates * np.array([25_000] * 5 + [20_000]))
    for k in (0, 1, 2, 3, 5):
        wanted = binomial_chance(leads, rates[k], deals[k])
        assert found.probability[k] == pytest.approx(wanted, abs=1e-5)
    asked = [0.8, 0.8, 0.8, 0.95, 0.8, 0.8]
    want = [needed(r, d, p) for r, d, p in zip(rates, deals, asked, strict=True)]
    assert found.leads_needed.tolist() == want
    assert found.spend_needed == pytest.approx(np.array(want) * [100, 100, 100, 100, 100, 150])
    assert found.stages["mql"] == pytest.approx(
        np.array(want) * 0.25 * np.array([1, 0.8, 1, 1, 1, 1])
    )
    assert found.stages["won"] == pytest.approx(np.array(want) * rates)


def test_nothing_changed_is_the_plan_to_the_last_digit():
    found = compare_scenarios(made(), {"same": {}, "too": {"inputs": {"in flight": "x1"}}})
    for name in ("probability", "expected", "leads_needed", "spend", "deals", "cac", "target"):
        one = getattr(found, name)
        assert one[0] == one[1] == one[2], name
    assert found.probability[0] == made().hit


def test_chances_are_those_of_joint_simulations():
    inputs = {"inbound: deal size": "x0.9", "outbound: lag in months": "x1.3"}
    found = compare_scenarios(made(), {"a": {"inputs": inputs, "targets": "-5%"}})
    known = made().assumptions
    stands = known.inputs()
    changed = known.with_inputs(
        {
            "inbound: deal size": 0.9 * stands["inbound: deal size"].value,
            "outbound: lag in months": 1.3 * stands["outbound: lag in months"].value,
        }
    )
    seen = [simulated_chance(made(), changed, found.target[1], seed) for seed in range(30)]
    assert found.target[1] == pytest.approx(0.95 * 1_200_000)
    assert found.probability[1] == pytest.approx(np.mean(seen), abs=0.015)  # 12,000 draws


def test_needed_leads_meet_the_target_as_asked():
    scenarios = [
        Scenario(name="a", inputs={"inbound: opportunity to won": "x0.7"}),
        Scenario(name="b", based_on="a", mix={"inbound": 1, "outbound": 3}, probability=0.9),
    ]
    found = compare_scenarios(made(), scenarios)
    known = made().assumptions
    weak = known.with_inputs({"inbound: opportunity to won": 0.7 * 0.3009966777408638})
    months = made().leads.sum(axis=0) / made().leads.sum()
    for k, asked in ((1, 0.8), (2, 0.9)):
        rows = np.array([found.by_channel[name][k] for name in known.names])
        assert rows.sum() == pytest.approx(found.leads_needed[k])
        by_month = made().leads / made().leads.sum(axis=1, keepdims=True) if k == 1 else months
        chance = HitChance(weak, "value").probability(rows[:, None] * by_month, 1_200_000)
        assert asked - 1e-4 < chance < asked + 2e-3
    assert found.by_channel["outbound"][2] == pytest.approx(3 * found.by_channel["inbound"][2])
    assert made().hit > found.probability[1]


def test_an_interval_of_ones_own_sets_the_doubt():
    """The same P10 and P90 as stated, of a gamma distribution."""
    scenario = {"wide": {"inputs": {"inbound: deal size": {"low": 12_000, "high": 30_000}}}}
    found = compare_scenarios(made(), scenario)
    from funnelkit.plan.scenarios.applying import applied
    from funnelkit.plan.scenarios.scenario import gathered

    _, (there,) = applied(made(), gathered(scenario))
    ends = np.quantile(there.assumptions.size_draws[:, 0], [0.1, 0.9])
    assert ends[1] - ends[0] == pytest.approx(18_000, rel=0.01)
    assert there.assumptions.inputs()["inbound: deal size"].value == 21_000
    assert found.expected[1] > found.expected[0]


def test_ceilings_cut_the_plan_and_what_is_needed():
    known = made().leads
    cap = float(known[0].max() * 0.7)
    found = compare_scenarios(
        made(),
        {"cut": {"ceilings": {"inbound": cap}}, "dry": {"ceilings": {"inbound": 5, "outbound": 5}}},
    )
    cut = np.array(known)
    cut[0] = np.minimum(cut[0], cap)
    assert found.leads[1] == pytest.approx(cut.sum())
    chance = HitChance(made().assumptions, "value").probability(cut, 1_200_000)
    assert found.probability[1] == pytest.approx(chance)
    assert found.by_channel["inbound"][1] <= cap * 6 + 1e-9
    assert np.isnan(found.leads_needed[2])
    assert found.most[2] < 0.01
    assert "no leads suffice for 80" in found.summary()


def test_targets_of_single_months():
    amounts = made().targets.amount
    labels = list(made().targets.labels)
    found = compare_scenarios(made(), {"q": {"targets": {labels[0]: 0, labels[2]: "x2"}}})
    assert found.target[1] == pytest.approx(amounts.sum() - amounts[0] + amounts[2])


def test_everything_that_a_plan_has_not_is_said_at_once():
    with pytest.raises(ArgumentError) as error:
        compare_scenarios(
            made(),
            {
                "a": {
                    "inputs": {"inbond: deal size": 1, "target": 2, "outbound: lead to won": 3},
                    "mix": {"inbond": 1},
                    "ceilings": {"x": 1},
                    "targets": {"2027-13": 5},
                },
                "b": {
                    "leads": {"outbond": "x2"},
                    "inputs": {
                        "inbound: lead to won": "x99",
                        "inbound: opportunity to won": {"low": 0.01, "high": 0.99},
                        "inbound: spread of deals": {"low": 0.5, "high": 0.9},
                        "zzz": 1,
                    },
                },
                "c": {"targets": 0},
            },
        )
    said = str(error.value)
    assert said.startswith("12 problems:")
    for words in (
        "Did you mean `inbound: deal size`?",
        "`target` stands under `targets`, not `inputs`",
        "`outbound: lead to won` must be a share from 0 to 1; got 3",
        "unknown channel `inbond`",
        "unknown channel `x`",
        "unknown month `2027-13`",
        "Did you mean `outbound`?",
        "`inbound: lead to won` must be a share from 0 to 1",
        "further apart than 0.5 can be in doubt",
        "is taken as known",
        "unknown input `zzz`; known:",
        "nothing is left of the target",
    ):
        assert words in said, said


def test_how_it_is_shown():
    found = compare_scenarios(made(), {"<b>\n=1+1": {"targets": "+20%"}, "x": {"targets": "-20%"}})
    frame = found.to_frame()
    assert isinstance(frame, pd.DataFrame)
    assert frame["scenario"].tolist() == ["as planned", "<b> =1+1", "x"]
    assert "<b>" not in found._repr_html_()
    assert 'Under "<b> =1+1" the same have a' in found.summary()
    assert "EUR 1,200,000" in found.summary()
    with pytest.raises(ValueError, match="read-only"):
        found.leads[0] = 1
    with pytest.raises(ArgumentError, match="`reverse` or `optimise`"):
        compare_scenarios(3, {"a": {}})


def test_an_allocation_is_compared_by_its_plan():
    found = fk.plan.optimise(
        300_000, made().assumptions, costs={"inbound": 80, "outbound": 150}, after_horizon=0.0
    )
    told = compare_scenarios(found, {"a": {"targets": "+10%"}})
    assert told.leads[0] == found.plan.leads.sum()
    assert told.probability[0] == found.plan.hit
