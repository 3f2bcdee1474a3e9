"""p-value and interval of each method are one pair, on every scale and side."""

import itertools
import math

import pytest

from funnelkit.experiment.proportions import compare_rates
from funnelkit.experiment.proportions.methods import METHODS

QUICK = [
    (name, scale)
    for name, method in METHODS.items()
    for scale in method.scales
    if name not in {"exact", "barnard", "boschloo"}
]
SLOW = [
    ("exact", "difference"),
    ("exact", "ratio"),
    ("barnard", "difference"),
    ("barnard", "ratio"),
    ("boschloo", "odds ratio"),
]
EDGES = [
    ((0, 10), (4, 10)),
    ((0, 10), (0, 10)),
    ((10, 10), (10, 10)),
    ((10, 10), (0, 10)),
    ((0, 1), (1, 1)),
    ((1, 1), (1, 1)),
    ((3, 10), (9, 10)),
    ((2, 7), (6, 7)),
    ((1, 3), (60, 80)),
]


def excludes(found, level: float) -> bool:
    low, high = found.confidence_interval(level)
    assert low <= high
    return not low <= found.null <= high


@pytest.mark.parametrize(("method", "scale"), QUICK)
def test_p_is_below_alpha_exactly_when_the_interval_excludes_no_effect(method, scale) -> None:
    tables = [((a, 9), (b, 13)) for a, b in itertools.product(range(0, 10, 3), range(0, 14, 3))]
    larger = [((40, 300), (b, 280)) for b in (20, 55, 61, 280)]
    for control, treatment in [*tables, *EDGES, *larger]:
        for side in ("two-sided", "greater", "less"):
            found = compare_rates(control, treatment, method=method, scale=scale, alternative=side)
            assert 0 <= found.pvalue <= 1
            for level in (0.8, 0.95):
                assert excludes(found, level) == (found.pvalue < 1 - level), (found, level)


@pytest.mark.parametrize(("method", "scale"), SLOW)
def test_the_same_of_exact_methods(method, scale) -> None:
    tables = [((a, 7), (b, 9)) for a, b in itertools.product((0, 5), (1, 9))]
    for control, treatment in [*tables, *EDGES[:2]]:
        found = compare_rates(control, treatment, method=method, scale=scale)
        for level in (0.95,) if method == "barnard" else (0.8, 0.95):
            assert excludes(found, level) == (found.pvalue < 1 - level), (found, level)


@pytest.mark.parametrize("method", ["score", "z", "newcombe", "exact"])
def test_the_relative_interval_excludes_none_where_that_of_the_difference_does(method) -> None:
    for control, treatment in [((2, 9), (9, 13)), *EDGES[:4]]:
        found = compare_rates(control, treatment, method=method)
        low, high = found.relative_interval()
        assert (not low <= 0 <= high) == (found.pvalue < 0.05), found


@pytest.mark.parametrize(("method", "scale"), [*QUICK, *SLOW])
def test_an_interval_on_one_side_ends_where_the_scale_ends(method, scale) -> None:
    least, most = (-1.0, 1.0) if scale == "difference" else (0.0, math.inf)
    for side, end in (("greater", most), ("less", least)):
        found = compare_rates((4, 12), (9, 14), method=method, scale=scale, alternative=side)
        interval = found.confidence_interval()
        assert interval[side == "greater"] == end
        # One side at 1 - alpha / 2 is that end of two sides at 1 - alpha, of pairs of two tests.
        if method != "barnard":
            both = compare_rates((4, 12), (9, 14), method=method, scale=scale)
            inner = found.confidence_interval(0.975)[side == "less"]
            assert inner == pytest.approx(both.confidence_interval()[side == "less"], rel=1e-6)


@pytest.mark.parametrize(("method", "scale"), [*QUICK, *SLOW])
def test_swapped_arms_turn_the_answer_round(method, scale) -> None:
    one = compare_rates((2, 9), (8, 13), method=method, scale=scale)
    other = compare_rates((8, 13), (2, 9), method=method, scale=scale)
    low, high = one.confidence_interval()
    turned = (-high, -low) if scale == "difference" else (1 / high, 1 / low)
    assert other.confidence_interval() == pytest.approx(turned, rel=1e-6)
    assert other.pvalue == pytest.approx(one.pvalue, rel=1e-7)
    assert other.effect == pytest.approx(
        -one.effect if scale == "difference" else 1 / one.effect, rel=1e-9
    )
