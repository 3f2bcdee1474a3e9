"""`design_effect` on published litters, beside SciPy's analysis of variance, and at its edges."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from funnelkit._core.clusters import ClusterSums
from funnelkit._core.errors import ArgumentError, DataError
from funnelkit.experiment.clusters.correlation import DesignEffect, design_effect
from tests.experiment.clusters.test_compared import CONTROL, TREATED
from tests.reference.clusters import lead_rows


def test_design_effects_of_weils_litters() -> None:
    """R package PF 9.6.10, `rsb(rat$y, rat$n, id = rat$group)$d`."""
    assert design_effect(CONTROL).design_effect == pytest.approx(1.232495, abs=5e-7)
    assert design_effect(TREATED).design_effect == pytest.approx(3.952861, abs=5e-7)


def from_f(values: np.ndarray, codes: np.ndarray) -> float:
    """The correlation from SciPy's F, (F - 1) / (F - 1 + n0)."""
    groups = [values[codes == code] for code in np.unique(codes)]
    sizes = np.array([len(group) for group in groups], float)
    n0 = (sizes.sum() - (sizes**2).sum() / sizes.sum()) / (len(sizes) - 1)
    ratio = stats.f_oneway(*groups).statistic
    return float((ratio - 1) / (ratio - 1 + n0))


def test_the_correlation_is_that_of_an_analysis_of_variance() -> None:
    for x, n in (CONTROL, TREATED):
        outcomes, codes = lead_rows(np.array(x), np.array(n))
        assert design_effect((x, n)).icc == pytest.approx(from_f(outcomes, codes), rel=1e-9)


def test_money_of_leads_too() -> None:
    rng = np.random.default_rng(1)
    codes = np.repeat(np.arange(15), rng.integers(1, 8, 15))
    money = np.round(rng.lognormal(3, 1, len(codes)) * (1 + codes % 4), 2)
    x, n, squares = np.bincount(codes, money), np.bincount(codes), np.bincount(codes, money**2)
    found = design_effect((x, n), squares=squares)
    assert found.icc == pytest.approx(from_f(money, codes), rel=1e-9)
    frame = pd.DataFrame({"value": x, "entered": n, "squared": squares})
    same = design_effect(frame, numerator="value", squares="squared")
    assert same.icc == pytest.approx(found.icc)
    rows = pd.DataFrame({"value": money, "entered": 1, "squared": money**2, "account": codes})
    same = design_effect(rows, numerator="value", squares="squared")
    assert same.design_effect == pytest.approx(found.design_effect)
    mean = money.mean()
    linear = sum((x - mean * n) ** 2) / len(codes) ** 2 * 15 / 14
    assert found.design_effect == pytest.approx(linear / (money.var() / len(codes)))


def test_the_effective_number_is_that_of_the_intervals() -> None:
    x, n = (np.array(values, float) for values in TREATED)
    sums = ClusterSums(accounts=16, nn=n @ n, xn=x @ n, xx=x @ x)
    assert design_effect(TREATED).effective == pytest.approx(
        float(sums.effective(x.sum(), n.sum()))
    )


def test_accounts_that_act_as_one_and_plans() -> None:
    found = design_effect(([4, 0, 4, 0], [4, 4, 4, 4]))
    assert found.icc == pytest.approx(1)
    assert found.design_effect == pytest.approx(4 * 4 / 3)  # m / (m - 1) of four accounts
    assert found.planned(4) == pytest.approx(4)
    # Eldridge, Ashby and Kerry (2006): 1 + ((cv² + 1) size - 1) icc.
    history = design_effect(TREATED)
    assert history.planned(20, 10) == pytest.approx(1 + (1.25 * 20 - 1) * history.icc)
    assert design_effect(([1, 1, 1, 1], [2, 2, 2, 2])).planned(5) == 1
    with pytest.raises(ArgumentError, match="`size_mean` must be at least 1"):
        found.planned(0.5)


def test_the_interval_holds_the_correlation_about_as_often_as_it_says() -> None:
    """120 samples, true correlation 1 / (1 + 1 + 4): at 90 %, 96 to 118 of them (p < .001)."""
    rng = np.random.default_rng(2)
    held = 0
    for _ in range(120):
        n = 1 + rng.negative_binomial(2, 1 / 3, 80)
        low, high = design_effect((rng.binomial(n, rng.beta(1, 4, 80)), n)).confidence_interval(0.9)
        held += low <= 1 / 6 <= high
    assert 96 <= held <= 118


def test_what_cannot_be_told_is_said() -> None:
    alike = design_effect(([0, 0, 0], [3, 2, 5]))
    assert math.isnan(alike.design_effect)
    assert "All leads show the same" in alike.summary()
    assert "at most 3.80" in alike.summary()  # (9 + 4 + 25) / 10
    with pytest.raises(ArgumentError, match="not known: All leads"):
        alike.planned(5)
    singles = design_effect(([1, 0, 1], [1, 1, 1]))
    assert math.isnan(singles.icc)
    assert "None of the accounts has two leads" in singles.summary()
    two = design_effect(([1, 0], [2, 3]))
    assert two.confidence_interval().high == 1
    assert "too few" in two.summary()
    assert isinstance(alike, DesignEffect)
    assert list(alike.to_frame().columns)[-2:] == ["icc_low", "icc_high"]


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ArgumentError, match="at least two accounts"):
        design_effect(([1], [2]))
    with pytest.raises(DataError, match="1 account has a part of one"):
        design_effect(([1, 1], [2, 1.5]))
    with pytest.raises(DataError, match="must not exceed"):
        design_effect(([3, 1], [2, 2]))
    with pytest.raises(DataError, match="`squares` must be"):
        design_effect(([3.0, 1], [2, 2]), squares=[0.1, 0.1])
    with pytest.raises(ArgumentError, match="names a column"):
        design_effect(([3.0, 1], [2, 2]), squares="squares")


def test_the_interval_is_a_jackknife_of_the_log_of_f() -> None:
    x, n = (np.array(values) for values in TREATED)
    ratios = []
    for left_out in range(16):
        kept = np.arange(16) != left_out
        outcomes, codes = lead_rows(x[kept], n[kept])
        groups = [outcomes[codes == code] for code in range(15)]
        ratios.append(math.log(stats.f_oneway(*groups).statistic))
    outcomes, codes = lead_rows(x, n)
    full = math.log(stats.f_oneway(*[outcomes[codes == code] for code in range(16)]).statistic)
    error = math.sqrt(15 / 16 * sum((one - np.mean(ratios)) ** 2 for one in ratios))
    n0 = (145 - (n**2).sum() / 145) / 15
    ends = [math.exp(full + sign * stats.t.isf(0.05, 15) * error) for sign in (-1, 1)]
    expected = [(ratio - 1) / (ratio - 1 + n0) for ratio in ends]
    assert design_effect(TREATED).confidence_interval(0.9) == pytest.approx(expected)


def test_the_sentence() -> None:
    said = design_effect(TREATED, units="pups", groups="litters").summary()
    assert said.startswith(
        "145 pups of 16 litters are worth 37 independent ones (design effect 3.95). "
        "Intraclass correlation 0.37 ("
    )
