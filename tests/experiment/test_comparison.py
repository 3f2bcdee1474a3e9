"""`Comparison` and `Comparisons`: what they show, and what they refuse."""

import math

import pytest

from funnelkit._core.errors import ArgumentError
from funnelkit.experiment import Arm, Comparison, Comparisons


def comparison(**changed: object) -> Comparison:
    given: dict[str, object] = {
        "metric": "rate",
        "unit": "share",
        "control": Arm(name="control", n=80, mean=0.6, converted=48),
        "treatment": Arm(name="B", n=70, mean=0.8, converted=56),
        "scale": "difference",
        "effect": 0.2,
        "pvalue": 0.008,
        "bounds": lambda level: (0.2 - level / 8, 0.2 + level / 8),
        "method": "score test",
    }
    return Comparison(**{**given, **changed})  # type: ignore[arg-type]


def test_the_sentence_carries_both_arms_the_interval_and_the_test() -> None:
    said = comparison().summary().replace("\u202f", " ")
    assert said == (
        "Rate: B 80.0 % (56 of 70 leads) against control 60.0 % (48 of 80 leads); "
        "+20.0 points (+8.1 to +31.9), p = 0.008 (score test)."
    )


def test_an_end_that_is_just_not_nothing_does_not_read_so() -> None:
    near = comparison(effect=0.0086, bounds=lambda _: (0.00015, 0.017))
    assert near.effect_text() == "+0.86 points (+0.01 to +1.70)"
    none = comparison(effect=0.0, bounds=lambda _: (-0.01, 0.01))
    assert none.effect_text() == "0.0 points (\u22121.0 to +1.0)"


def test_money_and_ratios_are_said_in_their_own_way() -> None:
    money = comparison(
        unit="money",
        currency="EUR",
        effect=-1250.0,
        control=Arm(name="control", n=80, mean=9_000.0, sd=3.0),
        treatment=Arm(name="B", n=70, mean=7_750.0, sd=3.0),
        bounds=lambda _: (-2000.0, math.inf),
    )
    assert "B EUR 7,750 (70 leads) against control EUR 9,000 (80 leads)" in money.summary()
    assert "EUR \u22121,250 (EUR \u22122,000 to no limit)" in money.summary()
    ratio = comparison(scale="ratio", effect=1.333, bounds=lambda _: (1.07, 1.66))
    assert ratio.effect_text() == "ratio 1.33 (1.07 to 1.66)"
    assert (ratio.null, comparison().null) == (1.0, 0.0)
    endless = comparison(scale="ratio", effect=math.inf, bounds=lambda _: (1.07, math.inf))
    assert "ratio no limit (1.07 to no limit), p = 0.008" in endless.summary()


def test_without_randomisation_it_is_no_effect() -> None:
    assert (comparison().word, comparison(randomised=False).word) == ("effect", "difference")
    nothing = comparison(effect=math.nan, randomised=False)
    assert nothing.summary().endswith("; no difference can be told.")


def test_the_level_of_the_result_is_the_default_of_its_interval_and_its_alpha() -> None:
    one = comparison(confidence_level=0.8, pvalue=0.15)
    assert one.confidence_interval() == pytest.approx((0.1, 0.3))
    assert one.confidence_interval(0.4) == pytest.approx((0.15, 0.25))
    assert one.significant()
    assert not one.significant(0.05)
    assert not comparison(pvalue=0.05).significant()  # 1 - .95 is above .05 in floats


def test_a_family_has_one_row_each_and_is_found_by_metric_or_treatment() -> None:
    other = comparison(metric="revenue", treatment=Arm(name="C", n=9, mean=0.5, converted=4))
    family = Comparisons(
        comparisons=(comparison(), other), adjusted=(0.016, 0.02), adjustment="Holm"
    )
    frame = family.to_frame()
    assert frame[["metric", "treatment", "pvalue", "adjusted_pvalue"]].values.tolist() == [
        ["rate", "B", 0.008, 0.016],
        ["revenue", "C", 0.008, 0.02],
    ]
    assert family["revenue"] is other
    assert family["C"] is other
    assert family.only(treatment="C").adjusted == (0.02,)
    assert "Adjusted for 2 comparisons (Holm): p = 0.016, p = 0.020." in family.summary()


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ArgumentError, match=r"`scale` must be one of .*Did you mean `ratio`"):
        comparison(scale="ratios")
    with pytest.raises(ArgumentError, match=r"between 0 and 1; got 95\. Did you mean 0.95"):
        comparison().confidence_interval(95)
    with pytest.raises(ArgumentError, match="one p-value for each of 1"):
        Comparisons(comparisons=(comparison(),), adjusted=(0.1, 0.2))
    with pytest.raises(ArgumentError, match="revenu"):
        Comparisons(comparisons=(comparison(metric="revenue"),))["revenu"]


def test_names_from_the_data_are_escaped_in_html() -> None:
    shown = comparison(treatment=Arm(name="<b>x", n=1, mean=0.0, converted=0))._repr_html_()
    assert "<b>x" not in shown
    assert "&lt;b&gt;x" in shown
