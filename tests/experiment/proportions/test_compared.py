"""`compare_rates`: what it chooses, says and refuses."""

import math

import numpy as np
import pytest

from funnelkit._core.errors import ArgumentError
from funnelkit.experiment.comparison import Comparisons
from funnelkit.experiment.proportions import compare_rates


@pytest.mark.parametrize(
    ("control", "treatment", "scale", "label"),
    [
        ((9, 99), (20, 99), None, "exact score test"),
        ((9, 99), (20, 99), "ratio", "exact score test"),
        ((9, 99), (20, 99), "odds ratio", "Boschloo's exact test"),
        ((9, 100), (20, 100), None, "score test, Miettinen-Nurminen"),
        ((9, 100), (20, 100), "ratio", "score test, Koopman"),
        ((9, 100), (20, 100), "odds ratio", "score test, Miettinen-Nurminen"),
        ((9, 60), (20, 150), None, "exact score test"),
        ((9, 60), (20, 40_000), None, "score test, Miettinen-Nurminen"),
        ((8.5, 60.2), (20, 60), None, "score test, Miettinen-Nurminen"),
    ],
)
def test_auto_is_exact_where_an_arm_is_small(control, treatment, scale, label) -> None:
    assert compare_rates(control, treatment, scale=scale).method == label


def test_numpy_counts_lists_and_rows_of_a_table_will_do() -> None:
    plain = compare_rates((28, 180), (47, 190))
    given = compare_rates(np.array([28, 180]), [np.int64(47), np.float64(190)])
    assert given.pvalue == plain.pvalue


def test_the_sentence_names_both_arms_and_the_method() -> None:
    said = compare_rates((48, 80), (56, 70), method="score").summary().replace("\u202f", " ")
    assert said == (
        "Rate: treatment 80.0 % (56 of 70 leads) against control 60.0 % (48 of 80 leads); "
        "+20.0 points (+5.3 to +33.8), p = 0.008 (score test, Miettinen-Nurminen)."
    )


def test_the_relative_effect_has_an_interval() -> None:
    found = compare_rates((48, 80), (56, 70), method="z")
    low, high = found.relative_interval()
    ratio = compare_rates((48, 80), (56, 70), method="koopman").confidence_interval()
    assert found.relative == pytest.approx(1 / 3)
    assert (low, high) == pytest.approx((ratio.low - 1, ratio.high - 1))
    for method in ("agresti-caffo", "boschloo", "fisher"):  # which have no interval of a ratio
        other = compare_rates((48, 80), (56, 70), method=method)
        assert other.relative_interval() == pytest.approx((low, high)), method


def test_several_treatments_are_adjusted_together() -> None:
    family = compare_rates((10, 200), {"B": (28, 200), "C": (24, 200)}, names=("old", "-"))
    assert isinstance(family, Comparisons)
    plain = [one.pvalue for one in family]
    assert [one.treatment.name for one in family] == ["B", "C"]
    assert {one.control.name for one in family} == {"old"}
    # Holm (1979): the smallest of two is doubled, the other is at least as large.
    assert family.adjusted == pytest.approx((2 * plain[0], max(2 * plain[0], plain[1])))
    assert family.adjustment == "Holm"


@pytest.mark.parametrize(
    ("control", "treatment", "scale", "effect", "words"),
    [
        ((0, 9), (4, 9), "ratio", math.inf, "Nobody of control converted"),
        ((0, 9), (0, 9), "ratio", math.nan, "Nobody converted in both arms"),
        ((0, 9), (0, 9), "odds ratio", math.nan, "Nobody converted in both arms"),
        ((9, 9), (9, 9), "odds ratio", math.nan, "Everybody converted in both arms"),
        ((4, 9), (9, 9), "odds ratio", math.inf, "Everybody of the treatment converted"),
    ],
)
def test_where_there_is_no_ratio_it_says_why(control, treatment, scale, effect, words) -> None:
    for method in ("score", "auto", *(("fisher",) if scale == "odds ratio" else ())):
        found = compare_rates(control, treatment, scale=scale, method=method)
        assert found.effect == pytest.approx(effect, nan_ok=True), method
        assert words in found.summary(), method
        assert not math.isnan(found.pvalue)
        assert not np.isnan(found.confidence_interval()).any()


