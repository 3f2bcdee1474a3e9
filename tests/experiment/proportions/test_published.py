"""`compare_rates` beside published figures; the source stands beside each number."""

import csv
import gzip

import numpy as np
import pytest
from scipy import stats

from funnelkit.experiment.proportions import compare_rates

# Newcombe (1998), Statistics in Medicine 17, 873-890, table II: the hybrid score interval (method
# 10) and Miettinen and Nurminen's (method 5), treatment less control.
NEWCOMBE = [
    ((48, 80), (56, 70), (0.0524, 0.3339), (0.0528, 0.3382)),
    ((3, 10), (9, 10), (0.1705, 0.8090), (0.1700, 0.8406)),
    ((2, 7), (6, 7), (0.0582, 0.8062), (0.0342, 0.8534)),
    ((0, 29), (5, 56), (-0.0381, 0.1926), (-0.0326, 0.1933)),
    ((0, 20), (0, 10), (-0.1611, 0.2775), (-0.1658, 0.2844)),
]


@pytest.mark.parametrize(("control", "treatment", "hybrid", "score"), NEWCOMBE)
def test_intervals_of_newcombe(control, treatment, hybrid, score) -> None:
    for method, ends in (("newcombe", hybrid), ("score", score)):
        found = compare_rates(control, treatment, method=method).confidence_interval()
        assert found == pytest.approx(ends, abs=6e-5), method


def test_intervals_of_propcis() -> None:
    # R, PropCIs: diffscoreci, wald2ci(adjust = "AC") and riskscoreci of 7, 34, 1, 34.
    for method, scale, ends in (
        ("score", "difference", (0.0270416, 0.3452912)),
        ("agresti-caffo", "difference", (0.01161167, 0.32172166)),
        ("koopman", "ratio", (1.220853, 42.575718)),
    ):
        found = compare_rates((1, 34), (7, 34), method=method, scale=scale)
        assert found.confidence_interval() == pytest.approx(ends, rel=2e-6), method


def test_fishers_tea() -> None:
    # Fisher (1935), The Design of Experiments, II. Interval: SciPy 1.17,
    # contingency.odds_ratio([[3, 1], [1, 3]], kind="conditional").
    one = compare_rates((1, 4), (3, 4), method="fisher", alternative="greater")
    both = compare_rates((1, 4), (3, 4), method="fisher")
    assert (one.pvalue, both.pvalue) == pytest.approx((0.2428571, 0.4857143), abs=1e-7)
    assert one.effect == pytest.approx(6.4083, abs=5e-5)
    assert one.confidence_interval() == pytest.approx((0.3135738, float("inf")), rel=1e-6)
    assert both.confidence_interval() == pytest.approx((0.2117356, 626.2435306), rel=1e-6)
    assert one.scale == "odds ratio"


def chance_of(outcomes: np.ndarray) -> float:
    """Largest chance over a fine grid of one rate of a set of outcomes of two arms of 15."""
    each = stats.binom.pmf(np.arange(16), 15, np.linspace(0, 1, 5001)[:, None])
    return float(np.einsum("ga,ab,gb->g", each, outcomes.astype(float), each).max())


def test_barnard() -> None:
    # Documentation of scipy.stats.barnard_exact: [[7, 12], [8, 3]], "less": -1.894338, .034077.
    # Of 3 and 8 of 15 the statistic is the same as of 7 and 12 (the mirror image), so that it is as
    # extreme; SciPy loses it to a rounding error in the last digit. With it p is .034109.
    found = compare_rates((12, 15), (7, 15), method="barnard", alternative="less")
    assert found.statistic == pytest.approx(-1.894338, abs=5e-7)
    first, second = np.meshgrid(np.arange(16), np.arange(16), indexing="ij")
    pooled = (first + second) * (30 - first - second)  # z² is (x2 - x1)² over this, times a number
    gap, same = second - first, (12 - 7) ** 2 * pooled == 19 * 11 * (second - first) ** 2
    extreme = (gap > 0) & ((12 - 7) ** 2 * pooled <= 19 * 11 * gap**2)
    assert np.argwhere(same & (gap > 0)).tolist() == [[3, 8], [7, 12]]
    assert found.pvalue == pytest.approx(chance_of(extreme), abs=1e-8)
    extreme[3, 8] = False
    assert chance_of(extreme) == pytest.approx(0.034077, abs=5e-7)


def test_boschloo() -> None:
    # Documentation of scipy.stats.boschloo_exact: [[74, 31], [43, 32]], "greater".
    found = compare_rates((31, 63), (74, 117), method="boschloo", alternative="greater")
    assert found.statistic == pytest.approx(0.0483122, abs=5e-8)
    assert found.pvalue == pytest.approx(0.0355641, abs=5e-8)


def test_pooled_z_of_cookie_cats(shared_data) -> None:
    # Known of these data: z -3.164359, p .00155425 of retention after 7 days, gate 40 less gate 30.
    counts = {"gate_30": [0, 0], "gate_40": [0, 0]}
    path = shared_data / "cookie_cats" / "cookie_cats.csv.gz"
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            arm = counts[row["version"]]
            arm[0] += row["retention_7"] == "TRUE"
            arm[1] += 1
    found = compare_rates(tuple(counts["gate_30"]), tuple(counts["gate_40"]), method="z")
    assert found.statistic == pytest.approx(-3.164359, abs=5e-7)
    assert found.pvalue == pytest.approx(0.00155425, abs=5e-9)


def test_pooled_z_of_counts() -> None:
    found = compare_rates((8502, 44700), (8279, 45489), method="z")
    assert found.statistic == pytest.approx(-3.164359, abs=5e-7)
    assert found.pvalue == pytest.approx(0.00155425, abs=5e-9)
