"""Size, power and smallest effect of two means: published figures, statsmodels, simulation."""

import math

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.power import NormalIndPower, TTestIndPower

from funnelkit._core.errors import ArgumentError
from funnelkit.experiment.sizing.means_needed import detectable_means, power_means, size_means


def test_half_a_deviation():
    # d = .5 -> 64; R: power.t.test(delta = .5, sd = 1, power = .8) gives n = 63.76576
    found = size_means(1.0, absolute=0.5)
    assert found.n_control == 64
    assert found.unrounded[0] == pytest.approx(63.76576, abs=1e-5)
    # Cohen (1988), tables 2.4.1: d = .2 -> 393, d = .8 -> 26
    assert size_means(1.0, absolute=0.2).n_control in (393, 394)
    assert size_means(1.0, absolute=0.8).n_control == 26


@pytest.mark.parametrize("ratio", [1.0, 2.0])
@pytest.mark.parametrize("effect", [0.1, 0.5, 1.5])
def test_against_statsmodels(ratio, effect):
    split = ratio / (1 + ratio)
    normal = NormalIndPower().solve_power(
        effect, power=0.9, alpha=0.05, ratio=ratio, alternative="larger"
    )
    found = size_means(
        1.0, absolute=effect, power=0.9, alternative="greater", split=split, method="normal"
    )
    assert found.unrounded[0] == pytest.approx(normal, rel=1e-6)
    if ratio == 1:  # with equal arms and deviations Welch's t is Student's
        student = TTestIndPower().solve_power(effect, power=0.9, alpha=0.05, alternative="larger")
        found = size_means(1.0, absolute=effect, power=0.9, alternative="greater")
        assert found.unrounded[0] == pytest.approx(student, rel=1e-6)


def test_unequal_deviations_by_simulation():
    rng = np.random.default_rng(7)
    control, treatment = rng.normal(0, 1, (8000, 14)), rng.normal(2, 3, (8000, 22))
    pvalues = stats.ttest_ind(treatment, control, axis=1, equal_var=False).pvalue
    found = power_means((14, 22), (1.0, 3.0), absolute=2.0).power
    assert found == pytest.approx((pvalues < 0.05).mean(), abs=4 * math.sqrt(0.25 / 8000))


@pytest.mark.parametrize("method", ["t", "normal"])
@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
def test_inverses(method, alternative):
    effect = -30.0 if alternative == "less" else 30.0
    more = {
        "method": method,
        "alternative": alternative,
        "correlation": 0.5,
        "design_effect": 1.3,
        "mean": 200.0,
    }
    needed = size_means((90, 110), absolute=effect, split=0.35, power=0.9, **more)
    back = detectable_means(needed.unrounded, (90, 110), power=0.9, **more)
    assert back.absolute == pytest.approx(effect, rel=1e-9)
    assert back.relative == pytest.approx(effect / 200, rel=1e-9)
    chance = power_means(needed.unrounded, (90, 110), absolute=effect, **more)
    assert chance.power == pytest.approx(0.9, abs=1e-9)


def test_what_is_known_before_saves_leads():
    plain = size_means(100, absolute=10, method="normal").unrounded[0]
    known = size_means(100, absolute=10, method="normal", correlation=0.7)
    # CUPED (Deng et al. 2013): the variance is 1 - rho^2 of itself
    assert known.unrounded[0] == pytest.approx(0.51 * plain)
    assert "correlates by 0.7" in known.summary()


def test_relative_needs_the_mean():
    found = size_means(900, mean=120, relative=0.25)
    assert found.absolute == 30
    assert found.total == size_means(900, absolute=30).total
    with pytest.raises(ArgumentError, match="`mean`"):
        size_means(900, relative=0.25)
    assert math.isnan(detectable_means(500, 900).relative)


def test_large_effects_and_small_arms():
    found = size_means(1.0, absolute=50)
    assert found.n_control == 2
    assert found.reached == pytest.approx(1.0)
    assert power_means(2, 1.0, absolute=0.01).power < 0.06
    assert detectable_means(2, 1.0).absolute > 3


def test_shown():
    found = size_means((90, 110), mean=200, absolute=-30)
    assert "a fall of 30 (200 to 170)" in found.summary()
    row = found.to_frame().iloc[0]
    assert (row["control_sd"], row["treatment_sd"], row["control_mean"]) == (90, 110, 200)
    assert "a rise of at least 0.39" in detectable_means(100, 1.0).summary()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: size_means(0, absolute=1), "`sd`"),
        (lambda: size_means((1, 2, 3), absolute=1), "`sd`.*3 numbers"),
        (lambda: size_means(1, absolute=1, correlation=1), "`correlation`"),
        (lambda: size_means(1), "neither"),
        (lambda: size_means(1, absolute=0), "other than 0"),
        (lambda: size_means(1, absolute=1, method="z"), "`method`"),
        (lambda: size_means(1, absolute=-1, alternative="greater"), "`alternative`"),
        (lambda: size_means("wide", absolute=1), "`sd`"),
        (lambda: power_means(1, 1, absolute=1), "at least two"),
        (lambda: power_means(3, 1, absolute=1, design_effect=2), "at least two"),
        (lambda: detectable_means(1, 1), "at least two"),
    ],
)
def test_wrong_arguments(call, words):
    with pytest.raises(ArgumentError, match=words):
        call()
