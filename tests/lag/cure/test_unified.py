"""The unified interval: a belt built by hand, its coverage, and what fits make of it."""

import numpy as np
import pytest
from scipy import optimize, special

from funnelkit import lag
from funnelkit._core.errors import ArgumentError
from funnelkit.lag.cure.unified import upper_root
from tests.lag.cure.test_verdict import mature, young
from tests.reference.leads import Lead, triangle


def belt(mean, level):
    """Return which measured values accept a mean that is at least 0, likeliest ratios first.

    The construction of Feldman and Cousins (1998), section III, on a grid: x has a standard
    normal error, and the ratio is that of the density at the mean and at the best mean, max(x, 0).
    """
    x = np.linspace(-9.0, 14.0, 46_001)
    density = np.exp(-((x - mean) ** 2) / 2)
    ratio = density / np.exp(-((x - np.maximum(x, 0.0)) ** 2) / 2)
    order = np.argsort(-ratio, kind="stable")
    held = np.cumsum(density[order]) / density.sum()
    taken = order[: int(np.searchsorted(held, level)) + 1]
    return x[taken].min(), x[taken].max()


@pytest.mark.parametrize("level", [0.8, 0.9, 0.95])
def test_the_end_is_that_of_the_belt(level) -> None:
    """A measured x accepts all means down to x - root: the mean whose belt ends at x."""
    assert belt(0.0, level)[1] == pytest.approx(special.ndtri(level), abs=2e-3)
    for mean in (0.2, 0.5, 0.9, 1.3, 1.9, 3.0):
        far = belt(mean, level)[1]
        assert far - upper_root(far, level) == pytest.approx(mean, abs=4e-3)


def test_there_is_no_end_before_the_one_sided_quantile() -> None:
    far = np.array([0.0, 1.6, 1.7, 2.5, 3.92, 9.0, np.inf])
    root = upper_root(far, 0.95)
    assert np.isinf(root[:2]).all()
    assert (np.diff(root[2:]) >= 0).all()
    assert root[-3:] == pytest.approx(special.ndtri(0.975), abs=1e-6)


def test_one_side_or_two_it_holds_what_it_says() -> None:
    """By integration over x; the other end is that of 1.96, and below 0 of x² - 2xm."""
    x = np.linspace(-8.0, 14.0, 40_001)
    reach = np.maximum(x, 0.0)
    first = np.maximum(reach - upper_root(reach, 0.95), 0.0)
    z = special.ndtri(0.975)
    last = np.where(x > 0, x + z, x + np.sqrt(x**2 + z**2))
    for mean in (0.05, 0.4, 0.8, 1.2, 1.6, 2.0, 4.0):
        weight = np.exp(-((x - mean) ** 2) / 2)
        held = weight[(first <= mean) & (mean <= last)].sum() / weight.sum()
        assert 0.9495 <= held <= 0.958


def between():
    """A few more late conversions than early ones speak against, and not clearly."""
    ages = [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 4, 4, 5, 6, 7, 8, 10, 12, 15]
    return triangle([*[Lead(30, "won", age) for age in ages], *[Lead(30)] * 180])


def test_where_follow_up_is_long_nothing_changes() -> None:
    for fit in (lag.fit_cure(mature()), lag.choose(mature()).fit):
        for one, other in zip(fit.unified_interval(), fit.confidence_interval(), strict=True):
            assert one == pytest.approx(other, rel=1e-9)


def test_a_pace_that_does_not_slow_sets_no_end() -> None:
    fit = lag.fit_cure(young())
    assert fit.unified_interval().high[0, 0] == 1.0
    assert fit.unified_interval().low[0, 0] == fit.confidence_interval().low[0, 0]


@pytest.mark.parametrize("level", [0.95, 0.97, 0.99])
def test_the_upper_end_has_the_deviance_of_its_root(level) -> None:
    fit = lag.fit_cure(between())
    solution = fit.solution
    inflation = np.ones(1)
    reach = solution.reach(0, level, inflation=1.0)
    root, z = float(upper_root(reach, level)), float(special.ndtri((1 + level) / 2))
    assert root < z  # else this set shows nothing
    cut = solution.cuts(0, level, method="calibrated", inflation=1.0)[1] * (root / z) ** 2
    high = float(solution.unified(level, inflation=inflation)[1][0])
    assert high < 1.0
    held = solution.likelihood.value

    def lost(theta) -> float:
        return solution.top.value - held(theta, fixed=(0, high), guess=solution.rates)[0]

    starts = [np.array([scale, shape]) for scale in (1.0, 3.0, 5.0) for shape in (-0.5, 0.5)]
    least = min(optimize.minimize(lost, one, method="Nelder-Mead").fun for one in starts)
    assert 2 * least == pytest.approx(cut, abs=1e-3)
    assert high < fit.confidence_interval(confidence_level=level).high[0, 0]


def test_families_are_averaged_and_shown() -> None:
    fit = lag.choose(between()).fit
    low, high = fit.unified_interval()
    plain = fit.confidence_interval()
    assert low == pytest.approx(plain.low)
    assert high[0, 0] < 1.0
    assert high[0, 0] <= plain.high[0, 0]
    assert fit.shown()[1:] == (pytest.approx(low), pytest.approx(high))


def test_a_regression_without_covariates_says_the_same() -> None:
    plain, other = lag.fit_cure(between()), lag.fit_cure_regression(between())
    assert plain.shown().high[0, 0] < plain.confidence_interval().high[0, 0]
    for one, same in zip(plain.unified_interval(), other.unified_interval(), strict=True):
        assert same == pytest.approx(one, rel=1e-3)


def test_over_families_one_side_alone_takes_the_error() -> None:
    """At 95 % a lower end alone leaves 5 % below, as one of two sides of 90 % does."""
    fit = lag.choose(young()).fit
    low, high = fit.unified_interval()
    assert high[0, 0] == 1.0
    assert low == pytest.approx(fit.confidence_interval(confidence_level=0.90).low, rel=1e-9)


def test_over_families_an_interval_far_from_1_is_the_two_sided_one() -> None:
    fit = lag.choose(mature()).fit
    for one, other in zip(fit.unified_interval(), fit.confidence_interval(), strict=True):
        assert one == pytest.approx(other, rel=1e-9)


def test_an_outcome_beside_others_keeps_its_interval() -> None:
    """A share of 1 is out of question where another outcome has events."""
    leads = [Lead(30, "won", age) for age in range(0, 31, 2)]
    leads += [Lead(30, "lost", age) for age in range(1, 31, 3)] + [Lead(30)] * 150
    fit = lag.fit_cure_competing(triangle(leads, exits=["lost"]))
    for one, other in zip(fit.shown()[1:], fit.confidence_interval(), strict=True):
        assert one == pytest.approx(other)


def test_a_level_that_is_none_is_refused() -> None:
    with pytest.raises(ArgumentError, match="confidence_level"):
        lag.fit_cure(mature()).unified_interval(confidence_level=95)
