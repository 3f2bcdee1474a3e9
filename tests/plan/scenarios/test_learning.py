"""The worth of information against closed forms and against choosing anew for every outcome."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, special, stats

from funnelkit.plan.scenarios.learning import Choice, Curve, rests


def even(n, seed):
    """Normal scores of n equal parts, in an order of their own."""
    return special.ndtri((np.random.default_rng(seed).permutation(n) + 0.5) / n)


def normal_choice(spreads, *, n=4_000, probability=0.8, brought=10.0, cost=30.0, noise=0.0):
    """V = 10 s + Σ X_i + chance, all normal; the target is met with the probability at s = 1."""
    parts = [spread * even(n, 100 + k) for k, spread in enumerate(spreads)]
    whole = np.sqrt(np.square(spreads).sum() + noise**2)
    one = np.ones(n)
    chosen = Choice(
        fixed=np.sum(parts, axis=0),
        brought=brought * one,
        var_each=noise**2 * one,
        var_shared=0 * one,
        cost=cost * one,
        target=brought - special.ndtri(probability) * whole,
    )
    return chosen, parts, whole


@pytest.mark.parametrize("probability", [0.6, 0.8, 0.95])
def test_linear_normal_in_closed_form(probability):
    """(c / v) φ(z) / (1 - p) (d - d_i).

    Newsvendor with normal demand: the least expected loss is (c / v) d φ(z) / (1 - p) above that
    of a known total; Raiffa and Schlaifer (1961), chapter 5.
    """
    spreads, cost, brought = [1.0, 0.6, 0.35], 30.0, 10.0
    chosen, parts, whole = normal_choice(spreads, probability=probability, noise=0.4)
    z = special.ndtri(probability)
    each = cost / brought * stats.norm.pdf(z) / (1 - probability)
    assert chosen.price == pytest.approx(cost / brought / (1 - probability), rel=0.04)
    assert chosen.of_everything() == pytest.approx(each * (whole - 0.4), rel=0.05)
    rest = rests(chosen.fixed + chosen.brought, parts, [False] * 3)
    for part, spread, other in zip(parts, spreads, rest, strict=True):
        worth, half, _ = chosen.learned(part, other, doubt_left=0.5, probability=probability)
        left = np.sqrt(whole**2 - spread**2)
        half_left = np.sqrt(whole**2 - 0.75 * spread**2)
        near = 0.02 * each * whole
        assert worth == pytest.approx(each * (whole - left), rel=0.04, abs=near)
        assert half == pytest.approx(each * (whole - half_left), rel=0.04, abs=near)


@pytest.mark.parametrize("probability", [0.6, 0.8, 0.95])
def test_leads_saved_at_one_chance_in_closed_form(probability):
    """z (d - d_i) / v, with chance of its own given the draw: 1 / 10 s of variance."""
    z, n, one = special.ndtri(probability), 2_000, np.ones(2_000)
    parts = [1.0 * even(n, 1), 0.6 * even(n, 2)]
    whole = np.sqrt(1 + 0.36 + 0.64)
    chosen = Choice(
        fixed=np.sum(parts, axis=0),
        brought=10 * one,
        var_each=0 * one,
        var_shared=0.64 * one,
        cost=30 * one,
        target=10 - z * whole,
    )
    rest = rests(chosen.fixed + chosen.brought, parts, [False] * 2)

    def needed(left):  # 10 s = T + z √(left + .64 s²)
        return optimize.brentq(
            lambda s: 10 * s - chosen.target - z * np.sqrt(left + 0.64 * s**2), 0.3, 2
        )

    here = chosen.scale_for(probability)
    assert here == pytest.approx(1.0, abs=0.005)
    for part, other, left in zip(parts, rest, (0.36, 1.0), strict=True):
        _, _, scale = chosen.learned(part, other, doubt_left=0.5, probability=probability)
        assert here - scale == pytest.approx(1 - needed(left), rel=0.1, abs=0.0015)


def test_the_rest_takes_out_noise():
    """Many small parts of one size are worth alike; without the rest they hardly seem so."""
    chosen, parts, whole = normal_choice([0.3] * 8, n=2_000, noise=0.5)
    rest = rests(chosen.fixed + chosen.brought, parts, [False] * 8)
    plain = [chosen.of_learning(one) for one in parts]
    quiet = [chosen.of_learning(one, other) for one, other in zip(parts, rest, strict=True)]
    each = 3 * stats.norm.pdf(special.ndtri(0.8)) / 0.2
    true = each * (whole - np.sqrt(whole**2 - 0.09))
    assert np.std(quiet) < 0.8 * np.std(plain)
    assert np.mean(quiet) == pytest.approx(true, rel=0.15)
    assert chosen.placebo(parts) < 0.05 * true


def test_known_sets_of_outcomes_by_choosing_anew():
    """An input of three levels: the least mean loss of each, by a search of its own."""
    n = 3_000
    level = np.repeat([0.7, 1.0, 1.3], n // 3)
    level = level[np.random.default_rng(4).permutation(n)]
    brought = 10 * level * np.exp(0.1 * even(n, 5))
    chosen = Choice(
        fixed=even(n, 6) + 3,
        brought=brought,
        var_each=2 * level,
        var_shared=0.1 * level,
        cost=np.full(n, 7.0),
        target=11.0,
    )

    def mean_loss(scale, some):
        sd = np.sqrt(2 * scale * level + 0.1 * scale**2 * level)[some]
        gap = (11.0 - chosen.fixed - scale * brought)[some]
        short = gap * stats.norm.cdf(gap / sd) + sd * stats.norm.pdf(gap / sd)
        return 7.0 * scale + chosen.price * short.mean()

    def least(some):
        return optimize.minimize_scalar(
            mean_loss, bounds=(0.2, 4), args=(some,), method="bounded"
        ).fun

    everywhere = np.ones(n, bool)
    assert chosen.least == pytest.approx(least(everywhere), rel=1e-4)
    assert mean_loss(1.0, everywhere) == pytest.approx(chosen.least, rel=1e-4)  # the plan is best
    apart = np.mean([least(level == one) for one in (0.7, 1.0, 1.3)])
    assert chosen.of_learning(level) == pytest.approx(least(everywhere) - apart, rel=5e-3)


@settings(max_examples=10)
@given(
    st.lists(st.floats(0.05, 2), min_size=1, max_size=4),
    st.floats(0.55, 0.97),
    st.floats(0.1, 1.5),
)
def test_information_is_never_worth_less_than_nothing_nor_more_than_all(spreads, chance, noise):
    chosen, parts, _ = normal_choice(spreads, n=600, probability=chance, noise=noise)
    rest = rests(chosen.fixed + chosen.brought, parts, [False] * len(parts))
    for part, other in zip(parts, rest, strict=True):
        worth, half, _ = chosen.learned(part, other, doubt_left=0.5, probability=chance)
        assert 0 <= half <= worth + 0.03 * chosen.of_everything()
        assert worth <= chosen.of_everything() * 1.1


def test_inputs_that_go_together_tell_of_each_other():
    """Two halves of one doubt: to know either is to know both."""
    n = 2_000
    shared, own = even(n, 1), 0.02 * even(n, 2)
    one = np.ones(n)
    chosen = Choice(
        fixed=2 * shared + even(n, 3),
        brought=10 * one,
        var_each=0 * one,
        var_shared=0 * one,
        cost=30 * one,
        target=10 - 0.84162 * np.sqrt(5),
    )
    halves = [shared + own, shared - own]
    rest = rests(chosen.fixed + chosen.brought, halves, [True, True])
    each = 3 * stats.norm.pdf(0.84162) / 0.2
    for half, other in zip(halves, rest, strict=True):
        assert chosen.of_learning(half, other) == pytest.approx(each * (np.sqrt(5) - 1), rel=0.05)


def test_a_regression_on_few_levels_is_their_means():
    rng = np.random.default_rng(7)
    level = rng.integers(0, 5, 500).astype(float)
    outcome = rng.normal(level[:, None], 1, (500, 3))
    found = Curve(level, outcome).after(0.0)
    for one in range(5):
        assert found[level == one] == pytest.approx(
            np.tile(outcome[level == one].mean(axis=0), ((level == one).sum(), 1))
        )
    same = Curve(np.ones(500), outcome)
    assert same.after(0.0) == pytest.approx(np.tile(outcome.mean(axis=0), (500, 1)))


def test_what_is_learned_in_half_is_a_mean_of_what_is_known():
    """E[E[y | x] | signal] of y = z² with correlation r is r² s² + 1 - r²."""
    z = even(4_000, 9)
    found = Curve(z, (z**2)[:, None]).after(0.5)[:, 0]
    signal = special.ndtri((np.arange(len(found)) + 0.5) / len(found))
    middle = np.abs(signal) < 1.5
    assert found[middle] == pytest.approx((0.75 * signal**2 + 0.25)[middle], abs=0.03)
