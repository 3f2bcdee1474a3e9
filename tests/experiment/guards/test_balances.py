"""`check_balance`: arms that differed before the start."""

import math

import numpy as np
import pytest
from scipy import stats

from funnelkit._core.errors import ArgumentError
from funnelkit.experiment.guards.balances import check_balance


def test_rates_before_the_start() -> None:
    found = check_balance((120, 900), (190, 910), names=("control", "B"))
    assert found.level == "warning"
    row = found.to_frame().iloc[0]
    # the score test with N - 1: Pearson's chi-squared times (N - 1) / N
    pearson = stats.chi2_contingency([[120, 780], [190, 720]], correction=False).statistic
    assert row["pvalue"] == pytest.approx(stats.chi2.sf(pearson * 1809 / 1810, 1))
    assert row["difference"] == pytest.approx(190 / 910 - 120 / 900)
    said = found.sentence.replace("\u202f", " ")
    assert "already was 20.9 % in B (910 leads) against 13.3 % in control (900)" in said


def test_means_before_the_start_are_welchs_test() -> None:
    found = check_balance({"employees": (50, 120.0, 40.0)}, {"employees": (60, 150.0, 55.0)})
    expected = stats.ttest_ind_from_stats(150, 55, 60, 120, 40, 50, equal_var=False).pvalue
    assert found.pvalue == pytest.approx(expected)
    assert found.level == "note"
    row = found.to_frame().iloc[0]
    assert row["standardised"] == pytest.approx(30 / math.sqrt((40**2 + 55**2) / 2))


def test_few_are_exact() -> None:
    found = check_balance((0, 12), (4, 12))
    assert found.pvalue == pytest.approx(stats.fisher_exact([[0, 4], [12, 8]]).pvalue)


def test_silent_on_arms_that_chance_split_and_it_allows_for_many_covariates() -> None:
    rng = np.random.default_rng(12)
    noted = 0
    for _ in range(300):
        first = {f"c{k}": (int(rng.binomial(300, 0.2)), 300) for k in range(8)}
        second = {f"c{k}": (int(rng.binomial(300, 0.2)), 300) for k in range(8)}
        noted += check_balance(first, second).level != "ok"
    assert noted <= 8  # 1 % of 300, and three standard deviations


def test_the_worst_covariates_come_first_and_the_rest_is_counted() -> None:
    first = {f"c{k}": (100, 1000) for k in range(5)}
    second = {f"c{k}": (180 + 10 * k, 1000) for k in range(5)}
    found = check_balance(first, second)
    assert found.sentence.startswith("Before the start c4 already was")
    assert found.sentence.endswith("So do 2 more covariates.")


def test_nothing_to_look_at_and_nothing_that_varies() -> None:
    assert not check_balance({}, {}).checked
    assert check_balance((5, 1.0, 0.0), (5, 1.0, 0.0)).pvalue == 1.0
    assert check_balance((5, 1.0, 0.0), (5, 2.0, 0.0)).level == "warning"
    assert check_balance((0, 9), (0, 9)).level == "ok"


@pytest.mark.parametrize(
    ("control", "treatment", "said"),
    [
        ({"a": (1, 2)}, {"b": (1, 2)}, "only one has `a`, `b`"),
        ((5, 3), (1, 3), "no more converted"),
        ((0, 0), (1, 3), "somebody entered"),
        ((0.12, 900), (1, 3), r"\(converted, entered\)"),
        ((1, 3.0, 2.0), (5, 3.0, 2.0), "n of at least 2"),
        ((5, 3.0, math.nan), (5, 3.0, 2.0), r"\(n, mean, sd\)"),
        ((1, 3), (5, 3.0, 2.0), "a rate in both arms"),
        ("12", (1, 3), "must be"),
        (5, (1, 3), "must be"),
    ],
)
def test_what_cannot_be_is_refused(control, treatment, said) -> None:
    with pytest.raises(ArgumentError, match=said):
        check_balance(control, treatment)
