"""Power counted out: against plain loops, and against the tests that are made in the end."""

import numpy as np
import pytest
from scipy import stats

from funnelkit.experiment.proportions import compare_rates
from funnelkit.experiment.sizing.exact_power import TESTS, counted_power
from funnelkit.experiment.sizing.rates_needed import detectable, power, size

ODDS = {"scale": "odds ratio"}


def slow_power(test, control, treatment, n, alternative="two-sided"):
    """Each table by itself: its p-value by the comparison, its chance by the binomial law."""
    total = 0.0
    more = ODDS if test in ("fisher", "boschloo") else {}
    for x0 in range(n[0] + 1):
        for x1 in range(n[1] + 1):
            if (x1 / n[1] - x0 / n[0]) * (treatment - control) <= 0:
                continue
            found = compare_rates(
                (x0, n[0]), (x1, n[1]), method=test, alternative=alternative, **more
            )
            if found.pvalue < 0.05:
                chance = stats.binom.pmf(x0, n[0], control) * stats.binom.pmf(x1, n[1], treatment)
                total += float(chance)
    return total


@pytest.mark.parametrize("test", TESTS)
@pytest.mark.parametrize(("n", "rates"), [((9, 12), (0.1, 0.6)), ((14, 8), (0.7, 0.2))])
def test_against_every_table(test, n, rates):
    alternative = "greater" if rates[1] > rates[0] else "less"
    for side, tail in (("two-sided", 0.025), (alternative, 0.05)):
        found = counted_power(test, *rates, n, tail)
        assert found == pytest.approx(slow_power(test, *rates, n, side), abs=1e-12)


def test_fisher_against_scipy():
    found = 0.0
    for x0 in range(21):
        for x1 in range(21):
            table = [[x1, 20 - x1], [x0, 20 - x0]]
            if stats.fisher_exact(table, alternative="greater").pvalue < 0.025:
                found += stats.binom.pmf(x0, 20, 0.1) * stats.binom.pmf(x1, 20, 0.5)
    assert counted_power("fisher", 0.1, 0.5, (20, 20), 0.025) == pytest.approx(found, abs=1e-12)


@pytest.mark.parametrize("test", ["exact", "boschloo", "fisher"])
def test_size_is_kept(test):
    """At no common rate are there more findings than the level."""
    for n in ((10, 10), (25, 17), (60, 60)):
        rates = np.linspace(0.01, 0.99, 99)
        errors = [counted_power(test, rate, rate, n, 0.025) for rate in rates]
        assert max(errors) < 0.025


def test_saw_teeth():
    """The answer holds for all larger sizes; the first size that reaches the power does not."""
    found = size(0.12, absolute=0.33, method="exact", test="fisher")
    reached = [
        power(n, 0.12, absolute=0.33, method="exact", test="fisher").power >= 0.8
        for n in range(2, 80)
    ]
    sizes = range(2, 80)
    missed = max(n for n, good in zip(sizes, reached, strict=True) if not good)
    first = next(n for n, good in zip(sizes, reached, strict=True) if good)
    assert found.n_control == missed + 1
    assert first < missed
    assert found.notes[0].startswith(f"{first} in control")


def test_unequal_arms_and_effects():
    found = size(0.1, absolute=0.3, split=0.25, method="exact")
    assert found.n_treatment == -(-found.n_control // 3)
    assert found.reached >= 0.8
    back = detectable((found.n_control, found.n_treatment), 0.1, method="exact")
    assert back.absolute <= 0.3 + 1e-12
    chance = power(
        (found.n_control, found.n_treatment), 0.1, absolute=back.absolute, method="exact"
    )
    assert chance.power == pytest.approx(0.8, abs=1e-9)


def test_the_score_form_is_near():
    counted = size(0.2, absolute=0.15, method="exact", test="score").n_control
    assert counted == pytest.approx(size(0.2, absolute=0.15).unrounded[0], rel=0.05)


def test_a_design_effect_counts_fewer():
    plain = size(0.12, absolute=0.33, method="exact")
    double = size(0.12, absolute=0.33, method="exact", design_effect=2)
    assert double.n_control == 2 * plain.n_control
    assert double.reached == pytest.approx(plain.reached)