def test_nothing_against_nothing_is_no_difference_with_an_interval() -> None:
    found = compare_rates((0, 10), (0, 20))
    assert (found.effect, found.pvalue) == (0.0, 1.0)
    assert -1 < found.confidence_interval().low < 0 < found.confidence_interval().high < 1
    assert math.isnan(found.relative)


def test_none_of_ten_against_four_is_told() -> None:
    # gbstats gives p = 1.0 and an interval [0, 0] here. Exactly: twice the largest of 2 (1-p)^10
    # sums; by the slow version of test_exact .04219.
    found = compare_rates((0, 10), (4, 10))
    assert found.pvalue == pytest.approx(0.0422, abs=5e-5)
    assert found.confidence_interval().low > 0


@pytest.mark.parametrize(
    ("control", "treatment", "words"),
    [
        ((1, 0), (2, 5), "`control` has nobody: 0 leads entered"),
        ((2, 5), (0, 0), "`treatment` has nobody"),
        ((12, 10), (1, 5), r"`control` has more conversions than entries: 12 of 10.*\(10, 12\)"),
        ((12, 0.12), (1, 5), "more conversions than entries: 12 of 0.12.*Give how many"),
        ((0.12, 180), (1, 5), "0.12 of 180 looks like a rate"),
        ((1, 5), (12.5, 100), "12.5 of 100 looks like a percentage"),
        (0.12, (1, 5), r"got the number 0.12 alone"),
        ((1, 5), 12, r"`treatment` must be \(converted, entered\); got the number 12 alone"),
        ((1, 5, 9), (1, 5), r"two numbers \(converted, entered\); got \(1, 5, 9\)"),
        ("15", (1, 5), "two numbers .* got '15'"),
        (None, (1, 5), "two numbers .* got None"),
        ((True, 5), (1, 5), "two numbers"),
        (("<script>", "=1+1"), (1, 5), "two numbers"),
        ((1, math.nan), (1, 5), "finite"),
        ((-1, 5), (1, 5), r"counts from 0 on"),
        ((math.inf, math.inf), (1, 5), "finite"),
    ],
)
def test_counts_that_are_none_are_refused(control, treatment, words) -> None:
    with pytest.raises(ArgumentError, match=words):
        compare_rates(control, treatment)


def test_one_error_names_the_problems_of_both_arms() -> None:
    with pytest.raises(ArgumentError, match=r"(?s)2 problems:.*`control` has nobody.*`treatment`"):
        compare_rates((0, 0), (7, 5))
    with pytest.raises(ArgumentError, match=r"`treatment\['C'\]` has nobody"):
        compare_rates((1, 9), {"B": (2, 9), "C": (0, 0)})


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"method": "fischer"}, "Did you mean `fisher`"),
        ({"scale": "odds"}, "`scale` must be one of"),
        ({"alternative": "larger"}, "`alternative` must be one of"),
        ({"confidence_level": 95}, "Did you mean 0.95"),
        ({"method": "fisher", "scale": "difference"}, 'tells the "odds ratio".*"score"'),
        ({"method": "koopman", "scale": "difference"}, 'tells the "ratio"'),
        ({"names": ("a", "a")}, "`names` must differ"),
        ({"names": "ab"}, "`names` must be two"),
    ],
)
def test_words_that_do_not_fit_are_refused(options, words) -> None:
    with pytest.raises(ArgumentError, match=words):
        compare_rates((1, 9), (2, 9), **options)


def test_exact_methods_take_whole_numbers_of_a_size_that_they_can_do() -> None:
    with pytest.raises(ArgumentError, match=r'needs whole numbers; got 1.5 of 9.*method="score"'):
        compare_rates((1.5, 9), (2, 9), method="fisher")
    with pytest.raises(ArgumentError, match=r"at most 2,000; got 40,000 and 9"):
        compare_rates((1, 40_000), (2, 9), method="exact")


def test_treatments_need_names_of_their_own() -> None:
    with pytest.raises(ArgumentError, match="at least one treatment"):
        compare_rates((1, 9), {})
    with pytest.raises(ArgumentError, match="named 'control', as control is"):
        compare_rates((1, 9), {"control": (2, 9)})


def test_names_from_the_data_are_escaped() -> None:
    found = compare_rates((0, 9), (4, 9), scale="ratio", names=("<b>\nx", "=HYPERLINK(1)"))
    assert "<b>" not in found._repr_html_()
    assert "\n" not in found.summary()
