"""A plan under other assumptions: shared draws, and the leads that are needed."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from funnelkit._core.errors import ArgumentError
from funnelkit.plan import Estimate, HitChance
from funnelkit.plan.scenarios.levers import doubtful, drawn, held, levers_of, turned
from funnelkit.plan.scenarios.situation import Situation, situation_of, under
from tests.plan.scenarios.made import chain, made, two_channels


@pytest.mark.parametrize("key", list(two_channels().inputs()))
def test_draws_that_are_handed_over_are_those_that_would_be_drawn(key):
    here = situation_of(made())
    here.hit()
    value = here.assumptions.inputs()[key].value
    for new in (value * 1.2 + 0.001, Estimate(value=value + 0.001)):
        there = under(here, here.assumptions.with_inputs({key: new}))
        fresh = here.assumptions.with_inputs({key: new})
        for name in ("rate_draws", "size_draws", "within", "stretch_of"):
            assert np.array_equal(getattr(there.assumptions, name), getattr(fresh, name)), name
        plain = HitChance(fresh, "value").probability(here.leads, here.target)
        assert there.hit() == plain


def test_the_plan_itself():
    for plan in (chain(), made()):
        here = situation_of(plan)
        assert here.hit() == plan.hit
        assert here.brings() == pytest.approx(plan.expected.sum(), rel=2e-3)
        assert here.spend() == pytest.approx(plan.spend.sum())


def test_leads_needed_of_binomial_deals():
    """The least n with P(Binomial(n, .01) >= 40) >= p, counted up."""
    here = situation_of(chain())
    numbers = np.arange(3_000, 8_000)
    chances = stats.binom.sf(39, numbers, 0.01)
    for probability in (0.5, 0.9, 0.99):
        found = replace(here, probability=probability)
        wanted = numbers[chances >= probability][0]
        assert np.ceil(found.at(found.scale).sum()) == wanted


def test_leads_needed_under_ceilings_by_trying():
    here = situation_of(made())
    most = here.leads[0].mean() * 1.1
    capped = replace(here, ceilings={"inbound": most}, target=here.target * 1.05)
    found = capped.at(capped.scale)
    assert (found[0] <= most + 1e-9).all()
    assert (found[0] == most).any()
    scales = np.linspace(1, 2.5, 61)
    chances = [capped.hit(capped.at(s)) for s in scales]
    tried = np.interp(here.probability, chances, scales)
    assert capped.scale == pytest.approx(tried, rel=1e-3)
    out = replace(capped, ceilings={"inbound": 1.0, "outbound": 1.0})
    assert np.isnan(out.scale)
    assert out.most() == out.hit(np.minimum(1.0, out.at(1e6)))


def test_no_leads_planned_none_needed_and_none_enough():
    here = situation_of(made())
    assert replace(here, target=1_000.0).scale == 0.0
    none = replace(here, leads=np.zeros(here.leads.shape))
    assert none.pattern.sum() == pytest.approx(1.0)
    assert none.hit(none.at(none.scale)) == pytest.approx(here.probability, abs=1e-4)
    dead = under(here, here.assumptions.with_inputs({
        "inbound: lead to opportunity": 0.0, "outbound: lead to opportunity": 0.0,
    }))  # fmt: skip
    assert np.isnan(dead.scale)


def test_a_mix_shares_out_the_leads_of_each_month():
    here = replace(situation_of(made()), mix={"inbound": 3, "outbound": 1})
    assert np.allclose(here.coming.sum(axis=0), here.leads.sum(axis=0))
    assert np.allclose(here.coming[0], 3 * here.coming[1])


def test_many_evaluations_are_right_where_the_plan_is():
    here = situation_of(made())
    quick = Situation.quick(replace(here, leads=here.leads / 50, target=here.target / 12))
    assert quick.hit() == pytest.approx(
        HitChance(here.assumptions, "value").probability(here.leads / 50, here.target / 12),
        abs=1e-9,
    )


# --- levers ---------------------------------------------------------------------------


def test_an_input_that_is_held_is_known_and_all_others_are_as_before():
    here = situation_of(made())
    for lever in doubtful(here)[0]:
        there = held(here, lever, lever.low)
        after = {one.key: one for one in doubtful(there)[0]}
        assert lever.key not in after
        found = levers_of(there)[lever.key]
        assert found.value == pytest.approx(lever.low)
        before = {one.key: one for one in doubtful(here)[0] if one.key != lever.key}
        assert set(after) == set(before)
        for key, one in after.items():
            if not key.endswith("months"):
                assert np.array_equal(drawn(there, one), drawn(here, before[key])), key


def test_draws_of_an_input_are_those_the_plan_is_made_of():
    """Product of the steps' draws is the share won; and they are spread as their estimate is."""
    here = situation_of(made())
    levers = levers_of(here)
    rate = np.prod(
        [drawn(here, levers[f"inbound: {step}"]) for step in ("lead to opportunity",
                                                              "opportunity to won")], axis=0
    )  # fmt: skip
    assert np.allclose(rate, here.assumptions.rate_draws[:, 0, 0])
    for lever in doubtful(here)[0]:
        found = np.quantile(drawn(here, lever), [0.1, 0.9])
        near = 0.03 if lever.part != "lag" else 0.12  # nine factors
        assert found == pytest.approx([lever.low, lever.high], rel=near)
    cost = drawn(here, levers["inbound: cost per lead"])
    assert cost == pytest.approx(
        np.sort(stats.gamma(100, scale=0.8).ppf((np.arange(400) + 0.5) / 400))[
            np.argsort(np.argsort(cost))
        ]
    )


