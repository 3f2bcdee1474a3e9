"""Two groups within strata: published tables, statsmodels, and what holds at the edges."""

import math

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.contingency_tables import StratifiedTable

from funnelkit._core.errors import ArgumentError
from funnelkit._core.interval import share_difference_interval
from funnelkit._core.strata import (
    breslow_day,
    cochran_mantel_haenszel,
    common_difference,
    common_odds_ratio,
    tables_of,
)

# Admissions to Berkeley by department, women then men (R: datasets::UCBAdmissions; Bickel, Hammel
# and O'Connell 1975, Science 187).
BERKELEY = (
    [[89, 17, 202, 131, 94, 24], [512, 353, 120, 138, 53, 22]],
    [[108, 25, 593, 375, 393, 341], [825, 560, 325, 417, 191, 373]],
)
# Kidney stones, small and large: percutaneous, then open (Charig et al. 1986, BMJ 292, 879-882).
STONES = ([[234, 55], [81, 192]], [[270, 80], [87, 263]])
# Eight centres: control, then drug (Agresti 2013, Categorical Data Analysis, 3rd ed., table 6.9).
CENTRES = (
    [[10, 22, 7, 1, 0, 0, 1, 6], [11, 16, 14, 2, 6, 1, 1, 4]],
    [[37, 32, 19, 17, 12, 10, 9, 7], [36, 20, 19, 16, 17, 11, 5, 6]],
)


def pooled(table):
    return tuple(np.array(rows).sum(axis=1, keepdims=True) for rows in table)


def tables(converted, entered):
    """Treatment in the first row, as statsmodels reads odds ratios."""
    x, n = np.array(converted), np.array(entered)
    return [
        np.array([[x[1, k], n[1, k] - x[1, k]], [x[0, k], n[0, k] - x[0, k]]])
        for k in range(x.shape[1])
    ]


def test_berkeley_as_r_has_it() -> None:
    # R: mantelhaen.test(UCBAdmissions): 1.4269, p .2323, OR .9046968 (.7719074, 1.0603298);
    # with correct = FALSE: 1.5246; aggregate OR 1.84108.
    corrected = cochran_mantel_haenszel(*BERKELEY)
    assert corrected.statistic == pytest.approx(1.4269462, abs=5e-8)
    assert corrected.pvalue == pytest.approx(0.2322635, abs=5e-8)
    plain = cochran_mantel_haenszel(*BERKELEY, correction=False)
    assert plain.statistic == pytest.approx(1.5246067, abs=5e-8)
    ratio = common_odds_ratio(*BERKELEY)
    assert ratio.estimate == pytest.approx(0.9046968, abs=5e-8)
    assert ratio.interval() == pytest.approx((0.7719074, 1.0603298), abs=5e-8)
    assert common_odds_ratio(*pooled(BERKELEY)).estimate == pytest.approx(1.84108, abs=5e-6)


def test_kidney_stones_turn_round() -> None:
    assert common_odds_ratio(*STONES).estimate == pytest.approx(1.446847, abs=5e-7)
    assert common_odds_ratio(*pooled(STONES)).estimate == pytest.approx(0.748349, abs=5e-7)
    assert common_difference(*STONES).estimate > 0 > common_difference(*pooled(STONES)).estimate


def test_eight_centres_as_agresti_has_them() -> None:
    # Agresti (2013), section 6.4 and page 231: CMH 6.38; OR 2.13, standard error of its log .303;
    # difference .130, standard error .050; Breslow-Day 7.99. The R package cicalc, by Sato's
    # variance: (.0313, .2284).
    assert cochran_mantel_haenszel(*CENTRES, correction=False).statistic == pytest.approx(
        6.38, abs=0.005
    )
    ratio = common_odds_ratio(*CENTRES)
    assert (ratio.estimate, ratio.log_sd) == pytest.approx((2.13, 0.303), abs=0.005)
    found = common_difference(*CENTRES)
    assert (found.estimate, found.standard_error) == pytest.approx((0.130, 0.050), abs=0.0005)
    half = stats.norm.isf(0.025) * found.standard_error
    assert (found.estimate - half, found.estimate + half) == pytest.approx(
        (0.0313, 0.2284), abs=5e-5
    )
    assert breslow_day(*CENTRES, tarone=False).statistic == pytest.approx(7.99, abs=0.01)


