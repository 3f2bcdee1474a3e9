"""`difference_in_differences`: figures, wording, earlier periods, and what it refuses."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from funnelkit._core.errors import ArgumentError
from funnelkit.experiment.comparison import Comparison, Comparisons
from funnelkit.experiment.unrandomised.two_by_two import difference_in_differences

BEFORE, AFTER = ((40, 200), (38, 190)), ((44, 210), (60, 200))
EARLIER = [((30, 180), (33, 190)), ((35, 180), (36, 190))]


def test_card_and_krueger() -> None:
    # Card and Krueger (1994), American Economic Review 84, 772-793, table 3: full-time equivalent
    # employment of stores in Pennsylvania and New Jersey, 23.33 and 20.44 before, 21.17 and 21.03
    # after; the difference in differences is 2.76 there, of unrounded means. Spreads are made up.
    found = difference_in_differences(
        {"Pennsylvania": (77, 23.33, 11.9), "New Jersey": (321, 20.44, 9.1)},
        {"Pennsylvania": (77, 21.17, 8.3), "New Jersey": (319, 21.03, 9.3)},
        units="stores",
    )
    assert found.effect == pytest.approx(2.76, abs=0.015)
    errors = [11.9**2 / 77, 9.1**2 / 321, 8.3**2 / 77, 9.3**2 / 319]
    assert found.statistic == pytest.approx(found.effect / math.sqrt(sum(errors)))
    assert "New Jersey from 20.44 to 21.03 (321 and 319 stores)" in found.summary()


def test_it_is_a_comparison_and_a_difference() -> None:
    found = difference_in_differences(BEFORE, AFTER)
    assert isinstance(found, Comparison)
    assert (found.word, found.randomised, found.null) == ("difference", False, 0.0)
    assert found.effect == pytest.approx(found.treatment.mean - found.control.mean)
    assert found.treatment.mean == pytest.approx(60 / 200 - 38 / 190)
    low, high = found.confidence_interval()
    assert -1 < low < found.effect < high < 1
    frame = Comparisons(comparisons=(found,)).to_frame()
    assert frame["effect"][0] == found.effect


def test_the_summary_never_says_effect_of_it() -> None:
    for scale in ("difference", "odds ratio"):
        said = difference_in_differences(BEFORE, AFTER, scale=scale).summary()
        assert said.count("effect") == 1
        assert "It is a difference, not an effect: chance did not choose the groups." in said
        assert "It assumes that without the change the rate of treated would move" in said
    assert "ratio of the two changes of the odds 1.61 (0.83 to 3.14)" in said
    said = difference_in_differences(BEFORE, AFTER).summary().replace("\u202f", " ")
    assert said.startswith(
        "Rate: treated from 20.0 % to 30.0 % (190 and 200 leads) against comparison from 20.0 % to "
        "21.0 % (200 and 210 leads); difference of the two changes +9.0 points ("
    )


def test_assumptions_are_listed_in_words() -> None:
    found = difference_in_differences(BEFORE, AFTER, names=("North", "South"))
    assert len(found.assumptions) == 7
    assert (
        "without the change the rate of South would move by as many points"
        in (found.assumptions[0])
    )


def test_with_one_group_unchanged_in_size_it_is_the_other_change() -> None:
    # a comparison group that is known almost exactly adds nothing
    known = (10**9, 2 * 10**9)
    found = difference_in_differences((known, (48, 80)), (known, (56, 70)))
    assert found.confidence_interval() == pytest.approx((0.0524, 0.3339), abs=1e-4)


def test_points_and_odds_may_point_opposite_ways() -> None:
    # 50 to 60 % against 10 to 18 %: more points, a smaller factor of the odds
    found = difference_in_differences(((100, 1000), (500, 1000)), ((180, 1000), (600, 1000)))
    odds = difference_in_differences(
        ((100, 1000), (500, 1000)), ((180, 1000), (600, 1000)), scale="odds ratio"
    )
    assert found.effect > 0
    assert odds.effect < 1
    for one in (found, odds):
        assert "In points and in odds the answer points opposite ways" in one.summary()
    assert "opposite ways" not in difference_in_differences(BEFORE, AFTER).summary()


def test_earlier_periods_give_a_trend_and_a_placebo() -> None:
    found = difference_in_differences(BEFORE, AFTER, earlier=EARLIER)
    trend = found.trend
    assert trend is not None
    assert trend.periods == 3
    placebo = difference_in_differences(EARLIER[1], BEFORE)
    assert (trend.placebo, trend.placebo_pvalue) == pytest.approx((placebo.effect, placebo.pvalue))
    assert (trend.placebo_low, trend.placebo_high) == pytest.approx(placebo.confidence_interval())
    assert "moved alike as far as can be told" in found.summary()
    assert "would have gone unseen" in found.summary()
    frame = found.by_period()
    assert frame["period"].tolist() == [-2, -2, -1, -1, 0, 0, 1, 1]
    assert frame["rate"].tolist()[-1] == pytest.approx(0.3)
    alone = difference_in_differences(BEFORE, AFTER)
    assert alone.trend is None
    assert (alone.effect, alone.pvalue) == (found.effect, found.pvalue)


def test_the_trend_is_a_weighted_regression_on_the_period() -> None:
    import statsmodels.api as sm

    periods = [((100, 10.0, 2.0), (80, 12.0, 3.0)), ((90, 10.5, 2.0), (85, 13.0, 3.0))]
    periods.append(((95, 10.2, 2.5), (70, 14.1, 2.0)))
    found = difference_in_differences(
        periods[2], ((95, 10.2, 2.5), (70, 15.0, 2.0)), earlier=periods[:2]
    )
    gaps = [two[1] - one[1] for one, two in periods]
    variances = [one[2] ** 2 / one[0] + two[2] ** 2 / two[0] for one, two in periods]
    fit = sm.WLS(gaps, sm.add_constant([0.0, 1.0, 2.0]), weights=1 / np.array(variances)).fit()
    trend = found.trend
    assert trend is not None
    assert trend.slope == pytest.approx(fit.params[1])
    unscaled = fit.bse[1] / math.sqrt(fit.scale)
    assert (trend.high - trend.low) / 2 == pytest.approx(stats.norm.isf(0.025) * unscaled)
    mean = np.average(gaps, weights=1 / np.array(variances))
    unlike = sum(
        (gap - mean) ** 2 / variance for gap, variance in zip(gaps, variances, strict=True)
    )
    assert trend.pvalue == pytest.approx(stats.chi2.sf(unlike, 2))


def test_groups_that_drifted_apart_before_are_said_to() -> None:
    drifting = [((200, 1000), (200 + 70 * k, 1000)) for k in range(4)]
    found = difference_in_differences(
        drifting[2], drifting[3], earlier=drifting[:2], names=("A", "B")
    )
    assert found.significant()
    assert "the two did not move alike (p < 0.001; the gap moved by 7.0 points a period)" in (
        found.summary()
    )
    odds = difference_in_differences(
        drifting[2], drifting[3], earlier=drifting[:2], scale="odds ratio"
    )
    assert "the gap moved by a factor of 1." in odds.summary()


def test_the_check_of_earlier_periods_keeps_its_level() -> None:
    rng = np.random.default_rng(4)
    alarms, runs = 0, 150
    for _ in range(runs):
        base = rng.uniform(0.1, 0.5, 4)
        periods = [
            ((int(rng.binomial(60, b)), 60), (int(rng.binomial(60, b + 0.1)), 60)) for b in base
        ]
        found = difference_in_differences(periods[2], periods[3], earlier=periods[:2])
        alarms += found.trend.pvalue < 0.05
    assert alarms <= 0.05 * runs + 3 * math.sqrt(0.05 * 0.95 * runs)  # 15


def test_money_and_one_sided() -> None:
    found = difference_in_differences(
        ((40, 9_000.0, 5_000.0), (38, 9_200.0, 5_000.0)),
        ((44, 9_100.0, 5_000.0), (60, 12_500.0, 5_000.0)),
        unit="money",
        currency="EUR",
        metric="revenue per deal",
        alternative="greater",
        units="deals",
    )
    assert found.confidence_interval().high == math.inf
    assert "Revenue per deal: treated from EUR 9,200 to EUR 12,500 (38 and 60 deals)" in (
        found.summary()
    )
    assert "EUR 3,200 (" in found.summary()


def test_mappings_keep_their_names_in_any_order() -> None:
    one = difference_in_differences(
        {"North": BEFORE[0], "South": BEFORE[1]}, {"South": AFTER[1], "North": AFTER[0]}
    )
    assert one.effect == difference_in_differences(BEFORE, AFTER).effect
    assert (one.control.name, one.treatment.name) == ("North", "South")


def test_no_conversions_anywhere_still_give_an_answer() -> None:
    none = ((0, 20), (0, 30))
    found = difference_in_differences(none, none, earlier=[none])
    assert (found.effect, found.pvalue) == (0.0, 1.0)
    assert found.trend.pvalue == 1.0
    assert math.isfinite(found.trend.low)


def test_hostile_names() -> None:
    found = difference_in_differences(BEFORE, AFTER, names=("<b>\n", "=1+1" * 50))
    assert "\n" not in found.summary()
    assert "<b>" not in found._repr_html_()


@pytest.mark.parametrize(
    ("before", "after", "more", "said"),
    [
        (((40, 200),), AFTER, {}, "`before` must hold the comparison group and the treated one"),
        (5, AFTER, {}, "`before` must hold the comparison group"),
        (((40, 200), (0, 0)), AFTER, {}, "nobody entered"),
        (((40, 200), (9, 5)), AFTER, {}, "9 converted of 5 that entered cannot be"),
        (((0.2, 200), (38, 190)), AFTER, {}, r"Did you mean \(40, 200\)"),
        (((40, 200), (38, 190, 3.0)), AFTER, {}, "not one of each"),
        (((40, 200, 3.0), (38, 190, 3.0)), AFTER, {}, "all periods must be rates, or all means"),
        (((1, 2.0, 3.0), (38, 190, 3.0)), AFTER, {}, "n of at least 2"),
        ((("a", "b"), (38, 190)), AFTER, {}, "got \\('a', 'b'\\)"),
        (BEFORE, {"a": (1, 2), "b": (1, 2)}, {"earlier": [{"c": (1, 2), "d": (1, 2)}]}, "x"),
        (BEFORE, AFTER, {"scale": "ratio"}, "`scale` must be one of"),
        (BEFORE, AFTER, {"alternative": "up"}, "`alternative` must be one of"),
        (BEFORE, AFTER, {"confidence_level": 95}, r"Did you mean 0\.95"),
    ],
)
def test_what_cannot_be_is_refused(before, after, more, said) -> None:
    if said == "x":
        with pytest.raises(ArgumentError, match="`earlier` must hold the groups `a` and `b`"):
            difference_in_differences(after, after, **more)
        return
    with pytest.raises(ArgumentError, match=said):
        difference_in_differences(before, after, **more)


def test_means_have_no_odds() -> None:
    means = ((40, 2.0, 1.0), (38, 2.0, 1.0))
    with pytest.raises(ArgumentError, match="means have no odds"):
        difference_in_differences(means, means, scale="odds ratio")


def test_frames_are_plain() -> None:
    assert isinstance(difference_in_differences(BEFORE, AFTER).to_frame(), pd.DataFrame)