def jointly():
    """The first channel's share won drawn by a model, wandering from month to month."""
    given = two_channels()
    rng = np.random.default_rng(8)
    steps = rng.normal(0, [[0.15, 0.03, 0.03, 0.03, 0.03, 0.03]], (given.n_draws, 6))
    level = np.exp(np.cumsum(steps, axis=1))
    first = replace(given.channels[0], joint=level / level.mean(axis=0))
    return replace(given, channels=(first, given.channels[1]))


def test_rates_that_a_model_drew_jointly_are_one_input():
    here = replace(situation_of(made()), assumptions=jointly())
    doubted = {one.key: one for one in doubtful(here)[0]}
    assert "inbound: lead to won" in doubted
    assert "inbound: lead to opportunity" not in doubted
    lever = doubted["inbound: lead to won"]
    months = here.leads[0] / here.leads[0].sum()
    there = held(here, lever, lever.high)
    kept = there.assumptions.rate_draws[:, 0]
    assert np.allclose(kept @ months, lever.high)
    before = here.assumptions.rate_draws[:, 0]
    assert np.allclose(kept / kept[:, :1], before / before[:, :1])  # months wander as they did
    twice = turned(here, lever, 2 * lever.value)
    assert np.allclose(twice.assumptions.rate_draws[:, 0], 2 * before)


def test_all_rates_of_a_channel_together_turn_like_one_of_them():
    here = situation_of(made())
    levers = levers_of(here)
    whole = levers["inbound: lead to won"]
    step = levers["inbound: opportunity to won"]
    a = turned(here, whole, 1.1 * whole.value)
    assert np.allclose(a.assumptions.rate_draws, here.assumptions.rate_draws * [[[1.1], [1.0]]])
    assert a.hit() == pytest.approx(turned(here, step, 1.1 * step.value).hit(), abs=2e-3)
    with pytest.raises(ArgumentError, match="share from 0 to 1"):
        turned(here, whole, 1.1)


def test_leads_and_target_turn():
    here = situation_of(made())
    levers = levers_of(here)
    more = turned(here, levers["inbound: leads"], 2 * here.leads[0].sum())
    assert np.allclose(more.leads, here.leads * [[2], [1]])
    assert turned(here, levers["leads"], 10.0).leads.sum() == pytest.approx(10)
    assert turned(here, levers["target"], 5.0).target == 5
    for number in (-1.0, np.nan, Estimate(value=1)):
        with pytest.raises(ArgumentError, match="`target`"):
            turned(here, levers["target"], number)