@pytest.mark.parametrize("seed", range(4))
def test_as_statsmodels_has_it(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = rng.integers(5, 60, (2, 5))
    x = rng.binomial(n, rng.uniform(0.2, 0.8, 5))
    other = StratifiedTable(tables(x, n))
    ratio = common_odds_ratio(x, n)
    assert ratio.estimate == pytest.approx(other.oddsratio_pooled)
    assert ratio.interval(0.9) == pytest.approx(other.oddsratio_pooled_confint(alpha=0.1))
    for correction in (True, False):
        expected = other.test_null_odds(correction=correction)
        found = cochran_mantel_haenszel(x, n, correction=correction)
        assert found[:2] == pytest.approx((expected.statistic, expected.pvalue))
    for tarone in (True, False):
        expected = other.test_equal_odds(adjust=tarone)
        found = breslow_day(x, n, tarone=tarone)
        assert found[:2] == pytest.approx((expected.statistic, expected.pvalue))


def test_one_stratum_is_two_plain_groups() -> None:
    x, n = [[12], [20]], [[80], [70]]
    found = common_difference(x, n)
    p0, p1 = 12 / 80, 20 / 70
    assert found.estimate == pytest.approx(p1 - p0)
    assert found.rates == pytest.approx((p0, p1))
    assert found.standard_error == pytest.approx(math.sqrt(p0 * (1 - p0) / 80 + p1 * (1 - p1) / 70))
    # the score test with N - 1 is Pearson's chi-squared times (N - 1) / N
    pearson = stats.chi2_contingency([[12, 68], [20, 50]], correction=False).statistic
    assert cochran_mantel_haenszel(x, n, correction=False).statistic == pytest.approx(
        pearson * 149 / 150
    )


@pytest.mark.parametrize("table", [BERKELEY, STONES, CENTRES])
@pytest.mark.parametrize("level", [0.8, 0.9, 0.95, 0.99])
def test_interval_and_pvalue_of_the_difference_are_a_pair(table, level) -> None:
    found = common_difference(*table)
    low, high = found.interval(level)
    assert (low > 0 or high < 0) == (found.pvalue() < 1 - level)
    at_p, _ = (abs(end) for end in sorted(found.interval(1 - found.pvalue()), key=abs))
    assert at_p < 1e-9


def test_one_sided_pvalues_add_up_and_point_the_right_way() -> None:
    for correction in (True, False):
        up = cochran_mantel_haenszel(*CENTRES, correction=correction, alternative="greater")
        down = cochran_mantel_haenszel(*CENTRES, correction=correction, alternative="less")
        assert up.pvalue < 0.05 < down.pvalue
        assert up.pvalue + down.pvalue == pytest.approx(1)
    found = common_difference(*CENTRES)
    assert found.pvalue("greater") < 0.05
    assert found.pvalue("greater") + found.pvalue("less") == pytest.approx(1)
    assert found.pvalue() == pytest.approx(2 * found.pvalue("greater"))


def test_coverage_of_the_difference_over_many_small_strata() -> None:
    rng = np.random.default_rng(11)
    held = 0
    for _ in range(1000):
        n = rng.integers(1, 5, (2, 60))
        base = rng.uniform(0.1, 0.5, 60)
        x = np.array([rng.binomial(n[0], base), rng.binomial(n[1], base + 0.15)])
        low, high = common_difference(x, n).interval()
        held += low <= 0.15 <= high
    # 95 % of 1,000, less three standard deviations; and it is no trivial interval
    assert 929 <= held <= 985


def test_without_conversions_the_interval_still_has_a_width() -> None:
    x, n = [[0, 0], [0, 0]], [[10, 20], [12, 18]]
    found = common_difference(x, n)
    assert (found.estimate, found.pvalue()) == (0.0, 1.0)
    low, high = found.interval()
    assert -0.2 < low < -0.02 < 0.02 < high < 0.2
    assert cochran_mantel_haenszel(x, n) == (0.0, 1.0, 0)
    ratio = common_odds_ratio(x, n)
    assert (ratio.estimate, ratio.interval()) == (1.0, (0.0, math.inf))
    assert breslow_day(x, n) == (0.0, 1.0, 0)
    one = common_difference([[0], [0]], [[10], [20]]).interval()
    assert one == pytest.approx(share_difference_interval((0, 10), (0, 20)))


def test_all_against_none_has_ends() -> None:
    x, n = [[0, 0], [10, 20]], [[10, 20], [10, 20]]
    assert common_odds_ratio(x, n).estimate == math.inf
    assert common_odds_ratio(x[::-1], n).estimate == 0.0
    low, high = common_difference(x, n).interval()
    assert 0 < low < high == pytest.approx(1.0)
    assert breslow_day(x, n).pvalue == 1.0


def test_strata_with_one_group_say_nothing() -> None:
    x, n = [[12, 5, 0], [20, 0, 3]], [[80, 9, 0], [70, 0, 4]]
    alone = ([[12], [20]], [[80], [70]])
    assert tables_of(x, n).total.tolist() == [150]
    assert common_difference(x, n).interval() == common_difference(*alone).interval()
    assert cochran_mantel_haenszel(x, n) == cochran_mantel_haenszel(*alone)
    nothing = common_difference([[1], [0]], [[2], [0]])
    assert (nothing.estimate, nothing.interval(), nothing.pvalue()) == (0.0, (-1.0, 1.0), 1.0)
    assert cochran_mantel_haenszel([[1], [0]], [[1], [0]]).pvalue == 1.0


@pytest.mark.parametrize(
    ("converted", "entered", "said"),
    [
        ([1, 2], [3, 4], r"shape \(2, n_strata\)"),
        ([[1], [5]], [[3], [4]], "1 of 2 cells"),
        ([[-1], [2]], [[3], [4]], "between 0 and `entered`"),
        ([[math.nan], [2]], [[3], [4]], "between 0 and `entered`"),
        ([[1], [2]], [[3], [math.inf]], "between 0 and `entered`"),
    ],
)
def test_counts_that_cannot_be_are_refused(converted, entered, said) -> None:
    with pytest.raises(ArgumentError, match=said):
        cochran_mantel_haenszel(converted, entered)


def test_unknown_words_and_levels_are_refused() -> None:
    with pytest.raises(ArgumentError, match="`alternative`"):
        cochran_mantel_haenszel(*STONES, alternative="both")
    with pytest.raises(ArgumentError, match="`alternative`"):
        common_difference(*STONES).pvalue("both")
    for found in (common_difference(*STONES), common_odds_ratio(*STONES)):
        with pytest.raises(ArgumentError, match=r"Did you mean 0\.95"):
            found.interval(95)
